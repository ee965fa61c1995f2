//! A runtime that a person adds from a file serves at once, and goes again; what is no runtime changes nothing.

use std::fs::File;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, LoadOptions, Model, ModelVerdict, RuntimeName, RuntimeReport,
};
use sirocco_testkit::{Script, TempApp, TinyModel, runtime};

use crate::{WORKER, code};

use RuntimeName::{LlamaCpp, MistralRs};

/// An archive as packages have it, with programs under these names.
fn archive(folder: &Path, programs: &[(&str, &[u8])]) -> anyhow::Result<PathBuf> {
    let path = folder.join("sirocco-runtime.tar.gz");
    let output = GzEncoder::new(File::create(&path)?, Compression::none());
    let mut archive = tar::Builder::new(output);
    let notes = [("runtime.txt", "how to add it".as_bytes())];
    for (name, bytes) in programs.iter().chain(&notes) {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("sirocco-runtime/{name}"), *bytes)?;
    }
    archive.into_inner()?.finish()?;
    Ok(path)
}

const LLAMACPP: &str = "sirocco-worker-llamacpp-cpu-baseline";

async fn add(app: &TempApp, file: &Path) -> Result<Vec<RuntimeReport>, ErrorReport> {
    let handle = app.typed(file).await?.handle;
    app.call("runtime_add", RuntimeAdd { handle }).await
}

async fn remove(app: &TempApp, key: &str) -> Result<Nothing, ErrorReport> {
    let key = key.to_owned();
    app.call("runtime_remove", RuntimeRemove { key }).await
}

async fn keys(app: &TempApp) -> anyhow::Result<Vec<(String, bool)>> {
    let all: Vec<RuntimeReport> = app.call("runtime_list", RuntimeList {}).await?;
    let keys = all.into_iter().map(|one| (one.key, one.is_added));
    Ok(keys.collect())
}

/// The verdict on the only model, as pages show it.
async fn verdict(app: &TempApp) -> Result<ModelVerdict, ErrorReport> {
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    Ok(models[0].verdict.clone())
}

/// One that only mistral.rs has come with, and a model that it does not load.
async fn without_llamacpp() -> anyhow::Result<(TempApp, Model)> {
    let app = TempApp::open_with(vec![runtime(MistralRs, WORKER)]).await?;
    let file = app.outside().join("gemma3.gguf");
    let model = TinyModel {
        architecture: "gemma3".into(),
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &Script::answering("Here I am."))?;
    let model = app.import(&file).await?.models.remove(0);
    assert!(matches!(model.verdict, ModelVerdict::Refused { .. }));
    Ok((app, model))
}

#[tokio::test]
async fn a_runtime_that_is_added_serves_at_once_and_goes_again() -> anyhow::Result<()> {
    let (app, model) = without_llamacpp().await?;
    let worker = std::fs::read(WORKER)?;
    let file = archive(app.outside(), &[(LLAMACPP, &worker)])?;
    assert_eq!(verdict(&app).await?, model.verdict);
    let mut events = app.events();
    let added = add(&app, &file).await?;
    assert_eq!(added.len(), 1, "{added:?}");
    assert_eq!(
        (
            added[0].key.as_str(),
            added[0].version.as_deref(),
            added[0].is_added
        ),
        ("llamacpp-cpu-baseline", Some("1"), true)
    );
    let told = |event| matches!(event, Event::Lagged).then_some(());
    events.wait("the pages to be told", told).await?;
    assert!(matches!(verdict(&app).await?, ModelVerdict::Runs { .. }));
    let ours = ("mistralrs-cpu-native".to_owned(), false);
    let theirs = ("llamacpp-cpu-baseline".to_owned(), true);
    assert_eq!(keys(&app).await?, [ours.clone(), theirs.clone()]);

    // It is there after a restart, too.
    let app = app.reopen().await?;
    assert_eq!(keys(&app).await?, [ours.clone(), theirs]);
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    assert_eq!(loaded.served_by, Some(LlamaCpp));
    let conversation = app.conversation().await?;
    let answer = app.send_and_finish(conversation, "Are you there?").await?;
    assert_eq!(answer.content, "Here I am.");

    // While it is used it neither goes nor is replaced.
    assert_eq!(code(remove(&app, "llamacpp").await), ErrorCode::Conflict);
    assert_eq!(code(add(&app, &file).await), ErrorCode::Conflict);
    app.call::<Nothing>("model_eject", ModelEject { id: model.id })
        .await?;
    add(&app, &file).await?;
    remove(&app, "llamacpp").await?;
    assert_eq!(keys(&app).await?, [ours]);
    assert_eq!(verdict(&app).await?, model.verdict);
    assert_eq!(code(remove(&app, "llamacpp").await), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_is_added_takes_the_place_of_its_like_until_it_is_removed()
-> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let installed = sirocco_engine::Runtime {
        target: "baseline".into(),
        ..runtime(MistralRs, WORKER)
    };
    let app = TempApp::open_with(vec![installed]).await?;
    let key = "mistralrs-cpu-baseline".to_owned();
    let file = folder.path().join("sirocco-worker-mistralrs-cpu-baseline");
    std::fs::copy(WORKER, &file)?;
    add(&app, &file).await?;
    assert_eq!(keys(&app).await?, [(key.clone(), true)]);
    remove(&app, &key).await?;
    assert_eq!(keys(&app).await?, [(key.clone(), false)]);
    let refused = remove(&app, &key).await.expect_err("it came with the app");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            ErrorCode::Conflict,
            "mistralrs-cpu-baseline came with Sirocco"
        )
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_kept_of_a_runtime_with_a_worker_that_does_not_run() -> anyhow::Result<()> {
    let (app, model) = without_llamacpp().await?;
    let worker = std::fs::read(WORKER)?;
    for (bytes, said) in [
        (
            &b"no program"[..],
            "llamacpp-cpu-baseline does not run here",
        ),
        (&b"#!/bin/sh\nexit 3\n"[..], "it ended with exit status: 3"),
        (
            &b"#!/bin/sh\necho Hello, world\n"[..],
            "it does not speak in frames",
        ),
    ] {
        let good = "sirocco-worker-mistralrs-cpu-baseline";
        let file = archive(app.outside(), &[(good, &worker), (LLAMACPP, bytes)])?;
        let refused = add(&app, &file).await.expect_err(said);
        assert_eq!(refused.code, ErrorCode::FileProblem);
        assert!(refused.message.contains(said), "{}", refused.message);
    }
    assert_eq!(
        keys(&app).await?,
        [("mistralrs-cpu-native".to_owned(), false)]
    );
    assert!(
        !app.home().join("workers").exists(),
        "nothing was put there"
    );
    assert!(
        !app.home().join("scratch/added").exists(),
        "nothing is left"
    );
    assert_eq!(verdict(&app).await?, model.verdict);
    Ok(())
}
