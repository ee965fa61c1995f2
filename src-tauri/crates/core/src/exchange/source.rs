//! Takes files with conversations out of what was picked: one file, a folder, or a zip.
//!
//! Folders and zips hold other things too, which are passed over. A zip may claim any size and a
//! folder have any depth: nothing is read beyond fixed bounds, and no link is followed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sirocco_chat::exchange::{Reading, Unreadable, read_json, read_thread};
use sirocco_protocol::{ErrorCode, ErrorReport, RefusedConversation};
use zip::ZipArchive;

use crate::error::refuse;

/// A thread of Jan has these two files in a folder of its own.
const THREAD: &str = "thread.json";
const MESSAGES: &str = "messages.jsonl";

/// How much is read.
#[derive(Clone, Copy)]
struct Bounds {
    /// Of one file, unpacked.
    file_bytes: u64,
    /// Of all files together.
    all_bytes: u64,
    files: usize,
    /// Folders within each other.
    depth: usize,
}

const BOUNDS: Bounds = Bounds {
    file_bytes: 512 << 20,
    all_bytes: 2 << 30,
    files: 100_000,
    depth: 8,
};

/// Reads what was picked. Blocks.
pub fn read(path: &Path, now_ms: i64) -> Result<Reading, ErrorReport> {
    read_within(path, now_ms, BOUNDS)
}

fn read_within(path: &Path, now_ms: i64, bounds: Bounds) -> Result<Reading, ErrorReport> {
    let cannot = |reason: &dyn std::fmt::Display| {
        let message = format!("could not read `{}`: {reason}", path.display());
        refuse(ErrorCode::FileProblem, message)
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let reading = if path.is_dir() {
        let mut place = Folder::open(path, bounds).map_err(|error| cannot(&error))?;
        read_place(&mut place, now_ms, bounds).map_err(|error| cannot(&error))?
    } else if [THREAD, MESSAGES].contains(&&*name) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut place = Folder::of(folder, &[THREAD, MESSAGES]);
        read_place(&mut place, now_ms, bounds).map_err(|error| cannot(&error))?
    } else if is_zip(path).map_err(|error| cannot(&error))? {
        let mut place = Zip::open(path, bounds).map_err(|error| cannot(&error))?;
        read_place(&mut place, now_ms, bounds).map_err(|error| cannot(&error))?
    } else {
        let bytes = File::open(path).and_then(|file| bounded(file, bounds.file_bytes));
        let bytes = bytes.map_err(|error| cannot(&error))?;
        read_json(&name, &bytes, now_ms).map_err(|problem| with_hint(cannot(&problem)))?
    };
    if reading.formats.is_empty() && reading.refused.is_empty() {
        return Err(with_hint(cannot(&Unreadable::Unknown)));
    }
    Ok(reading)
}

fn with_hint(report: ErrorReport) -> ErrorReport {
    report.with_hint(
        "exports of ChatGPT, LM Studio, Open WebUI, Jan and Sirocco can be read, as a file, folder or zip",
    )
}

fn is_zip(path: &Path) -> io::Result<bool> {
    let mut begin = [0; 4];
    match File::open(path)?.read_exact(&mut begin) {
        Ok(()) => Ok(begin == *b"PK\x03\x04"),
        // Shorter than that.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where files lie, with `/` between the folders of their names.
trait Place {
    fn names(&self) -> BTreeSet<String>;
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>>;
}

fn read_place(place: &mut impl Place, now_ms: i64, bounds: Bounds) -> io::Result<Reading> {
    let mut reading = Reading::default();
    let mut left = bounds.all_bytes;
    let mut take = |place: &mut dyn Place, name: &str| -> io::Result<Option<Vec<u8>>> {
        match place.read(name) {
            Ok(bytes) => {
                left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
                    let most = bounds.all_bytes >> 20;
                    too_much(format!("it holds more than {most} MiB"))
                })?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    };
    for name in place.names() {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name.as_str()));
        // Such as the `._` files that macOS puts beside each.
        if file.starts_with('.') || !file.ends_with(".json") {
            continue;
        }
        let beside = match folder {
            "" => MESSAGES.to_owned(),
            folder => format!("{folder}/{MESSAGES}"),
        };
        let taken = take(place, &name).and_then(|bytes| {
            // A thread in which nothing was said has no such file.
            let messages = match file {
                THREAD => Some(take(place, &beside)?.unwrap_or_default()),
                _ => None,
            };
            Ok((bytes.unwrap_or_default(), messages))
        });
        let (bytes, messages) = match taken {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(error),
            Err(error) => {
                reading.refused.push(refused(&name, &error));
                continue;
            }
        };
        if let Some(messages) = messages {
            if let Some(more) = read_thread(&name, &bytes, &messages, now_ms) {
                reading.add(more);
            }
            continue;
        }
        match read_json(&name, &bytes, now_ms) {
            Ok(more) => reading.add(more),
            Err(Unreadable::Unknown) => {}
            Err(problem) => reading.refused.push(refused(&name, &problem)),
        }
    }
    Ok(reading)
}

fn refused(name: &str, reason: &dyn std::fmt::Display) -> RefusedConversation {
    RefusedConversation {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}

/// An error that ends the reading of the whole place.
fn too_much(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

/// All of it, or [`too_much`] if there is more than `most_bytes`.
fn bounded(reader: impl Read, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        let most = most_bytes >> 20;
        return Err(too_much(format!("a file is larger than {most} MiB")));
    }
    Ok(bytes)
}

struct Folder {
    root: PathBuf,
    names: BTreeSet<String>,
    file_bytes: u64,
}

impl Folder {
    /// Only these files of a folder.
    fn of(root: &Path, names: &[&str]) -> Self {
        Self {
            root: root.to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            file_bytes: BOUNDS.file_bytes,
        }
    }

    fn open(root: &Path, bounds: Bounds) -> io::Result<Self> {
        let mut names = BTreeSet::new();
        let mut open = vec![(root.to_owned(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = open.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                let kind = entry.file_type()?;
                if kind.is_dir() && depth < bounds.depth {
                    open.push((entry.path(), format!("{name}/"), depth + 1));
                } else if kind.is_file() {
                    names.insert(name);
                }
                if names.len() + open.len() > bounds.files {
                    let most = bounds.files;
                    return Err(too_much(format!("it holds more than {most} files")));
                }
            }
        }
        Ok(Self {
            root: root.to_owned(),
            names,
            file_bytes: bounds.file_bytes,
        })
    }
}

impl Place for Folder {
    fn names(&self) -> BTreeSet<String> {
        self.names.clone()
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        bounded(File::open(self.root.join(name))?, self.file_bytes)
    }
}

struct Zip {
    archive: ZipArchive<BufReader<File>>,
    bounds: Bounds,
}

impl Zip {
    fn open(path: &Path, bounds: Bounds) -> io::Result<Self> {
        let archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
        if archive.len() > bounds.files {
            let most = bounds.files;
            return Err(too_much(format!("it holds more than {most} files")));
        }
        Ok(Self { archive, bounds })
    }
}

impl Place for Zip {
    fn names(&self) -> BTreeSet<String> {
        self.archive.file_names().map(str::to_owned).collect()
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        let member = self.archive.by_name(name)?;
        // What it claims to be long is not believed.
        bounded(member, self.bounds.file_bytes)
    }
}

#[cfg(test)]
mod tests;
