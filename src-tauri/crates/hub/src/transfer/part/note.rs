//! The note beside a `.part`: what the bytes belong to and which of them are there.
//!
//! `model.gguf.part.note` holds two slots of [`SLOT_BYTES`], written in turns, each one line of text:
//!
//! ```text
//! sirocco-part 1 SEQUENCE CHECKSUM {"sha256":…,"synced":[[0,8388608]],…}
//! ```
//!
//! `1` is the version, SEQUENCE counts up, CHECKSUM is the first half of the sha256 of `SEQUENCE {…}`. The sound slot with
//! the higher number counts, so a slot torn by a power cut costs what it would have added and no more. Two lists of
//! ranges say what is there: `synced` was forced to the disk before the note was written and holds for ever; `written`
//! was handed to the system and holds while `boot` is still the same start of this machine, which is what makes a
//! killed process lose next to nothing.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    at::{read_up_to_at, write_all_at},
    ranges::Ranges,
};
use crate::hash::ContentHash;

const MARK: &str = "sirocco-part 1";
const SLOT_BYTES: usize = 4096;

/// What is known about the bytes of a `.part`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::transfer) struct Note {
    /// The hash the whole is to have.
    pub sha256: Option<String>,
    /// Bytes of the whole.
    pub size: Option<u64>,
    /// Which address the bytes came from, see [`fingerprint`].
    pub source: Option<String>,
    /// The strong `ETag` at that address.
    pub validator: Option<String>,
    /// What the first redirect said the content is (`X-Linked-ETag`).
    pub linked: Option<String>,
    /// Bytes forced to the disk.
    pub synced: Ranges,
    /// Bytes handed to the system.
    pub written: Ranges,
    /// The start of the machine that `written` holds for.
    pub boot: Option<String>,
}

impl Note {
    /// The bytes that are there for sure.
    pub fn trusted(&self, boot: Option<&str>) -> Ranges {
        let mut ranges = self.synced.clone();
        if boot.is_some() && self.boot.as_deref() == boot {
            ranges.add_all(&self.written);
        }
        ranges
    }
}

/// What the file of a note told.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Found {
    /// There was no file.
    Nothing,
    /// There was one, and nothing in it can be believed.
    Torn,
    /// This.
    Note(Box<Note>),
}

/// The open file of a note.
pub(super) struct NoteFile {
    file: File,
    sequence: u64,
}

pub(super) fn note_path(target: &Path) -> PathBuf {
    super::with_suffix(target, ".part.note")
}

impl NoteFile {
    /// Opens or creates it, and reads what there is.
    pub fn open(path: &Path) -> io::Result<(Self, Found)> {
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let (sequence, found) = match newest(&file)? {
            Some((sequence, note)) => (sequence, Found::Note(Box::new(note))),
            None if is_new => (0, Found::Nothing),
            None => (0, Found::Torn),
        };
        Ok((Self { file, sequence }, found))
    }

    /// Writes into the older slot.
    pub fn write(&mut self, note: &Note) -> io::Result<()> {
        self.sequence += 1;
        let slot = write_slot(self.sequence, note);
        let offset = (self.sequence % 2) * SLOT_BYTES as u64;
        write_all_at(&self.file, &slot, offset)
    }

    /// Forces what was written to the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// What the note of a file says, without changing anything.
pub(super) fn read(path: &Path) -> Found {
    match File::open(path).map(|file| newest(&file)) {
        Ok(Ok(Some((_, note)))) => Found::Note(Box::new(note)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        _ => Found::Torn,
    }
}

fn newest(file: &File) -> io::Result<Option<(u64, Note)>> {
    let mut bytes = vec![0; 2 * SLOT_BYTES];
    let read = read_up_to_at(file, &mut bytes, 0)?;
    Ok(bytes[..read]
        .chunks(SLOT_BYTES)
        .filter_map(read_slot)
        .max_by_key(|(sequence, _)| *sequence))
}

fn read_slot(slot: &[u8]) -> Option<(u64, Note)> {
    let end = slot.iter().position(|&byte| byte == b'\n')?;
    let line = std::str::from_utf8(&slot[..end]).ok()?;
    let rest = line.strip_prefix(MARK)?.strip_prefix(' ')?;
    let (sequence, rest) = rest.split_once(' ')?;
    let (sum, json) = rest.split_once(' ')?;
    let sequence = sequence.parse().ok()?;
    if sum != checksum(sequence, json) {
        return None;
    }
    let note: Note = serde_json::from_str(json).ok()?;
    (note.synced.is_sound() && note.written.is_sound()).then_some((sequence, note))
}

fn write_slot(sequence: u64, note: &Note) -> Vec<u8> {
    let mut note = note.clone();
    let mut slot = loop {
        let json = serde_json::to_string(&note).unwrap_or_default();
        let sum = checksum(sequence, &json);
        let line = format!("{MARK} {sequence} {sum} {json}\n");
        if line.len() <= SLOT_BYTES {
            break line.into_bytes();
        }
        // Far more holes than streams make: what does not fit is fetched again.
        if note.written.pop().or_else(|| note.synced.pop()).is_none() {
            note = Note {
                sha256: note.sha256.take(),
                ..Note::default()
            };
        }
    };
    slot.resize(SLOT_BYTES, b' ');
    slot
}

fn checksum(sequence: u64, json: &str) -> String {
    fingerprint(&format!("{sequence} {json}"))
}

/// Half a sha256 in hexadecimal: of an address, because those may carry signatures that should not lie on a disk.
pub(in crate::transfer) fn fingerprint(text: &str) -> String {
    let mut digits = ContentHash::of(text.as_bytes()).to_string();
    digits.truncate(32);
    digits
}

/// Another text at each start of the machine, where the system tells.
pub(super) fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(bytes: u64) -> Note {
        Note {
            sha256: Some("ab".repeat(32)),
            size: Some(1 << 40),
            source: Some(fingerprint("https://hub.example/a")),
            validator: Some("\"v\"".to_owned()),
            linked: None,
            synced: Ranges::up_to(bytes),
            written: Ranges::up_to(2 * bytes),
            boot: Some("one".to_owned()),
        }
    }

    fn at(path: &Path) -> (NoteFile, Found) {
        NoteFile::open(path).expect("the note opens")
    }

    #[test]
    fn the_last_note_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("note");
        let (mut file, found) = at(&path);
        assert_eq!(found, Found::Nothing);
        for bytes in 1..=5 {
            file.write(&note(bytes)).expect("it is written");
            assert_eq!(at(&path).1, Found::Note(Box::new(note(bytes))));
        }
        assert_eq!(
            std::fs::metadata(&path).expect("the file").len(),
            2 * SLOT_BYTES as u64
        );
    }

    #[test]
    fn a_torn_note_falls_back_to_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("note");
        let (mut file, _) = at(&path);
        file.write(&note(1)).expect("it is written");
        file.write(&note(2)).expect("it is written");
        let whole = std::fs::read(&path).expect("the file");
        // The second note lies in the first slot. Whatever byte of it is lost, the first one holds.
        let line = whole
            .iter()
            .position(|&byte| byte == b'\n')
            .expect("a line");
        for torn in 0..=line {
            let mut bytes = whole.clone();
            bytes[torn] = 0;
            std::fs::write(&path, bytes).expect("the file");
            assert_eq!(at(&path).1, Found::Note(Box::new(note(1))), "{torn}");
        }
    }

    #[test]
    fn what_is_no_note_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("note");
        let newer = format!("sirocco-part 2 1 {} {{}}\n", checksum(1, "{}"));
        let hollow = r#"{"synced":[[5,3]]}"#;
        let unsound = format!("{MARK} 1 {} {hollow}\n", checksum(1, hollow));
        for text in ["", "\n", "{}", newer.as_str(), unsound.as_str()] {
            std::fs::write(&path, text).expect("the file");
            assert_eq!(at(&path).1, Found::Torn, "{text}");
        }
    }

    #[test]
    fn written_bytes_count_until_the_machine_starts_again() {
        let note = note(10);
        assert_eq!(note.trusted(Some("one")).total(), 20);
        assert_eq!(note.trusted(Some("two")).total(), 10);
        assert_eq!(note.trusted(None).total(), 10);
    }

    #[test]
    fn a_note_with_too_many_holes_keeps_the_first_ones() {
        let mut full = note(1);
        for number in 0..1_000 {
            full.synced.add(number * 10, number * 10 + 5);
        }
        let slot = write_slot(7, &full);
        assert_eq!(slot.len(), SLOT_BYTES);
        let (sequence, read) = read_slot(&slot).expect("it is sound");
        assert_eq!(sequence, 7);
        assert!(read.synced.total() > 500);
        assert_eq!(read.synced.prefix(), full.synced.prefix());
    }
}
