//! How long a library of 10,000 models takes to list, and to look through when nothing has changed.
//!
//! ```text
//! cargo run --release -p sirocco-tests --example library_speed
//! ```
//!
//! Prints one JSON object a line, as `cargo xtask bench` reads it. The models are files of their own with different
//! content, two folders deep as LM Studio keeps them, with a header of some 2 kB and next to no tensors: listing and
//! looking again do not open them, so their size does not matter there. It does for the first look, whose number is
//! therefore only informative.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sirocco_core::App;
use sirocco_core::home::Home;
use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};
use sirocco_protocol::{ImportOutcome, Model, PickedPath};
use sirocco_testkit::open_app;

const MODELS: usize = 10_000;
const MODELS_OF_A_PUBLISHER: usize = 40;
/// The middle one of so many counts.
const RUNS: usize = 5;
const LIST_BAR_MS: f64 = 100.0;
const SCAN_BAR_MS: f64 = 1_000.0;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let models = folder.path().join("models");
    write_models(&models)?;
    // No model is loaded, so no worker is needed.
    let app = open_app(Home::at(folder.path().join("home")), "no-worker".into()).await?;
    let path = models.display().to_string();
    let picked: PickedPath = call(&app, "path_type", json!({ "path": path })).await?;
    let started = Instant::now();
    let outcome: ImportOutcome = call(&app, "root_add", json!({ "handle": picked.handle })).await?;
    let first = started.elapsed();
    ensure!(
        outcome.models.len() == MODELS,
        "{} models were found",
        outcome.models.len()
    );

    let (mut fresh, mut lists, mut scans) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        // A change, so that the list must be read from the database again.
        let update = json!({ "id": outcome.models[0].id, "notes": format!("run {run}") });
        app.call("model_update", update).await?;
        for times in [&mut fresh, &mut lists] {
            let started = Instant::now();
            let listed = app.call_json("model_list", json!({})).await?;
            times.push(started.elapsed());
            let listed: Vec<Model> = serde_json::from_str(listed.get())?;
            ensure!(listed.len() == MODELS);
        }
        let started = Instant::now();
        let scanned = app.call("model_scan", json!({})).await?;
        scans.push(started.elapsed());
        ensure!(scanned["models"] == json!([]) && scanned["problems"] == json!([]));
    }
    let listed: Vec<Model> = call(&app, "model_list", json!({})).await?;
    ensure!(listed.iter().all(|model| model.architecture == "llama"));
    app.close().await;
    line("first look at 10,000 models", first, None);
    let after = "list of 10,000 models after a change";
    line(after, middle(fresh), Some(LIST_BAR_MS));
    line("list of 10,000 models", middle(lists), Some(LIST_BAR_MS));
    line(
        "scan of 10,000 models without changes",
        middle(scans),
        Some(SCAN_BAR_MS),
    );
    Ok(())
}

fn write_models(folder: &Path) -> Result<()> {
    for number in 0..MODELS {
        let publisher = format!("publisher-{}", number / MODELS_OF_A_PUBLISHER);
        let path = folder
            .join(publisher)
            .join(format!("Some-Model-{number}-GGUF"))
            .join(format!("some-model-{number}-q4_k_m.gguf"));
        std::fs::create_dir_all(path.parent().context("a model has a folder")?)?;
        let words = (0..64).map(|word| format!("word {number} {word}"));
        let bytes = Writer::new()
            .field("general.architecture", "llama")
            .field("general.name", format!("Some Model {number}").as_str())
            .field("general.file_type", 15_u32)
            .field("llama.context_length", 4_096_u32)
            .field("tokenizer.ggml.tokens", Field::strings(words))
            .field("tokenizer.chat_template", "{{ messages }}")
            .zeros("token_embd.weight", [32, 2], TensorType::F32)
            .build()?;
        std::fs::write(path, bytes)?;
    }
    Ok(())
}

async fn call<T: serde::de::DeserializeOwned>(
    app: &App,
    command: &str,
    payload: Value,
) -> Result<T> {
    Ok(serde_json::from_value(app.call(command, payload).await?)?)
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn line(name: &str, time: Duration, bar: Option<f64>) {
    let value = time.as_secs_f64() * 1000.0;
    let ok = bar.is_none_or(|bar| value < bar);
    println!(
        "{}",
        json!({ "name": name, "value": value, "unit": "ms", "bar": bar, "ok": ok })
    );
}
