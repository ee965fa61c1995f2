//! What is other in the worker of llama.cpp.
//!
//! Weights are mapped from the file and stay in its types, dense ones too; an output head that is the table of embeddings
//! once more is not kept twice; no matrix of attention scores is written down. Layers without attention (`head_count_kv`
//! of 0, or all but every `full_attention_interval`th) have no keys and values; what they keep instead does not grow with
//! the context. A sliding window is no saving: the worker keeps the whole cache, to cut it back when a prompt changes.
//!
//! What only embeds has no cache, and computes a text as a whole: there the working memory grows with the context.

use super::{Shape, VOCABULARY_ENTRY_BYTES, WORKER_BYTES};
use crate::model::Model;
use crate::summary::{PerLayer, only_embeds};

/// What llama.cpp computes at once of a prompt; it makes room for that when it loads.
const CHUNK_TOKENS: u64 = 512;
/// It has a vocabulary of its own beside the worker's.
const VOCABULARIES: u64 = 2;

pub(super) fn shape(model: &Model) -> Option<Shape> {
    let number = |key: &str| model.architecture_number(key).ok();
    let each = |key: &str| model.per_architecture(key).and_then(PerLayer::of);
    let native_context = number("context_length")?;
    let embedding_length = number("embedding_length")?;
    let blocks = number("block_count")?;
    let attentive = blocks
        .checked_div(number("full_attention_interval").unwrap_or(1))
        .unwrap_or(blocks);

    let heads = each("attention.head_count");
    let head_length = heads
        .as_ref()
        .and_then(|heads| embedding_length.checked_div(heads.max()))
        .unwrap_or(0);
    let kv_heads = each("attention.head_count_kv").or(heads);
    let length = |key: &str| number(key).unwrap_or(head_length);
    let head_elements =
        length("attention.key_length").saturating_add(length("attention.value_length"));

    let stored = |name: &str| {
        model
            .tensor(name)
            .and_then(|tensor| tensor.size_bytes)
            .unwrap_or(0)
    };
    let embedding_bytes = stored("token_embd.weight");
    let all_bytes = model
        .tensors()
        .filter_map(|tensor| tensor.size_bytes)
        .fold(0, u64::saturating_add);
    let is_whole = model.architecture().is_some_and(only_embeds);
    let feed_forward = each("feed_forward_length").map_or(embedding_length, |each| each.max());
    Some(Shape {
        weights_bytes: all_bytes.saturating_sub(embedding_bytes),
        embedding_bytes,
        kv_elements_per_token: kv_heads
            .filter(|_| !is_whole)
            .map_or(0, |kv_heads| kv_heads.sum(attentive))
            .saturating_mul(head_elements),
        activations: feed_forward
            .saturating_mul(3)
            .saturating_add(embedding_length.saturating_mul(6)),
        scored_heads: 0,
        chunk_tokens: if is_whole {
            native_context
        } else {
            CHUNK_TOKENS
        },
        fixed_bytes: super::vocabulary_entries(model)
            .saturating_mul(VOCABULARIES * VOCABULARY_ENTRY_BYTES)
            .saturating_add(WORKER_BYTES),
        native_context,
    })
}
