//! What is kept of a crash: a report in the data folder, which a person can read and delete.

use std::process::Command;

use anyhow::Context;
use sirocco_core::home::Home;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Crash, CrashId, CrashKind, CrashReports, ErrorCode, Event, LoadOptions, LoadState, WorkerDeed,
};
use sirocco_testkit::{Death, Events, Fault, Script, TempApp, TinyModel, process};
use tempfile::TempDir;

use crate::{WORKER, app, code};

const SECRET: &str = "Dear diary, nobody must know";

async fn kept(app: &TempApp) -> anyhow::Result<Vec<Crash>> {
    let reports: CrashReports = app.call("crash_list", CrashList {}).await?;
    assert_eq!(
        reports.folder,
        app.home().join("crashes").display().to_string()
    );
    Ok(reports.crashes)
}

async fn read(app: &TempApp, crash: &Crash) -> anyhow::Result<String> {
    Ok(app.call("crash_read", CrashRead { id: crash.id }).await?)
}

async fn news(app: &TempApp) -> anyhow::Result<Option<CrashKind>> {
    let news: Option<Crash> = app.call("crash_take", CrashTake {}).await?;
    Ok(news.map(|crash| crash.kind))
}

/// The newest report of which listeners are told next.
async fn told(events: &mut Events) -> anyhow::Result<Crash> {
    let crashes = events
        .wait("a report to be told of", |event| match event {
            Event::CrashesChanged { crashes } => Some(crashes),
            _ => None,
        })
        .await?;
    crashes.into_iter().next().context("there is a report")
}

fn of_worker(deed: WorkerDeed) -> CrashKind {
    CrashKind::Worker {
        model: "tiny.gguf".to_owned(),
        deed,
    }
}

/// A worker dies in the middle of an answer: what its report says.
async fn report_of(death: Death) -> anyhow::Result<String> {
    let fault = Some(Fault {
        after_tokens: 5,
        death,
    });
    let app = app(&Script {
        fault,
        ..Script::answering(SECRET.repeat(20))
    })
    .await?;
    let mut events = app.events();
    let id = app.conversation().await?;
    app.send_and_finish(id, SECRET).await?;
    let crash = told(&mut events).await?;
    assert_eq!(crash.kind, of_worker(WorkerDeed::Answering));
    let text = read(&app, &crash).await?;
    assert!(
        text.contains("the process of tiny.gguf ended by itself while it answered"),
        "{text}"
    );
    assert!(text.contains("Runtime: scripted 1 · CPU (test)"), "{text}");
    assert!(!text.contains("diary"), "{text}");
    // It outlives the app, which was none the worse for it.
    let app = app.reopen().await?;
    assert_eq!(kept(&app).await?, std::slice::from_ref(&crash));
    assert_eq!(read(&app, &crash).await?, text);
    assert_eq!(news(&app).await?, None);
    Ok(text)
}

#[tokio::test]
async fn a_worker_that_exits_leaves_a_report() -> anyhow::Result<()> {
    let text = report_of(Death::Exit).await?;
    assert!(text.contains("exit status: 7"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_worker_whose_engine_breaks_leaves_a_report_with_its_words() -> anyhow::Result<()> {
    let text = report_of(Death::Error).await?;
    assert!(text.contains("out of memory, as the script says"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_report_says_what_the_worker_was_doing() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?.id;
    app.load(model, LoadOptions::default()).await?;
    let mut events = app.events();
    process::kill(process::running_in(&app.home())[0])?;
    assert_eq!(
        told(&mut events).await?.kind,
        of_worker(WorkerDeed::Waiting)
    );

    app.rewrite(&Script {
        load_ms: 5_000.0,
        ..Script::default()
    })?;
    let options = LoadOptions::default();
    let load = ModelLoad { id: model, options };
    app.call::<sirocco_protocol::LoadedModel>("model_load", load)
        .await?;
    events
        .wait("the model to be read", |event| match event {
            Event::LoadedChanged { loaded } => match loaded.state {
                LoadState::Loading { progress } => (progress > 0.0).then_some(()),
                _ => None,
            },
            _ => None,
        })
        .await?;
    process::kill(process::running_in(&app.home())[0])?;
    let crash = told(&mut events).await?;
    assert_eq!(crash.kind, of_worker(WorkerDeed::Loading));
    assert!(read(&app, &crash).await?.contains("signal: 9"));
    Ok(())
}

#[tokio::test]
async fn a_worker_that_was_ejected_or_closed_leaves_no_report() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?.id;
    app.load(model, LoadOptions::default()).await?;
    app.call::<Nothing>("model_eject", ModelEject { id: model })
        .await?;
    app.load(model, LoadOptions::default()).await?;
    let app = app.reopen().await?;
    assert_eq!(kept(&app).await?, []);
    assert_eq!(news(&app).await?, None);
    Ok(())
}

/// An App of another process that does not close, over a folder with one model.
fn doom(script: &Script, how: &[&str]) -> anyhow::Result<(TempDir, Command)> {
    let folder = TempDir::new()?;
    let home = Home::at(folder.path().join("home"));
    std::fs::create_dir_all(home.models())?;
    let model = home.models().join("tiny.gguf");
    TinyModel::default().write(&model)?;
    script.write_for(&model)?;
    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed-app"));
    doomed.args([home.path(), WORKER.as_ref()]).args(how);
    Ok((folder, doomed))
}

#[tokio::test]
async fn an_app_that_was_not_closed_is_told_of_once() -> anyhow::Result<()> {
    let (folder, mut doomed) = doom(&Script::default(), &[])?;
    let ended = tokio::task::spawn_blocking(move || doomed.output()).await??;
    assert!(ended.status.success());
    let app = TempApp::over(folder, WORKER.into()).await?;
    let crashes = kept(&app).await?;
    let [
        Crash {
            kind: CrashKind::Unclosed { since_ms },
            ..
        },
    ] = crashes[..]
    else {
        panic!("{crashes:?}");
    };
    assert!(since_ms > 0);
    let text = read(&app, &crashes[0]).await?;
    assert!(
        text.contains("was not closed: it was killed, or the machine went off"),
        "{text}"
    );
    assert_eq!(news(&app).await?, Some(CrashKind::Unclosed { since_ms }));
    assert_eq!(news(&app).await?, None);
    let app = app.reopen().await?;
    assert_eq!(news(&app).await?, None);
    assert_eq!(kept(&app).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_panic_that_ends_the_app_is_told_of_without_the_text_it_broke_at() -> anyhow::Result<()> {
    let (folder, mut doomed) = doom(&Script::answering(SECRET), &["panic"])?;
    let ended = tokio::task::spawn_blocking(move || doomed.output()).await??;
    assert!(!ended.status.success());
    let app = TempApp::over(folder, WORKER.into()).await?;
    let program = "doomed-app".to_owned();
    assert_eq!(news(&app).await?, Some(CrashKind::Panic { program }));
    let crashes = kept(&app).await?;
    assert_eq!(
        crashes.len(),
        1,
        "no second report says that it was not closed"
    );
    let text = read(&app, &crashes[0]).await?;
    for part in [
        "is not a char boundary",
        "doomed-app.rs:",
        "Thread: main",
        "doomed_app::main",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("Dear"), "{text}");
    if let Some(home) = std::env::home_dir().filter(|home| home.components().count() > 1) {
        assert!(!text.contains(&format!("{}/", home.display())), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn reports_are_deleted_one_by_one_or_all() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?.id;
    for _ in 0..3 {
        app.load(model, LoadOptions::default()).await?;
        let mut events = app.events();
        process::kill(process::running_in(&app.home())[0])?;
        told(&mut events).await?;
    }
    let crashes = kept(&app).await?;
    assert_eq!(crashes.len(), 3);
    let mut events = app.events();
    let delete = async |id: Option<CrashId>| {
        let request = CrashDelete { id };
        app.call::<Nothing>("crash_delete", request).await
    };
    delete(Some(crashes[0].id)).await?;
    assert_eq!(told(&mut events).await?, crashes[1]);
    assert_eq!(kept(&app).await?, crashes[1..]);
    let id = crashes[0].id;
    assert_eq!(
        code(app.call::<String>("crash_read", CrashRead { id }).await),
        ErrorCode::NotFound
    );
    assert_eq!(
        code(
            app.call::<Nothing>("crash_reveal", CrashReveal { id })
                .await
        ),
        ErrorCode::NotFound
    );
    let id = crashes[1].id;
    let shown = app
        .call::<Nothing>("crash_reveal", CrashReveal { id })
        .await;
    let refused = shown.expect_err("only the window shows files");
    assert!(
        refused
            .hint
            .is_some_and(|hint| hint.contains(&id.to_string()))
    );
    delete(None).await?;
    assert_eq!(kept(&app).await?, []);
    Ok(())
}
