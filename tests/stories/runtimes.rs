//! Which of two runtimes serves a model, and what changes when one comes or goes.

use std::path::Path;

use sirocco_engine::{Backend, Runtime, discover};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    AppStatus, ErrorCode, ErrorReport, HeaderReport, ImportOutcome, LoadOptions, LoadedModel,
    MemoryFit, Model, ModelDefaults, ModelId, ModelVerdict, RunState, RuntimeDevice, RuntimeName,
    RuntimeReport,
};
use sirocco_testkit::{Death, Fault, Script, TempApp, TinyModel, runtime};

use crate::{WORKER, code};

use RuntimeName::{LlamaCpp, MistralRs};

fn workers(names: &[RuntimeName]) -> Vec<Runtime> {
    names.iter().map(|name| runtime(*name, WORKER)).collect()
}

async fn imported(app: &TempApp, architecture: &str) -> anyhow::Result<Model> {
    let file = app.outside().join(format!("{architecture}.gguf"));
    let model = TinyModel {
        architecture: architecture.into(),
        name: architecture.into(),
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &Script::default())?;
    Ok(app.import(&file).await?.models.remove(0))
}

async fn load(
    app: &TempApp,
    id: ModelId,
    runtime: Option<RuntimeName>,
) -> Result<LoadedModel, ErrorReport> {
    let options = LoadOptions {
        runtime,
        ..LoadOptions::default()
    };
    app.call("model_load", ModelLoad { id, options }).await
}

fn refusal(model: &Model) -> &[String] {
    match &model.verdict {
        ModelVerdict::Refused { reasons } => reasons,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_model_is_served_by_the_first_runtime_that_can() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs, LlamaCpp])).await?;
    let status: AppStatus = app.call("app_status", AppStatusRequest {}).await?;
    assert_eq!(status.installed, [MistralRs, LlamaCpp]);
    assert_eq!(
        status.runtimes,
        ["mistral.rs · CPU (native)", "llama.cpp · CPU (native)"]
    );
    for (architecture, serves) in [("llama", MistralRs), ("gemma3", LlamaCpp)] {
        let model = imported(&app, architecture).await?;
        assert_eq!(model.runtime, Some(serves));
        let able: Vec<bool> = model
            .runtimes
            .iter()
            .map(|one| one.reasons.is_empty())
            .collect();
        assert_eq!(
            able,
            [architecture == "llama", true],
            "{:?}",
            model.runtimes
        );
        assert_eq!(load(&app, model.id, None).await?.served_by, Some(serves));
    }
    Ok(())
}

#[tokio::test]
async fn a_runtime_that_comes_or_goes_changes_what_runs_here() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs])).await?;
    let gemma = imported(&app, "gemma3").await?;
    let said = refusal(&gemma);
    assert!(
        said[0].contains("`gemma3` is not supported by the mistral.rs runtime"),
        "{said:?}"
    );
    assert_eq!(
        said[1],
        "the llama.cpp runtime runs it, but is not installed here"
    );
    assert_eq!(
        code(load(&app, gemma.id, None).await),
        ErrorCode::ModelRefused
    );
    let report: HeaderReport = app
        .call("model_header", ModelHeader { id: gemma.id })
        .await?;
    assert_eq!(
        (report.verdict, report.runtimes),
        (gemma.verdict.clone(), gemma.runtimes.clone())
    );

    let app = app.reopen_with(workers(&[LlamaCpp])).await?;
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert_eq!(models[0].runtime, Some(LlamaCpp));
    assert!(matches!(models[0].verdict, ModelVerdict::Runs { .. }));
    assert_eq!(load(&app, gemma.id, None).await?.served_by, Some(LlamaCpp));
    let llama = imported(&app, "llama").await?;
    assert_eq!(llama.runtime, Some(LlamaCpp), "nothing better is here");

    let app = app.reopen_with(workers(&[MistralRs])).await?;
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    let gone = models
        .iter()
        .find(|model| model.id == gemma.id)
        .expect("it is kept");
    assert_eq!(refusal(gone), said);
    Ok(())
}

/// Workers as packages have them, found by their names.
fn found_in(folder: &Path, names: &[RuntimeName]) -> anyhow::Result<Vec<Runtime>> {
    for name in names {
        let file = format!("sirocco-worker-{}-cpu-baseline", name.slug());
        std::os::unix::fs::symlink(WORKER, folder.join(file))?;
    }
    Ok(discover(&[folder.to_path_buf()]))
}

#[tokio::test]
async fn with_either_runtime_missing_the_app_answers_and_says_what_it_lacks() -> anyhow::Result<()>
{
    for (here, absent) in [(MistralRs, LlamaCpp), (LlamaCpp, MistralRs)] {
        let folder = tempfile::TempDir::new()?;
        let app = TempApp::open_with(found_in(folder.path(), &[here])?).await?;
        let status: AppStatus = app.call("app_status", AppStatusRequest {}).await?;
        assert_eq!(status.installed, [here]);
        let reports: Vec<RuntimeReport> = app.call("runtime_list", RuntimeList {}).await?;
        let names: Vec<RuntimeName> = reports.iter().map(|one| one.name).collect();
        assert_eq!((names, &reports[0].problem), (vec![here], &None));

        let file = app.outside().join("model.gguf");
        let script = Script::answering("Here I am.");
        app.put_model(&file, &TinyModel::default(), &script)?;
        let model = app.import(&file).await?.models.remove(0);
        assert_eq!(model.runtime, Some(here));
        let refused = load(&app, model.id, Some(absent)).await;
        let refused = refused.expect_err("it is not there");
        assert_eq!(
            refused.message,
            format!("the {absent} runtime is not installed here")
        );
        let loaded = app.load(model.id, LoadOptions::default()).await?;
        assert_eq!(loaded.served_by, Some(here));
        let conversation = app.conversation().await?;
        let (run, answer) = app
            .ask(conversation, "Are you there?")
            .await?
            .finish()
            .await?;
        assert_eq!(
            (run.state, answer.content.as_str()),
            (RunState::Completed, "Here I am.")
        );
    }
    Ok(())
}

#[tokio::test]
async fn without_any_runtime_the_app_opens_and_says_so() -> anyhow::Result<()> {
    let app = TempApp::open_with(Vec::new()).await?;
    let status: AppStatus = app.call("app_status", AppStatusRequest {}).await?;
    assert_eq!((status.installed, status.runtimes), (vec![], vec![]));
    let model = imported(&app, "llama").await?;
    let refused = load(&app, model.id, None).await;
    let said = match refused {
        Err(report) => report.message,
        Ok(_) => {
            let failed = app.load(model.id, LoadOptions::default()).await;
            failed.expect_err("nothing can load it").to_string()
        }
    };
    assert!(said.contains("no worker of mistral.rs was found"), "{said}");
    Ok(())
}

#[tokio::test]
async fn the_runtime_chosen_for_a_model_serves_it_from_then_on() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs, LlamaCpp])).await?;
    let model = imported(&app, "llama").await?;
    assert_eq!(
        load(&app, model.id, Some(LlamaCpp)).await?.served_by,
        Some(LlamaCpp)
    );
    // For this time only; and what is loaded stays for those who do not mind.
    assert_eq!(load(&app, model.id, None).await?.served_by, Some(LlamaCpp));
    assert_eq!(
        load(&app, model.id, Some(MistralRs)).await?.served_by,
        Some(MistralRs)
    );

    let defaults = ModelDefaults {
        runtime: Some(LlamaCpp),
        ..ModelDefaults::default()
    };
    let request = ModelDefaultsSet {
        id: model.id,
        defaults,
    };
    app.call::<ModelDefaults>("model_defaults_set", request)
        .await?;
    app.call::<Nothing>("model_eject", ModelEject { id: model.id })
        .await?;
    let app = app.reopen_with(workers(&[MistralRs, LlamaCpp])).await?;
    app.call::<ImportOutcome>("model_scan", ModelScan {})
        .await?;
    assert_eq!(load(&app, model.id, None).await?.served_by, Some(LlamaCpp));
    Ok(())
}

#[tokio::test]
async fn a_runtime_that_cannot_or_is_not_there_is_refused_by_name() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs])).await?;
    let llama = imported(&app, "llama").await?;
    let absent = load(&app, llama.id, Some(LlamaCpp))
        .await
        .expect_err("it is not there");
    assert_eq!(
        (absent.code, absent.message.as_str()),
        (
            ErrorCode::ModelRefused,
            "the llama.cpp runtime is not installed here"
        )
    );

    let app = app.reopen_with(workers(&[MistralRs, LlamaCpp])).await?;
    let gemma = imported(&app, "gemma3").await?;
    let unable = load(&app, gemma.id, Some(MistralRs))
        .await
        .expect_err("it cannot");
    assert!(
        unable
            .message
            .starts_with("the mistral.rs runtime cannot serve it: architecture `gemma3`"),
        "{}",
        unable.message
    );
    Ok(())
}

/// A worker for a graphics card under this name, before one for the processor.
fn with_a_card(folder: &Path, name: &str) -> anyhow::Result<Vec<Runtime>> {
    let program = folder.join(name);
    std::os::unix::fs::symlink(WORKER, &program)?;
    let card = Runtime {
        backend: Backend::Cuda,
        ..runtime(MistralRs, program)
    };
    Ok(vec![card, runtime(MistralRs, WORKER)])
}

#[tokio::test]
async fn a_graphics_card_is_used_where_there_is_one() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let app = TempApp::open_with(with_a_card(folder.path(), "worker-cuda")?).await?;
    let model = imported(&app, "llama").await?;
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    assert_eq!(
        (loaded.runtime.as_str(), loaded.fallback),
        ("scripted 1 · CUDA (Scripted Card)", None)
    );
    let reports: Vec<RuntimeReport> = app.call("runtime_list", RuntimeList {}).await?;
    let card = RuntimeDevice {
        name: "Scripted Card".into(),
        memory_bytes: 8 << 30,
    };
    assert_eq!(
        (reports[0].backend.as_str(), &reports[0].devices),
        ("CUDA", &vec![card])
    );
    assert_eq!((reports[1].backend.as_str(), reports.len()), ("CPU", 2));
    Ok(())
}

#[tokio::test]
async fn what_goes_to_a_card_is_measured_by_its_memory() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    for (workers, card) in [
        (
            with_a_card(folder.path(), "worker-cuda")?,
            Some("Scripted Card".to_owned()),
        ),
        (workers(&[MistralRs]), None),
    ] {
        let app = TempApp::open_with(workers).await?;
        let id = imported(&app, "llama").await?.id;
        let request = ModelFit {
            id,
            context_length: None,
            runtime: None,
            cache_type: None,
            draft: None,
        };
        let fit: MemoryFit = app.call("model_fit", request.clone()).await?;
        assert_eq!((fit.fits, &fit.card), (true, &card));
        if card.is_some() {
            assert_eq!(fit.available_bytes, 8 << 30);
        }
        // What is on the card leaves less of it to others.
        app.load(id, LoadOptions::default()).await?;
        let other = imported(&app, "qwen2").await?.id;
        let request = ModelFit {
            id: other,
            ..request
        };
        let fit: MemoryFit = app.call("model_fit", request).await?;
        if card.is_some() {
            assert!(fit.available_bytes < 8 << 30, "{fit:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_card_that_cannot_be_used_gives_way_to_the_processor_and_says_why() -> anyhow::Result<()>
{
    for (name, reason) in [
        ("worker-cuda-no-driver", "the driver was not found"),
        ("worker-cuda-small-card", "out of memory"),
    ] {
        let folder = tempfile::TempDir::new()?;
        let app = TempApp::open_with(with_a_card(folder.path(), name)?).await?;
        let model = imported(&app, "llama").await?;
        let loaded = app.load(model.id, LoadOptions::default()).await?;
        assert_eq!(loaded.runtime, "scripted 1 · CPU (test)");
        assert_eq!(
            loaded.fallback,
            Some(format!("CUDA was not used: {reason}"))
        );
        let reports: Vec<RuntimeReport> = app.call("runtime_list", RuntimeList {}).await?;
        let has_a_driver = !name.contains("no-driver");
        assert_eq!(reports[0].problem.is_none(), has_a_driver, "{reports:?}");
        assert_eq!(reports[1].problem, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_card_that_breaks_in_an_answer_is_not_tried_again_with_that_model() -> anyhow::Result<()>
{
    let folder = tempfile::TempDir::new()?;
    let app = TempApp::open_with(with_a_card(folder.path(), "worker-cuda")?).await?;
    let file = app.outside().join("breaks.gguf");
    let script = Script {
        fault: Some(Fault {
            after_tokens: 2,
            death: Death::Abort,
        }),
        ..Script::answering("one two three four five")
    };
    app.put_model(&file, &TinyModel::default(), &script)?;
    let model = app.import(&file).await?.models.remove(0);
    let on_card = app.load(model.id, LoadOptions::default()).await?;
    assert!(on_card.runtime.contains("CUDA"), "{}", on_card.runtime);
    let id = app.conversation().await?;
    let (run, _) = app.ask(id, "Hello").await?.finish().await?;
    assert_eq!(run.state, RunState::Failed);

    let again = app.load(model.id, LoadOptions::default()).await?;
    assert_eq!(again.runtime, "scripted 1 · CPU (test)");
    let why = again.fallback.unwrap_or_default();
    assert!(why.contains("in the middle of an answer"), "{why}");
    Ok(())
}
