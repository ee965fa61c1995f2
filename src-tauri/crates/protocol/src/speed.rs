//! How fast models are on this machine, as it was measured here.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ErrorReport, ModelId, RuntimeName};

/// How fast a model was with one runtime at one length of prompt: medians of a few answers, the first of which is left
/// out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelSpeed {
    /// Which model.
    pub model_id: ModelId,
    /// What ran it.
    pub runtime: RuntimeName,
    /// The same with its version, and what it ran on: `mistral.rs 0.8.1 · CPU (native)`.
    pub engine: String,
    /// The machine's processor.
    pub cpu: String,
    /// Threads it computed with.
    pub threads: u32,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens that were written, at most.
    pub generate_tokens: u32,
    /// Tokens of the prompt that were read in a second.
    pub prefill_per_second: f64,
    /// Tokens that were written in a second.
    pub decode_per_second: f64,
    /// How long the model was loaded.
    pub load_ms: f64,
    /// The most memory its worker ever had, in bytes, if the system says so.
    pub peak_memory_bytes: Option<u64>,
    /// Unix time in milliseconds.
    pub measured_at_ms: i64,
}

/// What a measurement found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Measured {
    /// In the order in which they were measured.
    pub speeds: Vec<ModelSpeed>,
    /// Runtimes that could not be measured.
    pub problems: Vec<MeasureProblem>,
}

/// Why a runtime could not be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct MeasureProblem {
    /// Which.
    pub runtime: RuntimeName,
    /// Why.
    pub error: ErrorReport,
}

/// What a measurement is at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MeasureStep {
    /// The model is being loaded.
    Loading {
        /// 0 to 1.
        progress: f32,
    },
    /// It answers.
    Answering {
        /// Tokens of the prompt.
        prompt_tokens: u32,
        /// Answers that are whole, with this runtime.
        done: u32,
        /// Answers in all, with this runtime.
        total: u32,
    },
}
