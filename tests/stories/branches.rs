//! What a person does to the tree of a conversation besides asking: messages put in and left out,
//! conversations made of others, an answer by another model.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ContextUse, Conversation, ConversationId, ConversationSettings, ErrorCode, Event, LayerValues,
    Message, MessageId, Role, RunState, Started,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{app, code};

fn echo() -> Script {
    Script::answering("You said: {question}")
}

async fn words(app: &TempApp, id: ConversationId) -> anyhow::Result<Vec<String>> {
    let messages = app.messages(id).await?;
    Ok(messages.into_iter().map(|one| one.content).collect())
}

fn insert(
    conversation_id: ConversationId,
    after: Option<MessageId>,
    role: Role,
    content: &str,
) -> MessageInsert {
    MessageInsert {
        conversation_id,
        after,
        role,
        content: content.into(),
    }
}

#[tokio::test]
async fn inserted_messages_of_both_roles_are_what_the_model_sees_next() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let question = insert(id, None, Role::User, "Say **hello**");
    let question: Message = app.call("message_insert", question).await?;
    assert_eq!((question.role, question.run), (Role::User, None));
    let answer = insert(id, None, Role::Assistant, "Hello");
    let answer: Message = app.call("message_insert", answer).await?;
    assert_eq!((answer.role, answer.model_name), (Role::Assistant, None));
    let chat: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(chat.summary.title, "Say hello");

    app.send_and_finish(id, "Again").await?;
    let expected = ["Say **hello**", "Hello", "Again", "You said: Again"];
    assert_eq!(words(&app, id).await?, expected);

    let mut events = app.events();
    let between = insert(id, Some(answer.id), Role::User, "And louder");
    app.call::<Message>("message_insert", between).await?;
    let told = |event: &Event| matches!(event, Event::MessagesChanged { conversation_id, .. } if *conversation_id == id);
    assert!(events.drain().iter().any(told));
    let messages = app.messages(id).await?;
    assert_eq!(messages[2].content, "And louder");
    let last = messages.last().expect("an answer");
    let again = MessageRegenerate {
        id: last.id,
        model_id: None,
    };
    let started: Started = app.call("message_regenerate", again).await?;
    let (_, last) = app.finish(&started).await?;
    assert_eq!(last.content, "You said: And louder\n\nAgain");
    Ok(())
}

#[tokio::test]
async fn nothing_blank_is_inserted_and_nothing_under_an_answer_being_written() -> anyhow::Result<()>
{
    let app = app(&Script::slow(5000, 2.0)).await?;
    let id = app.conversation().await?;
    let blank = insert(id, None, Role::User, " \n");
    assert_eq!(
        code(app.call::<Message>("message_insert", blank).await),
        ErrorCode::InvalidRequest
    );
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(1).await?;
    let question = app.messages(id).await?[0].id;
    for after in [None, Some(question)] {
        let inserted = insert(id, after, Role::User, "two");
        assert_eq!(
            code(app.call::<Message>("message_insert", inserted).await),
            ErrorCode::Conflict
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_left_out_is_neither_sent_nor_counted() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "one").await?;
    let count = async || {
        let request = ContextCount {
            conversation_id: id,
            draft: String::new(),
            attachments: Vec::new(),
        };
        let count: ContextUse = app.call("context_count", request).await?;
        anyhow::Ok(count.prompt_tokens)
    };
    let all = count().await?;
    let leave_out = |left_out| MessageLeaveOut {
        id: answer.id,
        left_out,
    };
    let changed: Message = app.call("message_leave_out", leave_out(true)).await?;
    assert!(changed.left_out);
    assert!(app.messages(id).await?[1].left_out, "it stays to be seen");
    assert!(count().await? < all);
    let next = app.send_and_finish(id, "two").await?;
    assert_eq!(next.content, "You said: one\n\ntwo");

    let changed: Message = app.call("message_leave_out", leave_out(false)).await?;
    assert!(!changed.left_out);
    let next = app.send_and_finish(id, "three").await?;
    assert_eq!(next.content, "You said: three");
    Ok(())
}

#[tokio::test]
async fn a_branch_becomes_a_conversation_of_its_own_with_the_same_settings() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let first = app.send_and_finish(id, "one").await?;
    app.send_and_finish(id, "two").await?;
    let changes = ConversationUpdate {
        title: Some("Counting".into()),
        settings: Some(ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: Some("Be brief.".into()),
                ..LayerValues::default()
            },
        }),
        ..ConversationUpdate::of(id)
    };
    let source: Conversation = app.call("conversation_update", changes).await?;

    let mut events = app.events();
    let branch = ConversationBranch {
        message_id: first.id,
    };
    let made: Conversation = app.call("conversation_branch", branch).await?;
    assert_eq!(made.summary.title, "Counting (branch)");
    assert_eq!(made.settings, source.settings);
    assert_eq!(made.model_id, source.model_id);
    let told = |event: &Event| matches!(event, Event::ConversationChanged { conversation } if conversation.id == made.summary.id);
    assert!(events.drain().iter().any(told));
    let answer = app.messages(made.summary.id).await?.remove(1);
    let run = answer.run.expect("how it came about is kept");
    assert_eq!(run.state, RunState::Completed);

    let next = app.send_and_finish(made.summary.id, "three").await?;
    assert_eq!(next.content, "You said: three");
    let of_branch = ["one", "You said: one", "three", "You said: three"];
    assert_eq!(words(&app, made.summary.id).await?, of_branch);
    let of_source = ["one", "You said: one", "two", "You said: two"];
    assert_eq!(words(&app, id).await?, of_source);
    Ok(())
}

#[tokio::test]
async fn a_duplicate_has_every_version() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let first = app.send_and_finish(id, "one").await?;
    let edit = MessageEdit {
        id: first.id,
        content: "Not so".into(),
        generate: false,
    };
    app.call::<Started>("message_edit", edit).await?;
    let duplicate = ConversationDuplicate { id };
    let made: Conversation = app.call("conversation_duplicate", duplicate).await?;
    assert_eq!(made.summary.title, "one (copy)");
    let shown = app.messages(made.summary.id).await?;
    assert_eq!(shown[1].content, "Not so");
    let select = MessageSelect {
        id: shown[1].versions[0],
    };
    app.call::<Conversation>("message_select", select).await?;
    let expected = ["one", "You said: one"];
    assert_eq!(words(&app, made.summary.id).await?, expected);
    Ok(())
}

#[tokio::test]
async fn another_model_writes_another_version_and_the_conversation_keeps_its_own()
-> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let file = app.outside().join("other.gguf");
    let other = TinyModel {
        name: "Other".into(),
        ..TinyModel::default()
    };
    app.put_model(&file, &other, &Script::answering("By another."))?;
    let other = app.import(&file).await?.models.remove(0);

    let id = app.conversation().await?;
    let first = app.send_and_finish(id, "one").await?;
    let own: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    let again = MessageRegenerate {
        id: first.id,
        model_id: Some(other.id),
    };
    let started: Started = app.call("message_regenerate", again).await?;
    let (run, second) = app.finish(&started).await?;
    assert_eq!(second.content, "By another.");
    assert_eq!(second.model_name.as_deref(), Some("Other"));
    assert_eq!(run.model_id, Some(other.id));
    assert_eq!(second.versions, [first.id, second.id]);
    let after: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(after.model_id, own.model_id);

    let nobody = MessageRegenerate {
        id: first.id,
        model_id: Some(sirocco_protocol::ModelId::fresh()),
    };
    assert_eq!(
        code(app.call::<Started>("message_regenerate", nobody).await),
        ErrorCode::NotFound
    );
    Ok(())
}
