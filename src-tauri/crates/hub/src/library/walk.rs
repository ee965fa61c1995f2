//! Finds files that may be models, without following links into circles or reading anything.

use std::{
    collections::HashSet,
    fs::DirEntry,
    path::{Path, PathBuf},
};

use super::{Known, Problem, fingerprint::identity};

/// Folders inside folders. The Hugging Face cache needs five; who sorts by hand rarely needs more. Links to folders are
/// not followed, so this is only against damaged file systems.
const MAX_DEPTH: usize = 64;
/// Files and folders looked at in one root.
const MAX_ENTRIES: usize = 200_000;

/// What a walk found, in the order of paths.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Files named `.gguf`. Of several symbolic links to the same content one, and none if the content is there itself.
    pub files: Vec<PathBuf>,
    /// Files named `model.yml`.
    pub descriptions: Vec<PathBuf>,
    /// Folders that hold `manifests` and `blobs`.
    pub ollama: Vec<PathBuf>,
    /// Folders that could not be read, links that lead nowhere.
    pub problems: Vec<Problem>,
    /// The outermost folder could not be read.
    pub unreachable: bool,
    entries: usize,
    identities: HashSet<(u64, u64)>,
    links: Vec<(PathBuf, (u64, u64))>,
}

/// Looks through a folder. Of links to the same content, a known one is kept rather than another.
pub(super) fn walk(root: &Path, known: &Known) -> Walk {
    let mut walk = Walk::default();
    walk.folder(root, 0);
    // Two snapshots of a cache may link to the same bytes.
    let mut links = std::mem::take(&mut walk.links);
    links.sort_by_key(|(path, _)| !known.contains_key(path));
    for (path, identity) in links {
        if identity == (0, 0) || walk.identities.insert(identity) {
            walk.files.push(path);
        }
    }
    walk.files.sort();
    walk
}

/// Bytes of the unfinished files in a folder and the folders in it.
pub fn unfinished_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => unfinished_bytes(&entry.path()),
            Ok(kind) if kind.is_file() && is_unfinished(&entry.file_name().to_string_lossy()) => {
                entry.metadata().map_or(0, |file| file.len())
            }
            _ => 0,
        })
        .sum()
}

impl Walk {
    fn problem(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(Problem {
            path: path.to_owned(),
            message: message.into(),
        });
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        if folder.join("manifests").is_dir() && folder.join("blobs").is_dir() {
            self.ollama.push(folder.to_owned());
            return;
        }
        let read = match std::fs::read_dir(folder) {
            Ok(read) => read,
            Err(error) => {
                self.unreachable |= depth == 0;
                return self.problem(folder, format!("the folder cannot be read: {error}"));
            }
        };
        let mut entries: Vec<DirEntry> = read.flatten().take(MAX_ENTRIES).collect();
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            if self.entries >= MAX_ENTRIES {
                return;
            }
            self.entries += 1;
            if self.entries == MAX_ENTRIES {
                return self.problem(
                    folder,
                    format!(
                        "the folder holds more than {MAX_ENTRIES} files; the rest was not looked at"
                    ),
                );
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if is_unfinished_or_hidden(&name) {
                continue;
            }
            let path = entry.path();
            // Links are followed to files only, so a walk cannot go in circles or leave the folder for good.
            if kind.is_dir() {
                match depth < MAX_DEPTH {
                    true => self.folder(&path, depth + 1),
                    false => self.problem(&path, "the folder lies too deep and was not looked at"),
                }
            } else if is_named_gguf(&path) {
                self.file(path, kind.is_symlink());
            } else if name == "model.yml" {
                self.descriptions.push(path);
            }
        }
    }

    fn file(&mut self, path: PathBuf, is_link: bool) {
        match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {}
            Ok(metadata) if is_link => self.links.push((path, identity(&metadata))),
            Ok(metadata) => {
                self.identities.insert(identity(&metadata));
                self.files.push(path);
            }
            Err(error) => self.problem(&path, format!("it leads nowhere: {error}")),
        }
    }
}

fn is_named_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// Files that nobody should see, or that a download manager, ours or another, has not finished.
pub(super) fn is_unfinished_or_hidden(name: &str) -> bool {
    name.starts_with(['.', '~']) || is_unfinished(name)
}

fn is_unfinished(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("downloading_")
        || name.contains("-partial")
        || [
            ".part",
            ".incomplete",
            ".tmp",
            ".crdownload",
            ".download",
            ".downloadinprogress",
            ".aria2",
        ]
        .iter()
        .any(|end| name.ends_with(end))
}
