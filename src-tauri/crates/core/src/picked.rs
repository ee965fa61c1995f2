//! Paths a person chose. The page only ever holds handles to them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sirocco_protocol::{ErrorCode, ErrorReport, PathHandle, PickedPath};

/// Handles given out in this session.
#[derive(Debug, Default)]
pub struct PickedPaths(Mutex<HashMap<PathHandle, PathBuf>>);

impl PickedPaths {
    /// A handle for a path that exists.
    pub fn mint(&self, path: &Path) -> Result<PickedPath, ErrorReport> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let metadata = std::fs::metadata(&path).map_err(|error| {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
                std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
                _ => error.to_string(),
            };
            ErrorReport::new(
                ErrorCode::FileProblem,
                format!("could not open `{}`: {reason}", path.display()),
            )
        })?;
        let handle = PathHandle::fresh();
        let picked = PickedPath {
            handle,
            path: path.display().to_string(),
            is_folder: metadata.is_dir(),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(handle, path);
        Ok(picked)
    }

    /// The path behind a handle.
    pub fn resolve(&self, handle: PathHandle) -> Result<PathBuf, ErrorReport> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&handle)
            .cloned()
            .ok_or_else(|| {
                ErrorReport::new(
                    ErrorCode::NotFound,
                    "this file was not picked in this session",
                )
            })
    }
}

/// Reads what a person typed: `~` stands for the home folder.
pub fn typed(text: &str) -> Result<PathBuf, ErrorReport> {
    let text = text.trim().trim_matches('"');
    let path = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
            let home = home.ok_or_else(|| {
                ErrorReport::new(ErrorCode::InvalidRequest, "this user has no home folder")
            })?;
            Path::new(&home).join(rest.trim_start_matches(['/', '\\']))
        }
        _ => PathBuf::from(text),
    };
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(ErrorReport::new(
            ErrorCode::InvalidRequest,
            "the path must be absolute, such as /home/me/models",
        ))
    }
}
