//! How llama.cpp loads a model, beyond what every runtime is told.

use serde::{Deserialize, Serialize};

/// Options that only the worker of llama.cpp is sent.
///
/// ```
/// use sirocco_engine_wire::{CacheType, LlamaCppOptions};
/// let options: LlamaCppOptions = serde_json::from_str(r#"{"cache_type": "q8_0"}"#).unwrap();
/// assert_eq!(options.cache_type, CacheType::Q8_0);
/// assert!(options.memory_map && options.adapter.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlamaCppOptions {
    /// How keys and values are kept.
    pub cache_type: CacheType,
    /// Whether attention is computed in one pass; none leaves it to llama.cpp.
    pub flash_attention: Option<bool>,
    /// Map the file instead of reading it.
    pub memory_map: bool,
    /// Ask the system to keep the weights in memory.
    pub keep_in_memory: bool,
    /// Go on where the context is full, without the older half of what was said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub context_shift: bool,
    /// What is added to the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Adapter>,
    /// Who guesses what the model will write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
}

impl Default for LlamaCppOptions {
    fn default() -> Self {
        Self {
            cache_type: CacheType::default(),
            flash_attention: None,
            memory_map: true,
            keep_in_memory: false,
            context_shift: false,
            adapter: None,
            draft: None,
        }
    }
}

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheType {
    /// In 16 bits, as they are computed.
    #[default]
    F16,
    /// In 8 bits and a scale for each 32.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// In 4 bits and a scale for each 32.
    #[serde(rename = "q4_0")]
    Q4_0,
}

/// A smaller model with the same vocabulary: what it guesses is checked in one pass, which takes little longer than a
/// token alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The file, or all shards in order.
    pub files: Vec<String>,
    /// Most tokens of one guess.
    pub tokens: u32,
}

/// A LoRA adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adapter {
    /// Its file.
    pub file: String,
    /// By which its weights are multiplied; 0 leaves the model as it is.
    pub scale: f32,
}
