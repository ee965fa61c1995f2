//! What the second runtime takes, and what it leaves.

mod models;

use models::{base, complete, model};
use sirocco_gguf::memory::{
    CacheType, estimate_for, estimate_with, largest_context_for, largest_context_with,
};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{
    Caution, Model, ModelKind, Refusal, Runtime, TensorType, ValueType, Verdict,
    architecture_refusal, projector_refusals, verdict,
};

fn judge(writer: &Writer) -> Verdict {
    verdict(&model(writer), Runtime::LlamaCpp)
}

fn only_refusal(writer: &Writer) -> Refusal {
    match judge(writer) {
        Verdict::Refused { mut reasons } => {
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            reasons.remove(0)
        }
        runs => panic!("{runs:?}"),
    }
}

/// A whole model whose header says that it is of this architecture.
fn of_architecture(name: &str) -> Writer {
    base(name).zeros("token_embd.weight", [256, 40], TensorType::Q4K)
}

#[test]
fn what_mistral_rs_refuses_for_its_architecture_runs() {
    for architecture in [
        "llama",
        "qwen2",
        "qwen3moe",
        "gemma2",
        "gemma3",
        "gemma4",
        "gpt-oss",
        "qwen35",
        "lfm2",
        "glm4",
        "granite",
        "olmo2",
        "smollm3",
        "nemotron_h",
        "command-r",
        "deepseek2",
        "mamba2",
    ] {
        let runs = judge(&of_architecture(architecture));
        assert_eq!(
            runs,
            Verdict::Runs {
                cautions: Vec::new()
            },
            "{architecture}"
        );
    }
}

#[test]
fn what_writes_no_text_token_by_token_is_refused_by_name() {
    for architecture in [
        "t5",
        "dream",
        "eagle3",
        "wavtokenizer-dec",
        "gptj",
        "Gemma3",
        "",
    ] {
        let refusal = architecture_refusal(architecture, Runtime::LlamaCpp)
            .map(|refusal| refusal.to_string());
        let expected =
            format!("architecture `{architecture}` is not supported by the llama.cpp runtime yet");
        assert_eq!(refusal, Some(expected));
    }
    let kind = ModelKind::Projector;
    assert_eq!(
        only_refusal(&of_architecture("clip")),
        Refusal::NotATextModel { kind }
    );
}

#[test]
fn what_turns_texts_into_vectors_embeds_and_does_not_run() {
    for architecture in [
        "bert",
        "nomic-bert",
        "nomic-bert-moe",
        "jina-bert-v2",
        "jina-bert-v3",
        "modern-bert",
        "neo-bert",
        "eurobert",
        "gemma-embedding",
        "llama-embed",
    ] {
        let embedder = of_architecture(architecture).replace("tokenizer.ggml.model", "bert");
        assert_eq!(judge(&embedder), Verdict::Embeds, "{architecture}");
        assert_eq!(architecture_refusal(architecture, Runtime::LlamaCpp), None);
        let kind = ModelKind::Embedding;
        assert_eq!(
            verdict(&model(&embedder), Runtime::MistralRs),
            Verdict::Refused {
                reasons: vec![Refusal::NotATextModel { kind }]
            },
        );
    }
    let pooling = |number: u32| of_architecture("qwen3").field("qwen3.pooling_type", number);
    for (number, expected) in [(0, ModelKind::Text), (3, ModelKind::Embedding)] {
        let verdict = judge(&pooling(number));
        assert_eq!(verdict.runs(), expected == ModelKind::Text, "{verdict:?}");
    }
    let kind = ModelKind::Reranker;
    assert_eq!(only_refusal(&pooling(4)), Refusal::NotATextModel { kind });
    let reranker = of_architecture("bert").field("bert.pooling_type", 4_u32);
    assert_eq!(only_refusal(&reranker), Refusal::NotATextModel { kind });
    let of_pictures = only_refusal(&of_architecture("t5encoder")).to_string();
    assert!(of_pictures.contains("not supported"), "{of_pictures}");
}

#[test]
fn what_only_embeds_has_no_cache() {
    let kv = |architecture| {
        let model = model(&of_architecture(architecture));
        let estimate = estimate_for(&model, Runtime::LlamaCpp, 512);
        estimate.unwrap().kv_bytes
    };
    assert_eq!(kv("bert"), 0);
    assert!(kv("qwen3") > 0);
}

#[test]
fn every_type_for_weights_is_read() {
    let refused =
        |tensor_type| !judge(&complete("qwen2").retype("blk.0.ffn_up.weight", tensor_type)).runs();
    let not: Vec<_> = TensorType::ALL
        .iter()
        .filter(|one| refused(**one))
        .map(ToString::to_string)
        .collect();
    assert_eq!(not, ["Q8_1", "Q8_K", "I8", "I16", "I64", "F64"]);
    let sentence =
        only_refusal(&complete("qwen2").retype("blk.0.ffn_up.weight", TensorType::Q8K)).to_string();
    assert!(
        sentence.contains("the llama.cpp runtime cannot read"),
        "{sentence}"
    );
}

#[test]
fn a_vocabulary_that_the_worker_does_not_read_is_refused() {
    for name in ["bert", "t5", "rwkv", "plamo2"] {
        let refusal = only_refusal(&complete("llama").replace("tokenizer.ggml.model", name));
        assert_eq!(
            refusal,
            Refusal::Tokenizer {
                model: name.to_owned()
            }
        );
    }
    for key in [
        "tokenizer.ggml.model",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.merges",
        "llama.context_length",
    ] {
        let refusal = only_refusal(&complete("llama").without_field(key));
        assert_eq!(
            refusal,
            Refusal::MissingKey {
                key: key.to_owned()
            }
        );
    }
    let whole_words = complete("deepseek2")
        .field("tokenizer.ggml.pre", "kimi-k2")
        .without_field("tokenizer.ggml.merges");
    assert!(judge(&whole_words).runs());
}

#[test]
fn a_base_model_runs_with_a_caution() {
    let cautions = vec![Caution::NoChatTemplate];
    assert_eq!(
        judge(&complete("qwen2").without_field("tokenizer.chat_template")),
        Verdict::Runs { cautions }
    );
}

#[test]
fn weights_take_what_the_file_has_and_the_cache_is_half_as_long_as_in_mistral_rs() {
    let model = model(&complete("qwen2"));
    let of = |runtime| estimate_for(&model, runtime, 1024).unwrap();
    let (ours, theirs) = (of(Runtime::LlamaCpp), of(Runtime::MistralRs));
    let stored: u64 = model.tensors().filter_map(|tensor| tensor.size_bytes).sum();
    assert_eq!(ours.weights_bytes + ours.embedding_bytes, stored);
    assert_eq!(ours.kv_bytes * 2, theirs.kv_bytes);
    let just = largest_context_for(&model, Runtime::LlamaCpp, ours.total_bytes);
    assert_eq!(just, Some(1024));
}

#[test]
fn layers_without_attention_have_no_cache() {
    let kv = |writer: &Writer| {
        estimate_for(&model(writer), Runtime::LlamaCpp, 512)
            .unwrap()
            .kv_bytes
    };
    let all = kv(&of_architecture("qwen35"));
    let every_second = of_architecture("qwen35").field("qwen35.full_attention_interval", 2_u32);
    assert_eq!(kv(&every_second) * 2, all);
    let each = Field::Array(ValueType::U32, vec![Field::U32(0), Field::U32(2)]);
    assert_eq!(
        kv(&of_architecture("lfm2").replace("lfm2.attention.head_count_kv", each)) * 2,
        all
    );
    let without_heads = of_architecture("mamba2")
        .without_field("mamba2.attention.head_count")
        .without_field("mamba2.attention.head_count_kv");
    assert_eq!(kv(&without_heads), 0);
}

#[test]
fn a_quantized_cache_takes_fewer_bytes_and_leaves_room_for_more_context() {
    let model = model(&complete("qwen2"));
    let of = |cache_type| {
        let estimate = estimate_with(&model, Runtime::LlamaCpp, 1024, cache_type);
        estimate.unwrap()
    };
    let f16 = of(CacheType::F16);
    assert_eq!(estimate_for(&model, Runtime::LlamaCpp, 1024), Some(f16));
    for (cache_type, bytes_of_32) in [(CacheType::Q8_0, 34), (CacheType::Q4_0, 18)] {
        let quantized = of(cache_type);
        assert_eq!(quantized.kv_bytes * 64, f16.kv_bytes * bytes_of_32);
        assert_eq!(
            f16.total_bytes - quantized.total_bytes,
            f16.kv_bytes - quantized.kv_bytes
        );
        let budget = f16.total_bytes;
        let largest = |cache_type| {
            largest_context_with(&model, Runtime::LlamaCpp, budget, cache_type).unwrap()
        };
        assert!(largest(cache_type) >= largest(CacheType::F16));
    }
}

/// A projector that is right in all that is looked at.
fn projector() -> Writer {
    Writer::new()
        .field("general.architecture", "clip")
        .field("clip.has_vision_encoder", true)
        .field("clip.projector_type", "gemma3")
        .field("clip.vision.image_size", 896_u32)
        .field("clip.vision.patch_size", 14_u32)
        .field("clip.vision.embedding_length", 1152_u32)
        .field("clip.vision.block_count", 27_u32)
        .field("clip.vision.attention.head_count", 16_u32)
        .field("clip.vision.projection_dim", 256_u32)
}

/// What keeps this projector from the model of 256 numbers per token.
fn projector_reasons(writer: &Writer) -> Vec<Refusal> {
    let of_text: Model = model(&of_architecture("gemma3"));
    projector_refusals(&model(writer), &of_text)
}

#[test]
fn a_projector_is_taken_for_its_own_model_only() {
    assert_eq!(projector_reasons(&projector()), []);
    let other = projector().replace("clip.vision.projection_dim", 512_u32);
    assert_eq!(
        projector_reasons(&other),
        [Refusal::OtherProjector {
            found: 512,
            needed: 256
        }]
    );
    // Files from before that number was stated are told by the matrix at their end.
    let old = other.zeros("mm.2.weight", [1024, 256], TensorType::F16);
    assert_eq!(projector_reasons(&old), []);
}

#[test]
fn a_projector_that_cannot_be_loaded_says_why() {
    assert_eq!(
        projector_reasons(&of_architecture("llama")),
        [Refusal::NotAProjector]
    );
    let sounds = projector().replace("clip.has_vision_encoder", false);
    assert_eq!(projector_reasons(&sounds), [Refusal::SeesNoImages]);
    let new = projector().replace("clip.projector_type", "fly");
    assert_eq!(
        projector_reasons(&new),
        [Refusal::ProjectorType { name: "fly".into() }]
    );
    for key in ["clip.vision.patch_size", "clip.vision.image_size"] {
        let zero = projector().replace(key, 0_u32);
        let key = key.to_owned();
        assert_eq!(
            projector_reasons(&zero),
            [Refusal::ImpossibleNumber { key, value: 0 }]
        );
    }
    let silent = projector().without_field("clip.vision.block_count");
    assert!(matches!(
        projector_reasons(&silent)[..],
        [Refusal::MissingKey { .. }]
    ));
}
