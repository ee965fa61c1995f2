//! Models of Jan: a `model.yml` names the file, its hash and itself.
//!
//! `model_path` is relative to Jan's data folder (the one that holds `llamacpp`) or absolute, and may lead anywhere on
//! the disk: Jan imports files in place too.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{FoundModel, Origin};
use crate::ContentHash;

/// Real ones have a dozen lines.
const MAX_DESCRIPTION_BYTES: u64 = 256 << 10;

/// What a `model.yml` says about its model.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Description {
    name: Option<String>,
    sha256: Option<ContentHash>,
    size_bytes: Option<u64>,
}

impl Description {
    pub(super) fn add_to(self, model: &mut FoundModel) {
        model.origin = Origin::Jan;
        if let Some(name) = self.name {
            model.name = name;
        }
        // A hash of what the file was before it was replaced says nothing.
        if model.files.len() == 1 && self.size_bytes.is_none_or(|size| size == model.size_bytes) {
            model.stated_hashes = self.sha256.map(Some).into_iter().collect();
        }
    }
}

/// The files that these descriptions name.
pub(super) fn models(descriptions: &[PathBuf]) -> HashMap<PathBuf, Description> {
    descriptions.iter().filter_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Option<(PathBuf, Description)> {
    let size = std::fs::metadata(path).ok()?.len();
    let text = (size <= MAX_DESCRIPTION_BYTES).then(|| std::fs::read_to_string(path).ok())??;
    let file = PathBuf::from(value(&text, "model_path")?);
    let file = if file.is_absolute() {
        file
    } else {
        let data = path
            .ancestors()
            .find(|folder| folder.file_name().is_some_and(|name| name == "llamacpp"))?
            .parent()?;
        // Built part by part, so that a path from a Windows machine reads alike everywhere.
        value(&text, "model_path")?
            .split(['/', '\\'])
            .fold(data.to_owned(), |folder, part| folder.join(part))
    };
    let description = Description {
        name: value(&text, "name"),
        sha256: value(&text, "model_sha256").and_then(|hash| hash.parse().ok()),
        size_bytes: value(&text, "model_size_bytes")
            .or_else(|| value(&text, "size_bytes"))
            .and_then(|size| size.parse().ok()),
    };
    Some((file, description))
}

/// The value of a key at the outermost level. Jan writes plain scalars there, quoted where they need it.
fn value(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        line.strip_prefix(key)?
            .trim_start()
            .strip_prefix(':')
            .map(str::trim)
    })?;
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let plain = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    (!plain.is_empty() && plain != "null" && plain != "~").then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_as_jan_writes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let path = data.join("llamacpp/models/org/m/model.yml");
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        let hash = ContentHash::of(b"x");
        std::fs::write(
            &path,
            format!(
                "embedding: false\nmodel_path: 'llamacpp/models/org/m/model.gguf'\nname: Some Model\nsize_bytes: 12\nmodel_sha256: {hash}\nmodel_size_bytes: 10\n"
            ),
        )
        .expect("a description");
        let (file, description) = read(&path).expect("a model");
        assert_eq!(file, data.join("llamacpp/models/org/m/model.gguf"));
        assert_eq!(
            description,
            Description {
                name: Some("Some Model".into()),
                sha256: Some(hash),
                size_bytes: Some(10)
            }
        );
        std::fs::write(&path, "model_path: /elsewhere/a.gguf\nname: null\n").expect("another");
        let (file, description) = read(&path).expect("a model");
        assert_eq!(
            (file, description),
            ("/elsewhere/a.gguf".into(), Description::default())
        );
        std::fs::write(&path, "name: nothing\n").expect("another");
        assert!(read(&path).is_none());
    }
}
