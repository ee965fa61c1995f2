//! Presets, and the layers that the settings of a conversation are made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Parameters, PresetId};

/// What one layer sets. `None` falls through to the layer below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct LayerValues {
    /// Sent before everything else; empty for none.
    pub system_prompt: Option<String>,
    /// Sampling parameters.
    pub parameters: Parameters,
}

impl LayerValues {
    /// The system prompt; empty if none is set.
    #[must_use]
    pub fn system_prompt_or_empty(&self) -> &str {
        self.system_prompt.as_deref().unwrap_or_default()
    }
}

/// Where a value comes from. A later one goes over an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The engine, which has a default for everything.
    Engine,
    /// The defaults of the model.
    Model,
    /// The defaults of the settings.
    Settings,
    /// The preset of the conversation.
    Preset,
    /// The conversation itself.
    Conversation,
}

/// System prompt, sampling parameters and stop strings under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Preset {
    /// Its id.
    pub id: PresetId,
    /// Never blank; two may have the same.
    pub name: String,
    /// What it sets.
    pub values: LayerValues,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Unix time in milliseconds of the last change.
    pub updated_at_ms: i64,
}

/// The preset a conversation is to be based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PresetChoice {
    /// What a new conversation begins with: the model's preset, else that of the settings.
    Standard,
    /// No preset.
    None,
    /// This one.
    Preset {
        /// Which.
        id: PresetId,
    },
}

/// What a conversation has where it sets nothing itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Inherited {
    /// The preset among the layers.
    pub preset: Option<Preset>,
    /// Every value; `None` only where it means something, such as no limit.
    pub values: LayerValues,
    /// Where each value comes from, by the name of its field.
    pub origins: BTreeMap<String, Layer>,
    /// What can be said to the model about its thinking.
    pub reasoning: ReasoningControl,
}

/// What the chat template of a model lets be said about its thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReasoningControl {
    /// That it is to think, or not to.
    pub on_off: bool,
    /// How much it is to think.
    pub effort: bool,
}

/// A preset that was read from a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportedPreset {
    /// As it was kept.
    pub preset: Preset,
    /// What the file says besides, in words: nothing here has a place for it.
    pub left_out: Vec<String>,
}
