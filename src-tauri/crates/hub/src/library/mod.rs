//! Model files on disk: found in a folder or given one by one, looked at from their headers, recognised again later.
//!
//! Folders of other apps are understood (the Hugging Face cache, LM Studio, Jan, Ollama) and read in place: nothing is
//! copied, and nothing is ever written outside our own folder. Everything here blocks; call it where that is allowed.
//!
//! It deliberately does not remember anything: that is the store's.

mod fingerprint;
mod header_name;
mod inspect;
mod naming;
mod ollama;
mod scan;
mod walk;

use std::path::PathBuf;

use sirocco_protocol::ModelVerdict;

pub use sirocco_protocol::ModelOrigin as Origin;

pub use fingerprint::{Fingerprint, NotAFingerprint, changed};
pub use inspect::inspect_file;
pub use naming::{slug, unique_key};
pub use scan::scan_root;

use crate::ContentHash;

/// A model on this disk.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundModel {
    /// All shards, the first one first.
    pub files: Vec<PathBuf>,
    /// Whose folder.
    pub origin: Origin,
    /// For people.
    pub name: String,
    /// For scripts; unique in one scan. See [`unique_key`] for the library.
    pub key: String,
    /// `general.architecture`; empty if the file does not say.
    pub architecture: String,
    /// Such as `Q4_K_M`; empty if unknown.
    pub quantization: String,
    /// All shards together.
    pub size_bytes: u64,
    /// Weights in all.
    pub parameter_count: u64,
    /// What the model was trained for, in tokens; 0 if the file does not say.
    pub context_length: u32,
    /// It carries a chat template.
    pub has_chat_template: bool,
    /// Whether it runs here, and if not why.
    pub verdict: ModelVerdict,
    /// To notice later that the files have changed.
    pub fingerprint: Fingerprint,
    /// Of the (only) file, where the folder's layout states it. Nobody has checked it.
    pub stated_sha256: Option<ContentHash>,
}

/// A file that is no model, or a folder that could not be looked through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {message}", path.display())]
pub struct Problem {
    /// Which.
    pub path: PathBuf,
    /// Why, in words.
    pub message: String,
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// By path.
    pub models: Vec<FoundModel>,
    /// By path.
    pub problems: Vec<Problem>,
}
