//! What only llama.cpp is told: how it keeps keys and values, how it computes attention, and what adapter it adds.

use anyhow::{Context, ensure};
use sirocco_core::completions::{Completions, Piece, Prompt, Request, SamplingParameters};
use sirocco_gguf::TensorType;
use sirocco_gguf::writer::Writer;
use sirocco_protocol::commands::{AdapterList, ModelFit, ModelScan};
use sirocco_protocol::{
    Adapter, AdapterChoice, CacheType, ErrorCode, ErrorReport, FlashAttention, ImportOutcome,
    LlamaCppOptions, LoadOptions, MemoryFit, Model,
};
use sirocco_testkit::TempApp;

use crate::table::{self, Architecture};
use crate::{TEXT, app, imported, model};

/// What the model takes each of its tokens for, as logarithms: the least change of a number shows.
async fn heard(
    app: &TempApp,
    model: &Model,
    llamacpp: LlamaCppOptions,
) -> anyhow::Result<Vec<f32>> {
    let options = LoadOptions {
        llamacpp: Some(llamacpp.clone()),
        ..LoadOptions::default()
    };
    let loaded = app.load(model.id, options).await?;
    ensure!(loaded.llamacpp == Some(llamacpp), "{:?}", loaded.llamacpp);
    let request = Request {
        max_tokens: Some(8),
        sampling: SamplingParameters {
            temperature: 0.0,
            top_logprobs: Some(0),
            ..SamplingParameters::default()
        },
        ..Request::new(Prompt::Text {
            text: TEXT.repeat(4),
            special: false,
        })
    };
    let mut completion = app.app().complete(model.id, request);
    let mut heard = Vec::new();
    while let Some(piece) = completion.next().await {
        if let Piece::Text { tokens, .. } = piece? {
            heard.extend(tokens.iter().map(|token| token.chosen.logprob));
        }
    }
    ensure!(!heard.is_empty(), "it says nothing");
    Ok(heard)
}

/// Heads of 32 numbers, as many as share a scale.
fn wide_heads() -> Architecture {
    let mut architecture = table::all().remove(0);
    architecture.keys.extend([
        ("attention.head_count", 2_u32.into()),
        ("attention.head_count_kv", 1_u32.into()),
        ("rope.dimension_count", 32_u32.into()),
    ]);
    architecture
}

#[tokio::test]
async fn a_cache_of_fewer_bits_answers_a_little_differently_and_takes_less() -> anyhow::Result<()> {
    let app = app().await?;
    let path = app.outside().join("wide.gguf");
    let model = imported(&app, &path, model::file(&wide_heads(), None)).await?;
    let plain = heard(&app, &model, LlamaCppOptions::default()).await?;
    for (cache_type, tolerance) in [(CacheType::Q8_0, 0.05), (CacheType::Q4_0, 0.5)] {
        let options = LlamaCppOptions {
            cache_type,
            ..LlamaCppOptions::default()
        };
        let quantized = heard(&app, &model, options).await?;
        assert_ne!(quantized, plain, "{cache_type:?}");
        let first = (quantized[0] - plain[0]).abs();
        assert!(first < tolerance, "{cache_type:?}: {first}");
    }
    let mut kv_bytes = Vec::new();
    for cache_type in [CacheType::F16, CacheType::Q8_0, CacheType::Q4_0] {
        let request = ModelFit {
            id: model.id,
            context_length: Some(512),
            runtime: None,
            cache_type: Some(cache_type),
            draft: None,
        };
        let fit: MemoryFit = app.call("model_fit", request).await?;
        kv_bytes.push(fit.kv_bytes);
    }
    // Of 32 numbers: 64, 34 and 18 bytes.
    assert_eq!(kv_bytes[1] * 64, kv_bytes[0] * 34);
    assert_eq!(kv_bytes[2] * 64, kv_bytes[0] * 18);
    Ok(())
}

#[tokio::test]
async fn weights_that_are_read_or_held_answer_the_same() -> anyhow::Result<()> {
    let app = app().await?;
    let path = app.outside().join("llama.gguf");
    let model = imported(&app, &path, model::file(&table::all()[0], None)).await?;
    let plain = heard(&app, &model, LlamaCppOptions::default()).await?;
    for (memory_map, keep_in_memory) in [(false, false), (true, true)] {
        let options = LlamaCppOptions {
            memory_map,
            keep_in_memory,
            ..LlamaCppOptions::default()
        };
        assert_eq!(heard(&app, &model, options).await?, plain);
    }
    for flash_attention in [FlashAttention::On, FlashAttention::Off] {
        let options = LlamaCppOptions {
            flash_attention,
            ..LlamaCppOptions::default()
        };
        let other = heard(&app, &model, options).await?;
        let first = (other[0] - plain[0]).abs();
        assert!(first < 0.01, "{flash_attention:?}: {first}");
    }
    // Heads of 16 numbers cannot share the scale of 32.
    let options = LlamaCppOptions {
        cache_type: CacheType::Q8_0,
        ..LlamaCppOptions::default()
    };
    let error = heard(&app, &model, options).await.expect_err("it cannot");
    assert!(format!("{error:#}").contains("32"), "{error:#}");
    Ok(())
}

/// An adapter of rank 4 for the second block, and the numbers between its two matrices and the rest.
fn adapter(architecture: &str, width: u64) -> Vec<u8> {
    const RANK: u64 = 4;
    const FEED_FORWARD: u64 = 128;
    let name = |part: &str| format!("blk.1.ffn_down.weight.lora_{part}");
    let numbers = |count: u64| -> Vec<u8> {
        let each = (0..count).map(|at| ((at * 37 % 19) as f32 - 9.0) / 20.0);
        each.flat_map(f32::to_le_bytes).collect()
    };
    Writer::new()
        .field("general.type", "adapter")
        .field("general.architecture", architecture)
        .field("general.name", "Another tone")
        .field("adapter.type", "lora")
        .field("adapter.lora.alpha", 8_f32)
        .tensor(
            name("a"),
            [FEED_FORWARD, RANK],
            TensorType::F32,
            numbers(FEED_FORWARD * RANK),
        )
        .tensor(
            name("b"),
            [RANK, width],
            TensorType::F32,
            numbers(RANK * width),
        )
        .build()
        .expect("the dimensions add up")
}

fn with(key: &str, scale: f32) -> LlamaCppOptions {
    LlamaCppOptions {
        adapter: Some(AdapterChoice {
            key: key.into(),
            scale,
        }),
        ..LlamaCppOptions::default()
    }
}

async fn put(app: &TempApp, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
    std::fs::write(app.home().join("models").join(name), bytes)?;
    let outcome: ImportOutcome = app.call("model_scan", ModelScan {}).await?;
    ensure!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    ensure!(outcome.models.is_empty(), "an adapter is no model");
    Ok(())
}

fn refusal(error: &anyhow::Error) -> anyhow::Result<&ErrorReport> {
    error.downcast_ref().context("a report")
}

#[tokio::test]
async fn an_adapter_changes_the_model_by_its_scale() -> anyhow::Result<()> {
    let app = app().await?;
    put(&app, "tone.gguf", adapter("llama", 64)).await?;
    let path = app.outside().join("llama.gguf");
    let model = imported(&app, &path, model::file(&table::all()[0], None)).await?;
    let adapters: Vec<Adapter> = app
        .call("adapter_list", AdapterList { id: model.id })
        .await?;
    assert_eq!(adapters.len(), 1);
    assert_eq!(
        (adapters[0].key.as_str(), adapters[0].name.as_str()),
        ("tone", "Another tone")
    );

    let plain = heard(&app, &model, LlamaCppOptions::default()).await?;
    assert_eq!(heard(&app, &model, with("tone", 0.0)).await?, plain);
    let whole = heard(&app, &model, with("tone", 1.0)).await?;
    assert_ne!(whole, plain);
    let half = heard(&app, &model, with("tone", 0.5)).await?;
    assert!(half != plain && half != whole);
    Ok(())
}

#[tokio::test]
async fn an_adapter_that_does_not_fit_costs_its_load_and_says_why() -> anyhow::Result<()> {
    let app = app().await?;
    put(&app, "narrow.gguf", adapter("llama", 32)).await?;
    put(&app, "other.gguf", adapter("qwen2", 64)).await?;
    let path = app.outside().join("llama.gguf");
    let model = imported(&app, &path, model::file(&table::all()[0], None)).await?;
    for (key, says) in [
        ("narrow", "`narrow.gguf` does not fit the model"),
        ("other", "is for models of architecture `qwen2`"),
    ] {
        let error = heard(&app, &model, with(key, 1.0)).await.expect_err(key);
        let report = refusal(&error)?;
        assert_eq!(report.code, ErrorCode::ModelRefused, "{report}");
        assert!(report.message.contains(says), "{report}");
    }
    let error = heard(&app, &model, with("gone", 1.0)).await;
    let error = error.expect_err("there is none");
    assert_eq!(refusal(&error)?.code, ErrorCode::FileProblem);
    heard(&app, &model, LlamaCppOptions::default()).await?;
    Ok(())
}
