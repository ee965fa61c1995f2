//! What the App around a worker costs: tokens per second, and time to the first words.
//!
//! One worker answers the same question, once driven directly (`sirocco_engine`) and once through the
//! App (`message_send` and the stream `run_follow`), in turns, so that whatever else the machine does
//! falls on both. It is one process because two of the same executable differ by several percent.
//! Medians count, of the speed that of each pair's ratio. What is added to the first words is counted from the worker's own time for its first
//! token, which varies by more than the bar. Standard output carries one JSON object a line, as
//! `cargo xtask bench app` reads them.
//!
//! With `SIROCCO_WORKER_DIR` and `SIROCCO_TEST_MODEL` it is the real worker with that model,
//! otherwise the scripted one, which must have been built (`cargo build -p sirocco-tests --bins`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Map, json};
use sirocco_engine::Worker;
use sirocco_engine_wire::{ChatMessage, FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_protocol::commands::{ConversationCreate, ConversationUpdate};
use sirocco_protocol::{
    Conversation, ConversationSettings, LayerValues, LoadOptions, Parameters, RunUpdate,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

/// Answers of each kind.
const REPETITIONS: usize = 11;
/// Length of an answer of the real model.
const TOKENS: u32 = 128;
const QUESTION: &str = "Write a long story about a wind that crosses a desert and a sea.";
/// In percent of tokens per second.
const OVERHEAD_BAR: f64 = 3.0;
/// In milliseconds.
const FIRST_WORDS_BAR: f64 = 5.0;

/// One answer as someone saw it who waited for it.
struct Seen {
    /// When the question was in the database; zero without one.
    stored: Duration,
    first_words: Duration,
    /// By which the first words came later than the worker says that it had them.
    added_ms: f64,
    tokens_per_second: f64,
}

impl Seen {
    fn new(
        asked: Instant,
        first_words: Instant,
        end: Instant,
        (tokens, worker_ms): (u32, f64),
    ) -> anyhow::Result<Self> {
        ensure!(
            tokens > 32,
            "an answer of {tokens} tokens says nothing about speed"
        );
        let writing = (end - first_words).as_secs_f64();
        Ok(Self {
            stored: Duration::ZERO,
            first_words: first_words - asked,
            added_ms: milliseconds(first_words - asked) - worker_ms,
            tokens_per_second: f64::from(tokens - 1) / writing,
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let (program, model) = subject(folder.path())?;
    let app = TempApp::open_empty(program).await?;
    let id = app
        .import(&model)
        .await?
        .models
        .first()
        .context("the model was not imported")?
        .id;
    app.load(id, LoadOptions::default()).await?;
    let worker = app.app().worker(id).context("the model was loaded")?;

    // The first answer fills the cache; from then on all find the same prefix there.
    through_the_app(&app).await?;
    let (mut app_seen, mut direct_seen) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        direct_seen.push(directly(&worker).await?);
        app_seen.push(through_the_app(&app).await?);
    }

    let speed = |seen: &[Seen]| median(seen.iter().map(|seen| seen.tokens_per_second));
    let first = |seen: &[Seen]| median(seen.iter().map(|seen| milliseconds(seen.first_words)));
    let later = |seen: &[Seen]| median(seen.iter().map(|seen| seen.added_ms));
    let pairs = app_seen.iter().zip(&direct_seen);
    let overhead = median(
        pairs.map(|(app, direct)| (1.0 - app.tokens_per_second / direct.tokens_per_second) * 100.0),
    );
    let added = later(&app_seen) - later(&direct_seen);
    line(
        "app: overhead on tokens per second",
        overhead,
        "%",
        Some(OVERHEAD_BAR),
    );
    line(
        "app: added to time to first token",
        added,
        "ms",
        Some(FIRST_WORDS_BAR),
    );
    line(
        "app: time until the question is stored",
        median(app_seen.iter().map(|seen| milliseconds(seen.stored))),
        "ms",
        None,
    );
    line(
        "app: speed through the app",
        speed(&app_seen),
        "tok/s",
        None,
    );
    line(
        "app: speed of the worker alone",
        speed(&direct_seen),
        "tok/s",
        None,
    );
    line(
        "app: time to first token through the app",
        first(&app_seen),
        "ms",
        None,
    );
    line(
        "app: time to first token of the worker alone",
        first(&direct_seen),
        "ms",
        None,
    );
    Ok(())
}

/// The worker and the model to measure with.
fn subject(folder: &std::path::Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    if let (Some(workers), Some(model)) = (
        variable("SIROCCO_WORKER_DIR"),
        variable("SIROCCO_TEST_MODEL"),
    ) {
        let runtime = sirocco_engine::discover(&[workers]).into_iter().next();
        return Ok((
            runtime.context("SIROCCO_WORKER_DIR has no worker")?.program,
            model,
        ));
    }
    let example = std::env::current_exe()?;
    let program = example
        .ancestors()
        .nth(2)
        .context("examples lie in a folder")?
        .join("scripted-worker");
    ensure!(program.is_file(), "`{}` was not built", program.display());
    let model = folder.join("tiny.gguf");
    TinyModel::default().write(&model)?;
    // 250 tokens a second: faster than a model of any use on a processor.
    Script::slow(400, 4.0).write_for(&model)?;
    eprintln!(
        "measured with the scripted worker: SIROCCO_WORKER_DIR and SIROCCO_TEST_MODEL are not set"
    );
    Ok((program, model))
}

async fn directly(worker: &Worker) -> anyhow::Result<Seen> {
    let message = ChatMessage {
        role: "user".into(),
        content: QUESTION.into(),
        ..ChatMessage::default()
    };
    let request = GenerateRequest {
        id: 0,
        prompt: Prompt::Chat {
            messages: vec![message],
            continue_last: false,
            variables: Map::new(),
            tools: Vec::new(),
            now_s: 0,
        },
        sampling: SamplingParameters {
            temperature: 0.0,
            ..SamplingParameters::default()
        },
        max_tokens: Some(TOKENS),
        stop: Vec::new(),
        constraint: None,
    };
    let asked = Instant::now();
    let mut generation = worker.generate(request).await?;
    let mut first = None;
    while let Some(frame) = generation.next().await {
        match frame? {
            FromWorker::Tokens(chunk) if !chunk.text.is_empty() => {
                first.get_or_insert_with(Instant::now);
            }
            FromWorker::Finished { usage, .. } => {
                let first = first.context("the answer is empty")?;
                return Seen::new(
                    asked,
                    first,
                    Instant::now(),
                    (usage.completion_tokens, usage.time_to_first_token_ms),
                );
            }
            _ => {}
        }
    }
    anyhow::bail!("the answer has no end")
}

async fn through_the_app(app: &TempApp) -> anyhow::Result<Seen> {
    let create = ConversationCreate {
        model_id: Some(app.model().await?.id),
    };
    let conversation: Conversation = app.call("conversation_create", create).await?;
    let id = conversation.summary.id;
    let parameters = Parameters {
        temperature: Some(0.0),
        max_tokens: Some(TOKENS),
        ..Parameters::default()
    };
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
    let asked = Instant::now();
    let started = app.send(id, QUESTION).await?;
    let stored = asked.elapsed();
    let run = started
        .assistant_message
        .run
        .context("the answer has no run")?;
    let mut follower = app.follow(run.id).await?;
    let mut first = None;
    while let Some(update) = follower.next().await? {
        match update {
            RunUpdate::Snapshot { message, .. } if !message.content.is_empty() => {
                first.get_or_insert_with(Instant::now);
            }
            RunUpdate::Delta { .. } => {
                first.get_or_insert_with(Instant::now);
            }
            RunUpdate::Finished { run, .. } => {
                let first = first.context("the answer is empty")?;
                let statistics = run.statistics.context("the run has no numbers")?;
                let seen = Seen::new(
                    asked,
                    first,
                    Instant::now(),
                    (
                        statistics.completion_tokens,
                        statistics.time_to_first_token_ms,
                    ),
                )?;
                return Ok(Seen { stored, ..seen });
            }
            _ => {}
        }
    }
    anyhow::bail!("the answer has no end")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A smaller value is the good side of both bars.
fn line(name: &str, value: f64, unit: &str, bar: Option<f64>) {
    let ok = bar.is_none_or(|bar| value <= bar);
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "bar": bar, "ok": ok})
    );
}
