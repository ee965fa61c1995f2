//! The way out.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sirocco_chat::{Outgoing, export, export_extension};
use sirocco_protocol::commands::ExchangeExport;
use sirocco_protocol::{
    ConversationId, ConversationSummary, ErrorCode, ErrorReport, ExportFormat, ExportScope,
    ExportTarget, Exported, Folder, FolderId, HostKind,
};

use super::archive::Archive;
use super::names;
use crate::App;
use crate::attachments::exported;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::organise::check_count;

/// A file with one text in it, before it is written.
pub(crate) struct Document {
    name: String,
    media_type: &'static str,
}

impl Document {
    /// Called after the day.
    pub fn dated(name: &str, ending: &str, media_type: &'static str) -> Self {
        Self {
            name: format!("{}.{ending}", names::stem(name, now_ms())),
            media_type,
        }
    }
}

/// As what conversations are written.
#[derive(Clone, Copy)]
struct Form {
    format: ExportFormat,
    only_good: bool,
}

/// Where a file goes.
enum Destination {
    Answer,
    File(PathBuf),
}

/// A file that is written but lies nowhere yet.
struct Written {
    content: Content,
    conversation_count: u32,
    left_out_count: u32,
}

enum Content {
    Text(String),
    Archive(Vec<u8>),
}

impl App {
    /// Writes one conversation, or several that have messages.
    pub(crate) async fn export_conversations(
        &self,
        request: ExchangeExport,
    ) -> Result<Exported, ErrorReport> {
        let ExchangeExport {
            scope,
            format,
            only_good,
            target,
        } = request;
        if only_good && format != ExportFormat::Jsonl {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "only JSONL can end at the answers that are marked as good",
            ));
        }
        let form = Form { format, only_good };
        let mut title = "Sirocco conversations".to_owned();
        let mut one = None;
        match &scope {
            ExportScope::All => {}
            ExportScope::Conversations { ids } => {
                check_count(ids)?;
                if let [id] = ids[..] {
                    one = Some(self.outgoing(id).await?);
                }
            }
            ExportScope::Folder { id } => {
                title = self.inner.store.folder(*id).await.report()?.name;
            }
        }
        let name = match &one {
            Some(one) => name_of(&one.conversation.summary, format),
            None => name_of_several(&title, format),
        };
        // The person is asked before the work is done.
        let Some(destination) = self.destination(target, &name).await? else {
            return Ok(Exported::Cancelled);
        };
        let written = match one {
            Some(one) => write_one(form, one).await?,
            None => {
                let store = &self.inner.store;
                let ids = match scope {
                    ExportScope::All => store.all_conversations().await.report()?,
                    ExportScope::Conversations { ids } => ids,
                    ExportScope::Folder { id } => store.conversations_within(id).await.report()?,
                };
                self.write_several(ids, form).await?
            }
        };
        let document = Document {
            name,
            media_type: media_type(format),
        };
        deliver(destination, document, written).await
    }

    /// A conversation with what its file needs from around it.
    async fn outgoing(&self, id: ConversationId) -> Result<Outgoing, ErrorReport> {
        let store = self.store_of(id).await;
        let (conversation, tree) = store.conversation_tree(id).await.report()?;
        let texts = store.attached_texts(id).await.report()?;
        let effective = self.effective(&conversation, conversation.model_id).await?;
        let preset = match conversation.settings.preset_id {
            Some(id) => Some(self.inner.store.preset(id).await.report()?),
            None => None,
        };
        let folders = self.inner.store.list_folders().await.report()?;
        Ok(Outgoing {
            effective,
            preset,
            folder: path_of(&folders, conversation.summary.folder_id),
            texts: texts
                .into_iter()
                .map(|(id, kept)| (id, exported(kept)))
                .collect(),
            conversation,
            tree,
        })
    }

    /// Writes a text that is about so many conversations, once it is known where to.
    pub(crate) async fn export_document(
        &self,
        target: ExportTarget,
        document: Document,
        write: impl Future<Output = Result<(String, u32), ErrorReport>>,
    ) -> Result<Exported, ErrorReport> {
        let Some(destination) = self.destination(target, &document.name).await? else {
            return Ok(Exported::Cancelled);
        };
        let (text, conversation_count) = write.await?;
        let written = Written {
            content: Content::Text(text),
            conversation_count,
            left_out_count: 0,
        };
        deliver(destination, document, written).await
    }

    /// None if the person closed the dialog.
    async fn destination(
        &self,
        target: ExportTarget,
        name: &str,
    ) -> Result<Option<Destination>, ErrorReport> {
        match target {
            ExportTarget::Answer => Ok(Some(Destination::Answer)),
            ExportTarget::Ask => Ok(self.ask_where(name).await?.map(Destination::File)),
        }
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

    async fn write_several(
        &self,
        ids: Vec<ConversationId>,
        form: Form,
    ) -> Result<Written, ErrorReport> {
        let Form { format, only_good } = form;
        let mut lines = String::new();
        let mut archive = Archive::new();
        let mut conversation_count = 0;
        let mut left_out_count = 0;
        for id in ids {
            // One that was deleted meanwhile is not missed.
            let outgoing = match self.outgoing(id).await {
                Ok(outgoing) => outgoing,
                Err(report) if report.code == ErrorCode::NotFound => continue,
                Err(report) => return Err(report),
            };
            if outgoing.tree.is_empty() {
                continue;
            }
            let (text, grown) = blocking(move || {
                let text = export(format, only_good, &outgoing);
                let row = &outgoing.conversation.summary;
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
            let Some(text) = text else {
                left_out_count += 1;
                continue;
            };
            conversation_count += 1;
            if format == ExportFormat::Jsonl {
                lines.push_str(&text);
            }
        }
        if conversation_count == 0 {
            return Err(nothing(form));
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
            left_out_count,
        })
    }
}

/// Answers the file, or saves it.
async fn deliver(
    destination: Destination,
    document: Document,
    written: Written,
) -> Result<Exported, ErrorReport> {
    let conversation_count = written.conversation_count;
    let left_out_count = written.left_out_count;
    let name = document.name;
    match (destination, written.content) {
        (Destination::Answer, Content::Text(text)) => Ok(Exported::Text {
            name,
            media_type: document.media_type.to_owned(),
            conversation_count,
            left_out_count,
            text,
        }),
        (Destination::Answer, Content::Archive(bytes)) => Ok(Exported::Archive {
            name,
            conversation_count,
            base64: STANDARD.encode(bytes),
        }),
        (Destination::File(path), content) => {
            let shown = path.display().to_string();
            blocking(move || save(&path, &content)).await??;
            Ok(Exported::Saved {
                path: shown,
                conversation_count,
                left_out_count,
            })
        }
    }
}

async fn write_one(form: Form, outgoing: Outgoing) -> Result<Written, ErrorReport> {
    let text = blocking(move || export(form.format, form.only_good, &outgoing)).await?;
    Ok(Written {
        content: Content::Text(text.ok_or_else(|| nothing(form))?),
        conversation_count: 1,
        left_out_count: 0,
    })
}

/// Names from the outermost folder to this one.
fn path_of(folders: &[Folder], id: Option<FolderId>) -> Vec<String> {
    let folder = |id: FolderId| folders.iter().find(|one| one.id == id);
    let up = std::iter::successors(id.and_then(folder), |one| one.parent_id.and_then(folder));
    let mut path: Vec<String> = up.map(|one| one.name.clone()).collect();
    path.reverse();
    path
}

fn nothing(form: Form) -> ErrorReport {
    let message = match (form.format, form.only_good) {
        (ExportFormat::Jsonl, true) => "no answer to export is marked as good yet",
        (ExportFormat::Jsonl, false) => "there is no answer to export yet",
        _ => "there is no conversation to export yet",
    };
    refuse(ErrorCode::NotFound, message)
}

fn name_of(row: &ConversationSummary, format: ExportFormat) -> String {
    let stem = names::stem(&row.title, row.created_at_ms);
    format!("{stem}.{}", export_extension(format))
}

fn name_of_several(title: &str, format: ExportFormat) -> String {
    let stem = names::stem(title, now_ms());
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

/// Writes beside the file first, so that a file that is there is replaced whole or not at all, be it that the power goes
/// off.
fn save(path: &Path, content: &Content) -> Result<(), ErrorReport> {
    let bytes = match content {
        Content::Text(text) => text.as_bytes(),
        Content::Archive(bytes) => bytes,
    };
    let mut part = path.as_os_str().to_owned();
    // Browsers call what they download `.part`.
    part.push(".sirocco-part");
    let part = PathBuf::from(part);
    let written = || -> io::Result<()> {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    let saved = written();
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
        let download = folder.path().join("a.md.part");
        std::fs::write(&download, "of a browser").unwrap();
        save(&path, &Content::Text("after".into())).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
        let kept = std::fs::read_to_string(&download).unwrap();
        assert_eq!(kept, "of a browser");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

        let nowhere = folder.path().join("nowhere/a.md");
        let error = save(&nowhere, &Content::Text(String::new())).unwrap_err();
        assert_eq!(error.code, ErrorCode::FileProblem);
    }
}
