//! Bringing files into our own folder: as hard links, copies, or moved. All shards or none; a name appears only when its
//! content is whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    content::{hash_file, is_same},
    duplicates::link,
    fingerprint::identity,
};
use crate::{ContentHash, HubError};

const CHUNK_BYTES: usize = 4 << 20;
/// Left free on the volume: as downloads do.
const RESERVE_BYTES: u64 = 1 << 30;

/// How files come into a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A second name for the same bytes.
    Link,
    /// The bytes again.
    Copy,
    /// The files themselves. Across volumes they are copied, read again, and only then removed where they were.
    Move,
}

/// Brings the files of a model from the first to the second path of each pair; folders are made. `goes_on` is told how
/// many bytes were copied since it was asked last, and ends it with `false`.
///
/// # Errors
/// [`HubError::Occupied`], [`HubError::NoLink`], [`HubError::DiskFull`], [`HubError::File`], [`HubError::Ended`]; then
/// everything is as it was before, as far as the disk allows.
pub fn place_files(
    steps: &[(PathBuf, PathBuf)],
    placement: Placement,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<(), HubError> {
    for (_, target) in steps {
        if std::fs::symlink_metadata(target).is_ok() {
            return Err(HubError::Occupied {
                path: target.clone(),
            });
        }
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| HubError::file("create the folder", folder, error))?;
        }
    }
    let mut done = Vec::new();
    let placed = match placement {
        Placement::Link => steps.iter().try_for_each(|(file, target)| {
            link(file, target)?;
            done.push((file, target));
            Ok(())
        }),
        Placement::Copy => check_space(steps, fs4::available_space).and_then(|()| {
            steps.iter().try_for_each(|(file, target)| {
                copy(file, target, goes_on)?;
                done.push((file, target));
                Ok(())
            })
        }),
        Placement::Move => return move_each(steps, std::fs::rename, goes_on),
    };
    if placed.is_err() {
        for (_, target) in &done {
            let _ = std::fs::remove_file(target);
        }
        remove_empty(steps);
    }
    sync_folders(steps);
    placed
}

/// Renames while that is possible; what lies on another volume is copied and checked, and the originals go last.
fn move_each(
    steps: &[(PathBuf, PathBuf)],
    rename: fn(PathBuf, PathBuf) -> io::Result<()>,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<(), HubError> {
    let mut renamed = Vec::new();
    let mut copied = Vec::new();
    let moved = steps.iter().try_for_each(|step| {
        let (file, target) = step;
        match rename(file.clone(), target.clone()) {
            Ok(()) => renamed.push(step),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                if copied.is_empty() {
                    check_space(&steps[renamed.len()..], fs4::available_space)?;
                }
                let hash = copy(file, target, goes_on)?;
                copied.push(step);
                // What was written is read again: the original goes for good.
                let found = hash_file(target, &mut |_| goes_on(0))?;
                if found != hash {
                    return Err(HubError::Hash {
                        expected: hash,
                        found,
                    });
                }
            }
            Err(error) => return Err(HubError::file("move", file, error)),
        }
        Ok(())
    });
    if let Err(error) = moved {
        for (file, target) in renamed {
            let _ = std::fs::rename(target, file);
        }
        for (_, target) in copied {
            let _ = std::fs::remove_file(target);
        }
        remove_empty(steps);
        return Err(error);
    }
    sync_folders(steps);
    for (file, _) in copied {
        std::fs::remove_file(file).map_err(|error| HubError::file("remove", file, error))?;
    }
    Ok(())
}

fn check_space(
    steps: &[(PathBuf, PathBuf)],
    available: fn(PathBuf) -> io::Result<u64>,
) -> Result<(), HubError> {
    let mut needed = RESERVE_BYTES;
    for (file, _) in steps {
        needed += std::fs::metadata(file)
            .map_err(|error| HubError::file("read", file, error))?
            .len();
    }
    let Some((_, target)) = steps.first() else {
        return Ok(());
    };
    // A file system that cannot say how much is free is no reason not to try.
    match available(target.parent().unwrap_or(target).to_owned()) {
        Ok(available) if available < needed => Err(HubError::DiskFull {
            path: target.clone(),
            needed_bytes: needed - available,
        }),
        _ => Ok(()),
    }
}

/// Copies to a `.part` beside the target, forces it to the disk, and gives it its name.
fn copy(
    file: &Path,
    target: &Path,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<ContentHash, HubError> {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let copied = copy_to(file, &part, goes_on).and_then(|hash| {
        std::fs::rename(&part, target)
            .map_err(|error| HubError::file("rename to", target, error))?;
        Ok(hash)
    });
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    copied
}

fn copy_to(
    file: &Path,
    part: &Path,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<ContentHash, HubError> {
    let unread = |error| HubError::file("read", file, error);
    let unwritten = |error| HubError::file("write", part, error);
    let mut source = File::open(file).map_err(unread)?;
    let size = source.metadata().map_err(unread)?.len();
    let mut target = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(part)
        .map_err(unwritten)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut done = 0;
    loop {
        let read = io::Read::read(&mut source, &mut buffer).map_err(unread)?;
        if read == 0 {
            break;
        }
        target.write_all(&buffer[..read]).map_err(unwritten)?;
        hasher.update(&buffer[..read]);
        done += read as u64;
        if !goes_on(read as u64) {
            return Err(HubError::Ended);
        }
    }
    if done != size {
        return Err(HubError::Cut {
            host: file.display().to_string(),
            done,
            expected: size,
        });
    }
    target.sync_all().map_err(unwritten)?;
    Ok(ContentHash::new(hasher.finalize().into()))
}

/// Every target is there already: the same file, or one with the same content.
pub fn are_placed(steps: &[(PathBuf, PathBuf)]) -> bool {
    steps.iter().all(|(file, target)| {
        let (Ok(one), Ok(other)) = (std::fs::metadata(file), std::fs::metadata(target)) else {
            return false;
        };
        let is_same_file = identity(&one) != (0, 0) && identity(&one) == identity(&other);
        is_same_file || is_same(file, target).unwrap_or(false)
    })
}

fn remove_empty(steps: &[(PathBuf, PathBuf)]) {
    for folder in steps.iter().filter_map(|(_, target)| target.parent()) {
        // Fails if something is in it, as it should.
        let _ = std::fs::remove_dir(folder);
    }
}

/// Makes new names durable. Windows does that itself and cannot open folders.
fn sync_folders(steps: &[(PathBuf, PathBuf)]) {
    for folder in steps.iter().filter_map(|(_, target)| target.parent()) {
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().expect("a folder"));
            for name in ["from/one", "from/two"] {
                std::fs::create_dir_all(folder.path("from")).expect("a folder");
                std::fs::write(folder.path(name), name).expect("a file");
            }
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn steps(&self) -> [(PathBuf, PathBuf); 2] {
            ["one", "two"].map(|name| (self.path("from").join(name), self.path("to").join(name)))
        }

        /// Names in a folder, in order; none if there is no folder.
        fn names(&self, folder: &str) -> Vec<String> {
            let entries = std::fs::read_dir(self.path(folder)).into_iter().flatten();
            let mut names: Vec<String> = entries
                .map(|entry| entry.expect("an entry").file_name().display().to_string())
                .collect();
            names.sort();
            names
        }
    }

    fn crosses(_: PathBuf, _: PathBuf) -> io::Result<()> {
        Err(io::ErrorKind::CrossesDevices.into())
    }

    #[test]
    fn each_placement_leaves_the_originals_as_it_should() {
        for (placement, left) in [
            (Placement::Link, 2),
            (Placement::Copy, 2),
            (Placement::Move, 0),
        ] {
            let folder = Folder::new();
            place_files(&folder.steps(), placement, &mut |_| true).expect("it goes");
            assert_eq!(folder.names("to"), ["one", "two"], "{placement:?}");
            assert_eq!(folder.names("from").len(), left, "{placement:?}");
            assert_eq!(
                std::fs::read(folder.path("to/two")).expect("a file"),
                b"from/two"
            );
            if placement != Placement::Move {
                assert!(are_placed(&folder.steps()));
            }
        }
    }

    #[test]
    fn what_has_the_name_already_is_not_touched() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("to")).expect("a folder");
        std::fs::write(folder.path("to/two"), "another").expect("a file");
        for placement in [Placement::Link, Placement::Copy, Placement::Move] {
            let placed = place_files(&folder.steps(), placement, &mut |_| true);
            assert!(
                matches!(placed, Err(HubError::Occupied { .. })),
                "{placed:?}"
            );
        }
        assert_eq!(
            (folder.names("from").len(), folder.names("to").len()),
            (2, 1)
        );
        assert!(!are_placed(&folder.steps()));
    }

    #[test]
    fn a_copy_that_is_ended_leaves_nothing() {
        let folder = Folder::new();
        let mut copied = 0;
        let placed = place_files(&folder.steps(), Placement::Copy, &mut |bytes| {
            copied += bytes;
            copied < 10
        });
        assert!(matches!(placed, Err(HubError::Ended)), "{placed:?}");
        assert!(!folder.path("to").exists());
        assert_eq!(folder.names("from"), ["one", "two"]);
    }

    #[test]
    fn moving_to_another_volume_copies_and_then_removes() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("to")).expect("a folder");
        move_each(&folder.steps(), crosses, &mut |_| true).expect("it goes");
        assert!(folder.names("from").is_empty());
        assert_eq!(folder.names("to"), ["one", "two"]);
        assert_eq!(
            std::fs::read(folder.path("to/one")).expect("a file"),
            b"from/one"
        );
    }

    #[test]
    fn moving_to_another_volume_that_is_ended_keeps_the_originals() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("to")).expect("a folder");
        let mut asked = 0;
        // The first shard is copied and read again; the second is not.
        let moved = move_each(&folder.steps(), crosses, &mut |_| {
            asked += 1;
            asked < 3
        });
        assert!(matches!(moved, Err(HubError::Ended)), "{moved:?}");
        assert_eq!(folder.names("from"), ["one", "two"]);
        assert!(folder.names("to").is_empty());
    }

    #[test]
    fn shards_are_moved_together_or_not_at_all() {
        let folder = Folder::new();
        std::fs::remove_file(folder.path("from/two")).expect("the second shard");
        let moved = place_files(&folder.steps(), Placement::Move, &mut |_| true);
        assert!(matches!(moved, Err(HubError::File { .. })), "{moved:?}");
        assert_eq!(
            (folder.names("from"), folder.names("to").len()),
            (vec!["one".to_owned()], 0)
        );
    }

    #[test]
    fn a_full_disk_is_seen_before_anything_is_copied() {
        let folder = Folder::new();
        let full = check_space(&folder.steps(), |_| Ok(1 << 30));
        assert!(
            matches!(
                full,
                Err(HubError::DiskFull {
                    needed_bytes: 16,
                    ..
                })
            ),
            "{full:?}"
        );
        assert!(check_space(&folder.steps(), |_| Ok(2 << 30)).is_ok());
        assert!(check_space(&folder.steps(), |_| Err(io::ErrorKind::Other.into())).is_ok());
    }
}
