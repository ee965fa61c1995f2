//! A llama.cpp model with one context as an engine: tokens in, logits out, cache cut back.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use sirocco_engine_wire::LoadRequest;
use sirocco_worker::engine::{Engine, EngineError};

use crate::file::{File, failed, with_reason};

/// Most tokens of one forward pass: the frame loop never asks for more at once.
const LONGEST_PASS: usize = 512;
/// llama.cpp takes other ways through its products for other numbers of tokens, and each rounds differently.
const STEP: usize = 64;
/// The only sequence there is.
const SEQUENCE: i32 = 0;

/// A loaded model with its cache.
pub struct Model {
    context: LlamaContext<'static>,
    batch: LlamaBatch<'static>,
    length: usize,
    context_length: usize,
}

impl Model {
    /// Maps the weights and makes room for the cache.
    pub fn load(
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Self, EngineError> {
        let file = File::read(request, progress)?;
        let pass = u32::try_from(LONGEST_PASS).expect("a small constant");
        let parameters = file
            .parameters()
            .with_n_batch(pass)
            .with_n_ubatch(pass)
            // The whole cache also of layers that look at a window: it could not be cut back otherwise.
            .with_swa_full(true);
        let mut model = Self {
            context: file.context(parameters)?,
            batch: LlamaBatch::new(LONGEST_PASS, 1),
            length: 0,
            context_length: file.context_length as usize,
        };
        // One token through the whole model: what cannot run fails here and not in the first answer.
        model.forward(&[0])?;
        model.truncate(0)?;
        Ok(model)
    }
}

impl Engine for Model {
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        for chunk in tokens.chunks(LONGEST_PASS) {
            self.batch.clear();
            for (index, token) in chunk.iter().enumerate() {
                let position = i32::try_from(self.length + index).map_err(failed)?;
                let token = LlamaToken::new(i32::try_from(*token).map_err(failed)?);
                // Only the last position's logits are wanted.
                let is_last = index + 1 == chunk.len();
                self.batch
                    .add(token, position, &[SEQUENCE], is_last)
                    .map_err(failed)?;
            }
            self.context
                .decode(&mut self.batch)
                .map_err(|error| with_reason(&error))?;
            self.length += chunk.len();
        }
        Ok(self.context.get_logits().to_vec())
    }

    fn truncate(&mut self, length: usize) -> Result<(), EngineError> {
        let from = u32::try_from(length).map_err(failed)?;
        self.context
            .kv_cache_seq_rm(SEQUENCE, Some(from), None)
            .map_err(failed)?;
        self.length = length;
        Ok(())
    }

    fn cut_back(&mut self, length: usize) -> Result<usize, EngineError> {
        // Recurrent layers keep one state, which knows no way back but to the beginning.
        if self.truncate(length).is_err() {
            self.truncate(0)?;
        }
        Ok(self.length)
    }

    fn step(&self) -> usize {
        STEP
    }

    fn context_length(&self) -> usize {
        self.context_length
    }
}
