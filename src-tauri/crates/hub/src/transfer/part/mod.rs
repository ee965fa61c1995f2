//! The unfinished file: locked, written in any order, hashed in order, renamed when it is whole.
//!
//! Beside `model.gguf.part` lies `model.gguf.part.note`, the [`Note`]: what the bytes belong to and which of them are
//! there. After a crash no others are trusted. All of this blocks.

mod at;
mod lock;
mod note;
mod ranges;
mod space;
mod trail;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

pub(super) use at::write_all_at;
pub(super) use note::{Note, fingerprint};
pub(super) use ranges::Ranges;
pub(super) use space::check_space;

use self::{
    lock::{is_still_at, open_locked},
    note::{Found, NoteFile, boot, note_path},
    space::{allocated_bytes, check_limit},
    trail::Trail,
};
use super::{Policy, run::Halt};
use crate::{HubError, hash::ContentHash};

/// How long bytes may be only in memory, as far as the note says.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);
/// How long, and how many, bytes may be missing in the note.
const NOTE_INTERVAL: Duration = Duration::from_millis(20);
const NOTE_BYTES: u64 = 1 << 20;

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
    path: PathBuf,
    file: Arc<File>,
    done: Ranges,
    trail: Option<Trail>,
    /// Follows the number of bytes there are.
    written: Arc<AtomicU64>,
    policy: Policy,
    space_checked: u64,
    noted: (Instant, u64),
    record: Arc<Mutex<Record>>,
    synced_at: Instant,
    sync: Option<JoinHandle<()>>,
}

/// The note and the file it is in, shared with the thread that forces bytes to the disk.
struct Record {
    note: Note,
    file: NoteFile,
    path: PathBuf,
}

pub(super) fn part_path(target: &Path) -> PathBuf {
    with_suffix(target, ".part")
}

/// `path` with more text at the end of its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Part {
    /// Opens or creates the `.part`, takes its lock, and finds out what can be trusted of it. `written` follows the
    /// number of bytes there are.
    pub fn open(
        promise: Promise,
        policy: &Policy,
        written: Arc<AtomicU64>,
    ) -> Result<Self, HubError> {
        let path = part_path(&promise.target);
        let folder = promise.target.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .map_err(|e| HubError::file("create the folder", folder, e))?;
        if let Some(size) = promise.size {
            check_limit(policy, &promise.target, size)?;
        }
        let file = open_locked(&path, &promise.target, policy.lock_wait)?;
        let on_disk = file
            .metadata()
            .map_err(|e| HubError::file("read", &path, e))?
            .len();
        let notes = note_path(&promise.target);
        let (note_file, found) =
            NoteFile::open(&notes).map_err(|e| HubError::file("open", &notes, e))?;
        let wanted = promise.sha256.map(|hash| hash.to_string());
        let boot = boot();
        let mut done = match &found {
            Found::Note(note) if note.sha256 == wanted => note.trusted(boot.as_deref()),
            Found::Note(_) | Found::Torn => Ranges::default(),
            // Without a note nothing says what the bytes are; the hash at the end will tell, if there is one.
            Found::Nothing if wanted.is_some() => Ranges::up_to(on_disk),
            Found::Nothing => Ranges::default(),
        };
        done.cut(on_disk);
        if promise.size.is_some_and(|size| done.end() > size) {
            done = Ranges::default();
        }
        let mut note = match found {
            Found::Note(note) if done.total() > 0 => *note,
            _ => Note::default(),
        };
        note.sha256 = wanted;
        note.size = promise.size;
        note.written = done.clone();
        note.boot = boot;
        let file = Arc::new(file);
        let mut part = Self {
            noted: (Instant::now(), done.total()),
            space_checked: done.total(),
            trail: None,
            promise,
            path,
            file,
            done,
            written,
            policy: policy.clone(),
            record: Arc::new(Mutex::new(Record {
                note,
                file: note_file,
                path: notes,
            })),
            synced_at: Instant::now(),
            sync: None,
        };
        part.set_len()?;
        part.follow();
        // So that after a power cut there is never a `.part` without a note.
        part.lock_record().save()?;
        sync_folder(part.folder());
        Ok(part)
    }

    /// Bytes from the beginning without a hole.
    pub fn prefix(&self) -> u64 {
        self.done.prefix()
    }

    /// Bytes there are.
    pub fn total(&self) -> u64 {
        self.done.total()
    }

    /// Which bytes there are.
    pub fn done(&self) -> &Ranges {
        &self.done
    }

    /// All bytes are there, as far as their number is known.
    pub fn is_whole(&self) -> bool {
        self.promise.size.is_some_and(|size| self.prefix() >= size)
    }

    /// What is known of the bytes.
    pub fn note(&self) -> Note {
        self.lock_record().note.clone()
    }

    /// Changes what is known of where the bytes come from. It is written with the next bytes.
    pub fn set_note(&self, change: impl FnOnce(&mut Note)) {
        change(&mut self.lock_record().note);
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Fails if the rest does not fit on the disk with the reserve, and `extra` bytes beside it.
    pub fn check_space(&mut self, extra: u64) -> Result<(), HubError> {
        self.space_checked = self.total();
        if let Some(size) = self.promise.size {
            check_limit(&self.policy, &self.promise.target, size)?;
        }
        let missing = self.missing().saturating_add(extra);
        check_space(&self.policy, self.folder(), &self.promise.target, missing)
    }

    /// Bytes the file will still take of the disk.
    fn missing(&self) -> u64 {
        let has = self.total().max(allocated_bytes(&self.file));
        self.promise.size.map_or(0, |size| size.saturating_sub(has))
    }

    /// Takes the space on the disk at once, so that the file lies in one piece and nobody else takes the space. Where
    /// the system cannot do that, it grows as it is written.
    pub fn allocate(&self) {
        if let Some(size) = self.promise.size
            && let Err(error) = self.policy.disk.allocate(&self.file, size)
        {
            tracing::debug!(file = %self.path.display(), %error, "the space was not taken beforehand");
        }
    }

    /// Adds bytes at an offset; `host` is who sent them.
    pub fn write(&mut self, offset: u64, bytes: &[u8], host: &str) -> Result<(), HubError> {
        let end = offset + bytes.len() as u64;
        if let Some(expected) = self.promise.size
            && end > expected
        {
            return Err(HubError::Overlong {
                host: host.to_owned(),
                expected,
            });
        }
        if self.total() - self.space_checked.min(self.total()) >= self.policy.space_check_bytes {
            self.check_space(0)?;
        }
        if let Err(error) = self.policy.disk.write_at(&self.file, bytes, offset) {
            let error = match HubError::file("write", &self.path, error) {
                HubError::DiskFull { path, .. } => HubError::DiskFull {
                    path,
                    needed_bytes: self.missing().max(bytes.len() as u64),
                },
                other => other,
            };
            // Part of the bytes may be on the disk: go back to what is counted.
            return self.set_len().and(Err(error));
        }
        self.done.add(offset, end);
        self.follow();
        self.take_down(false);
        if self.unsynced() >= self.policy.sync_bytes || self.synced_at.elapsed() >= SYNC_INTERVAL {
            self.sync_aside();
        }
        Ok(())
    }

    /// Tells the hash and the owner how far it is.
    fn follow(&mut self) {
        self.written.store(self.done.total(), Ordering::Relaxed);
        let prefix = self.done.prefix();
        if self.promise.sha256.is_some() && prefix > 0 {
            self.trail
                .get_or_insert_with(|| Trail::start(self.file.clone()))
                .advance(prefix);
        }
    }

    /// Writes into the note which bytes there are, if that is due.
    pub fn take_down(&mut self, at_once: bool) {
        let (since, before) = self.noted;
        let total = self.done.total();
        if total == before {
            return;
        }
        if !at_once && total - before.min(total) < NOTE_BYTES && since.elapsed() < NOTE_INTERVAL {
            return;
        }
        self.noted = (Instant::now(), total);
        let mut record = self.lock_record();
        record.note.written = self.done.clone();
        record.write();
    }

    fn unsynced(&self) -> u64 {
        let synced = self.lock_record().note.synced.total();
        self.done.total().saturating_sub(synced)
    }

    /// Forces what is written to the disk, on another thread so that bytes keep flowing meanwhile, as long as they
    /// are not too far ahead.
    pub fn sync_aside(&mut self) {
        let is_far_ahead = self.unsynced() >= self.policy.sync_bytes.saturating_mul(4);
        let is_running = self.sync.as_ref().is_some_and(|sync| !sync.is_finished());
        if is_running && !is_far_ahead {
            return;
        }
        self.join_sync();
        self.synced_at = Instant::now();
        if self.unsynced() == 0 {
            return;
        }
        let (file, record, done) = (self.file.clone(), self.record.clone(), self.done.clone());
        self.sync = Some(std::thread::spawn(move || {
            if file.sync_data().is_err() {
                return;
            }
            let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
            record.note.synced = done;
            record.write();
            // A note that is lost only costs bytes.
            let _ = record.file.sync();
        }));
    }

    fn join_sync(&mut self) {
        if let Some(sync) = self.sync.take() {
            // A thread that panicked has written no note, which only means that fewer bytes are trusted.
            let _ = sync.join();
        }
    }

    fn lock_record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws the bytes away and begins again.
    pub fn restart(&mut self) -> Result<(), HubError> {
        self.join_sync();
        self.trail = None;
        self.done = Ranges::default();
        self.space_checked = 0;
        {
            let mut record = self.lock_record();
            record.note = Note {
                sha256: record.note.sha256.take(),
                size: record.note.size,
                boot: record.note.boot.take(),
                ..Note::default()
            };
            // Both slots, so that the bytes that come are never taken for the ones that went.
            record.save()?;
            record.save()?;
        }
        self.noted = (Instant::now(), 0);
        self.follow();
        self.set_len()
    }

    /// Makes the file as long as what is counted of it.
    fn set_len(&self) -> Result<(), HubError> {
        self.file
            .set_len(self.done.end())
            .map_err(|e| HubError::file("write", &self.path, e))
    }

    /// Makes the bytes so far safe against a power cut.
    pub fn keep(&mut self) -> Result<(), HubError> {
        self.join_sync();
        self.file
            .sync_all()
            .map_err(|e| HubError::file("write", &self.path, e))?;
        let mut record = self.lock_record();
        record.note.written = self.done.clone();
        record.note.synced = self.done.clone();
        record.save()
    }

    /// Bytes that [`check_hash`](Self::check_hash) still has to read.
    pub fn unhashed(&self) -> u64 {
        self.trail.as_ref().map_or(0, Trail::behind)
    }

    /// The hash of all bytes against the promised one, unless `goes_on` ends the reading before.
    pub fn check_hash(&self, goes_on: impl Fn() -> bool) -> Result<(), Halt> {
        let Some(expected) = self.promise.sha256 else {
            return Ok(());
        };
        let found = match &self.trail {
            Some(trail) => trail
                .digest(goes_on)
                .map_err(|e| HubError::file("read", &self.path, e))?
                .ok_or(Halt::Order)?,
            None => ContentHash::of(b""),
        };
        if expected == found {
            Ok(())
        } else {
            Err(HubError::Hash { expected, found }.into())
        }
    }

    /// Gives the file its name. Call [`check_hash`](Self::check_hash) first.
    pub fn finish(mut self) -> Result<PathBuf, HubError> {
        self.set_len()?;
        self.keep()?;
        let target = self.promise.target.clone();
        if target.exists() {
            return Err(HubError::Occupied { path: target });
        }
        if !is_still_at(&self.file, &self.path) {
            let gone = std::io::ErrorKind::NotFound.into();
            return Err(HubError::file("find", &self.path, gone));
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

impl Record {
    /// Hands the note to the system. One that is lost or torn only costs bytes, so nothing is done about an error.
    fn write(&mut self) {
        if let Err(error) = self.file.write(&self.note) {
            tracing::debug!(%error, "the note of a download was not written");
        }
    }

    /// Writes the note so that it stays.
    fn save(&mut self) -> Result<(), HubError> {
        self.file
            .write(&self.note)
            .and_then(|()| self.file.sync())
            .map_err(|e| HubError::file("write", &self.path, e))
    }
}

/// Bytes of an unfinished file that can be trusted.
pub(super) fn kept_bytes(target: &Path) -> u64 {
    let Ok(on_disk) = std::fs::metadata(part_path(target)) else {
        return 0;
    };
    match note::read(&note_path(target)) {
        Found::Note(note) => {
            let mut done = note.trusted(boot().as_deref());
            done.cut(on_disk.len());
            done.total()
        }
        Found::Torn => 0,
        Found::Nothing => on_disk.len(),
    }
}

/// What the unfinished file takes of the disk, with what was set aside for it.
pub(super) fn held_bytes(target: &Path) -> u64 {
    File::open(part_path(target)).map_or(0, |file| allocated_bytes(&file))
}

/// Removes an unfinished file and its note. One that another process writes stays: it is that one's.
pub(super) fn remove(target: &Path) -> Result<(), HubError> {
    let path = part_path(target);
    // Held until the file is gone, so that nobody begins to write it meanwhile.
    let file = File::options().write(true).open(&path).ok();
    if let Some(file) = &file
        && matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    {
        return Ok(());
    }
    remove_notes(target);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(HubError::file("remove", &path, e))
        }
        _ => Ok(()),
    }
}

/// Removes the note of a file that is finished or given up.
pub(super) fn remove_notes(target: &Path) {
    let _ = std::fs::remove_file(note_path(target));
}

/// Makes a rename in this folder durable. Windows does that itself and cannot open folders.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
