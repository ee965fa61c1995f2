//! Titles that the model writes.

use sirocco_protocol::commands::*;
use sirocco_protocol::{Conversation, ConversationId, Event, Settings, TitleChoice};
use sirocco_testkit::{Events, Script, TempApp};

use crate::app;

async fn choose(app: &TempApp, titles: TitleChoice) -> anyhow::Result<()> {
    let settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    let settings = Settings { titles, ..settings };
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    Ok(())
}

async fn title(app: &TempApp, id: ConversationId) -> anyhow::Result<String> {
    let conversation: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    Ok(conversation.summary.title)
}

/// Waits until the conversation is called so.
async fn called(events: &mut Events, id: ConversationId, title: &str) -> anyhow::Result<()> {
    events
        .wait("a title", |event| match event {
            Event::ConversationChanged { conversation } => {
                (conversation.id == id && conversation.title == title).then_some(())
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn the_first_answer_is_followed_by_a_title_that_stays() -> anyhow::Result<()> {
    let app = app(&Script::answering("\"Rain.\"\n")).await?;
    choose(&app, TitleChoice::Once).await?;
    let mut events = app.events();
    let id = app.conversation().await?;
    app.send_and_finish(id, "Which wind is warm?").await?;
    called(&mut events, id, "Rain").await?;
    assert_eq!(
        app.messages(id).await?.len(),
        2,
        "the request is no message"
    );
    Ok(())
}

#[tokio::test]
async fn a_title_may_follow_every_answer() -> anyhow::Result<()> {
    let app = app(&Script::answering("First")).await?;
    choose(&app, TitleChoice::Always).await?;
    let mut events = app.events();
    let id = app.conversation().await?;
    app.send_and_finish(id, "One").await?;
    called(&mut events, id, "First").await?;
    let model = app.model().await?.id;
    app.rewrite(&Script::answering("Second"))?;
    app.call::<Nothing>("model_eject", ModelEject { id: model })
        .await?;
    app.send_and_finish(id, "More").await?;
    called(&mut events, id, "Second").await
}

#[tokio::test]
async fn a_question_ends_the_title_that_is_being_written() -> anyhow::Result<()> {
    let app = app(&Script::slow(12, 50.0)).await?;
    choose(&app, TitleChoice::Once).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "Which wind is warm?").await?;
    // One that is not ended is there before the model answers again.
    app.send_and_finish(id, "And which is cold?").await?;
    assert_eq!(title(&app, id).await?, "Which wind is warm?");
    Ok(())
}
