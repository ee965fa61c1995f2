//! The architectures, and the keys and tensors that the loader of each asks for.

use crate::verdict::{Refusal, Runtime};

pub(super) const LAYER_NORM_EPSILON: &str = "attention.layer_norm_epsilon";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Architecture {
    /// `llama` and `mistral3`, which share a loader.
    Llama,
    Phi2,
    Phi3,
    Qwen2,
    Qwen3,
    Starcoder2,
}

impl Architecture {
    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "llama" | "mistral3" => Self::Llama,
            "phi2" => Self::Phi2,
            "phi3" => Self::Phi3,
            "qwen2" => Self::Qwen2,
            "qwen3" => Self::Qwen3,
            "starcoder2" => Self::Starcoder2,
            "qwen3moe" => {
                return Err(Refusal::NeedsGraphicsCard {
                    architecture: name.to_owned(),
                });
            }
            other => {
                return Err(Refusal::UnknownArchitecture {
                    runtime: Runtime::MistralRs,
                    architecture: other.to_owned(),
                });
            }
        })
    }

    pub fn epsilon_key(self) -> &'static str {
        match self {
            Self::Starcoder2 => LAYER_NORM_EPSILON,
            _ => "attention.layer_norm_rms_epsilon",
        }
    }

    pub fn needs_rotary_dimensions(self) -> bool {
        matches!(self, Self::Llama | Self::Phi2 | Self::Phi3)
    }

    /// Loaders that demand quantized matrices and an output matrix of its own.
    pub fn needs_quantized_matrices(self) -> bool {
        matches!(self, Self::Phi2 | Self::Phi3 | Self::Starcoder2)
    }

    /// Tensors of the whole model.
    pub fn global_tensors(self) -> &'static [&'static str] {
        match self {
            Self::Llama | Self::Qwen2 | Self::Qwen3 => &["token_embd.weight", "output_norm.weight"],
            Self::Phi3 => &["token_embd.weight", "output_norm.weight", "output.weight"],
            Self::Phi2 => &[
                "token_embd.weight",
                "output_norm.weight",
                "output_norm.bias",
                "output.weight",
                "output.bias",
            ],
            Self::Starcoder2 => &[
                "token_embd.weight",
                "output_norm.weight",
                "output_norm.bias",
                "output.weight",
            ],
        }
    }

    /// Matrices of every block; each needs a bias too where [`Self::has_biases`].
    pub fn block_matrices(self) -> &'static [&'static str] {
        match self {
            Self::Llama | Self::Qwen2 | Self::Qwen3 => &[
                "attn_q",
                "attn_k",
                "attn_v",
                "attn_output",
                "ffn_gate",
                "ffn_up",
                "ffn_down",
            ],
            Self::Phi2 | Self::Phi3 => &["attn_qkv", "attn_output", "ffn_up", "ffn_down"],
            Self::Starcoder2 => &[
                "attn_q",
                "attn_k",
                "attn_v",
                "attn_output",
                "ffn_up",
                "ffn_down",
            ],
        }
    }

    pub fn block_norms(self) -> &'static [&'static str] {
        match self {
            Self::Phi2 => &["attn_norm"],
            Self::Qwen3 => &["attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm"],
            _ => &["attn_norm", "ffn_norm"],
        }
    }

    pub fn has_biases(self) -> bool {
        matches!(self, Self::Phi2 | Self::Starcoder2)
    }
}
