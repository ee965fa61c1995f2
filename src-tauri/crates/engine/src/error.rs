//! What can go wrong with a worker.

use sirocco_engine_wire::{WorkerError, WorkerErrorKind};
use sirocco_protocol::{ErrorCode, ErrorReport, RuntimeName};

/// An error of this crate.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No worker executable is installed, or none of them starts on this machine.
    #[error("no worker of {runtime} was found that starts on this machine{details}")]
    NoRuntime {
        /// What was to load the model.
        runtime: RuntimeName,
        /// What was tried, or empty.
        details: String,
    },
    /// The process could not be started or did not say hello.
    #[error("could not start worker `{program}`: {reason}")]
    Start {
        /// The executable.
        program: String,
        /// Why.
        reason: String,
    },
    /// The worker refused to load the model.
    #[error("the model could not be loaded: {0}")]
    Load(String),
    /// The load was called off.
    #[error("loading was cancelled")]
    Cancelled,
    /// The process ended unexpectedly.
    #[error("the model stopped unexpectedly ({reason})")]
    Crashed {
        /// Exit status, and the last words of its log.
        reason: String,
    },
    /// The worker refused a request.
    #[error("{}", .0.message)]
    Refused(WorkerError),
    /// The model is not loaded.
    #[error("the model is not loaded")]
    NotLoaded,
}

impl EngineError {
    /// As the interface shows it.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let code = match self {
            Self::NoRuntime { .. } | Self::Start { .. } => ErrorCode::Internal,
            Self::Load(_) => ErrorCode::ModelRefused,
            Self::Cancelled => ErrorCode::Conflict,
            Self::Crashed { .. } => ErrorCode::WorkerCrashed,
            Self::NotLoaded => ErrorCode::NoModel,
            Self::Refused(error) => match error.kind {
                WorkerErrorKind::InvalidRequest | WorkerErrorKind::Template => {
                    ErrorCode::InvalidRequest
                }
                WorkerErrorKind::ContextFull => ErrorCode::ContextFull,
                WorkerErrorKind::Load => ErrorCode::ModelRefused,
                WorkerErrorKind::Engine => ErrorCode::WorkerCrashed,
                WorkerErrorKind::Network => ErrorCode::Network,
                WorkerErrorKind::Offline => ErrorCode::Offline,
            },
        };
        let report = ErrorReport::new(code, self.to_string());
        match code {
            ErrorCode::WorkerCrashed => report.with_hint("your text is saved; load the model again"),
            ErrorCode::Network => {
                report.with_hint("see that it runs, and that its address and token in the settings are right")
            }
            ErrorCode::Offline => report.with_hint("switch the network on in the settings"),
            ErrorCode::ContextFull => {
                report.with_hint("let older turns be left out, start a new conversation, or load the model with more context")
            }
            _ => report,
        }
    }
}
