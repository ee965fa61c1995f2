//! Other versions of questions and answers, and messages that come and go.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ErrorCode, Message, MessageId, MessageOutline, Role, RunState,
    Started,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

fn echo() -> Script {
    Script::answering("You said: {question}")
}

/// Two questions, of which the first is asked again in other words; its id, and what was begun.
async fn edited(
    app: &TempApp,
    id: ConversationId,
    words: &str,
) -> anyhow::Result<(MessageId, Started)> {
    let first = app.send_and_finish(id, "one").await?;
    app.send_and_finish(id, "two").await?;
    let question = first.parent_id.expect("an answer has a question");
    let edit = MessageEdit {
        id: question,
        content: words.into(),
        generate: true,
    };
    Ok((question, app.call("message_edit", edit).await?))
}

#[tokio::test]
async fn regenerating_adds_a_version_and_keeps_the_old_one() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let first = app.send_and_finish(id, "one").await?;
    let started: Started = app
        .call(
            "message_regenerate",
            MessageRegenerate {
                id: first.id,
                model_id: None,
            },
        )
        .await?;
    assert_eq!(started.user_message, None);
    let (_, second) = app.finish(&started).await?;
    assert_eq!(second.versions, [first.id, second.id]);
    assert_eq!(second.parent_id, first.parent_id);
    assert_eq!(second.content, "You said: one");
    let shown = app.messages(id).await?;
    assert_eq!((shown.len(), shown[1].id), (2, second.id));

    app.call::<Conversation>("message_select", MessageSelect { id: first.id })
        .await?;
    assert_eq!(app.messages(id).await?[1].id, first.id);
    let question = first.parent_id.expect("an answer has a question");
    assert_eq!(
        code(
            app.call::<Started>(
                "message_regenerate",
                MessageRegenerate {
                    id: question,
                    model_id: None
                }
            )
            .await
        ),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn an_edited_question_is_answered_anew_beside_the_old_branch() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let (question, started) = edited(&app, id, "three").await?;
    let (run, answer) = app.finish(&started).await?;
    assert_eq!(
        (run.state, answer.content.as_str()),
        (RunState::Completed, "You said: three")
    );
    let words: Vec<_> = app
        .messages(id)
        .await?
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert_eq!(words, ["three", "You said: three"]);
    let new_question = started.user_message.expect("the question was added");
    assert_eq!(new_question.versions, [question, new_question.id]);

    app.call::<Conversation>("message_select", MessageSelect { id: question })
        .await?;
    let words: Vec<_> = app
        .messages(id)
        .await?
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert_eq!(words, ["one", "You said: one", "two", "You said: two"]);
    Ok(())
}

#[tokio::test]
async fn an_edited_answer_is_what_the_model_sees_next() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "one").await?;
    let edit = MessageEdit {
        id: answer.id,
        content: "I never said that".into(),
        generate: false,
    };
    let edited: Started = app.call("message_edit", edit).await?;
    assert_eq!(edited.user_message, None);
    assert_eq!(
        edited.assistant_message.versions,
        [answer.id, edited.assistant_message.id]
    );
    app.send_and_finish(id, "two").await?;
    let words: Vec<_> = app
        .messages(id)
        .await?
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert_eq!(words, ["one", "I never said that", "two", "You said: two"]);
    Ok(())
}

#[tokio::test]
async fn an_edited_answer_keeps_the_thoughts_it_came_after() -> anyhow::Result<()> {
    let app = app(&Script::answering(
        "<think>\nhm\n</think>\n\nIt is sirocco.",
    ))
    .await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Which wind?").await?;
    assert_eq!(answer.reasoning.as_deref(), Some("hm"));
    let kept = app.messages(id).await?.pop().and_then(|last| last.run);
    let statistics = kept.and_then(|run| run.statistics).expect("numbers");
    assert!(statistics.reasoning_ms.is_some(), "{statistics:?}");
    let edit = MessageEdit {
        id: answer.id,
        content: "It is mistral.".into(),
        generate: false,
    };
    let edited: Started = app.call("message_edit", edit).await?;
    let edited = edited.assistant_message;
    assert_eq!(
        (edited.content.as_str(), edited.reasoning.as_deref()),
        ("It is mistral.", Some("hm"))
    );
    Ok(())
}

#[tokio::test]
async fn an_edited_answer_is_written_on_from_its_new_words() -> anyhow::Result<()> {
    let app = app(&Script::answering("The wind was named sirocco.")).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Which wind?").await?;
    let edit = MessageEdit {
        id: answer.id,
        content: "The gale was".into(),
        generate: false,
    };
    let edited: Started = app.call("message_edit", edit).await?;
    let edited = edited.assistant_message;
    assert_eq!(edited.run, None);
    let started: Started = app
        .call("message_continue", MessageContinue { id: edited.id })
        .await?;
    let (run, whole) = app.finish(&started).await?;
    assert_eq!((run.state, whole.id), (RunState::Completed, edited.id));
    assert_eq!(whole.content, "The gale was named sirocco.");
    assert_eq!(whole.versions, [answer.id, edited.id]);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_a_person_began_is_written_on_by_the_model() -> anyhow::Result<()> {
    let app = app(&Script::answering("The wind was named sirocco.")).await?;
    let id = app.conversation().await?;
    let mut last = None;
    for (role, content) in [(Role::User, "Which wind?"), (Role::Assistant, "Our wind")] {
        let insert = MessageInsert {
            conversation_id: id,
            after: None,
            role,
            content: content.into(),
        };
        last = Some(app.call::<Message>("message_insert", insert).await?.id);
    }
    let begun = last.expect("two were inserted");
    let started: Started = app
        .call("message_continue", MessageContinue { id: begun })
        .await?;
    let (_, whole) = app.finish(&started).await?;
    assert_eq!(whole.id, begun);
    assert_eq!(whole.content, "Our wind was named sirocco.");
    Ok(())
}

#[tokio::test]
async fn an_outline_shows_every_branch_and_leads_to_it() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    let (_, started) = edited(&app, id, "three\n\nlines").await?;
    let (_, answer) = app.finish(&started).await?;
    let request = MessageOutlineRequest {
        conversation_id: id,
    };
    let outline: MessageOutline = app.call("message_outline", request.clone()).await?;
    assert_eq!(outline.head, Some(answer.id));
    let words: Vec<_> = outline
        .messages
        .iter()
        .map(|one| one.beginning.as_str())
        .collect();
    let expected = [
        "one",
        "three lines",
        "You said: one",
        "You said: three lines",
        "two",
        "You said: two",
    ];
    assert_eq!(words, expected);

    let old = outline.messages[5].id;
    app.call::<Conversation>("message_select", MessageSelect { id: old })
        .await?;
    let outline: MessageOutline = app.call("message_outline", request).await?;
    assert_eq!((outline.head, outline.messages.len()), (Some(old), 6));

    let unknown = MessageOutlineRequest {
        conversation_id: sirocco_protocol::ConversationId::fresh(),
    };
    let refused = app.call::<MessageOutline>("message_outline", unknown).await;
    assert_eq!(code(refused), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_deleted_message_comes_back_with_its_answers() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "one").await?;
    let second = app.send_and_finish(id, "two").await?;
    let question = second.parent_id.expect("an answer has a question");
    let before = app.messages(id).await?;
    app.call::<Conversation>("message_delete", MessageDelete { id: question })
        .await?;
    assert_eq!(app.messages(id).await?, before[..2]);
    app.call::<Conversation>("message_restore", MessageRestore { id: question })
        .await?;
    assert_eq!(app.messages(id).await?, before);
    Ok(())
}

#[tokio::test]
async fn deleting_a_message_that_is_being_answered_stops_the_answer() -> anyhow::Result<()> {
    let app = app(&Script::slow(5000, 2.0)).await?;
    let id = app.conversation().await?;
    let started = app.send(id, "Tell me").await?;
    let mut follower = app
        .follow(started.assistant_message.run.as_ref().expect("a run").id)
        .await?;
    follower.until_words(3).await?;
    let question = started.user_message.expect("a question").id;
    app.call::<Conversation>("message_delete", MessageDelete { id: question })
        .await?;
    let (run, _) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    assert!(app.messages(id).await?.is_empty());
    app.call::<Conversation>("message_restore", MessageRestore { id: question })
        .await?;
    assert_eq!(app.messages(id).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_conversation_deleted_in_mid_answer_comes_back_with_its_words() -> anyhow::Result<()> {
    let app = app(&Script::slow(5000, 2.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(3).await?;
    app.call::<Nothing>("conversation_delete", ConversationDelete { id })
        .await?;
    let (run, answer) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    assert_eq!(
        code(
            app.call::<Conversation>("conversation_get", ConversationGet { id })
                .await
        ),
        ErrorCode::NotFound
    );
    app.call::<Conversation>("conversation_restore", ConversationRestore { id })
        .await?;
    assert_eq!(app.messages(id).await?.last(), Some(&answer));
    Ok(())
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() -> anyhow::Result<()> {
    let app = app(&echo()).await?;
    let id = app.conversation().await?;
    assert_eq!(code(app.send(id, " \n ").await), ErrorCode::InvalidRequest);
    let unknown = sirocco_protocol::ConversationId::fresh();
    assert_eq!(code(app.send(unknown, "hello").await), ErrorCode::NotFound);
    let limit = MessagePageRequest {
        conversation_id: id,
        place: None,
        limit: 0,
    };
    assert_eq!(
        code(
            app.call::<sirocco_protocol::MessagePage>("message_page", limit)
                .await
        ),
        ErrorCode::InvalidRequest
    );
    assert_eq!(
        code(app.call::<Nothing>("no_such_command", Nothing {}).await),
        ErrorCode::NotFound
    );
    let error = app
        .call::<Nothing>("run_stop", serde_json::json!({"id": 7}))
        .await
        .expect_err("7 is no id");
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(!error.trace_id.is_empty());
    Ok(())
}
