//! The llama.cpp worker: one GGUF model, driven by frames on standard input.
//!
//! llama.cpp supplies the model: its loader, its forward passes, its cache. Vocabulary, chat template and
//! sampler are those of the `worker` crate, the same as with every other runtime, so that a seed, a stop
//! string or a penalty means the same whichever runtime serves a model. Models that embed are served here only.

mod cpu;
mod device;
mod draft;
mod embedder;
mod file;
mod log;
mod model;
mod shift;
mod sight;

use sirocco_engine_wire::{Device, LoadRequest};
use sirocco_worker::engine::{Embedder, EngineError, Runtime};

use crate::embedder::TextEmbedder;
use crate::model::Model;

struct LlamaCpp;

impl Runtime for LlamaCpp {
    type Engine = Model;

    fn name(&self) -> &'static str {
        "llama.cpp"
    }

    fn version(&self) -> &'static str {
        // Of the crate that brings llama.cpp, which states no version of its own there.
        "0.1.161"
    }

    fn backend(&self) -> &'static str {
        if cfg!(feature = "cuda") {
            "cuda"
        } else if cfg!(feature = "metal") {
            "metal"
        } else if cfg!(feature = "vulkan") {
            "vulkan"
        } else {
            "cpu"
        }
    }

    fn target(&self) -> &'static str {
        // Set by `cargo xtask engine`, which also says what llama.cpp is compiled for.
        option_env!("SIROCCO_ENGINE_TARGET").unwrap_or("baseline")
    }

    fn devices(&self) -> Result<Vec<Device>, EngineError> {
        device::found(self.backend())
    }

    fn load(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Model, EngineError> {
        Model::load(request, progress)
    }

    fn load_embedder(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Box<dyn Embedder>, EngineError> {
        Ok(Box::new(TextEmbedder::load(request, progress)?))
    }
}

fn main() {
    log::install();
    // Before the hello: the app tries the next worker then.
    if let Some(feature) = cpu::missing_feature() {
        eprintln!("this worker is compiled for CPUs with {feature}, which this one lacks");
        std::process::exit(1);
    }
    sirocco_worker::process::run(LlamaCpp)
}
