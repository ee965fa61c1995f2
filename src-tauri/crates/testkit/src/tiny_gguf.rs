//! A model file of about 100 kB: right in every respect but what it says.

use std::path::Path;

use sirocco_gguf::TensorType;
use sirocco_gguf::writer::{Field, Writer};

use crate::vocabulary::BytePairVocabulary;

const EMBEDDING: u64 = 64;
const FEED_FORWARD: u64 = 128;
const HEADS: u64 = 4;
const KV_HEADS: u64 = 2;
const HEAD_LENGTH: u64 = EMBEDDING / HEADS;
const BLOCKS: u64 = 2;

/// Elements of a Q8_0 block, after its two-byte scale.
const Q8_0_BLOCK: u64 = 32;
/// 2^-9 as a half-precision float: weights lie within a quarter of zero.
const Q8_0_SCALE: u16 = 0x1800;

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
}

impl Default for TinyModel {
    fn default() -> Self {
        Self {
            name: "Tiny".into(),
            architecture: "llama".into(),
            context_length: 4096,
            seed: 1,
            chat_template: CHAT_TEMPLATE.into(),
        }
    }
}

impl TinyModel {
    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let BytePairVocabulary { mut tokens, merges } = BytePairVocabulary::train();
        let plain = tokens.len();
        tokens.extend(["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(str::to_owned));
        let types = (0..tokens.len()).map(|id| if id < plain { 1 } else { 3 });
        let count = tokens.len() as u64;
        let key = |name: &str| format!("{}.{name}", self.architecture);
        let number = |value: u64| Field::U32(value as u32);
        let mut writer = Writer::new()
            .field("general.architecture", self.architecture.as_str())
            .field("general.name", self.name.as_str())
            .field("general.file_type", 7_u32)
            .field(key("context_length"), self.context_length)
            .field(key("embedding_length"), number(EMBEDDING))
            .field(key("block_count"), number(BLOCKS))
            .field(key("feed_forward_length"), number(FEED_FORWARD))
            .field(key("attention.head_count"), number(HEADS))
            .field(key("attention.head_count_kv"), number(KV_HEADS))
            .field(key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
            .field(key("rope.dimension_count"), number(HEAD_LENGTH))
            .field(key("rope.freq_base"), 10_000_f32)
            .field("tokenizer.ggml.model", "gpt2")
            .field("tokenizer.ggml.pre", "qwen2")
            .field("tokenizer.ggml.token_type", Field::integers(types))
            .field("tokenizer.ggml.tokens", Field::strings(tokens))
            .field("tokenizer.ggml.merges", Field::strings(merges))
            .field("tokenizer.ggml.bos_token_id", number(count - 3))
            .field("tokenizer.ggml.eos_token_id", number(count - 1))
            .field("tokenizer.ggml.padding_token_id", number(count - 3))
            .field("tokenizer.ggml.add_bos_token", false)
            .field("tokenizer.chat_template", self.chat_template.as_str());

        let mut random = Random(self.seed);
        let mut matrix = |writer: Writer, name: String, dimensions: [u64; 2]| {
            let data = random.q8_0(dimensions[0] * dimensions[1]);
            writer.tensor(name, dimensions, TensorType::Q8_0, data)
        };
        writer = matrix(writer, "token_embd.weight".into(), [EMBEDDING, count]);
        for block in 0..BLOCKS {
            let (query, key) = (HEADS * HEAD_LENGTH, KV_HEADS * HEAD_LENGTH);
            for (name, dimensions) in [
                ("attn_q", [EMBEDDING, query]),
                ("attn_k", [EMBEDDING, key]),
                ("attn_v", [EMBEDDING, key]),
                ("attn_output", [query, EMBEDDING]),
                ("ffn_gate", [EMBEDDING, FEED_FORWARD]),
                ("ffn_up", [EMBEDDING, FEED_FORWARD]),
                ("ffn_down", [FEED_FORWARD, EMBEDDING]),
            ] {
                writer = matrix(writer, format!("blk.{block}.{name}.weight"), dimensions);
            }
            for name in ["attn_norm", "ffn_norm"] {
                writer = ones(writer, format!("blk.{block}.{name}.weight"));
            }
        }
        writer = ones(writer, "output_norm.weight".into());
        matrix(writer, "output.weight".into(), [EMBEDDING, count])
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

fn ones(writer: Writer, name: String) -> Writer {
    let data = (0..EMBEDDING).flat_map(|_| 1_f32.to_le_bytes()).collect();
    writer.tensor(name, [EMBEDDING], TensorType::F32, data)
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
    fn q8_0(&mut self, elements: u64) -> Vec<u8> {
        let mut data = Vec::new();
        for _ in 0..elements / Q8_0_BLOCK {
            data.extend(Q8_0_SCALE.to_le_bytes());
            for _ in 0..Q8_0_BLOCK / 8 {
                data.extend(self.next().to_le_bytes());
            }
        }
        data
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
