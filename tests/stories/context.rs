//! What of a conversation is sent to a model, and what is left out when it does not fit any more.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ContextOverflow, ContextPartKind, ContextReport, ContextUse, Conversation, ConversationId,
    ConversationSettings, ErrorCode, LayerValues, LeftOutReason, LeftOutTurns, LoadOptions,
    Message, Parameters, PresetChoice, Role, RunState,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

/// About 200 tokens: two with their answers fit into 512, one into what a policy that can make room
/// keeps free of it.
fn question(number: usize) -> String {
    format!("question {number}: {}", "rain ".repeat(70))
}

async fn small(overflow: ContextOverflow) -> anyhow::Result<(TempApp, ConversationId)> {
    let app = app(&Script::answering("It is a wind.")).await?;
    let options = sirocco_protocol::LoadOptions {
        context_length: Some(512),
        ..Default::default()
    };
    app.load(app.model().await?.id, options).await?;
    let id = app.conversation().await?;
    choose(&app, id, overflow).await?;
    Ok((app, id))
}

async fn choose(
    app: &TempApp,
    id: ConversationId,
    overflow: ContextOverflow,
) -> anyhow::Result<()> {
    let settings = ConversationSettings {
        preset_id: None,
        values: LayerValues {
            system_prompt: Some("Be brief.".into()),
            parameters: Parameters {
                context_overflow: Some(overflow),
                ..Parameters::default()
            },
        },
    };
    let change = ConversationUpdate {
        settings: Some(settings),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", change)
        .await?;
    Ok(())
}

async fn inspect(
    app: &TempApp,
    conversation_id: ConversationId,
    draft: &str,
    answer: Option<&Message>,
) -> anyhow::Result<ContextReport> {
    let request = ContextInspect {
        conversation_id,
        draft: draft.into(),
        attachments: Vec::new(),
        answer: answer.map(|answer| answer.id),
    };
    Ok(app.call("context_inspect", request).await?)
}

fn left_out(answer: &Message) -> Option<LeftOutTurns> {
    let statistics = answer.run.as_ref()?.statistics.as_ref()?;
    statistics.left_out
}

/// Which messages were not sent, and why.
fn reasons(report: &ContextReport) -> Vec<Option<LeftOutReason>> {
    report.parts.iter().map(|part| part.left_out).collect()
}

#[tokio::test]
async fn a_conversation_that_is_full_stops_until_older_turns_may_be_left_out() -> anyhow::Result<()>
{
    let (app, id) = small(ContextOverflow::Stop).await?;
    for number in 1..=2 {
        app.send_and_finish(id, &question(number)).await?;
    }
    let full = inspect(&app, id, &question(3), None).await?;
    assert!(full.too_long.is_some_and(|words| words.contains("511")));
    let (run, _) = app.ask(id, &question(3)).await?.finish().await?;
    let error = run.error.expect("it says why");
    assert_eq!(
        (run.state, error.code),
        (RunState::Failed, ErrorCode::ContextFull)
    );
    assert!(error.hint.is_some_and(|hint| hint.contains("left out")));

    choose(&app, id, ContextOverflow::DropOldest).await?;
    let answer = app.send_and_finish(id, "And now?").await?;
    assert_eq!(answer.content, "It is a wind.");
    assert_eq!(left_out(&answer), Some(LeftOutTurns { from: 0, until: 4 }));
    Ok(())
}

#[tokio::test]
async fn the_first_exchange_stays_if_the_middle_is_to_go() -> anyhow::Result<()> {
    let (app, id) = small(ContextOverflow::KeepFirst).await?;
    app.send_and_finish(id, "My name is Ada.").await?;
    let mut answers = Vec::new();
    for number in 1..=3 {
        answers.push(app.send_and_finish(id, &question(number)).await?);
    }
    let expected = [
        None,
        Some(LeftOutTurns { from: 2, until: 4 }),
        Some(LeftOutTurns { from: 2, until: 6 }),
    ];
    assert_eq!(answers.iter().map(left_out).collect::<Vec<_>>(), expected);

    let sent = inspect(&app, id, "ignored", Some(&answers[2])).await?;
    assert!(sent.as_sent && sent.too_long.is_none());
    let no_room = Some(LeftOutReason::NoRoom);
    assert_eq!(
        reasons(&sent),
        [None, None, None, no_room, no_room, no_room, no_room, None]
    );
    assert!(sent.text.contains("Ada") && sent.text.contains("question 3"));
    assert!(!sent.text.contains("question 2") && !sent.text.contains("ignored"));
    assert!(sent.prompt_tokens + sent.reserved_tokens <= sent.context_length);
    Ok(())
}

#[tokio::test]
async fn of_a_long_conversation_the_newest_turns_are_sent() -> anyhow::Result<()> {
    for (overflow, from) in [
        (ContextOverflow::DropOldest, 0),
        (ContextOverflow::KeepFirst, 2),
    ] {
        let (app, id) = small(overflow).await?;
        app.send_and_finish(id, "My name is Ada.").await?;
        let mut newest = None;
        for number in 1..=12 {
            newest = Some(app.send_and_finish(id, &question(number)).await?);
        }
        let newest = newest.expect("there were questions");
        assert_eq!(left_out(&newest), Some(LeftOutTurns { from, until: 24 }));
        let sent = inspect(&app, id, "", Some(&newest)).await?;
        assert!(sent.text.contains("question 12") && !sent.text.contains("question 11"));
        assert_eq!(sent.text.contains("Ada"), from == 2);
        let parts = sent.parts.iter().map(|part| part.tokens);
        assert!(
            parts.sum::<u32>() > 12 * 140,
            "those left out are counted too"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_prompt_is_taken_apart_into_what_was_written_and_what_the_template_adds()
-> anyhow::Result<()> {
    let (app, id) = small(ContextOverflow::Stop).await?;
    let answer = app.send_and_finish(id, "What is the sirocco?").await?;
    let hide = MessageLeaveOut {
        id: answer.id,
        left_out: true,
    };
    app.call::<Message>("message_leave_out", hide).await?;
    let report = inspect(&app, id, "And the mistral?", None).await?;
    let kinds: Vec<_> = report.parts.iter().map(|part| part.kind.clone()).collect();
    assert_eq!(kinds[0], ContextPartKind::SystemPrompt);
    assert!(matches!(
        kinds[2],
        ContextPartKind::Message { id, role: Role::Assistant } if id == answer.id
    ));
    assert_eq!(kinds[3], ContextPartKind::Draft);
    assert_eq!(
        reasons(&report),
        [None, None, Some(LeftOutReason::Person), None]
    );
    assert_eq!(report.parts[1].excerpt, "What is the sirocco?");
    let sent = report.parts.iter().filter(|part| part.left_out.is_none());
    let of_parts: u32 = sent.map(|part| part.tokens).sum();
    assert!(report.template_tokens > 0);
    assert_eq!(report.prompt_tokens, of_parts + report.template_tokens);
    assert!(report.text.contains("Be brief.") && !report.as_sent);

    let count = ContextCount {
        conversation_id: id,
        draft: "And the mistral?".into(),
        attachments: Vec::new(),
    };
    let count: ContextUse = app.call("context_count", count).await?;
    assert_eq!(count.prompt_tokens, report.prompt_tokens);
    assert_eq!(count.draft_tokens, report.parts[3].tokens);
    Ok(())
}

#[tokio::test]
async fn a_new_conversation_is_counted_as_it_would_begin() -> anyhow::Result<()> {
    let app = app(&Script::answering("It is a wind.")).await?;
    let model_id = app.model().await?.id;
    let count = |system_prompt: Option<&str>| ContextCountNew {
        model_id,
        preset: PresetChoice::Standard,
        values: LayerValues {
            system_prompt: system_prompt.map(Into::into),
            ..LayerValues::default()
        },
        draft: "What is the sirocco?".into(),
        attachments: Vec::new(),
    };
    let unloaded = app.call::<ContextUse>("context_count_new", count(None));
    assert_eq!(code(unloaded.await), ErrorCode::NoModel);
    app.load(model_id, LoadOptions::default()).await?;
    let plain: ContextUse = app.call("context_count_new", count(None)).await?;
    let briefed: ContextUse = app
        .call("context_count_new", count(Some("Be brief, and kind.")))
        .await?;
    assert!(plain.draft_tokens > 0 && briefed.prompt_tokens > plain.prompt_tokens);

    let conversation: Conversation = app
        .call(
            "conversation_create",
            ConversationCreate {
                model_id: Some(model_id),
            },
        )
        .await?;
    let request = ContextCount {
        conversation_id: conversation.summary.id,
        draft: "What is the sirocco?".into(),
        attachments: Vec::new(),
    };
    let begun: ContextUse = app.call("context_count", request).await?;
    assert_eq!(begun, plain);
    Ok(())
}

#[tokio::test]
async fn the_meter_tells_what_would_be_left_out() -> anyhow::Result<()> {
    let (app, id) = small(ContextOverflow::DropOldest).await?;
    for number in 1..=2 {
        app.send_and_finish(id, &question(number)).await?;
    }
    let count = ContextCount {
        conversation_id: id,
        draft: question(3),
        attachments: Vec::new(),
    };
    let count: ContextUse = app.call("context_count", count).await?;
    assert_eq!(count.left_out, 4);
    assert!(count.prompt_tokens <= 384, "{count:?}");
    Ok(())
}

#[tokio::test]
async fn a_question_that_never_fits_is_refused_with_numbers() -> anyhow::Result<()> {
    let (app, id) = small(ContextOverflow::KeepFirst).await?;
    let (run, _) = app.ask(id, &"rain ".repeat(900)).await?.finish().await?;
    let error = run.error.expect("it says why");
    assert_eq!(error.code, ErrorCode::ContextFull);
    assert!(error.message.contains("384 are free"), "{}", error.message);
    Ok(())
}

#[tokio::test]
async fn a_prompt_of_an_earlier_session_is_made_anew() -> anyhow::Result<()> {
    let (app, id) = small(ContextOverflow::Stop).await?;
    let answer = app.send_and_finish(id, "What is the sirocco?").await?;
    let app = app.reopen().await?;
    let request = ContextInspect {
        conversation_id: id,
        draft: String::new(),
        attachments: Vec::new(),
        answer: Some(answer.id),
    };
    let refused = app
        .call::<ContextReport>("context_inspect", request.clone())
        .await;
    assert_eq!(code(refused), ErrorCode::NoModel);
    app.load(app.model().await?.id, Default::default()).await?;
    let report: ContextReport = app.call("context_inspect", request).await?;
    assert!(!report.as_sent && report.text.contains("sirocco"));
    Ok(())
}
