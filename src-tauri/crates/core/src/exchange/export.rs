//! The way out.

use std::fs::File;
use std::io::{self, BufWriter, Cursor};
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
use super::part::{Part, save};
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

/// What was written, of how many conversations.
struct Written {
    content: Content,
    conversation_count: u32,
    left_out_count: u32,
}

enum Content {
    Text(String),
    Archive(Vec<u8>),
    /// In its place already.
    Saved(PathBuf),
}

/// Conversations on their way into one file. On its way to the disk an archive is not held in memory: with the images
/// of years it is larger than that.
enum Several {
    Lines(String),
    InMemory(Archive<Cursor<Vec<u8>>>),
    OnDisk(Archive<BufWriter<File>>, Part),
}

impl Several {
    fn begin(format: ExportFormat, destination: &Destination) -> Result<Self, ErrorReport> {
        if format == ExportFormat::Jsonl {
            return Ok(Self::Lines(String::new()));
        }
        match destination {
            Destination::Answer => Ok(Self::InMemory(Archive::new(Cursor::default()))),
            Destination::File(place) => {
                let begun = Part::begin(place.clone());
                let (part, file) = begun.map_err(|error| unsaved(place, &error))?;
                Ok(Self::OnDisk(Archive::new(BufWriter::new(file)), part))
            }
        }
    }

    fn add(&mut self, stem: &str, extension: &str, text: &str) -> Result<(), ErrorReport> {
        match self {
            Self::Lines(lines) => {
                lines.push_str(text);
                Ok(())
            }
            Self::InMemory(archive) => archive
                .add(stem, extension, text)
                .map_err(|error| unwritten(&error)),
            Self::OnDisk(archive, part) => archive
                .add(stem, extension, text)
                .map_err(|error| unsaved(part.place(), &error)),
        }
    }

    fn finish(self) -> Result<Content, ErrorReport> {
        match self {
            Self::Lines(lines) => Ok(Content::Text(lines)),
            Self::InMemory(archive) => {
                let bytes = archive.finish().map_err(|error| unwritten(&error))?;
                Ok(Content::Archive(bytes.into_inner()))
            }
            Self::OnDisk(archive, part) => {
                let place = part.place().to_owned();
                let saved = archive.finish().and_then(|writer| {
                    let file = writer
                        .into_inner()
                        .map_err(io::IntoInnerError::into_error)?;
                    part.take_place(file)
                });
                saved.map_err(|error| unsaved(&place, &error))?;
                Ok(Content::Saved(place))
            }
        }
    }
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
                self.write_several(ids, form, &destination).await?
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
        destination: &Destination,
    ) -> Result<Written, ErrorReport> {
        let Form { format, only_good } = form;
        let mut several = Several::begin(format, destination)?;
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
            let (added, grown) = blocking(move || {
                let row = &outgoing.conversation.summary;
                let stem = names::stem(&row.title, row.created_at_ms);
                let added = match export(format, only_good, &outgoing) {
                    Some(text) => several
                        .add(&stem, export_extension(format), &text)
                        .map(|()| true),
                    None => Ok(false),
                };
                (added, several)
            })
            .await?;
            several = grown;
            if added? {
                conversation_count += 1;
            } else {
                left_out_count += 1;
            }
        }
        if conversation_count == 0 {
            return Err(nothing(form));
        }
        Ok(Written {
            content: blocking(move || several.finish()).await??,
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
    let place = match (written.content, destination) {
        (Content::Archive(bytes), _) => {
            return Ok(Exported::Archive {
                name,
                conversation_count,
                base64: STANDARD.encode(bytes),
            });
        }
        (Content::Text(text), Destination::Answer) => {
            return Ok(Exported::Text {
                name,
                media_type: document.media_type.to_owned(),
                conversation_count,
                left_out_count,
                text,
            });
        }
        (Content::Text(text), Destination::File(place)) => {
            let to = place.clone();
            let saved = blocking(move || save(to, text.as_bytes())).await?;
            saved.map_err(|error| unsaved(&place, &error))?;
            place
        }
        (Content::Saved(place), _) => place,
    };
    Ok(Exported::Saved {
        path: place.display().to_string(),
        conversation_count,
        left_out_count,
    })
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

fn unsaved(place: &Path, error: &io::Error) -> ErrorReport {
    let message = format!("could not save `{}`: {error}", place.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            refuse(ErrorCode::DiskFull, message)
        }
        _ => refuse(ErrorCode::FileProblem, message),
    }
}

fn unwritten(error: &io::Error) -> ErrorReport {
    refuse(
        ErrorCode::Internal,
        format!("could not write the archive: {error}"),
    )
}
