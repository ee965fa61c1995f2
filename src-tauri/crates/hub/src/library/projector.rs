//! The file by which a model sees images: its projector (`mmproj`), found beside it.
//!
//! Repositories of the Hub call these files `mmproj-….gguf`, and offer one in several formats for all quantizations. In
//! a folder of many models, the words of its name and the width of what it writes tell whose it is.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use sirocco_gguf::{Model, projector_refusals};

/// What the names of projectors have in common.
const MARK: &str = "mmproj";
/// Words that say nothing about whose a projector is.
const COMMON_WORDS: [&str; 12] = [
    MARK, "model", "gguf", "f16", "fp16", "bf16", "f32", "fp32", "q8", "0", "vision", "proj",
];
/// The formats it may have, the best first: more bits than 16 only take memory.
const FORMATS: [&str; 4] = ["f16", "bf16", "q8_0", "f32"];

/// Projectors by the folder they lie in; each folder is listed once.
#[derive(Debug, Default)]
pub struct Projectors {
    of_folder: HashMap<PathBuf, Vec<PathBuf>>,
}

impl Projectors {
    /// The projector of the model whose first file this is; none if there is none that could be loaded with it. One that
    /// lies in the same folder goes before one in the folder around it, where quantizations have folders of their own.
    pub fn beside(&mut self, model: &Path) -> Option<PathBuf> {
        let folder = model.parent()?;
        [Some(folder), folder.parent()]
            .into_iter()
            .flatten()
            .find_map(|folder| {
                let candidates = ranked(model, self.of(folder));
                if candidates.is_empty() {
                    return None;
                }
                candidates
                    .into_iter()
                    .find(|candidate| fits(candidate, model))
            })
    }

    fn of(&mut self, folder: &Path) -> &[PathBuf] {
        self.of_folder
            .entry(folder.to_owned())
            .or_insert_with(|| list(folder))
    }
}

/// The name of a projector's file.
#[must_use]
pub fn is_projector_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".gguf") && name.contains(MARK)
}

/// The best projector for the model named so among files of its repository; its index. What it holds cannot be asked.
#[must_use]
pub fn projector_among(model: &str, files: &[&str]) -> Option<usize> {
    let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let best = ranked(Path::new(model), &paths).into_iter().next()?;
    paths.iter().position(|path| *path == best)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_projector_name(&file_name(path)))
        .collect();
    found.sort();
    found
}

/// Whether the model of this (first) file can be loaded with the projector.
pub(super) fn fits(projector: &Path, model: &Path) -> bool {
    match (Model::open(projector), Model::open(model)) {
        (Ok(projector), Ok(model)) => projector_refusals(&projector, &model).is_empty(),
        _ => false,
    }
}

/// Those that may belong to the model, the likeliest first.
fn ranked(model: &Path, projectors: &[PathBuf]) -> Vec<PathBuf> {
    let of_model = words(&file_name(model));
    let mut ranked: Vec<_> = projectors
        .iter()
        .filter_map(|projector| {
            let name = file_name(projector);
            let own: HashSet<String> = words(&name)
                .into_iter()
                .filter(|word| !COMMON_WORDS.contains(&word.as_str()))
                .collect();
            let shared = own.intersection(&of_model).count();
            // One without a name of its own goes with every model beside it.
            let belongs = own.is_empty() || shared * 2 >= own.len();
            let format = FORMATS.iter().position(|format| has_format(&name, format));
            let place = format.unwrap_or(FORMATS.len());
            belongs.then_some((std::cmp::Reverse(shared), place, projector))
        })
        .collect();
    ranked.sort();
    ranked
        .into_iter()
        .map(|(.., projector)| projector.clone())
        .collect()
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().to_ascii_lowercase()
}

fn words(name: &str) -> HashSet<String> {
    name.trim_end_matches(".gguf")
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `f16` stands in `mmproj-f16`, and not in `mmproj-bf16`.
fn has_format(name: &str, format: &str) -> bool {
    name.match_indices(format).any(|(at, _)| {
        let before = name[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() && c != 'p')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(model: &str, files: &[&'a str]) -> Option<&'a str> {
        projector_among(model, files).map(|index| files[index])
    }

    #[test]
    fn sixteen_bits_are_chosen_and_other_models_are_not() {
        let formats = ["mmproj-BF16.gguf", "mmproj-F16.gguf", "mmproj-F32.gguf"];
        let model = "gemma-3-4b-it-Q4_K_M.gguf";
        assert_eq!(best(model, &formats), Some("mmproj-F16.gguf"));
        assert_eq!(best(model, &formats[..1]), Some("mmproj-BF16.gguf"));
        let named = [
            "mmproj-Qwen2.5-VL-7B-Instruct-f16.gguf",
            "mmproj-google_gemma-3-4b-it-bf16.gguf",
        ];
        assert_eq!(best(model, &named), Some(named[1]));
        assert_eq!(best("mistral-7b-q4_0.gguf", &named), None);
        assert_eq!(
            best("Qwen2.5-VL-7B-Instruct-Q8_0.gguf", &named),
            Some(named[0])
        );
        assert_eq!(best(model, &[]), None);
    }

    #[test]
    fn names_tell_projectors() {
        for (name, is) in [
            ("mmproj-model-f16.gguf", true),
            ("gemma-3-4b.mmproj-Q8_0.GGUF", true),
            ("gemma-3-4b-Q8_0.gguf", false),
            ("mmproj.txt", false),
        ] {
            assert_eq!(is_projector_name(name), is, "{name}");
        }
    }
}
