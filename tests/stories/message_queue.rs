//! Messages written while an answer is: they wait in their conversation and are sent one after the other.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorCode, Event, MessageId, QueuedMessage,
    RunState, Started,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

async fn queue(
    app: &TempApp,
    id: ConversationId,
    content: &str,
) -> anyhow::Result<Vec<QueuedMessage>> {
    let add = QueueAdd {
        conversation_id: id,
        content: content.into(),
        attachments: Vec::new(),
        place: None,
        is_draft: true,
    };
    Ok(app.call("queue_add", add).await?)
}

async fn waiting(app: &TempApp, id: ConversationId) -> anyhow::Result<Vec<String>> {
    let conversation: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    Ok(contents(&conversation.queue))
}

fn contents(queue: &[QueuedMessage]) -> Vec<String> {
    queue.iter().map(|one| one.content.clone()).collect()
}

async fn questions(app: &TempApp, id: ConversationId) -> anyhow::Result<Vec<String>> {
    let messages = app.messages(id).await?.into_iter();
    Ok(messages.step_by(2).map(|one| one.content).collect())
}

/// Waits until so many answers are whole; the last one's id.
async fn answers(
    events: &mut sirocco_testkit::Events,
    mut count: usize,
) -> anyhow::Result<MessageId> {
    events
        .wait("answers", move |event| match event {
            Event::RunChanged { run } if run.state == RunState::Completed => {
                count -= 1;
                (count == 0).then_some(run.message_id)
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn what_is_written_during_an_answer_is_sent_when_it_has_ended() -> anyhow::Result<()> {
    let app = app(&Script::slow(60, 2.0)).await?;
    let id = app.conversation().await?;
    let mut events = app.events();
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(3).await?;
    queue(&app, id, "two").await?;
    assert_eq!(contents(&queue(&app, id, "three").await?), ["two", "three"]);
    assert_eq!(code(app.send(id, "beside it").await), ErrorCode::Conflict);
    // What is being written meanwhile is no part of it.
    let draft = ConversationUpdate {
        draft: Some("half a".into()),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", draft)
        .await?;
    let last = answers(&mut events, 3).await?;
    assert_eq!(questions(&app, id).await?, ["one", "two", "three"]);
    assert_eq!(app.messages(id).await?.last().map(|one| one.id), Some(last));
    let after: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!((after.draft.as_str(), after.queue.len()), ("half a", 0));
    Ok(())
}

#[tokio::test]
async fn after_a_stop_the_queue_waits_until_it_is_sent_on() -> anyhow::Result<()> {
    let app = app(&Script::slow(100, 2.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(3).await?;
    let second = queue(&app, id, "two").await?[0].id;
    let third = queue(&app, id, "three").await?[1].id;
    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, _) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    assert_eq!(waiting(&app, id).await?, ["two", "three"]);

    let forward = QueueMove {
        conversation_id: id,
        id: third,
        place: 0,
    };
    let moved: Vec<QueuedMessage> = app.call("queue_move", forward).await?;
    assert_eq!(contents(&moved), ["three", "two"]);
    let remove = QueueRemove {
        conversation_id: id,
        id: second,
    };
    let left: Vec<QueuedMessage> = app.call("queue_remove", remove.clone()).await?;
    assert_eq!(contents(&left), ["three"]);
    let gone = app.call::<Vec<QueuedMessage>>("queue_remove", remove).await;
    assert_eq!(code(gone), ErrorCode::NotFound);
    let send = QueueSend {
        conversation_id: id,
    };
    let started: Started = app.call("queue_send", send.clone()).await?;
    app.finish(&started).await?;
    assert_eq!(questions(&app, id).await?, ["one", "three"]);
    let empty = app.call::<Started>("queue_send", send).await;
    assert_eq!(code(empty), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_queue_outlives_the_app_and_waits_in_it() -> anyhow::Result<()> {
    let app = app(&Script::slow(5000, 2.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(3).await?;
    queue(&app, id, "two").await?;
    let app = app.reopen().await?;
    assert_eq!(waiting(&app, id).await?, ["two"]);
    assert_eq!(questions(&app, id).await?, ["one"]);
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_queue_outlives_an_app_that_is_killed() -> anyhow::Result<()> {
    use std::io::BufRead;
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir()?;
    let home = sirocco_core::home::Home::at(folder.path().join("home"));
    std::fs::create_dir_all(home.models())?;
    let model = home.models().join("tiny.gguf");
    sirocco_testkit::TinyModel::default().write(&model)?;
    Script::slow(2000, 5.0).write_for(&model)?;
    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed-app"));
    let mut doomed = doomed
        .args([home.path(), crate::WORKER.as_ref(), "queue".as_ref()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = doomed.stdout.take().map(std::io::BufReader::new);
    tokio::task::spawn_blocking(move || {
        // With the first words both messages are in the queue.
        let first = output.and_then(|output| output.lines().next());
        doomed.kill()?;
        doomed.wait()?;
        anyhow::ensure!(first.is_some(), "it began to answer");
        anyhow::Ok(())
    })
    .await??;

    let app = TempApp::over(folder, crate::WORKER.into()).await?;
    let request = ConversationList::first(9);
    let list: Vec<ConversationSummary> = app.call("conversation_list", request).await?;
    let id = list[0].id;
    assert_eq!(waiting(&app, id).await?, ["two", "three"]);
    assert_eq!(questions(&app, id).await?, ["Tell me everything."]);
    app.rewrite(&Script::answering("Yes."))?;
    let mut events = app.events();
    let send = QueueSend {
        conversation_id: id,
    };
    app.call::<Started>("queue_send", send).await?;
    answers(&mut events, 2).await?;
    let asked = ["Tell me everything.", "two", "three"];
    assert_eq!(questions(&app, id).await?, asked);
    Ok(())
}

#[tokio::test]
async fn a_queue_is_not_sent_from_the_trash_and_comes_back_with_its_conversation()
-> anyhow::Result<()> {
    let app = app(&Script::slow(100, 2.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(3).await?;
    queue(&app, id, "two").await?;
    app.call::<Nothing>("conversation_delete", ConversationDelete { id })
        .await?;
    let (run, _) = follower.finish().await?;
    assert_ne!(run.state, RunState::Completed);
    let gone = queue(&app, id, "three").await;
    assert!(gone.is_err(), "nothing can be added in the trash");
    app.call::<Conversation>("conversation_restore", ConversationRestore { id })
        .await?;
    assert_eq!(waiting(&app, id).await?, ["two"]);
    assert_eq!(questions(&app, id).await?, ["one"]);
    Ok(())
}

#[tokio::test]
async fn what_comes_too_late_to_wait_is_sent_at_once() -> anyhow::Result<()> {
    let app = app(&Script::answering("Yes.")).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "one").await?;
    let mut events = app.events();
    assert!(queue(&app, id, "two").await?.is_empty());
    answers(&mut events, 1).await?;
    assert_eq!(questions(&app, id).await?, ["one", "two"]);
    Ok(())
}
