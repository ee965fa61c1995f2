//! Why a model must not be given to a runtime.

use std::fmt;

use super::Runtime;
use crate::display::{Grouped, Listed, Quoted};
use crate::summary::ModelKind;
use crate::tensor::TensorType;
use crate::value::ValueType;

/// A reason why a model does not run. `Display` says it to the user.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The file is something other than a model that writes text.
    NotATextModel {
        /// What it is.
        kind: ModelKind,
    },
    /// The file does not say what it is.
    NoArchitecture,
    /// The runtime does not know the architecture.
    UnknownArchitecture {
        /// Which does not.
        runtime: Runtime,
        /// `general.architecture`.
        architecture: String,
    },
    /// The runtime runs this architecture on graphics cards only.
    NeedsGraphicsCard {
        /// `general.architecture`.
        architecture: String,
    },
    /// Tensor types that the runtime cannot read.
    UnsupportedTensorTypes {
        /// Which cannot.
        runtime: Runtime,
        /// The types, the one with most bytes first.
        tensor_types: Vec<TensorType>,
        /// The number of tensors in them.
        tensors: u64,
    },
    /// Weights that are not quantized, in an architecture that the runtime loads quantized only.
    NotQuantized {
        /// `general.architecture`.
        architecture: String,
        /// The type of the first such tensor.
        tensor_type: TensorType,
    },
    /// A shard is not there.
    MissingShards {
        /// The files at hand.
        found: u64,
        /// The files there should be.
        expected: u64,
    },
    /// Files that do not belong to one model.
    MixedShards,
    /// A metadata key that the runtime needs.
    MissingKey {
        /// The key.
        key: String,
    },
    /// The file is right, but the runtime looks for the number under the name of another one.
    KeyUnderOtherName {
        /// The key it asks for.
        needed: String,
        /// The key of the file.
        stated: String,
    },
    /// A metadata key has a value that the runtime cannot use.
    KeyType {
        /// The key.
        key: String,
        /// What the runtime expects.
        expected: &'static str,
        /// What it is.
        found: ValueType,
    },
    /// A number is zero, too large, or contradicts another.
    ImpossibleNumber {
        /// The key.
        key: String,
        /// The number.
        value: u64,
    },
    /// Heads whose keys and values differ in length, for which the runtime has no code.
    UnequalHeadLengths {
        /// Numbers per key.
        key_length: u64,
        /// Numbers per value.
        value_length: u64,
    },
    /// Tensors that the runtime needs.
    MissingTensors {
        /// The first one.
        first: String,
        /// How many.
        count: u64,
    },
    /// A tensor's dimensions do not agree with the metadata.
    TensorShape {
        /// The tensor.
        tensor: String,
        /// The dimensions that the metadata calls for.
        expected: Vec<u64>,
        /// Its dimensions.
        found: Vec<u64>,
    },
    /// The model's rotary base differs from the one built into the runtime: it would write nonsense.
    RotaryBase {
        /// What the model wants.
        wanted: f64,
        /// What the runtime uses.
        fixed: f64,
    },
    /// Only part of each head is rotated, which the runtime cannot do for this architecture.
    PartialRotary {
        /// Numbers per head that are rotated.
        rotated: u64,
        /// Numbers per head.
        head_length: u64,
    },
    /// Something else than the half of a model that reads images.
    NotAProjector,
    /// A projector that reads sounds only.
    SeesNoImages,
    /// A kind of projector that the runtime does not have.
    ProjectorType {
        /// `clip.projector_type`.
        name: String,
    },
    /// The projector of another model.
    OtherProjector {
        /// Numbers per token that it writes; 0 if it does not say.
        found: u64,
        /// Numbers per token that the model reads.
        needed: u64,
    },
    /// A tokenizer that the runtime does not have.
    Tokenizer {
        /// `tokenizer.ggml.model`.
        model: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATextModel { kind } => f.write_str(match kind {
                ModelKind::Embedding => {
                    "this model turns text into numbers for searching; it cannot chat"
                }
                ModelKind::Reranker => "this model sorts search results; it cannot chat",
                ModelKind::Projector => {
                    "this is the image or audio part of another model (`mmproj`); \
                     download the model it belongs to"
                }
                ModelKind::Adapter => {
                    "this is an adapter for another model, which cannot run on its own"
                }
                ModelKind::ImportanceMatrix => {
                    "this file helps to quantize a model; it is not a model itself"
                }
                ModelKind::VocabularyOnly => {
                    "this file holds only a vocabulary and no weights; it cannot answer"
                }
                ModelKind::Text => "this model cannot chat",
            }),
            Self::NoArchitecture => {
                f.write_str("the file does not say which architecture it is for")
            }
            Self::UnknownArchitecture {
                runtime,
                architecture,
            } => {
                write!(
                    f,
                    "architecture {} is not supported by the {runtime} runtime yet",
                    Quoted(architecture)
                )
            }
            Self::NeedsGraphicsCard { architecture } => {
                write!(
                    f,
                    "the mistral.rs runtime runs {} models only on a graphics card",
                    Quoted(architecture)
                )
            }
            Self::UnsupportedTensorTypes {
                runtime,
                tensor_types,
                tensors,
            } => write!(
                f,
                "{} of its tensors {} stored as {}, which the {runtime} runtime cannot read yet; \
                 choose a Q4_K_M, Q6_K or Q8_0 version of this model",
                Grouped(*tensors),
                if *tensors == 1 { "is" } else { "are" },
                Listed(tensor_types)
            ),
            Self::NotQuantized {
                architecture,
                tensor_type,
            } => write!(
                f,
                "the mistral.rs runtime loads {} models only when they are quantized, and this one is stored as \
                 `{tensor_type}`; choose a Q4_K_M or Q8_0 version",
                Quoted(architecture)
            ),
            Self::MissingShards { found, expected } => write!(
                f,
                "only {found} of the {expected} files of this model {} here; download the others",
                if *found == 1 { "is" } else { "are" }
            ),
            Self::MixedShards => {
                f.write_str("these files belong to different models; download all of them again")
            }
            Self::MissingKey { key } => {
                write!(
                    f,
                    "the file does not state {}, which is needed to run it",
                    Quoted(key)
                )
            }
            Self::KeyUnderOtherName { needed, stated } => {
                write!(
                    f,
                    "the file states {} as it should, but the mistral.rs runtime looks for that number as {} only",
                    Quoted(stated),
                    Quoted(needed)
                )
            }
            Self::KeyType {
                key,
                expected,
                found,
            } => write!(
                f,
                "the mistral.rs runtime needs {} to be {expected}, and this file has {found} of another kind there",
                Quoted(key)
            ),
            Self::ImpossibleNumber { key, value } => {
                write!(
                    f,
                    "the file states {} as {value}, which cannot be right",
                    Quoted(key)
                )
            }
            Self::UnequalHeadLengths {
                key_length,
                value_length,
            } => write!(
                f,
                "its attention keys and values differ in length ({key_length} and {value_length}), \
                 which the mistral.rs runtime cannot handle"
            ),
            Self::MissingTensors { first, count: 1 } => {
                write!(
                    f,
                    "the file lacks the tensor {}, which the mistral.rs runtime needs",
                    Quoted(first)
                )
            }
            Self::MissingTensors { first, count } => write!(
                f,
                "the file lacks {} tensors that the mistral.rs runtime needs, the first being {}",
                Grouped(*count),
                Quoted(first)
            ),
            Self::TensorShape {
                tensor,
                expected,
                found,
            } => write!(
                f,
                "the tensor {} has the dimensions {found:?} where the file's own description calls for {expected:?}",
                Quoted(tensor)
            ),
            Self::RotaryBase { wanted, fixed } => write!(
                f,
                "this model needs a rotary base of {wanted}, but the mistral.rs runtime always uses {fixed} for it \
                 and would write nonsense"
            ),
            Self::PartialRotary {
                rotated,
                head_length,
            } => write!(
                f,
                "this model rotates {rotated} of the {head_length} numbers in each attention head, \
                 which the mistral.rs runtime cannot do"
            ),
            Self::NotAProjector => f.write_str("the file reads no images for another model"),
            Self::SeesNoImages => f.write_str("the file reads sounds for its model, and no images"),
            Self::ProjectorType { name } => write!(
                f,
                "image readers of the kind {} are not supported by the llama.cpp runtime yet",
                Quoted(name)
            ),
            Self::OtherProjector { found, needed } => write!(
                f,
                "the image reader belongs to another model: it writes {found} numbers per token, and this model \
                 reads {needed}"
            ),
            Self::Tokenizer { model } => {
                write!(
                    f,
                    "its tokenizer {} is not supported yet; `llama` and `gpt2` are",
                    Quoted(model)
                )
            }
        }
    }
}
