//! How llama.cpp loads a model, beyond what every runtime is told, and the adapters it can add to one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Options that only the llama.cpp runtime has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct LlamaCppOptions {
    /// How keys and values of the context are kept: fewer bits take less memory, and a little quality.
    pub cache_type: CacheType,
    /// Whether attention is computed in one pass, without a table of scores.
    pub flash_attention: FlashAttention,
    /// Map the file into memory: it loads faster, and what is not needed may be dropped.
    pub memory_map: bool,
    /// Ask the system never to move the weights out of memory.
    pub keep_in_memory: bool,
    /// Where the context is full, let the model forget the older half of what was said and go on, instead of ending the
    /// answer. Not every model can.
    pub context_shift: bool,
    /// What is added to the weights.
    pub adapter: Option<AdapterChoice>,
    /// Who guesses what the model will write: answers come faster where it is often right, and are the same.
    pub draft: Option<DraftChoice>,
}

impl Default for LlamaCppOptions {
    fn default() -> Self {
        Self {
            cache_type: CacheType::default(),
            flash_attention: FlashAttention::default(),
            memory_map: true,
            keep_in_memory: false,
            context_shift: false,
            adapter: None,
            draft: None,
        }
    }
}

/// Largest factor of an adapter.
pub const LARGEST_ADAPTER_SCALE: f32 = 2.0;

/// Most tokens of one guess of a draft model.
pub const MOST_DRAFT_TOKENS: u32 = 16;

impl LlamaCppOptions {
    /// Checks what cannot be together, or is out of its range.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.cache_type != CacheType::F16 && self.flash_attention == FlashAttention::Off {
            return Err("a quantized cache needs flash attention");
        }
        if self.cache_type != CacheType::F16 && self.context_shift {
            return Err("a context with a quantized cache cannot shift");
        }
        let tokens = self.draft.as_ref().map_or(1, |draft| draft.tokens);
        if !(1..=MOST_DRAFT_TOKENS).contains(&tokens) {
            return Err("a draft model guesses 1 to 16 tokens at once");
        }
        let scale = self.adapter.as_ref().map_or(1.0, |adapter| adapter.scale);
        if (0.0..=LARGEST_ADAPTER_SCALE).contains(&scale) {
            Ok(())
        } else {
            Err("the scale of an adapter is 0 to 2")
        }
    }
}

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub enum CacheType {
    /// In 16 bits, as they are computed.
    #[default]
    #[serde(rename = "f16")]
    F16,
    /// In 8 bits and a scale for each 32.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// In 4 bits and a scale for each 32.
    #[serde(rename = "q4_0")]
    Q4_0,
}

/// Whether attention is computed in one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FlashAttention {
    /// Where llama.cpp can.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// An adapter that a model is loaded with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AdapterChoice {
    /// Of the adapter.
    pub key: String,
    /// By which its weights are multiplied, 0 to 2; 0 leaves the model as it is.
    pub scale: f32,
}

/// A draft model that a model is loaded with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DraftChoice {
    /// Of the draft model, in the library.
    pub key: String,
    /// Most tokens that it guesses at once, 1 to 16.
    pub tokens: u32,
}

/// A model that can guess what another will write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftModel {
    /// Its key.
    pub key: String,
    /// For display.
    pub name: String,
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// Bytes.
    pub size_bytes: u64,
}

/// A LoRA adapter in a folder of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Adapter {
    /// Its short name, unique among adapters.
    pub key: String,
    /// From the header, or the file name.
    pub name: String,
    /// The file, for display.
    pub path: String,
    /// Of the models it is for.
    pub architecture: String,
    /// Bytes.
    pub size_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantized_cache_wants_flash_attention_and_a_scale_its_range() {
        let plain = LlamaCppOptions::default();
        assert_eq!(plain.validate(), Ok(()));
        let off = LlamaCppOptions {
            flash_attention: FlashAttention::Off,
            ..plain.clone()
        };
        assert_eq!(off.validate(), Ok(()));
        let quantized = LlamaCppOptions {
            cache_type: CacheType::Q4_0,
            ..off
        };
        assert!(quantized.validate().is_err());
        for (cache_type, is_right) in [(CacheType::F16, true), (CacheType::Q8_0, false)] {
            let shifts = LlamaCppOptions {
                cache_type,
                context_shift: true,
                ..plain.clone()
            };
            assert_eq!(shifts.validate().is_ok(), is_right, "{cache_type:?}");
        }
        for (scale, is_right) in [
            (0.0, true),
            (2.0, true),
            (2.1, false),
            (-0.1, false),
            (f32::NAN, false),
        ] {
            let adapter = AdapterChoice {
                key: "tone".into(),
                scale,
            };
            let options = LlamaCppOptions {
                adapter: Some(adapter),
                ..plain.clone()
            };
            assert_eq!(options.validate().is_ok(), is_right, "{scale}");
        }
    }

    #[test]
    fn a_guess_has_a_token_and_few_more() {
        for (tokens, is_right) in [(0, false), (1, true), (16, true), (17, false)] {
            let draft = DraftChoice {
                key: "small".into(),
                tokens,
            };
            let options = LlamaCppOptions {
                draft: Some(draft),
                ..LlamaCppOptions::default()
            };
            assert_eq!(options.validate().is_ok(), is_right, "{tokens}");
        }
    }

    #[test]
    fn what_is_left_out_is_as_it_always_is() {
        let options: LlamaCppOptions = serde_json::from_str(r#"{"cache_type": "q8_0"}"#).unwrap();
        let expected = LlamaCppOptions {
            cache_type: CacheType::Q8_0,
            ..LlamaCppOptions::default()
        };
        assert_eq!(options, expected);
    }
}
