//! Locks on files, waited for without asking again and again.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

/// The lock, if nobody has it.
pub fn lock_now(path: &Path) -> io::Result<Option<File>> {
    try_with(path, File::try_lock)
}

/// The lock together with others, if nobody has it alone.
pub fn share_now(path: &Path) -> io::Result<Option<File>> {
    try_with(path, File::try_lock_shared)
}

fn try_with(path: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    let file = open(path)?;
    match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The lock, if it can be had in this time.
pub async fn lock_within(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    if let Some(file) = lock_now(path)? {
        return Ok(Some(file));
    }
    if patience.is_zero() {
        return Ok(None);
    }
    let (sender, locked) = oneshot::channel();
    let path = PathBuf::from(path);
    // The system waits without a limit only. A thread of our own may wait on after that: unlike one
    // of the runtime's, it does not keep the process, and it lets go of a lock that comes too late.
    std::thread::Builder::new()
        .name("file-lock".to_owned())
        .spawn(move || sender.send(lock(&path)))?;
    match tokio::time::timeout(patience, locked).await {
        Ok(locked) => locked.map_err(io::Error::other)?.map(Some),
        Err(_) => Ok(None),
    }
}

fn lock(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock()?;
    Ok(file)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}
