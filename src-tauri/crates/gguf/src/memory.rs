//! How much memory a model takes in a worker on the CPU. An estimate: the app shows it as one.
//!
//! What follows is said of mistral.rs 0.8.1; [`llamacpp`] has what is other in the worker of llama.cpp.
//!
//! Sources: mistralrs-core 0.8.1 `models/quantized_*.rs` for what it keeps, `kv_cache/mod.rs:204` for the steps in which
//! the cache grows; the worker's patches and kernels, which keep quantized matrices and the table of embeddings in the
//! bytes of the file and compute attention without a matrix of scores.
//!
//! ```text
//! weights   = stored bytes of every quantized tensor but token_embd
//!           + 4 bytes per element of every F32, F16 and BF16 tensor (dense weights and norms become f32)
//!           + when output.weight is missing, token_embd once more as the output head
//! embedding = stored bytes of token_embd; 4 bytes per element if it is F32, F16 or BF16, or without the kernels
//! kv        = sum over blocks of kv heads * (key length + value length) * tokens * bytes per element,
//!             tokens rounded up to a multiple of 512, but not beyond the context length of the model
//! compute   = 26 MB (program, threads, heap of a worker with next to no model)
//!           + 150 bytes per token and per merge of the vocabulary
//!           + chunk * (3 * feed forward length + 6 * embedding length) * 4   (between the matrices of one block)
//!           + chunk * context * 4                                           (the causal mask)
//!           + heads * chunk * context * 4            (attention scores; none with the worker's kernels)
//!           + 2 * native context * (rotary dimensions / 2) * 4               (the rotary tables, for the full context)
//!           with chunk = min(context, 128), what is computed at once of a prompt
//! ```
//!
//! The two constants were measured as resident memory of the worker (x86-64 with AVX2, Linux): of a model with some
//! thousand tokens, 24 to 33 MB are neither weights nor cache; 151,936 tokens with 151,387 merges take 45 MB more once
//! the memory that reading them needed is used for something else. `tests/examples/fit_calibration.rs` compares the sum
//! with a worker whose context is full.
//!
//! The worker makes its chunks as long as they take three quarters of a second, 256 tokens at most: a slow machine needs less than is
//! said here and a fast one more, by some MB.
//!
//! A file is read into the process once (no memory map), so this memory must be free.

mod llamacpp;

use crate::model::Model;
use crate::summary::PerLayer;
use crate::tensor::Tensor;
use crate::verdict::Runtime;

/// The steps in which mistral.rs grows its cache, in tokens.
const CACHE_STEP_TOKENS: u64 = 512;
/// Numbers of the cache that are kept together: those that share a scale where they are quantized.
const KV_BLOCK_ELEMENTS: u64 = 32;
/// Tokens of a prompt that the worker computes at once, between the extremes of slow and fast machines.
const CHUNK_TOKENS: u64 = 128;
/// A worker with next to no model.
const WORKER_BYTES: u64 = 26_000_000;
/// Of a token or a merge, in the tokenizer.
const VOCABULARY_ENTRY_BYTES: u64 = 150;

/// Bytes a model needs, by what needs them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// The weights as the runtime keeps them, without the embedding table.
    pub weights_bytes: u64,
    /// The embedding table.
    pub embedding_bytes: u64,
    /// Keys and values of a full context.
    pub kv_bytes: u64,
    /// Working memory, with the program itself and the tokenizer.
    pub compute_bytes: u64,
    /// The sum.
    pub total_bytes: u64,
}

/// This processor runs the worker's kernels, which keep the table of embeddings as it is stored and need no matrix of
/// scores: x86-64 with AVX2, FMA and F16C. The estimates of this module are for this processor.
pub fn has_kernels() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::arch::is_x86_feature_detected!("f16c")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The numbers that the estimate needs, read once from a model.
struct Shape {
    weights_bytes: u64,
    embedding_bytes: u64,
    kv_elements_per_token: u64,
    /// Numbers of one token between the matrices of a block.
    activations: u64,
    /// Attention heads whose scores are written down.
    scored_heads: u64,
    /// Tokens of a prompt that are computed at once.
    chunk_tokens: u64,
    /// What does not depend on the context asked for.
    fixed_bytes: u64,
    native_context: u64,
}

impl Shape {
    fn in_worker(model: &Model, runtime: Runtime) -> Option<Self> {
        match runtime {
            Runtime::MistralRs => Self::of(model),
            Runtime::LlamaCpp => llamacpp::shape(model),
        }
    }

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
        let embedding_length = number("embedding_length")?;
        let head_length = embedding_length.checked_div(heads)?;
        let key_length = number("attention.key_length").unwrap_or(head_length);
        let value_length = number("attention.value_length").unwrap_or(head_length);

        let embedding = model.tensor("token_embd.weight")?;
        let tied = model.tensor("output.weight").is_none();
        let weights_bytes = model
            .tensors()
            .filter(|tensor| tied || tensor.name != "token_embd.weight")
            .map(kept_bytes)
            .fold(0, u64::saturating_add);
        Some(Self {
            weights_bytes,
            embedding_bytes: if has_kernels() {
                kept_bytes(embedding)
            } else {
                embedding.elements.saturating_mul(4)
            },
            scored_heads: if has_kernels() { 0 } else { heads },
            kv_elements_per_token: kv_heads
                .sum(blocks)
                .saturating_mul(key_length.saturating_add(value_length)),
            activations: number("feed_forward_length")
                .unwrap_or(embedding_length)
                .saturating_mul(3)
                .saturating_add(embedding_length.saturating_mul(6)),
            chunk_tokens: CHUNK_TOKENS,
            fixed_bytes: native_context
                .saturating_mul(number("rope.dimension_count").unwrap_or(key_length))
                .saturating_mul(4)
                .saturating_add(vocabulary_entries(model).saturating_mul(VOCABULARY_ENTRY_BYTES))
                .saturating_add(WORKER_BYTES),
            native_context,
        })
    }

    fn at(&self, context_length: u64, kv_block_bytes: u64) -> MemoryEstimate {
        let tokens = context_length
            .checked_next_multiple_of(CACHE_STEP_TOKENS)
            .unwrap_or(u64::MAX)
            .min(self.native_context.max(context_length));
        let kv_bytes = self
            .kv_elements_per_token
            .saturating_mul(tokens)
            .div_ceil(KV_BLOCK_ELEMENTS)
            .saturating_mul(kv_block_bytes);
        let numbers = context_length
            .saturating_mul(self.scored_heads.saturating_add(1))
            .saturating_add(self.activations);
        let compute_bytes = context_length
            .min(self.chunk_tokens)
            .saturating_mul(numbers)
            .saturating_mul(4)
            .saturating_add(self.fixed_bytes);
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

    fn largest(&self, budget_bytes: u64, kv_block_bytes: u64) -> Option<u64> {
        let fits = |context| self.at(context, kv_block_bytes).total_bytes <= budget_bytes;
        if self.native_context > 0 && fits(self.native_context) {
            return Some(self.native_context);
        }
        let (mut fitting, mut failing) = (0, self.native_context.div_ceil(CACHE_STEP_TOKENS));
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
}

/// What a tensor takes once it is loaded: dense ones become f32, quantized ones stay as they are.
fn kept_bytes(tensor: &Tensor) -> u64 {
    if tensor.tensor_type.is_dense_float() {
        tensor.elements.saturating_mul(4)
    } else {
        tensor.size_bytes.unwrap_or(0)
    }
}

fn vocabulary_entries(model: &Model) -> u64 {
    ["tokenizer.ggml.tokens", "tokenizer.ggml.merges"]
        .into_iter()
        .filter_map(|key| Some(model.array(key)?.len))
        .fold(0, u64::saturating_add)
}

/// How keys and values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the format's own")]
pub enum CacheType {
    F32,
    F16,
    Q8_0,
    Q4_0,
}

impl CacheType {
    /// What a worker takes if it is told nothing: mistral.rs computes and keeps its cache in f32 on a CPU, llama.cpp in
    /// f16.
    pub fn of(runtime: Runtime) -> Self {
        match runtime {
            Runtime::MistralRs => Self::F32,
            Runtime::LlamaCpp => Self::F16,
        }
    }

    /// Bytes of [`KV_BLOCK_ELEMENTS`] numbers: quantized ones share a scale of two bytes.
    fn block_bytes(self) -> u64 {
        match self {
            Self::F32 => 4 * KV_BLOCK_ELEMENTS,
            Self::F16 => 2 * KV_BLOCK_ELEMENTS,
            Self::Q8_0 => KV_BLOCK_ELEMENTS + 2,
            Self::Q4_0 => KV_BLOCK_ELEMENTS / 2 + 2,
        }
    }
}

/// Memory for a context of `context_length` tokens in the worker of `runtime`, which decides how long its keys and
/// values are. `None` if the file lacks the numbers it takes.
pub fn estimate_for(
    model: &Model,
    runtime: Runtime,
    context_length: u64,
) -> Option<MemoryEstimate> {
    estimate_with(model, runtime, context_length, CacheType::of(runtime))
}

/// [`estimate_for`] where the worker is told how to keep keys and values.
pub fn estimate_with(
    model: &Model,
    runtime: Runtime,
    context_length: u64,
    cache_type: CacheType,
) -> Option<MemoryEstimate> {
    let shape = Shape::in_worker(model, runtime)?;
    Some(shape.at(context_length, cache_type.block_bytes()))
}

/// The largest context, in tokens, that [`estimate_for`] finds to fit into `budget_bytes`; as
/// [`largest_context_that_fits`].
pub fn largest_context_for(model: &Model, runtime: Runtime, budget_bytes: u64) -> Option<u64> {
    largest_context_with(model, runtime, budget_bytes, CacheType::of(runtime))
}

/// [`largest_context_for`] where the worker is told how to keep keys and values.
pub fn largest_context_with(
    model: &Model,
    runtime: Runtime,
    budget_bytes: u64,
    cache_type: CacheType,
) -> Option<u64> {
    Shape::in_worker(model, runtime)?.largest(budget_bytes, cache_type.block_bytes())
}

/// Memory in the worker of mistral.rs for a context of `context_length` tokens, with keys and values of `kv_bytes_per_element` bytes (4 for
/// f32, 2 for f16). `None` if the file lacks the numbers it takes.
pub fn estimate(
    model: &Model,
    context_length: u64,
    kv_bytes_per_element: u64,
) -> Option<MemoryEstimate> {
    let block_bytes = kv_bytes_per_element.saturating_mul(KV_BLOCK_ELEMENTS);
    Some(Shape::of(model)?.at(context_length, block_bytes))
}

/// The largest context, in tokens, whose estimate stays within `budget_bytes`: the model's full context, or a
/// multiple of 512 below it. `None` if not even 512 tokens fit, or the file lacks the numbers it takes.
pub fn largest_context_that_fits(
    model: &Model,
    budget_bytes: u64,
    kv_bytes_per_element: u64,
) -> Option<u64> {
    let block_bytes = kv_bytes_per_element.saturating_mul(KV_BLOCK_ELEMENTS);
    Shape::of(model)?.largest(budget_bytes, block_bytes)
}
