//! A scripted worker's model that embeds: its vectors count the tokens of a text.

use sirocco_worker::Language;
use sirocco_worker::engine::{Embedder, EngineError};
use sirocco_worker::tokenizer::EncodeOptions;

use crate::Script;
use crate::scripted::{die, take};

/// Numbers of a vector. Each counts the tokens whose ids leave its place as a remainder, so texts of the same words lie
/// close together.
const DIMENSIONS: usize = 32;

/// A model whose vectors can be told beforehand.
pub(crate) struct ScriptedEmbedder {
    pub script: Script,
    pub language: Language,
    pub context_length: usize,
}

impl Embedder for ScriptedEmbedder {
    fn tokenize(&self, text: &str) -> Vec<u32> {
        let options = EncodeOptions {
            add_special: true,
            parse_special: false,
        };
        self.language.tokenizer.encode(text, options)
    }

    fn has_end(&self) -> bool {
        false
    }

    fn vocabulary_size(&self) -> usize {
        self.language.tokenizer.vocabulary_size()
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn embed(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EngineError> {
        let tokens: usize = texts.iter().map(|text| text.len()).sum();
        take(self.script.prefill_token_ms * tokens as f64);
        if let Some(fault) = self.script.fault {
            die(fault.death)?;
        }
        Ok(texts.iter().map(|text| counts(text)).collect())
    }
}

fn counts(tokens: &[u32]) -> Vec<f32> {
    let mut counts = vec![0.0; DIMENSIONS];
    for token in tokens {
        counts[*token as usize % DIMENSIONS] += 1.0;
    }
    counts
}
