//! Model files on disk: found in a folder or given one by one, looked at from their headers, recognised again later.
//!
//! Folders of other apps are understood (the Hugging Face cache, LM Studio, Jan, Ollama, llama.cpp) and read in place:
//! nothing is ever written, moved or deleted in them. [`place_files`] and [`link_over`] write into our own folder, and
//! only there. Everything here blocks; call it where that is allowed.
//!
//! It deliberately does not remember anything: that is the store's. What is known from the last time is handed in, so
//! that a folder in which nothing changed is looked through without opening a file.

mod adapter;
mod content;
mod duplicates;
mod fingerprint;
mod header_name;
mod hugging_face;
mod inspect;
mod jan;
mod naming;
mod ollama;
mod place;
mod projector;
mod scan;
mod suggest;
mod walk;

use std::path::PathBuf;

use sirocco_protocol::{ModelSource, ModelVerdict, RuntimeVerdict};

pub use sirocco_protocol::ModelOrigin as Origin;

pub use adapter::FoundAdapter;
pub use content::{hash_files, may_be_alike};
pub use duplicates::{Copied, Replacement, link_over, replacements};
pub use fingerprint::{FileIdentity, Fingerprint, NotAFingerprint};
pub use inspect::inspect_file;
pub use naming::{origin_of_folder, slug, unique_key};
pub use place::{Placement, are_placed, place_files};
pub use projector::{Projectors, is_projector_name, projector_among};
pub use scan::{Known, scan_root};
pub use suggest::{FolderEnvironment, System, suggest_folders};
pub use walk::unfinished_bytes;

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
    /// Whether it runs where all runtimes are installed, and if not why.
    pub verdict: ModelVerdict,
    /// The file by which it sees images, if one lies beside it.
    pub projector: Option<PathBuf>,
    /// What each runtime makes of it.
    pub runtimes: Vec<RuntimeVerdict>,
    /// To notice later that the files have changed.
    pub fingerprint: Fingerprint,
    /// Of every file, where the folder's layout states it; empty if it states none. Nobody has checked them.
    pub stated_hashes: Vec<Option<ContentHash>>,
    /// Where on the Hub it came from, where the folder's layout says so.
    pub source: Option<ModelSource>,
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
    /// The folder itself could not be read: what is not found in it may well be there.
    pub unreachable: bool,
    /// New models, and known ones whose files changed, by path.
    pub models: Vec<FoundModel>,
    /// First files of known models that are as they were.
    pub unchanged: Vec<PathBuf>,
    /// Files that change models, by path.
    pub adapters: Vec<FoundAdapter>,
    /// By path.
    pub problems: Vec<Problem>,
}

/// What one place of a folder holds.
#[derive(Debug)]
enum Found {
    /// A new or changed model.
    Model(Box<FoundModel>),
    /// The first file of a known one.
    Unchanged(PathBuf),
    /// The half of a model that reads images: none to list by itself.
    Projector,
}
