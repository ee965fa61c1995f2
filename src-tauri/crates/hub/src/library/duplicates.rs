//! The same content more than once: what hard links would free, and making them.

use std::path::{Path, PathBuf};

use super::{content::is_same, fingerprint::identity};
use crate::HubError;

/// A file of a group with the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it is.
    pub path: PathBuf,
    /// It lies in our own folder and may be replaced.
    pub is_own: bool,
}

/// A file that a hard link to another one can take the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The one that stays.
    pub keeper: PathBuf,
    /// The one that is replaced.
    pub replaced: PathBuf,
    /// Bytes this frees: none as long as other names keep the old content.
    pub freed_bytes: u64,
}

/// What is known of a file, so that the choice can be tested without one.
#[derive(Clone, Debug)]
struct Seen {
    path: PathBuf,
    is_own: bool,
    size_bytes: u64,
    /// Volume and file on it.
    identity: (u64, u64),
    /// Names of the content.
    links: u64,
}

/// What can be replaced in a group of files with the same content: on each volume, everything in our own folder but
/// one, and that one too if another folder has the content. Where the system does not say which file is which, nothing.
pub fn replacements(copies: &[Copied]) -> Vec<Replacement> {
    choose(copies.iter().filter_map(look).collect())
}

fn look(copy: &Copied) -> Option<Seen> {
    // Not through symbolic links: a name that is one takes no space.
    let metadata = std::fs::symlink_metadata(&copy.path).ok()?;
    metadata.is_file().then(|| Seen {
        path: copy.path.clone(),
        is_own: copy.is_own,
        size_bytes: metadata.len(),
        identity: identity(&metadata),
        links: link_count(&metadata),
    })
}

#[cfg(unix)]
fn link_count(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn link_count(_metadata: &std::fs::Metadata) -> u64 {
    1
}

fn choose(mut copies: Vec<Seen>) -> Vec<Replacement> {
    copies.retain(|copy| copy.identity != (0, 0));
    // Those that stay first: of other folders, then the content with most names.
    copies.sort_by_key(|copy| {
        (
            copy.is_own,
            std::cmp::Reverse(copy.links),
            copy.path.clone(),
        )
    });
    let mut replacements: Vec<(Replacement, Seen)> = Vec::new();
    for copy in &copies {
        let on_volume = |keeper: &&Seen| keeper.identity.0 == copy.identity.0;
        let Some(keeper) = copies.iter().find(on_volume) else {
            continue;
        };
        if copy.is_own && keeper.identity != copy.identity {
            let replacement = Replacement {
                keeper: keeper.path.clone(),
                replaced: copy.path.clone(),
                freed_bytes: 0,
            };
            replacements.push((replacement, copy.clone()));
        }
    }
    // The last name that goes frees the bytes, if all names of the content go.
    for index in 0..replacements.len() {
        let copy = replacements[index].1.clone();
        let same = |entry: &&(Replacement, Seen)| entry.1.identity == copy.identity;
        let going = replacements.iter().filter(same).count() as u64;
        let later = replacements[index + 1..].iter().any(|entry| same(&entry));
        if !later && going >= copy.links {
            replacements[index].0.freed_bytes = copy.size_bytes;
        }
    }
    replacements
        .into_iter()
        .map(|(replacement, _)| replacement)
        .collect()
}

/// Puts a hard link to the keeper in the place of a file that has the same content, in one step: at every moment the
/// name leads to one of the two. Reads both to be sure of the content. Answers `false` if they differ.
///
/// # Errors
/// [`HubError::OtherVolume`], [`HubError::File`]; then the file is as it was.
pub fn link_over(replacement: &Replacement) -> Result<bool, HubError> {
    let Replacement {
        keeper, replaced, ..
    } = replacement;
    if !is_same(keeper, replaced).map_err(|error| HubError::file("compare", replaced, error))? {
        return Ok(false);
    }
    let name = replaced.file_name().unwrap_or_default().to_string_lossy();
    let fresh = replaced.with_file_name(format!(".{name}.linking"));
    // Left by a process that was killed here.
    let _ = std::fs::remove_file(&fresh);
    link(keeper, &fresh)?;
    std::fs::rename(&fresh, replaced).map_err(|error| {
        let _ = std::fs::remove_file(&fresh);
        HubError::file("replace", replaced, error)
    })?;
    Ok(true)
}

/// A hard link to a file, never to a symbolic link.
pub(super) fn link(file: &Path, name: &Path) -> Result<(), HubError> {
    let real = std::fs::canonicalize(file).map_err(|error| HubError::file("read", file, error))?;
    std::fs::hard_link(&real, name).map_err(|error| match error.kind() {
        std::io::ErrorKind::CrossesDevices
        | std::io::ErrorKind::Unsupported
        | std::io::ErrorKind::PermissionDenied => HubError::NoLink {
            path: file.to_owned(),
            source: error,
        },
        _ => HubError::file("link", name, error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, is_own: bool, device: u64, inode: u64, links: u64) -> Seen {
        Seen {
            path: path.into(),
            is_own,
            size_bytes: 10,
            identity: (device, inode),
            links,
        }
    }

    fn freed(copies: Vec<Seen>) -> Vec<(String, String, u64)> {
        choose(copies)
            .into_iter()
            .map(|one| {
                (
                    one.keeper.display().to_string(),
                    one.replaced.display().to_string(),
                    one.freed_bytes,
                )
            })
            .collect()
    }

    #[test]
    fn one_of_our_own_stays_and_the_others_become_links() {
        let copies = vec![
            seen("b", true, 1, 2, 1),
            seen("a", true, 1, 1, 1),
            seen("c", true, 1, 3, 1),
        ];
        let replaced = [("a", "b", 10), ("a", "c", 10)];
        assert_eq!(
            freed(copies),
            replaced.map(|(keeper, replaced, bytes)| (
                keeper.to_owned(),
                replaced.to_owned(),
                bytes
            ))
        );
    }

    #[test]
    fn another_apps_file_is_kept_and_never_replaced() {
        let copies = vec![
            seen("ours", true, 1, 1, 3),
            seen("theirs", false, 1, 2, 1),
            seen("theirs too", false, 1, 3, 1),
        ];
        // Two more names elsewhere keep the old content of ours, so nothing is freed.
        assert_eq!(freed(copies), [("theirs".to_owned(), "ours".to_owned(), 0)]);
    }

    #[test]
    fn volumes_are_not_crossed_and_links_are_left_alone() {
        assert!(freed(vec![seen("a", true, 1, 1, 1), seen("b", true, 2, 1, 1)]).is_empty());
        assert!(freed(vec![seen("a", true, 1, 1, 2), seen("b", true, 1, 1, 2)]).is_empty());
        assert!(freed(vec![seen("a", true, 0, 0, 1), seen("b", true, 0, 0, 1)]).is_empty());
    }

    #[test]
    fn two_names_of_one_content_free_it_once() {
        let copies = vec![
            seen("a", false, 1, 1, 1),
            seen("b", true, 1, 2, 2),
            seen("c", true, 1, 2, 2),
        ];
        let bytes: u64 = freed(copies).iter().map(|one| one.2).sum();
        assert_eq!(bytes, 10);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_only_by_the_same_content() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for (name, content) in [("a", "same"), ("b", "same"), ("c", "diff")] {
            std::fs::write(path(name), content).expect("a file");
        }
        let copies = ["a", "b"].map(|name| Copied {
            path: path(name),
            is_own: true,
        });
        let [replacement] = &replacements(&copies)[..] else {
            panic!("one becomes a link");
        };
        assert!(link_over(replacement).expect("it can be linked"));
        let inode = |name: &str| std::fs::metadata(path(name)).expect("a file").ino();
        assert_eq!(inode("a"), inode("b"));
        let other = Replacement {
            keeper: path("a"),
            replaced: path("c"),
            freed_bytes: 0,
        };
        assert!(!link_over(&other).expect("both can be read"));
        assert_eq!(std::fs::read(path("c")).expect("a file"), b"diff");
        assert_eq!(
            std::fs::read_dir(folder.path())
                .expect("the folder")
                .count(),
            3
        );
    }
}
