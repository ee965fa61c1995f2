//! Why a runtime is not added or removed.

use std::io;
use std::path::{Path, PathBuf};

use sirocco_engine::{EngineError, Runtime};
use sirocco_protocol::{ErrorCode, ErrorReport};

use super::unpack::{MAX_BYTES, MAX_ENTRIES};
use crate::error::with_causes;

#[derive(Debug, thiserror::Error)]
pub(super) enum RuntimeError {
    #[error("could not read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("could not write `{path}`")]
    Write { path: PathBuf, source: io::Error },
    #[error("could not remove `{path}`")]
    Remove { path: PathBuf, source: io::Error },
    #[error("`{path}` is no whole archive of the kind .tar.gz")]
    Archive { path: PathBuf, source: io::Error },
    #[error("`{name}` in the archive would be written outside of its folder")]
    Outside { name: String },
    #[error("`{name}` in the archive is a link or a device")]
    NotAFile { name: String },
    #[error("there is more than one `{name}` in it")]
    Twice { name: String },
    #[error("there are more than {MAX_ENTRIES} files in it")]
    TooMany,
    #[error("it takes more than {} GiB", MAX_BYTES >> 30)]
    TooLarge,
    #[error("there is no worker in `{path}`")]
    NoWorker { path: PathBuf },
    #[error("none of its workers is for this processor: {}", workers.join(", "))]
    OtherProcessors { workers: Vec<String> },
    #[error("the worker {worker} does not run here: {reason}")]
    DoesNotRun { worker: String, reason: String },
    #[error("the worker {worker} computes on `{backend}`, which is not what its name says")]
    OtherBackend { worker: String, backend: String },
    #[error("a model runs with {worker}")]
    InUse { worker: String },
    #[error("{key} came with Sirocco")]
    Installed { key: String },
    #[error("no runtime that was added is called `{key}`")]
    NotAdded { key: String },
}

impl RuntimeError {
    pub fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        Self::Read { path, source }
    }

    pub fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        Self::Write { path, source }
    }

    pub fn remove(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        Self::Remove { path, source }
    }

    pub fn does_not_run(worker: &Runtime, error: &EngineError) -> Self {
        Self::DoesNotRun {
            worker: worker.key(),
            reason: match error {
                EngineError::Start { reason, .. } => reason.clone(),
                other => other.to_string(),
            },
        }
    }

    pub fn not_added(key: String, came_with_us: bool) -> Self {
        if came_with_us {
            Self::Installed { key }
        } else {
            Self::NotAdded { key }
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                ErrorCode::DiskFull
            }
            Self::InUse { .. } | Self::Installed { .. } => ErrorCode::Conflict,
            Self::NotAdded { .. } => ErrorCode::NotFound,
            _ => ErrorCode::FileProblem,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Archive { .. } => Some(
                "fetch it again; what is added is an archive `sirocco-runtime-….tar.gz`, or a worker",
            ),
            Self::NoWorker { .. } => Some(
                "the names of workers begin with `sirocco-worker-`, then come runtime, device and processor",
            ),
            Self::DoesNotRun { .. } => {
                Some("nothing was added; it has to be for this system and this version of Sirocco")
            }
            Self::InUse { .. } => Some("eject the model first"),
            Self::Installed { .. } => Some("only runtimes that were added can be removed"),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space; nothing was added")
            }
            _ => None,
        }
    }
}

impl From<RuntimeError> for ErrorReport {
    fn from(error: RuntimeError) -> Self {
        let report = Self::new(error.code(), with_causes(&error));
        match error.hint() {
            Some(hint) => report.with_hint(hint),
            None => report,
        }
    }
}
