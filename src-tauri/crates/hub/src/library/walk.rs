//! Finds files that may be models, without following links into circles or reading anything.

use std::{
    collections::HashSet,
    fs::DirEntry,
    path::{Path, PathBuf},
};

use super::{Problem, fingerprint::identity};

/// Folders inside folders. The Hugging Face cache needs five.
const MAX_DEPTH: usize = 10;
/// Files and folders looked at in one root.
const MAX_ENTRIES: usize = 200_000;

/// What a walk found, in the order of paths.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Files named `.gguf`, each content once.
    pub files: Vec<PathBuf>,
    /// Folders that hold `manifests` and `blobs`.
    pub ollama: Vec<PathBuf>,
    /// Folders that could not be read, links that lead nowhere.
    pub problems: Vec<Problem>,
    entries: usize,
    seen: HashSet<(u64, u64)>,
}

pub(super) fn walk(root: &Path) -> Walk {
    let mut walk = Walk::default();
    walk.folder(root, 0);
    walk
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
                self.file(path);
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let identity = identity(&metadata);
                // Two snapshots of a cache may link to the same bytes.
                if identity == (0, 0) || self.seen.insert(identity) {
                    self.files.push(path);
                }
            }
            Ok(_) => {}
            Err(error) => self.problem(&path, format!("it leads nowhere: {error}")),
        }
    }
}

fn is_named_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// Files that a download manager, ours or another, has not finished.
pub(super) fn is_unfinished_or_hidden(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with(['.', '~'])
        || name.starts_with("downloading_")
        || name.contains("-partial")
        || [
            ".part",
            ".incomplete",
            ".tmp",
            ".crdownload",
            ".download",
            ".aria2",
        ]
        .iter()
        .any(|end| name.ends_with(end))
}
