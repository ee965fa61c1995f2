//! One download in memory: what the database keeps of it, and how it stands.

use sirocco_protocol::{Download, DownloadFile, DownloadState, ErrorReport, QueueReason};
use sirocco_store::StoredDownload;
use tokio_util::sync::CancellationToken;

use super::plan::{Candidate, Wish};

/// A download.
pub(super) struct Item {
    /// As it is kept.
    pub stored: StoredDownload,
    /// Bytes there are of each file.
    pub done: Vec<u64>,
    /// Over the last few seconds.
    pub bytes_per_second: f64,
    /// Why it is not tried just now.
    pub trouble: Option<Trouble>,
    /// Troubles in a row, without a byte between them.
    pub failures: u32,
    /// Who works on it.
    pub work: Option<Work>,
}

/// Something that may pass.
pub(super) struct Trouble {
    pub reason: QueueReason,
    pub until_ms: i64,
    pub error: ErrorReport,
}

/// The work on a download.
#[derive(Clone)]
pub(super) struct Work {
    /// Asks it to stop and to keep the bytes.
    pub stop: CancellationToken,
    /// It has let go of its files.
    pub ended: CancellationToken,
}

impl Item {
    pub fn new(stored: StoredDownload, done: Vec<u64>) -> Self {
        Self {
            stored,
            done,
            bytes_per_second: 0.0,
            trouble: None,
            failures: 0,
            work: None,
        }
    }

    /// Its commit, files and sizes are known.
    pub fn is_resolved(&self) -> bool {
        self.stored.files.iter().all(|file| !file.target.is_empty())
    }

    pub fn is_finished(&self) -> bool {
        matches!(self.stored.state, DownloadState::Finished { .. })
    }

    pub fn candidate(&self) -> Candidate {
        let wish = match (&self.stored.state, &self.trouble) {
            (
                DownloadState::Paused { .. }
                | DownloadState::Failed { .. }
                | DownloadState::Finished { .. },
                _,
            ) => Wish::Rest,
            (_, Some(trouble)) => Wish::Later {
                reason: trouble.reason,
                until_ms: trouble.until_ms,
            },
            (_, None) => Wish::Run,
        };
        Candidate {
            wish,
            is_running: self.work.is_some(),
        }
    }

    /// As the interface sees it.
    pub fn download(&self) -> Download {
        let files: Vec<DownloadFile> = self
            .stored
            .files
            .iter()
            .zip(&self.done)
            .map(|(file, &done)| DownloadFile {
                path: file.path.clone(),
                done_bytes: match file.verified {
                    true => file.size_bytes,
                    false => done.min(file.size_bytes),
                },
                size_bytes: file.size_bytes,
                verified: file.verified,
            })
            .collect();
        let done_bytes = files.iter().map(|file| file.done_bytes).sum();
        let total_bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
        let left = total_bytes.saturating_sub(done_bytes);
        let speed = match self.stored.state {
            DownloadState::Downloading => self.bytes_per_second,
            _ => 0.0,
        };
        Download {
            id: self.stored.id,
            name: self.stored.name.clone(),
            repository: self.stored.repository.clone(),
            commit: self.stored.commit.clone(),
            quantization: self.stored.quantization.clone(),
            position: self.stored.position,
            files,
            done_bytes,
            total_bytes,
            bytes_per_second: speed,
            seconds_left: (speed >= 1.0).then(|| (left as f64 / speed).ceil() as u64),
            added_at_ms: self.stored.added_at_ms,
            state: self.stored.state.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::DownloadId;
    use sirocco_store::StoredDownloadFile;

    use super::*;

    fn item() -> Item {
        let file = |verified| StoredDownloadFile {
            path: "a.gguf".into(),
            size_bytes: 1_000,
            sha256: None,
            target: "/own/a.gguf".into(),
            verified,
        };
        let stored = StoredDownload {
            id: DownloadId::fresh(),
            repository: "someone/something".into(),
            commit: "c".repeat(40),
            name: "a.gguf".into(),
            quantization: String::new(),
            added_at_ms: 1,
            position: Some(0),
            state: DownloadState::Downloading,
            files: vec![file(true), file(false)],
        };
        Item::new(stored, vec![0, 250])
    }

    #[test]
    fn the_time_left_is_that_of_all_files_at_this_speed() {
        let mut item = item();
        item.bytes_per_second = 100.0;
        let download = item.download();
        assert_eq!((download.done_bytes, download.total_bytes), (1_250, 2_000));
        assert_eq!(download.seconds_left, Some(8));
        item.stored.state = DownloadState::Paused { error: None };
        assert_eq!(item.download().seconds_left, None);
        assert_eq!(item.download().bytes_per_second, 0.0);
    }

    #[test]
    fn what_is_paused_wants_nothing_even_after_a_trouble() {
        let mut item = item();
        assert_eq!(item.candidate().wish, Wish::Run);
        item.trouble = Some(Trouble {
            reason: QueueReason::Offline,
            until_ms: 5,
            error: ErrorReport::new(sirocco_protocol::ErrorCode::Network, "gone"),
        });
        assert!(matches!(
            item.candidate().wish,
            Wish::Later { until_ms: 5, .. }
        ));
        item.stored.state = DownloadState::Paused { error: None };
        assert_eq!(item.candidate().wish, Wish::Rest);
    }
}
