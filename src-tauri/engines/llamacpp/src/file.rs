//! A file that is read, and the contexts made of it.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::channel;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};
use llama_cpp_sys_2 as sys;
use sirocco_engine_wire::{Adapter, CacheType, LlamaCppOptions, LoadRequest};
use sirocco_worker::engine::EngineError;

use crate::log;

/// A model whose weights are mapped. A worker loads one and ends with it, so it lives as long as the process.
pub struct File {
    backend: &'static LlamaBackend,
    /// What was read.
    pub model: &'static LlamaModel,
    /// Tokens that a context is to hold: what was asked for, at most what the model knows.
    pub context_length: u32,
    /// To compute with.
    pub threads: i32,
    options: LlamaCppOptions,
    /// For the one context of this file.
    adapter: Cell<Option<LlamaLoraAdapter>>,
}

impl File {
    /// Reads the weights, or maps them.
    pub fn read(
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Self, EngineError> {
        let first = request
            .files
            .first()
            .ok_or_else(|| EngineError("no file was named".into()))?;
        let backend = backend()?;
        log::take_error();
        let options = request.llamacpp.clone().unwrap_or_default();
        let mut model = read(backend, Path::new(first), &options, progress)?;
        if model.n_ctx_train() == 0 {
            return Err(EngineError("the model states no context length".into()));
        }
        let adapter = options.adapter.as_ref();
        let adapter = adapter.map(|adapter| read_adapter(&mut model, adapter));
        Ok(Self {
            adapter: Cell::new(adapter.transpose()?),
            options,
            context_length: request.context_length.min(model.n_ctx_train()),
            threads: i32::try_from(request.threads).unwrap_or(i32::MAX),
            backend,
            model: Box::leak(Box::new(model)),
        })
    }

    /// What every context has.
    pub fn parameters(&self) -> LlamaContextParams {
        LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(self.context_length))
            .with_n_threads(self.threads)
            .with_n_threads_batch(self.threads)
            .with_type_k(cache_type(self.options.cache_type))
            .with_type_v(cache_type(self.options.cache_type))
            .with_flash_attention_policy(match self.options.flash_attention {
                None => sys::LLAMA_FLASH_ATTN_TYPE_AUTO,
                Some(true) => sys::LLAMA_FLASH_ATTN_TYPE_ENABLED,
                Some(false) => sys::LLAMA_FLASH_ATTN_TYPE_DISABLED,
            })
    }

    /// Makes room for computing.
    pub fn context(
        &self,
        parameters: LlamaContextParams,
    ) -> Result<LlamaContext<'static>, EngineError> {
        let mut context = self
            .model
            .new_context(self.backend, parameters)
            .map_err(|error| with_reason(&error))?;
        let chosen = self.options.adapter.as_ref();
        if let (Some(adapter), Some(chosen)) = (self.adapter.take(), chosen) {
            // The context refers to it from now on.
            let adapter = Box::leak(Box::new(adapter));
            context
                .lora_adapter_set(adapter, chosen.scale)
                .map_err(|error| does_not_fit(chosen, with_reason(&error)))?;
        }
        Ok(context)
    }
}

/// llama.cpp, which begins once, however many models are read.
fn backend() -> Result<&'static LlamaBackend, EngineError> {
    static BACKEND: OnceLock<LlamaBackend> = OnceLock::new();
    if let Some(backend) = BACKEND.get() {
        return Ok(backend);
    }
    let backend = LlamaBackend::init().map_err(failed)?;
    Ok(BACKEND.get_or_init(|| backend))
}

fn cache_type(wanted: CacheType) -> KvCacheType {
    match wanted {
        CacheType::F16 => KvCacheType::F16,
        CacheType::Q8_0 => KvCacheType::Q8_0,
        CacheType::Q4_0 => KvCacheType::Q4_0,
    }
}

fn read_adapter(
    model: &mut LlamaModel,
    adapter: &Adapter,
) -> Result<LlamaLoraAdapter, EngineError> {
    let file = Path::new(&adapter.file);
    if !file.is_file() {
        return Err(EngineError(format!("`{}` does not exist", file.display())));
    }
    let read = model.lora_adapter_init(file);
    read.map_err(|error| does_not_fit(adapter, with_reason(&error)))
}

fn does_not_fit(adapter: &Adapter, EngineError(reason): EngineError) -> EngineError {
    let name = Path::new(&adapter.file).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    EngineError(format!(
        "the adapter `{name}` does not fit the model: {reason}"
    ))
}

/// Reads the model; the parts of a split one are found by the name of the first.
fn read(
    backend: &LlamaBackend,
    file: &Path,
    options: &LlamaCppOptions,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<LlamaModel, EngineError> {
    if !file.is_file() {
        return Err(EngineError(format!("`{}` does not exist", file.display())));
    }
    let (sender, receiver) = channel();
    let parameters = LlamaModelParams::default()
        .with_use_mmap(options.memory_map)
        .with_use_mlock(options.keep_in_memory)
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

/// An error of the crate in its own words.
pub fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError(error.to_string())
}

/// What llama.cpp logged says more than its return value.
pub fn with_reason(error: &dyn std::fmt::Display) -> EngineError {
    EngineError(log::take_error().unwrap_or_else(|| error.to_string()))
}
