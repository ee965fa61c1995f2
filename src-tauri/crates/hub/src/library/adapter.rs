//! LoRA adapters: files that are no models, but change one.

use std::path::{Path, PathBuf};

use sirocco_gguf::{Model, ModelKind};

use super::naming::{names_of, slug};

/// A LoRA adapter on this disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAdapter {
    /// Its file.
    pub path: PathBuf,
    /// For people.
    pub name: String,
    /// For scripts; see [`unique_key`](super::unique_key) for the library.
    pub key: String,
    /// Of the models it is for.
    pub architecture: String,
    /// The file.
    pub size_bytes: u64,
}

/// The adapter in this file, if it is one. Control vectors are none.
pub(super) fn adapter_of(path: &Path) -> Option<FoundAdapter> {
    let size_bytes = std::fs::metadata(path).ok()?.len();
    let model = Model::from_header(sirocco_gguf::open(path).ok()?);
    let is_lora = model.string("adapter.type") == Some("lora");
    if !is_lora || ModelKind::of(&model) != ModelKind::Adapter {
        return None;
    }
    let stem = names_of(path).stem;
    Some(FoundAdapter {
        path: path.to_owned(),
        key: slug(&stem),
        name: sirocco_gguf::Summary::of(&model).name.unwrap_or(stem),
        architecture: model.architecture()?.to_owned(),
        size_bytes,
    })
}
