//! A llama.cpp model with one context as an engine: tokens and images in, logits out, cache cut back.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use sirocco_engine_wire::LoadRequest;
use sirocco_worker::engine::{Engine, EngineError};
use sirocco_worker::images::Sight;

use crate::draft::Draft;
use crate::file::{File, failed, with_reason};
use crate::shift;
use crate::sight::{Eyes, Seen};

/// Most tokens of one forward pass: the frame loop never asks for more at once.
pub const LONGEST_PASS: usize = 512;
/// Most tokens of one image that can only be computed as a whole.
const LONGEST_IMAGE: usize = 2048;
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
    eyes: Option<Arc<Eyes>>,
    /// Images in the cache: how many tokens stand before each, and what it took.
    seen: Vec<(usize, Seen)>,
    /// Tokens of an image that are computed at once.
    image_pass: usize,
    draft: Option<Draft>,
    /// It is to go on where its context is full.
    shifts: bool,
}

impl Model {
    /// Maps the weights and makes room for the cache.
    pub fn load(
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Self, EngineError> {
        let file = File::read(request, progress)?;
        let options = request.llamacpp.as_ref();
        let told = options.filter(|options| options.context_shift);
        if let Some(told) = told {
            shift::check(file.model, told.cache_type)?;
        }
        let eyes = request
            .projector
            .as_deref()
            .map(|path| Eyes::load(path, file.model, file.threads))
            .transpose()?;
        let image_pass = match &eyes {
            Some(eyes) if eyes.sees_as_a_whole() => LONGEST_IMAGE.min(file.context_length as usize),
            _ => LONGEST_PASS,
        };
        let pass = u32::try_from(image_pass.max(LONGEST_PASS)).expect("small constants");
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
            eyes: eyes.map(Arc::new),
            seen: Vec::new(),
            image_pass,
            draft: None,
            shifts: told.is_some(),
        };
        // One token through the whole model: what cannot run fails here and not in the first answer.
        model.forward(&[0])?;
        model.truncate(0)?;
        if let Some(draft) = options.and_then(|options| options.draft.as_ref()) {
            if file.model.is_recurrent() || file.model.is_hybrid() {
                return Err(failed(
                    "this model remembers as a whole what it read and cannot take back a token, so nothing can be guessed \
                     for it: choose no draft model",
                ));
            }
            let size = u32::try_from(file.model.n_vocab()).map_err(failed)?;
            model.draft = Some(Draft::load(request, draft, size)?);
        }
        Ok(model)
    }

    /// Appends tokens to the cache, of which the last one's logits are wanted, or each one's.
    fn compute(&mut self, tokens: &[u32], each: bool) -> Result<(), EngineError> {
        self.batch.clear();
        let begin = self.position(self.length)?;
        for (index, token) in tokens.iter().enumerate() {
            let position = begin + i32::try_from(index).map_err(failed)?;
            let token = LlamaToken::new(i32::try_from(*token).map_err(failed)?);
            let is_wanted = each || index + 1 == tokens.len();
            self.batch
                .add(token, position, &[SEQUENCE], is_wanted)
                .map_err(failed)?;
        }
        self.context
            .decode(&mut self.batch)
            .map_err(|error| with_reason(&error))?;
        self.length += tokens.len();
        Ok(())
    }

    /// The position of the token that has so many before it.
    fn position(&self, tokens: usize) -> Result<i32, EngineError> {
        let before = self.seen.iter().filter(|(at, _)| *at < tokens);
        let spared: usize = before.map(|(_, seen)| seen.tokens - seen.positions).sum();
        i32::try_from(tokens - spared).map_err(failed)
    }
}

impl Engine for Model {
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        for chunk in tokens.chunks(LONGEST_PASS) {
            self.compute(chunk, false)?;
        }
        Ok(self.context.get_logits().to_vec())
    }

    fn forward_each(&mut self, tokens: &[u32]) -> Result<Vec<Vec<f32>>, EngineError> {
        let mut each = Vec::with_capacity(tokens.len());
        for chunk in tokens.chunks(LONGEST_PASS) {
            self.compute(chunk, true)?;
            for index in 0..chunk.len() {
                let index = i32::try_from(index).map_err(failed)?;
                each.push(self.context.get_logits_ith(index).to_vec());
            }
        }
        Ok(each)
    }

    fn guess(
        &mut self,
        tokens: &[u32],
        most: usize,
        stop: &AtomicBool,
    ) -> Result<Vec<u32>, EngineError> {
        match &mut self.draft {
            Some(draft) => draft.guess(tokens, most, stop),
            None => Ok(Vec::new()),
        }
    }

    fn truncate(&mut self, length: usize) -> Result<(), EngineError> {
        let from = u32::try_from(self.position(length)?).map_err(failed)?;
        self.context
            .kv_cache_seq_rm(SEQUENCE, Some(from), None)
            .map_err(failed)?;
        self.length = length;
        self.seen.retain(|(at, _)| *at < length);
        Ok(())
    }

    fn cut_back(&mut self, length: usize) -> Result<usize, EngineError> {
        // Recurrent layers keep one state, which knows no way back but to the beginning.
        if self.truncate(length).is_err() {
            self.truncate(0)?;
        }
        Ok(self.length)
    }

    fn shifts(&self) -> bool {
        self.shifts
    }

    fn shift(&mut self, keep: usize, count: usize) -> Result<(), EngineError> {
        let (from, behind) = (self.position(keep)?, self.position(keep + count)?);
        let [start, end] = [from, behind].map(|at| u32::try_from(at).ok());
        self.context
            .kv_cache_seq_rm(SEQUENCE, start, end)
            .map_err(failed)?;
        // The keys follow with the next pass.
        self.context
            .kv_cache_seq_add(SEQUENCE, end, None, from - behind)
            .map_err(failed)?;
        self.length -= count;
        Ok(())
    }

    fn step(&self) -> usize {
        STEP
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn sight(&self) -> Option<Arc<dyn Sight>> {
        let eyes = Arc::clone(self.eyes.as_ref()?);
        Some(eyes)
    }

    fn look(&mut self, image: &str) -> Result<(), EngineError> {
        let at = self.position(self.length)?;
        let eyes = self.eyes.as_ref().ok_or_else(|| failed("it has no eyes"))?;
        let seen = eyes.look(image, &mut self.context, at, SEQUENCE, self.image_pass)?;
        self.seen.push((self.length, seen));
        self.length += seen.tokens;
        Ok(())
    }
}
