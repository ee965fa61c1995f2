//! Can a runtime load this model, and what will be imperfect if it does?

mod caution;
mod files;
mod llamacpp;
mod mistralrs;
mod refusal;

pub use caution::Caution;
pub use llamacpp::projector_refusals;
pub use refusal::Refusal;

use crate::model::Model;

/// What runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Runtime {
    /// mistral.rs 0.8.1 on the processor.
    MistralRs,
    /// llama.cpp, as the crate llama-cpp-sys-2 0.1.161 has it.
    LlamaCpp,
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::MistralRs => "mistral.rs",
            Self::LlamaCpp => "llama.cpp",
        })
    }
}

/// Whether a model runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It loads and answers.
    Runs {
        /// What the user should know; often nothing.
        cautions: Vec<Caution>,
    },
    /// It loads and turns texts into vectors; it does not answer.
    Embeds,
    /// It must not be given to the runtime.
    Refused {
        /// Why, the most telling reason first; at least one.
        reasons: Vec<Refusal>,
    },
}

impl Verdict {
    /// Whether the model runs and answers.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs { .. })
    }
}

/// Judges a model from its headers alone.
///
/// A file that is damaged or cut short never comes here: reading its header fails first.
pub fn verdict(model: &Model, runtime: Runtime) -> Verdict {
    match runtime {
        Runtime::MistralRs => mistralrs::verdict(model),
        Runtime::LlamaCpp => llamacpp::verdict(model),
    }
}

/// Why a runtime does not load models of this `general.architecture`, where a file itself is not at hand. `None` does
/// not promise that it loads every file of it: that is for [`verdict`] to say.
pub fn architecture_refusal(architecture: &str, runtime: Runtime) -> Option<Refusal> {
    match runtime {
        Runtime::MistralRs => mistralrs::architecture_refusal(architecture),
        Runtime::LlamaCpp => llamacpp::architecture_refusal(architecture),
    }
}
