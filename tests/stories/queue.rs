//! Several people at one model: one after the other, in the order they asked.

use sirocco_protocol::commands::*;
use sirocco_protocol::{ErrorCode, Event, RunState, Started};
use sirocco_testkit::Script;

use crate::{app, code};

#[tokio::test]
async fn questions_to_one_model_are_answered_in_the_order_they_came() -> anyhow::Result<()> {
    let app = app(&Script {
        // All three wait while the model is loaded.
        load_ms: 200.0,
        token_ms: 2.0,
        ..Script::answering("You said: {question}, and the wind said so too.")
    })
    .await?;
    let (a, b, c) = (
        app.conversation().await?,
        app.conversation().await?,
        app.conversation().await?,
    );
    let mut events = app.events();
    let first = app.ask(a, "one").await?;
    let second = app.ask(b, "two").await?;
    let third = app.ask(c, "three").await?;
    let runs = async |follower: sirocco_testkit::Follower| follower.finish().await;
    let (first, second, third) = tokio::join!(runs(first), runs(second), runs(third));
    let (first, second, third) = (first?, second?, third?);
    assert_eq!(first.1.content, "You said: one, and the wind said so too.");
    assert_eq!(second.1.content, "You said: two, and the wind said so too.");
    assert_eq!(
        third.1.content,
        "You said: three, and the wind said so too."
    );

    let changes: Vec<_> = events
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            Event::RunChanged { run } => Some((run.id, run.state)),
            _ => None,
        })
        .collect();
    let at = |run, state| {
        changes
            .iter()
            .position(|change| *change == (run, state))
            .expect("every run has every state")
    };
    for (before, after) in [(&first.0, &second.0), (&second.0, &third.0)] {
        let (end, begin) = (
            at(before.id, RunState::Completed),
            at(after.id, RunState::Generating),
        );
        assert!(end < begin, "one answer at a time: {changes:?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_waits_is_told_how_many_go_first() -> anyhow::Result<()> {
    let app = app(&Script::slow(500, 2.0)).await?;
    let (a, b, c) = (
        app.conversation().await?,
        app.conversation().await?,
        app.conversation().await?,
    );
    let mut first = app.ask(a, "one").await?;
    first.until_words(1).await?;
    let mut second = app.ask(b, "two").await?;
    second.until(|follower| follower.ahead == 1).await?;
    let mut third = app.ask(c, "three").await?;
    third.until(|follower| follower.ahead == 2).await?;
    assert_eq!(app.loaded().await?[0].queue_length, 3);

    // One that waits can be stopped, and the next moves up.
    let run = second.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, message) = second.finish().await?;
    assert_eq!(
        (run.state, message.content.as_str()),
        (RunState::Stopped, "")
    );
    let run = first.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    first.finish().await?;
    third.until_words(1).await?;
    Ok(())
}

#[tokio::test]
async fn a_second_answer_in_one_conversation_is_refused_until_the_first_ends() -> anyhow::Result<()>
{
    let app = app(&Script::slow(1000, 3.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "one").await?;
    follower.until_words(1).await?;
    let question = app.messages(id).await?[0].id;
    let answer = app.messages(id).await?[1].id;
    let before = app.messages(id).await?.len();
    assert_eq!(code(app.send(id, "two").await), ErrorCode::Conflict);
    assert_eq!(
        code(
            app.call::<Started>(
                "message_regenerate",
                MessageRegenerate {
                    id: answer,
                    model_id: None
                }
            )
            .await
        ),
        ErrorCode::Conflict
    );
    assert_eq!(
        code(
            app.call::<Started>("message_continue", MessageContinue { id: answer })
                .await
        ),
        ErrorCode::Conflict
    );
    let edit = MessageEdit {
        id: question,
        content: "other".into(),
        generate: true,
    };
    assert_eq!(
        code(app.call::<Started>("message_edit", edit).await),
        ErrorCode::Conflict
    );
    assert_eq!(app.messages(id).await?.len(), before, "nothing was added");

    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    follower.finish().await?;
    app.send(id, "two").await?;
    Ok(())
}
