//! The memory formula, by hand on a small model.

mod models;

use models::{EMBEDDING, FEED_FORWARD, HEADS, TOKENS, complete, model};
use sirocco_gguf::memory::{estimate, has_kernels, largest_context_that_fits};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{TensorType, ValueType};

/// Two blocks of Q4_K matrices with f32 norms and biases, embedding tied to the output.
fn expected_weights() -> u64 {
    let matrices = 2 * (EMBEDDING * (256 + 128 + 128 + 256) + 3 * EMBEDDING * FEED_FORWARD);
    let biases = 2 * (256 + 128 + 128 + 256 + 512 + 512 + 256);
    let norms = 2 * EMBEDDING + 2 * 4 * EMBEDDING;
    let head = EMBEDDING * TOKENS;
    (matrices + head) / 256 * 144 + (biases + norms) * 4
}

#[test]
fn each_part_follows_the_formula() {
    let estimate = estimate(&model(&complete("qwen2")), 1024, 2).unwrap();
    assert_eq!(estimate.weights_bytes, expected_weights());
    let (embedding, scored_heads) = if has_kernels() {
        (EMBEDDING * TOKENS / 256 * 144, 0)
    } else {
        (EMBEDDING * TOKENS * 4, HEADS)
    };
    assert_eq!(estimate.embedding_bytes, embedding);
    assert_eq!(estimate.kv_bytes, 2 * 2 * (64 + 64) * 1024 * 2);
    let activations = 3 * FEED_FORWARD + 6 * EMBEDDING + 1024 * (scored_heads + 1);
    let rotary = 2048 * 64 * 4;
    assert_eq!(
        estimate.compute_bytes,
        26_000_000 + 150 * (TOKENS + 2) + 128 * activations * 4 + rotary
    );
    let sum = estimate.weights_bytes
        + estimate.embedding_bytes
        + estimate.kv_bytes
        + estimate.compute_bytes;
    assert_eq!(estimate.total_bytes, sum);
}

#[test]
fn the_cache_grows_in_steps_of_512_tokens_up_to_the_full_context() {
    let model = model(&complete("qwen2").replace("qwen2.context_length", 700_u32));
    let kv = |context| estimate(&model, context, 4).unwrap().kv_bytes;
    assert_eq!(kv(1), kv(512));
    assert_eq!(kv(513), kv(700));
    assert_eq!(kv(700) * 512, kv(512) * 700);
}

#[test]
fn an_untied_output_and_dense_weights_are_counted() {
    let tied = estimate(&model(&complete("qwen2")), 512, 4).unwrap();
    let untied = complete("qwen2").zeros("output.weight", [EMBEDDING, TOKENS], TensorType::Q6K);
    let untied = estimate(&model(&untied), 512, 4).unwrap();
    assert_eq!(
        untied.weights_bytes - tied.weights_bytes,
        EMBEDDING * TOKENS / 256 * (210 - 144)
    );
    let dense = complete("qwen2").retype("blk.0.ffn_up.weight", TensorType::F16);
    let dense = estimate(&model(&dense), 512, 4).unwrap();
    assert_eq!(
        dense.weights_bytes - tied.weights_bytes,
        EMBEDDING * FEED_FORWARD * 4 - EMBEDDING * FEED_FORWARD / 256 * 144
    );
}

#[test]
fn heads_that_differ_by_block_are_summed() {
    let each = Field::Array(ValueType::U32, vec![Field::U32(4), Field::U32(1)]);
    let varied = complete("llama").replace("llama.attention.head_count_kv", each);
    assert_eq!(
        estimate(&model(&varied), 512, 1).unwrap().kv_bytes,
        (4 + 1) * 128 * 512
    );
}

#[test]
fn the_largest_context_fits_and_the_next_does_not() {
    let model = model(&complete("qwen2").replace("qwen2.context_length", 100_000_u32));
    let total = |context| estimate(&model, context, 4).unwrap().total_bytes;
    for budget in [total(512), total(5000), total(20_480), total(99_999)] {
        let context = largest_context_that_fits(&model, budget, 4).unwrap();
        assert!(
            context.is_multiple_of(512)
                && total(context) <= budget
                && total(context + 512) > budget
        );
    }
    assert_eq!(
        largest_context_that_fits(&model, total(100_000), 4),
        Some(100_000)
    );
    assert_eq!(
        largest_context_that_fits(&model, u64::MAX, 4),
        Some(100_000)
    );
    assert_eq!(largest_context_that_fits(&model, total(512) - 1, 4), None);
    assert_eq!(largest_context_that_fits(&model, 0, 4), None);
}

#[test]
fn a_file_without_the_numbers_has_no_estimate() {
    assert_eq!(estimate(&model(&Writer::new()), 512, 4), None);
    let no_heads = complete("qwen2").replace("qwen2.attention.head_count", 0_u32);
    assert_eq!(estimate(&model(&no_heads), 512, 4), None);
}

#[test]
fn absurd_numbers_saturate() {
    let absurd = complete("qwen2")
        .replace("qwen2.block_count", u64::MAX)
        .replace("qwen2.context_length", u64::MAX)
        .replace("qwen2.attention.head_count_kv", u64::MAX);
    let model = model(&absurd);
    assert_eq!(
        estimate(&model, u64::MAX, u64::MAX).unwrap().total_bytes,
        u64::MAX
    );
    assert_eq!(largest_context_that_fits(&model, 1 << 40, 4), None);
}
