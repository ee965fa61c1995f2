//! The inference runtimes: which there are, what each makes of a model, and which one serves it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ModelVerdict;

/// What runs a model. In the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeName {
    /// mistral.rs, wherever it loads a file correctly.
    MistralRs,
    /// llama.cpp, for the rest.
    LlamaCpp,
}

impl RuntimeName {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 2] = [Self::MistralRs, Self::LlamaCpp];

    /// As it stands in file names, options and JSON.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::MistralRs => "mistralrs",
            Self::LlamaCpp => "llamacpp",
        }
    }
}

/// As people write it: `mistral.rs`.
impl std::fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::MistralRs => "mistral.rs",
            Self::LlamaCpp => "llama.cpp",
        })
    }
}

/// A worker that is installed, and whether it can be used here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuntimeReport {
    /// What it is called among all, such as `llamacpp-cpu-x86-64-v3`.
    pub key: String,
    /// It lies in the data folder, where it was added, and can be removed; else it came with the program.
    pub is_added: bool,
    /// What it runs models with.
    pub name: RuntimeName,
    /// Of the engine in it; none if it did not get so far as to say.
    pub version: Option<String>,
    /// `CPU`, `CUDA`, `Metal` or `Vulkan`.
    pub backend: String,
    /// What CPU it was compiled for, such as `x86-64-v3`.
    pub target: String,
    /// What it computes on besides the CPU.
    pub devices: Vec<RuntimeDevice>,
    /// Why it cannot be used on this machine, in words for a person.
    pub problem: Option<String>,
}

/// Something that computes besides the CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuntimeDevice {
    /// Such as `NVIDIA GeForce RTX 4070`.
    pub name: String,
    /// All of its memory.
    pub memory_bytes: u64,
}

/// The text names no runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARuntime;

impl std::fmt::Display for NotARuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there are `mistralrs` and `llamacpp`")
    }
}

impl std::error::Error for NotARuntime {}

impl std::str::FromStr for RuntimeName {
    type Err = NotARuntime;

    fn from_str(text: &str) -> Result<Self, NotARuntime> {
        Self::ALL
            .into_iter()
            .find(|runtime| runtime.slug() == text || runtime.to_string() == text)
            .ok_or(NotARuntime)
    }
}

/// What one runtime makes of a model, decided from the file's header alone, whether it is installed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuntimeVerdict {
    /// Which.
    pub runtime: RuntimeName,
    /// Why it cannot serve the model, in words; empty if it can.
    pub reasons: Vec<String>,
    /// If it can, what a user should know.
    pub cautions: Vec<String>,
    /// It serves the model to turn texts into vectors, not to chat.
    #[serde(default)]
    pub embeds: bool,
}

impl RuntimeVerdict {
    /// Whether it can serve the model.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Which of the `installed` runtimes serves a model, and whether any does: the one `wanted` if it can, else the first
/// that can. Where none is installed it is judged as if all were, for then every model lacks the same thing.
#[must_use]
pub fn choose_runtime(
    verdicts: &[RuntimeVerdict],
    installed: &[RuntimeName],
    wanted: Option<RuntimeName>,
) -> (Option<RuntimeName>, ModelVerdict) {
    let counts = |one: &&RuntimeVerdict| installed.is_empty() || installed.contains(&one.runtime);
    let able = || verdicts.iter().filter(counts).filter(|one| one.runs());
    let chosen = able()
        .find(|one| Some(one.runtime) == wanted)
        .or_else(|| able().min_by_key(|one| one.runtime));
    if let Some(chosen) = chosen {
        let verdict = if chosen.embeds {
            ModelVerdict::Embeds
        } else {
            let cautions = chosen.cautions.clone();
            ModelVerdict::Runs { cautions }
        };
        return (Some(chosen.runtime), verdict);
    }
    let mut reasons: Vec<String> = Vec::new();
    for reason in verdicts.iter().filter(counts).flat_map(|one| &one.reasons) {
        if !reasons.contains(reason) {
            reasons.push(reason.clone());
        }
    }
    let lacking = verdicts.iter().filter(|one| one.runs());
    reasons.extend(lacking.map(|one| {
        format!(
            "the {} runtime runs it, but is not installed here",
            one.runtime
        )
    }));
    (None, ModelVerdict::Refused { reasons })
}

#[cfg(test)]
mod tests {
    use super::RuntimeName::{LlamaCpp, MistralRs};
    use super::*;

    fn says(runtime: RuntimeName, reasons: &[&str]) -> RuntimeVerdict {
        RuntimeVerdict {
            runtime,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            cautions: vec![format!("slow in {runtime}")],
            embeds: false,
        }
    }

    fn runs(runtime: RuntimeName) -> (Option<RuntimeName>, ModelVerdict) {
        let cautions = vec![format!("slow in {runtime}")];
        (Some(runtime), ModelVerdict::Runs { cautions })
    }

    fn refused(reasons: &[&str]) -> (Option<RuntimeName>, ModelVerdict) {
        let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        (None, ModelVerdict::Refused { reasons })
    }

    #[test]
    fn mistral_rs_serves_whatever_it_can_unless_the_other_is_wanted() {
        let both = [says(MistralRs, &[]), says(LlamaCpp, &[])];
        let all = RuntimeName::ALL;
        assert_eq!(choose_runtime(&both, &all, None), runs(MistralRs));
        assert_eq!(choose_runtime(&both, &all, Some(LlamaCpp)), runs(LlamaCpp));
        assert_eq!(choose_runtime(&both, &[LlamaCpp], None), runs(LlamaCpp));
    }

    #[test]
    fn what_is_wanted_and_cannot_gives_way() {
        let one = [says(MistralRs, &["new"]), says(LlamaCpp, &[])];
        let all = RuntimeName::ALL;
        assert_eq!(choose_runtime(&one, &all, Some(MistralRs)), runs(LlamaCpp));
        assert_eq!(
            choose_runtime(
                &[says(MistralRs, &[]), says(LlamaCpp, &[])],
                &[MistralRs],
                Some(LlamaCpp)
            ),
            runs(MistralRs)
        );
    }

    #[test]
    fn a_refusal_names_every_reason_once_and_what_would_help() {
        let neither = [
            says(MistralRs, &["no text", "new"]),
            says(LlamaCpp, &["no text"]),
        ];
        assert_eq!(
            choose_runtime(&neither, &RuntimeName::ALL, None),
            refused(&["no text", "new"])
        );
        let one = [says(MistralRs, &["new"]), says(LlamaCpp, &[])];
        assert_eq!(
            choose_runtime(&one, &[MistralRs], None),
            refused(&[
                "new",
                "the llama.cpp runtime runs it, but is not installed here"
            ])
        );
    }

    #[test]
    fn what_embeds_is_served_and_does_not_chat() {
        let embeds = RuntimeVerdict {
            embeds: true,
            ..says(LlamaCpp, &[])
        };
        let both = [says(MistralRs, &["it cannot chat"]), embeds];
        assert_eq!(
            choose_runtime(&both, &RuntimeName::ALL, None),
            (Some(LlamaCpp), ModelVerdict::Embeds)
        );
    }

    #[test]
    fn without_any_runtime_models_are_judged_as_with_all() {
        let one = [says(MistralRs, &["new"]), says(LlamaCpp, &[])];
        assert_eq!(choose_runtime(&one, &[], None), runs(LlamaCpp));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for runtime in RuntimeName::ALL {
            assert_eq!(runtime.slug().parse(), Ok(runtime));
            assert_eq!(runtime.to_string().parse(), Ok(runtime));
            assert_eq!(serde_json::to_value(runtime).unwrap(), runtime.slug());
        }
        assert_eq!("ollama".parse::<RuntimeName>(), Err(NotARuntime));
    }
}
