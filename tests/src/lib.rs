//! Stories over the whole system, and the architecture test.
//!
//! What is here is shared by programs that stories and benches start.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sirocco_core::home::Home;
use sirocco_engine::{Backend, Runtime, discover};
use sirocco_protocol::{Download, DownloadState, RuntimeName};

/// The workers in `SIROCCO_WORKER_DIR` of the runtime that `SIROCCO_TEST_RUNTIME` names; of mistral.rs where it is not set.
///
/// # Errors
/// If there is none, or no runtime has that name.
pub fn workers_under_test() -> Result<(RuntimeName, Vec<Runtime>)> {
    let set = |variable| {
        std::env::var(variable)
            .ok()
            .filter(|value| !value.is_empty())
    };
    let name = match set("SIROCCO_TEST_RUNTIME") {
        Some(name) => name.parse().context("SIROCCO_TEST_RUNTIME")?,
        None => RuntimeName::MistralRs,
    };
    let folder = set("SIROCCO_WORKER_DIR").context(
        "SIROCCO_WORKER_DIR names no folder of workers: `cargo xtask test` builds them and says where they are",
    )?;
    let mut workers = discover(&[PathBuf::from(folder)]);
    // A worker for a graphics card may lie beside it, and says nothing of the one for the processor.
    let backend = set("SIROCCO_TEST_BACKEND").unwrap_or_else(|| Backend::Cpu.to_string());
    workers.retain(|worker| {
        worker.name == name && worker.backend.to_string().eq_ignore_ascii_case(&backend)
    });
    ensure!(
        !workers.is_empty(),
        "SIROCCO_WORKER_DIR has no worker of {name} for {backend}"
    );
    Ok((name, workers))
}

/// An App made to be killed: opens a data folder, adds models of the Hub to its queue, and prints the bytes there
/// are, one number a line. It ends when everything is finished, if it is left alone for so long.
///
/// # Errors
/// If the App does not open, or a download fails or pauses.
pub async fn doomed_download(
    home: PathBuf,
    repository: &str,
    files: &[String],
) -> anyhow::Result<()> {
    let app = sirocco_testkit::open_app(Home::at(home), PathBuf::from("no-worker")).await?;
    let mut events = app.events();
    let mut known = list(&app).await?;
    for file in files {
        if known.iter().all(|download| download.name != *file) {
            let start = json!({"repository": repository, "commit": null, "path": file});
            app.call("download_start", start).await?;
        }
    }
    let mut printed = None;
    loop {
        known = list(&app).await?;
        let done: u64 = known.iter().map(|download| download.done_bytes).sum();
        if printed != Some(done) {
            let mut output = std::io::stdout().lock();
            writeln!(output, "{done}")?;
            output.flush()?;
            printed = Some(done);
        }
        if known
            .iter()
            .all(|download| matches!(download.state, DownloadState::Finished { .. }))
        {
            return Ok(());
        }
        for download in &known {
            ensure!(
                !matches!(
                    download.state,
                    DownloadState::Failed { .. } | DownloadState::Paused { .. }
                ),
                "{download:?}"
            );
        }
        // What was missed is in the next list.
        let _ = events.recv().await;
    }
}

async fn list(app: &sirocco_core::App) -> anyhow::Result<Vec<Download>> {
    let list = app.call("download_list", json!({})).await?;
    Ok(serde_json::from_value(list)?)
}
