//! Stories over the whole system, and the architecture test.
//!
//! What is here is shared by programs that stories and benches start.

use std::io::Write;
use std::path::PathBuf;

use anyhow::ensure;
use serde_json::json;
use sirocco_core::home::Home;
use sirocco_protocol::{Download, DownloadState};

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
