//! Stories of the real worker with the real model, through the same App.
//!
//! A target that needs the feature `real-model`, for plain `cargo test` must stay quick, and building
//! a worker takes up to a quarter of an hour. `cargo xtask test` builds them, fetches the model and says
//! where both are: `SIROCCO_WORKER_DIR` is a folder of workers, `SIROCCO_TEST_MODEL` the starter
//! model's file. Without both every story here fails. It runs them once for each runtime, which
//! `SIROCCO_TEST_RUNTIME` names: the same stories, so that nobody notices which one serves a model.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ErrorCode, LayerValues, LlamaCppOptions,
    LoadOptions, Message, Parameters, RunState, RuntimeName, Started, Statistics, StopReason,
};
use sirocco_testkit::{TempApp, process};
use sirocco_tests::workers_under_test;
use tokio::sync::{Mutex, MutexGuard};

/// One real model at a time: the machine has few cores, and times are measured.
static ALONE: Mutex<()> = Mutex::const_new(());

/// What `cargo xtask test` says in the environment.
fn path_in(variable: &str) -> anyhow::Result<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from).with_context(|| {
        format!("{variable} is not set: run these stories with `cargo xtask test --only model`")
    })
}

/// An App with the real model.
async fn real() -> anyhow::Result<(TempApp, MutexGuard<'static, ()>)> {
    let model = path_in("SIROCCO_TEST_MODEL")?;
    let (_, workers) = workers_under_test()?;
    let guard = ALONE.lock().await;
    let app = TempApp::open_with(workers).await?;
    let outcome = app.import(&model).await?;
    ensure!(
        outcome.problems.is_empty(),
        "SIROCCO_TEST_MODEL: {:?}",
        outcome.problems
    );
    Ok((app, guard))
}

async fn conversation(app: &TempApp, parameters: Parameters) -> anyhow::Result<ConversationId> {
    let id = app.conversation().await?;
    set(app, id, parameters).await?;
    Ok(id)
}

async fn set(app: &TempApp, id: ConversationId, parameters: Parameters) -> anyhow::Result<()> {
    let update = ConversationUpdate {
        settings: Some(ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: None,
                parameters,
            },
        }),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", update)
        .await?;
    Ok(())
}

fn greedy(max_tokens: u32) -> Parameters {
    Parameters {
        temperature: Some(0.0),
        max_tokens: Some(max_tokens),
        ..Parameters::default()
    }
}

fn seeded(seed: u64) -> Parameters {
    Parameters {
        temperature: Some(1.5),
        seed: Some(seed),
        max_tokens: Some(48),
        ..Parameters::default()
    }
}

fn numbers(message: &Message) -> anyhow::Result<Statistics> {
    message
        .run
        .clone()
        .and_then(|run| run.statistics)
        .context("the answer has no numbers")
}

async fn regenerate(app: &TempApp, answer: &Message) -> anyhow::Result<Message> {
    let started: Started = app
        .call(
            "message_regenerate",
            MessageRegenerate {
                id: answer.id,
                model_id: None,
            },
        )
        .await?;
    Ok(app.finish(&started).await?.1)
}

#[tokio::test]
async fn a_real_answer_makes_sense() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(32)).await?;
    let answer = app
        .send_and_finish(id, "What is the capital of France? Answer with one word.")
        .await?;
    assert!(answer.content.contains("Paris"), "{:?}", answer.content);
    assert_eq!(numbers(&answer)?.stop_reason, Some(StopReason::EndOfTurn));
    Ok(())
}

#[tokio::test]
async fn a_greedy_answer_is_the_same_twice() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(48)).await?;
    let first = app
        .send_and_finish(id, "Write a haiku about the desert wind.")
        .await?;
    let second = regenerate(&app, &first).await?;
    assert!(!first.content.is_empty());
    assert_eq!(first.content, second.content);
    Ok(())
}

#[tokio::test]
async fn a_seed_decides_the_answer() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, seeded(1)).await?;
    let first = app
        .send_and_finish(id, "Tell me a story about a red rain.")
        .await?;
    let same = regenerate(&app, &first).await?;
    assert_eq!(first.content, same.content);
    set(&app, id, seeded(2)).await?;
    let other = regenerate(&app, &first).await?;
    assert_ne!(first.content, other.content);
    Ok(())
}

#[tokio::test]
async fn a_real_answer_stops_within_one_token() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(2000)).await?;
    let mut follower = app
        .ask(
            id,
            "Write a long story about a wind that crosses a desert and a sea.",
        )
        .await?;
    follower
        .until(|follower| follower.content.len() > 60)
        .await?;
    let shown = follower.content.len();
    let run = follower.run.clone().context("a snapshot came")?.id;
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, answer) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    // What was in the coalescer (33 ms) and one further token.
    let tail = &answer.content[shown..];
    assert!(tail.len() < 40, "{tail:?}");
    Ok(())
}

#[tokio::test]
async fn a_long_prompt_is_called_off_within_a_second() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(16)).await?;
    app.send_and_finish(id, "Hi").await?;
    let mut follower = app
        .ask(
            id,
            &"The desert wind carries red sand over the sea. ".repeat(150),
        )
        .await?;
    follower.until(|follower| follower.prompt_done > 0).await?;
    let run = follower.run.clone().context("a snapshot came")?.id;
    let begun = Instant::now();
    app.call::<Nothing>("run_stop", RunStop { id: run }).await?;
    let (run, answer) = follower.finish().await?;
    let took = begun.elapsed();
    let statistics = run.statistics.context("a stopped run has numbers")?;
    assert_eq!(
        (run.state, answer.content.as_str()),
        (RunState::Stopped, "")
    );
    assert!(statistics.prompt_tokens >= 1500, "{statistics:?}");
    println!("called off in {} ms", took.as_millis());
    assert!(took < Duration::from_secs(1), "{took:?}");
    Ok(())
}

#[tokio::test]
async fn the_cache_of_earlier_turns_changes_nothing_but_the_time() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(48)).await?;
    app.send_and_finish(id, "Name three deserts.").await?;
    let with_cache = app
        .send_and_finish(id, "Which of them is the largest, and why?")
        .await?;
    let statistics = numbers(&with_cache)?;
    assert!(
        statistics.cached_tokens > 0 && statistics.cached_tokens < statistics.prompt_tokens,
        "{statistics:?}"
    );
    app.call::<Nothing>(
        "model_eject",
        ModelEject {
            id: app.model().await?.id,
        },
    )
    .await?;
    let without_cache = regenerate(&app, &with_cache).await?;
    assert_eq!(numbers(&without_cache)?.cached_tokens, 0);
    // With llama.cpp an answer that was written token by token has other numbers than one that is read as a prompt.
    if workers_under_test()?.0 == RuntimeName::MistralRs {
        assert_eq!(with_cache.content, without_cache.content);
    }
    Ok(())
}

#[tokio::test]
async fn two_conversations_at_once_get_the_answers_that_each_gets_alone() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let mut alone = Vec::new();
    for question in [
        "Count from one to twenty in words.",
        "Write a haiku about the desert wind.",
    ] {
        let id = conversation(&app, greedy(40)).await?;
        alone.push(app.send_and_finish(id, question).await?);
    }
    let (first, second) =
        tokio::try_join!(regenerate(&app, &alone[0]), regenerate(&app, &alone[1]))?;
    assert_ne!(first.content, second.content);
    assert_eq!(first.content, alone[0].content);
    assert_eq!(second.content, alone[1].content);
    Ok(())
}

#[tokio::test]
async fn fifty_turns_do_not_grow_the_worker() -> anyhow::Result<()> {
    const TURNS: usize = 50;
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(12)).await?;
    let mut memory = Vec::new();
    for turn in 0..TURNS {
        let answer = app
            .send_and_finish(id, &format!("Say something about the number {turn}."))
            .await?;
        assert_eq!(
            answer.run.as_ref().map(|run| run.state),
            Some(RunState::Completed),
            "turn {turn}"
        );
        if turn > 0 {
            assert!(numbers(&answer)?.cached_tokens > 0, "turn {turn}");
        }
        memory.push(
            app.loaded().await?[0]
                .memory_bytes
                .context("the worker says its memory")?,
        );
    }
    let (early, late) = memory.split_at(10);
    let (before, after) = (early[9], late.iter().copied().max().unwrap_or(0));
    println!(
        "memory: {} MB after turn 10, {} MB at most later",
        before >> 20,
        after >> 20
    );
    assert!(
        after as f64 <= before as f64 * 1.1,
        "{before} bytes after turn 10, {after} later"
    );
    Ok(())
}

/// The one worker there is.
#[cfg(target_os = "linux")]
fn worker(app: &TempApp) -> anyhow::Result<u32> {
    let running = process::running_in(&app.home());
    ensure!(running.len() == 1, "{running:?}");
    Ok(running[0])
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_real_worker_that_is_killed_costs_its_answer_and_nothing_else() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(2000)).await?;
    let question = "Write a long story about a wind that crosses a desert and a sea.";
    let mut follower = app.ask(id, question).await?;
    follower
        .until(|follower| follower.content.len() > 60)
        .await?;
    let shown = follower.content.clone();
    process::kill(worker(&app)?)?;
    let (run, answer) = follower.finish().await?;
    let error = run.error.context("a failed run says why")?;
    assert_eq!(
        (run.state, error.code),
        (RunState::Failed, ErrorCode::WorkerCrashed)
    );
    assert!(answer.content.starts_with(&shown), "{:?}", answer.content);

    set(&app, id, greedy(32)).await?;
    let question = "What is the capital of France? Answer with one word.";
    let next = app.send_and_finish(id, question).await?;
    assert!(next.content.contains("Paris"), "{:?}", next.content);
    worker(&app)?;
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_ejected_model_leaves_no_process_and_so_no_memory() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let id = conversation(&app, greedy(8)).await?;
    app.send_and_finish(id, "Hi").await?;
    let worker = worker(&app)?;
    let eject = ModelEject {
        id: app.model().await?.id,
    };
    app.call::<Nothing>("model_eject", eject).await?;
    process::wait_for_end(worker, Duration::from_secs(5))?;
    assert!(app.loaded().await?.is_empty());
    assert!(process::running_in(&app.home()).is_empty());
    Ok(())
}

#[tokio::test]
async fn an_answer_ends_with_its_context_unless_that_shifts() -> anyhow::Result<()> {
    const CONTEXT: u32 = 512;
    let (app, _alone) = real().await?;
    let model = app.model().await?.id;
    let id = conversation(&app, greedy(140)).await?;
    let load = async |llamacpp| {
        let options = LoadOptions {
            context_length: Some(CONTEXT),
            llamacpp,
            ..LoadOptions::default()
        };
        app.load(model, options).await
    };
    load(None).await?;
    // Leaves room for less than the answer.
    let question = "The desert wind carries red sand over the sea. ".repeat(36)
        + "Write a long story about this wind.";
    let answer = app.send_and_finish(id, &question).await?;
    let numbers_of_it = numbers(&answer)?;
    assert_eq!(numbers_of_it.stop_reason, Some(StopReason::ContextFull));
    assert_eq!(
        numbers_of_it.prompt_tokens + numbers_of_it.completion_tokens,
        CONTEXT
    );
    if workers_under_test()?.0 != RuntimeName::LlamaCpp {
        return Ok(());
    }
    let shifts = LlamaCppOptions {
        context_shift: true,
        ..LlamaCppOptions::default()
    };
    load(Some(shifts)).await?;
    let longer = regenerate(&app, &answer).await?;
    let numbers_of_it = numbers(&longer)?;
    assert!(longer.content.starts_with(&answer.content));
    assert_eq!(numbers_of_it.stop_reason, Some(StopReason::MaxTokens));
    assert!(numbers_of_it.shifted_tokens > 0, "{numbers_of_it:?}");
    println!("{}", &longer.content[answer.content.len() - 60..]);
    Ok(())
}

#[tokio::test]
async fn a_real_answer_keeps_to_the_schema_of_its_conversation() -> anyhow::Result<()> {
    let (app, _alone) = real().await?;
    let schema = r#"{"type": "object", "required": ["capital", "millions"], "additionalProperties": false, "properties":
        {"capital": {"type": "string", "maxLength": 20}, "millions": {"type": "integer", "minimum": 0, "maximum": 99}}}"#;
    let parameters = Parameters {
        structured_output: Some(schema.into()),
        ..greedy(100)
    };
    let id = conversation(&app, parameters).await?;
    let question = "What is the capital of France, and how many people live in it?";
    let answer = app.send_and_finish(id, question).await?;
    let told: serde_json::Value = serde_json::from_str(&answer.content)?;
    assert_eq!(told["capital"], "Paris", "{told}");
    assert!(told["millions"].is_u64(), "{told}");
    assert_eq!(numbers(&answer)?.stop_reason, Some(StopReason::EndOfTurn));
    Ok(())
}
