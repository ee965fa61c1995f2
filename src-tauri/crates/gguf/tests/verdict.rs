//! Who runs, who does not, and why.

mod models;

use models::{EMBEDDING, TOKENS, base, complete, model};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{Caution, ModelKind, Refusal, Runtime, TensorType, Verdict, verdict};

fn judge(writer: &Writer) -> Verdict {
    verdict(&model(writer), Runtime::MistralRs)
}

fn refusals(writer: &Writer) -> Vec<Refusal> {
    match judge(writer) {
        Verdict::Refused { reasons } => reasons,
        runs => panic!("{runs:?}"),
    }
}

fn only_refusal(writer: &Writer) -> Refusal {
    let mut reasons = refusals(writer);
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

fn cautions(writer: &Writer) -> Vec<Caution> {
    match judge(writer) {
        Verdict::Runs { cautions } => cautions,
        refused => panic!("{refused:?}"),
    }
}

const RUNNING: [&str; 7] = [
    "llama",
    "mistral3",
    "qwen2",
    "qwen3",
    "phi2",
    "phi3",
    "starcoder2",
];

#[test]
fn complete_models_of_supported_architectures_run_without_cautions() {
    for architecture in RUNNING {
        assert_eq!(cautions(&complete(architecture)), [], "{architecture}");
    }
}

#[test]
fn unknown_architectures_are_refused_by_name() {
    for architecture in ["gemma3", "gpt-oss", "deepseek2", "falcon", "Llama"] {
        let reason = only_refusal(&complete("llama").replace("general.architecture", architecture));
        assert_eq!(
            reason.to_string(),
            format!("architecture `{architecture}` is not supported by the mistral.rs runtime yet")
        );
    }
    assert_eq!(
        only_refusal(&complete("llama").without_field("general.architecture")),
        Refusal::NoArchitecture
    );
    assert!(matches!(
        only_refusal(&complete("qwen3").replace("general.architecture", "qwen3moe")),
        Refusal::NeedsGraphicsCard { .. }
    ));
}

#[test]
fn files_that_are_not_text_models_are_refused_for_what_they_are() {
    let of = |writer: Writer| match only_refusal(&writer) {
        Refusal::NotATextModel { kind } => kind,
        other => panic!("{other}"),
    };
    let llama = || complete("llama");
    assert_eq!(
        of(llama().replace("general.architecture", "clip")),
        ModelKind::Projector
    );
    assert_eq!(
        of(llama().replace("general.architecture", "bert")),
        ModelKind::Embedding
    );
    assert_eq!(
        of(llama().replace("general.architecture", "nomic-bert-moe")),
        ModelKind::Embedding
    );
    assert_eq!(
        of(llama().field("general.type", "adapter")),
        ModelKind::Adapter
    );
    assert_eq!(
        of(llama().field("general.type", "imatrix")),
        ModelKind::ImportanceMatrix
    );
    assert_eq!(
        of(complete("qwen3").field("qwen3.pooling_type", 3_u32)),
        ModelKind::Embedding
    );
    assert_eq!(
        of(complete("qwen3").field("qwen3.pooling_type", 4_u32)),
        ModelKind::Reranker
    );
    assert_eq!(of(base("llama")), ModelKind::VocabularyOnly);
    assert!(judge(&complete("qwen3").field("qwen3.pooling_type", 0_u32)).runs());
}

#[test]
fn tensor_types_that_candle_cannot_load_are_refused() {
    let refused = TensorType::ALL.iter().copied().filter(|tensor_type| {
        !matches!(
            tensor_type.to_string().as_str(),
            "F32"
                | "F16"
                | "BF16"
                | "Q4_0"
                | "Q4_1"
                | "Q5_0"
                | "Q5_1"
                | "Q8_0"
                | "Q2_K"
                | "Q3_K"
                | "Q4_K"
                | "Q5_K"
                | "Q6_K"
        )
    });
    let mut count = 0;
    for tensor_type in refused {
        let reason = only_refusal(&complete("qwen2").retype("blk.1.ffn_up.weight", tensor_type));
        assert_eq!(
            reason,
            Refusal::UnsupportedTensorTypes {
                runtime: Runtime::MistralRs,
                tensor_types: vec![tensor_type],
                tensors: 1
            }
        );
        count += 1;
    }
    assert_eq!(count, TensorType::ALL.len() - 13);
    let unknown = complete("qwen2").retype("blk.1.ffn_up.weight", TensorType::Unknown(77));
    assert_eq!(
        only_refusal(&unknown).to_string(),
        "1 of its tensors is stored as `type 77`, which the mistral.rs runtime cannot read yet; \
         choose a Q4_K_M, Q6_K or Q8_0 version of this model"
    );
}

#[test]
fn every_key_that_the_runtime_would_miss_is_named() {
    let shared = [
        "block_count",
        "context_length",
        "embedding_length",
        "attention.head_count",
        "attention.head_count_kv",
    ];
    for architecture in RUNNING {
        let mut needed = shared.to_vec();
        match architecture {
            "starcoder2" => needed.push("attention.layer_norm_epsilon"),
            // Has a test of its own.
            "phi2" => {}
            _ => needed.push("attention.layer_norm_rms_epsilon"),
        }
        if !matches!(architecture, "qwen2" | "qwen3" | "starcoder2") {
            needed.push("rope.dimension_count");
        }
        for key in needed {
            let key = format!("{architecture}.{key}");
            let reason = only_refusal(&complete(architecture).without_field(&key));
            assert_eq!(reason, Refusal::MissingKey { key });
        }
    }
    for key in [
        "tokenizer.ggml.model",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.eos_token_id",
        "tokenizer.ggml.merges",
    ] {
        let reason = only_refusal(&complete("qwen2").without_field(key));
        assert_eq!(
            reason,
            Refusal::MissingKey {
                key: key.to_owned()
            }
        );
    }
}

#[test]
fn a_phi2_file_as_converters_write_it_is_refused_for_the_name_of_a_key() {
    let converted = complete("phi2").without_field("phi2.attention.layer_norm_rms_epsilon");
    assert_eq!(
        only_refusal(&converted).to_string(),
        "the file states `phi2.attention.layer_norm_epsilon` as it should, but the mistral.rs runtime looks for that \
         number as `phi2.attention.layer_norm_rms_epsilon` only"
    );
    let without = converted.without_field("phi2.attention.layer_norm_epsilon");
    assert_eq!(
        only_refusal(&without),
        Refusal::MissingKey {
            key: "phi2.attention.layer_norm_rms_epsilon".to_owned()
        }
    );
    assert!(judge(&complete("phi2").without_field("phi2.attention.layer_norm_epsilon")).runs());
}

#[test]
fn numbers_of_the_wrong_type_are_refused() {
    let each = Field::Array(
        sirocco_gguf::ValueType::U32,
        vec![Field::U32(2), Field::U32(2)],
    );
    for value in [each, Field::U64(2), Field::I32(2), Field::from("2")] {
        let reason =
            only_refusal(&complete("llama").replace("llama.attention.head_count_kv", value));
        assert!(matches!(reason, Refusal::KeyType { .. }), "{reason}");
    }
    assert!(judge(&complete("llama").replace("llama.context_length", 2048_u64)).runs());
    assert!(!judge(&complete("phi3").replace("phi3.context_length", 2048_u64)).runs());
    assert!(!judge(&complete("qwen2").field("qwen2.rope.freq_base", 1e6_f64)).runs());
    assert!(judge(&complete("qwen2").field("qwen2.rope.freq_base", 1e6_f32)).runs());
}

#[test]
fn token_types_of_another_width_are_refused() {
    let types = Field::Array(
        sirocco_gguf::ValueType::U8,
        vec![Field::U8(1); TOKENS as usize],
    );
    let reason = only_refusal(&complete("qwen2").replace("tokenizer.ggml.token_type", types));
    assert!(matches!(reason, Refusal::KeyType { .. }), "{reason}");
    assert!(judge(&complete("qwen2").without_field("tokenizer.ggml.token_type")).runs());
}

#[test]
fn impossible_numbers_are_refused() {
    for (key, value) in [
        ("attention.head_count", 0),
        ("attention.head_count", 3),
        ("attention.head_count_kv", 0),
        ("attention.head_count_kv", 3),
        ("block_count", 0),
        ("block_count", u32::MAX),
        ("context_length", 0),
        ("context_length", u32::MAX),
        ("embedding_length", 0),
        ("embedding_length", u32::MAX),
    ] {
        let key = format!("qwen2.{key}");
        let reasons = refusals(&complete("qwen2").replace(&key, value));
        assert!(
            matches!(reasons[0], Refusal::ImpossibleNumber { .. }),
            "{key} = {value}: {reasons:?}"
        );
    }
    assert!(matches!(
        only_refusal(&complete("qwen2").replace("tokenizer.ggml.eos_token_id", TOKENS as u32)),
        Refusal::ImpossibleNumber { .. }
    ));
    assert!(matches!(
        only_refusal(&complete("llama").field("llama.attention.value_length", 32_u32)),
        Refusal::UnequalHeadLengths {
            key_length: 64,
            value_length: 32
        }
    ));
}

#[test]
fn missing_tensors_are_counted_and_the_first_is_named() {
    for architecture in RUNNING {
        for name in [
            "token_embd.weight",
            "output_norm.weight",
            "blk.1.attn_norm.weight",
            "blk.1.ffn_down.weight",
        ] {
            let reason = only_refusal(&complete(architecture).without_tensor(name));
            assert_eq!(
                reason,
                Refusal::MissingTensors {
                    first: name.to_owned(),
                    count: 1
                },
                "{architecture}"
            );
        }
    }
    for (architecture, name) in [
        ("phi3", "output.weight"),
        ("phi2", "output.bias"),
        ("phi2", "blk.0.attn_qkv.bias"),
        ("starcoder2", "blk.0.ffn_norm.bias"),
        ("starcoder2", "output.weight"),
        ("qwen3", "blk.0.attn_q_norm.weight"),
    ] {
        let reason = only_refusal(&complete(architecture).without_tensor(name));
        assert_eq!(
            reason,
            Refusal::MissingTensors {
                first: name.to_owned(),
                count: 1
            }
        );
    }
    let truncated = complete("qwen2").replace("qwen2.block_count", 4_u32);
    assert!(matches!(
        only_refusal(&truncated),
        Refusal::MissingTensors { count: 18, .. }
    ));
}

#[test]
fn tensors_that_contradict_the_description_are_refused() {
    let swap = |writer: Writer, name: &str, dimensions: [u64; 2]| {
        only_refusal(
            &writer
                .without_tensor(name)
                .zeros(name, dimensions, TensorType::Q4K),
        )
    };
    for (name, dimensions) in [
        ("token_embd.weight", [EMBEDDING, TOKENS - 1]),
        ("token_embd.weight", [2 * EMBEDDING, TOKENS]),
        ("blk.1.attn_k.weight", [EMBEDDING, EMBEDDING]),
        ("blk.0.ffn_gate.weight", [EMBEDDING, 256]),
        ("blk.0.attn_output.weight", [EMBEDDING, 128]),
    ] {
        let reason = swap(complete("qwen2"), name, dimensions);
        assert!(
            matches!(&reason, Refusal::TensorShape { tensor, .. } if tensor == name),
            "{reason}"
        );
    }
    let spare_rows = complete("qwen2").without_tensor("token_embd.weight");
    assert!(
        judge(&spare_rows.zeros(
            "token_embd.weight",
            [EMBEDDING, TOKENS + 84],
            TensorType::Q4K
        ))
        .runs()
    );
}

#[test]
fn the_rotary_base_of_phi_4_is_used_and_that_of_phi_2_is_built_in() {
    assert!(judge(&complete("phi3").field("phi3.rope.freq_base", 250_000_f32)).runs());
    let reason = only_refusal(&complete("phi2").field("phi2.rope.freq_base", 250_000_f32));
    assert_eq!(
        reason,
        Refusal::RotaryBase {
            wanted: 250_000.0,
            fixed: 10_000.0
        }
    );
    assert!(judge(&complete("phi2").field("phi2.rope.freq_base", 10_000_f32)).runs());
    let mini = complete("phi3")
        .without_tensor("output.weight")
        .replace("phi3.rope.dimension_count", 48_u32);
    assert_eq!(
        only_refusal(&mini),
        Refusal::PartialRotary {
            rotated: 48,
            head_length: 64
        }
    );
    assert!(judge(&complete("phi2").replace("phi2.rope.dimension_count", 32_u32)).runs());
}

#[test]
fn dense_weights_are_refused_only_where_the_runtime_panics_on_them() {
    for tensor_type in [TensorType::F16, TensorType::F32, TensorType::Bf16] {
        for architecture in ["phi2", "phi3", "starcoder2"] {
            let reason =
                only_refusal(&complete(architecture).retype("blk.1.ffn_up.weight", tensor_type));
            assert!(
                matches!(reason, Refusal::NotQuantized { tensor_type: found, .. } if found == tensor_type)
            );
        }
        assert!(judge(&complete("llama").retype("blk.1.ffn_up.weight", tensor_type)).runs());
    }
}

#[test]
fn other_tokenizers_are_refused() {
    for name in ["bert", "t5", "rwkv", "plamo2"] {
        let reason = only_refusal(&complete("llama").replace("tokenizer.ggml.model", name));
        assert_eq!(
            reason,
            Refusal::Tokenizer {
                model: name.to_owned()
            }
        );
    }
    let sentencepiece = complete("llama").replace("tokenizer.ggml.model", "llama");
    assert_eq!(
        only_refusal(&sentencepiece),
        Refusal::MissingKey {
            key: "tokenizer.ggml.scores".to_owned()
        }
    );
    let scores = Field::floats((0..TOKENS).map(|_| 0.0));
    let with_scores = complete("llama")
        .replace("tokenizer.ggml.model", "llama")
        .field("tokenizer.ggml.scores", scores);
    assert!(judge(&with_scores).runs());
}

fn mixtral(fused: bool) -> Writer {
    let mut writer = complete("llama")
        .field("llama.expert_count", 2_u32)
        .field("llama.expert_used_count", 2_u32);
    for block in 0..2 {
        for matrix in ["ffn_gate", "ffn_up", "ffn_down"] {
            let dimensions = if matrix == "ffn_down" {
                [512, 256]
            } else {
                [256, 512]
            };
            writer = writer.without_tensor(&format!("blk.{block}.{matrix}.weight"));
            writer = if fused {
                let dimensions = [dimensions[0], dimensions[1], 2];
                writer.zeros(
                    format!("blk.{block}.{matrix}_exps.weight"),
                    dimensions,
                    TensorType::Q4K,
                )
            } else {
                (0..2).fold(writer, |writer, expert| {
                    writer.zeros(
                        format!("blk.{block}.{matrix}.{expert}.weight"),
                        dimensions,
                        TensorType::Q4K,
                    )
                })
            };
        }
        writer = writer.zeros(
            format!("blk.{block}.ffn_gate_inp.weight"),
            [256, 2],
            TensorType::F32,
        );
    }
    writer
}

#[test]
fn a_mixture_of_experts_runs_with_a_caution_in_both_layouts() {
    for fused in [true, false] {
        assert_eq!(
            cautions(&mixtral(fused)),
            [Caution::SlowExperts { experts: 2 }]
        );
    }
    let lacking = mixtral(false).without_tensor("blk.1.ffn_up.1.weight");
    assert_eq!(
        only_refusal(&lacking),
        Refusal::MissingTensors {
            first: "blk.1.ffn_up.1.weight".to_owned(),
            count: 1
        }
    );
    let lacking = mixtral(true).without_tensor("blk.0.ffn_gate_inp.weight");
    assert!(matches!(
        only_refusal(&lacking),
        Refusal::MissingTensors { count: 1, .. }
    ));
}

#[test]
fn ignored_position_scaling_is_a_caution() {
    let expected = [Caution::RopeScalingIgnored {
        original_context_length: None,
    }];
    assert_eq!(
        cautions(&complete("llama").zeros("rope_freqs.weight", [32], TensorType::F32)),
        []
    );
    assert_eq!(
        cautions(&complete("qwen2").zeros("rope_freqs.weight", [32], TensorType::F32)),
        expected
    );
    assert_eq!(
        cautions(&complete("qwen2").field("qwen2.rope.scaling.factor", 4.0_f32)),
        expected
    );
    let yarn = complete("mistral3")
        .field("mistral3.rope.scaling.type", "yarn")
        .field("mistral3.rope.scaling.original_context_length", 16384_u32);
    let found = cautions(&yarn);
    assert_eq!(
        found,
        [Caution::RopeScalingIgnored {
            original_context_length: Some(16384)
        }]
    );
    assert!(found[0].to_string().contains("16,384 tokens"));
    assert_eq!(
        cautions(&complete("qwen2").field("qwen2.rope.scaling.type", "none")),
        []
    );
}

#[test]
fn a_sliding_window_is_a_caution_only_if_it_is_smaller_than_the_context() {
    let with =
        |window: u32| cautions(&complete("llama").field("llama.attention.sliding_window", window));
    assert_eq!(with(1024), [Caution::SlidingWindowIgnored { window: 1024 }]);
    assert_eq!(with(2048), []);
    assert_eq!(with(0), []);
}

#[test]
fn a_missing_template_is_a_caution() {
    assert_eq!(
        cautions(&complete("qwen2").without_field("tokenizer.chat_template")),
        [Caution::NoChatTemplate]
    );
}

#[test]
fn every_sentence_keeps_the_house_tone() {
    let mut sentences: Vec<String> = Vec::new();
    for writer in [
        complete("llama").replace("general.architecture", "gemma3"),
        complete("llama").without_field("llama.block_count"),
        complete("llama").without_tensor("token_embd.weight"),
        complete("llama").replace("general.architecture", "clip"),
        complete("phi2").field("phi2.rope.freq_base", 250_000_f32),
        complete("llama").retype("blk.0.attn_q.weight", TensorType::Iq4Xs),
    ] {
        sentences.extend(refusals(&writer).iter().map(ToString::to_string));
    }
    sentences.extend(
        cautions(&mixtral(true).without_field("tokenizer.chat_template"))
            .iter()
            .map(ToString::to_string),
    );
    assert_eq!(sentences.len(), 8);
    for sentence in sentences {
        assert!(
            sentence.starts_with(|first: char| first.is_lowercase() || first.is_numeric()),
            "{sentence}"
        );
        assert!(
            !sentence.ends_with('.') && !sentence.contains('\n') && !sentence.contains("  "),
            "{sentence}"
        );
        assert!(sentence.len() < 250, "{sentence}");
    }
}

#[test]
fn an_architecture_is_judged_by_its_name_alone() {
    for known in [
        "llama",
        "mistral3",
        "phi2",
        "phi3",
        "qwen2",
        "qwen3",
        "starcoder2",
    ] {
        assert_eq!(
            sirocco_gguf::architecture_refusal(known, Runtime::MistralRs),
            None,
            "{known}"
        );
    }
    for unknown in ["gemma3", "gpt-oss", "qwen3moe", ""] {
        let refusal = sirocco_gguf::architecture_refusal(unknown, Runtime::MistralRs);
        assert!(
            refusal.is_some_and(|refusal| refusal.to_string().contains(unknown)),
            "{unknown}"
        );
    }
}
