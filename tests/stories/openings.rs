//! What the system asks the app to open waits until a page takes it.

use sirocco_protocol::commands::*;
use sirocco_protocol::{ErrorCode, Event, ImportMode, ImportOutcome, LoginStart, Opening};
use sirocco_testkit::Script;

use crate::{app, code};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_file_that_started_the_app_is_imported_once_the_page_is_there() -> anyhow::Result<()> {
    let app = app(&Script::answering("Hello")).await?;
    let file = app.model_path();
    app.app().open_from_outside(&words(&[
        &file.display().to_string(),
        "sirocco://model/o/n",
        "/no/such/file.gguf",
    ]));
    let waiting: Vec<Opening> = app.call("opening_take", OpeningTake {}).await?;
    let [model, refused, paths] = waiting.as_slice() else {
        panic!("three things were asked for: {waiting:?}")
    };
    let repository = "o/n".to_owned();
    assert_eq!(*model, Opening::Model { repository });
    assert!(matches!(refused, Opening::Refused { message } if message.contains("does not exist")));
    let Opening::Paths { paths } = paths else {
        panic!("the file is to be opened: {paths:?}")
    };
    let import = ModelImport {
        handle: paths[0].handle,
        mode: ImportMode::InPlace,
    };
    let outcome: ImportOutcome = app.call("model_import", import).await?;
    assert_eq!((outcome.models.len(), outcome.problems.len()), (1, 0));
    let again: Vec<Opening> = app.call("opening_take", OpeningTake {}).await?;
    assert_eq!(again, []);
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_there_is_told() -> anyhow::Result<()> {
    let app = app(&Script::answering("Hello")).await?;
    let mut events = app.events();
    app.app().open_from_outside(&[]);
    app.app()
        .open_from_outside(&words(&["sirocco://download/o/n/m.gguf"]));
    let told = |event: Event| (event == Event::OpeningsWait).then_some(());
    events.wait("the page to be told", told).await?;
    let waiting: Vec<Opening> = app.call("opening_take", OpeningTake {}).await?;
    assert_eq!(waiting.len(), 1);
    Ok(())
}

#[tokio::test]
async fn only_the_window_starts_at_login() -> anyhow::Result<()> {
    let app = app(&Script::answering("Hello")).await?;
    let start: LoginStart = app.call("login_start_get", LoginStartGet {}).await?;
    assert_eq!((start.is_possible, start.is_on), (false, false));
    let set = app.call::<LoginStart>("login_start_set", LoginStartSet { on: true });
    assert_eq!(code(set.await), ErrorCode::InvalidRequest);
    Ok(())
}
