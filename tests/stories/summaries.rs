//! Summaries that the model writes of what there is no room for.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ContextOverflow, ContextPartKind, ContextReport, Conversation, ConversationId,
    ConversationSettings, ErrorCode, LayerValues, LeftOutReason, Message, Parameters, RunState,
    RunUpdate, SummaryId,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

/// About 200 tokens: two of them have no room in a context of 512 beside an answer.
fn question(number: usize) -> String {
    format!("question {number}: {}", "rain ".repeat(70))
}

async fn small(script: &Script) -> anyhow::Result<(TempApp, ConversationId)> {
    let app = app(script).await?;
    let options = sirocco_protocol::LoadOptions {
        context_length: Some(512),
        ..Default::default()
    };
    app.load(app.model().await?.id, options).await?;
    let id = app.conversation().await?;
    choose(&app, id, ContextOverflow::Summarise).await?;
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
            system_prompt: None,
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

async fn sent(
    app: &TempApp,
    conversation_id: ConversationId,
    answer: Option<&Message>,
) -> anyhow::Result<ContextReport> {
    let request = ContextInspect {
        conversation_id,
        draft: String::new(),
        attachments: Vec::new(),
        answer: answer.map(|answer| answer.id),
    };
    Ok(app.call("context_inspect", request).await?)
}

/// The first two turns and the question that has no room beside them.
async fn summarised(app: &TempApp, id: ConversationId) -> anyhow::Result<(SummaryId, Message)> {
    app.send_and_finish(id, &question(1)).await?;
    let answer = app.send_and_finish(id, &question(2)).await?;
    let messages = app.messages(id).await?;
    let summary = messages[1].summary.clone().expect("it was summarised");
    assert_eq!(summary.message_count, 2);
    Ok((summary.id, answer))
}

#[tokio::test]
async fn the_oldest_turns_are_summarised_before_the_answer_that_has_no_room_for_them()
-> anyhow::Result<()> {
    let (app, id) = small(&Script::answering("It rained.")).await?;
    app.send_and_finish(id, &question(1)).await?;
    assert!(
        app.messages(id)
            .await?
            .iter()
            .all(|one| one.summary.is_none())
    );
    let started = app.send(id, &question(2)).await?;
    let run = started
        .assistant_message
        .run
        .as_ref()
        .expect("it is written");
    let follower = app.follow(run.id).await?;
    let (ended, answer) = follower.finish().await?;
    assert_eq!(ended.state, RunState::Completed);

    let messages = app.messages(id).await?;
    let summary = messages[1].summary.as_ref().expect("it was summarised");
    assert_eq!(
        (summary.text.as_str(), summary.message_count),
        ("It rained.", 2)
    );
    assert_eq!(
        (summary.edited, &summary.model_name),
        (false, &answer.model_name)
    );
    assert_eq!(messages.len(), 4, "the messages stay");

    let report = sent(&app, id, Some(&answer)).await?;
    assert!(report.as_sent && report.too_long.is_none());
    assert!(
        report
            .text
            .contains("<summary of the conversation so far>\nIt rained.\n</summary>")
    );
    assert!(!report.text.contains("question 1"));
    let kinds: Vec<_> = report
        .parts
        .iter()
        .map(|part| {
            (
                matches!(part.kind, ContextPartKind::Summary { .. }),
                part.left_out,
            )
        })
        .collect();
    let covered = Some(LeftOutReason::Summarised);
    assert_eq!(
        kinds,
        [
            (true, None),
            (false, covered),
            (false, covered),
            (false, None)
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_later_summary_stands_for_what_the_earlier_one_stood_for_too() -> anyhow::Result<()> {
    let (app, id) = small(&Script::answering("It rained.")).await?;
    summarised(&app, id).await?;
    let answer = app.send_and_finish(id, &question(3)).await?;
    let messages = app.messages(id).await?;
    let later = messages[3]
        .summary
        .as_ref()
        .expect("it was summarised again");
    assert_eq!(later.message_count, 4);
    let report = sent(&app, id, Some(&answer)).await?;
    assert!(!report.text.contains("question 2"));
    let app = app.reopen().await?;
    assert_eq!(app.messages(id).await?[3].summary.as_ref(), Some(later));
    Ok(())
}

#[tokio::test]
async fn a_persons_words_take_the_place_of_the_models() -> anyhow::Result<()> {
    let (app, id) = small(&Script::answering("It rained.")).await?;
    let (summary, _) = summarised(&app, id).await?;
    let edit = SummaryUpdate {
        id: summary,
        text: "It snowed.".into(),
    };
    let message: Message = app.call("summary_update", &edit).await?;
    assert!(
        message
            .summary
            .is_some_and(|one| one.edited && one.text == "It snowed.")
    );
    let report = sent(&app, id, None).await?;
    assert!(report.text.contains("It snowed."));
    let blank = SummaryUpdate {
        text: " ".into(),
        ..edit
    };
    let refused = app.call::<Message>("summary_update", blank).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn it_is_undone_by_removing_it_or_by_another_policy() -> anyhow::Result<()> {
    let (app, id) = small(&Script::answering("It rained.")).await?;
    let (summary, _) = summarised(&app, id).await?;
    choose(&app, id, ContextOverflow::Stop).await?;
    let report = sent(&app, id, None).await?;
    assert!(report.text.contains("question 1") && !report.text.contains("It rained.\n</summary>"));
    choose(&app, id, ContextOverflow::Summarise).await?;
    let remove = SummaryDelete { id: summary };
    let message: Message = app.call("summary_delete", &remove).await?;
    assert_eq!(message.summary, None);
    let refused = app.call::<Message>("summary_delete", &remove).await;
    assert_eq!(code(refused), ErrorCode::NotFound);
    let report = sent(&app, id, None).await?;
    assert!(!report.text.contains("</summary>"));
    Ok(())
}

#[tokio::test]
async fn an_answer_is_stopped_while_its_summary_is_written() -> anyhow::Result<()> {
    let (app, id) = small(&Script::slow(40, 20.0)).await?;
    app.send_and_finish(id, &question(1)).await?;
    let started = app.send(id, &question(2)).await?;
    let run = started
        .assistant_message
        .run
        .as_ref()
        .expect("it is written")
        .id;
    let mut follower = app.follow(run).await?;
    loop {
        let update = follower.next().await?.expect("it is summarised first");
        if let RunUpdate::Summarising { message_count } = update {
            assert_eq!(message_count, 2);
            break;
        }
    }
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, answer) = follower.finish().await?;
    assert_eq!(
        (run.state, answer.content.as_str()),
        (RunState::Stopped, "")
    );
    assert!(
        app.messages(id)
            .await?
            .iter()
            .all(|one| one.summary.is_none())
    );
    Ok(())
}
