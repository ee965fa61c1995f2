//! The unfinished file: locked, appended to in order, hashed on the way, renamed when it is whole.
//!
//! Beside `model.gguf.part` lies `model.gguf.part.json`, the [`Note`]: what the bytes belong to and how many of them
//! are known to be on the disk. After a crash no more than those are trusted. All of this blocks.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Policy;
use crate::{HubError, hash::ContentHash};

const LOCK_STEP: Duration = Duration::from_millis(20);
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// What is known about the bytes of a `.part`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The hash the whole is to have.
    pub sha256: Option<String>,
    /// The address the bytes came from.
    pub url: Option<String>,
    /// The strong `ETag` at that address.
    pub validator: Option<String>,
    /// Bytes known to be on the disk.
    pub synced_bytes: u64,
}

/// What the file is to become.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub target: PathBuf,
    pub size: Option<u64>,
    pub sha256: Option<ContentHash>,
}

/// The open `.part` of one file.
pub(super) struct Part {
    pub promise: Promise,
    pub note: Note,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    len: u64,
    written: Arc<AtomicU64>,
    policy: Policy,
    space_checked: u64,
    synced_at: Instant,
    sync: Option<std::thread::JoinHandle<()>>,
}

pub(super) fn part_path(target: &Path) -> PathBuf {
    with_suffix(target, ".part")
}

fn note_path(target: &Path) -> PathBuf {
    with_suffix(target, ".part.json")
}

/// `path` with more text at the end of its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Part {
    /// Opens or creates the `.part`, takes its lock, and hashes what can be trusted of it. `written` follows its length.
    pub fn open(
        promise: Promise,
        policy: &Policy,
        written: Arc<AtomicU64>,
    ) -> Result<Self, HubError> {
        let path = part_path(&promise.target);
        if let Some(folder) = promise.target.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| HubError::file("create the folder", folder, e))?;
        }
        let file = open_locked(&path, &promise.target, policy.lock_wait)?;
        let on_disk = file
            .metadata()
            .map_err(|e| HubError::file("read", &path, e))?
            .len();
        let wanted = promise.sha256.map(|hash| hash.to_string());
        let read_note = std::fs::read(note_path(&promise.target)).ok();
        let found: Option<Note> = read_note.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let trusted = match &found {
            Some(note) if note.sha256 == wanted => note.synced_bytes.min(on_disk),
            Some(_) => 0,
            // Without a note nothing says what the bytes are; the hash at the end will tell, if there is one.
            None if wanted.is_some() => on_disk,
            None => 0,
        };
        let trusted = if promise.size.is_some_and(|size| trusted > size) {
            0
        } else {
            trusted
        };
        let note = match found {
            Some(note) if trusted > 0 => note,
            _ => Note {
                sha256: wanted,
                ..Note::default()
            },
        };
        let mut part = Self {
            promise,
            note,
            path,
            file,
            hasher: Sha256::new(),
            len: trusted,
            written,
            policy: policy.clone(),
            space_checked: trusted,
            synced_at: Instant::now(),
            sync: None,
        };
        part.rehash()?;
        part.written.store(trusted, Ordering::Relaxed);
        Ok(part)
    }

    fn rehash(&mut self) -> Result<(), HubError> {
        let failed = |e| HubError::file("read", &self.path, e);
        self.file.set_len(self.len).map_err(failed)?;
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut left = self.len;
        let mut buffer = vec![0; 1 << 20];
        while left > 0 {
            let want = buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = self.file.read(&mut buffer[..want]).map_err(failed)?;
            if read == 0 {
                return Err(failed(io::ErrorKind::UnexpectedEof.into()));
            }
            self.hasher.update(&buffer[..read]);
            left -= read as u64;
        }
        Ok(())
    }

    /// Bytes there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// All bytes are there, as far as their number is known.
    pub fn is_whole(&self) -> bool {
        self.promise.size.is_some_and(|size| self.len >= size)
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Fails if the rest does not fit on the disk with the reserve, and `extra` bytes beside it.
    pub fn check_space(&mut self, extra: u64) -> Result<(), HubError> {
        self.space_checked = self.len;
        let missing = self
            .promise
            .size
            .map_or(0, |size| size.saturating_sub(self.len))
            .saturating_add(extra);
        // A file system that cannot say how much is free is no reason not to try.
        let Ok(available) = self.policy.disk.available_bytes(self.folder()) else {
            return Ok(());
        };
        let needed = missing.saturating_add(self.policy.reserve_bytes);
        if missing > 0 && available < needed {
            return Err(HubError::DiskFull {
                path: self.promise.target.clone(),
                needed_bytes: needed - available,
            });
        }
        Ok(())
    }

    /// Adds bytes at the end; `host` is who sent them.
    pub fn append(&mut self, bytes: &[u8], host: &str) -> Result<(), HubError> {
        if let Some(expected) = self.promise.size
            && self.len + bytes.len() as u64 > expected
        {
            return Err(HubError::Overlong {
                host: host.to_owned(),
                expected,
            });
        }
        if self.len - self.space_checked.min(self.len) >= self.policy.space_check_bytes {
            self.check_space(0)?;
        }
        if let Err(error) = self.policy.disk.write(&mut self.file, bytes) {
            // Part of the bytes may be on the disk: go back to what is hashed.
            let back = self
                .file
                .set_len(self.len)
                .and_then(|()| self.file.seek(SeekFrom::Start(self.len)));
            let error = match HubError::file("write", &self.path, error) {
                HubError::DiskFull { path, .. } => {
                    let needed_bytes = self
                        .promise
                        .size
                        .map_or(bytes.len() as u64, |size| size - self.len);
                    HubError::DiskFull { path, needed_bytes }
                }
                other => other,
            };
            return back
                .map_err(|e| HubError::file("write", &self.path, e))
                .and(Err(error));
        }
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        self.written.store(self.len, Ordering::Relaxed);
        if self.len - self.note.synced_bytes.min(self.len) >= self.policy.sync_bytes
            || self.synced_at.elapsed() >= SYNC_INTERVAL
        {
            self.sync_aside();
        }
        Ok(())
    }

    /// Forces what is written to the disk, on another thread so that bytes keep flowing meanwhile.
    fn sync_aside(&mut self) {
        if self.sync.as_ref().is_some_and(|sync| !sync.is_finished()) {
            return;
        }
        self.join_sync();
        let Ok(file) = self.file.try_clone() else {
            return;
        };
        self.synced_at = Instant::now();
        self.note.synced_bytes = self.len;
        let note = self.note.clone();
        let path = note_path(&self.promise.target);
        self.sync = Some(std::thread::spawn(move || {
            if file.sync_data().is_ok() {
                write_note(&path, &note);
            }
        }));
    }

    fn join_sync(&mut self) {
        if let Some(sync) = self.sync.take() {
            // A thread that panicked has written no note, which only means that fewer bytes are trusted.
            let _ = sync.join();
        }
    }

    /// Throws the bytes away and begins again.
    pub fn restart(&mut self) -> Result<(), HubError> {
        self.join_sync();
        self.len = 0;
        self.space_checked = 0;
        self.hasher = Sha256::new();
        self.note = Note {
            sha256: self.note.sha256.take(),
            ..Note::default()
        };
        self.written.store(0, Ordering::Relaxed);
        write_note(&note_path(&self.promise.target), &self.note);
        let emptied = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied
            .map(drop)
            .map_err(|e| HubError::file("write", &self.path, e))
    }

    /// Makes the bytes so far safe against a power cut.
    pub fn keep(&mut self) -> Result<(), HubError> {
        self.join_sync();
        self.file
            .sync_all()
            .map_err(|e| HubError::file("write", &self.path, e))?;
        self.note.synced_bytes = self.len;
        write_note(&note_path(&self.promise.target), &self.note);
        Ok(())
    }

    /// The hash of all bytes so far against the promised one.
    pub fn check_hash(&self) -> Result<(), HubError> {
        let found = ContentHash::new(self.hasher.clone().finalize().into());
        match self.promise.sha256 {
            Some(expected) if expected != found => Err(HubError::Hash { expected, found }),
            _ => Ok(()),
        }
    }

    /// Gives the file its name. Call [`check_hash`](Self::check_hash) first.
    pub fn finish(mut self) -> Result<PathBuf, HubError> {
        self.keep()?;
        let target = self.promise.target.clone();
        if target.exists() {
            return Err(HubError::Occupied { path: target });
        }
        std::fs::rename(&self.path, &target)
            .map_err(|e| HubError::file("rename to", &target, e))?;
        sync_folder(self.folder());
        remove_notes(&target);
        Ok(target)
    }

    /// Removes the bytes and the note.
    pub fn discard(mut self) -> Result<(), HubError> {
        self.join_sync();
        remove_notes(&self.promise.target);
        std::fs::remove_file(&self.path).map_err(|e| HubError::file("remove", &self.path, e))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.join_sync();
    }
}

/// A note that is lost or torn only costs bytes, so nothing is done about an error.
fn write_note(path: &Path, note: &Note) {
    let fresh = with_suffix(path, ".new");
    if let Ok(text) = serde_json::to_vec(note)
        && std::fs::write(&fresh, text).is_ok()
    {
        let _ = std::fs::rename(&fresh, path);
    }
}

/// Removes the note of a file that is finished or given up, and a half-written one.
pub(super) fn remove_notes(target: &Path) {
    let note = note_path(target);
    let _ = std::fs::remove_file(with_suffix(&note, ".new"));
    let _ = std::fs::remove_file(note);
}

/// Makes a rename in this folder durable. Windows does that itself and cannot open folders.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Opens with the lock. The system has no "lock within 2 s", so this asks again until the time is over.
fn open_locked(path: &Path, target: &Path, patience: Duration) -> Result<File, HubError> {
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
                std::thread::sleep(LOCK_STEP);
            }
            Err(TryLockError::Error(e)) => return Err(HubError::file("lock", path, e)),
        }
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
