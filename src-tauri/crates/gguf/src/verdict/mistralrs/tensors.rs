//! The tensors that the loader asks for: there, in a form it can multiply with, and of the right shape.

use super::architecture::Architecture;
use super::numbers::Numbers;
use crate::model::Model;
use crate::verdict::Refusal;

pub(super) fn tensors(
    model: &Model,
    architecture: Architecture,
    numbers: &Numbers,
    reasons: &mut Vec<Refusal>,
) {
    let mut missing = Missing {
        first: None,
        count: 0,
    };
    for &name in architecture.global_tensors() {
        missing.unless(model.tensor(name).is_some(), || name.to_owned());
    }
    for block in 0..numbers.blocks {
        for &matrix in architecture.block_matrices() {
            if numbers.experts > 1 && matrix.starts_with("ffn_") {
                experts_of(model, numbers, block, matrix, &mut missing);
                continue;
            }
            for part in parts(architecture) {
                let name = format!("blk.{block}.{matrix}.{part}");
                missing.unless(model.tensor(&name).is_some(), || name);
            }
        }
        if numbers.experts > 1 {
            let name = format!("blk.{block}.ffn_gate_inp.weight");
            missing.unless(model.tensor(&name).is_some(), || name);
        }
        for &norm in architecture.block_norms() {
            for part in parts(architecture) {
                let name = format!("blk.{block}.{norm}.{part}");
                missing.unless(model.tensor(&name).is_some(), || name);
            }
        }
    }
    if let Some(first) = missing.first {
        reasons.push(Refusal::MissingTensors {
            first,
            count: missing.count,
        });
        return;
    }
    if architecture.needs_quantized_matrices() {
        reasons.extend(dense_matrix(model, architecture, numbers.blocks));
    }
    reasons.extend(wrong_shape(model, architecture, numbers));
}

fn parts(architecture: Architecture) -> &'static [&'static str] {
    if architecture.has_biases() {
        &["weight", "bias"]
    } else {
        &["weight"]
    }
}

struct Missing {
    first: Option<String>,
    count: u64,
}

impl Missing {
    fn unless(&mut self, present: bool, name: impl FnOnce() -> String) {
        if !present {
            self.count += 1;
            self.first.get_or_insert_with(name);
        }
    }
}

/// The experts of a block lie in one tensor, or in one each in older files.
fn experts_of(model: &Model, numbers: &Numbers, block: u64, matrix: &str, missing: &mut Missing) {
    let fused = |matrix: &str| format!("blk.{block}.{matrix}_exps.weight");
    let single = |expert: u64| format!("blk.{block}.{matrix}.{expert}.weight");
    // The loader decides by the gate alone which of the two forms it reads.
    if model.tensor(&fused("ffn_gate")).is_some() || model.tensor(&single(0)).is_none() {
        missing.unless(model.tensor(&fused(matrix)).is_some(), || fused(matrix));
    } else {
        for expert in 0..numbers.experts {
            missing.unless(model.tensor(&single(expert)).is_some(), || single(expert));
        }
    }
}

fn dense_matrix(model: &Model, architecture: Architecture, blocks: u64) -> Option<Refusal> {
    let names = (0..blocks).flat_map(|block| {
        architecture
            .block_matrices()
            .iter()
            .map(move |matrix| format!("blk.{block}.{matrix}.weight"))
    });
    let dense = names
        .filter_map(|name| model.tensor(&name))
        .find(|tensor| tensor.tensor_type.is_dense_float())?;
    Some(Refusal::NotQuantized {
        architecture: model.architecture()?.to_owned(),
        tensor_type: dense.tensor_type,
    })
}

/// The first tensor whose dimensions contradict the numbers. A mismatch is an error or a panic in the first forward
/// pass, after the whole model has been loaded.
fn wrong_shape(model: &Model, architecture: Architecture, numbers: &Numbers) -> Option<Refusal> {
    let &Numbers {
        embedding,
        heads,
        kv_heads,
        head_length,
        ..
    } = numbers;
    let (query, key) = (heads * head_length, kv_heads * head_length);
    let check = |name: &str, expected: &[u64]| {
        let found = &model.tensor(name)?.dimensions;
        (found != expected).then(|| Refusal::TensorShape {
            tensor: name.to_owned(),
            expected: expected.to_vec(),
            found: found.clone(),
        })
    };

    let tokens = model
        .array("tokenizer.ggml.tokens")
        .map_or(0, |tokens| tokens.len);
    // The table may have spare rows, never too few.
    let rows = model
        .tensor("token_embd.weight")?
        .dimensions
        .get(1)
        .copied()
        .unwrap_or(0)
        .max(tokens);
    let whole = check("token_embd.weight", &[embedding, rows])
        .or_else(|| check("output.weight", &[embedding, rows]))
        .or_else(|| check("output_norm.weight", &[embedding]));
    whole.or_else(|| {
        (0..numbers.blocks).find_map(|block| {
            let at = |name: &str| format!("blk.{block}.{name}.weight");
            let inner = model
                .tensor(&at("ffn_down"))
                .and_then(|down| down.dimensions.first().copied());
            let widened = inner.map(|inner| {
                if architecture == Architecture::Phi3 {
                    inner * 2
                } else {
                    inner
                }
            });
            let feed_forward = || {
                let (inner, widened) = (inner?, widened?);
                check(&at("ffn_down"), &[inner, embedding])
                    .or_else(|| check(&at("ffn_up"), &[embedding, widened]))
                    .or_else(|| check(&at("ffn_gate"), &[embedding, inner]))
            };
            check(&at("attn_q"), &[embedding, query])
                .or_else(|| check(&at("attn_k"), &[embedding, key]))
                .or_else(|| check(&at("attn_v"), &[embedding, key]))
                .or_else(|| check(&at("attn_qkv"), &[embedding, query + 2 * key]))
                .or_else(|| check(&at("attn_output"), &[query, embedding]))
                .or_else(|| check(&at("attn_norm"), &[embedding]))
                .or_else(|| check(&at("ffn_norm"), &[embedding]))
                .or_else(|| check(&at("attn_q_norm"), &[head_length]))
                .or_else(|| check(&at("attn_k_norm"), &[head_length]))
                .or_else(feed_forward)
        })
    })
}
