//! `sirocco export`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde::Serialize;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ConversationGet, ConversationList, ExchangeExport};
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorCode, ErrorReport, ExportFormat,
    ExportScope, ExportTarget, Exported,
};

use crate::session::Session;

/// Titles that a hint names.
const NAMED: usize = 10;

#[derive(Args)]
pub struct Export {
    /// Its title, words that only its title has, or its id; all conversations if none is named.
    conversation: Option<String>,
    /// As what.
    #[arg(short, long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Of JSONL, only up to answers that are marked as good.
    #[arg(long)]
    only_good: bool,
    /// File or folder to write to; otherwise a text goes to the terminal, an archive to this folder.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Print JSON about the file that was written.
    #[arg(long, requires = "output")]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Markdown,
    Html,
    Json,
    Jsonl,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown,
            Format::Html => Self::Html,
            Format::Json => Self::Json,
            Format::Jsonl => Self::Jsonl,
        }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Saved<'a> {
    path: &'a Path,
    conversation_count: u32,
}

pub async fn run(home: Home, export: Export) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let exported = ask(&session, &export).await;
    session.close().await;
    let (name, bytes, conversation_count, is_text) = match exported? {
        Exported::Text {
            name,
            text,
            conversation_count,
            left_out_count,
            ..
        } => {
            if left_out_count > 0 {
                eprintln!("left out {left_out_count} without such an answer");
            }
            (name, text.into_bytes(), conversation_count, true)
        }
        Exported::Archive {
            name,
            base64,
            conversation_count,
        } => {
            let bytes = STANDARD
                .decode(base64)
                .context("could not read the archive")?;
            (name, bytes, conversation_count, false)
        }
        Exported::Cancelled | Exported::Saved { .. } => {
            unreachable!("nobody is asked where to save")
        }
    };
    let path = match export.output {
        None if is_text => {
            std::io::stdout().write_all(&bytes)?;
            return Ok(ExitCode::SUCCESS);
        }
        // Nobody named it, so nothing of that name may be replaced.
        None => {
            let path = PathBuf::from(name);
            let file = File::create_new(&path);
            file.and_then(|mut file| file.write_all(&bytes))
                .with_context(|| could_not_write(&path))?;
            path
        }
        Some(path) => {
            let path = if path.is_dir() { path.join(name) } else { path };
            std::fs::write(&path, bytes).with_context(|| could_not_write(&path))?;
            path
        }
    };
    if export.json {
        let saved = Saved {
            path: &path,
            conversation_count,
        };
        println!("{}", serde_json::to_string_pretty(&saved)?);
    } else {
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(session: &Session, export: &Export) -> Result<Exported> {
    let scope = match &export.conversation {
        Some(wanted) => ExportScope::Conversations {
            ids: vec![find(session, wanted).await?],
        },
        None => ExportScope::All,
    };
    let request = ExchangeExport {
        scope,
        format: export.format.into(),
        only_good: export.only_good,
        target: ExportTarget::Answer,
    };
    session.call("exchange_export", request).await
}

/// The conversation a person means.
async fn find(session: &Session, wanted: &str) -> Result<ConversationId> {
    if let Ok(id) = wanted.parse() {
        let conversation: Conversation = session
            .call("conversation_get", ConversationGet { id })
            .await?;
        return Ok(conversation.summary.id);
    }
    let list = ConversationList {
        query: wanted.to_owned(),
        ..ConversationList::first(500)
    };
    let rows: Vec<ConversationSummary> = session.call("conversation_list", list).await?;
    chosen(&rows, wanted).map_err(Into::into)
}

/// Of those whose titles have the words: the one with just this title, or the only one.
fn chosen(rows: &[ConversationSummary], wanted: &str) -> Result<ConversationId, ErrorReport> {
    let lower = wanted.to_lowercase();
    let mut exact = rows.iter().filter(|row| row.title.to_lowercase() == lower);
    match (exact.next(), exact.next(), rows) {
        (Some(row), None, _) | (None, _, [row]) => Ok(row.id),
        (_, _, []) => Err(ErrorReport::new(
            ErrorCode::NotFound,
            format!("no conversation has a title with `{wanted}`"),
        )),
        _ => {
            let named = rows.iter().take(NAMED);
            let named: Vec<_> = named
                .map(|row| format!("{} ({})", row.title, row.id))
                .collect();
            Err(ErrorReport::new(
                ErrorCode::NotFound,
                format!("{} conversations have a title with `{wanted}`", rows.len()),
            )
            .with_hint(format!("name one by its id: {}", named.join(", "))))
        }
    }
}

fn could_not_write(path: &Path) -> String {
    format!("could not write `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(title: &str) -> ConversationSummary {
        let json = serde_json::json!({
            "id": ConversationId::fresh(), "title": title, "created_at_ms": 0, "updated_at_ms": 0,
            "pinned": false, "running": false, "unread": false,
            "tags": [], "archived": false, "temporary": false, "blind": false,
        });
        serde_json::from_value(json).expect("a row of the list")
    }

    #[test]
    fn a_conversation_is_named_by_its_title_or_by_words_that_only_it_has() {
        let rows = [row("Tides"), row("Tides and moons")];
        assert_eq!(chosen(&rows, "tides").expect("exact"), rows[0].id);
        assert_eq!(
            chosen(&rows[1..], "moons").expect("the only one"),
            rows[1].id
        );
        let none = chosen(&[], "x").expect_err("there is none");
        assert_eq!(none.code, ErrorCode::NotFound);
        let several = chosen(&rows, "tide").expect_err("there are two");
        assert!(
            several
                .hint
                .expect("a hint")
                .contains(&rows[1].id.to_string())
        );
        let twins = [row("A"), row("A")];
        assert!(chosen(&twins, "a").is_err());
    }
}
