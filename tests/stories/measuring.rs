//! How fast a model is here: measured with each runtime, kept, stopped, and the model left as it was.

use sirocco_protocol::RuntimeName::{LlamaCpp, MistralRs};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, LoadOptions, LoadState, MeasureStep, Measured, Model, ModelId,
    ModelSpeed, RuntimeName,
};
use sirocco_testkit::{Death, Fault, Script, TempApp, TinyModel, runtime};

use crate::{WORKER, code};

/// A model that both runtimes serve, and how it behaves.
async fn measurable(script: &Script) -> anyhow::Result<(TempApp, Model)> {
    let workers = vec![runtime(MistralRs, WORKER), runtime(LlamaCpp, WORKER)];
    let app = TempApp::open_with(workers).await?;
    let file = app.outside().join("tiny.gguf");
    app.put_model(&file, &TinyModel::default(), script)?;
    let model = app.import(&file).await?.models.remove(0);
    Ok((app, model))
}

fn request(id: ModelId) -> ModelMeasure {
    ModelMeasure {
        id,
        runtimes: Vec::new(),
        prompt_tokens: vec![128],
        generate_tokens: 32,
    }
}

async fn measure(app: &TempApp, request: ModelMeasure) -> Result<Measured, ErrorReport> {
    app.call("model_measure", request).await
}

async fn speeds(app: &TempApp, id: ModelId) -> Result<Vec<ModelSpeed>, ErrorReport> {
    app.call("model_speeds", ModelSpeedsGet { id }).await
}

#[tokio::test]
async fn a_model_is_measured_with_each_runtime_and_the_figures_are_kept() -> anyhow::Result<()> {
    let (app, model) = measurable(&Script::slow(200, 2.0)).await?;
    assert!(speeds(&app, model.id).await?.is_empty());
    let mut events = app.events();
    let asked = ModelMeasure {
        prompt_tokens: vec![128, 256],
        ..request(model.id)
    };
    let measured = measure(&app, asked).await?;
    assert!(measured.problems.is_empty(), "{:?}", measured.problems);
    let of = |speed: &ModelSpeed| (speed.runtime, speed.prompt_tokens);
    assert_eq!(
        measured.speeds.iter().map(of).collect::<Vec<_>>(),
        [
            (MistralRs, 128),
            (MistralRs, 256),
            (LlamaCpp, 128),
            (LlamaCpp, 256)
        ]
    );
    for speed in &measured.speeds {
        assert!(speed.decode_per_second > 1.0, "{speed:?}");
        assert!(speed.decode_per_second <= 500.0, "{speed:?}");
        assert!(
            speed.prefill_per_second > speed.decode_per_second,
            "{speed:?}"
        );
        assert!(speed.load_ms > 0.0 && speed.threads > 0, "{speed:?}");
        assert_eq!(speed.engine, "scripted 1 · CPU (test)");
        assert_eq!(speed.generate_tokens, 32);
        assert!(!speed.cpu.is_empty());
        let peak = speed.peak_memory_bytes;
        assert_eq!(peak.is_some(), cfg!(target_os = "linux"), "{peak:?}");
    }
    assert_eq!(speeds(&app, model.id).await?, measured.speeds);

    let steps: Vec<(RuntimeName, MeasureStep)> = events
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            Event::MeasuringMoved {
                model_id,
                runtime,
                step,
            } => {
                assert_eq!(model_id, model.id);
                Some((runtime, step))
            }
            _ => None,
        })
        .collect();
    for of in [MistralRs, LlamaCpp] {
        let counted: Vec<u32> = steps
            .iter()
            .filter(|(runtime, _)| *runtime == of)
            .filter_map(|(_, step)| match step {
                MeasureStep::Answering { done, total, .. } => {
                    assert_eq!(*total, 8);
                    Some(*done)
                }
                MeasureStep::Loading { .. } => None,
            })
            .collect();
        assert_eq!(counted, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
    // It was not loaded before.
    assert!(app.loaded().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_model_that_was_loaded_is_loaded_again_the_same_way() -> anyhow::Result<()> {
    let (app, model) = measurable(&Script::slow(100, 0.0)).await?;
    let options = LoadOptions {
        context_length: Some(1024),
        threads: Some(3),
        runtime: Some(LlamaCpp),
        ..LoadOptions::default()
    };
    let before = app.load(model.id, options).await?;
    let asked = ModelMeasure {
        runtimes: vec![MistralRs],
        ..request(model.id)
    };
    let measured = measure(&app, asked).await?;
    assert_eq!(measured.speeds.len(), 1);
    assert_eq!(measured.speeds[0].runtime, MistralRs);
    let after = app.loaded().await?.remove(0);
    assert_eq!(
        (after.context_length, after.threads, after.served_by),
        (before.context_length, before.threads, before.served_by)
    );
    Ok(())
}

#[tokio::test]
async fn a_measurement_can_be_stopped_and_only_one_goes_on_at_a_time() -> anyhow::Result<()> {
    let (app, model) = measurable(&Script::slow(100, 50.0)).await?;
    let mut events = app.events();
    let stop = async {
        events
            .wait("the first answer", |event| match event {
                Event::MeasuringMoved {
                    step: MeasureStep::Answering { .. },
                    ..
                } => Some(()),
                _ => None,
            })
            .await?;
        assert_eq!(
            code(measure(&app, request(model.id)).await),
            ErrorCode::Conflict
        );
        app.call::<Nothing>("model_measure_stop", ModelMeasureStop { id: model.id })
            .await?;
        anyhow::Ok(())
    };
    let (measured, stopped) = tokio::join!(measure(&app, request(model.id)), stop);
    stopped?;
    let error = measured.expect_err("it was stopped");
    assert_eq!(error.message, "the measurement was stopped");
    assert!(app.loaded().await?.is_empty());
    assert!(speeds(&app, model.id).await?.is_empty());
    // The next one may begin.
    app.call::<Nothing>("model_measure_stop", ModelMeasureStop { id: model.id })
        .await?;
    let bad = ModelMeasure {
        generate_tokens: 0,
        ..request(model.id)
    };
    assert_eq!(code(measure(&app, bad).await), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn who_goes_away_ends_the_measurement() -> anyhow::Result<()> {
    let (app, model) = measurable(&Script::slow(100, 50.0)).await?;
    let mut events = app.events();
    let begun = events.wait("the first answer", |event| match event {
        Event::MeasuringMoved {
            step: MeasureStep::Answering { .. },
            ..
        } => Some(()),
        _ => None,
    });
    tokio::select! {
        measured = measure(&app, request(model.id)) => panic!("{measured:?}"),
        begun = begun => begun?,
    }
    let mut events = app.events();
    events
        .wait("the model to be ejected", |event| match event {
            Event::Ejected { model_id } if model_id == model.id => Some(()),
            _ => None,
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_measured_says_why() -> anyhow::Result<()> {
    let (app, model) = measurable(&Script::answering("No.")).await?;
    let error = measure(&app, request(model.id))
        .await
        .expect_err("it says next to nothing");
    assert_eq!(error.code, ErrorCode::ModelRefused);
    assert!(error.message.contains("too few"), "{}", error.message);

    let long = ModelMeasure {
        prompt_tokens: vec![8192],
        ..request(model.id)
    };
    let error = measure(&app, long).await.expect_err("the model knows less");
    assert_eq!(error.code, ErrorCode::InvalidRequest);

    let fault = Fault {
        after_tokens: 3,
        death: Death::Abort,
    };
    let (app, model) = measurable(&Script {
        fault: Some(fault),
        ..Script::slow(100, 0.0)
    })
    .await?;
    let error = measure(&app, request(model.id))
        .await
        .expect_err("the worker dies");
    assert_eq!(error.code, ErrorCode::WorkerCrashed);
    assert!(
        app.loaded()
            .await?
            .iter()
            .all(|one| one.state != LoadState::Ready)
    );
    app.close().await
}
