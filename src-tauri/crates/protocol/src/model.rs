//! Models of the library, and what is loaded.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ErrorReport, LlamaCppOptions, ModelId, RemoteModel, RootId, RuntimeName, RuntimeVerdict,
};

/// Whether an installed runtime can serve a model, decided from the file's header alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ModelVerdict {
    /// It can be loaded.
    Runs {
        /// What a user should know, such as "slow tensor types".
        cautions: Vec<String>,
    },
    /// It can be loaded and turns texts into vectors, for search by meaning; it is none to chat with.
    Embeds,
    /// It cannot.
    Refused {
        /// Why, in words.
        reasons: Vec<String>,
    },
    /// The file is gone or changed since it was looked at.
    Missing,
    /// Its root cannot be read now (a drive or share that is not there): the model is kept.
    Offline,
}

/// A model of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Model {
    /// Its id.
    pub id: ModelId,
    /// From the header, or the file name.
    pub name: String,
    /// The short name of scripts and APIs, unique in the library: `qwen2.5-coder-0.5b-instruct-q4_k_m`.
    pub key: String,
    /// The file (the first shard) or, of a remote one, its address, for display.
    pub path: String,
    /// `general.architecture`.
    pub architecture: String,
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// All shards together.
    pub size_bytes: u64,
    /// Weights in all.
    pub parameter_count: u64,
    /// What the model was trained for, in tokens.
    pub context_length: u32,
    /// It carries a chat template.
    pub has_chat_template: bool,
    /// The file by which it can see images, if one that fits lies beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub projector: Option<String>,
    /// It sees images with the runtime that serves it.
    #[serde(default)]
    pub sees_images: bool,
    /// Whether it runs here, and if not why.
    pub verdict: ModelVerdict,
    /// The runtime that serves it: the one chosen for it, or the first that can; none if none can.
    pub runtime: Option<RuntimeName>,
    /// What each runtime makes of it, installed or not; empty if its header could not be read.
    pub runtimes: Vec<RuntimeVerdict>,
    /// Unix time in milliseconds.
    pub added_at_ms: i64,
    /// Unix time in milliseconds of the last load.
    pub used_at_ms: Option<i64>,
    /// The root it was found in; none for a file that was picked by itself.
    pub root_id: Option<RootId>,
    /// Whose folder layout it lies in.
    pub origin: ModelOrigin,
    /// The Hub repository and commit it was downloaded from, if this app did that or the cache it lies in says so.
    pub source: Option<ModelSource>,
    /// Hash of the (first) file, in lower-case hexadecimal, once known; see `verified_at_ms` for whether it was computed here.
    pub sha256: Option<String>,
    /// Unix time in milliseconds at which the bytes were last found to have that hash.
    pub verified_at_ms: Option<i64>,
    /// Marked by the person; sorts first.
    pub favourite: bool,
    /// What the person wrote about it.
    pub notes: String,
    /// The Hub has other bytes under the name this file was downloaded as.
    pub newer_on_hub: bool,
    /// It may be deleted from here: it lies in the app's own folder.
    pub deletable: bool,
    /// Where it is, if not on this machine: then it has no file, and what its header would say is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remote: Option<RemoteModel>,
}

/// Whose folder a model lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ModelOrigin {
    /// The app's own folder, or nobody's in particular.
    #[default]
    Folder,
    /// `models--{owner}--{name}/snapshots/...`.
    HuggingFaceCache,
    /// LM Studio's `models/{publisher}/{model}/{file}.gguf`.
    LmStudio,
    /// A folder of Jan with a `model.yml`.
    Jan,
    /// Ollama's `manifests/` and `blobs/`.
    Ollama,
    /// The cache of llama.cpp.
    LlamaCpp,
}

/// Where on the Hub a model came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ModelSource {
    /// `owner/name`.
    pub repository: String,
    /// The commit, 40 hexadecimal digits.
    pub commit: String,
    /// Path of the (first) file in the repository.
    pub path: String,
}

/// How a loaded (or loading) model stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LoadState {
    /// Being read.
    Loading {
        /// 0 to 1.
        progress: f32,
    },
    /// Answers.
    Ready,
    /// Its worker ended unexpectedly or the load failed.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

/// A model with a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LoadedModel {
    /// Which.
    pub model_id: ModelId,
    /// How it stands.
    pub state: LoadState,
    /// The context it was loaded with, in tokens.
    pub context_length: u32,
    /// Threads it computes with.
    pub threads: u32,
    /// What it runs on, such as `mistral.rs 0.8.1 · CPU (x86-64-v4)`.
    pub runtime: String,
    /// Which runtime that is; none if it answers on another machine.
    pub served_by: Option<RuntimeName>,
    /// What llama.cpp was told; none of a model that it does not serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub llamacpp: Option<LlamaCppOptions>,
    /// Why it runs on the processor although there is a worker for a graphics card, in words for a person.
    pub fallback: Option<String>,
    /// Resident memory of the worker, in bytes, if known.
    pub memory_bytes: Option<u64>,
    /// Runs waiting for it, the one being answered included.
    pub queue_length: u32,
}

/// How a model is to be loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct LoadOptions {
    /// Tokens of context; none is the default of the settings, at most what the model knows.
    pub context_length: Option<u32>,
    /// Threads; none is the number of physical cores.
    pub threads: Option<u32>,
    /// The runtime to serve it; none is the one chosen for the model, or the first that can.
    pub runtime: Option<RuntimeName>,
    /// What llama.cpp is told, if that serves it; none is what is kept for the model. Any other runtime refuses it.
    pub llamacpp: Option<LlamaCppOptions>,
    /// Load although the estimate exceeds the free memory.
    pub load_anyway: bool,
}

/// What loading would take, by the formula of the `gguf` crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemoryFit {
    /// Context the figures hold for, in tokens.
    pub context_length: u32,
    /// Weights, embedding included.
    pub weights_bytes: u64,
    /// Key-value cache at the full context.
    pub kv_bytes: u64,
    /// Working memory.
    pub compute_bytes: u64,
    /// All together.
    pub total_bytes: u64,
    /// What is free of that memory now.
    pub available_bytes: u64,
    /// `total <= available`; also where a graphics card does not say how much it has.
    pub fits: bool,
    /// The graphics card whose memory this is about; none if it is that of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub card: Option<String>,
    /// The longest context that fits, if any does.
    pub largest_context_length: Option<u32>,
}

/// A folder whose GGUF files belong to the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ModelRoot {
    /// Its id.
    pub id: RootId,
    /// For display.
    pub path: String,
    /// The folder downloads go to; cannot be removed.
    pub is_own: bool,
    /// It can be read now; a root that is not there keeps its models.
    pub reachable: bool,
    /// Whose folder it is.
    pub origin: ModelOrigin,
    /// Models found in it.
    pub model_count: u32,
    /// Bytes of those models.
    pub size_bytes: u64,
}

/// What an import or a scan found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportOutcome {
    /// Models that are in the library now and were not before, or were looked at again.
    pub models: Vec<Model>,
    /// Files that are no models, each with the reason.
    pub problems: Vec<String>,
}

/// The model offered to a new user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StarterModel {
    /// For display.
    pub name: String,
    /// Why one would take it.
    pub summary: String,
    /// Repository on Hugging Face.
    pub repository: String,
    /// File name.
    pub file: String,
    /// Size.
    pub size_bytes: u64,
    /// Hash of the content.
    pub sha256: String,
}
