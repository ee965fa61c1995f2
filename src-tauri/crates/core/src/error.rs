//! Errors of the rooms below as the interface shows them.

use std::error::Error;

use sirocco_engine::EngineError;
use sirocco_hub::HubError;
use sirocco_protocol::{ErrorCode, ErrorReport};
use sirocco_store::StoreError;

/// Turns an error into a report.
pub trait Report<T> {
    /// The value, or the report of the error.
    fn report(self) -> Result<T, ErrorReport>;
}

impl<T> Report<T> for Result<T, StoreError> {
    fn report(self) -> Result<T, ErrorReport> {
        self.map_err(|error| store(&error))
    }
}

impl<T> Report<T> for Result<T, EngineError> {
    fn report(self) -> Result<T, ErrorReport> {
        self.map_err(|error| error.report())
    }
}

impl<T> Report<T> for Result<T, HubError> {
    fn report(self) -> Result<T, ErrorReport> {
        self.map_err(|error| error.report())
    }
}

fn store(error: &StoreError) -> ErrorReport {
    let code = match error {
        StoreError::NotFound { .. } => ErrorCode::NotFound,
        StoreError::RunInProgress { .. } => ErrorCode::Conflict,
        StoreError::FolderInItself { .. } => ErrorCode::InvalidRequest,
        error if error.is_disk_full() => ErrorCode::DiskFull,
        _ => ErrorCode::Internal,
    };
    let report = ErrorReport::new(code, with_causes(error));
    match error {
        StoreError::RunInProgress { .. } => ErrorReport {
            message: "an answer is being written in this conversation".into(),
            ..report
        }
        .with_hint("wait for it or stop it"),
        StoreError::FolderInItself { .. } => ErrorReport {
            message: "a folder cannot be moved into itself or a folder inside it".into(),
            ..report
        },
        _ if code == ErrorCode::DiskFull => {
            report.with_hint("free some space; nothing that was saved is lost")
        }
        _ => report,
    }
}

/// The error and what it was caused by, in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A refusal for something the App itself decides.
pub fn refuse(code: ErrorCode, message: impl Into<String>) -> ErrorReport {
    ErrorReport::new(code, message)
}
