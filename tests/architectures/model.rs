//! A file of an architecture, with random weights.

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};
use sirocco_testkit::BytePairVocabulary;

use crate::table::Architecture;

/// How large a model is.
#[derive(Clone, Copy)]
pub struct Size {
    /// Numbers for each token.
    pub embedding: u64,
    /// Inner numbers of a feed-forward network.
    pub feed_forward: u64,
    /// Tokens of context.
    pub context: u64,
    /// Weights lie within half of it around their middle.
    pub spread: f32,
    /// How matrices are stored: `F32`, or `Q8_0`, which holds the very same numbers.
    pub matrices: TensorType,
}

impl Size {
    /// Loads at once.
    pub const SMALL: Self = Self {
        embedding: 64,
        feed_forward: 128,
        context: 512,
        spread: 0.2,
        matrices: TensorType::F32,
    };

    fn head(self) -> u64 {
        self.embedding / HEADS
    }
}

const HEADS: u64 = 4;
const EXPERTS: u64 = 4;
const EXPERT: u64 = 64;
/// Of models with states instead of attention.
const INNER: u64 = 128;
const STATE: u64 = 16;
const RANK: u64 = 4;

/// The file of an architecture; without the one tensor that is named.
pub fn file(architecture: &Architecture, without: Option<&str>) -> Vec<u8> {
    file_of_size(architecture, without, Size::SMALL)
}

/// The same, of some size.
pub fn file_of_size(architecture: &Architecture, without: Option<&str>, size: Size) -> Vec<u8> {
    let key = |name: &str| format!("{}.{name}", architecture.name);
    let number = |value: u64| Field::U32(value as u32);
    let mut writer = Writer::new()
        .field("general.architecture", architecture.name)
        // Not the architecture: llama.cpp makes exceptions for vocabularies of models that are called after some.
        .field("general.name", "Random")
        .field("general.file_type", 0_u32)
        .field(key("context_length"), number(size.context))
        .field(key("embedding_length"), number(size.embedding))
        .field(key("block_count"), architecture.blocks)
        .field(key("feed_forward_length"), number(size.feed_forward))
        .field(key("attention.head_count"), number(HEADS))
        .field(key("attention.head_count_kv"), architecture.kv_heads)
        .field(key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
        .field(key("attention.layer_norm_epsilon"), 1e-6_f32)
        .field(key("rope.dimension_count"), number(size.head()))
        .field(key("rope.freq_base"), 10_000_f32)
        .field("tokenizer.ggml.token_type_count", 2_u32);
    for (name, value) in &architecture.keys {
        writer = writer.replace(&key(name), value.clone());
    }
    let (mut writer, tokens) = BytePairVocabulary::train().write(writer);
    let shapes = Shapes {
        size,
        tokens,
        kv: u64::from(architecture.kv_heads) * size.head(),
    };
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
                let mut values = weights(&name, dimensions.iter().product(), size.spread);
                if dimensions.len() == 2 {
                    values
                        .iter_mut()
                        .for_each(|value| *value = (*value / STEP).round() * STEP);
                }
                let (stored, data) = if dimensions.len() == 2 && size.matrices == TensorType::Q8_0 {
                    (size.matrices, in_8_bits(&values))
                } else {
                    (
                        TensorType::F32,
                        values
                            .iter()
                            .flat_map(|value| value.to_le_bytes())
                            .collect(),
                    )
                };
                writer = writer.tensor(name, dimensions, stored, data);
            }
        }
    }
    writer.build().expect("the dimensions add up")
}

struct Shapes {
    size: Size,
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
        let Size {
            embedding,
            feed_forward,
            context,
            ..
        } = self.size;
        let head = self.size.head();
        let expert = if other == Some("wide") {
            feed_forward
        } else {
            EXPERT
        };
        match (name, other) {
            ("token_embd" | "output", _) => vec![embedding, self.tokens],
            ("position_embd", _) => vec![embedding, context],
            ("token_types", _) => vec![embedding, 2],
            ("rope_freqs", _) => vec![head / 2],
            ("attn_q_norm" | "attn_k_norm", None) => vec![head],
            ("attn_k_norm", Some("half")) => vec![self.kv],
            (norm, _) if norm.ends_with("norm") => vec![embedding],
            ("attn_k" | "attn_v", _) => vec![embedding, self.kv],
            ("attn_qkv", _) => vec![embedding, embedding + 2 * self.kv],
            ("ffn_up", Some("double")) => vec![embedding, 2 * feed_forward],
            ("ffn_gate" | "ffn_up" | "ffn_gate_shexp" | "ffn_up_shexp", _) => {
                vec![embedding, feed_forward]
            }
            ("ffn_down" | "ffn_down_shexp", _) => vec![feed_forward, embedding],
            ("ffn_gate_inp", _) => vec![embedding, EXPERTS],
            ("ffn_gate_inp_shexp", _) => vec![embedding],
            ("ffn_gate_exps" | "ffn_up_exps", _) => vec![embedding, expert, EXPERTS],
            ("ffn_down_exps", _) => vec![expert, embedding, EXPERTS],
            ("shortconv.conv", _) => vec![3, embedding],
            ("shortconv.in_proj", _) => vec![embedding, 3 * embedding],
            ("ssm_in", _) => vec![embedding, 2 * INNER],
            ("ssm_conv1d", _) => vec![4, INNER],
            ("ssm_x", _) => vec![INNER, RANK + 2 * STATE],
            ("ssm_dt", _) => vec![RANK, INNER],
            ("ssm_a", _) => vec![STATE, INNER],
            ("ssm_d", _) => vec![INNER],
            ("ssm_out", _) => vec![INNER, embedding],
            ("attn_q" | "attn_output" | "shortconv.out_proj", _) => vec![embedding, embedding],
            _ => panic!("no dimensions are known for {name}"),
        }
    }
}

/// Norms around 1, states that fade, frequencies divided by some number, everything else around nothing.
fn weights(name: &str, count: u64, spread: f32) -> Vec<f32> {
    let centre = match name {
        _ if name.ends_with("norm.weight") => 1.0,
        _ if name.ends_with("ssm_a") => -1.0,
        _ if name.starts_with("rope_freqs") => 4.0,
        _ => 0.0,
    };
    // By its name, so that a tensor more or less changes no other.
    let mut seed = name
        .bytes()
        .fold(1, |seed, byte| next(seed ^ u64::from(byte)));
    (0..count)
        .map(|_| {
            seed = next(seed);
            let share = (seed >> 40) as f32 / (1_u32 << 24) as f32;
            centre + spread * (share - 0.5)
        })
        .collect()
}

/// Weights of matrices are so many steps: a power of two, and small enough for those below a quarter to fit into 8 bits.
const STEP: f32 = 1.0 / 512.0;
const STEP_IN_F16: u16 = (15 - 9) << 10;

/// Blocks of 32 with their scale.
fn in_8_bits(values: &[f32]) -> Vec<u8> {
    let block = |values: &[f32]| {
        let steps = values.iter().map(|value| (value / STEP) as i8 as u8);
        let bytes = STEP_IN_F16.to_le_bytes().into_iter().chain(steps);
        bytes.collect::<Vec<u8>>()
    };
    values.chunks(32).flat_map(block).collect()
}

/// The multiplier of Knuth's MMIX; its upper bits are random enough for weights.
pub fn next(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)
}
