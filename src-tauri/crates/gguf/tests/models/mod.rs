//! Small but complete models of every architecture, and hostile headers byte by byte.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Cursor;

use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{Header, HeaderError, Model, TensorType, read_header};

pub const EMBEDDING: u64 = 256;
pub const HEADS: u64 = 4;
pub const KV_HEADS: u64 = 2;
pub const HEAD_LENGTH: u64 = EMBEDDING / HEADS;
pub const FEED_FORWARD: u64 = 512;
pub const TOKENS: u64 = 40;

pub fn parse(bytes: &[u8]) -> Result<Header, HeaderError> {
    read_header(&mut Cursor::new(bytes), bytes.len() as u64)
}

pub fn model(writer: &Writer) -> Model {
    let bytes = writer.build().expect("a file that adds up");
    Model::from_header(parse(&bytes).expect("a sound header"))
}

/// A vocabulary and the keys that every architecture shares.
pub fn base(architecture: &str) -> Writer {
    let key = |name: &str| format!("{architecture}.{name}");
    let tokens: Vec<String> = (0..TOKENS).map(|id| format!("token{id}")).collect();
    Writer::new()
        .field("general.architecture", architecture)
        .field("general.name", "Tiny")
        .field("general.file_type", 15_u32)
        .field(key("context_length"), 2048_u32)
        .field(key("embedding_length"), EMBEDDING as u32)
        .field(key("block_count"), 2_u32)
        .field(key("feed_forward_length"), FEED_FORWARD as u32)
        .field(key("attention.head_count"), HEADS as u32)
        .field(key("attention.head_count_kv"), KV_HEADS as u32)
        .field(key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
        .field(key("attention.layer_norm_epsilon"), 1e-6_f32)
        .field(key("rope.dimension_count"), HEAD_LENGTH as u32)
        .field("tokenizer.ggml.model", "gpt2")
        .field("tokenizer.ggml.tokens", Field::strings(tokens))
        .field("tokenizer.ggml.merges", Field::strings(["t o", "to k"]))
        .field(
            "tokenizer.ggml.token_type",
            Field::integers((0..TOKENS).map(|_| 1)),
        )
        .field("tokenizer.ggml.eos_token_id", 2_u32)
        .field("tokenizer.chat_template", "{{ messages }}")
}

/// A model of the architecture that mistral.rs would load.
pub fn complete(architecture: &str) -> Writer {
    let (query, key) = (HEADS * HEAD_LENGTH, KV_HEADS * HEAD_LENGTH);
    let mut matrices = match architecture {
        "phi2" | "phi3" => vec![("attn_qkv", [EMBEDDING, query + 2 * key])],
        _ => vec![
            ("attn_q", [EMBEDDING, query]),
            ("attn_k", [EMBEDDING, key]),
            ("attn_v", [EMBEDDING, key]),
        ],
    };
    let widened = if architecture == "phi3" {
        2 * FEED_FORWARD
    } else {
        FEED_FORWARD
    };
    matrices.extend([
        ("attn_output", [query, EMBEDDING]),
        ("ffn_up", [EMBEDDING, widened]),
        ("ffn_down", [FEED_FORWARD, EMBEDDING]),
    ]);
    if matches!(architecture, "llama" | "mistral3" | "qwen2" | "qwen3") {
        matrices.push(("ffn_gate", [EMBEDDING, FEED_FORWARD]));
    }
    let mut norms = vec![("attn_norm", EMBEDDING), ("ffn_norm", EMBEDDING)];
    if architecture == "qwen3" {
        norms.extend([("attn_q_norm", HEAD_LENGTH), ("attn_k_norm", HEAD_LENGTH)]);
    }

    let mut writer = base(architecture)
        .zeros("token_embd.weight", [EMBEDDING, TOKENS], TensorType::Q4K)
        .zeros("output_norm.weight", [EMBEDDING], TensorType::F32)
        .zeros("output_norm.bias", [EMBEDDING], TensorType::F32);
    if matches!(architecture, "phi2" | "phi3" | "starcoder2") {
        writer = writer
            .zeros("output.weight", [EMBEDDING, TOKENS], TensorType::Q6K)
            .zeros("output.bias", [TOKENS], TensorType::F32);
    }
    for block in 0..2 {
        for &(name, dimensions) in &matrices {
            writer = writer
                .zeros(
                    format!("blk.{block}.{name}.weight"),
                    dimensions,
                    TensorType::Q4K,
                )
                .zeros(
                    format!("blk.{block}.{name}.bias"),
                    [dimensions[1]],
                    TensorType::F32,
                );
        }
        for &(name, length) in &norms {
            writer = writer
                .zeros(
                    format!("blk.{block}.{name}.weight"),
                    [length],
                    TensorType::F32,
                )
                .zeros(
                    format!("blk.{block}.{name}.bias"),
                    [length],
                    TensorType::F32,
                );
        }
    }
    writer
}

/// A header written byte by byte, for what [`Writer`] will not write.
pub struct Raw(pub Vec<u8>);

impl Raw {
    pub fn new(tensors: u64, entries: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(3).u64(tensors).u64(entries)
    }

    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        self = self.u64(text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn tensor(self, name: &str, dimensions: &[u64], type_id: u32, offset: u64) -> Self {
        let start = self.text(name).u32(dimensions.len() as u32);
        dimensions
            .iter()
            .fold(start, |raw, &dimension| raw.u64(dimension))
            .u32(type_id)
            .u64(offset)
    }

    /// Padding to 32, then `count` bytes of tensor data.
    pub fn data(mut self, count: usize) -> Self {
        let length = self.0.len().next_multiple_of(32) + count;
        self.0.resize(length, 0);
        self
    }
}
