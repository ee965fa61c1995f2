//! Workers and apps that die: the words so far stay, the next question is answered, and no process
//! is left behind.

use std::io::BufRead;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use sirocco_core::home::Home;
use sirocco_protocol::{ErrorCode, Event, LoadState, RunState};
use sirocco_testkit::{Death, Fault, Script, TempApp, TinyModel, process};

use crate::{WORKER, app};

/// The run failed as a crash, with the words so far, and the next question is answered by a new
/// worker.
async fn survives(
    app: &TempApp,
    mut follower: sirocco_testkit::Follower,
    reason: &str,
) -> anyhow::Result<()> {
    follower.until_words(3).await?;
    let shown = follower.content.clone();
    let (run, answer) = follower.finish().await?;
    assert_eq!(run.state, RunState::Failed);
    let error = run.error.context("a failed run says why")?;
    assert_eq!(error.code, ErrorCode::WorkerCrashed);
    assert!(error.message.contains(reason), "{}", error.message);
    assert!(error.hint.is_some());
    assert!(
        answer.content.starts_with(&shown),
        "{:?} {:?}",
        shown,
        answer.content
    );
    assert_eq!(
        app.messages(answer.conversation_id).await?.last(),
        Some(&answer),
        "as saved"
    );

    app.rewrite(&Script::default())?;
    let next = app
        .send_and_finish(answer.conversation_id, "Are you there?")
        .await?;
    assert_eq!(next.content, Script::default().answer);
    assert_eq!(app.loaded().await?[0].state, LoadState::Ready);
    assert_eq!(process::running_in(&app.home()).len(), 1);
    Ok(())
}

async fn dies_by(death: Death, reason: &str) -> anyhow::Result<()> {
    let fault = Some(Fault {
        after_tokens: 40,
        death,
    });
    let app = app(&Script {
        fault,
        ..Script::slow(100, 3.0)
    })
    .await?;
    let id = app.conversation().await?;
    let follower = app.ask(id, "Tell me").await?;
    survives(&app, follower, reason).await
}

#[tokio::test]
async fn a_worker_that_is_killed_costs_its_answer_only() -> anyhow::Result<()> {
    let app = app(&Script::slow(5000, 3.0)).await?;
    let id = app.conversation().await?;
    let mut follower = app.ask(id, "Tell me").await?;
    follower.until_words(5).await?;
    process::kill(process::running_in(&app.home())[0])?;
    survives(&app, follower, "signal: 9").await
}

#[tokio::test]
async fn a_worker_that_aborts_costs_its_answer_only() -> anyhow::Result<()> {
    dies_by(Death::Abort, "signal: 6").await
}

#[tokio::test]
async fn a_worker_that_exits_costs_its_answer_only() -> anyhow::Result<()> {
    dies_by(Death::Exit, "exit status: 7").await
}

#[tokio::test]
async fn a_panic_in_the_engine_costs_its_answer_only() -> anyhow::Result<()> {
    dies_by(Death::Panic, "index out of bounds, as the script says").await
}

#[tokio::test]
async fn an_error_of_the_engine_costs_its_answer_only() -> anyhow::Result<()> {
    dies_by(Death::Error, "out of memory, as the script says").await
}

/// Three ask one model, whose worker dies while it answers the first. The others wait for a new one, and are answered
/// in their order.
async fn costs_nobody_else_by(death: Death) -> anyhow::Result<()> {
    let fault = Some(Fault {
        after_tokens: 700,
        death,
    });
    let app = app(&Script {
        fault,
        ..Script::slow(1000, 3.0)
    })
    .await?;
    let mut followers = Vec::new();
    for (ahead, question) in ["one", "two", "three"].into_iter().enumerate() {
        let id = app.conversation().await?;
        let mut follower = app.ask(id, question).await?;
        match ahead {
            0 => follower.until_words(1).await?,
            _ => {
                follower
                    .until(|follower| follower.ahead as usize == ahead)
                    .await?;
            }
        }
        followers.push(follower);
    }
    // What the next worker reads.
    app.rewrite(&Script::answering("You said: {question}."))?;
    let mut events = app.events();
    let runs = async |follower: sirocco_testkit::Follower| follower.finish().await;
    let third = runs(followers.remove(2));
    let second = runs(followers.remove(1));
    let first = runs(followers.remove(0));
    let (first, second, third) = tokio::join!(first, second, third);
    let (first, second, third) = (first?, second?, third?);
    assert_eq!(first.0.state, RunState::Failed);
    assert!(first.1.content.starts_with(" one"), "{:?}", first.1.content);
    for (answer, expected) in [(&second, "You said: two."), (&third, "You said: three.")] {
        assert_eq!(answer.0.error, None);
        assert_eq!(answer.1.content, expected);
    }
    let begun: Vec<_> = events
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            Event::RunChanged { run } if run.state == RunState::Generating => Some(run.id),
            _ => None,
        })
        .collect();
    assert_eq!(begun, [second.0.id, third.0.id]);
    assert_eq!(process::running_in(&app.home()).len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_aborts_costs_nobody_who_waits() -> anyhow::Result<()> {
    costs_nobody_else_by(Death::Abort).await
}

/// Here the next run has its turn before the process has ended.
#[tokio::test]
async fn an_error_of_the_engine_costs_nobody_who_waits() -> anyhow::Result<()> {
    costs_nobody_else_by(Death::Error).await
}

#[tokio::test]
async fn a_model_that_breaks_again_is_not_started_for_ever() -> anyhow::Result<()> {
    let fault = Some(Fault {
        after_tokens: 5,
        death: Death::Exit,
    });
    let app = app(&Script {
        fault,
        // All three wait while the model is loaded.
        load_ms: 1_000.0,
        ..Script::slow(100, 3.0)
    })
    .await?;
    let mut followers = Vec::new();
    for question in ["one", "two", "three"] {
        let id = app.conversation().await?;
        followers.push(app.ask(id, question).await?);
    }
    let mut answers = Vec::new();
    for follower in followers {
        let (run, answer) = follower.finish().await?;
        let code = run.error.map(|error| error.code);
        assert_eq!(code, Some(ErrorCode::WorkerCrashed));
        answers.push(answer.content);
    }
    assert!(answers[0].starts_with(" one") && answers[1].starts_with(" one"));
    assert_eq!(answers[2], "", "it is not tried a third time");
    assert!(process::running_in(&app.home()).is_empty());
    Ok(())
}

#[tokio::test]
async fn a_worker_that_dies_between_answers_is_shown_as_failed_and_started_again()
-> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "Hello").await?;
    let mut events = app.events();
    process::kill(process::running_in(&app.home())[0])?;
    let error = events
        .wait("the crash to be told", |event| match event {
            Event::LoadedChanged { loaded } => match loaded.state {
                LoadState::Failed { error } => Some(error),
                _ => None,
            },
            _ => None,
        })
        .await?;
    assert_eq!(error.code, ErrorCode::WorkerCrashed);
    let answer = app.send_and_finish(id, "Are you there?").await?;
    assert_eq!(answer.content, Script::default().answer);
    Ok(())
}

/// The whole app is killed in the middle of an answer: at most 2 s of what it had shown are lost,
/// and its worker is gone.
#[tokio::test]
async fn an_app_that_is_killed_loses_two_seconds_at_most_and_leaves_no_worker() -> anyhow::Result<()>
{
    let folder = tempfile::TempDir::new()?;
    let home = Home::at(folder.path().join("home"));
    std::fs::create_dir_all(home.models())?;
    let model = home.models().join("tiny.gguf");
    TinyModel::default().write(&model)?;
    Script::slow(2000, 5.0).write_for(&model)?;

    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed-app"))
        .args([home.path(), WORKER.as_ref()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = std::io::BufReader::new(doomed.stdout.take().context("its output was piped")?);
    let killed = tokio::task::spawn_blocking({
        let home = home.path().to_path_buf();
        move || {
            let mut shown = String::new();
            let mut when = Vec::new();
            let mut first = None;
            for line in output.lines() {
                shown.push_str(&serde_json::from_str::<String>(&line?)?);
                let now = Instant::now();
                when.push((now, shown.len()));
                // Three seconds of answer: something was saved by then.
                if now - *first.get_or_insert(now) > Duration::from_secs(3) {
                    break;
                }
            }
            let workers = process::running_in(&home);
            anyhow::ensure!(workers.len() == 1, "the app has {} workers", workers.len());
            let at = Instant::now();
            doomed.kill()?;
            doomed.wait()?;
            process::wait_for_end(workers[0], Duration::from_secs(2))?;
            anyhow::Ok((shown, at, when))
        }
    })
    .await??;
    let (shown, at, when) = killed;

    let app = TempApp::over(folder, WORKER.into()).await?;
    let list: Vec<sirocco_protocol::ConversationSummary> = app
        .call(
            "conversation_list",
            sirocco_protocol::commands::ConversationList::first(10),
        )
        .await?;
    let answer = app
        .messages(list[0].id)
        .await?
        .pop()
        .context("the answer is there")?;
    let run = answer.run.context("an answer has a run")?;
    assert_eq!(run.state, RunState::Interrupted);
    assert!(!list[0].running);
    let expected = " one".repeat(2000);
    assert!(
        expected.starts_with(&answer.content),
        "the saved words are the first words"
    );
    // What was shown two seconds before the end must be there.
    let due = when
        .iter()
        .rev()
        .find(|(shown_at, _)| at - *shown_at >= Duration::from_secs(2))
        .map_or(0, |(_, length)| *length);
    assert!(
        due > 0,
        "the app was killed after more than two seconds of answer"
    );
    assert!(
        answer.content.len() >= due,
        "{} of {} characters are saved, {due} were due",
        answer.content.len(),
        shown.len()
    );

    let started: sirocco_protocol::Started = app
        .call(
            "message_continue",
            sirocco_protocol::commands::MessageContinue { id: answer.id },
        )
        .await?;
    app.finish(&started).await.map(|(run, answer)| {
        assert_eq!((run.state, answer.content), (RunState::Completed, expected));
    })
}
