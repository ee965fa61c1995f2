//! Keeping models: checking, duplicates, trash, disk use, folders of other apps.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ErrorReport, LayerValues, LlamaCppOptions, ModelId, ModelOrigin, PresetId, RootId, RuntimeName,
};

/// How a file that was dropped or picked enters the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Read where it lies.
    #[default]
    InPlace,
    /// A hard link in the app's own folder: no more space, and it survives deleting the original.
    Link,
    /// A copy in the app's own folder.
    Copy,
    /// Moved into the app's own folder.
    Move,
}

/// Where checking a model's bytes against its hash stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Verification {
    /// It waits for others.
    Queued,
    /// Bytes are read.
    Reading {
        /// 0 to 1.
        progress: f32,
    },
    /// The bytes are as they should be.
    Intact {
        /// The hash.
        sha256: String,
        /// There was a hash to compare with; otherwise this one is kept for the next time.
        compared: bool,
    },
    /// They are not.
    Damaged {
        /// What they should be.
        expected: String,
        /// What they are.
        found: String,
    },
    /// It could not be checked.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

/// Files with the same content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DuplicateGroup {
    /// Hash of the content.
    pub sha256: String,
    /// Bytes of one of them.
    pub size_bytes: u64,
    /// The models, two or more.
    pub model_ids: Vec<ModelId>,
    /// Bytes that hard links would free; 0 if they lie on different volumes or are links already.
    pub reclaimable_bytes: u64,
}

/// Space models take, by root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RootUse {
    /// Which; none for files picked by themselves.
    pub root_id: Option<RootId>,
    /// For display.
    pub path: String,
    /// Models.
    pub model_count: u32,
    /// Bytes, content that is linked twice counted once.
    pub size_bytes: u64,
    /// Free bytes of its volume.
    pub free_bytes: u64,
}

/// Space everything takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiskUse {
    /// By root, the largest first.
    pub roots: Vec<RootUse>,
    /// Models in the trash.
    pub trash_bytes: u64,
    /// Parts of downloads that are not finished.
    pub unfinished_bytes: u64,
    /// Conversations and settings.
    pub database_bytes: u64,
}

/// A model in the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TrashedModel {
    /// Its id.
    pub id: ModelId,
    /// For display.
    pub name: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Unix time in milliseconds.
    pub deleted_at_ms: i64,
    /// Unix time in milliseconds at which it is removed for good.
    pub removed_at_ms: i64,
}

/// A folder of another app on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RootSuggestion {
    /// Whose.
    pub origin: ModelOrigin,
    /// For display.
    pub path: String,
    /// To be given back with `root_add`.
    pub handle: crate::PathHandle,
    /// It is a root already.
    pub added: bool,
}

/// How a model is loaded unless something else is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct ModelDefaults {
    /// Tokens of context; none is the default of the settings.
    pub context_length: Option<u32>,
    /// Threads; none is the default of the settings.
    pub threads: Option<u32>,
    /// The runtime to serve it; none is the first that can.
    pub runtime: Option<RuntimeName>,
    /// What llama.cpp is told; none are its own defaults.
    pub llamacpp: Option<LlamaCppOptions>,
    /// The preset that new conversations with it begin with; none is that of the settings.
    pub preset_id: Option<PresetId>,
    /// What its conversations have where nothing above [`Layer::Model`](crate::Layer) says otherwise.
    pub values: Option<LayerValues>,
}
