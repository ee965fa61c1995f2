//! How fast the worker is beside llama.cpp: the same file, prompts and threads, in turns in one run.
//!
//! `SIROCCO_TEST_MODEL` is the file (several with the path separator between them), `SIROCCO_WORKER_DIR`
//! the folder of the worker, `SIROCCO_TEST_RUNTIME` which runtime is meant; llama.cpp is that of `tests/llamacpp`, which must be installed (`npm ci`).
//! `SIROCCO_BENCH_LENGTHS` names the lengths of prompts, `128,512,2048,8192` if it is not set. Standard
//! output carries one JSON object a line, as `cargo xtask bench engine` reads them.
//!
//! Writing a token reads every weight once, so the speed of memory is a limit: the share of it is
//! tokens a second times the size of the file, over what all threads together read in a second.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sirocco_engine::{Load, Residency, Worker};
use sirocco_engine_wire::{FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_gguf::Model;
use sirocco_gguf::memory::estimate;
use sirocco_protocol::{ModelId, RuntimeName};
use sirocco_tests::workers_under_test;

/// Tokens written at each depth.
const TOKENS: u32 = 48;
/// Ratios to llama.cpp that must be reached.
const DECODE_BAR: f64 = 1.0;
const PREFILL_BAR: f64 = 0.8;
/// Of our own worker of llama.cpp, in both: it is the same engine.
const SAME_ENGINE_BAR: f64 = 0.95;
/// The length of prompt that the bars are for.
const BAR_AT: usize = 512;
/// A file of 1.1 GB in the page cache must be loaded in this time, and others in proportion.
const LOAD_MS_PER_GB: f64 = 1500.0 / 1.117;
/// Memory at its peak, as a multiple of the file together with keys and values of the context, in f32.
const MEMORY_BAR: f64 = 1.15;

/// One prompt and its continuation.
#[derive(Clone, Copy)]
struct Seen {
    prefill: f64,
    decode: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let models = std::env::var_os("SIROCCO_TEST_MODEL").context("SIROCCO_TEST_MODEL is not set")?;
    let lengths = std::env::var("SIROCCO_BENCH_LENGTHS");
    let lengths: Vec<usize> = lengths
        .as_deref()
        .unwrap_or("128,512,2048,8192")
        .split(',')
        .map(|length| length.trim().parse().context("SIROCCO_BENCH_LENGTHS"))
        .collect::<Result<_>>()?;
    let threads = u32::try_from(std::thread::available_parallelism()?.get())?;
    let bandwidth = read_bandwidth(threads);
    print_line("memory read by all threads", bandwidth, "GB/s", None, true);
    for model in std::env::split_paths(&models) {
        measure(&model, &lengths, threads, bandwidth).await?;
    }
    Ok(())
}

fn print_line(name: &str, value: f64, unit: &str, bar: Option<f64>, ok: bool) {
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "bar": bar, "ok": ok})
    );
}

/// Gigabytes a second that threads read from memory at the same time, at their best of five.
fn read_bandwidth(threads: u32) -> f64 {
    /// More than any cache holds.
    const WORDS: usize = 256 * 1024 * 1024 / 8;
    let memory: Vec<Vec<u64>> = (0..threads).map(|at| vec![u64::from(at); WORDS]).collect();
    let pass = || {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for part in &memory {
                scope.spawn(|| {
                    std::hint::black_box(part.iter().fold(0, |sum: u64, word| sum ^ word))
                });
            }
        });
        begun.elapsed().as_secs_f64()
    };
    let fastest = (0..5).map(|_| pass()).fold(f64::INFINITY, f64::min);
    f64::from(threads) * (WORDS * 8) as f64 / 1e9 / fastest
}

async fn measure(model: &Path, lengths: &[usize], threads: u32, bandwidth: f64) -> Result<()> {
    let gigabytes = std::fs::metadata(model)?.len() as f64 / 1e9;
    let scratch = tempfile::tempdir()?;
    let (runtime, workers) = workers_under_test()?;
    let (prefill_bar, decode_bar) = match runtime {
        RuntimeName::MistralRs => (PREFILL_BAR, DECODE_BAR),
        RuntimeName::LlamaCpp => (SAME_ENGINE_BAR, SAME_ENGINE_BAR),
    };
    let (residency, _changes) = Residency::new(workers, scratch.path().to_path_buf());
    let longest = lengths.iter().copied().max().context("no length")?;
    let context_length = u32::try_from(longest + 1024)?;
    // What disks do is not measured.
    std::io::copy(&mut File::open(model)?, &mut std::io::sink())?;
    let begun = Instant::now();
    let loaded = residency
        .load(Load {
            model_id: ModelId::fresh(),
            runtime,
            files: vec![model.display().to_string()],
            projector: None,
            context_length,
            threads,
            llamacpp: None,
        })
        .await?;
    let load_ms = begun.elapsed().as_secs_f64() * 1e3;
    let mut other = LlamaCpp::start(model, threads)?;
    let file = model.file_stem().unwrap_or_default().to_string_lossy();
    let name = match runtime {
        RuntimeName::MistralRs => file.into_owned(),
        RuntimeName::LlamaCpp => format!("llama.cpp's worker, {file}"),
    };
    let line = |what: &str, value: f64, unit: &str, bar: Option<f64>| {
        let ok = bar.is_none_or(|bar| value >= bar);
        print_line(&format!("{name}: {what}"), value, unit, bar, ok);
    };
    let line_below = |what: &str, value: f64, unit: &str, bar: f64| {
        print_line(
            &format!("{name}: {what}"),
            value,
            unit,
            Some(bar),
            value <= bar,
        );
    };
    line_below("load", load_ms, "ms", gigabytes * LOAD_MS_PER_GB);
    line("load, llama.cpp", other.load_ms, "ms", None);

    let mut number = 0;
    for &length in lengths {
        // What takes minutes evens itself out.
        let runs = match length {
            ..=512 => 5,
            513..=2048 => 2,
            _ => 0,
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for run in 0..=runs {
            number += 1;
            let text = prompt(length, number);
            let (our, their) = (worker(&loaded.worker, &text).await?, other.run(&text)?);
            // The first run of the first prompts warms both up.
            if run > 0 || number > 1 || runs == 0 {
                ours.push(our);
                theirs.push(their);
            }
        }
        let median = |seen: &[Seen], speed: fn(&Seen) -> f64| median(seen.iter().map(speed));
        for (what, speed, bar) in [
            (
                "prefill",
                (|seen| seen.prefill) as fn(&Seen) -> f64,
                prefill_bar,
            ),
            ("decode", |seen| seen.decode, decode_bar),
        ] {
            let (our, their) = (median(&ours, speed), median(&theirs, speed));
            let at = format!("{what} at {length}");
            line(&at, our, "tok/s", None);
            line(&format!("{at}, llama.cpp"), their, "tok/s", None);
            let bar = (length == BAR_AT).then_some(bar);
            line(&format!("{at}, ratio"), our / their, "", bar);
            if what == "decode" {
                let share = our * gigabytes / bandwidth * 100.0;
                line(&format!("{at}, share of memory's limit"), share, "%", None);
            }
        }
    }
    if let Some(peak) = loaded.worker.pid().and_then(peak_memory_kib) {
        let peak = peak * 1024.0 / 1e6;
        line("peak memory", peak, "MB", None);
        let cache = estimate(&Model::open(model)?, u64::from(context_length), 4)
            .context("the header gives the numbers")?
            .kv_bytes as f64;
        let share = peak / (gigabytes * 1e3 + cache / 1e6);
        line_below(
            "peak memory, of the file and its full context",
            share,
            "",
            MEMORY_BAR,
        );
    }
    residency.eject_all().await;
    other.end()
}

/// The most memory a process ever had, in KiB, where the system says so (`VmHWM` of Linux).
fn peak_memory_kib(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// About `length` tokens that begin like no other prompt, and that one goes on with numbers.
fn prompt(length: usize, number: usize) -> String {
    const WORDS: [&str; 16] = [
        "river", "stone", "wind", "light", "paper", "garden", "winter", "engine", "music",
        "bridge", "harbour", "table", "forest", "letter", "window", "silver",
    ];
    let mut text = format!("Notes, number {number}.");
    for at in 0..length.saturating_sub(24) {
        text.push(' ');
        text.push_str(WORDS[(at * 7 + at / 5 + number * 3) % WORDS.len()]);
    }
    text + "\n\n1, 2, 3, 4, 5, 6, 7,"
}

async fn worker(worker: &Worker, text: &str) -> Result<Seen> {
    let request = GenerateRequest {
        id: 0,
        prompt: Prompt::Text {
            text: text.to_owned(),
            special: false,
        },
        sampling: SamplingParameters {
            temperature: 0.0,
            ..SamplingParameters::default()
        },
        max_tokens: Some(TOKENS),
        stop: Vec::new(),
        constraint: None,
    };
    let mut generation = worker.generate(request).await?;
    while let Some(frame) = generation.next().await {
        if let FromWorker::Finished { usage, .. } = frame? {
            ensure!(usage.completion_tokens > 16, "the answer is too short");
            let new = usage.prompt_tokens - usage.cached_tokens;
            return Ok(Seen {
                prefill: f64::from(new) * 1e3 / usage.time_to_first_token_ms,
                decode: f64::from(usage.completion_tokens - 1) * 1e3 / usage.decode_ms,
            });
        }
    }
    anyhow::bail!("the answer has no end")
}

/// The Node process with llama.cpp.
struct LlamaCpp {
    child: Child,
    answers: BufReader<ChildStdout>,
    load_ms: f64,
}

impl LlamaCpp {
    fn start(model: &Path, threads: u32) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("llamacpp");
        let mut child = Command::new("node")
            .current_dir(&folder)
            .arg("speed.mjs")
            .arg(model)
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start Node")?;
        let answers = BufReader::new(child.stdout.take().context("a pipe")?);
        let mut this = Self {
            child,
            answers,
            load_ms: 0.0,
        };
        this.load_ms = number(&this.answer()?, "load_ms")?;
        Ok(this)
    }

    fn run(&mut self, text: &str) -> Result<Seen> {
        let request = json!({"text": text, "tokens": TOKENS});
        let input = self.child.stdin.as_mut().context("a pipe")?;
        writeln!(input, "{request}")?;
        input.flush()?;
        let answer = self.answer()?;
        Ok(Seen {
            prefill: number(&answer, "prompt_tokens")? * 1e3 / number(&answer, "prefill_ms")?,
            decode: (number(&answer, "decoded")? - 1.0) * 1e3 / number(&answer, "decode_ms")?,
        })
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line)?;
        ensure!(
            length > 0,
            "llama.cpp ended; is tests/llamacpp installed (`npm ci`)?"
        );
        serde_json::from_str(&line).with_context(|| format!("llama.cpp answered `{line}`"))
    }

    fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

fn number(answer: &Value, field: &str) -> Result<f64> {
    answer[field]
        .as_f64()
        .with_context(|| format!("llama.cpp answered without {field}: {answer}"))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
