//! The prompt library.

use sirocco_protocol::commands::*;
use sirocco_protocol::{ErrorCode, Event, LibraryPrompt};
use sirocco_testkit::TempApp;

use crate::{WORKER, code};

async fn list(app: &TempApp) -> anyhow::Result<Vec<LibraryPrompt>> {
    Ok(app.call("prompt_list", PromptList {}).await?)
}

fn titles(prompts: &[LibraryPrompt]) -> Vec<&str> {
    prompts.iter().map(|prompt| prompt.title.as_str()).collect()
}

#[tokio::test]
async fn own_prompts_come_before_those_of_the_app_and_outlive_a_restart() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let built_in = list(&app).await?;
    assert!(built_in.len() >= 12, "{:?}", titles(&built_in));
    assert!(built_in.iter().all(|prompt| prompt.id.is_none()));

    let create = PromptCreate {
        title: " Zebra ".into(),
        text: "Tell me about {{animal}}.\n".into(),
    };
    let mut events = app.events();
    let made: LibraryPrompt = app.call("prompt_create", create).await?;
    assert_eq!(made.title, "Zebra");
    assert_eq!(made.text, "Tell me about {{animal}}.\n");
    let told = Event::PromptChanged {
        prompt: made.clone(),
    };
    assert!(events.drain().contains(&told));

    let app = app.reopen().await?;
    let all = list(&app).await?;
    assert_eq!(all[0], made);
    assert_eq!(all[1..], built_in);
    Ok(())
}

#[tokio::test]
async fn a_prompt_can_be_changed_deleted_and_brought_back() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let create = PromptCreate {
        title: "A".into(),
        text: "x".into(),
    };
    let made: LibraryPrompt = app.call("prompt_create", create).await?;
    let id = made.id.expect("an own prompt has an id");
    let update = PromptUpdate {
        id,
        title: "B".into(),
        text: "y".into(),
    };
    let changed: LibraryPrompt = app.call("prompt_update", update.clone()).await?;
    assert_eq!((changed.title.as_str(), changed.text.as_str()), ("B", "y"));

    app.call::<Nothing>("prompt_delete", PromptDelete { id })
        .await?;
    assert!(!list(&app).await?.contains(&changed));
    let gone = app.call::<LibraryPrompt>("prompt_update", update).await;
    assert_eq!(code(gone), ErrorCode::NotFound);
    let back: LibraryPrompt = app.call("prompt_restore", PromptRestore { id }).await?;
    assert_eq!(back, changed);
    assert_eq!(list(&app).await?[0], changed);
    Ok(())
}

#[tokio::test]
async fn a_prompt_without_title_or_text_is_refused() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    for (title, text) in [(" ", "x"), ("a", " \n"), (&"x".repeat(201), "x")] {
        let create = PromptCreate {
            title: title.into(),
            text: text.into(),
        };
        let refused = app.call::<LibraryPrompt>("prompt_create", create).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest);
    }
    Ok(())
}
