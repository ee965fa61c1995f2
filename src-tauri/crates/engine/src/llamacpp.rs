//! What llama.cpp is told, as the app knows it and as its worker does.

use sirocco_engine_wire as wire;
use sirocco_protocol::{CacheType, FlashAttention, LlamaCppOptions};

/// What only the worker of llama.cpp is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LlamaCpp {
    /// As a person chose it.
    pub options: LlamaCppOptions,
    /// The file of the adapter that was chosen.
    pub adapter_file: Option<String>,
    /// The files of the draft model that was chosen.
    pub draft_files: Option<Vec<String>>,
}

impl LlamaCpp {
    /// For the worker.
    pub(crate) fn to_wire(&self) -> wire::LlamaCppOptions {
        let options = &self.options;
        let scale = options.adapter.as_ref().map(|adapter| adapter.scale);
        let adapter = self.adapter_file.clone().zip(scale);
        let tokens = options.draft.as_ref().map(|draft| draft.tokens);
        let draft = self.draft_files.clone().zip(tokens);
        wire::LlamaCppOptions {
            cache_type: match options.cache_type {
                CacheType::F16 => wire::CacheType::F16,
                CacheType::Q8_0 => wire::CacheType::Q8_0,
                CacheType::Q4_0 => wire::CacheType::Q4_0,
            },
            flash_attention: match options.flash_attention {
                FlashAttention::Auto => None,
                FlashAttention::On => Some(true),
                FlashAttention::Off => Some(false),
            },
            memory_map: options.memory_map,
            keep_in_memory: options.keep_in_memory,
            context_shift: options.context_shift,
            adapter: adapter.map(|(file, scale)| wire::Adapter { file, scale }),
            draft: draft.map(|(files, tokens)| wire::Draft { files, tokens }),
        }
    }
}
