//! Stories of a draft model: the real model guesses for itself, from a second file.
//!
//! As `real_model.rs`, only with llama.cpp's worker, and where a second name of a file is a link anyone may make.

#![cfg(unix)]

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::json;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationSettings, DraftChoice, DraftModel, LayerValues, LlamaCppOptions,
    LoadOptions, Message, Model, Parameters, Statistics,
};
use sirocco_testkit::{TempApp, TinyModel};
use sirocco_tests::workers_under_test;

/// The real model, a smaller one that may guess for it as far as headers tell, and an App with both.
async fn pair() -> anyhow::Result<(TempApp, Model, Model)> {
    let file = std::env::var_os("SIROCCO_TEST_MODEL").map(PathBuf::from);
    let file = file.context(
        "SIROCCO_TEST_MODEL is not set: run these stories with `cargo xtask test --only model`",
    )?;
    let (_, workers) = workers_under_test()?;
    let app = TempApp::open_with(workers).await?;
    let model = imported(&app, &file).await?;
    let twin = app.outside().join("twin.gguf");
    std::os::unix::fs::symlink(file, &twin)?;
    let twin = imported(&app, &twin).await?;
    Ok((app, model, twin))
}

async fn imported(app: &TempApp, file: &Path) -> anyhow::Result<Model> {
    let outcome = app.import(file).await?;
    let model = outcome.models.into_iter().next();
    model.with_context(|| format!("{:?}", outcome.problems))
}

fn with_draft(key: &str) -> LoadOptions {
    LoadOptions {
        context_length: Some(2048),
        llamacpp: Some(LlamaCppOptions {
            draft: Some(DraftChoice {
                key: key.to_owned(),
                tokens: 8,
            }),
            ..LlamaCppOptions::default()
        }),
        ..LoadOptions::default()
    }
}

async fn answer(
    app: &TempApp,
    parameters: &Parameters,
    question: &str,
) -> anyhow::Result<(Message, Statistics)> {
    let id = app.conversation().await?;
    let update = ConversationUpdate {
        settings: Some(ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: None,
                parameters: parameters.clone(),
            },
        }),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", update)
        .await?;
    let answer = app.send_and_finish(id, question).await?;
    let statistics = answer.run.as_ref().and_then(|run| run.statistics.clone());
    Ok((answer, statistics.context("the answer has no numbers")?))
}

#[tokio::test]
async fn a_draft_changes_no_answer() -> anyhow::Result<()> {
    let (app, model, twin) = pair().await?;
    let form = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"]});
    let asked = [
        (
            Parameters {
                temperature: Some(0.0),
                max_tokens: Some(48),
                ..Parameters::default()
            },
            "Count from one to twenty, as words.",
        ),
        (
            Parameters {
                temperature: Some(0.8),
                seed: Some(7),
                max_tokens: Some(48),
                ..Parameters::default()
            },
            "What is a linked list?",
        ),
        (
            Parameters {
                temperature: Some(0.0),
                max_tokens: Some(64),
                structured_output: Some(form.to_string()),
                ..Parameters::default()
            },
            "Ada is 36 years old. Write it as JSON.",
        ),
    ];
    let alone = LoadOptions {
        llamacpp: Some(LlamaCppOptions::default()),
        ..with_draft("none")
    };
    app.load(model.id, alone).await?;
    let mut expected = Vec::new();
    for (parameters, question) in &asked {
        let (answer, statistics) = answer(&app, parameters, question).await?;
        ensure!(statistics.drafted_tokens == 0, "{statistics:?}");
        expected.push(answer.content);
    }
    app.load(model.id, with_draft(&twin.key)).await?;
    let (mut drafted, mut accepted) = (0, 0);
    for ((parameters, question), expected) in asked.iter().zip(expected) {
        let (answer, statistics) = answer(&app, parameters, question).await?;
        assert_eq!(answer.content, expected, "{question}");
        drafted += statistics.drafted_tokens;
        accepted += statistics.accepted_tokens;
    }
    // It is mostly right about itself; where an answer is chosen by chance it cannot know.
    assert!(
        drafted > 40 && accepted * 3 > drafted * 2,
        "{accepted} of {drafted}"
    );
    Ok(())
}

#[tokio::test]
async fn only_what_shares_the_vocabulary_is_offered() -> anyhow::Result<()> {
    let (app, model, _) = pair().await?;
    let tiny = app.outside().join("tiny.gguf");
    TinyModel::default().write(&tiny)?;
    let tiny = imported(&app, &tiny).await?;
    let list = DraftList { id: model.id };
    let drafts: Vec<DraftModel> = app.call("draft_list", list).await?;
    // The other is as large as the model itself.
    assert_eq!(drafts, []);
    let error = app.load(model.id, with_draft(&tiny.key)).await;
    let message = error.err().context("it is refused")?.to_string();
    assert!(message.contains("another vocabulary"), "{message}");
    Ok(())
}
