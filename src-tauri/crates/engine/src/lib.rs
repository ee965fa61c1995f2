//! Worker processes: find the executable, start it, load a model, generate, and end it.
//!
//! One [`Worker`] is one process with one model. Unloading ends the process, so memory always comes
//! back; a worker that dies costs its generation and nothing else. [`Residency`] holds the workers of
//! all loaded models and queues the runs of each. An [`Engine`] is a worker without a process, for
//! models on other machines.
//!
//! This crate knows no engine: it speaks the frames of `engine-wire` to whatever executable it is
//! given. It keeps no files and no database.

mod engine;
mod error;
mod llamacpp;
mod memory;
mod residency;
mod runtime;
mod silence;
mod worker;

pub use engine::{Engine, Serving};
pub use error::EngineError;
pub use llamacpp::LlamaCpp;
pub use residency::{Breakdown, Change, Elsewhere, Load, Loaded, Plan, Residency, Turn};
pub use runtime::{Backend, Runtime, cpu_level, discover, with_added, worker_folders};
pub use worker::{Generation, Worker, WorkerEnd, WorkerHello};
