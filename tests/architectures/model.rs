//! A file of an architecture, with random weights.

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};
use sirocco_testkit::BytePairVocabulary;

use crate::table::Architecture;

const EMBEDDING: u64 = 64;
const FEED_FORWARD: u64 = 128;
const HEADS: u64 = 4;
const HEAD: u64 = EMBEDDING / HEADS;
const CONTEXT: u64 = 512;
const EXPERTS: u64 = 4;
const EXPERT: u64 = 64;
/// Of models with states instead of attention.
const INNER: u64 = 128;
const STATE: u64 = 16;
const RANK: u64 = 4;

/// The file of an architecture; without the one tensor that is named.
pub fn file(architecture: &Architecture, without: Option<&str>) -> Vec<u8> {
    let key = |name: &str| format!("{}.{name}", architecture.name);
    let number = |value: u64| Field::U32(value as u32);
    let mut writer = Writer::new()
        .field("general.architecture", architecture.name)
        // Not the architecture: llama.cpp makes exceptions for vocabularies of models that are called after some.
        .field("general.name", "Random")
        .field("general.file_type", 0_u32)
        .field(key("context_length"), number(CONTEXT))
        .field(key("embedding_length"), number(EMBEDDING))
        .field(key("block_count"), architecture.blocks)
        .field(key("feed_forward_length"), number(FEED_FORWARD))
        .field(key("attention.head_count"), number(HEADS))
        .field(key("attention.head_count_kv"), architecture.kv_heads)
        .field(key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
        .field(key("attention.layer_norm_epsilon"), 1e-6_f32)
        .field(key("rope.dimension_count"), number(HEAD))
        .field(key("rope.freq_base"), 10_000_f32)
        .field("tokenizer.ggml.token_type_count", 2_u32);
    for (name, value) in &architecture.keys {
        writer = writer.replace(&key(name), value.clone());
    }
    let (mut writer, tokens) = BytePairVocabulary::train().write(writer);
    let shapes = Shapes {
        tokens,
        kv: u64::from(architecture.kv_heads) * HEAD,
    };
    let mut seed = 1;
    let whole = std::iter::once("token_embd").chain(architecture.whole.split_whitespace());
    let blocks = (0..architecture.blocks).flat_map(|block| {
        let other = architecture.first.filter(|_| block == 0);
        let parts = other
            .unwrap_or(architecture.block.as_str())
            .split_whitespace();
        parts.map(move |part| (format!("blk.{block}."), part))
    });
    for (place, part) in whole.map(|part| (String::new(), part)).chain(blocks) {
        for (name, dimensions) in shapes.tensors(part) {
            let name = format!("{place}{name}");
            if without != Some(&name) {
                let data = weights(&name, dimensions.iter().product(), &mut seed);
                writer = writer.tensor(name, dimensions, TensorType::F32, data);
            }
        }
    }
    writer.build().expect("the dimensions add up")
}

struct Shapes {
    tokens: u64,
    kv: u64,
}

impl Shapes {
    /// Names and dimensions of a part as the table writes it.
    fn tensors(&self, part: &str) -> Vec<(String, Vec<u64>)> {
        if let Some(bare) = part.strip_suffix('=') {
            return vec![(bare.to_owned(), self.of(bare, None))];
        }
        let (part, has_bias) = match part.strip_suffix('+') {
            Some(part) => (part, true),
            None => (part, false),
        };
        let (name, other) = match part.split_once(':') {
            Some((name, other)) => (name, Some(other)),
            None => (part, None),
        };
        let dimensions = self.of(name, other);
        let bias = vec![dimensions[dimensions.len() - 1]];
        let mut tensors = vec![(format!("{name}.weight"), dimensions)];
        if has_bias {
            tensors.push((format!("{name}.bias"), bias));
        }
        tensors
    }

    fn of(&self, name: &str, other: Option<&str>) -> Vec<u64> {
        let expert = if other == Some("wide") {
            FEED_FORWARD
        } else {
            EXPERT
        };
        match (name, other) {
            ("token_embd" | "output", _) => vec![EMBEDDING, self.tokens],
            ("position_embd", _) => vec![EMBEDDING, CONTEXT],
            ("token_types", _) => vec![EMBEDDING, 2],
            ("attn_q_norm" | "attn_k_norm", None) => vec![HEAD],
            ("attn_k_norm", Some("half")) => vec![self.kv],
            (norm, _) if norm.ends_with("norm") => vec![EMBEDDING],
            ("attn_k" | "attn_v", _) => vec![EMBEDDING, self.kv],
            ("attn_qkv", _) => vec![EMBEDDING, EMBEDDING + 2 * self.kv],
            ("ffn_up", Some("double")) => vec![EMBEDDING, 2 * FEED_FORWARD],
            ("ffn_gate" | "ffn_up" | "ffn_gate_shexp" | "ffn_up_shexp", _) => {
                vec![EMBEDDING, FEED_FORWARD]
            }
            ("ffn_down" | "ffn_down_shexp", _) => vec![FEED_FORWARD, EMBEDDING],
            ("ffn_gate_inp", _) => vec![EMBEDDING, EXPERTS],
            ("ffn_gate_inp_shexp", _) => vec![EMBEDDING],
            ("ffn_gate_exps" | "ffn_up_exps", _) => vec![EMBEDDING, expert, EXPERTS],
            ("ffn_down_exps", _) => vec![expert, EMBEDDING, EXPERTS],
            ("shortconv.conv", _) => vec![3, EMBEDDING],
            ("shortconv.in_proj", _) => vec![EMBEDDING, 3 * EMBEDDING],
            ("ssm_in", _) => vec![EMBEDDING, 2 * INNER],
            ("ssm_conv1d", _) => vec![4, INNER],
            ("ssm_x", _) => vec![INNER, RANK + 2 * STATE],
            ("ssm_dt", _) => vec![RANK, INNER],
            ("ssm_a", _) => vec![STATE, INNER],
            ("ssm_d", _) => vec![INNER],
            ("ssm_out", _) => vec![INNER, EMBEDDING],
            ("attn_q" | "attn_output" | "shortconv.out_proj", _) => vec![EMBEDDING, EMBEDDING],
            _ => panic!("no dimensions are known for {name}"),
        }
    }
}

/// Norms around 1, states that fade, everything else around nothing.
fn weights(name: &str, count: u64, seed: &mut u64) -> Vec<u8> {
    let centre = match name {
        _ if name.ends_with("norm.weight") => 1.0,
        _ if name.ends_with("ssm_a") => -1.0,
        _ => 0.0,
    };
    (0..count)
        .flat_map(|_| {
            // The multiplier of Knuth's MMIX; its upper bits are random enough for weights.
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let share = (*seed >> 40) as f32 / (1_u32 << 24) as f32;
            (centre + 0.2 * (share - 0.5)).to_le_bytes()
        })
        .collect()
}
