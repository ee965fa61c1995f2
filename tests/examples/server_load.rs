//! The API server under load: 32 clients that ask again as soon as they are answered, for a minute, over a worker that
//! follows a script.
//!
//! What a token costs on its way is the time between two tokens as a client sees it, less what it is for who drives the
//! worker directly, right before; of each the 99th of a hundred counts. That is done in rounds, of which the middle one
//! counts: what else a machine does shows in either. The queue is first come, first served if no client is answered
//! twice more often than another. Standard output carries one JSON object a line, as `cargo xtask bench server` reads
//! them. A number as the first argument is another length, in seconds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};
use sirocco_engine_wire::{ChatMessage, FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_protocol::LoadOptions;
use sirocco_server::connections::Patience;
use sirocco_server::{Keep, Server, ServerOptions, Tokens};
use sirocco_testkit::{Script, TempApp};
use tokio::task::JoinSet;

const CLIENTS: usize = 32;
const SECONDS: u64 = 60;
/// An odd number.
const ROUNDS: u32 = 5;
/// Answers without clients, in each.
const DIRECT_ANSWERS: usize = 50;
const TOKENS: usize = 40;
/// What the script takes for a token, in milliseconds.
const TOKEN_MS: f64 = 2.0;
/// In milliseconds.
const OVERHEAD_BAR: f64 = 1.0;
/// Of the memory after a tenth of the time, in percent.
const GROWTH_BAR: f64 = 5.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = std::env::args().nth(1);
    let length = Duration::from_secs(asked.map_or(Ok(SECONDS), |text| text.parse())?);
    let app = TempApp::open(worker()?, &Script::slow(TOKENS, TOKEN_MS)).await?;
    let model = app.model().await?;
    app.load(model.id, LoadOptions::default()).await?;

    let options = ServerOptions {
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        port: 0,
        cors_origins: Vec::new(),
        tokens: Tokens::in_file(app.outside().join("tokens.json")),
        patience: Patience::default(),
        keep: Keep::default(),
    };
    let server = Server::serve(Arc::new(app.app().clone()), options).await?;
    let url = format!("{}/v1/chat/completions", server.address());
    let body = json!({
        "model": model.key, "stream": true, "messages": [{"role": "user", "content": "Count."}],
    });
    // Once: what they take is no memory of the server, though it is of the same process.
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| reqwest::Client::builder().no_proxy().build())
        .collect::<Result<_, _>>()?;
    let (mut overheads, mut answers, mut lost, mut apart) = (Vec::new(), 0, 0, 0);
    let mut early = None;
    for _ in 0..ROUNDS {
        let direct = directly(&app).await?;
        let end = Instant::now() + length / ROUNDS;
        let mut asking = JoinSet::new();
        for client in &clients {
            asking.spawn(ask_until(end, client.clone(), url.clone(), body.clone()));
        }
        if early.is_none() {
            tokio::time::sleep(length / 10).await;
            early = Some(resident_bytes()?);
        }
        let (mut gaps, mut of_clients) = (Vec::new(), Vec::new());
        while let Some(seen) = asking.join_next().await {
            let seen = seen??;
            gaps.extend(seen.gaps);
            of_clients.push(seen.answers);
            lost += seen.lost;
        }
        overheads.push(p99(gaps) - p99(direct));
        answers += of_clients.iter().sum::<u32>();
        let (fewest, most) = (of_clients.iter().min(), of_clients.iter().max());
        apart = apart.max(most.zip(fewest).map_or(0, |(most, fewest)| most - fewest));
    }
    let early = early.context("there is a round")?;
    let growth = (resident_bytes()? / early - 1.0) * 100.0;
    overheads.sort_unstable_by(f64::total_cmp);
    let overhead = overheads[overheads.len() / 2];
    eprintln!("overheads of the rounds: {overheads:.2?} ms");
    line("answers to 32 clients", answers.into(), "", None);
    line("answers lost", f64::from(lost), "", Some(0.0));
    line(
        "answers by which clients differ",
        f64::from(apart),
        "",
        Some(1.0),
    );
    line(
        "p99 of the overhead on a token",
        overhead,
        "ms",
        Some(OVERHEAD_BAR),
    );
    line("growth of memory", growth, "%", Some(GROWTH_BAR));
    server.close().await;
    app.close().await
}

/// Beside this example, where cargo puts the program.
fn worker() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?;
    let folder = folder.parent().and_then(|folder| folder.parent());
    let name = format!("scripted-worker{}", std::env::consts::EXE_SUFFIX);
    let program = folder.context("an example lies in a folder")?.join(name);
    ensure!(
        program.is_file(),
        "build the scripted worker first: cargo build --profile measuring -p sirocco-tests --bin scripted-worker"
    );
    Ok(program)
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    /// Between tokens, in milliseconds.
    gaps: Vec<f64>,
    answers: u32,
    lost: u32,
}

async fn ask_until(
    end: Instant,
    client: reqwest::Client,
    url: String,
    body: Value,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    while Instant::now() < end {
        let mut response = client.post(&url).json(&body).send().await?;
        let (mut text, mut last) = (String::new(), None);
        while let Some(bytes) = response.chunk().await? {
            let piece = String::from_utf8_lossy(&bytes);
            if piece.contains("\"content\":\" one\"") {
                let now = Instant::now();
                if let Some(before) = last.replace(now) {
                    seen.gaps.push(milliseconds(now - before));
                }
            }
            text.push_str(&piece);
        }
        let is_whole = text.matches("\"content\":\" one\"").count() == TOKENS
            && text.trim_end().ends_with("data: [DONE]");
        seen.answers += u32::from(is_whole);
        seen.lost += u32::from(!is_whole);
    }
    Ok(seen)
}

/// The same gaps, seen by who drives the worker.
async fn directly(app: &TempApp) -> anyhow::Result<Vec<f64>> {
    let id = app.model().await?.id;
    let worker = app.app().worker(id).context("the model was loaded")?;
    let mut gaps = Vec::new();
    for _ in 0..DIRECT_ANSWERS {
        let request = GenerateRequest {
            id: 0,
            prompt: Prompt::Chat {
                messages: vec![ChatMessage {
                    role: "user".into(),
                    content: "Count.".into(),
                    ..ChatMessage::default()
                }],
                continue_last: false,
                variables: Map::new(),
                tools: Vec::new(),
                now_s: 0,
            },
            sampling: SamplingParameters::default(),
            max_tokens: None,
            stop: Vec::new(),
            constraint: None,
        };
        let mut generation = worker.generate(request).await?;
        let mut last = None;
        while let Some(frame) = generation.next().await {
            if let FromWorker::Tokens(_) = frame? {
                let now = Instant::now();
                if let Some(before) = last.replace(now) {
                    gaps.push(milliseconds(now - before));
                }
            }
        }
    }
    Ok(gaps)
}

fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values
        .get(values.len() * 99 / 100)
        .copied()
        .unwrap_or(f64::NAN)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Of this process, which is the app and the clients.
fn resident_bytes() -> anyhow::Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").context("only Linux tells of it")?;
    let pages = statm
        .split(' ')
        .nth(1)
        .context("the second number is what is resident")?;
    Ok(pages.parse::<f64>()? * 4096.0)
}

fn line(name: &str, value: f64, unit: &str, bar: Option<f64>) {
    let ok = bar.is_none_or(|bar| value <= bar);
    let line = json!({"name": format!("server: {name}"), "value": value, "unit": unit, "bar": bar, "ok": ok});
    println!("{line}");
}
