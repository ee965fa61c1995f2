//! The cache of Hugging Face: which repository a file is from, and what its content should be.
//!
//! `models--{owner}--{name}/snapshots/{commit}/{path}` is a link to `../../blobs/{etag}`, and the etag of a large file
//! is its sha256. Since huggingface_hub 2.x that blob may itself be a link, into a store shared by all repositories whose
//! names are Xet hashes: 64 hexadecimal digits too, but no sha256. So only the first link is read. Where there are no
//! links (Windows), `trees/{commit}.json` has the hashes; huggingface_hub 2.4.0, `_tree_cache.py` and
//! `utils/_shared_blobs.py`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sirocco_protocol::ModelSource;

use crate::ContentHash;

/// Trees of the largest repositories have some 10,000 files of 300 bytes each.
const MAX_TREE_BYTES: u64 = 16 << 20;

#[derive(Deserialize)]
struct Tree {
    format_version: u32,
    files: HashMap<String, TreeFile>,
}

#[derive(Deserialize)]
struct TreeFile {
    lfs_sha256: Option<String>,
    lfs_size: Option<u64>,
}

/// A file's place in the cache.
struct Place {
    /// The folder `models--{owner}--{name}`.
    folder: PathBuf,
    source: ModelSource,
}

fn place(path: &Path) -> Option<Place> {
    let names: Vec<&str> = path
        .components()
        .map(|component| component.as_os_str().to_str())
        .collect::<Option<_>>()?;
    let index = names
        .iter()
        .rposition(|name| name.starts_with("models--"))?;
    let [folder, "snapshots", commit, inside @ ..] = &names[index..] else {
        return None;
    };
    if inside.is_empty() || commit.len() != 40 || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    // The name of an owner has no two dashes in a row, so the first pair parts them.
    let repository = folder.strip_prefix("models--")?.replacen("--", "/", 1);
    Some(Place {
        folder: path.ancestors().nth(inside.len() + 2)?.to_owned(),
        source: ModelSource {
            repository,
            commit: (*commit).to_owned(),
            path: inside.join("/"),
        },
    })
}

/// Repository, commit and path, if the file lies in the cache.
pub(super) fn source(path: &Path) -> Option<ModelSource> {
    place(path).map(|place| place.source)
}

/// What the cache says the contents are, file by file; empty if it says it of none.
pub(super) fn hashes(files: &[PathBuf]) -> Vec<Option<ContentHash>> {
    let mut tree = None;
    let hashes: Vec<_> = files
        .iter()
        .map(|file| blob_hash(file).or_else(|| tree_hash(file, &mut tree)))
        .collect();
    if hashes.iter().all(Option::is_none) {
        return Vec::new();
    }
    hashes
}

fn blob_hash(path: &Path) -> Option<ContentHash> {
    let target = std::fs::read_link(path).ok()?;
    let is_blob = target
        .parent()
        .is_some_and(|parent| parent.ends_with("blobs"));
    is_blob.then_some(())?;
    target.file_name()?.to_str()?.parse().ok()
}

fn tree_hash(path: &Path, read: &mut Option<Option<Tree>>) -> Option<ContentHash> {
    let place = place(path)?;
    let tree = read.get_or_insert_with(|| {
        let file = place
            .folder
            .join("trees")
            .join(format!("{}.json", place.source.commit));
        let small = std::fs::metadata(&file).is_ok_and(|file| file.len() <= MAX_TREE_BYTES);
        let tree: Tree = serde_json::from_slice(&small.then(|| std::fs::read(file).ok())??).ok()?;
        (tree.format_version == 1).then_some(tree)
    });
    let file = tree.as_ref()?.files.get(&place.source.path)?;
    let size = std::fs::metadata(path).ok()?.len();
    (file.lfs_size == Some(size)).then_some(())?;
    file.lfs_sha256.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_path_tells_repository_commit_and_file() {
        let path = format!("/hub/models--o--Some--Name/snapshots/{COMMIT}/q4/a.gguf");
        let source = source(Path::new(&path)).expect("a place in the cache");
        assert_eq!(
            (
                source.repository.as_str(),
                source.commit.as_str(),
                source.path.as_str()
            ),
            ("o/Some--Name", COMMIT, "q4/a.gguf")
        );
    }

    #[test]
    fn other_paths_tell_nothing() {
        for path in [
            "/m/a.gguf",
            "/hub/models--o--n/blobs/abc",
            "/hub/models--o--n/snapshots/main/a.gguf",
        ] {
            assert_eq!(source(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn without_links_the_tree_has_the_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = folder.path().join("models--o--n");
        let file = repository.join(format!("snapshots/{COMMIT}/a.gguf"));
        for path in [&file, &repository.join("trees/x")] {
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        }
        std::fs::write(&file, "abc").expect("a file");
        let hash = ContentHash::of(b"abc");
        let write = |version: u32, size: u64| {
            let text = format!(
                r#"{{"format_version":{version},"files":{{"a.gguf":{{"size":130,"blob_id":"x","lfs_sha256":"{hash}","lfs_size":{size}}}}}}}"#
            );
            std::fs::write(repository.join(format!("trees/{COMMIT}.json")), text).expect("a tree");
        };
        write(1, 3);
        assert_eq!(hashes(std::slice::from_ref(&file)), [Some(hash)]);
        for (version, size) in [(2, 3), (1, 4)] {
            write(version, size);
            assert_eq!(hashes(std::slice::from_ref(&file)), []);
        }
    }
}
