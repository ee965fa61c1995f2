//! The mistral.rs worker: one GGUF model, driven by frames on standard input.
//!
//! mistral.rs supplies the model (its loaders, its forward passes, its cache); the rest of its engine
//! is not used. Its request queue panics on dropped requests, keeps a copy of the cache per finished
//! request on a CPU, and cannot be interrupted inside a prompt. Here the forward pass is called
//! directly, so the loop of the `worker` crate decides what runs, and one cache serves all turns. On
//! x86-64 CPUs matrix products and attention are ours (`kernels/`, put in place by [`cpu`]).

#[cfg(target_arch = "x86_64")]
mod cpu;
mod files;
mod model;
mod scratch;

use std::path::Path;

use sirocco_engine_wire::LoadRequest;
use sirocco_worker::engine::{EngineError, Runtime};

use crate::files::Files;
use crate::model::Model;

struct MistralRs;

impl Runtime for MistralRs {
    type Engine = Model;

    fn name(&self) -> &'static str {
        "mistral.rs"
    }

    fn version(&self) -> &'static str {
        "0.8.1"
    }

    fn backend(&self) -> &'static str {
        if cfg!(feature = "cuda") {
            "cuda"
        } else if cfg!(feature = "metal") {
            "metal"
        } else {
            "cpu"
        }
    }

    fn target(&self) -> &'static str {
        // Set by `cargo xtask engine`, which also passes the matching `-C target-cpu`.
        option_env!("SIROCCO_ENGINE_TARGET").unwrap_or("baseline")
    }

    fn load(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Model, EngineError> {
        // What is left to do takes little time.
        let files = Files::read(&request.files, &|share| progress(share * 0.98))?;
        #[cfg(target_arch = "x86_64")]
        if self.backend() == "cpu" {
            cpu::install(request.threads as usize, files);
        }
        #[cfg(not(target_arch = "x86_64"))]
        drop(files);
        let tokenizer_folder = scratch::write_opaque_tokenizer(Path::new(&request.scratch_folder))?;
        Model::load(request, &tokenizer_folder)
    }
}

fn main() {
    sirocco_worker::process::run(MistralRs)
}
