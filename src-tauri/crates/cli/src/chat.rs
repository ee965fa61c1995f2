//! `sirocco chat`.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{
    ConversationCreate, ConversationUpdate, MessageSend, Nothing, RunFollow, RunStop,
};
use sirocco_protocol::{Conversation, ConversationId, Message, Run, RunState, RunUpdate, Started};

use crate::load::{With, prepare};
use crate::session::Session;
use crate::{INTERRUPTED, exit_code, models};

#[derive(Args)]
pub struct Chat {
    /// Key, name or file of the model; otherwise the one used last.
    #[arg(short, long)]
    model: Option<String>,
    #[command(flatten)]
    with: With,
    /// System prompt of a new conversation.
    #[arg(short, long)]
    system: Option<String>,
    /// Go on with this conversation.
    #[arg(short, long, value_name = "ID")]
    conversation: Option<ConversationId>,
    /// 0 is greedy.
    #[arg(short, long)]
    temperature: Option<f32>,
    /// Same seed, same text.
    #[arg(long)]
    seed: Option<u64>,
    /// Longest answer in tokens.
    #[arg(long)]
    max_tokens: Option<u32>,
    /// Print the whole answer with its numbers as JSON when it is complete.
    #[arg(long)]
    json: bool,
    /// Print the numbers of the answer to standard error.
    #[arg(long)]
    stats: bool,
    /// The message; from standard input if absent or `-`.
    prompt: Option<String>,
}

pub async fn run(home: Home, chat: Chat) -> Result<ExitCode> {
    let prompt = read_prompt(chat.prompt.as_deref())?;
    let session = Session::open(&home).await?;
    let outcome = ask(&session, &chat, prompt).await;
    session.close().await;
    outcome
}

async fn ask(session: &Session, chat: &Chat, prompt: String) -> Result<ExitCode> {
    let model = match &chat.model {
        Some(wanted) => Some(models::find(session, wanted).await?),
        None => {
            models::library(session).await?;
            None
        }
    };
    if let Some(model) = &model {
        prepare(session, model, chat.with).await?;
    }
    let model_id = model.map(|model| model.id);
    let conversation: Conversation = match chat.conversation {
        Some(id) => {
            session
                .call(
                    "conversation_get",
                    sirocco_protocol::commands::ConversationGet { id },
                )
                .await?
        }
        None => {
            session
                .call("conversation_create", ConversationCreate { model_id })
                .await?
        }
    };
    let id = conversation.summary.id;
    let mut settings = conversation.settings;
    let parameters = &mut settings.values.parameters;
    parameters.temperature = chat.temperature.or(parameters.temperature);
    parameters.seed = chat.seed.or(parameters.seed);
    parameters.max_tokens = chat.max_tokens.or(parameters.max_tokens);
    if chat.system.is_some() {
        settings.values.system_prompt.clone_from(&chat.system);
    }
    let changes = ConversationUpdate {
        model_id,
        settings: Some(settings),
        ..ConversationUpdate::of(id)
    };
    let _: Conversation = session.call("conversation_update", changes).await?;

    let started: Started = session
        .call(
            "message_send",
            MessageSend {
                conversation_id: id,
                content: prompt,
                attachments: Vec::new(),
            },
        )
        .await?;
    let run = started
        .assistant_message
        .run
        .context("an answer without a run")?;
    let (run, message, interrupted) = follow(session, &run, !chat.json).await?;
    let seen = ConversationUpdate {
        unread: Some(false),
        ..ConversationUpdate::of(id)
    };
    let _: Conversation = session.call("conversation_update", seen).await?;

    if chat.json {
        println!("{}", serde_json::to_string_pretty(&message)?);
    }
    if let Some(numbers) = run.statistics.as_ref().filter(|_| chat.stats) {
        eprintln!(
            "{:.1} tokens/s, {:.2} s to first token, {} prompt tokens ({} cached), {} tokens",
            numbers.decode_tokens_per_second,
            numbers.time_to_first_token_ms / 1000.0,
            numbers.prompt_tokens,
            numbers.cached_tokens,
            numbers.completion_tokens,
        );
    }
    match run.state {
        RunState::Completed => Ok(ExitCode::SUCCESS),
        _ if interrupted => Ok(ExitCode::from(INTERRUPTED)),
        _ => match run.error {
            Some(report) => {
                eprintln!("error: {report}");
                if let Some(hint) = &report.hint {
                    eprintln!("hint: {hint}");
                }
                Ok(ExitCode::from(exit_code(report.code)))
            }
            None => Ok(ExitCode::FAILURE),
        },
    }
}

/// Prints the answer as it is written; Ctrl-C stops it and keeps its words.
async fn follow(session: &Session, run: &Run, print: bool) -> Result<(Run, Message, bool)> {
    let mut updates = session.follow(RunFollow { id: run.id }).await?;
    let mut printed = 0;
    let mut interrupted = false;
    let mut stdout = std::io::stdout();
    loop {
        let update = tokio::select! {
            update = updates.recv() => update,
            _ = tokio::signal::ctrl_c(), if !interrupted => {
                interrupted = true;
                let _: Nothing = session.call("run_stop", RunStop { id: run.id }).await?;
                continue;
            }
        };
        let text = match &update {
            // A snapshot repeats what was printed already.
            Some(RunUpdate::Snapshot { message, .. } | RunUpdate::Finished { message, .. }) => {
                message.content.get(printed..).unwrap_or_default()
            }
            Some(RunUpdate::Delta { content, .. }) => content.as_str(),
            Some(
                RunUpdate::Prefill { .. }
                | RunUpdate::Waiting { .. }
                | RunUpdate::Summarising { .. },
            ) => "",
            None => bail!("the answer broke off: the running Sirocco ended"),
        };
        printed += text.len();
        if print && !text.is_empty() {
            stdout.write_all(text.as_bytes())?;
            stdout.flush()?;
        }
        if let Some(RunUpdate::Finished { run, message }) = update {
            if print && printed > 0 {
                writeln!(stdout)?;
            }
            return Ok((run, message, interrupted));
        }
    }
}

fn read_prompt(argument: Option<&str>) -> Result<String> {
    match argument {
        Some(text) if text != "-" => Ok(text.to_owned()),
        None if std::io::stdin().is_terminal() => {
            bail!("there is no message; see `sirocco chat --help`")
        }
        _ => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("could not read the message from standard input")?;
            Ok(text)
        }
    }
}
