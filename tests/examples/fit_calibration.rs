//! How far the memory estimate is from what a worker really takes, with its context really full.
//!
//! ```text
//! SIROCCO_WORKER_DIR=… SIROCCO_TEST_MODEL=… cargo run --release -p sirocco-tests --example fit_calibration
//! ```
//!
//! Each model is loaded in a worker of its own, gets a prompt that fills the context but for a few tokens, and writes
//! those. What counts is the peak of the worker's resident memory (`VmHWM`, so Linux only). Beside the model of
//! `SIROCCO_TEST_MODEL`, three of random weights are made and removed: their content does not matter to their size.
//! A table goes to standard error, JSON lines as `cargo xtask bench` reads them to standard output.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use sirocco_engine::{Load, Residency, Worker};
use sirocco_engine_wire::{FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_gguf::memory::{MemoryEstimate, estimate_for};
use sirocco_gguf::{Model, TensorType};
use sirocco_hub::report::gate;
use sirocco_protocol::ModelId;
use sirocco_testkit::{Shape, TinyModel};
use sirocco_tests::workers_under_test;

const CONTEXTS: [u32; 2] = [1024, 4096];
/// Tokens the worker writes at the end.
const WRITTEN: u32 = 8;
/// In percent, either way.
const BAR: f64 = 10.0;

#[tokio::main]
async fn main() -> Result<()> {
    let (runtime, workers) = workers_under_test()?;
    let folder = tempfile::tempdir()?;
    let given = std::env::var_os("SIROCCO_TEST_MODEL").map(PathBuf::from);
    let mut subjects: Vec<(String, PathBuf)> = given
        .into_iter()
        .map(|path| {
            (
                path.file_name().unwrap_or_default().display().to_string(),
                path,
            )
        })
        .collect();
    for (name, shape) in shapes() {
        subjects.push((name.to_owned(), folder.path().join(format!("{name}.gguf"))));
        let model = TinyModel {
            context_length: 8192,
            shape,
            ..TinyModel::default()
        };
        model.write(&subjects[subjects.len() - 1].1)?;
    }
    eprintln!(
        "model, context: measured = after the load + filling; estimate = weights + embedding + cache + work (MB)"
    );
    let mut lines = Vec::new();
    for (name, path) in &subjects {
        let header = Model::open(path)?;
        for context_length in CONTEXTS {
            let (residency, _changes) =
                Residency::new(workers.clone(), folder.path().join("scratch"));
            let load = Load {
                model_id: ModelId::fresh(),
                runtime,
                files: vec![path.display().to_string()],
                projector: None,
                context_length,
                threads: u32::try_from(std::thread::available_parallelism()?.get())?,
                llamacpp: None,
            };
            let loaded = residency.load(load).await?;
            let pid = loaded.worker.pid().context("the worker runs")?;
            let after_load = peak_bytes(pid)?;
            let tokens = fill(&loaded.worker, context_length).await?;
            let measured = peak_bytes(pid)?;
            residency.eject_all().await;
            let expected = estimate_for(&header, gate(runtime), u64::from(context_length))
                .context("the header gives the numbers")?;
            show(
                name,
                context_length,
                tokens,
                after_load,
                measured,
                &expected,
            );
            let error = (expected.total_bytes as f64 / measured as f64 - 1.0) * 100.0;
            lines.push(json!({
                "name": format!("fit: estimate of {name} at {context_length} tokens against peak memory"),
                "value": error,
                "unit": "%",
                "bar": BAR,
                "ok": error.abs() <= BAR,
            }));
        }
    }
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

/// Some hundred million weights each, as wide as they are deep in different ways.
fn shapes() -> [(&'static str, Shape); 3] {
    let shape = Shape {
        embedding: 1024,
        feed_forward: 2816,
        heads: 16,
        kv_heads: 4,
        blocks: 16,
        tensor_type: TensorType::Q8_0,
    };
    [
        ("random-180m-q8_0", shape),
        (
            "random-410m-q4_k",
            Shape {
                embedding: 1536,
                feed_forward: 4096,
                heads: 12,
                kv_heads: 12,
                tensor_type: TensorType::Q4K,
                ..shape
            },
        ),
        (
            "random-90m-f16",
            Shape {
                blocks: 8,
                kv_heads: 16,
                tensor_type: TensorType::F16,
                ..shape
            },
        ),
    ]
}

/// Fills the context and answers how many tokens it holds then.
async fn fill(worker: &Worker, context_length: u32) -> Result<u32> {
    let text = |words: u32| Prompt::Text {
        text: (0..words).map(|word| format!("word {word} ")).collect(),
        special: false,
    };
    let room = context_length - WRITTEN;
    // The most words that leave room.
    let (mut fitting, mut failing) = (0, context_length);
    while failing - fitting > 1 {
        let middle = fitting + (failing - fitting) / 2;
        if worker.count(text(middle)).await? <= room {
            fitting = middle;
        } else {
            failing = middle;
        }
    }
    let request = GenerateRequest {
        id: 0,
        prompt: text(fitting),
        sampling: SamplingParameters {
            temperature: 0.0,
            ..SamplingParameters::default()
        },
        max_tokens: None,
        stop: Vec::new(),
        constraint: None,
    };
    let mut generation = worker.generate(request).await?;
    while let Some(frame) = generation.next().await {
        if let FromWorker::Finished { usage, .. } = frame? {
            return Ok(usage.prompt_tokens + usage.completion_tokens);
        }
    }
    anyhow::bail!("the worker ended in the middle")
}

fn peak_bytes(pid: u32) -> Result<u64> {
    let path = Path::new("/proc").join(pid.to_string()).join("status");
    let status = std::fs::read_to_string(&path)
        .with_context(|| format!("could not read `{}`", path.display()))?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("the system states the peak")?
        .parse()?;
    Ok(kilobytes * 1024)
}

fn show(
    name: &str,
    context_length: u32,
    tokens: u32,
    after_load: u64,
    measured: u64,
    expected: &MemoryEstimate,
) {
    let mb = |bytes: u64| bytes as f64 / 1e6;
    eprintln!(
        "{name}, {tokens} of {context_length}: {:.1} = {:.1} + {:.1}; {:.1} = {:.1} + {:.1} + {:.1} + {:.1}",
        mb(measured),
        mb(after_load),
        mb(measured - after_load),
        mb(expected.total_bytes),
        mb(expected.weights_bytes),
        mb(expected.embedding_bytes),
        mb(expected.kv_bytes),
        mb(expected.compute_bytes),
    );
}
