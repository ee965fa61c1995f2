//! Downloads: the queue, its files and where each one stands.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DownloadId, ErrorReport, ModelId};

/// Why a download that could run does not run right now. It goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum QueueReason {
    /// Others go first.
    Turn,
    /// It is outside the hours of the schedule.
    Schedule,
    /// The network is off by the person's choice, or unreachable.
    Offline,
    /// The server asked to slow down.
    RateLimit,
    /// Something went wrong that may pass; it is tried again.
    Retry,
}

/// Where a download stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DownloadState {
    /// It waits, and goes on by itself.
    Queued {
        /// For what.
        reason: QueueReason,
        /// When it is tried again at the latest (Unix milliseconds), if that is known.
        until_ms: Option<i64>,
        /// What went wrong before, if that is why it waits.
        error: Option<ErrorReport>,
    },
    /// The server is asked for size, hash and address.
    Resolving,
    /// Bytes arrive.
    Downloading,
    /// Complete; the hash is being checked.
    Verifying,
    /// Stopped; the bytes are kept. Without an error, by the person.
    Paused {
        /// What has to be put right first, such as a full disk.
        error: Option<ErrorReport>,
    },
    /// In the library.
    Finished {
        /// As what.
        model_id: ModelId,
    },
    /// It broke for good; the bytes are kept until it is removed.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

/// One file of a download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DownloadFile {
    /// Its path in the repository.
    pub path: String,
    /// Bytes kept so far.
    pub done_bytes: u64,
    /// Bytes in all.
    pub size_bytes: u64,
    /// It is whole and its hash is right.
    pub verified: bool,
}

/// A download: all files of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Download {
    /// Its id.
    pub id: DownloadId,
    /// What, for display: the (first) file's name.
    pub name: String,
    /// From where: `Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF`.
    pub repository: String,
    /// The commit it is pinned to; empty until it is resolved.
    pub commit: String,
    /// Such as `Q4_K_M`; empty if unknown.
    pub quantization: String,
    /// Place in the queue, from 0; finished ones have none.
    pub position: Option<u32>,
    /// The files, in order.
    pub files: Vec<DownloadFile>,
    /// Bytes kept so far, of all files.
    pub done_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Bytes per second, over the last few seconds.
    pub bytes_per_second: f64,
    /// Seconds to the end at this speed, if bytes arrive.
    pub seconds_left: Option<u64>,
    /// Unix time in milliseconds.
    pub added_at_ms: i64,
    /// Where it stands.
    pub state: DownloadState,
}

/// Hours of the day in which downloads may run, local time. `from` may be later than `to`: over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DownloadHours {
    /// Minutes since midnight, 0 to 1439.
    pub from_minute: u32,
    /// Minutes since midnight, 0 to 1439, excluded.
    pub to_minute: u32,
}

/// How downloads behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct DownloadSettings {
    /// Downloads that run at once, 1 to 8.
    pub parallel: u32,
    /// Connections of one file, 1 to 8; more are opened only while they make it faster.
    pub streams: u32,
    /// Bytes per second of all downloads together; none is no limit.
    pub speed_limit: Option<u64>,
    /// Only between these hours; none is always.
    pub hours: Option<DownloadHours>,
}

impl Default for DownloadSettings {
    fn default() -> Self {
        Self {
            parallel: 2,
            streams: 4,
            speed_limit: None,
            hours: None,
        }
    }
}
