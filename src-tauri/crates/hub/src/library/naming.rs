//! Names for people and keys for scripts.

use std::path::Path;

use super::Origin;

/// File names that say nothing about the model; the folder's name is taken instead.
const GENERIC_STEMS: [&str; 4] = ["model", "ggml-model", "gguf", "weights"];
/// What quantized repositories add to the name of the model.
const REPOSITORY_SUFFIXES: [&str; 3] = ["-GGUF", "-gguf", "_GGUF"];

/// What a path tells about a model.
pub(super) struct PathNames {
    pub origin: Origin,
    /// Without shard numbers and extension, or the folder's name if that says more.
    pub stem: String,
    /// A name for people, better than the header's.
    pub repository: Option<String>,
}

pub(super) fn names_of(path: &Path) -> PathNames {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = match sirocco_gguf::shard_name(&file_name) {
        Some(shard) => shard.stem,
        None => path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let folder = path
        .parent()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned());
    let repository = path.components().rev().find_map(|component| {
        let name = component.as_os_str().to_str()?.strip_prefix("models--")?;
        Some(
            name.split_once("--")
                .map_or(name, |(_, name)| name)
                .to_owned(),
        )
    });
    let lower = path.to_string_lossy().to_lowercase();
    let origin = if repository.is_some() {
        Origin::HuggingFaceCache
    } else if lower.contains(".lmstudio") || lower.contains("lm-studio") {
        Origin::LmStudio
    } else if path
        .parent()
        .is_some_and(|folder| folder.join("model.yml").is_file())
    {
        Origin::Jan
    } else if has_component(path, "llama.cpp") {
        Origin::LlamaCpp
    } else {
        Origin::Folder
    };
    let is_generic = GENERIC_STEMS.contains(&stem.to_lowercase().as_str());
    let telling = if is_generic {
        repository.clone().or(folder)
    } else {
        None
    };
    PathNames {
        origin,
        stem: telling.unwrap_or(stem),
        repository: repository.map(|name| without_suffix(&name).to_owned()),
    }
}

fn has_component(path: &Path, name: &str) -> bool {
    path.components()
        .any(|component| component.as_os_str() == name)
}

/// Whose folder this is, by what lies in it and by its path.
pub fn origin_of_folder(folder: &Path) -> Origin {
    let has = |name: &str| folder.join(name).is_dir();
    let lower = folder.to_string_lossy().to_lowercase();
    let holds_repositories = || {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .take(1_000)
            .any(|entry| entry.file_name().to_string_lossy().starts_with("models--"))
    };
    let is_jan = || {
        has("llamacpp/models")
            || folder.ends_with("llamacpp/models")
            || folder.ends_with("llamacpp")
    };
    if (has("manifests") && has("blobs")) || (has("models/manifests") && has("models/blobs")) {
        Origin::Ollama
    } else if lower.contains(".lmstudio") || lower.contains("lm-studio") {
        Origin::LmStudio
    } else if is_jan() {
        Origin::Jan
    } else if has_component(folder, "llama.cpp") {
        Origin::LlamaCpp
    } else if has_component(folder, "huggingface") || holds_repositories() {
        Origin::HuggingFaceCache
    } else {
        Origin::Folder
    }
}

fn without_suffix(repository: &str) -> &str {
    REPOSITORY_SUFFIXES
        .iter()
        .find_map(|suffix| repository.strip_suffix(suffix))
        .unwrap_or(repository)
}

/// A key from a name: lower case, with `a-z 0-9 . _ -` and nothing else; `model` if nothing is left.
///
/// ```
/// assert_eq!(sirocco_hub::library::slug("Qwen2.5 (0.5B) Q4_K_M"), "qwen2.5-0.5b-q4_k_m");
/// ```
pub fn slug(name: &str) -> String {
    let mut key = String::new();
    for c in name.chars().take(200) {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '.' | '_') => key.push(c),
            _ if key.ends_with('-') => {}
            _ => key.push('-'),
        }
    }
    let key = key.trim_matches(['-', '.', '_']);
    if key.is_empty() {
        "model".to_owned()
    } else {
        key.to_owned()
    }
}

/// The key, or if that is taken the key with the first free number from 2.
pub fn unique_key(key: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(key) {
        return key.to_owned();
    }
    (2_u64..)
        .map(|number| format!("{key}-{number}"))
        .find(|key| !is_taken(key))
        .expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_hugging_face_cache_names_its_repository() {
        let path = Path::new("/c/hub/models--o--Qwen3-4B-GGUF/snapshots/abc/Qwen3-4B-Q4_K_M.gguf");
        let names = names_of(path);
        assert_eq!(names.origin, Origin::HuggingFaceCache);
        assert_eq!(names.repository.as_deref(), Some("Qwen3-4B"));
        assert_eq!(names.stem, "Qwen3-4B-Q4_K_M");
    }

    #[test]
    fn a_file_that_is_just_called_model_takes_the_name_of_its_folder() {
        assert_eq!(
            names_of(Path::new("/Jan/data/llamacpp/models/org/Phi-3/model.gguf")).stem,
            "Phi-3"
        );
        assert_eq!(
            names_of(Path::new("/m/big-00001-of-00003.gguf")).stem,
            "big"
        );
    }

    #[test]
    fn a_folder_is_known_by_what_lies_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for (inside, origin) in [
            ("a/manifests", Origin::Folder),
            ("a/blobs", Origin::Ollama),
            ("b/models--o--n/snapshots", Origin::HuggingFaceCache),
            ("c/.lmstudio/models", Origin::Folder),
            ("d/llamacpp/models", Origin::Jan),
            ("llama.cpp", Origin::Folder),
        ] {
            std::fs::create_dir_all(folder.path().join(inside)).expect("folders");
            let top = inside.split('/').next().expect("a first part");
            if top != "llama.cpp" {
                assert_eq!(
                    origin_of_folder(&folder.path().join(top)),
                    origin,
                    "{inside}"
                );
            }
        }
        for (path, origin) in [
            ("c/.lmstudio/models", Origin::LmStudio),
            ("d/llamacpp/models", Origin::Jan),
            ("llama.cpp", Origin::LlamaCpp),
        ] {
            assert_eq!(
                origin_of_folder(&folder.path().join(path)),
                origin,
                "{path}"
            );
        }
    }

    #[test]
    fn keys_are_plain_and_unique() {
        assert_eq!(slug("Modèle: été"), "mod-le-t");
        assert_eq!(slug("../.."), "model");
        let taken = ["a", "a-2"];
        assert_eq!(unique_key("a", |key| taken.contains(&key)), "a-3");
        assert_eq!(unique_key("b", |key| taken.contains(&key)), "b");
    }
}
