//! The facts about a model that a person wants to see before running it.

use crate::display::tidy;
use crate::file_type::file_type_label;
use crate::model::Model;
use crate::tensor::TensorType;
use crate::value::Value;

/// What a model file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelKind {
    /// Writes text.
    Text,
    /// Turns text into vectors.
    Embedding,
    /// Scores how well texts match.
    Reranker,
    /// The image or audio half of another model (`mmproj`).
    Projector,
    /// A LoRA adapter or control vector for another model.
    Adapter,
    /// Statistics for quantizing, not a model.
    ImportanceMatrix,
    /// A vocabulary without weights.
    VocabularyOnly,
}

impl ModelKind {
    /// Judges from `general.type`, the architecture, the pooling type and whether there are weights.
    pub fn of(model: &Model) -> Self {
        let architecture = model.architecture().unwrap_or_default();
        match model.string("general.type") {
            Some("adapter") => return Self::Adapter,
            Some("imatrix") => return Self::ImportanceMatrix,
            Some("mmproj") => return Self::Projector,
            _ => {}
        }
        match architecture {
            "clip" | "mmproj" => return Self::Projector,
            "controlvector" => return Self::Adapter,
            _ => {}
        }
        // `enum llama_pooling_type`: 0 none, 1 mean, 2 first token, 3 last token, 4 rank.
        match model.architecture_number("pooling_type") {
            Ok(4) => return Self::Reranker,
            Ok(1..=3) => return Self::Embedding,
            _ if only_embeds(architecture) => return Self::Embedding,
            _ => {}
        }
        let complete = model.shards().len() as u64 >= model.expected_shard_count();
        if complete && model.tensors().next().is_none() {
            Self::VocabularyOnly
        } else {
            Self::Text
        }
    }
}

/// Whether models of this architecture never write text: they read a text as a whole, every token in view of all others.
///
/// ```
/// assert!(sirocco_gguf::only_embeds("nomic-bert"));
/// assert!(!sirocco_gguf::only_embeds("qwen3"));
/// ```
pub fn only_embeds(architecture: &str) -> bool {
    matches!(
        architecture,
        "t5encoder" | "gemma-embedding" | "llama-embed" | "eurobert"
    ) || architecture.split('-').any(|part| part == "bert")
}

/// A number that is the same for every block of a model, or differs from block to block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerLayer {
    /// The same for all.
    Same(u64),
    /// One for each block.
    Each(Vec<u64>),
}

impl PerLayer {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        if let Some(number) = value.as_unsigned() {
            return Some(Self::Same(number));
        }
        let items = value.as_array()?.items.as_ref()?;
        let numbers: Option<Vec<u64>> = items.iter().map(Value::as_unsigned).collect();
        numbers
            .filter(|numbers| !numbers.is_empty())
            .map(Self::Each)
    }

    /// The number for one block; the last listed one for blocks beyond the list.
    pub fn at(&self, block: u64) -> u64 {
        match self {
            Self::Same(number) => *number,
            Self::Each(numbers) => {
                let index = usize::try_from(block)
                    .unwrap_or(usize::MAX)
                    .min(numbers.len().saturating_sub(1));
                numbers.get(index).copied().unwrap_or(0)
            }
        }
    }

    /// The largest of the numbers.
    pub fn max(&self) -> u64 {
        match self {
            Self::Same(number) => *number,
            Self::Each(numbers) => numbers.iter().copied().max().unwrap_or(0),
        }
    }

    /// The sum over `blocks` blocks.
    pub(crate) fn sum(&self, blocks: u64) -> u64 {
        match self {
            Self::Same(number) => number.saturating_mul(blocks),
            Self::Each(numbers) => {
                let listed = numbers
                    .iter()
                    .take(usize::try_from(blocks).unwrap_or(usize::MAX));
                let sum = listed.fold(0_u64, |sum, &number| sum.saturating_add(number));
                let beyond = blocks.saturating_sub(numbers.len() as u64);
                sum.saturating_add(self.at(u64::MAX).saturating_mul(beyond))
            }
        }
    }
}

/// How much of a model is stored in one tensor type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorTypeShare {
    /// The type.
    pub tensor_type: TensorType,
    /// The number of tensors.
    pub tensors: u64,
    /// The number of parameters in them.
    pub parameters: u64,
    /// Their length in bytes; 0 for an unknown type.
    pub bytes: u64,
}

/// The facts about a model. Texts from the file are one line of at most 200 characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// What it is for.
    pub kind: ModelKind,
    /// `general.name`, or `general.basename`.
    pub name: Option<String>,
    /// `general.architecture`.
    pub architecture: Option<String>,
    /// `general.size_label`, for example `7B`.
    pub size_label: Option<String>,
    /// For example `Q4_K_M`: from `general.file_type`, or the type that most parameters have.
    pub quantization: Option<String>,
    /// All files together.
    pub file_size_bytes: u64,
    /// The files at hand.
    pub shard_count: u64,
    /// The files there should be.
    pub expected_shard_count: u64,
    /// The sum of all tensors' elements.
    pub parameter_count: u64,
    /// Bits of tensor data per parameter; `None` without parameters, or with types of unknown size.
    pub bits_per_weight: Option<f64>,
    /// Tokens the model was trained to look back on.
    pub context_length: Option<u64>,
    /// Numbers per token between blocks.
    pub embedding_length: Option<u64>,
    /// Layers.
    pub block_count: Option<u64>,
    /// Attention heads.
    pub head_count: Option<PerLayer>,
    /// Heads that keys and values have; the same as `head_count` where the file is silent.
    pub head_count_kv: Option<PerLayer>,
    /// Numbers per key head.
    pub key_length: Option<u64>,
    /// Numbers per value head.
    pub value_length: Option<u64>,
    /// Experts per block of a mixture-of-experts model.
    pub expert_count: Option<u64>,
    /// Experts used for each token.
    pub expert_used_count: Option<u64>,
    /// Tokens in the vocabulary.
    pub vocabulary_size: Option<u64>,
    /// `tokenizer.ggml.model`.
    pub tokenizer_model: Option<String>,
    /// Whether the file says how to write a conversation.
    pub has_chat_template: bool,
    /// Tensor types, the one with most bytes first.
    pub tensor_types: Vec<TensorTypeShare>,
    /// `general.license`.
    pub licence: Option<String>,
    /// What this model was made from: repository addresses, or names.
    pub base_models: Vec<String>,
}

impl Summary {
    /// Gathers the facts of a model. Nothing here fails: what a file does not say is `None`.
    pub fn of(model: &Model) -> Self {
        let text = |key: &str| {
            model
                .string(key)
                .map(|text| tidy(text, 200))
                .filter(|text| !text.is_empty())
        };
        let number = |key: &str| model.architecture_number(key).ok();
        let per_layer = |key: &str| model.per_architecture(key).and_then(PerLayer::of);

        let tensor_types = tensor_types(model);
        let parameter_count = model
            .tensors()
            .fold(0_u64, |sum, tensor| sum.saturating_add(tensor.elements));
        let tensor_bytes = tensor_types
            .iter()
            .fold(0_u64, |sum, share| sum.saturating_add(share.bytes));
        let sized = tensor_types
            .iter()
            .all(|share| share.tensor_type.block().is_some());
        let embedding_length = number("embedding_length");
        let head_count = per_layer("attention.head_count");
        let head_length = || {
            let heads = head_count
                .as_ref()
                .map(PerLayer::max)
                .filter(|&heads| heads > 0)?;
            Some(embedding_length? / heads)
        };
        Self {
            kind: ModelKind::of(model),
            name: text("general.name").or_else(|| text("general.basename")),
            architecture: text("general.architecture"),
            size_label: text("general.size_label"),
            quantization: quantization(model, &tensor_types),
            file_size_bytes: model.file_size_bytes(),
            shard_count: model.shards().len() as u64,
            expected_shard_count: model.expected_shard_count(),
            parameter_count,
            bits_per_weight: (parameter_count > 0 && sized)
                .then(|| tensor_bytes as f64 * 8.0 / parameter_count as f64),
            context_length: number("context_length"),
            embedding_length,
            block_count: number("block_count"),
            key_length: number("attention.key_length").or_else(head_length),
            value_length: number("attention.value_length").or_else(head_length),
            head_count_kv: per_layer("attention.head_count_kv").or_else(|| head_count.clone()),
            head_count,
            expert_count: number("expert_count").filter(|&count| count > 0),
            expert_used_count: number("expert_used_count").filter(|&count| count > 0),
            vocabulary_size: model
                .array("tokenizer.ggml.tokens")
                .map(|tokens| tokens.len)
                .or_else(|| number("vocab_size")),
            tokenizer_model: text("tokenizer.ggml.model"),
            has_chat_template: has_chat_template(model),
            tensor_types,
            licence: text("general.license"),
            base_models: base_models(model),
        }
    }
}

pub(crate) fn has_chat_template(model: &Model) -> bool {
    match model.get("tokenizer.chat_template") {
        Some(Value::String(template)) => !template.trim().is_empty(),
        Some(Value::LongString { .. }) => true,
        _ => false,
    }
}

/// The tensor types of a model, the one with most bytes first.
pub(crate) fn tensor_types(model: &Model) -> Vec<TensorTypeShare> {
    let mut shares: Vec<TensorTypeShare> = Vec::new();
    for tensor in model.tensors() {
        let index = shares
            .iter()
            .position(|share| share.tensor_type == tensor.tensor_type)
            .unwrap_or_else(|| {
                shares.push(TensorTypeShare {
                    tensor_type: tensor.tensor_type,
                    tensors: 0,
                    parameters: 0,
                    bytes: 0,
                });
                shares.len() - 1
            });
        let share = &mut shares[index];
        share.tensors += 1;
        share.parameters = share.parameters.saturating_add(tensor.elements);
        share.bytes = share.bytes.saturating_add(tensor.size_bytes.unwrap_or(0));
    }
    shares.sort_by_key(|share| (std::cmp::Reverse(share.bytes), share.tensor_type));
    shares
}

fn quantization(model: &Model, tensor_types: &[TensorTypeShare]) -> Option<String> {
    let label = model
        .unsigned("general.file_type")
        .and_then(file_type_label)
        .map(str::to_owned);
    label.or_else(|| {
        let most = tensor_types.iter().max_by_key(|share| share.parameters)?;
        Some(most.tensor_type.to_string())
    })
}

fn base_models(model: &Model) -> Vec<String> {
    let count = model
        .unsigned("general.base_model.count")
        .unwrap_or(0)
        .min(16);
    (0..count)
        .filter_map(|index| {
            let key = |field: &str| format!("general.base_model.{index}.{field}");
            let found = model
                .string(&key("repo_url"))
                .or_else(|| model.string(&key("name")))?;
            Some(tidy(found, 200))
        })
        .collect()
}
