//! What the files of each architecture hold, from `load_arch_tensors` of llama.cpp's `src/models`.
//!
//! A part is the name of a weight. `+` behind it adds a bias; `=` is a name without `.weight`; what follows a colon is how
//! its dimensions differ from the usual ones.

use sirocco_gguf::ValueType;
use sirocco_gguf::writer::Field;

/// An architecture.
pub struct Architecture {
    /// `general.architecture`.
    pub name: &'static str,
    /// Blocks.
    pub blocks: u32,
    /// Heads that keys and values have, of four.
    pub kv_heads: u32,
    /// Parts outside of the blocks, beside the table of embeddings.
    pub whole: &'static str,
    /// Parts of each block.
    pub block: String,
    /// Parts of the first block, where they are others.
    pub first: Option<&'static str>,
    /// Keys that only it has, behind its name.
    pub keys: Vec<(&'static str, Field)>,
    /// It turns texts into vectors.
    pub embeds: bool,
}

const LLAMA: &str = "attn_norm attn_q attn_k attn_v attn_output ffn_norm ffn_gate ffn_up ffn_down";
const GEMMA: &str = "attn_norm attn_q attn_k attn_v attn_output post_attention_norm ffn_norm ffn_gate ffn_up ffn_down \
    post_ffw_norm";
const GPT2: &str = "attn_norm+ attn_qkv+ attn_output+ ffn_norm+ ffn_up+ ffn_down+";
const QWEN2: &str =
    "attn_norm attn_q+ attn_k+ attn_v+ attn_output ffn_norm ffn_gate ffn_up ffn_down";
const PHI2: &str = "attn_norm+ attn_qkv+ attn_output+ ffn_up+ ffn_down+";
const PHI3: &str = "attn_norm attn_qkv attn_output ffn_norm ffn_up:double ffn_down";
const STARCODER2: &str =
    "attn_norm+ attn_q+ attn_k+ attn_v+ attn_output+ ffn_norm+ ffn_up+ ffn_down+";
const QK_NORMS: &str = "attn_q_norm attn_k_norm";

fn new(name: &'static str, whole: &'static str, block: impl Into<String>) -> Architecture {
    Architecture {
        name,
        blocks: 2,
        kv_heads: 2,
        whole,
        block: block.into(),
        first: None,
        keys: Vec::new(),
        embeds: false,
    }
}

impl Architecture {
    fn with(mut self, key: &'static str, value: impl Into<Field>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// As many heads of keys and values as of queries.
    fn with_all_heads(mut self) -> Self {
        self.kv_heads = 4;
        self
    }

    fn with_experts(self) -> Self {
        self.with("expert_count", 4_u32)
            .with("expert_used_count", 2_u32)
            .with("expert_feed_forward_length", 64_u32)
    }

    fn embedding(mut self) -> Self {
        self.embeds = true;
        self
    }
}

/// Those that mistral.rs loads, by what is special about them; both with an output of its own and with one that is the
/// table of embeddings, where that may be.
pub fn of_mistral_rs() -> Vec<(&'static str, Architecture)> {
    let (tied, untied) = ("output_norm", "output_norm output");
    let qwen3 = || format!("{QK_NORMS} {LLAMA}");
    vec![
        ("llama", new("llama", untied, LLAMA)),
        ("llama, tied", new("llama", tied, LLAMA)),
        (
            "llama with factors of its rotation, as 3.1",
            new("llama", "output_norm output rope_freqs", LLAMA),
        ),
        ("mistral3", new("mistral3", untied, LLAMA)),
        (
            "phi2",
            new("phi2", "output_norm+ output+", PHI2).with_all_heads(),
        ),
        ("phi3", new("phi3", untied, PHI3)),
        (
            "phi3 with the base of Phi-4",
            new("phi3", untied, PHI3).with("rope.freq_base", 250_000_f32),
        ),
        ("qwen2", new("qwen2", untied, QWEN2)),
        ("qwen2, tied", new("qwen2", tied, QWEN2)),
        ("qwen3", new("qwen3", untied, qwen3())),
        ("qwen3, tied", new("qwen3", tied, qwen3())),
        (
            "starcoder2",
            new("starcoder2", "output_norm+ output", STARCODER2),
        ),
    ]
}

/// All that are tried.
pub fn all() -> Vec<Architecture> {
    let gemma_with_norms = || format!("{QK_NORMS} {GEMMA}");
    let llama_with_norms = || format!("{QK_NORMS} {LLAMA}");
    let tied = "output_norm";
    let untied = "output_norm output";
    vec![
        new("llama", untied, LLAMA),
        new("qwen2", untied, QWEN2),
        new("qwen3", untied, llama_with_norms()),
        new("gemma", tied, LLAMA),
        new("gemma2", tied, GEMMA),
        new("gemma3", tied, gemma_with_norms()),
        new(
            "qwen2moe",
            untied,
            "attn_norm attn_q+ attn_k+ attn_v+ attn_output ffn_norm ffn_gate_inp ffn_gate_exps ffn_up_exps \
             ffn_down_exps ffn_gate_inp_shexp ffn_gate_shexp ffn_up_shexp ffn_down_shexp",
        )
        .with_experts(),
        new(
            "qwen3moe",
            untied,
            "attn_norm attn_q attn_k attn_v attn_q_norm attn_k_norm attn_output ffn_norm ffn_gate_inp ffn_gate_exps \
             ffn_up_exps ffn_down_exps",
        )
        .with_experts(),
        new(
            "olmoe",
            untied,
            "attn_norm attn_q attn_k attn_v attn_q_norm:whole attn_k_norm:whole attn_output ffn_norm ffn_gate_inp \
             ffn_gate_exps:wide ffn_up_exps:wide ffn_down_exps:wide",
        )
        .with_all_heads()
        .with_experts(),
        new("phi2", "output_norm+ output+", PHI2)
            .with_all_heads(),
        new("phi3", untied, PHI3),
        new("starcoder", "position_embd output_norm+ output", GPT2),
        new(
            "starcoder2",
            "output_norm+",
            STARCODER2,
        ),
        new(
            "stablelm",
            "output_norm+ output",
            "attn_norm+ attn_q attn_k attn_v attn_output ffn_norm+ ffn_gate ffn_up ffn_down",
        ),
        new("olmo", "output", "attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down"),
        new(
            "olmo2",
            untied,
            "attn_q attn_k attn_v attn_q_norm:whole attn_k_norm:half attn_output post_attention_norm ffn_gate ffn_up \
             ffn_down post_ffw_norm",
        ),
        new("granite", untied, LLAMA).with("logit_scale", 8_f32),
        new("command-r", tied, "attn_norm attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down"),
        new("cohere2", tied, "attn_norm attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down")
            .with("logit_scale", 0.25_f32)
            .with("attention.sliding_window", 64_u32),
        new("falcon", "output_norm+ output", "attn_norm+ attn_qkv attn_output ffn_up ffn_down"),
        new("gptneox", "output_norm+ output", GPT2)
            .with_all_heads()
            .with("use_parallel_residual", true),
        new("gpt2", "position_embd output_norm+", GPT2).with_all_heads(),
        new("mpt", "output_norm", "attn_norm attn_qkv attn_output ffn_norm ffn_up ffn_down")
            .with_all_heads()
            .with("attention.max_alibi_bias", 8_f32),
        new("bloom", "token_embd_norm+ output_norm+", GPT2).with_all_heads(),
        new("internlm2", untied, LLAMA),
        new("smollm3", tied, LLAMA),
        new("exaone", untied, LLAMA),
        new(
            "exaone4",
            tied,
            "attn_q attn_k attn_v attn_q_norm attn_k_norm attn_output post_attention_norm ffn_gate ffn_up ffn_down \
             post_ffw_norm",
        ),
        new(
            "nemotron",
            "output_norm+ output",
            "attn_norm+ attn_q attn_k attn_v attn_output ffn_norm+ ffn_up ffn_down",
        ),
        Architecture {
            first: Some(
                "attn_norm shortconv.conv shortconv.in_proj shortconv.out_proj ffn_norm ffn_gate ffn_up ffn_down",
            ),
            ..new("lfm2", "token_embd_norm", llama_with_norms())
                .with("shortconv.l_cache", 3_u32)
                .with(
                    "attention.head_count_kv",
                    Field::Array(ValueType::U32, vec![Field::U32(0), Field::U32(2)]),
                )
        },
        new(
            "glm4",
            untied,
            "attn_norm attn_q attn_k attn_v attn_output post_attention_norm ffn_norm ffn_up:double ffn_down post_ffw_norm",
        ),
        new("arcee", untied, "attn_norm attn_q attn_k attn_v attn_output ffn_norm ffn_up ffn_down"),
        new("ernie4_5", tied, LLAMA),
        new(
            "mamba",
            tied,
            "attn_norm ssm_in ssm_conv1d+ ssm_x ssm_dt+ ssm_a= ssm_d= ssm_out",
        )
        .with("attention.head_count", 0_u32)
        .with("attention.head_count_kv", 0_u32)
        .with("feed_forward_length", 0_u32)
        .with("ssm.conv_kernel", 4_u32)
        .with("ssm.inner_size", 128_u32)
        .with("ssm.state_size", 16_u32)
        .with("ssm.time_step_rank", 4_u32),
        new(
            "orion",
            "output_norm+ output",
            "attn_norm+ attn_q attn_k attn_v attn_output ffn_norm+ ffn_gate ffn_up ffn_down",
        ),
        new(
            "codeshell",
            "output_norm+ output",
            STARCODER2,
        ),
        new("xverse", untied, LLAMA),
        new("minicpm", untied, LLAMA),
        new(
            "seed_oss",
            untied,
            "attn_norm attn_q+ attn_k+ attn_v+ attn_output post_attention_norm ffn_gate ffn_up ffn_down",
        ),
        new("qwen3", untied, llama_with_norms())
            .with("pooling_type", 3_u32)
            .embedding(),
        new(
            "nomic-bert",
            "token_types token_embd_norm+",
            "attn_qkv attn_output attn_output_norm+ ffn_gate ffn_up ffn_down layer_output_norm+",
        )
        .with_all_heads()
        .with("attention.causal", false)
        .with("pooling_type", 1_u32)
        .embedding(),
        new(
            "jina-bert-v2",
            "token_types token_embd_norm+",
            "attn_q+ attn_k+ attn_v+ attn_output+ attn_output_norm+ ffn_gate ffn_up ffn_down+ layer_output_norm+",
        )
        .with_all_heads()
        .with("attention.causal", false)
        .with("pooling_type", 1_u32)
        .embedding(),
        Architecture {
            // llama.cpp asserts that one of them sees all: every sixth does.
            blocks: 6,
            ..new("gemma-embedding", tied, gemma_with_norms())
                .with("attention.sliding_window", 64_u32)
                .with("pooling_type", 1_u32)
                .embedding()
        },
    ]
}
