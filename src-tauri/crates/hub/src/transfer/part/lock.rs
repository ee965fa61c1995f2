//! The lock on a `.part`, which keeps two processes, or two downloads, from writing one file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::{Duration, Instant},
};

use crate::HubError;

const STEP: Duration = Duration::from_millis(20);

/// Opens with the lock. The system has no "lock within 2 s", so this asks again until the time is over.
pub(super) fn open_locked(
    path: &Path,
    target: &Path,
    patience: Duration,
) -> Result<File, HubError> {
    let started = Instant::now();
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| HubError::file("create", path, e))?;
        match file.try_lock() {
            // The former owner may have renamed the file between our opening and locking it.
            Ok(()) if is_still_at(&file, path) => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if started.elapsed() >= patience {
                    return Err(HubError::Busy {
                        path: target.to_owned(),
                    });
                }
                std::thread::sleep(STEP);
            }
            Err(TryLockError::Error(e)) => return Err(HubError::file("lock", path, e)),
        }
    }
}

/// The open file is the one that has this name.
#[cfg(unix)]
pub(super) fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// The open file is the one that has this name.
#[cfg(not(unix))]
pub(super) fn is_still_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
