//! What llama.cpp can load, in the version that the worker pins.
//!
//! llama.cpp turns most of what is wrong with a file into an error that the worker reports, so far less is checked here
//! than for mistral.rs: what is no text model, architectures it has no code for, types it cannot multiply with, and
//! vocabularies that the worker's own tokenizer does not read.

mod architectures;

use architectures::ARCHITECTURES;

use super::files::{shards, unsupported_types};
use super::{Caution, Refusal, Runtime, Verdict};
use crate::model::Model;
use crate::summary::{ModelKind, has_chat_template};
use crate::tensor::TensorType;

/// Numbers without which nothing can be said about a model, least of all how much memory it takes.
const NEEDED_NUMBERS: [&str; 3] = ["context_length", "embedding_length", "block_count"];

pub(super) fn verdict(model: &Model) -> Verdict {
    let reasons = refusals(model);
    if reasons.is_empty() {
        Verdict::Runs {
            cautions: if has_chat_template(model) {
                Vec::new()
            } else {
                vec![Caution::NoChatTemplate]
            },
        }
    } else {
        Verdict::Refused { reasons }
    }
}

pub(super) fn architecture_refusal(name: &str) -> Option<Refusal> {
    ARCHITECTURES
        .binary_search(&name)
        .is_err()
        .then(|| Refusal::UnknownArchitecture {
            runtime: Runtime::LlamaCpp,
            architecture: name.to_owned(),
        })
}

fn refusals(model: &Model) -> Vec<Refusal> {
    let kind = ModelKind::of(model);
    if kind != ModelKind::Text {
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
    reasons.extend(tokenizer(model));
    reasons.extend(NEEDED_NUMBERS.iter().filter_map(|name| number(model, name)));
    reasons
}

/// Everything that ggml multiplies with; `Q8_1` and `Q8_K` are for what is computed in between, wide whole numbers and
/// `F64` for tables.
fn is_supported(tensor_type: TensorType) -> bool {
    use TensorType::*;
    !matches!(tensor_type, Q8_1 | Q8K | I8 | I16 | I64 | F64 | Unknown(_))
}

/// The vocabularies that the worker's tokenizer reads.
fn tokenizer(model: &Model) -> Option<Refusal> {
    const MODEL: &str = "tokenizer.ggml.model";
    let missing = |key: &str| {
        Some(Refusal::MissingKey {
            key: key.to_owned(),
        })
    };
    let needed: &[&str] = match model.string(MODEL) {
        Some("llama") => &["tokenizer.ggml.tokens"],
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
