//! What mistral.rs 0.8.1 (with candle 0.10.2) can load from GGUF on the processor.
//!
//! Most of what is refused here would be a panic or an abort there, not an error: an unknown architecture
//! (`gguf/content.rs:151`), missing or list-valued numbers (`utils/gguf_metadata.rs:29-60`, `pipeline/gguf.rs:333`),
//! a division by zero heads, dense weights where `models/quantized_{phi2,phi3,starcoder2}.rs` say `unreachable!()`.
//! The rest are the errors of `models/quantized_*.rs`, said before minutes of loading. The required keys and
//! tensors are those that these files ask for; a number must be of the very type they ask for.

use std::collections::BTreeSet;

use super::{Caution, Refusal, Verdict};
use crate::model::Model;
use crate::summary::{ModelKind, has_chat_template, tensor_types};
use crate::tensor::TensorType;
use crate::value::{Value, ValueType};

/// Bounds beyond which a number is a mistake or an attack: the runtime allocates from these without looking.
const MAX_BLOCKS: u64 = 1_024;
const MAX_HEADS: u64 = 4_096;
const MAX_EMBEDDING_LENGTH: u64 = 1 << 20;
const MAX_CONTEXT_LENGTH: u64 = 1 << 24;
const MAX_EXPERTS: u64 = 1_024;
/// The rotary base built into the phi2 and phi3 loaders.
const FIXED_ROTARY_BASE: f64 = 10_000.0;
/// Below this share of a file, slow tensor types are not worth a word.
const SLOW_PERCENT: u64 = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Architecture {
    /// `llama` and `mistral3`, which share a loader.
    Llama,
    Phi2,
    Phi3,
    Qwen2,
    Qwen3,
    Starcoder2,
}

impl Architecture {
    fn from_name(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "llama" | "mistral3" => Self::Llama,
            "phi2" => Self::Phi2,
            "phi3" => Self::Phi3,
            "qwen2" => Self::Qwen2,
            "qwen3" => Self::Qwen3,
            "starcoder2" => Self::Starcoder2,
            "qwen3moe" => {
                return Err(Refusal::NeedsGraphicsCard {
                    architecture: name.to_owned(),
                });
            }
            other => {
                return Err(Refusal::UnknownArchitecture {
                    architecture: other.to_owned(),
                });
            }
        })
    }

    fn epsilon_key(self) -> &'static str {
        match self {
            Self::Starcoder2 => "attention.layer_norm_epsilon",
            _ => "attention.layer_norm_rms_epsilon",
        }
    }

    fn needs_rotary_dimensions(self) -> bool {
        matches!(self, Self::Llama | Self::Phi2 | Self::Phi3)
    }

    /// Loaders that demand quantized matrices and an output matrix of its own.
    fn needs_quantized_matrices(self) -> bool {
        matches!(self, Self::Phi2 | Self::Phi3 | Self::Starcoder2)
    }

    /// Tensors of the whole model.
    fn global_tensors(self) -> &'static [&'static str] {
        match self {
            Self::Llama | Self::Qwen2 | Self::Qwen3 => &["token_embd.weight", "output_norm.weight"],
            Self::Phi3 => &["token_embd.weight", "output_norm.weight", "output.weight"],
            Self::Phi2 => &[
                "token_embd.weight",
                "output_norm.weight",
                "output_norm.bias",
                "output.weight",
                "output.bias",
            ],
            Self::Starcoder2 => &[
                "token_embd.weight",
                "output_norm.weight",
                "output_norm.bias",
                "output.weight",
            ],
        }
    }

    /// Matrices of every block; each needs a bias too where [`Self::has_biases`].
    fn block_matrices(self) -> &'static [&'static str] {
        match self {
            Self::Llama | Self::Qwen2 | Self::Qwen3 => &[
                "attn_q",
                "attn_k",
                "attn_v",
                "attn_output",
                "ffn_gate",
                "ffn_up",
                "ffn_down",
            ],
            Self::Phi2 | Self::Phi3 => &["attn_qkv", "attn_output", "ffn_up", "ffn_down"],
            Self::Starcoder2 => &[
                "attn_q",
                "attn_k",
                "attn_v",
                "attn_output",
                "ffn_up",
                "ffn_down",
            ],
        }
    }

    fn block_norms(self) -> &'static [&'static str] {
        match self {
            Self::Phi2 => &["attn_norm"],
            Self::Qwen3 => &["attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm"],
            _ => &["attn_norm", "ffn_norm"],
        }
    }

    fn has_biases(self) -> bool {
        matches!(self, Self::Phi2 | Self::Starcoder2)
    }
}

/// The numbers that shape a model.
struct Numbers {
    blocks: u64,
    embedding: u64,
    heads: u64,
    kv_heads: u64,
    head_length: u64,
    experts: u64,
}

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
    reasons.extend(unsupported_types(model));
    let shards = shards(model);
    let whole = shards.is_none();
    reasons.extend(shards);
    tokenizer(model, &mut reasons);
    if let Some(numbers) = numbers(model, architecture, &mut reasons)
        && whole
    {
        tensors(model, architecture, &numbers, &mut reasons);
    }
    reasons
}

fn shards(model: &Model) -> Option<Refusal> {
    let shards = model.shards();
    let expected = model.expected_shard_count();
    let found = shards.len() as u64;
    if found > 1 {
        let mut seen = BTreeSet::new();
        for shard in shards {
            let split = |key: &str| shard.header.unsigned(key);
            let own = shard.header.architecture();
            if split("split.count") != Some(expected)
                || split("split.no").is_none_or(|number| !seen.insert(number))
                || own.is_some_and(|own| Some(own) != model.architecture())
            {
                return Some(Refusal::MixedShards);
            }
        }
        let mut names = BTreeSet::new();
        if found > expected || !model.tensors().all(|tensor| names.insert(&tensor.name)) {
            return Some(Refusal::MixedShards);
        }
    }
    if found < expected {
        return Some(Refusal::MissingShards { found, expected });
    }
    let stated = model.unsigned("split.tensors.count");
    if expected > 1 && stated.is_some_and(|stated| stated != model.tensors().count() as u64) {
        return Some(Refusal::MixedShards);
    }
    None
}

/// What candle's `GgmlDType::from_u32` reads and `qtensor_from_ggml` then loads (`Q8_1` and `Q8_K` fail there).
fn is_supported(tensor_type: TensorType) -> bool {
    use TensorType::*;
    matches!(
        tensor_type,
        F32 | F16 | Bf16 | Q4_0 | Q4_1 | Q5_0 | Q5_1 | Q8_0 | Q2K | Q3K | Q4K | Q5K | Q6K
    )
}

/// One unreadable tensor type anywhere stops the whole file, even for a tensor that is never used.
fn unsupported_types(model: &Model) -> Option<Refusal> {
    let shares: Vec<_> = tensor_types(model)
        .into_iter()
        .filter(|share| !is_supported(share.tensor_type))
        .collect();
    (!shares.is_empty()).then(|| Refusal::UnsupportedTensorTypes {
        tensor_types: shares.iter().map(|share| share.tensor_type).collect(),
        tensors: shares.iter().map(|share| share.tensors).sum(),
    })
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

fn numbers(
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
    keys.fraction(architecture.epsilon_key(), true);
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
        && matches!(architecture, Architecture::Phi2 | Architecture::Phi3)
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
    match rotated {
        Some(rotated) if architecture == Architecture::Phi2 => {
            if rotated > head_length || !rotated.is_multiple_of(2) {
                keys.impossible("rope.dimension_count", rotated);
            }
        }
        Some(rotated) if rotated != head_length => {
            keys.reasons.push(Refusal::PartialRotary {
                rotated,
                head_length,
            });
        }
        _ => {}
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

fn tensors(
    model: &Model,
    architecture: Architecture,
    numbers: &Numbers,
    reasons: &mut Vec<Refusal>,
) {
    let mut missing = Missing {
        first: None,
        count: 0,
    };
    for &name in architecture.global_tensors() {
        missing.unless(model.tensor(name).is_some(), || name.to_owned());
    }
    for block in 0..numbers.blocks {
        for &matrix in architecture.block_matrices() {
            if numbers.experts > 1 && matrix.starts_with("ffn_") {
                experts_of(model, numbers, block, matrix, &mut missing);
                continue;
            }
            for part in parts(architecture) {
                let name = format!("blk.{block}.{matrix}.{part}");
                missing.unless(model.tensor(&name).is_some(), || name);
            }
        }
        if numbers.experts > 1 {
            let name = format!("blk.{block}.ffn_gate_inp.weight");
            missing.unless(model.tensor(&name).is_some(), || name);
        }
        for &norm in architecture.block_norms() {
            for part in parts(architecture) {
                let name = format!("blk.{block}.{norm}.{part}");
                missing.unless(model.tensor(&name).is_some(), || name);
            }
        }
    }
    if let Some(first) = missing.first {
        reasons.push(Refusal::MissingTensors {
            first,
            count: missing.count,
        });
        return;
    }
    if architecture.needs_quantized_matrices() {
        reasons.extend(dense_matrix(model, architecture, numbers.blocks));
    }
    reasons.extend(wrong_shape(model, architecture, numbers));
}

fn parts(architecture: Architecture) -> &'static [&'static str] {
    if architecture.has_biases() {
        &["weight", "bias"]
    } else {
        &["weight"]
    }
}

struct Missing {
    first: Option<String>,
    count: u64,
}

impl Missing {
    fn unless(&mut self, present: bool, name: impl FnOnce() -> String) {
        if !present {
            self.count += 1;
            self.first.get_or_insert_with(name);
        }
    }
}

/// The experts of a block lie in one tensor, or in one each in older files.
fn experts_of(model: &Model, numbers: &Numbers, block: u64, matrix: &str, missing: &mut Missing) {
    let fused = |matrix: &str| format!("blk.{block}.{matrix}_exps.weight");
    let single = |expert: u64| format!("blk.{block}.{matrix}.{expert}.weight");
    // The loader decides by the gate alone which of the two forms it reads.
    if model.tensor(&fused("ffn_gate")).is_some() || model.tensor(&single(0)).is_none() {
        missing.unless(model.tensor(&fused(matrix)).is_some(), || fused(matrix));
    } else {
        for expert in 0..numbers.experts {
            missing.unless(model.tensor(&single(expert)).is_some(), || single(expert));
        }
    }
}

fn dense_matrix(model: &Model, architecture: Architecture, blocks: u64) -> Option<Refusal> {
    let names = (0..blocks).flat_map(|block| {
        architecture
            .block_matrices()
            .iter()
            .map(move |matrix| format!("blk.{block}.{matrix}.weight"))
    });
    let dense = names
        .filter_map(|name| model.tensor(&name))
        .find(|tensor| tensor.tensor_type.is_dense_float())?;
    Some(Refusal::NotQuantized {
        architecture: model.architecture()?.to_owned(),
        tensor_type: dense.tensor_type,
    })
}

/// The first tensor whose dimensions contradict the numbers. A mismatch is an error or a panic in the first forward
/// pass, after the whole model has been loaded.
fn wrong_shape(model: &Model, architecture: Architecture, numbers: &Numbers) -> Option<Refusal> {
    let &Numbers {
        embedding,
        heads,
        kv_heads,
        head_length,
        ..
    } = numbers;
    let (query, key) = (heads * head_length, kv_heads * head_length);
    let check = |name: &str, expected: &[u64]| {
        let found = &model.tensor(name)?.dimensions;
        (found != expected).then(|| Refusal::TensorShape {
            tensor: name.to_owned(),
            expected: expected.to_vec(),
            found: found.clone(),
        })
    };

    let tokens = model
        .array("tokenizer.ggml.tokens")
        .map_or(0, |tokens| tokens.len);
    // The table may have spare rows, never too few.
    let rows = model
        .tensor("token_embd.weight")?
        .dimensions
        .get(1)
        .copied()
        .unwrap_or(0)
        .max(tokens);
    let whole = check("token_embd.weight", &[embedding, rows])
        .or_else(|| check("output.weight", &[embedding, rows]))
        .or_else(|| check("output_norm.weight", &[embedding]));
    whole.or_else(|| {
        (0..numbers.blocks).find_map(|block| {
            let at = |name: &str| format!("blk.{block}.{name}.weight");
            let inner = model
                .tensor(&at("ffn_down"))
                .and_then(|down| down.dimensions.first().copied());
            let widened = inner.map(|inner| {
                if architecture == Architecture::Phi3 {
                    inner * 2
                } else {
                    inner
                }
            });
            let feed_forward = || {
                let (inner, widened) = (inner?, widened?);
                check(&at("ffn_down"), &[inner, embedding])
                    .or_else(|| check(&at("ffn_up"), &[embedding, widened]))
                    .or_else(|| check(&at("ffn_gate"), &[embedding, inner]))
            };
            check(&at("attn_q"), &[embedding, query])
                .or_else(|| check(&at("attn_k"), &[embedding, key]))
                .or_else(|| check(&at("attn_v"), &[embedding, key]))
                .or_else(|| check(&at("attn_qkv"), &[embedding, query + 2 * key]))
                .or_else(|| check(&at("attn_output"), &[query, embedding]))
                .or_else(|| check(&at("attn_norm"), &[embedding]))
                .or_else(|| check(&at("ffn_norm"), &[embedding]))
                .or_else(|| check(&at("attn_q_norm"), &[head_length]))
                .or_else(|| check(&at("attn_k_norm"), &[head_length]))
                .or_else(feed_forward)
        })
    })
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
    cautions.extend(slow_types(model));
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
    let factors = [
        "rope_freqs.weight",
        "rope_factors_long.weight",
        "rope_factors_short.weight",
    ];
    let scaled = scaling
        || stretches("rope.scaling.factor")
        || stretches("rope.scale_linear")
        || factors.iter().any(|name| model.tensor(name).is_some());
    scaled.then(|| Caution::RopeScalingIgnored {
        original_context_length: value("rope.scaling.original_context_length")
            .and_then(Value::as_unsigned),
    })
}

/// candle has no x86 vector code for these three types (`quantized/k_quants.rs:278,379,485`).
fn slow_types(model: &Model) -> Option<Caution> {
    use TensorType::{Q4_1, Q5_0, Q5_1};
    let shares = tensor_types(model);
    let total: u128 = shares.iter().map(|share| u128::from(share.bytes)).sum();
    let slow: Vec<_> = shares
        .iter()
        .filter(|share| matches!(share.tensor_type, Q4_1 | Q5_0 | Q5_1))
        .collect();
    let bytes: u128 = slow.iter().map(|share| u128::from(share.bytes)).sum();
    let percent = (bytes * 100).checked_div(total)? as u64;
    (percent >= SLOW_PERCENT).then(|| Caution::SlowTensorTypes {
        tensor_types: slow.iter().map(|share| share.tensor_type).collect(),
        percent: percent as u8,
    })
}
