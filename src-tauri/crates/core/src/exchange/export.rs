//! The way out.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sirocco_chat::{AttachmentTexts, export, export_extension};
use sirocco_protocol::commands::{ConversationList, ExchangeExport};
use sirocco_protocol::{
    Conversation, ConversationCursor, ConversationSummary, ErrorCode, ErrorReport, ExportFormat,
    ExportTarget, Exported, HostKind, Message,
};

use super::archive::Archive;
use super::names;
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::blocking;

/// Rows of the list that are asked for at once.
const PAGE: u32 = 500;

/// A file that is written but lies nowhere yet.
struct Written {
    content: Content,
    conversation_count: u32,
}

enum Content {
    Text(String),
    Archive(Vec<u8>),
}

impl App {
    /// Writes one conversation, or all that have messages.
    pub(crate) async fn export_conversations(
        &self,
        request: ExchangeExport,
    ) -> Result<Exported, ErrorReport> {
        let ExchangeExport {
            conversation_id,
            format,
            target,
        } = request;
        let one = match conversation_id {
            Some(id) => Some(self.inner.store.conversation_tree(id).await.report()?),
            None => None,
        };
        let name = match &one {
            Some((conversation, _)) => name_of(&conversation.summary, format),
            None => name_of_all(format),
        };
        // The person is asked before the work is done.
        let path = match target {
            ExportTarget::Answer => None,
            ExportTarget::Ask => match self.ask_where(&name).await? {
                Some(path) => Some(path),
                None => return Ok(Exported::Cancelled),
            },
        };
        let written = match one {
            Some((conversation, tree)) => {
                let id = conversation.summary.id;
                let texts = self.inner.store.attached_texts(id).await.report()?;
                write_one(format, conversation, tree, texts).await?
            }
            None => self.write_all(format).await?,
        };
        let conversation_count = written.conversation_count;
        let Some(path) = path else {
            return Ok(match written.content {
                Content::Text(text) => Exported::Text {
                    name,
                    media_type: media_type(format).to_owned(),
                    conversation_count,
                    text,
                },
                Content::Archive(bytes) => Exported::Archive {
                    name,
                    conversation_count,
                    base64: STANDARD.encode(bytes),
                },
            });
        };
        let shown = path.display().to_string();
        blocking(move || save(&path, &written.content)).await??;
        Ok(Exported::Saved {
            path: shown,
            conversation_count,
        })
    }

    async fn ask_where(&self, name: &str) -> Result<Option<PathBuf>, ErrorReport> {
        if self.inner.host.kind() != HostKind::Window {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "only the window of the app can ask where to save",
            ));
        }
        Ok(self.inner.host.save(name).await)
    }

    async fn write_all(&self, format: ExportFormat) -> Result<Written, ErrorReport> {
        let mut lines = String::new();
        let mut archive = Archive::new();
        let mut conversation_count = 0;
        let mut after: Option<ConversationCursor> = None;
        loop {
            let request = ConversationList {
                query: String::new(),
                after,
                limit: PAGE,
            };
            let page = self
                .inner
                .store
                .list_conversations(&request)
                .await
                .report()?;
            let Some(last) = page.last() else { break };
            after = Some(last.into());
            for row in page {
                // One that was deleted meanwhile is not missed.
                let Ok((conversation, tree)) = self.inner.store.conversation_tree(row.id).await
                else {
                    continue;
                };
                if tree.is_empty() {
                    continue;
                }
                let texts = self.inner.store.attached_texts(row.id).await.report()?;
                let (text, grown) = blocking(move || {
                    let text = export(format, &conversation, &tree, &texts);
                    let stem = names::stem(&row.title, row.created_at_ms);
                    let added = match &text {
                        Some(text) if format != ExportFormat::Jsonl => {
                            archive.add(&stem, export_extension(format), text)
                        }
                        _ => Ok(()),
                    };
                    (text, added.map(|()| archive))
                })
                .await?;
                archive = grown.map_err(|error| unwritten(&error))?;
                let Some(text) = text else { continue };
                conversation_count += 1;
                if format == ExportFormat::Jsonl {
                    lines.push_str(&text);
                }
            }
        }
        if conversation_count == 0 {
            return Err(nothing(format));
        }
        let content = if format == ExportFormat::Jsonl {
            Content::Text(lines)
        } else {
            let bytes = archive.finish().map_err(|error| unwritten(&error))?;
            Content::Archive(bytes)
        };
        Ok(Written {
            content,
            conversation_count,
        })
    }
}

async fn write_one(
    format: ExportFormat,
    conversation: Conversation,
    tree: Vec<Message>,
    texts: AttachmentTexts,
) -> Result<Written, ErrorReport> {
    let text = blocking(move || export(format, &conversation, &tree, &texts)).await?;
    Ok(Written {
        content: Content::Text(text.ok_or_else(|| nothing(format))?),
        conversation_count: 1,
    })
}

fn nothing(format: ExportFormat) -> ErrorReport {
    let message = match format {
        ExportFormat::Jsonl => "there is no answer to export yet",
        _ => "there is no conversation to export yet",
    };
    refuse(ErrorCode::NotFound, message)
}

fn name_of(row: &ConversationSummary, format: ExportFormat) -> String {
    let stem = names::stem(&row.title, row.created_at_ms);
    format!("{stem}.{}", export_extension(format))
}

fn name_of_all(format: ExportFormat) -> String {
    let stem = names::stem("Sirocco conversations", now_ms());
    match format {
        ExportFormat::Jsonl => format!("{stem}.jsonl"),
        _ => format!("{stem}.zip"),
    }
}

fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Markdown => "text/markdown",
        ExportFormat::Html => "text/html",
        ExportFormat::Json => "application/json",
        ExportFormat::Jsonl => "application/jsonl",
    }
}

/// Writes beside the file first, so that a file that is there is replaced whole or not at all.
fn save(path: &Path, content: &Content) -> Result<(), ErrorReport> {
    let bytes = match content {
        Content::Text(text) => text.as_bytes(),
        Content::Archive(bytes) => bytes,
    };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let saved = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    saved.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        let message = format!("could not save `{}`: {error}", path.display());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                refuse(ErrorCode::DiskFull, message)
            }
            _ => refuse(ErrorCode::FileProblem, message),
        }
    })
}

fn unwritten(error: &io::Error) -> ErrorReport {
    refuse(
        ErrorCode::Internal,
        format!("could not write the archive: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "before").unwrap();
        save(&path, &Content::Text("after".into())).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let nowhere = folder.path().join("nowhere/a.md");
        let error = save(&nowhere, &Content::Text(String::new())).unwrap_err();
        assert_eq!(error.code, ErrorCode::FileProblem);
    }
}
