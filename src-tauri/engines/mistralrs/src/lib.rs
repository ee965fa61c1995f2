//! The mistral.rs worker: one GGUF model, driven by frames on standard input.
//!
//! mistral.rs supplies the model (its loaders, its forward passes, its cache); the rest of its engine
//! is not used. Its request queue panics on dropped requests, keeps a copy of the cache per finished
//! request on a CPU, and cannot be interrupted inside a prompt. Here the forward pass is called
//! directly, so the loop of the `worker` crate decides what runs, and one cache serves all turns. On
//! x86-64 CPUs matrix products and attention are ours (`kernels/`, put in place by [`cpu`]).

#[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
mod cpu;
mod device;
mod model;
pub mod scratch;

use std::path::Path;

use sirocco_engine_wire::{Device, LoadRequest};
use sirocco_worker::engine::{EngineError, Runtime};

pub use crate::model::Model;

/// mistral.rs, as the worker's loop drives it.
pub struct MistralRs;

impl Runtime for MistralRs {
    type Engine = Model;

    fn name(&self) -> &'static str {
        "mistral.rs"
    }

    fn version(&self) -> &'static str {
        "0.8.1"
    }

    fn backend(&self) -> &'static str {
        device::BACKEND
    }

    fn target(&self) -> &'static str {
        // Set by `cargo xtask engine`, which also passes the matching `-C target-cpu`.
        option_env!("SIROCCO_ENGINE_TARGET").unwrap_or("baseline")
    }

    fn devices(&self) -> Result<Vec<Device>, EngineError> {
        device::found()
    }

    fn load(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Model, EngineError> {
        prepare(request, progress)?;
        let tokenizer_folder = scratch::write_opaque_tokenizer(Path::new(&request.scratch_folder))?;
        Model::load(request, &tokenizer_folder)
    }
}

/// Reads the weights and makes our kernels multiply with them, from now on and in the whole process.
///
/// # Errors
/// If a file cannot be read.
#[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
pub fn prepare(request: &LoadRequest, progress: &(dyn Fn(f32) + Sync)) -> Result<(), EngineError> {
    // What is left to do takes little time.
    let files = sirocco_kernels::Files::read(&request.files, &|share| progress(share * 0.98))
        .map_err(|error| EngineError(error.to_string()))?;
    cpu::install(request.threads as usize, files);
    Ok(())
}

/// Without our kernels mistral.rs reads the weights, and does not say how far it is.
#[cfg(not(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal")))))]
pub fn prepare(_: &LoadRequest, _: &(dyn Fn(f32) + Sync)) -> Result<(), EngineError> {
    Ok(())
}
