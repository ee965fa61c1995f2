//! How much memory a model takes in mistral.rs 0.8.1 on the CPU. An estimate: the app shows it as one.
//!
//! Sources: mistralrs-core 0.8.1 `utils/gguf_metadata.rs:247-640` and `pipeline/loaders/auto_device_map.rs` for
//! what it counts itself; `models/quantized_*.rs` for what it keeps; `kv_cache/mod.rs:204` for the steps in which
//! the cache grows.
//!
//! ```text
//! weights   = stored bytes of every quantized tensor but token_embd
//!           + 4 bytes per element of every F32, F16 and BF16 tensor (dense weights and norms become f32)
//!           + when output.weight is missing, token_embd once more as the output head
//! embedding = 4 bytes per element of token_embd (it is widened to f32, whatever its type)
//! kv        = sum over blocks of kv heads * (key length + value length) * tokens * bytes per element,
//!             tokens rounded up to a multiple of 512, but not beyond the context length of the model
//! compute   = heads * min(context, 1024) * bytes per element   (as mistral.rs counts activations)
//!           + heads * min(context, 1024) * context * 4         (attention scores, which it leaves out)
//!           + 2 * native context * (rotary dimensions / 2) * 4 (the rotary tables, always for the full context)
//! ```
//!
//! Tensors are copied into the process (no memory map), so this memory must be free. While loading, the tensor at
//! hand exists twice; that passes before the cache grows and is not counted.

use crate::model::Model;
use crate::summary::PerLayer;

/// The steps in which mistral.rs grows its cache, in tokens.
const CACHE_STEP_TOKENS: u64 = 512;

/// Bytes a model needs, by what needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// The weights as the runtime keeps them, without the embedding table.
    pub weights_bytes: u64,
    /// The embedding table, widened to 32 bits.
    pub embedding_bytes: u64,
    /// Keys and values of a full context.
    pub kv_bytes: u64,
    /// Working memory.
    pub compute_bytes: u64,
    /// The sum.
    pub total_bytes: u64,
}

/// The numbers that the estimate needs, read once from a model.
struct Shape {
    weights_bytes: u64,
    embedding_bytes: u64,
    kv_elements_per_token: u64,
    heads: u64,
    rotary_bytes: u64,
    native_context: u64,
}

impl Shape {
    fn of(model: &Model) -> Option<Self> {
        let number = |key: &str| model.architecture_number(key).ok();
        let blocks = number("block_count")?;
        let native_context = number("context_length")?;
        let heads = model
            .per_architecture("attention.head_count")
            .and_then(PerLayer::of)?;
        let kv_heads = model
            .per_architecture("attention.head_count_kv")
            .and_then(PerLayer::of);
        let kv_heads = kv_heads.unwrap_or_else(|| heads.clone());
        let heads = heads.max();
        let head_length = number("embedding_length")?.checked_div(heads)?;
        let key_length = number("attention.key_length").unwrap_or(head_length);
        let value_length = number("attention.value_length").unwrap_or(head_length);

        let embedding = model.tensor("token_embd.weight")?;
        let tied = model.tensor("output.weight").is_none();
        let weights_bytes = model
            .tensors()
            .filter(|tensor| tied || tensor.name != "token_embd.weight")
            .map(|tensor| {
                if tensor.tensor_type.is_dense_float() {
                    tensor.elements.saturating_mul(4)
                } else {
                    tensor.size_bytes.unwrap_or(0)
                }
            })
            .fold(0, u64::saturating_add);
        Some(Self {
            weights_bytes,
            embedding_bytes: embedding.elements.saturating_mul(4),
            kv_elements_per_token: kv_heads
                .sum(blocks)
                .saturating_mul(key_length.saturating_add(value_length)),
            heads,
            rotary_bytes: native_context
                .saturating_mul(number("rope.dimension_count").unwrap_or(key_length))
                .saturating_mul(4),
            native_context,
        })
    }

    fn at(&self, context_length: u64, kv_bytes_per_element: u64) -> MemoryEstimate {
        let tokens = context_length
            .checked_next_multiple_of(CACHE_STEP_TOKENS)
            .unwrap_or(u64::MAX)
            .min(self.native_context.max(context_length));
        let kv_bytes = self
            .kv_elements_per_token
            .saturating_mul(tokens)
            .saturating_mul(kv_bytes_per_element);
        let rows = self.heads.saturating_mul(context_length.min(1024));
        let compute_bytes = rows
            .saturating_mul(kv_bytes_per_element)
            .saturating_add(rows.saturating_mul(context_length).saturating_mul(4))
            .saturating_add(self.rotary_bytes);
        let parts = [
            self.weights_bytes,
            self.embedding_bytes,
            kv_bytes,
            compute_bytes,
        ];
        MemoryEstimate {
            weights_bytes: self.weights_bytes,
            embedding_bytes: self.embedding_bytes,
            kv_bytes,
            compute_bytes,
            total_bytes: parts.into_iter().fold(0, u64::saturating_add),
        }
    }
}

/// Memory for a context of `context_length` tokens, with keys and values of `kv_bytes_per_element` bytes (4 for
/// f32, 2 for f16). `None` if the file lacks the numbers it takes.
pub fn estimate(
    model: &Model,
    context_length: u64,
    kv_bytes_per_element: u64,
) -> Option<MemoryEstimate> {
    Some(Shape::of(model)?.at(context_length, kv_bytes_per_element))
}

/// The largest context, in tokens, whose estimate stays within `budget_bytes`: the model's full context, or a
/// multiple of 512 below it. `None` if not even 512 tokens fit, or the file lacks the numbers it takes.
pub fn largest_context_that_fits(
    model: &Model,
    budget_bytes: u64,
    kv_bytes_per_element: u64,
) -> Option<u64> {
    let shape = Shape::of(model)?;
    let fits = |context| shape.at(context, kv_bytes_per_element).total_bytes <= budget_bytes;
    if shape.native_context > 0 && fits(shape.native_context) {
        return Some(shape.native_context);
    }
    let (mut fitting, mut failing) = (0, shape.native_context.div_ceil(CACHE_STEP_TOKENS));
    while failing - fitting > 1 {
        let middle = fitting + (failing - fitting) / 2;
        if fits(middle * CACHE_STEP_TOKENS) {
            fitting = middle;
        } else {
            failing = middle;
        }
    }
    (fitting > 0).then_some(fitting * CACHE_STEP_TOKENS)
}
