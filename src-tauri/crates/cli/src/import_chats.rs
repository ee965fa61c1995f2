//! `sirocco import-chats`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ExchangeImport, ExchangePreviewRequest};
use sirocco_protocol::{
    ExchangeFormat, ExchangePreview, ExchangeReport, LeftOut, LeftOutKind, RefusedConversation,
};

use crate::models::pick;
use crate::session::Session;

#[derive(Args)]
pub struct ImportChats {
    /// Export of ChatGPT, Open WebUI or Sirocco, file of LM Studio, thread of Jan; or a folder or zip with such.
    path: PathBuf,
    /// Only say what is in it.
    #[arg(long)]
    preview: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(home: Home, import: ImportChats) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = if import.preview {
        preview(&session, &import).await
    } else {
        add(&session, &import).await
    };
    session.close().await;
    outcome
}

async fn preview(session: &Session, import: &ImportChats) -> Result<ExitCode> {
    let handle = pick(session, &import.path).await?.handle;
    let found: ExchangePreview = session
        .call("exchange_preview", ExchangePreviewRequest { handle })
        .await?;
    if import.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        for line in described(&found) {
            println!("{line}");
        }
        warn(&found.refused);
    }
    Ok(code(found.conversation_count))
}

async fn add(session: &Session, import: &ImportChats) -> Result<ExitCode> {
    let handle = pick(session, &import.path).await?.handle;
    let report: ExchangeReport = session
        .call("exchange_import", ExchangeImport { handle })
        .await?;
    let added = report.added.len();
    let restored = report.restored.len();
    if import.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!(
            "{added} added, {restored} taken out of the trash, {} here already",
            report.known_count
        );
        warn(&report.refused);
    }
    let there = u32::try_from(added + restored).unwrap_or(u32::MAX);
    Ok(code(there.saturating_add(report.known_count)))
}

/// Done if any conversation could be read.
fn code(readable_count: u32) -> ExitCode {
    if readable_count == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn warn(refused: &[RefusedConversation]) {
    for RefusedConversation { name, reason } in refused {
        eprintln!("warning: could not import `{name}`: {reason}");
    }
}

fn described(found: &ExchangePreview) -> Vec<String> {
    let formats: Vec<_> = found.formats.iter().map(|format| name(*format)).collect();
    let mut lines = vec![
        format!("From: {}", formats.join(", ")),
        format!(
            "Conversations: {} ({} here already, {} in the trash)",
            found.conversation_count, found.known_count, found.trashed_count
        ),
        format!(
            "Messages: {} in {} branches",
            found.message_count, found.branch_count
        ),
    ];
    lines.extend(found.left_out.iter().map(|LeftOut { kind, count }| {
        let what = match kind {
            LeftOutKind::EmptyConversations => "conversations without a message",
            LeftOutKind::Attachments => "images and other files",
            LeftOutKind::Tools => "calls of tools and their results",
            LeftOutKind::Hidden => "messages hidden in the other app",
            LeftOutKind::System => "further system messages",
            LeftOutKind::Unknown => "messages of an unknown kind",
            LeftOutKind::Folders => "places in a folder or project whose name is not in the export",
            LeftOutKind::Parameters => "conversations' own sampling parameters",
        };
        format!("Left out: {count} {what}")
    }));
    lines
}

fn name(format: ExchangeFormat) -> &'static str {
    match format {
        ExchangeFormat::Sirocco => "Sirocco",
        ExchangeFormat::Chatgpt => "ChatGPT",
        ExchangeFormat::Lmstudio => "LM Studio",
        ExchangeFormat::Openwebui => "Open WebUI",
        ExchangeFormat::Jan => "Jan",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_says_what_is_there_and_what_stays_behind() {
        let found = ExchangePreview {
            formats: vec![ExchangeFormat::Chatgpt],
            conversation_count: 12,
            known_count: 2,
            trashed_count: 1,
            message_count: 340,
            branch_count: 15,
            left_out: vec![LeftOut {
                kind: LeftOutKind::Tools,
                count: 4,
            }],
            refused: Vec::new(),
        };
        assert_eq!(
            described(&found),
            [
                "From: ChatGPT",
                "Conversations: 12 (2 here already, 1 in the trash)",
                "Messages: 340 in 15 branches",
                "Left out: 4 calls of tools and their results",
            ]
        );
    }
}
