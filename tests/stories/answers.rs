//! Asking and being answered.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ContextUse, Conversation, ConversationSettings, ConversationSummary, Event, LayerValues,
    Parameters, Role, RunState, Settings, StopReason, Theme,
};
use sirocco_testkit::Script;

use crate::app;

#[tokio::test]
async fn a_question_is_answered_with_the_words_of_the_model() -> anyhow::Result<()> {
    let app = app(&Script::answering(
        "You asked: {question}\n\n- 漢字, é and 👩‍👧 too",
    ))
    .await?;
    let id = app.conversation().await?;
    let started = app.send(id, "What is the name of the wind?").await?;
    let question = started.user_message.as_ref().expect("a question was added");
    assert_eq!(
        (question.role, question.content.as_str()),
        (Role::User, "What is the name of the wind?")
    );
    let (run, answer) = app.finish(&started).await?;

    assert_eq!(
        answer.content,
        "You asked: What is the name of the wind?\n\n- 漢字, é and 👩‍👧 too"
    );
    assert_eq!(answer.role, Role::Assistant);
    assert_eq!(answer.parent_id, Some(question.id));
    assert_eq!(answer.model_name.as_deref(), Some("Tiny"));
    assert_eq!(run.state, RunState::Completed);
    let statistics = run.statistics.expect("a completed run has numbers");
    assert_eq!(statistics.stop_reason, Some(StopReason::EndOfTurn));
    assert!(statistics.prompt_tokens > 10, "{statistics:?}");
    assert!(statistics.completion_tokens > 10, "{statistics:?}");
    assert!(statistics.time_to_first_token_ms > 0.0, "{statistics:?}");
    assert!(statistics.decode_tokens_per_second > 0.0, "{statistics:?}");
    assert!(statistics.prefill_tokens_per_second > 0.0, "{statistics:?}");
    assert_eq!(app.messages(id).await?.last(), Some(&answer));
    Ok(())
}

#[tokio::test]
async fn the_second_question_reuses_the_cache_of_the_first() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let first = app.send_and_finish(id, "What is the wind?").await?;
    let second = app.send_and_finish(id, "And the rain?").await?;
    let numbers = |message: &sirocco_protocol::Message| {
        message
            .run
            .clone()
            .and_then(|run| run.statistics)
            .expect("numbers")
    };
    let (first, second) = (numbers(&first), numbers(&second));
    assert_eq!(first.cached_tokens, 0);
    assert!(
        second.cached_tokens >= first.prompt_tokens,
        "{first:?} {second:?}"
    );
    assert!(second.cached_tokens < second.prompt_tokens);
    Ok(())
}

#[tokio::test]
async fn the_title_comes_from_the_first_question_until_a_person_gives_one() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let title = async || {
        let conversation: Conversation =
            app.call("conversation_get", ConversationGet { id }).await?;
        anyhow::Ok(conversation.summary.title)
    };
    assert_eq!(title().await?, "New conversation");
    app.send_and_finish(id, "Why is **the rain** red?\nTell me.")
        .await?;
    assert_eq!(title().await?, "Why is the rain red?");
    let rename = ConversationUpdate {
        title: Some("Rain".into()),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", rename)
        .await?;
    app.send_and_finish(id, "Another question").await?;
    assert_eq!(title().await?, "Rain");
    Ok(())
}

#[tokio::test]
async fn conversations_are_listed_pinned_first_and_then_by_their_last_message() -> anyhow::Result<()>
{
    let app = app(&Script::default()).await?;
    let (a, b, c) = (
        app.conversation().await?,
        app.conversation().await?,
        app.conversation().await?,
    );
    for (id, word) in [(a, "alpha"), (b, "beta"), (c, "gamma"), (a, "again")] {
        app.send_and_finish(id, word).await?;
    }
    let pin = ConversationUpdate {
        pinned: Some(true),
        ..ConversationUpdate::of(b)
    };
    app.call::<Conversation>("conversation_update", pin).await?;
    let request = ConversationList::first(10);
    let list: Vec<ConversationSummary> = app.call("conversation_list", request).await?;
    assert_eq!(list.iter().map(|row| row.id).collect::<Vec<_>>(), [b, a, c]);
    assert!(list.iter().all(|row| row.unread && !row.running));
    let request = ConversationList {
        query: "GAM".into(),
        ..ConversationList::first(10)
    };
    let found: Vec<ConversationSummary> = app.call("conversation_list", request).await?;
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [c]);
    Ok(())
}

#[tokio::test]
async fn parameters_and_system_prompt_reach_the_model() -> anyhow::Result<()> {
    let app = app(&Script::answering("one two STOP three")).await?;
    let id = app.conversation().await?;
    let without = ContextCount {
        conversation_id: id,
        draft: "Hi".into(),
        attachments: Vec::new(),
    };
    app.load(
        app.model().await?.id,
        sirocco_protocol::LoadOptions::default(),
    )
    .await?;
    let before: ContextUse = app.call("context_count", without.clone()).await?;
    assert!(
        before.draft_tokens > 0 && before.context_length == 4096,
        "{before:?}"
    );

    let parameters = Parameters {
        stop: Some(vec!["STOP".into()]),
        seed: Some(7),
        ..Parameters::default()
    };
    let system_prompt = Some("You are a weather station in the desert.".into());
    let set = async |values| {
        let settings = ConversationSettings {
            preset_id: None,
            values,
        };
        let change = ConversationUpdate {
            settings: Some(settings),
            ..ConversationUpdate::of(id)
        };
        app.call::<Conversation>("conversation_update", change)
            .await
    };
    set(LayerValues {
        system_prompt,
        parameters,
    })
    .await?;
    let after: ContextUse = app.call("context_count", without).await?;
    assert!(
        after.prompt_tokens > before.prompt_tokens + 5,
        "{before:?} {after:?}"
    );
    let answer = app.send_and_finish(id, "Count.").await?;
    assert_eq!(answer.content, "one two ");
    let reason = |message: sirocco_protocol::Message| message.run?.statistics?.stop_reason;
    assert_eq!(reason(answer), Some(StopReason::StopString));

    let parameters = Parameters {
        max_tokens: Some(3),
        ..Parameters::default()
    };
    set(LayerValues {
        system_prompt: None,
        parameters,
    })
    .await?;
    let answer = app.send_and_finish(id, "Count again.").await?;
    let statistics = answer
        .run
        .clone()
        .and_then(|run| run.statistics)
        .expect("numbers");
    assert_eq!(
        (statistics.completion_tokens, statistics.stop_reason),
        (3, Some(StopReason::MaxTokens))
    );
    Ok(())
}

#[tokio::test]
async fn thoughts_are_told_from_the_answer() -> anyhow::Result<()> {
    let app = app(&Script::answering(
        "<think>\nhm, a wind\n</think>\n\nIt is sirocco.",
    ))
    .await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Which wind?").await?;
    assert_eq!(answer.content.trim(), "It is sirocco.");
    assert_eq!(
        answer.reasoning.as_deref().map(str::trim),
        Some("hm, a wind")
    );
    assert_eq!(app.messages(id).await?.last(), Some(&answer), "as saved");
    Ok(())
}

#[tokio::test]
async fn settings_and_drafts_survive_a_restart() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let settings = Settings {
        theme: Theme::Sepia,
        default_context_length: 1024,
        default_system_prompt: "Be brief.".into(),
        list_width: 333,
        ..Settings::default()
    };
    app.call::<Settings>(
        "settings_set",
        SettingsSet {
            settings: settings.clone(),
        },
    )
    .await?;
    let draft = ConversationUpdate {
        draft: Some("half a thou".into()),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", draft)
        .await?;

    let app = app.reopen().await?;
    assert_eq!(
        app.call::<Settings>("settings_get", SettingsGet {}).await?,
        settings
    );
    let kept: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(kept.draft, "half a thou");
    app.send_and_finish(id, "half a thought").await?;
    let sent: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(sent.draft, "");
    assert_eq!(app.loaded().await?[0].context_length, 1024);
    Ok(())
}

#[tokio::test]
async fn events_tell_every_window_what_happens() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let mut events = app.events();
    let id = app.conversation().await?;
    app.send_and_finish(id, "Hello").await?;
    let mut states = Vec::new();
    let (mut created, mut messages, mut loading, mut ready) = (false, false, false, false);
    events
        .wait("the end of the run in the list", |event| match event {
            Event::ConversationChanged { conversation } if conversation.id == id => {
                created = true;
                let ended = states.last() == Some(&RunState::Completed);
                (ended && conversation.unread && !conversation.running).then_some(())
            }
            Event::MessagesChanged {
                conversation_id,
                head,
            } => {
                messages |= conversation_id == id && head.is_some();
                None
            }
            Event::RunChanged { run } => {
                states.push(run.state);
                None
            }
            Event::LoadedChanged { loaded } => {
                loading |= matches!(loaded.state, sirocco_protocol::LoadState::Loading { .. });
                ready |= loaded.state == sirocco_protocol::LoadState::Ready;
                None
            }
            _ => None,
        })
        .await?;
    use RunState::{Completed, Generating, Prefilling, Queued};
    assert_eq!(states, [Queued, Prefilling, Generating, Completed]);
    assert!(
        created && messages && loading && ready,
        "{created} {messages} {loading} {ready}"
    );
    Ok(())
}

#[tokio::test]
async fn a_prompt_longer_than_the_context_fails_and_says_so() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let options = sirocco_protocol::LoadOptions {
        context_length: Some(512),
        ..Default::default()
    };
    app.load(app.model().await?.id, options).await?;
    let id = app.conversation().await?;
    let (run, answer) = app.ask(id, &"rain ".repeat(2000)).await?.finish().await?;
    assert_eq!((run.state, answer.content.as_str()), (RunState::Failed, ""));
    assert_eq!(
        run.error.map(|error| error.code),
        Some(sirocco_protocol::ErrorCode::ContextFull)
    );
    Ok(())
}
