//! How far the logits of our kernels lie from those of the same weights widened to f32, beside those of mistral.rs's own
//! kernels, and whether the perplexity of a text is the same. One JSON line each, as `cargo xtask bench engine` reads
//! them.
//!
//!     accuracy MODEL TEXT...
//!
//! What multiplies is decided once in a process, so each kind of weights has one of its own; they begin with the one
//! whose logits the others are compared with.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use candle_core::quantized::gguf_file::TensorInfo;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sirocco_engine_wire::LoadRequest;
use sirocco_worker::Language;
use sirocco_worker::engine::Engine;
use sirocco_worker::tokenizer::EncodeOptions;
use sirocco_worker_mistralrs::{Model, scratch};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Positions whose logits are compared.
const COMPARED: usize = 1_000;
/// Tokens of the text whose perplexity is taken, in windows of [`COMPARED`].
const TEXT_TOKENS: usize = 20_000;
/// A prompt is read in such pieces.
const PIECE: usize = 256;
/// How much the perplexities may differ, in per cent.
const PERPLEXITY_BAR: f64 = 0.1;

/// The first argument of a process that measures.
const MEASURE: &str = "measure";

/// The file of the process, for the hook that widens its weights.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// What multiplies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weights {
    /// The weights in f32, as candle reads them: what quantized products approximate.
    Widened,
    /// Those of mistral.rs without our hooks.
    Own,
    /// Ours.
    Kernels,
}

impl Weights {
    const ALL: [Self; 3] = [Self::Widened, Self::Own, Self::Kernels];

    fn name(self) -> &'static str {
        match self {
            Self::Widened => "widened to f32",
            Self::Own => "mistral.rs's own kernels",
            Self::Kernels => "our kernels",
        }
    }
}

/// How far logits lie from others, over some positions.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Distance {
    /// Divergence of the distributions (Kullback-Leibler), middle of the positions, in nats.
    divergence: f64,
    /// Root of the mean square of the differences of log probabilities.
    rms: f64,
    /// The share of positions whose likeliest token is another, in per cent.
    others_first_percent: f64,
}

/// What a process found.
#[derive(Serialize, Deserialize)]
struct Found {
    /// A prompt, read in pieces.
    prompt: Distance,
    /// The same tokens one at a time, as an answer is written.
    writing: Distance,
    perplexity: Option<f64>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, measuring, weights, reference, model, texts @ ..] if measuring == MEASURE => {
            let weights = Weights::ALL.into_iter().find(|one| one.name() == weights);
            let weights = weights.ok_or("there are no such weights")?;
            let found = measure(Path::new(model), texts, Path::new(reference), weights)?;
            Ok(serde_json::to_writer(std::io::stdout(), &found)?)
        }
        [_, model, texts @ ..] if !texts.is_empty() => compare(model, texts),
        _ => Err("usage: accuracy MODEL TEXT...".into()),
    }
}

/// Measures each kind of weights in a process of its own, and says what came out.
fn compare(model: &str, texts: &[String]) -> Result<()> {
    let reference = std::env::temp_dir().join(format!("sirocco-logits-{}", std::process::id()));
    let found = Weights::ALL.map(|weights| {
        let child = Command::new(std::env::current_exe()?)
            .args([MEASURE, weights.name()])
            .arg(&reference)
            .arg(model)
            .args(texts)
            .stderr(Stdio::inherit())
            .output()?;
        Ok::<Found, Box<dyn Error>>(serde_json::from_slice(&child.stdout)?)
    });
    let _ = std::fs::remove_file(&reference);
    let [widened, own, kernels] = found;
    let (widened, own, kernels) = (widened?, own?, kernels?);
    for (phase, own, ours) in [
        ("prompt", own.prompt, kernels.prompt),
        ("writing", own.writing, kernels.writing),
    ] {
        for (measure, unit, of) in [
            (
                "divergence",
                "nats",
                (|one| one.divergence) as fn(Distance) -> f64,
            ),
            ("rms of log probabilities", "nats", |one| one.rms),
            ("another token first", "%", |one| one.others_first_percent),
        ] {
            let name = format!("{phase}, {measure} from f32");
            tell(
                &format!("{name}, mistral.rs's own kernels"),
                of(own),
                unit,
                None,
            );
            tell(&name, of(ours), unit, Some(of(own)));
        }
    }
    let (before, after) = (
        widened.perplexity.ok_or("no perplexity was taken")?,
        kernels.perplexity.ok_or("no perplexity was taken")?,
    );
    tell("perplexity, f32", before, "", None);
    tell("perplexity", after, "", None);
    let difference = (after / before - 1.0).abs() * 100.0;
    tell(
        "perplexity, difference",
        difference,
        "%",
        Some(PERPLEXITY_BAR),
    );
    Ok(())
}

fn tell(name: &str, value: f64, unit: &str, bar: Option<f64>) {
    let ok = bar.is_none_or(|bar| value <= bar);
    let line =
        serde_json::json!({"name": name, "value": value, "unit": unit, "bar": bar, "ok": ok});
    println!("{line}");
}

fn measure(path: &Path, texts: &[String], reference: &Path, weights: Weights) -> Result<Found> {
    let language = Language::from_gguf(path).map_err(|error| error.message)?;
    let text: String = texts
        .iter()
        .map(std::fs::read_to_string)
        .collect::<std::io::Result<_>>()?;
    let mut tokens = language.tokenizer.encode(&text, EncodeOptions::default());
    if tokens.len() < TEXT_TOKENS {
        return Err(format!("the text has {} tokens only", tokens.len()).into());
    }
    tokens.truncate(TEXT_TOKENS);
    let first = &tokens[..COMPARED];

    let mut model = load(path, weights)?;
    let (mut prompt, mut writing) = Default::default();
    if weights == Weights::Widened {
        let mut file = BufWriter::new(File::create(reference)?);
        for piece in first.chunks(PIECE) {
            for logit in model.logits(piece, piece.len())? {
                file.write_all(&logit.to_le_bytes())?;
            }
        }
        file.into_inner()?.sync_all()?;
    } else {
        for (length, distance) in [(PIECE, &mut prompt), (1, &mut writing)] {
            model.truncate(0)?;
            let mut file = BufReader::new(File::open(reference)?);
            let mut sums = Sums::default();
            for piece in first.chunks(length) {
                let logits = model.logits(piece, piece.len())?;
                for row in logits.chunks_exact(logits.len() / piece.len()) {
                    sums.add(&next_row(&mut file, row.len())?, row);
                }
            }
            *distance = sums.distance();
        }
    }
    // mistral.rs's own kernels take half an hour for it.
    let perplexity = (weights != Weights::Own)
        .then(|| perplexity(&mut model, &tokens))
        .transpose()?;
    Ok(Found {
        prompt,
        writing,
        perplexity,
    })
}

fn load(path: &Path, weights: Weights) -> Result<Model> {
    let threads = std::thread::available_parallelism()?.get();
    let folder = std::env::temp_dir().join(format!("sirocco-accuracy-{}", std::process::id()));
    let request = LoadRequest {
        files: vec![path.display().to_string()],
        projector: None,
        context_length: 2 * COMPARED as u32,
        threads: threads as u32,
        scratch_folder: folder.display().to_string(),
        llamacpp: None,
    };
    match weights {
        Weights::Own => {}
        Weights::Kernels => sirocco_worker_mistralrs::prepare(&request, &|_| ())?,
        Weights::Widened => {
            FILE.get_or_init(|| path.to_owned());
            mistralrs::core::TENSOR_HOOK
                .set(widened)
                .map_err(|_| "the hook was set before")?;
        }
    }
    let tokenizer = scratch::write_opaque_tokenizer(&folder)?;
    let model = Model::load(&request, &tokenizer);
    std::fs::remove_dir_all(&folder)?;
    Ok(model?)
}

/// A matrix of the file in f32.
fn widened(_: usize, tensor: &TensorInfo, offset: u64) -> candle_core::Result<Option<QTensor>> {
    let path = FILE.get().expect("set before the hook");
    // The offset is that in the file, and the tensor's own is added to what is given.
    let stored = tensor.read(&mut File::open(path)?, offset - tensor.offset, &Device::Cpu)?;
    let wide: Tensor = stored.dequantize(&Device::Cpu)?;
    QTensor::quantize(&wide, GgmlDType::F32).map(Some)
}

fn next_row(file: &mut impl Read, length: usize) -> Result<Vec<f32>> {
    let mut bytes = vec![0; 4 * length];
    file.read_exact(&mut bytes)?;
    let (values, _) = bytes.as_chunks::<4>();
    Ok(values
        .iter()
        .map(|value| f32::from_le_bytes(*value))
        .collect())
}

fn perplexity(model: &mut Model, tokens: &[u32]) -> Result<f64> {
    let (mut sum, mut count) = (0.0, 0);
    for window in tokens.chunks(COMPARED) {
        model.truncate(0)?;
        let mut next = window[1..].iter();
        for piece in window.chunks(PIECE) {
            let logits = model.logits(piece, piece.len())?;
            for (row, token) in logits
                .chunks_exact(logits.len() / piece.len())
                .zip(&mut next)
            {
                sum -= f64::from(row[*token as usize]) - log_sum(row);
                count += 1;
            }
        }
    }
    Ok((sum / f64::from(count)).exp())
}

/// The logarithm of the sum of the exponentials.
fn log_sum(logits: &[f32]) -> f64 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits
        .iter()
        .map(|logit| (f64::from(*logit) - most).exp())
        .sum();
    most + sum.ln()
}

fn likeliest(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).max_by(|one, other| logits[*one].total_cmp(&logits[*other]))
}

#[derive(Default)]
struct Sums {
    divergences: Vec<f64>,
    squares: f64,
    values: usize,
    others_first: usize,
}

impl Sums {
    fn add(&mut self, reference: &[f32], logits: &[f32]) {
        let (reference_sum, sum) = (log_sum(reference), log_sum(logits));
        let mut divergence = 0.0;
        for (reference, logit) in reference.iter().zip(logits) {
            let expected = f64::from(*reference) - reference_sum;
            let difference = expected - (f64::from(*logit) - sum);
            divergence += expected.exp() * difference;
            self.squares += difference * difference;
        }
        self.divergences.push(divergence);
        self.values += logits.len();
        self.others_first += usize::from(likeliest(reference) != likeliest(logits));
    }

    fn distance(mut self) -> Distance {
        self.divergences.sort_by(f64::total_cmp);
        let positions = self.divergences.len();
        Distance {
            divergence: self.divergences[positions / 2],
            rms: (self.squares / self.values as f64).sqrt(),
            others_first_percent: 100.0 * self.others_first as f64 / positions as f64,
        }
    }
}
