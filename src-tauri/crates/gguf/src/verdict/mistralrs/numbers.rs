//! The numbers that shape a model: there, of the type the loader asks for, and possible.

use super::architecture::{Architecture, LAYER_NORM_EPSILON};
use super::wrong_type;
use crate::model::Model;
use crate::value::Value;
use crate::verdict::Refusal;

/// Bounds beyond which a number is a mistake or an attack: the runtime allocates from these without looking.
const MAX_BLOCKS: u64 = 1_024;
const MAX_HEADS: u64 = 4_096;
const MAX_EMBEDDING_LENGTH: u64 = 1 << 20;
const MAX_CONTEXT_LENGTH: u64 = 1 << 24;
const MAX_EXPERTS: u64 = 1_024;
/// The rotary base built into the phi2 loader; that of phi3 is patched to read the file's (patch 0006).
const FIXED_ROTARY_BASE: f64 = 10_000.0;

/// The numbers that shape a model.
pub(super) struct Numbers {
    pub blocks: u64,
    pub embedding: u64,
    pub heads: u64,
    pub kv_heads: u64,
    pub head_length: u64,
    pub experts: u64,
}

/// Looks metadata up under the architecture's name and notes what is wrong with it.
struct Keys<'a> {
    model: &'a Model,
    prefix: &'a str,
    reasons: &'a mut Vec<Refusal>,
}

impl Keys<'_> {
    fn full(&self, key: &str) -> String {
        format!("{}.{key}", self.prefix)
    }

    /// A number that must be there, of the 32-bit type, between 1 and `limit`.
    fn number(&mut self, key: &str, limit: u64) -> Option<u64> {
        let key = self.full(key);
        let problem = match self.model.get(&key) {
            None => Refusal::MissingKey { key },
            Some(&Value::U32(number)) if (1..=limit).contains(&u64::from(number)) => {
                return Some(number.into());
            }
            Some(&Value::U32(number)) => Refusal::ImpossibleNumber {
                key,
                value: number.into(),
            },
            Some(other) => wrong_type(&key, "a single 32-bit whole number", other),
        };
        self.reasons.push(problem);
        None
    }

    fn impossible(&mut self, key: &str, value: u64) {
        let key = self.full(key);
        self.reasons.push(Refusal::ImpossibleNumber { key, value });
    }

    /// A number that may be missing.
    fn optional(&mut self, key: &str, limit: u64) -> Option<u64> {
        let present = self.model.get(&self.full(key)).is_some();
        if present {
            self.number(key, limit)
        } else {
            None
        }
    }

    fn fraction(&mut self, key: &str, required: bool) -> Option<f64> {
        let key = self.full(key);
        match self.model.get(&key) {
            Some(&Value::F32(number)) => return Some(number.into()),
            None if required => self.reasons.push(Refusal::MissingKey { key }),
            None => {}
            Some(other) => self
                .reasons
                .push(wrong_type(&key, "a 32-bit fractional number", other)),
        }
        None
    }
}

pub(super) fn numbers(
    model: &Model,
    architecture: Architecture,
    reasons: &mut Vec<Refusal>,
) -> Option<Numbers> {
    let before = reasons.len();
    let mut keys = Keys {
        model,
        prefix: model.architecture()?,
        reasons,
    };

    let blocks = keys.number("block_count", MAX_BLOCKS);
    let embedding = keys.number("embedding_length", MAX_EMBEDDING_LENGTH);
    let heads = keys.number("attention.head_count", MAX_HEADS);
    let kv_heads = keys.number("attention.head_count_kv", MAX_HEADS);
    context_length(&mut keys, architecture);
    epsilon(&mut keys, architecture);
    if architecture == Architecture::Phi3 {
        keys.number("feed_forward_length", MAX_EMBEDDING_LENGTH);
    }
    let rotated = if architecture.needs_rotary_dimensions() {
        keys.number("rope.dimension_count", MAX_EMBEDDING_LENGTH)
    } else {
        None
    };
    let base = keys.fraction("rope.freq_base", false);
    if let Some(wanted) = base
        && architecture == Architecture::Phi2
        && wanted != FIXED_ROTARY_BASE
    {
        keys.reasons.push(Refusal::RotaryBase {
            wanted,
            fixed: FIXED_ROTARY_BASE,
        });
    }
    let experts = match architecture {
        Architecture::Llama => expert_count(&mut keys),
        _ => 0,
    };

    let (blocks, embedding, heads, kv_heads) = (blocks?, embedding?, heads?, kv_heads?);
    if !heads.is_multiple_of(kv_heads) {
        keys.impossible("attention.head_count_kv", kv_heads);
    }
    let stated = matches!(
        architecture,
        Architecture::Llama | Architecture::Qwen2 | Architecture::Qwen3
    );
    let key_length = if stated {
        keys.optional("attention.key_length", MAX_EMBEDDING_LENGTH)
    } else {
        None
    };
    let value_length = if stated {
        keys.optional("attention.value_length", MAX_EMBEDDING_LENGTH)
    } else {
        None
    };
    if key_length.is_none() && !embedding.is_multiple_of(heads) {
        keys.impossible("attention.head_count", heads);
    }
    let head_length = key_length.unwrap_or(embedding / heads);
    let value_length = value_length.unwrap_or(embedding / heads);
    if head_length != value_length {
        keys.reasons.push(Refusal::UnequalHeadLengths {
            key_length: head_length,
            value_length,
        });
    }
    if let Some(rotated) = rotated {
        let partial = architecture == Architecture::Phi2;
        if partial && (rotated > head_length || !rotated.is_multiple_of(2)) {
            keys.impossible("rope.dimension_count", rotated);
        } else if !partial && rotated != head_length {
            keys.reasons.push(Refusal::PartialRotary {
                rotated,
                head_length,
            });
        }
    }
    if !head_length.is_multiple_of(2) {
        keys.impossible("attention.head_count", heads);
    }
    (keys.reasons.len() == before).then_some(Numbers {
        blocks,
        embedding,
        heads,
        kv_heads,
        head_length,
        experts,
    })
}

/// Phi-2 has layer norms, so its files state their epsilon; `models/quantized_phi2.rs:199` asks for that of RMS norms.
fn epsilon(keys: &mut Keys<'_>, architecture: Architecture) {
    let needed = keys.full(architecture.epsilon_key());
    let stated = keys.full(LAYER_NORM_EPSILON);
    let is_stated = |key: &str| keys.model.get(key).is_some();
    if architecture == Architecture::Phi2 && !is_stated(&needed) && is_stated(&stated) {
        keys.reasons
            .push(Refusal::KeyUnderOtherName { needed, stated });
    } else {
        keys.fraction(architecture.epsilon_key(), true);
    }
}

/// phi3 and starcoder2 ask for the 32-bit type, the others take any that is not signed.
fn context_length(keys: &mut Keys<'_>, architecture: Architecture) {
    const KEY: &str = "context_length";
    let exact = matches!(architecture, Architecture::Phi3 | Architecture::Starcoder2);
    match keys.model.get(&keys.full(KEY)) {
        Some(value @ (Value::U8(_) | Value::U16(_) | Value::U64(_))) if !exact => {
            let number = value.as_unsigned().unwrap_or(0);
            if !(1..=MAX_CONTEXT_LENGTH).contains(&number) {
                keys.impossible(KEY, number);
            }
        }
        _ => {
            keys.number(KEY, MAX_CONTEXT_LENGTH);
        }
    }
}

/// Zero where the model is not a mixture of experts.
fn expert_count(keys: &mut Keys<'_>) -> u64 {
    let count = match keys.model.get(&keys.full("expert_count")) {
        None | Some(Value::U32(0)) => return 0,
        Some(_) => keys.number("expert_count", MAX_EXPERTS).unwrap_or(0),
    };
    if count > 1
        && let Some(used) = keys.number("expert_used_count", MAX_EXPERTS)
        && used > count
    {
        keys.impossible("expert_used_count", used);
    }
    count
}
