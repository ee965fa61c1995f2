//! Answers that end before the model is done: stopped, ejected, cut off with the app. Their words
//! stay, and the model writes on.

use std::time::Duration;

use sirocco_protocol::commands::*;
use sirocco_protocol::{RunState, Started, StopReason};
use sirocco_testkit::{Script, process};

use crate::app;

#[tokio::test]
async fn stop_comes_into_effect_within_one_further_token() -> anyhow::Result<()> {
    // A token takes longer than the command: the stop arrives while one is being computed.
    let app = app(&Script::slow(1000, 100.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(3).await?;
    let shown = follower.content.split_whitespace().count();
    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, answer) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    let statistics = run.statistics.expect("a stopped run has numbers");
    assert_eq!(statistics.stop_reason, Some(StopReason::User));
    let written = answer.content.split_whitespace().count();
    assert!(
        written <= shown + 1,
        "{shown} words were shown at the stop, {written} at the end"
    );
    assert_eq!(
        statistics.completion_tokens as usize, written,
        "each word is a token"
    );
    Ok(())
}

#[tokio::test]
async fn a_long_prompt_can_be_stopped_before_the_first_word() -> anyhow::Result<()> {
    let app = app(&Script {
        prefill_token_ms: 5.0,
        ..Script::default()
    })
    .await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, &"the wind and the rain ".repeat(300)).await?;
    follower.until(|follower| follower.prompt_done > 0).await?;
    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, answer) = follower.finish().await?;
    assert_eq!(
        (run.state, answer.content.as_str()),
        (RunState::Stopped, "")
    );
    assert_eq!(
        run.statistics
            .map(|statistics| statistics.completion_tokens),
        Some(0)
    );
    let next = app.send_and_finish(id, "Never mind").await?;
    assert_eq!(
        next.content,
        Script::default().answer,
        "the worker is fine, and so is its cache"
    );
    Ok(())
}

#[tokio::test]
async fn stopping_a_run_that_has_ended_is_no_error() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Hello").await?;
    let run = answer.run.expect("an answer has a run");
    app.call::<Nothing>("run_stop", RunStop { id: run.id })
        .await?;
    assert_eq!(
        app.messages(id).await?[1].run.as_ref().map(|run| run.state),
        Some(RunState::Completed)
    );
    Ok(())
}

#[tokio::test]
async fn a_stopped_answer_is_written_on_to_its_end() -> anyhow::Result<()> {
    let words: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
    let whole = words.join(" ");
    let app = app(&Script {
        token_ms: 3.0,
        ..Script::answering(whole.clone())
    })
    .await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(5).await?;
    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (_, half) = follower.finish().await?;
    assert!(whole.starts_with(&half.content) && half.content.len() < whole.len());

    let started: Started = app
        .call("message_continue", MessageContinue { id: half.id })
        .await?;
    assert_eq!(started.assistant_message.id, half.id);
    let (run, answer) = app.finish(&started).await?;
    assert_eq!((run.state, answer.id), (RunState::Completed, half.id));
    assert_eq!(answer.content, whole);
    assert_eq!(app.messages(id).await?.last(), Some(&answer));
    Ok(())
}

#[tokio::test]
async fn an_answer_stopped_inside_its_thoughts_goes_on_inside_them() -> anyhow::Result<()> {
    let words: Vec<String> = (0..200).map(|number| format!("hm{number}")).collect();
    let thoughts = words.join(" ");
    let app = app(&Script {
        token_ms: 3.0,
        ..Script::answering(format!("<think>\n{thoughts}\n</think>\n\nIt is sirocco."))
    })
    .await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Which wind?").await?;
    follower
        .until(|follower| follower.reasoning.len() > 20)
        .await?;
    let run = follower.run.clone().expect("a snapshot came").id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (_, half) = follower.finish().await?;
    let thought = half.reasoning.clone().expect("it has thought");
    assert!(thoughts.starts_with(&thought) && thought.len() < thoughts.len());
    assert_eq!(half.content, "");

    let started: Started = app
        .call("message_continue", MessageContinue { id: half.id })
        .await?;
    let (run, answer) = app.finish(&started).await?;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(answer.reasoning, Some(thoughts));
    assert_eq!(answer.content, "It is sirocco.");
    Ok(())
}

#[tokio::test]
async fn ejecting_the_model_in_mid_answer_ends_the_answer_and_the_worker() -> anyhow::Result<()> {
    let app = app(&Script::slow(1000, 5.0)).await?;
    let model = app.model().await?.id;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(3).await?;
    let shown = follower.content.clone();
    let workers = process::running_in(&app.home());
    assert_eq!(workers.len(), 1, "one model, one worker");
    app.call::<Nothing>("model_eject", ModelEject { id: model })
        .await?;
    process::wait_for_end(workers[0], Duration::ZERO)?;
    let (run, answer) = follower.finish().await?;
    assert_eq!((run.state, run.error), (RunState::Stopped, None));
    assert!(answer.content.starts_with(&shown));
    assert!(app.loaded().await?.is_empty());

    app.rewrite(&Script::default())?;
    let answer = app.send_and_finish(id, "And now?").await?;
    assert_eq!(answer.content, Script::default().answer);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_does_nothing_any_more_can_be_ejected() -> anyhow::Result<()> {
    let app = app(&Script::slow(1000, 5.0)).await?;
    let model = app.model().await?.id;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(2).await?;
    let worker = process::running_in(&app.home())[0];
    process::freeze(worker)?;
    app.call::<Nothing>("model_eject", ModelEject { id: model })
        .await?;
    process::wait_for_end(worker, Duration::ZERO)?;
    assert_eq!(follower.finish().await?.0.state, RunState::Stopped);
    Ok(())
}

#[tokio::test]
async fn an_answer_cut_off_by_the_end_of_the_app_keeps_its_words_and_goes_on() -> anyhow::Result<()>
{
    let whole = "The wind comes from the south. "
        .repeat(60)
        .trim_end()
        .to_owned();
    let app = app(&Script {
        token_ms: 3.0,
        ..Script::answering(whole.clone())
    })
    .await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(5).await?;
    let shown = follower.content.clone();
    let workers = process::running_in(&app.home());
    let app = app.reopen().await?;
    for worker in workers {
        process::wait_for_end(worker, Duration::ZERO)?;
    }
    let (run, told) = follower.finish().await?;
    assert_eq!(
        run.state,
        RunState::Interrupted,
        "the last follower hears of it"
    );

    let answer = app.messages(id).await?.pop().expect("the answer is there");
    assert_eq!(answer.content, told.content);
    assert!(answer.content.starts_with(&shown) && whole.starts_with(&answer.content));
    assert_eq!(
        answer.run.as_ref().map(|run| run.state),
        Some(RunState::Interrupted)
    );
    let started: Started = app
        .call("message_continue", MessageContinue { id: answer.id })
        .await?;
    let (run, answer) = app.finish(&started).await?;
    assert_eq!((run.state, answer.content), (RunState::Completed, whole));
    Ok(())
}

#[tokio::test]
async fn an_app_with_a_frozen_worker_and_a_follower_that_does_not_read_still_closes()
-> anyhow::Result<()> {
    let app = app(&Script::slow(4000, 1.0)).await?;
    let id = app.conversation().await?;
    let idle = app.ask(id, "Tell me").await?;
    let mut follower = app.follow(run_of(&app, id).await?).await?;
    follower.until_words(300).await?;
    process::freeze(process::running_in(&app.home())[0])?;
    app.close().await?;
    drop(idle);
    Ok(())
}

async fn run_of(
    app: &sirocco_testkit::TempApp,
    id: sirocco_protocol::ConversationId,
) -> anyhow::Result<sirocco_protocol::RunId> {
    let run = app
        .messages(id)
        .await?
        .pop()
        .and_then(|message| message.run);
    Ok(run.expect("the last message is an answer").id)
}
