//! How a download looks in a terminal: a bar for each file and one for all.

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sirocco_core::glance::duration;
use sirocco_protocol::{Download, DownloadState, QueueReason};

use crate::output::bytes;

/// The bars of one download.
pub struct Bars {
    all: MultiProgress,
    files: Vec<ProgressBar>,
    total: ProgressBar,
    file_style: ProgressStyle,
}

impl Bars {
    pub fn new() -> Result<Self> {
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::new(0));
        total.set_style(ProgressStyle::with_template(
            "{msg} {bar:30} {bytes} of {total_bytes}",
        )?);
        Ok(Self {
            all,
            files: Vec::new(),
            total,
            file_style: ProgressStyle::with_template("{prefix} {bar:30} {bytes} of {total_bytes}")?,
        })
    }

    /// Shows how it stands now.
    pub fn show(&mut self, download: &Download) {
        // One file needs no bar beside that of all.
        if download.files.len() > 1 {
            while self.files.len() < download.files.len() {
                let bar = ProgressBar::new(0).with_style(self.file_style.clone());
                self.files.push(self.all.insert_before(&self.total, bar));
            }
            for (bar, file) in self.files.iter().zip(&download.files) {
                let name = file.path.rsplit('/').next().unwrap_or(&file.path);
                bar.set_prefix(name.to_owned());
                bar.set_length(file.size_bytes);
                bar.set_position(file.done_bytes);
            }
        }
        self.total.set_length(download.total_bytes);
        self.total.set_position(download.done_bytes);
        self.total.set_message(describe(download));
    }

    /// Takes the bars away.
    pub fn clear(&self) {
        // A terminal that is gone needs no clearing.
        let _ = self.all.clear();
    }
}

/// A download in a few words.
pub fn describe(download: &Download) -> String {
    match &download.state {
        DownloadState::Queued { reason, error, .. } => {
            let why = match reason {
                QueueReason::Turn => "waits for its turn",
                QueueReason::Schedule => "waits for its hours",
                QueueReason::Offline => "waits for the network",
                QueueReason::RateLimit => "waits because the server asked for it",
                QueueReason::Retry => "tries again soon",
            };
            match error {
                Some(error) => format!("{why} ({error})"),
                None => why.to_owned(),
            }
        }
        DownloadState::Resolving => "asks the Hub".to_owned(),
        DownloadState::Downloading => match download.seconds_left {
            Some(seconds) => format!(
                "{} {}/s, {} left",
                download.name,
                bytes(download.bytes_per_second as u64),
                duration(seconds)
            ),
            None => download.name.clone(),
        },
        DownloadState::Verifying => "checks the hash".to_owned(),
        DownloadState::Paused { error: None } => "paused".to_owned(),
        DownloadState::Paused { error: Some(error) } => format!("paused: {error}"),
        DownloadState::Finished { .. } => "finished".to_owned(),
        DownloadState::Failed { error } => format!("failed: {error}"),
    }
}
