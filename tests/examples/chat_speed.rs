//! How long the list of 10,000 conversations takes, and a search of their 100,000 messages.
//!
//! ```text
//! cargo run --release -p sirocco-tests --example chat_speed
//! ```
//!
//! Prints one JSON object a line, as `cargo xtask bench` reads it. The messages are made of words
//! that are as unevenly common as those of a language: the first is in every message, the last in a
//! few. What is searched for is what somebody types who looks for two words, letter by letter, so
//! that the slowest of it, the word that is everywhere, counts too.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sirocco_core::home::Home;
use sirocco_protocol::{ConversationId, ConversationSettings, MessageId, Role};
use sirocco_store::{NewConversation, NewMessage, Store, Turn};
use sirocco_testkit::open_app;

const CONVERSATIONS: usize = 10_000;
const MESSAGES_OF_EACH: usize = 10;
const WORDS_OF_A_MESSAGE: usize = 60;
const WORDS: usize = 20_000;
/// The middle one of so many counts.
const RUNS: usize = 9;
const LIST_BAR_MS: f64 = 100.0;
const SEARCH_BAR_MS: f64 = 50.0;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = Home::at(folder.path().join("home"));
    std::fs::create_dir_all(home.path())?;
    fill(&home).await?;
    // No model is loaded, so no worker is needed.
    let app = open_app(home, "no-worker".into()).await?;

    let list = json!({ "query": "", "limit": 500 });
    let listed = time(
        async || app.call("conversation_list", list.clone()).await,
        500,
    )
    .await?;
    line("list of 10,000 conversations", listed, LIST_BAR_MS);

    let (common, rare) = (word(0), word(WORDS / 2));
    let typed = format!("{common} {rare}");
    let mut slowest = Duration::ZERO;
    for end in 1..=typed.len() {
        let search = json!({ "query": &typed[..end], "limit": 20 });
        // One letter is no beginning of a word yet, and no word of ours.
        let last = typed[..end]
            .split_whitespace()
            .next_back()
            .unwrap_or_default();
        let least = usize::from(last.len() > 1);
        let took = time(
            async || app.call("message_search", search.clone()).await,
            least,
        )
        .await?;
        slowest = slowest.max(took);
    }
    line("search of 100,000 messages", slowest, SEARCH_BAR_MS);
    app.close().await;
    Ok(())
}

/// The middle time of a command that must answer so many rows at least.
async fn time(
    command: impl AsyncFn() -> Result<Value, sirocco_protocol::ErrorReport>,
    least: usize,
) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let answer = command().await?;
        times.push(started.elapsed());
        let rows = answer.as_array().context("a list was asked for")?;
        ensure!(rows.len() >= least, "{} rows", rows.len());
    }
    times.sort();
    Ok(times[RUNS / 2])
}

/// Writes the conversations past the App, which would commit each message by itself.
async fn fill(home: &Home) -> Result<()> {
    let store = Store::open(home.database()).await?;
    let mut dice = Dice(1);
    for number in 0..CONVERSATIONS {
        let id = ConversationId::fresh();
        let now_ms = 1_700_000_000_000 + 60_000 * number as i64;
        let new = NewConversation {
            id,
            title: dice.text(5),
            model_id: None,
            settings: ConversationSettings::default(),
        };
        store.create_conversation(new, now_ms).await?;
        let mut messages: Vec<NewMessage> = Vec::new();
        for at in 0..MESSAGES_OF_EACH {
            messages.push(NewMessage {
                id: MessageId::fresh(),
                parent_id: messages.last().map(|last| last.id),
                role: [Role::User, Role::Assistant][at % 2],
                content: format!("{} {}", word(0), dice.text(WORDS_OF_A_MESSAGE)),
                reasoning: None,
                model_name: None,
                attachments: Vec::new(),
            });
        }
        let turn = Turn {
            conversation_id: id,
            messages,
            run: None,
            automatic_title: None,
            clear_draft: false,
        };
        store.add_turn(&turn, now_ms).await?;
    }
    store.close().await;
    Ok(())
}

/// The same numbers each time (a linear congruential generator, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn below_one(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Words, of which word `n` is about `n` times as rare as the first (Zipf).
    fn text(&mut self, words: usize) -> String {
        let word_of = |_| word((WORDS as f64).powf(self.below_one()) as usize - 1);
        (0..words).map(word_of).collect::<Vec<_>>().join(" ")
    }
}

/// A word for each number, of syllables that are its digits.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "wa", "ri", "so", "te", "mun", "lo", "ke", "da", "pil", "no", "fa", "gre", "hu", "vi",
        "ba", "sta",
    ];
    let digits = (0..4).map(|digit| SYLLABLES[(number >> (4 * digit)) % 16]);
    digits.collect()
}

fn line(name: &str, time: Duration, bar: f64) {
    let value = time.as_secs_f64() * 1000.0;
    println!(
        "{}",
        json!({ "name": name, "value": value, "unit": "ms", "bar": bar, "ok": value < bar })
    );
}
