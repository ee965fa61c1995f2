//! Loading and ejecting models, and what stands in the way.

use std::time::Duration;

use sirocco_engine_wire::WIRE_VERSION;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, ImportOutcome, LoadOptions, LoadState, LoadedModel, MemoryFit,
    Model, ModelId, ModelVerdict, RunState,
};
use sirocco_testkit::{Script, Shape, TempApp, TinyModel, process};

use crate::{WORKER, app, code};

#[tokio::test]
async fn loading_tells_its_progress_and_ends_ready() -> anyhow::Result<()> {
    let app = app(&Script {
        load_ms: 50.0,
        ..Script::default()
    })
    .await?;
    let model = app.model().await?;
    let mut events = app.events();
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    assert_eq!(loaded.runtime, "scripted 1 · CPU (test)");
    assert_eq!(loaded.context_length, 4096);
    assert!(loaded.threads >= 1);
    let shares: Vec<f32> = events
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            Event::LoadedChanged { loaded } => match loaded.state {
                LoadState::Loading { progress } => Some(progress),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert!(shares.len() > 5 && shares.is_sorted(), "{shares:?}");

    // Loading what is loaded is no error and starts nothing.
    let again: LoadedModel = app
        .call(
            "model_load",
            ModelLoad {
                id: model.id,
                options: LoadOptions::default(),
            },
        )
        .await?;
    assert_eq!(again.state, LoadState::Ready);
    assert_eq!(process::running_in(&app.home()).len(), 1);
    let used: Model = app.model().await?;
    assert!(used.used_at_ms.is_some());
    let mut events = app.events();
    let memory = events
        .wait("the memory of the worker", |event| match event {
            Event::LoadedChanged { loaded } => loaded.memory_bytes,
            _ => None,
        })
        .await?;
    assert!(memory > 1 << 20, "{memory}");
    Ok(())
}

#[tokio::test]
async fn a_loaded_model_answers_without_its_file_and_a_new_load_needs_it() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "Hello").await?;
    std::fs::remove_file(app.model_path())?;
    app.call::<ImportOutcome>("model_scan", ModelScan {})
        .await?;
    let model = app.model().await?;
    assert_eq!(model.verdict, ModelVerdict::Missing);
    let (run, answer) = app.ask(id, "And now?").await?.finish().await?;
    assert_eq!(run.error, None);
    assert_eq!(answer.content, Script::default().answer);

    app.call::<Nothing>("model_eject", ModelEject { id: model.id })
        .await?;
    let (run, _) = app.ask(id, "And then?").await?.finish().await?;
    let error = run.error.expect("the file is gone");
    assert_eq!(error.code, ErrorCode::FileProblem);
    assert!(error.message.contains("tiny.gguf"), "{}", error.message);
    Ok(())
}

#[tokio::test]
async fn a_load_that_fails_says_why_and_can_be_tried_again() -> anyhow::Result<()> {
    let app = app(&Script {
        load_error: Some("tensor blk.0 is odd".into()),
        ..Script::default()
    })
    .await?;
    let model = app.model().await?.id;
    let error = app
        .load(model, LoadOptions::default())
        .await
        .expect_err("the script says so");
    let error = error
        .downcast_ref::<ErrorReport>()
        .expect("the worker's report");
    assert_eq!(error.code, ErrorCode::ModelRefused);
    assert!(
        error.message.contains("tensor blk.0 is odd"),
        "{}",
        error.message
    );

    let id = app.conversation().await?;
    let (run, answer) = app.ask(id, "Hello").await?.finish().await?;
    assert_eq!((run.state, answer.content.as_str()), (RunState::Failed, ""));
    assert!(
        run.error
            .is_some_and(|error| error.message.contains("tensor blk.0 is odd"))
    );

    app.rewrite(&Script::default())?;
    assert_eq!(
        app.load(model, LoadOptions::default()).await?.state,
        LoadState::Ready
    );
    Ok(())
}

#[tokio::test]
async fn a_load_can_be_called_off() -> anyhow::Result<()> {
    let app = app(&Script {
        load_ms: 60_000.0,
        ..Script::default()
    })
    .await?;
    let model = app.model().await?.id;
    let id = app.conversation().await?;
    let mut events = app.events();
    let waiting = app.ask(id, "Hello").await?;
    events
        .wait("the load to move", |event| match event {
            Event::LoadedChanged { loaded } => (loaded.queue_length == 1).then_some(()),
            _ => None,
        })
        .await?;
    app.call::<Nothing>("model_eject", ModelEject { id: model })
        .await?;
    assert_eq!(waiting.finish().await?.0.state, RunState::Failed);
    assert!(app.loaded().await?.is_empty());
    let mut gone = false;
    for event in events.drain() {
        match event {
            Event::Ejected { model_id } => gone |= model_id == model,
            Event::LoadedChanged { loaded } => assert!(!gone, "after it was ejected: {loaded:?}"),
            _ => {}
        }
    }
    assert!(gone);
    Ok(())
}

/// A load that takes five seconds and has begun, and its worker.
async fn loading() -> anyhow::Result<(TempApp, ModelId, u32)> {
    let app = app(&Script {
        load_ms: 5_000.0,
        ..Script::default()
    })
    .await?;
    let id = app.model().await?.id;
    let mut events = app.events();
    let options = LoadOptions::default();
    app.call::<LoadedModel>("model_load", ModelLoad { id, options })
        .await?;
    events
        .wait("the load to move", |event| match event {
            Event::LoadedChanged { loaded } => match loaded.state {
                LoadState::Loading { progress } if progress > 0.0 => Some(()),
                _ => None,
            },
            _ => None,
        })
        .await?;
    let worker = process::running_in(&app.home())[0];
    Ok((app, id, worker))
}

#[tokio::test]
async fn a_load_that_is_called_off_has_given_its_memory_back() -> anyhow::Result<()> {
    let (app, id, worker) = loading().await?;
    app.call::<Nothing>("model_eject", ModelEject { id })
        .await?;
    process::wait_for_end(worker, Duration::ZERO)?;
    assert!(app.loaded().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_worker_that_dies_while_it_loads_fails_all_who_wait() -> anyhow::Result<()> {
    let (app, _, worker) = loading().await?;
    let mut events = app.events();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let id = app.conversation().await?;
        waiting.push(app.ask(id, "Hello").await?);
    }
    events
        .wait("both to wait", |event| match event {
            Event::LoadedChanged { loaded } => (loaded.queue_length == 2).then_some(()),
            _ => None,
        })
        .await?;
    process::kill(worker)?;
    for follower in waiting {
        let (run, answer) = follower.finish().await?;
        assert_eq!((run.state, answer.content.as_str()), (RunState::Failed, ""));
        let error = run.error.expect("a failed run says why");
        assert_eq!(error.code, ErrorCode::WorkerCrashed);
        assert!(error.message.contains("signal: 9"), "{}", error.message);
    }
    assert!(process::running_in(&app.home()).is_empty());
    Ok(())
}

#[tokio::test]
async fn a_model_that_cannot_run_here_says_why_and_is_not_loaded() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = app.outside().join("gemma.gguf");
    let model = TinyModel {
        architecture: "gemma3".into(),
        name: "Gemma".into(),
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &Script::default())?;
    let outcome = app.import(&file).await?;
    let ModelVerdict::Refused { reasons } = &outcome.models[0].verdict else {
        panic!("{:?}", outcome.models[0].verdict)
    };
    assert!(reasons[0].contains("gemma3"), "{reasons:?}");
    let error = app
        .load(outcome.models[0].id, LoadOptions::default())
        .await
        .expect_err("it cannot run");
    let error = error
        .downcast_ref::<ErrorReport>()
        .expect("the App's report");
    assert_eq!(error.code, ErrorCode::ModelRefused);
    assert!(error.message.contains("gemma3"), "{}", error.message);
    assert!(process::running_in(&app.home()).is_empty());

    let id = app.conversation().await?;
    assert_eq!(
        code(app.send(id, "Hello").await),
        ErrorCode::NoModel,
        "nothing else can answer"
    );
    Ok(())
}

#[tokio::test]
async fn a_model_larger_than_the_free_memory_is_loaded_only_if_told_to() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = app.outside().join("long.gguf");
    // Keys and values of 16 million tokens in 64 layers take 270 GB.
    let context_length = 1 << 24;
    let model = TinyModel {
        context_length,
        shape: Shape {
            blocks: 64,
            ..Shape::default()
        },
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &Script::default())?;
    let id = app.import(&file).await?.models[0].id;
    let fit: MemoryFit = app
        .call(
            "model_fit",
            ModelFit {
                id,
                context_length: Some(context_length),
                runtime: None,
                cache_type: None,
                draft: None,
            },
        )
        .await?;
    assert!(!fit.fits && fit.total_bytes > 250_000_000_000, "{fit:?}");
    assert!(
        fit.largest_context_length
            .is_some_and(|length| length < context_length),
        "{fit:?}"
    );

    let mut options = LoadOptions {
        context_length: Some(context_length),
        ..LoadOptions::default()
    };
    let refused = app
        .call::<LoadedModel>(
            "model_load",
            ModelLoad {
                id,
                options: options.clone(),
            },
        )
        .await;
    let error = refused.expect_err("it does not fit");
    assert_eq!(error.code, ErrorCode::DoesNotFit);
    assert!(error.hint.is_some_and(|hint| hint.contains("would fit")));
    options.load_anyway = true;
    let loaded = app.load(id, options).await?;
    assert_eq!(
        (loaded.state, loaded.context_length),
        (LoadState::Ready, context_length)
    );
    Ok(())
}

#[tokio::test]
async fn a_model_whose_file_is_gone_is_missing_until_it_is_back() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?;
    let file = app.model_path();
    let aside = app.outside().join("aside");
    std::fs::rename(&file, &aside)?;
    let error = app
        .load(model.id, LoadOptions::default())
        .await
        .expect_err("the file is gone");
    let error = error
        .downcast_ref::<ErrorReport>()
        .expect("the App's report");
    assert_eq!(error.code, ErrorCode::FileProblem);
    assert!(error.message.contains("tiny.gguf"), "{}", error.message);
    assert_eq!(app.model().await?.verdict, ModelVerdict::Missing);

    std::fs::rename(&aside, &file)?;
    app.call::<sirocco_protocol::ImportOutcome>("model_scan", ModelScan {})
        .await?;
    assert!(matches!(
        app.model().await?.verdict,
        ModelVerdict::Runs { .. }
    ));
    assert_eq!(app.model().await?.id, model.id, "it is the same model");
    app.load(model.id, LoadOptions::default()).await?;
    Ok(())
}

#[tokio::test]
async fn other_wishes_load_the_model_anew() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?.id;
    app.load(model, LoadOptions::default()).await?;
    let before = process::running_in(&app.home());
    let options = LoadOptions {
        context_length: Some(1024),
        threads: Some(1),
        ..LoadOptions::default()
    };
    let loaded = app.load(model, options).await?;
    assert_eq!((loaded.context_length, loaded.threads), (1024, 1));
    let after = process::running_in(&app.home());
    assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
    Ok(())
}

#[tokio::test]
async fn a_worker_of_another_version_is_not_used() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let other = folder.path().join("worker-of-other-version");
    std::os::unix::fs::symlink(WORKER, &other)?;
    let app = TempApp::open(&other, &Script::default()).await?;
    let model = app.model().await?.id;
    let error = app
        .load(model, LoadOptions::default())
        .await
        .expect_err("it speaks another version");
    assert!(
        error
            .to_string()
            .contains(&format!("version {} of the frames", WIRE_VERSION + 1)),
        "{error}"
    );
    assert!(process::running_in(&app.home()).is_empty());
    Ok(())
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_not_used() -> anyhow::Result<()> {
    for (program, reason) in [
        ("/bin/pwd", "does not speak in frames"),
        ("/bin/false", "exit status: 1"),
        ("/nonexistent", "No such file"),
    ] {
        let app = TempApp::open(program, &Script::default()).await?;
        let model = app.model().await?.id;
        let error = app
            .load(model, LoadOptions::default())
            .await
            .expect_err("this is no worker");
        assert!(error.to_string().contains(reason), "{program}: {error}");
    }
    Ok(())
}
