//! How fast the worker is beside llama.cpp: the same file, prompts and threads, in turns in one run.
//!
//! `SIROCCO_TEST_MODEL` is the file (several with the path separator between them), `SIROCCO_WORKER_DIR`
//! the folder of the worker, `SIROCCO_TEST_RUNTIME` which runtime is meant; llama.cpp is that of `tests/llamacpp`, which must be installed (`npm ci`).
//! `SIROCCO_BENCH_LENGTHS` names the lengths of prompts, `128,512,2048` if it is not set. Standard
//! output carries one JSON object a line, as `cargo xtask bench engine` reads them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sirocco_engine::{Load, Residency, Worker};
use sirocco_engine_wire::{FromWorker, GenerateRequest, Prompt, SamplingParameters};
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
        .unwrap_or("128,512,2048")
        .split(',')
        .map(|length| length.trim().parse().context("SIROCCO_BENCH_LENGTHS"))
        .collect::<Result<_>>()?;
    for model in std::env::split_paths(&models) {
        measure(&model, &lengths).await?;
    }
    Ok(())
}

async fn measure(model: &Path, lengths: &[usize]) -> Result<()> {
    let threads = u32::try_from(std::thread::available_parallelism()?.get())?;
    let scratch = tempfile::tempdir()?;
    let (runtime, workers) = workers_under_test()?;
    let (prefill_bar, decode_bar) = match runtime {
        RuntimeName::MistralRs => (PREFILL_BAR, DECODE_BAR),
        RuntimeName::LlamaCpp => (SAME_ENGINE_BAR, SAME_ENGINE_BAR),
    };
    let (residency, _changes) = Residency::new(workers, scratch.path().to_path_buf());
    let longest = lengths.iter().copied().max().context("no length")?;
    let begun = Instant::now();
    let loaded = residency
        .load(Load {
            model_id: ModelId::fresh(),
            runtime,
            files: vec![model.display().to_string()],
            context_length: u32::try_from(longest + 1024)?,
            threads,
        })
        .await?;
    let load_ms = begun.elapsed().as_secs_f64() * 1e3;
    let mut other = LlamaCpp::start(model, threads)?;
    let name = model.file_stem().unwrap_or_default().to_string_lossy();
    let line = |what: &str, value: f64, unit: &str, bar: Option<f64>| {
        let ok = bar.is_none_or(|bar| value >= bar);
        println!(
            "{}",
            json!({"name": format!("{name}: {what}"), "value": value, "unit": unit, "bar": bar, "ok": ok})
        );
    };
    line("load", load_ms, "ms", None);
    line("load, llama.cpp", other.load_ms, "ms", None);

    let mut number = 0;
    for &length in lengths {
        let runs = if length <= 512 { 5 } else { 2 };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for run in 0..=runs {
            number += 1;
            let text = prompt(length, number);
            let (our, their) = (worker(&loaded.worker, &text).await?, other.run(&text)?);
            // The first run of the shortest prompt warms both up.
            if run > 0 || length != lengths[0] {
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
        }
    }
    if let Some(peak) = loaded.worker.pid().and_then(peak_memory_kib) {
        line("peak memory", peak * 1024.0 / 1e6, "MB", None);
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
