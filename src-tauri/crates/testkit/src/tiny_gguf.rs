//! A model file of about 100 kB: right in every respect but what it says.

use std::path::Path;

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};

use crate::vocabulary::BytePairVocabulary;

/// 2^-9 as a half-precision float: with whole numbers of 8 bits, weights lie within a quarter of zero.
const SCALE: [u8; 2] = 0x1800_u16.to_le_bytes();

/// ChatML, as Qwen models bring it, without tools and default system prompt.
const CHAT_TEMPLATE: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] \
    + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// How to make the file. The same values give the same bytes.
#[derive(Clone, Debug)]
pub struct TinyModel {
    /// `general.name`.
    pub name: String,
    /// `general.architecture`: `llama`, or another name to have it refused.
    pub architecture: String,
    /// What the model claims to be trained for, in tokens.
    pub context_length: u32,
    /// Of the random weights.
    pub seed: u64,
    /// How a conversation is written.
    pub chat_template: String,
    /// How large it is.
    pub shape: Shape,
}

/// The numbers that make a model's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers per token between blocks; a multiple of the block of `tensor_type`, and of `heads`.
    pub embedding: u64,
    /// Numbers per token inside a block; a multiple of the block of `tensor_type`.
    pub feed_forward: u64,
    /// Attention heads.
    pub heads: u64,
    /// Heads that keys and values have.
    pub kv_heads: u64,
    /// Layers.
    pub blocks: u64,
    /// Of all matrices: `Q8_0`, `Q4K` or `F16`.
    pub tensor_type: TensorType,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            embedding: 64,
            feed_forward: 128,
            heads: 4,
            kv_heads: 2,
            blocks: 2,
            tensor_type: TensorType::Q8_0,
        }
    }
}

impl Default for TinyModel {
    fn default() -> Self {
        Self {
            name: "Tiny".into(),
            architecture: "llama".into(),
            context_length: 4096,
            seed: 1,
            chat_template: CHAT_TEMPLATE.into(),
            shape: Shape::default(),
        }
    }
}

impl TinyModel {
    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let Shape {
            embedding,
            feed_forward,
            heads,
            kv_heads,
            blocks,
            tensor_type,
        } = self.shape;
        let head_length = embedding / heads;
        let key = |name: &str| format!("{}.{name}", self.architecture);
        let number = |value: u64| Field::U32(value as u32);
        let writer = Writer::new()
            .field("general.architecture", self.architecture.as_str())
            .field("general.name", self.name.as_str())
            .field("general.file_type", file_type(tensor_type))
            .field(key("context_length"), self.context_length)
            .field(key("embedding_length"), number(embedding))
            .field(key("block_count"), number(blocks))
            .field(key("feed_forward_length"), number(feed_forward))
            .field(key("attention.head_count"), number(heads))
            .field(key("attention.head_count_kv"), number(kv_heads))
            .field(key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
            .field(key("rope.dimension_count"), number(head_length))
            .field(key("rope.freq_base"), 10_000_f32);
        let (mut writer, count) = BytePairVocabulary::train().write(writer);
        writer = writer.field("tokenizer.chat_template", self.chat_template.as_str());

        let mut random = Random(self.seed);
        let mut matrix = |writer: Writer, name: String, dimensions: [u64; 2]| {
            let data = random.weights(dimensions[0] * dimensions[1], tensor_type);
            writer.tensor(name, dimensions, tensor_type, data)
        };
        writer = matrix(writer, "token_embd.weight".into(), [embedding, count]);
        for block in 0..blocks {
            let (query, key) = (heads * head_length, kv_heads * head_length);
            for (name, dimensions) in [
                ("attn_q", [embedding, query]),
                ("attn_k", [embedding, key]),
                ("attn_v", [embedding, key]),
                ("attn_output", [query, embedding]),
                ("ffn_gate", [embedding, feed_forward]),
                ("ffn_up", [embedding, feed_forward]),
                ("ffn_down", [feed_forward, embedding]),
            ] {
                writer = matrix(writer, format!("blk.{block}.{name}.weight"), dimensions);
            }
            for name in ["attn_norm", "ffn_norm"] {
                writer = ones(writer, format!("blk.{block}.{name}.weight"), embedding);
            }
        }
        writer = ones(writer, "output_norm.weight".into(), embedding);
        matrix(writer, "output.weight".into(), [embedding, count])
            .build()
            .expect("the dimensions above add up")
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.bytes())
    }
}

fn ones(writer: Writer, name: String, length: u64) -> Writer {
    let data = (0..length).flat_map(|_| 1_f32.to_le_bytes()).collect();
    writer.tensor(name, [length], TensorType::F32, data)
}

/// `general.file_type` of a file whose matrices have this type.
fn file_type(tensor_type: TensorType) -> u32 {
    match tensor_type {
        TensorType::F16 => 1,
        TensorType::Q4K => 14,
        _ => 7,
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Blocks of equal scale and random whole numbers.
    fn weights(&mut self, elements: u64, tensor_type: TensorType) -> Vec<u8> {
        let mut data = Vec::new();
        match tensor_type {
            // A sign, an exponent that makes it small, and ten random bits.
            TensorType::F16 => {
                for _ in 0..elements / 4 {
                    let bits = self.next() & 0x83ff_83ff_83ff_83ff | 0x2000_2000_2000_2000;
                    data.extend(bits.to_le_bytes());
                }
            }
            // Scale, scale of the minima, 12 bytes of scales of parts, 256 numbers of 4 bits.
            TensorType::Q4K => {
                for _ in 0..elements / 256 {
                    data.extend(SCALE);
                    data.extend(SCALE);
                    data.extend([0x11; 12]);
                    self.fill(&mut data, 16);
                }
            }
            // Scale, 32 numbers of 8 bits.
            _ => {
                for _ in 0..elements / 32 {
                    data.extend(SCALE);
                    self.fill(&mut data, 4);
                }
            }
        }
        data
    }

    fn fill(&mut self, data: &mut Vec<u8>, words: usize) {
        for _ in 0..words {
            data.extend(self.next().to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use sirocco_gguf::{Model, Runtime, Verdict, verdict};

    use super::*;

    fn open(model: &TinyModel) -> Model {
        let bytes = model.bytes();
        let header =
            sirocco_gguf::read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64)
                .unwrap();
        Model::from_header(header)
    }

    #[test]
    fn the_gate_lets_it_pass_without_a_word() {
        let verdict = verdict(&open(&TinyModel::default()), Runtime::MistralRs);
        assert_eq!(
            verdict,
            Verdict::Runs {
                cautions: Vec::new()
            }
        );
    }

    #[test]
    fn another_architecture_is_refused() {
        let model = TinyModel {
            architecture: "gemma3".into(),
            ..TinyModel::default()
        };
        assert!(!verdict(&open(&model), Runtime::MistralRs).runs());
    }

    #[test]
    fn every_shape_passes_the_gate() {
        for tensor_type in [TensorType::Q4K, TensorType::F16, TensorType::Q8_0] {
            let model = TinyModel {
                shape: Shape {
                    embedding: 256,
                    feed_forward: 512,
                    tensor_type,
                    ..Shape::default()
                },
                ..TinyModel::default()
            };
            assert!(
                verdict(&open(&model), Runtime::MistralRs).runs(),
                "{tensor_type}"
            );
        }
    }

    #[test]
    fn a_seed_changes_weights_only() {
        let (one, two) = (
            TinyModel::default().bytes(),
            TinyModel {
                seed: 2,
                ..TinyModel::default()
            }
            .bytes(),
        );
        assert_eq!(one.len(), two.len());
        assert_ne!(one, two);
    }
}
