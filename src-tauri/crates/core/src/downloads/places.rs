//! Where the files of a download go, so that no version of a file is taken for another one.

use std::path::{Path, PathBuf};

use sirocco_hub::library::hash_files;
use sirocco_hub::{HubError, target_in};
use sirocco_store::{StoredDownload, StoredDownloadFile};

use super::sources::{Resolved, ResolvedFile};

/// Where the files of a download can go.
#[derive(Debug)]
pub(super) struct Places {
    /// `{models}/{owner}/{name}/{path}`, and whether the file is there already, with its hash.
    usual: Vec<(PathBuf, bool)>,
    /// Another file is there.
    is_taken: bool,
    /// In a folder beside those, named after the commit.
    beside: Vec<PathBuf>,
}

/// Looks where the files can go. A file that is there already, with the right size, is read: another version of it may
/// have as many bytes.
///
/// # Errors
/// [`HubError::Name`] of a hostile path, [`HubError::File`], and [`HubError::Ended`] if `goes_on` ended the reading.
pub(super) fn look(
    repository: &str,
    resolved: &Resolved,
    models: &Path,
    goes_on: impl Fn() -> bool,
) -> Result<Places, HubError> {
    let folder = |extra: &str| {
        let targets = resolved.files.iter().map(|file| {
            let name = format!("{repository}{extra}/{}", file.path);
            target_in(models, &name)
        });
        targets.collect::<Result<Vec<PathBuf>, HubError>>()
    };
    let short: String = resolved.commit.chars().take(8).collect();
    let mut places = Places {
        usual: Vec::new(),
        is_taken: false,
        beside: folder(&format!("/{short}"))?,
    };
    for (target, file) in folder("")?.into_iter().zip(&resolved.files) {
        // Once one is taken, the others go beside it too.
        let found = match places.is_taken {
            true => Found::Nothing,
            false => found_at(&target, file, &goes_on)?,
        };
        places.is_taken |= found == Found::Other;
        places.usual.push((target, found == Found::Same));
    }
    Ok(places)
}

/// What is where a file is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing, or a file of which nothing but the size can be compared.
    Nothing,
    /// The file.
    Same,
    /// Another one.
    Other,
}

fn found_at(
    target: &Path,
    file: &ResolvedFile,
    goes_on: impl Fn() -> bool,
) -> Result<Found, HubError> {
    let Ok(metadata) = std::fs::metadata(target) else {
        return Ok(Found::Nothing);
    };
    if metadata.len() != file.size_bytes {
        return Ok(Found::Other);
    }
    let Some(sha256) = &file.sha256 else {
        return Ok(Found::Nothing);
    };
    let hashes = hash_files(&[target], &mut |_| goes_on())?;
    let is_same = hashes.iter().all(|hash| hash.to_string() == *sha256);
    Ok(if is_same { Found::Same } else { Found::Other })
}

/// Writes into the download what the Hub has told. Files go to their usual places, or beside them if other files are
/// there, or another download puts other bytes there, as `is_claimed` says.
pub(super) fn settle(
    stored: &mut StoredDownload,
    resolved: Resolved,
    places: Places,
    is_claimed: impl Fn(&Path, &ResolvedFile) -> bool,
) {
    let mut usual = places.usual.iter().zip(&resolved.files);
    let is_taken = places.is_taken || usual.any(|((target, _), file)| is_claimed(target, file));
    let targets: Vec<(PathBuf, bool)> = if is_taken {
        let beside = places.beside.into_iter();
        beside.map(|target| (target, false)).collect()
    } else {
        places.usual
    };
    stored.commit = resolved.commit;
    stored.files = resolved
        .files
        .into_iter()
        .zip(targets)
        .map(|(file, (target, verified))| StoredDownloadFile {
            path: file.path,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            target: target.display().to_string(),
            verified,
        })
        .collect();
}

/// The download puts a file there that is not the same as `file`, which belongs to a model at this commit.
pub(super) fn claims(
    download: &StoredDownload,
    target: &Path,
    file: &ResolvedFile,
    commit: &str,
) -> bool {
    let is_same = |other: &StoredDownloadFile| {
        other.size_bytes == file.size_bytes
            && other.sha256 == file.sha256
            && (file.sha256.is_some() || download.commit == commit)
    };
    let mut there = download
        .files
        .iter()
        .filter(|other| Path::new(&other.target) == target);
    there.any(|other| !is_same(other))
}

#[cfg(test)]
mod tests {
    use sirocco_hub::ContentHash;

    use super::super::sources::fresh;
    use super::*;

    /// Settled while nothing else is in the queue.
    fn settle_alone(
        stored: &mut StoredDownload,
        resolved: Resolved,
        models: &Path,
    ) -> Result<(), HubError> {
        let places = look(&stored.repository, &resolved, models, || true)?;
        settle(stored, resolved, places, |_, _| false);
        Ok(())
    }

    fn resolved(size_bytes: u64) -> Resolved {
        let file = |path: &str| ResolvedFile {
            path: path.to_owned(),
            size_bytes,
            sha256: None,
        };
        Resolved {
            commit: "abcdef0123".repeat(4),
            files: vec![
                file("q/m-00001-of-00002.gguf"),
                file("q/m-00002-of-00002.gguf"),
            ],
        }
    }

    #[test]
    fn files_go_into_a_folder_of_their_repository() {
        let models = Path::new("/nowhere/models");
        let mut stored = fresh("o/n", "", "q/m-00001-of-00002.gguf", 1);
        assert_eq!(stored.name, "m-00001-of-00002.gguf");
        settle_alone(&mut stored, resolved(10), models).unwrap();
        let targets: Vec<_> = stored
            .files
            .iter()
            .map(|file| file.target.as_str())
            .collect();
        assert_eq!(
            targets,
            [
                "/nowhere/models/o/n/q/m-00001-of-00002.gguf",
                "/nowhere/models/o/n/q/m-00002-of-00002.gguf",
            ]
        );
    }

    #[test]
    fn another_version_goes_beside_the_one_that_is_there() {
        let folder = std::env::temp_dir().join(format!("sirocco-sources-{}", std::process::id()));
        let taken = folder.join("o/n/q/m-00002-of-00002.gguf");
        std::fs::create_dir_all(taken.parent().unwrap()).unwrap();
        std::fs::write(&taken, "older").unwrap();
        let mut stored = fresh("o/n", "", "q/m-00001-of-00002.gguf", 1);
        settle_alone(&mut stored, resolved(10), &folder).unwrap();
        assert!(
            stored
                .files
                .iter()
                .all(|file| file.target.contains("/o/n/abcdef01/q/"))
        );
        settle_alone(&mut stored, resolved(5), &folder).unwrap();
        assert!(
            stored
                .files
                .iter()
                .all(|file| file.target.contains("/o/n/q/"))
        );
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_of_the_same_size_is_told_apart_by_its_hash() {
        let folder = std::env::temp_dir().join(format!("sirocco-same-size-{}", std::process::id()));
        let taken = folder.join("o/n/q/m-00002-of-00002.gguf");
        std::fs::create_dir_all(taken.parent().unwrap()).unwrap();
        std::fs::write(&taken, "older").unwrap();
        let settled = |text: &str| {
            let mut resolved = resolved(5);
            resolved.files[1].sha256 = Some(ContentHash::of(text.as_bytes()).to_string());
            let mut stored = fresh("o/n", "", "q/m-00001-of-00002.gguf", 1);
            settle_alone(&mut stored, resolved, &folder).unwrap();
            stored.files.pop().unwrap()
        };
        let (same, other) = (settled("older"), settled("newer"));
        assert_eq!(Path::new(&same.target), taken);
        assert!(same.verified, "it was read, and need not be read again");
        assert!(other.target.contains("/o/n/abcdef01/q/"));
        assert!(!other.verified);
        let mut hashed = resolved(5);
        hashed.files[1].sha256 = Some(ContentHash::of(b"older").to_string());
        let ended = look("o/n", &hashed, &folder, || false);
        assert!(matches!(ended, Err(HubError::Ended)));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_versions_in_the_queue_do_not_share_a_file() {
        let version = |commit: &str, sha256: Option<&str>| Resolved {
            commit: commit.repeat(40),
            files: vec![ResolvedFile {
                path: "m.gguf".to_owned(),
                size_bytes: 5,
                sha256: sha256.map(str::to_owned),
            }],
        };
        let models = Path::new("/nowhere/models");
        let target = |first: Resolved, second: Resolved| {
            let mut queued = fresh("o/n", "", "m.gguf", 1);
            settle_alone(&mut queued, first, models).unwrap();
            let mut stored = fresh("o/n", "", "m.gguf", 2);
            let places = look("o/n", &second, models, || true).unwrap();
            let commit = second.commit.clone();
            settle(&mut stored, second, places, |target, file| {
                claims(&queued, target, file, &commit)
            });
            stored.files.remove(0).target
        };
        let (usual, beside) = (
            "/nowhere/models/o/n/m.gguf",
            "/nowhere/models/o/n/bbbbbbbb/m.gguf",
        );
        let (a, b) = (Some("aa"), Some("bb"));
        assert_eq!(target(version("a", a), version("b", b)), beside);
        assert_eq!(target(version("a", a), version("b", a)), usual);
        // Nothing says that these are the same.
        assert_eq!(target(version("a", None), version("b", None)), beside);
        assert_eq!(target(version("b", None), version("b", None)), usual);
    }

    #[test]
    fn a_hostile_path_is_refused() {
        let mut hostile = resolved(10);
        hostile.files[1].path = "../../../.bashrc".to_owned();
        let mut stored = fresh("o/n", "", "q/m-00001-of-00002.gguf", 1);
        assert!(settle_alone(&mut stored, hostile, Path::new("/nowhere")).is_err());
    }
}
