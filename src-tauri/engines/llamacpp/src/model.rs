//! A llama.cpp model with one context as an engine: tokens in, logits out, cache cut back.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::mpsc::channel;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use sirocco_engine_wire::LoadRequest;
use sirocco_worker::engine::{Engine, EngineError};

use crate::log;

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
        let first = request
            .files
            .first()
            .ok_or_else(|| EngineError("no file was named".into()))?;
        let backend = LlamaBackend::init().map_err(failed)?;
        log::take_error();
        let model = read(&backend, Path::new(first), progress)?;
        if model.n_ctx_train() == 0 {
            return Err(EngineError("the model states no context length".into()));
        }
        let context_length = request.context_length.min(model.n_ctx_train());
        let threads = i32::try_from(request.threads).unwrap_or(i32::MAX);
        let pass = u32::try_from(LONGEST_PASS).expect("a small constant");
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(context_length))
            .with_n_batch(pass)
            .with_n_ubatch(pass)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            // The whole cache also of layers that look at a window: it could not be cut back otherwise.
            .with_swa_full(true);
        // A worker loads one model and ends with it, so both may live as long as the process.
        let (backend, model): (&'static _, &'static LlamaModel) =
            (Box::leak(Box::new(backend)), Box::leak(Box::new(model)));
        let context = model
            .new_context(backend, parameters)
            .map_err(|error| with_reason(&error))?;
        let mut model = Self {
            context,
            batch: LlamaBatch::new(LONGEST_PASS, 1),
            length: 0,
            context_length: context_length as usize,
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

/// Reads the model; the parts of a split one are found by the name of the first.
fn read(
    backend: &LlamaBackend,
    file: &Path,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<LlamaModel, EngineError> {
    if !file.is_file() {
        return Err(EngineError(format!("`{}` does not exist", file.display())));
    }
    let (sender, receiver) = channel();
    let parameters = LlamaModelParams::default()
        .with_use_mmap(true)
        .with_progress_callback(move |fraction| sender.send(fraction).is_ok());
    std::thread::scope(|scope| {
        // llama.cpp's listener must outlive everything, ours does not: a thread hands over between the two.
        scope.spawn(move || {
            receiver
                .iter()
                .for_each(|fraction| progress(fraction.min(0.99)))
        });
        // Dropped at the end of the load, the parameters end the thread.
        let parameters = parameters;
        LlamaModel::load_from_file(backend, file, &parameters).map_err(|error| with_reason(&error))
    })
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError(error.to_string())
}

/// What llama.cpp logged says more than its return value.
fn with_reason(error: &dyn std::fmt::Display) -> EngineError {
    EngineError(log::take_error().unwrap_or_else(|| error.to_string()))
}
