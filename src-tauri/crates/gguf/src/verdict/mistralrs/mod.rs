//! What mistral.rs 0.8.1 (with candle 0.10.2) can load from GGUF on the processor.
//!
//! Most of what is refused here would be a panic or an abort there, not an error: an unknown architecture
//! (`gguf/content.rs:151`), missing or list-valued numbers (`utils/gguf_metadata.rs:29-60`, `pipeline/gguf.rs:333`),
//! a division by zero heads, dense weights where `models/quantized_{phi2,phi3,starcoder2}.rs` say `unreachable!()`.
//! The rest are the errors of `models/quantized_*.rs`, said before minutes of loading. The required keys and
//! tensors are those that these files ask for; a number must be of the very type they ask for.

mod architecture;
mod numbers;
mod tensors;

use architecture::Architecture;

use super::files::{shards, unsupported_types};
use super::{Caution, Refusal, Runtime, Verdict};
use crate::model::Model;
use crate::summary::{ModelKind, has_chat_template};
use crate::tensor::TensorType;
use crate::value::{Value, ValueType};

pub(super) fn verdict(model: &Model) -> Verdict {
    let reasons = refusals(model);
    if reasons.is_empty() {
        Verdict::Runs {
            cautions: cautions(model),
        }
    } else {
        Verdict::Refused { reasons }
    }
}

pub(super) fn architecture_refusal(name: &str) -> Option<Refusal> {
    Architecture::from_name(name).err()
}

fn refusals(model: &Model) -> Vec<Refusal> {
    let kind = ModelKind::of(model);
    if kind != ModelKind::Text {
        return vec![Refusal::NotATextModel { kind }];
    }
    let Some(name) = model.architecture() else {
        return vec![Refusal::NoArchitecture];
    };
    let architecture = match Architecture::from_name(name) {
        Ok(architecture) => architecture,
        Err(refusal) => return vec![refusal],
    };

    let mut reasons = Vec::new();
    reasons.extend(unsupported_types(model, Runtime::MistralRs, is_supported));
    let shards = shards(model);
    let whole = shards.is_none();
    reasons.extend(shards);
    tokenizer(model, &mut reasons);
    if let Some(numbers) = numbers::numbers(model, architecture, &mut reasons)
        && whole
    {
        tensors::tensors(model, architecture, &numbers, &mut reasons);
    }
    reasons
}

/// What candle's `GgmlDType::from_u32` reads and `qtensor_from_ggml` then loads (`Q8_1` and `Q8_K` fail there).
fn is_supported(tensor_type: TensorType) -> bool {
    use TensorType::*;
    matches!(
        tensor_type,
        F32 | F16 | Bf16 | Q4_0 | Q4_1 | Q5_0 | Q5_1 | Q8_0 | Q2K | Q3K | Q4K | Q5K | Q6K
    )
}

fn tokenizer(model: &Model, reasons: &mut Vec<Refusal>) {
    const MODEL: &str = "tokenizer.ggml.model";
    let mut needed = vec![(
        "tokenizer.ggml.tokens",
        ValueType::String,
        "a list of texts",
    )];
    match model.get(MODEL) {
        None => reasons.push(Refusal::MissingKey {
            key: MODEL.to_owned(),
        }),
        Some(value) => match value.as_str() {
            Some("llama") => needed.push((
                "tokenizer.ggml.scores",
                ValueType::F32,
                "a list of fractional numbers",
            )),
            Some("gpt2") => needed.push((
                "tokenizer.ggml.merges",
                ValueType::String,
                "a list of texts",
            )),
            Some(other) => {
                reasons.push(Refusal::Tokenizer {
                    model: other.to_owned(),
                });
                return;
            }
            None => reasons.push(wrong_type(MODEL, "a text", value)),
        },
    }
    for (key, element, expected) in needed {
        match model.get(key) {
            None => reasons.push(Refusal::MissingKey {
                key: key.to_owned(),
            }),
            Some(Value::Array(array)) if array.len > 0 && array.element == element => {}
            Some(other) => reasons.push(wrong_type(key, expected, other)),
        }
    }
    let key = "tokenizer.ggml.token_type";
    match model.get(key) {
        None => {}
        Some(Value::Array(array)) if array.element == ValueType::I32 => {}
        Some(other) => reasons.push(wrong_type(key, "a list of signed 32-bit numbers", other)),
    }
    let key = "tokenizer.ggml.eos_token_id";
    let tokens = model
        .array("tokenizer.ggml.tokens")
        .map_or(u64::MAX, |tokens| tokens.len);
    match model.get(key) {
        None => reasons.push(Refusal::MissingKey {
            key: key.to_owned(),
        }),
        Some(&Value::U32(id)) if u64::from(id) < tokens => {}
        Some(&Value::U32(id)) => reasons.push(Refusal::ImpossibleNumber {
            key: key.to_owned(),
            value: id.into(),
        }),
        Some(other) => reasons.push(wrong_type(key, "a 32-bit whole number", other)),
    }
}

fn wrong_type(key: &str, expected: &'static str, found: &Value) -> Refusal {
    Refusal::KeyType {
        key: key.to_owned(),
        expected,
        found: found.value_type(),
    }
}

fn cautions(model: &Model) -> Vec<Caution> {
    let mut cautions = Vec::new();
    cautions.extend(rope_scaling(model));
    let number = |key: &str| model.architecture_number(key).ok();
    if let (Some(window), Some(context)) =
        (number("attention.sliding_window"), number("context_length"))
        && (1..context).contains(&window)
    {
        cautions.push(Caution::SlidingWindowIgnored { window });
    }
    if let Some(experts) = number("expert_count").filter(|&experts| experts > 1) {
        cautions.push(Caution::SlowExperts { experts });
    }
    if !has_chat_template(model) {
        cautions.push(Caution::NoChatTemplate);
    }
    cautions
}

fn rope_scaling(model: &Model) -> Option<Caution> {
    let value = |key: &str| model.per_architecture(key);
    let stretches = |key: &str| {
        value(key)
            .and_then(Value::as_float)
            .is_some_and(|factor| factor > 1.0)
    };
    let scaling = value("rope.scaling.type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind != "none");
    // The loader of these two is patched to use the factors of Llama 3.1 and later (patch 0006).
    let uses_factors = matches!(model.architecture(), Some("llama" | "mistral3"));
    let factors = [
        ("rope_freqs.weight", !uses_factors),
        ("rope_factors_long.weight", true),
        ("rope_factors_short.weight", true),
    ];
    let scaled = scaling
        || stretches("rope.scaling.factor")
        || stretches("rope.scale_linear")
        || factors
            .iter()
            .any(|(name, ignored)| *ignored && model.tensor(name).is_some());
    scaled.then(|| Caution::RopeScalingIgnored {
        original_context_length: value("rope.scaling.original_context_length")
            .and_then(Value::as_unsigned),
    })
}
