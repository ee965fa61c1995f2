//! Conversations that are never written to the disk.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Attachment, ContextReport, Conversation, ConversationId, ConversationSummary, ErrorCode, Event,
    Message, MessageId, Role, Started,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

/// In everything that is said, attached and noted down below.
const SECRET: &str = "quokka";

async fn temporary(app: &TempApp) -> anyhow::Result<ConversationId> {
    let request = TemporaryCreate { model_id: None };
    let made: Conversation = app.call("temporary_create", request).await?;
    assert!(made.summary.temporary);
    Ok(made.summary.id)
}

async fn conversation(app: &TempApp, id: ConversationId) -> anyhow::Result<Conversation> {
    Ok(app.call("conversation_get", ConversationGet { id }).await?)
}

async fn listed(app: &TempApp) -> anyhow::Result<Vec<ConversationSummary>> {
    let request = ConversationList::first(100);
    Ok(app.call("conversation_list", request).await?)
}

async fn give(app: &TempApp, id: ConversationId, text: &str) -> anyhow::Result<Attachment> {
    let request = AttachmentGive {
        name: format!("{SECRET}.txt"),
        content_base64: STANDARD.encode(text),
        conversation_id: Some(id),
    };
    Ok(app.call("attachment_give", request).await?)
}

/// Whether a file below the folder, whatever its name, has the word in it.
fn is_on_disk(folder: &Path, word: &str) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        // What a scripted worker is to answer is told to it by a file.
        if name.ends_with(".script.json") {
            continue;
        }
        let found = if entry.file_type()?.is_dir() {
            is_on_disk(&entry.path(), word)?
        } else {
            let bytes = std::fs::read(entry.path())?.to_ascii_lowercase();
            name.contains(word) || bytes.windows(word.len()).any(|one| one == word.as_bytes())
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Does all that one does in a conversation, with the word in everything.
async fn live_in(app: &TempApp, id: ConversationId) -> anyhow::Result<Message> {
    let file = give(app, id, &format!("a {SECRET} in a file")).await?;
    let changes = ConversationUpdate {
        draft: Some(format!("half a {SECRET}")),
        notes: Some(format!("a noted {SECRET}")),
        title: Some(format!("Titled {SECRET}")),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", changes)
        .await?;
    let send = MessageSend {
        conversation_id: id,
        content: format!("What is a {SECRET}?"),
        attachments: vec![file.id],
    };
    let started: Started = app.call("message_send", send).await?;
    let (_, answer) = app.finish(&started).await?;
    assert!(answer.content.contains(SECRET));
    let again = MessageRegenerate {
        id: answer.id,
        model_id: None,
    };
    let started: Started = app.call("message_regenerate", again).await?;
    app.finish(&started).await?;
    let edit = MessageEdit {
        id: started.assistant_message.id,
        content: format!("An edited {SECRET}"),
        generate: false,
    };
    let edited: Started = app.call("message_edit", edit).await?;
    let insert = MessageInsert {
        conversation_id: id,
        after: None,
        role: Role::User,
        content: format!("An inserted {SECRET}"),
    };
    let inserted: Message = app.call("message_insert", insert).await?;
    app.call::<Conversation>("message_delete", MessageDelete { id: inserted.id })
        .await?;
    app.call::<Conversation>("message_select", MessageSelect { id: answer.id })
        .await?;
    let leave = MessageLeaveOut {
        id: edited.assistant_message.id,
        left_out: true,
    };
    app.call::<Message>("message_leave_out", leave).await?;
    Ok(answer)
}

#[tokio::test]
async fn it_is_like_any_other_and_no_byte_of_it_reaches_the_disk() -> anyhow::Result<()> {
    let app = app(&Script::answering(format!(
        "A {SECRET} is a small marsupial."
    )))
    .await?;
    let id = temporary(&app).await?;
    let answer = live_in(&app, id).await?;

    let shown = app.messages(id).await?;
    assert_eq!(shown[1].id, answer.id);
    assert_eq!(shown[1].versions.len(), 3);
    let find = MessageFind {
        conversation_id: id,
        query: SECRET.into(),
    };
    let found: Vec<MessageId> = app.call("message_find", find).await?;
    assert_eq!(found.len(), 2);
    let inspect = ContextInspect {
        conversation_id: id,
        draft: String::new(),
        attachments: Vec::new(),
        answer: Some(answer.id),
    };
    let report: ContextReport = app.call("context_inspect", inspect).await?;
    assert!(report.as_sent && report.text.contains("in a file"));
    let file = shown[0].attachments[0].id;
    let text: String = app
        .call("attachment_text", AttachmentText { id: file })
        .await?;
    assert!(text.contains(SECRET));
    let run = answer.run.expect("an answer has a run").id;
    assert_eq!(app.follow(run).await?.finish().await?.1.id, answer.id);

    assert!(listed(&app).await?.is_empty());
    assert!(!is_on_disk(&app.home(), SECRET)?);
    app.call::<Nothing>("conversation_delete", ConversationDelete { id })
        .await?;
    let home = app.home();
    let folder = app.into_folder().await?;
    assert!(
        !is_on_disk(&home, SECRET)?,
        "nor when the log was folded in"
    );
    drop(folder);
    Ok(())
}

#[tokio::test]
async fn the_words_of_others_are_found_on_the_disk_by_the_same_search() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, SECRET).await?;
    assert!(is_on_disk(&app.home(), SECRET)?);
    Ok(())
}

#[tokio::test]
async fn deleting_it_removes_it_for_good_even_while_an_answer_is_written() -> anyhow::Result<()> {
    let app = app(&Script::slow(10_000, 1.0)).await?;
    let [id, other] = [temporary(&app).await?, temporary(&app).await?];
    let mut events = app.events();
    let started = app.send(id, "Tell me").await?;
    for gone in [id, other] {
        app.call::<Nothing>("conversation_delete", ConversationDelete { id: gone })
            .await?;
        events
            .wait("the deletion", |event| match event {
                Event::ConversationDeleted { conversation_id } => {
                    (conversation_id == gone).then_some(())
                }
                _ => None,
            })
            .await?;
        let get = ConversationGet { id: gone };
        assert_eq!(
            code(app.call::<Conversation>("conversation_get", get).await),
            ErrorCode::NotFound
        );
    }
    let run = started.assistant_message.run.expect("it was written").id;
    assert!(app.follow(run).await.is_err());
    let restore = ConversationRestore { id };
    let restored = app
        .call::<Conversation>("conversation_restore", restore)
        .await;
    assert_eq!(code(restored), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn it_is_kept_under_the_same_ids_with_all_its_branches() -> anyhow::Result<()> {
    let app = app(&Script::answering(SECRET)).await?;
    let id = temporary(&app).await?;
    live_in(&app, id).await?;
    let before = conversation(&app, id).await?;
    let shown = app.messages(id).await?;
    let mut events = app.events();
    let kept: Conversation = app.call("temporary_keep", TemporaryKeep { id }).await?;
    assert!(!kept.summary.temporary);
    assert_eq!(
        (
            kept.summary.title,
            &kept.model_id,
            &kept.draft,
            &kept.notes,
            kept.head
        ),
        (
            before.summary.title,
            &before.model_id,
            &before.draft,
            &before.notes,
            before.head
        )
    );
    let row = events.wait("the new row", |event| match event {
        Event::ConversationChanged { conversation } => Some(conversation),
        _ => None,
    });
    assert_eq!(row.await?.id, id);
    assert_eq!(listed(&app).await?.len(), 1);

    // It goes on where it was, and outlives the app.
    let app = app.reopen().await?;
    assert_eq!(app.messages(id).await?, shown);
    app.send_and_finish(id, "And then?").await?;
    assert_eq!(app.messages(id).await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn it_is_not_kept_while_an_answer_is_written_and_a_kept_one_stays_as_it_is()
-> anyhow::Result<()> {
    let app = app(&Script::slow(10_000, 1.0)).await?;
    let id = temporary(&app).await?;
    let started = app.send(id, "Tell me").await?;
    let keep = TemporaryKeep { id };
    let refused = app.call::<Conversation>("temporary_keep", &keep).await;
    assert_eq!(code(refused), ErrorCode::Conflict);
    let run = started.assistant_message.run.expect("it is written").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    app.follow(run).await?.finish().await?;
    let kept: Conversation = app.call("temporary_keep", &keep).await?;
    let again: Conversation = app.call("temporary_keep", &keep).await?;
    assert_eq!(kept, again);
    Ok(())
}

#[tokio::test]
async fn a_branch_of_it_is_temporary_too() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = temporary(&app).await?;
    let answer = app.send_and_finish(id, SECRET).await?;
    let branch = ConversationBranch {
        message_id: answer.id,
    };
    let made: Conversation = app.call("conversation_branch", branch).await?;
    assert!(made.summary.temporary);
    assert_eq!(app.messages(made.summary.id).await?.len(), 2);
    app.call::<Nothing>("conversation_delete", ConversationDelete { id })
        .await?;
    app.send_and_finish(made.summary.id, "More").await?;
    assert!(!is_on_disk(&app.home(), SECRET)?);
    Ok(())
}
