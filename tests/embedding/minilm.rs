//! all-MiniLM-L6-v2 (Reimers and Gurevych, 2019 and later; Apache-2.0) from the files its makers publish.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::bert::{Bert, Size, tensors};

/// The texts of sentence-transformers' first example…
pub const TEXTS: [&str; 3] = [
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
];
/// …and how similar its documentation says this model finds each two of them.
pub const SIMILARITIES: [(usize, usize, f64); 3] = [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)];

const SIZE: Size = Size {
    embedding: 384,
    feed_forward: 1536,
    heads: 12,
    blocks: 6,
    positions: 512,
};

/// Reads `model.safetensors` and `vocab.txt`.
///
/// # Errors
/// If a file is missing or is not what it should be.
pub fn read(folder: &Path) -> anyhow::Result<Bert> {
    let text = std::fs::read_to_string(folder.join("vocab.txt")).context("vocab.txt")?;
    let tokens: Vec<String> = text.lines().map(str::to_owned).collect();
    let file = std::fs::read(folder.join("model.safetensors")).context("model.safetensors")?;
    let (length, rest) = file.split_first_chunk::<8>().context("it is too short")?;
    let length = usize::try_from(u64::from_le_bytes(*length))?;
    let header: Value = serde_json::from_slice(rest.get(..length).context("its header is cut")?)?;
    let data = &rest[length..];
    let mut weights = BTreeMap::new();
    for (name, dimensions) in tensors(&SIZE, tokens.len()) {
        let entry = &header[original(&name)];
        let bound = |at: usize| entry["data_offsets"][at].as_u64().context("a bound");
        let range = usize::try_from(bound(0)?)?..usize::try_from(bound(1)?)?;
        let bytes = data.get(range).with_context(|| format!("{name} is cut"))?;
        ensure!(
            entry["dtype"] == "F32" && bytes.len() == 4 * dimensions.iter().product::<usize>(),
            "{name}: {entry}"
        );
        let numbers = bytes.chunks_exact(4).map(|four| {
            let four = four.try_into().expect("four bytes");
            f32::from_le_bytes(four)
        });
        weights.insert(name, numbers.collect());
    }
    Ok(Bert {
        size: SIZE,
        tokens,
        weights,
    })
}

/// What its makers call a tensor.
fn original(name: &str) -> String {
    let (path, kind) = name.rsplit_once('.').expect("every name has a kind");
    let Some(rest) = path.strip_prefix("blk.") else {
        let part = match path {
            "token_embd" => "word_embeddings",
            "token_types" => "token_type_embeddings",
            "position_embd" => "position_embeddings",
            _ => "LayerNorm",
        };
        return format!("embeddings.{part}.{kind}");
    };
    let (block, part) = rest.split_once('.').expect("every block has a number");
    let part = match part {
        "attn_q" => "attention.self.query",
        "attn_k" => "attention.self.key",
        "attn_v" => "attention.self.value",
        "attn_output" => "attention.output.dense",
        "attn_output_norm" => "attention.output.LayerNorm",
        "ffn_up" => "intermediate.dense",
        "ffn_down" => "output.dense",
        _ => "output.LayerNorm",
    };
    format!("encoder.layer.{block}.{part}.{kind}")
}
