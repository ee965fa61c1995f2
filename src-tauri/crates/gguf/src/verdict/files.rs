//! What is asked of a file whichever runtime is to load it: all its shards, in types that can be read.

use std::collections::BTreeSet;

use super::{Refusal, Runtime};
use crate::model::Model;
use crate::summary::tensor_types;
use crate::tensor::TensorType;

/// Shards that are missing, or do not belong together.
pub(super) fn shards(model: &Model) -> Option<Refusal> {
    let shards = model.shards();
    let expected = model.expected_shard_count();
    let found = shards.len() as u64;
    if found > 1 {
        let mut seen = BTreeSet::new();
        for shard in shards {
            let split = |key: &str| shard.header.unsigned(key);
            let own = shard.header.architecture();
            if split("split.count") != Some(expected)
                || split("split.no").is_none_or(|number| !seen.insert(number))
                || own.is_some_and(|own| Some(own) != model.architecture())
            {
                return Some(Refusal::MixedShards);
            }
        }
        let mut names = BTreeSet::new();
        if found > expected || !model.tensors().all(|tensor| names.insert(&tensor.name)) {
            return Some(Refusal::MixedShards);
        }
    }
    if found < expected {
        return Some(Refusal::MissingShards { found, expected });
    }
    let stated = model.unsigned("split.tensors.count");
    if expected > 1 && stated.is_some_and(|stated| stated != model.tensors().count() as u64) {
        return Some(Refusal::MixedShards);
    }
    None
}

/// One unreadable tensor type anywhere stops the whole file, even for a tensor that is never used.
pub(super) fn unsupported_types(
    model: &Model,
    runtime: Runtime,
    is_supported: fn(TensorType) -> bool,
) -> Option<Refusal> {
    let shares: Vec<_> = tensor_types(model)
        .into_iter()
        .filter(|share| !is_supported(share.tensor_type))
        .collect();
    (!shares.is_empty()).then(|| Refusal::UnsupportedTensorTypes {
        runtime,
        tensor_types: shares.iter().map(|share| share.tensor_type).collect(),
        tensors: shares.iter().map(|share| share.tensors).sum(),
    })
}
