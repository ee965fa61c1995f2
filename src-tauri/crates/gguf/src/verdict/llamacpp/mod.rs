//! What llama.cpp can load, in the version that the worker pins.
//!
//! llama.cpp turns most of what is wrong with a file into an error that the worker reports, so far less is checked here
//! than for mistral.rs: what neither writes nor embeds, architectures it has no code for, types it cannot multiply with,
//! and vocabularies that are not read: of a model that writes by the worker's own tokenizer, of one that embeds by
//! llama.cpp.

mod architectures;
mod projector;

use architectures::{ARCHITECTURES, EMBEDDERS};
pub use projector::projector_refusals;

use super::files::{shards, unsupported_types};
use super::{Caution, Refusal, Runtime, Verdict};
use crate::model::Model;
use crate::summary::{ModelKind, has_chat_template};
use crate::tensor::TensorType;

/// Numbers without which nothing can be said about a model, least of all how much memory it takes.
const NEEDED_NUMBERS: [&str; 3] = ["context_length", "embedding_length", "block_count"];

pub(super) fn verdict(model: &Model) -> Verdict {
    let kind = ModelKind::of(model);
    let reasons = refusals(model, kind);
    if !reasons.is_empty() {
        Verdict::Refused { reasons }
    } else if kind == ModelKind::Embedding {
        Verdict::Embeds
    } else {
        Verdict::Runs {
            cautions: if has_chat_template(model) {
                Vec::new()
            } else {
                vec![Caution::NoChatTemplate]
            },
        }
    }
}

pub(super) fn architecture_refusal(name: &str) -> Option<Refusal> {
    let is_known = |list: &[&str]| list.binary_search(&name).is_ok();
    (!is_known(ARCHITECTURES) && !is_known(EMBEDDERS)).then(|| Refusal::UnknownArchitecture {
        runtime: Runtime::LlamaCpp,
        architecture: name.to_owned(),
    })
}

fn refusals(model: &Model, kind: ModelKind) -> Vec<Refusal> {
    if !matches!(kind, ModelKind::Text | ModelKind::Embedding) {
        return vec![Refusal::NotATextModel { kind }];
    }
    let Some(name) = model.architecture() else {
        return vec![Refusal::NoArchitecture];
    };
    if let Some(refusal) = architecture_refusal(name) {
        return vec![refusal];
    }
    let mut reasons = Vec::new();
    reasons.extend(unsupported_types(model, Runtime::LlamaCpp, is_supported));
    reasons.extend(shards(model));
    reasons.extend(tokenizer(model, kind));
    reasons.extend(NEEDED_NUMBERS.iter().filter_map(|name| number(model, name)));
    reasons
}

/// Everything that ggml multiplies with; `Q8_1` and `Q8_K` are for what is computed in between, wide whole numbers and
/// `F64` for tables.
fn is_supported(tensor_type: TensorType) -> bool {
    use TensorType::*;
    !matches!(tensor_type, Q8_1 | Q8K | I8 | I16 | I64 | F64 | Unknown(_))
}

/// The vocabularies that are read.
fn tokenizer(model: &Model, kind: ModelKind) -> Option<Refusal> {
    const MODEL: &str = "tokenizer.ggml.model";
    let missing = |key: &str| {
        Some(Refusal::MissingKey {
            key: key.to_owned(),
        })
    };
    let needed: &[&str] = match model.string(MODEL) {
        Some("llama") => &["tokenizer.ggml.tokens"],
        Some("bert" | "t5") if kind == ModelKind::Embedding => &["tokenizer.ggml.tokens"],
        // Files of Kimi K2 carry whole words only.
        Some("gpt2") if model.string("tokenizer.ggml.pre") == Some("kimi-k2") => {
            &["tokenizer.ggml.tokens"]
        }
        Some("gpt2" | "gemma4") => &["tokenizer.ggml.tokens", "tokenizer.ggml.merges"],
        Some(other) => {
            return Some(Refusal::Tokenizer {
                model: other.to_owned(),
            });
        }
        None => return missing(MODEL),
    };
    needed
        .iter()
        .find(|key| model.array(key).is_none_or(|array| array.len == 0))
        .and_then(|key| missing(key))
}

fn number(model: &Model, name: &str) -> Option<Refusal> {
    let key = format!("{}.{name}", model.architecture()?);
    match model.architecture_number(name) {
        Ok(0) => Some(Refusal::ImpossibleNumber { key, value: 0 }),
        Ok(_) => None,
        Err(_) => Some(Refusal::MissingKey { key }),
    }
}
