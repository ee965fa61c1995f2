//! A BERT: its weights, its file, and what it makes of a text, computed plainly in 64 bits.
//!
//! Devlin et al., 2018, as the models of sentence-transformers use it: learned positions, the norm behind each step, GELU,
//! and the vectors of all tokens of a text brought to one.

use std::collections::BTreeMap;

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};

/// How the vectors of tokens become that of a text: `enum llama_pooling_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    None = 0,
    Mean = 1,
    First = 2,
    Last = 3,
}

/// The numbers of its size.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub embedding: usize,
    pub feed_forward: usize,
    pub heads: usize,
    pub blocks: usize,
    pub positions: usize,
}

/// A model.
pub struct Bert {
    pub size: Size,
    /// `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]` among them; pieces inside words begin with `##`.
    pub tokens: Vec<String>,
    /// By the names of GGUF; of a matrix one row after the other, a row for each number that comes out.
    pub weights: BTreeMap<String, Vec<f32>>,
}

const EPSILON: f64 = 1e-12;

impl Bert {
    /// Random weights, the same for the same seed.
    pub fn random(size: Size, tokens: Vec<String>, mut seed: u64) -> Self {
        let mut weights = BTreeMap::new();
        for (name, dimensions) in tensors(&size, tokens.len()) {
            let is_norm = name.ends_with("norm.weight");
            let count: usize = dimensions.iter().product();
            let numbers = (0..count).map(|_| f32::from(is_norm) + 0.3 * random(&mut seed));
            weights.insert(name, numbers.collect());
        }
        Self {
            size,
            tokens,
            weights,
        }
    }

    /// Its file.
    pub fn file(&self, pooling: Pooling) -> Vec<u8> {
        let number = |value: usize| Field::U32(value as u32);
        let id = |token: &str| number(self.id(token));
        let pieces = self.tokens.iter().map(|token| piece(token));
        let kinds = self
            .tokens
            .iter()
            .map(|token| if is_control(token) { 3 } else { 1 });
        let mut writer = Writer::new()
            .field("general.architecture", "bert")
            .field("general.name", "Tiny BERT")
            .field("general.file_type", 0_u32)
            .field("bert.context_length", number(self.size.positions))
            .field("bert.embedding_length", number(self.size.embedding))
            .field("bert.block_count", number(self.size.blocks))
            .field("bert.feed_forward_length", number(self.size.feed_forward))
            .field("bert.attention.head_count", number(self.size.heads))
            .field("bert.attention.layer_norm_epsilon", EPSILON as f32)
            .field("bert.attention.causal", false)
            .field("tokenizer.ggml.model", "bert")
            .field("tokenizer.ggml.token_type_count", 2_u32)
            .field("tokenizer.ggml.tokens", Field::strings(pieces))
            .field("tokenizer.ggml.token_type", Field::integers(kinds))
            .field("tokenizer.ggml.bos_token_id", id("[CLS]"))
            .field("tokenizer.ggml.cls_token_id", id("[CLS]"))
            .field("tokenizer.ggml.unknown_token_id", id("[UNK]"))
            .field("tokenizer.ggml.seperator_token_id", id("[SEP]"))
            .field("tokenizer.ggml.padding_token_id", id("[PAD]"))
            .field("tokenizer.ggml.mask_token_id", id("[MASK]"));
        if pooling != Pooling::None {
            writer = writer.field("bert.pooling_type", number(pooling as usize));
        }
        for (name, dimensions) in tensors(&self.size, self.tokens.len()) {
            let data = self.weights[&name]
                .iter()
                .flat_map(|value| value.to_le_bytes());
            let dimensions: Vec<u64> = dimensions.iter().map(|length| *length as u64).collect();
            writer = writer.tensor(name, dimensions, TensorType::F32, data.collect());
        }
        writer.build().expect("the dimensions add up")
    }

    /// The id of a token.
    pub fn id(&self, token: &str) -> usize {
        let found = self.tokens.iter().position(|one| one == token);
        found.unwrap_or_else(|| panic!("the vocabulary has no {token}"))
    }

    /// The vector of a text, of length 1.
    pub fn vector(&self, tokens: &[u32], pooling: Pooling) -> Vec<f64> {
        let mut states: Vec<Vec<f64>> = tokens
            .iter()
            .enumerate()
            .map(|(position, token)| {
                let mut state = self.row("token_embd.weight", *token as usize);
                add(&mut state, &self.row("token_types.weight", 0));
                add(&mut state, &self.row("position_embd.weight", position));
                self.norm("token_embd_norm", &state)
            })
            .collect();
        for block in 0..self.size.blocks {
            let name = |part: &str| format!("blk.{block}.{part}");
            let attended = self.attend(&name("attn"), &states);
            for (state, attended) in states.iter_mut().zip(attended) {
                add(state, &self.linear(&name("attn_output"), &attended));
                *state = self.norm(&name("attn_output_norm"), state);
                let mut inner = self.linear(&name("ffn_up"), state);
                inner.iter_mut().for_each(|value| *value = gelu(*value));
                add(state, &self.linear(&name("ffn_down"), &inner));
                *state = self.norm(&name("layer_output_norm"), state);
            }
        }
        let pooled = match pooling {
            Pooling::None | Pooling::Mean => {
                let mut sum = vec![0.0; self.size.embedding];
                states.iter().for_each(|state| add(&mut sum, state));
                sum
            }
            Pooling::First => states[0].clone(),
            Pooling::Last => states[states.len() - 1].clone(),
        };
        let length = dot(&pooled, &pooled).sqrt();
        pooled.iter().map(|value| value / length).collect()
    }

    /// What each token takes from all others.
    fn attend(&self, name: &str, states: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let all = |part: &str| -> Vec<Vec<f64>> {
            let matrix = format!("{name}_{part}");
            states
                .iter()
                .map(|state| self.linear(&matrix, state))
                .collect()
        };
        let (queries, keys, values) = (all("q"), all("k"), all("v"));
        let head = self.size.embedding / self.size.heads;
        queries
            .iter()
            .map(|query| {
                let mut taken = Vec::with_capacity(self.size.embedding);
                for from in (0..self.size.embedding).step_by(head) {
                    let part = from..from + head;
                    let scores = keys
                        .iter()
                        .map(|key| dot(&query[part.clone()], &key[part.clone()]))
                        .map(|score| (score / (head as f64).sqrt()).exp());
                    let scores: Vec<f64> = scores.collect();
                    let total: f64 = scores.iter().sum();
                    let mut sum = vec![0.0; head];
                    for (score, value) in scores.iter().zip(&values) {
                        let share = value[part.clone()]
                            .iter()
                            .map(|value| value * score / total);
                        add(&mut sum, &share.collect::<Vec<_>>());
                    }
                    taken.extend(sum);
                }
                taken
            })
            .collect()
    }

    fn linear(&self, name: &str, input: &[f64]) -> Vec<f64> {
        let matrix = &self.weights[&format!("{name}.weight")];
        let bias = &self.weights[&format!("{name}.bias")];
        matrix
            .chunks_exact(input.len())
            .zip(bias)
            .map(|(row, bias)| {
                let products = row.iter().zip(input).map(|(a, b)| f64::from(*a) * b);
                products.sum::<f64>() + f64::from(*bias)
            })
            .collect()
    }

    fn norm(&self, name: &str, state: &[f64]) -> Vec<f64> {
        let count = state.len() as f64;
        let mean = state.iter().sum::<f64>() / count;
        let variance = state
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / count;
        let (weight, bias) = (
            self.row(&format!("{name}.weight"), 0),
            self.row(&format!("{name}.bias"), 0),
        );
        let scale = (variance + EPSILON).sqrt().recip();
        let each = state.iter().zip(weight.iter().zip(&bias));
        each.map(|(value, (weight, bias))| (value - mean) * scale * weight + bias)
            .collect()
    }

    fn row(&self, name: &str, index: usize) -> Vec<f64> {
        let width = self.size.embedding;
        let row = &self.weights[name][index * width..][..width];
        row.iter().map(|value| f64::from(*value)).collect()
    }
}

/// Names and dimensions, the length of a row first.
pub fn tensors(size: &Size, tokens: usize) -> Vec<(String, Vec<usize>)> {
    let Size {
        embedding,
        feed_forward,
        ..
    } = *size;
    let mut all = vec![
        ("token_embd.weight".into(), vec![embedding, tokens]),
        ("token_types.weight".into(), vec![embedding, 2]),
        (
            "position_embd.weight".into(),
            vec![embedding, size.positions],
        ),
        ("token_embd_norm.weight".into(), vec![embedding]),
        ("token_embd_norm.bias".into(), vec![embedding]),
    ];
    for block in 0..size.blocks {
        for (part, input, output) in [
            ("attn_q", embedding, embedding),
            ("attn_k", embedding, embedding),
            ("attn_v", embedding, embedding),
            ("attn_output", embedding, embedding),
            ("ffn_up", embedding, feed_forward),
            ("ffn_down", feed_forward, embedding),
        ] {
            all.push((format!("blk.{block}.{part}.weight"), vec![input, output]));
            all.push((format!("blk.{block}.{part}.bias"), vec![output]));
        }
        for part in ["attn_output_norm", "layer_output_norm"] {
            all.push((format!("blk.{block}.{part}.weight"), vec![embedding]));
            all.push((format!("blk.{block}.{part}.bias"), vec![embedding]));
        }
    }
    all
}

pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], more: &[f64]) {
    to.iter_mut().zip(more).for_each(|(to, more)| *to += more);
}

/// As BERT has it, with the error function and not its usual short cut.
fn gelu(value: f64) -> f64 {
    let z = value.abs() / std::f64::consts::SQRT_2;
    // Abramowitz and Stegun, 7.1.26: right to 1.5e-7.
    let t = (1.0 + 0.327_591_1 * z).recip();
    let series = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let polynomial = series.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    let error = (1.0 - polynomial * (-z * z).exp()).copysign(value);
    0.5 * value * (1.0 + error)
}

fn is_control(token: &str) -> bool {
    token.starts_with('[') && token.ends_with(']')
}

/// A token as GGUF has it: what begins a word is marked, what goes on is not.
fn piece(token: &str) -> String {
    match token.strip_prefix("##") {
        Some(rest) => rest.to_owned(),
        None if is_control(token) => token.to_owned(),
        None => format!("\u{2581}{token}"),
    }
}

/// Between -1 and 1: SplitMix64 (Steele, Lea and Flood, 2014).
fn random(seed: &mut u64) -> f32 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
}
