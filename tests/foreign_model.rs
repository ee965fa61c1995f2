//! Stories of a real model that mistral.rs does not load: Gemma 3, 270 million weights, a base model.
//!
//! As `real_model.rs`, only with llama.cpp's worker; `SIROCCO_TEST_FOREIGN_MODEL` is the file.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sirocco_engine::discover;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationSettings, ErrorCode, ErrorReport, LayerValues, LoadOptions,
    LoadState, Model, ModelVerdict, Parameters, RunState, RuntimeName,
};
use sirocco_testkit::TempApp;

fn path_in(variable: &str) -> anyhow::Result<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from).with_context(|| {
        format!("{variable} is not set: run these stories with `cargo xtask test --only model`")
    })
}

/// An App with all workers there are, and the model.
async fn foreign() -> anyhow::Result<(TempApp, Model)> {
    let workers = discover(&[path_in("SIROCCO_WORKER_DIR")?]);
    ensure!(
        workers
            .iter()
            .any(|worker| worker.name == RuntimeName::LlamaCpp),
        "there is no worker of llama.cpp"
    );
    let app = TempApp::open_with(workers).await?;
    let outcome = app.import(&path_in("SIROCCO_TEST_FOREIGN_MODEL")?).await?;
    let model = outcome
        .models
        .into_iter()
        .next()
        .with_context(|| format!("{:?}", outcome.problems))?;
    Ok((app, model))
}

#[tokio::test]
async fn gemma_is_served_by_llama_cpp_and_writes_sense() -> anyhow::Result<()> {
    let (app, model) = foreign().await?;
    assert_eq!(
        (model.architecture.as_str(), model.runtime),
        ("gemma3", Some(RuntimeName::LlamaCpp))
    );
    assert!(
        matches!(model.verdict, ModelVerdict::Runs { .. }),
        "{:?}",
        model.verdict
    );
    let id = app.conversation().await?;
    let update = ConversationUpdate {
        settings: Some(ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: None,
                parameters: Parameters {
                    temperature: Some(0.0),
                    max_tokens: Some(24),
                    ..Parameters::default()
                },
            },
        }),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", update)
        .await?;
    // A base model goes on with what it reads.
    let ask =
        "The capital of France is Paris. The capital of Italy is Rome. The capital of Spain is";
    let first = app.send_and_finish(id, ask).await?;
    println!("{:?}", first.content);
    assert_eq!(
        first.run.as_ref().map(|run| run.state),
        Some(RunState::Completed)
    );
    assert!(
        first.content.contains("Madrid") || first.content.contains("capital"),
        "{:?}",
        first.content
    );
    let loaded = app.loaded().await?;
    assert_eq!(loaded[0].served_by, Some(RuntimeName::LlamaCpp));
    assert!(
        loaded[0].runtime.starts_with("llama.cpp "),
        "{}",
        loaded[0].runtime
    );

    // The prefix of the conversation is taken from the cache, though most of its layers look at a window only.
    let second = app
        .send_and_finish(id, "And the capital of Portugal is")
        .await?;
    let numbers = second
        .run
        .and_then(|run| run.statistics)
        .context("the answer has numbers")?;
    assert!(numbers.cached_tokens > 0, "{numbers:?}");
    Ok(())
}

#[tokio::test]
async fn mistral_rs_is_refused_for_gemma_with_the_reason() -> anyhow::Result<()> {
    let (app, model) = foreign().await?;
    let options = LoadOptions {
        runtime: Some(RuntimeName::MistralRs),
        ..LoadOptions::default()
    };
    let refused: Result<sirocco_protocol::LoadedModel, ErrorReport> = app
        .call(
            "model_load",
            ModelLoad {
                id: model.id,
                options,
            },
        )
        .await;
    assert_eq!(
        refused.expect_err("it cannot").code,
        ErrorCode::ModelRefused
    );
    Ok(())
}

#[tokio::test]
async fn a_file_that_lies_about_its_shape_costs_the_load_and_nothing_else() -> anyhow::Result<()> {
    let (app, model) = foreign().await?;
    let bytes = std::fs::read(Path::new(&model.path))?;
    let key = b"gemma3.attention.head_count";
    let at = bytes
        .windows(key.len())
        .position(|part| part == key)
        .context("the key is there")?;
    let mut bytes = bytes;
    // The type of the value, then the value: 7 heads, which no tensor has room for.
    bytes[at + key.len() + 4..][..4].copy_from_slice(&7_u32.to_le_bytes());
    let path = app.outside().join("lies.gguf");
    std::fs::write(&path, bytes)?;
    let lies = app.import(&path).await?.models.remove(0);
    let failed = app
        .load(lies.id, LoadOptions::default())
        .await
        .expect_err("no tensor fits");
    println!("{failed:#}");
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    assert_eq!(loaded.state, LoadState::Ready);
    Ok(())
}
