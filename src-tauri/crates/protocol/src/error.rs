//! How a failure looks on the wire.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What went wrong, for a client that acts on it. A code exists only if some client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request does not have the declared shape, or a value is out of its range.
    InvalidRequest,
    /// The thing named does not exist (any more).
    NotFound,
    /// The state does not allow it now, such as two runs in one conversation.
    Conflict,
    /// No model was named and none is loaded: offer the picker.
    NoModel,
    /// The model cannot run here; the message says why.
    ModelRefused,
    /// The estimate exceeds the free memory: offer "load anyway".
    DoesNotFit,
    /// The worker ended unexpectedly: offer a reload.
    WorkerCrashed,
    /// The prompt is longer than the context.
    ContextFull,
    /// A file is missing, changed or unreadable.
    FileProblem,
    /// The network is unreachable or answered with an error.
    Network,
    /// The offline switch is on: offer to turn it off.
    Offline,
    /// The Hub wants a token: offer the settings.
    TokenNeeded,
    /// The model's conditions must be accepted on its page first: offer the link in the hint.
    Gated,
    /// A newer question took this one's place: nothing to show.
    Superseded,
    /// The disk is full.
    DiskFull,
    /// The request carries no valid token.
    Unauthorized,
    /// Anything else; the log has the details under the trace id.
    Internal,
}

/// An error as the interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErrorReport {
    /// For clients.
    pub code: ErrorCode,
    /// What happened, in words; lower-case start, no period.
    pub message: String,
    /// The next step, where there is one.
    pub hint: Option<String>,
    /// Finds the matching lines of the log; empty until the host assigns one.
    pub trace_id: String,
}

impl ErrorReport {
    /// A report without hint or trace id.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            trace_id: String::new(),
        }
    }

    /// Adds the next step.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ErrorReport {}
