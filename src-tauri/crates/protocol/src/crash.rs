//! Reports of crashes: they lie in the data folder and go nowhere.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CrashId;

/// What broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CrashKind {
    /// A program of ours came upon a mistake in itself. It may have gone on.
    Panic {
        /// Which program.
        program: String,
    },
    /// The process that ran a model ended by itself.
    Worker {
        /// Name of the model's file.
        model: String,
        /// What it was doing.
        deed: WorkerDeed,
    },
    /// The app was gone without having been closed: killed, or the machine went off.
    Unclosed {
        /// When it was opened (Unix milliseconds).
        since_ms: i64,
    },
}

/// What the process of a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WorkerDeed {
    /// It reads the model.
    Loading,
    /// It answers, or counts what an answer takes.
    Answering,
    /// It waits to be asked.
    Waiting,
}

/// A crash there is a report of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Crash {
    /// Names the report.
    pub id: CrashId,
    /// When it happened or was noticed (Unix milliseconds).
    pub at_ms: i64,
    /// Of the app that crashed.
    pub version: String,
    /// What broke.
    pub kind: CrashKind,
}

/// The reports that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CrashReports {
    /// Where they lie, for display.
    pub folder: String,
    /// Newest first.
    pub crashes: Vec<Crash>,
}
