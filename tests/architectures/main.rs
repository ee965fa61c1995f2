//! Random-weight models of many architectures in llama.cpp's worker: they load, answer and go, or are refused with the
//! reason. None takes the app with it. Those that mistral.rs loads say the same there.
//!
//! As `real_model.rs`, only with llama.cpp's worker; there is no file to fetch.

mod agreement;
mod model;
mod options;
mod shift;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sirocco_core::completions::{
    Completions, EmbedInput, EmbedRequest, Piece, Prompt, Request, SamplingParameters,
};
use sirocco_engine::discover;
use sirocco_protocol::commands::{ModelEject, Nothing};
use sirocco_protocol::{LoadOptions, LoadState, Model, ModelVerdict, RuntimeName};
use sirocco_testkit::TempApp;

use table::Architecture;

/// The bar.
const ARCHITECTURES: usize = 20;
const TEXT: &str = "the wind comes from the south";

async fn app() -> anyhow::Result<TempApp> {
    app_with(&[RuntimeName::LlamaCpp]).await
}

/// An app with the workers of these runtimes, and all of them.
async fn app_with(runtimes: &[RuntimeName]) -> anyhow::Result<TempApp> {
    let folder = std::env::var_os("SIROCCO_WORKER_DIR")
        .filter(|folder| !folder.is_empty())
        .context("SIROCCO_WORKER_DIR is not set: run `cargo xtask test --only model`")?;
    let mut workers = discover(&[PathBuf::from(folder)]);
    workers.retain(|worker| runtimes.contains(&worker.name));
    for runtime in runtimes {
        let is_there = workers.iter().any(|worker| worker.name == *runtime);
        ensure!(is_there, "there is no worker of {runtime:?}");
    }
    TempApp::open_with(workers).await
}

async fn imported(app: &TempApp, path: &Path, bytes: Vec<u8>) -> anyhow::Result<Model> {
    std::fs::write(path, bytes)?;
    let outcome = app.import(path).await?;
    let problems = outcome.problems;
    let model = outcome.models.into_iter().next();
    model.with_context(|| format!("{}: {problems:?}", path.display()))
}

/// Loads the model, has it answer or embed, and ejects it.
async fn try_out(app: &TempApp, model: &Model) -> anyhow::Result<String> {
    let said = asked(app, model).await;
    app.call::<Nothing>("model_eject", ModelEject { id: model.id })
        .await?;
    let stays = app
        .loaded()
        .await?
        .iter()
        .any(|one| one.model_id == model.id);
    ensure!(!stays, "it stays");
    said
}

/// What the model says, in few words.
async fn asked(app: &TempApp, model: &Model) -> anyhow::Result<String> {
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    ensure!(loaded.state == LoadState::Ready, "{:?}", loaded.state);
    Ok(if model.verdict == ModelVerdict::Embeds {
        let request = EmbedRequest {
            id: 0,
            inputs: vec![EmbedInput::Text { text: TEXT.into() }],
            truncate: false,
            dimensions: None,
        };
        let embedded = app.app().embed(model.id, request).await?;
        format!("{} numbers", embedded.vectors[0].values.len())
    } else {
        format!("{} tokens", answered(app, model).await?)
    })
}

/// How many tokens the answer has.
async fn answered(app: &TempApp, model: &Model) -> anyhow::Result<u32> {
    let prompt = Prompt::Text {
        text: TEXT.repeat(20),
        special: false,
    };
    let request = Request {
        max_tokens: Some(8),
        sampling: SamplingParameters {
            seed: Some(1),
            ..SamplingParameters::default()
        },
        ..Request::new(prompt)
    };
    let mut completion = app.app().complete(model.id, request);
    while let Some(piece) = completion.next().await {
        if let Piece::Finished(finish) = piece? {
            return Ok(finish.usage.completion_tokens);
        }
    }
    anyhow::bail!("the answer has no end")
}

#[tokio::test]
async fn every_architecture_loads_answers_and_goes() -> anyhow::Result<()> {
    let app = app().await?;
    let all = table::all();
    let mut failures = Vec::new();
    for (number, architecture) in all.iter().enumerate() {
        let path = app.outside().join(format!("{number}.gguf"));
        let model = imported(&app, &path, model::file(architecture, None)).await?;
        let expected = if architecture.embeds {
            matches!(model.verdict, ModelVerdict::Embeds)
        } else {
            matches!(model.verdict, ModelVerdict::Runs { .. })
        };
        ensure!(expected, "{}: {:?}", architecture.name, model.verdict);
        match try_out(&app, &model).await {
            Ok(said) => println!("{}: {said}", architecture.name),
            Err(error) => failures.push(format!("{}: {error:#}", architecture.name)),
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    let names: std::collections::BTreeSet<&str> = all.iter().map(|one| one.name).collect();
    assert!(names.len() >= ARCHITECTURES, "{names:?}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_lacks_a_tensor_costs_its_load_and_nothing_else() -> anyhow::Result<()> {
    let app = app().await?;
    let all = table::all();
    let sound = imported(
        &app,
        &app.outside().join("sound.gguf"),
        model::file(&all[0], None),
    )
    .await?;
    for (number, architecture) in all.iter().enumerate() {
        let lacking = lacking(architecture);
        let path = app.outside().join(format!("{number}.gguf"));
        let model = imported(&app, &path, model::file(architecture, Some(lacking))).await?;
        let error = app
            .load(model.id, LoadOptions::default())
            .await
            .expect_err("a tensor is missing");
        let error = format!("{error:#}");
        assert!(error.contains(lacking), "{}: {error}", architecture.name);
    }
    try_out(&app, &sound).await?;
    Ok(())
}

/// A tensor without which llama.cpp loads no file of the architecture.
fn lacking(architecture: &Architecture) -> &'static str {
    if architecture.block.contains("ffn_down_exps") {
        "blk.1.ffn_down_exps.weight"
    } else if architecture.block.contains("ssm_out") {
        "blk.1.ssm_out.weight"
    } else {
        "blk.1.ffn_down.weight"
    }
}

#[tokio::test]
async fn what_the_gate_does_not_know_is_refused_with_the_reason() -> anyhow::Result<()> {
    let app = app().await?;
    for name in [
        "t5",
        "t5encoder",
        "dream",
        "eagle3",
        "gptj",
        "clef",
        "never-heard-of",
    ] {
        let architecture = Architecture {
            name,
            ..table::all().remove(0)
        };
        let path = app.outside().join(format!("{name}.gguf"));
        let model = imported(&app, &path, model::file(&architecture, None)).await?;
        let ModelVerdict::Refused { reasons } = &model.verdict else {
            panic!("{name}: {:?}", model.verdict);
        };
        assert!(
            reasons.iter().any(|reason| reason.contains(name)),
            "{reasons:?}"
        );
        app.load(model.id, LoadOptions::default())
            .await
            .expect_err("it is refused");
    }
    Ok(())
}
