//! The way in.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sirocco_attachments::{Extracted, read_picture};
use sirocco_chat::exchange::{
    ForeignAttachment, ForeignConversation, ForeignRun, ForeignSummary, Reading,
};
use sirocco_protocol::{
    AttachmentKind, ConversationId, ErrorCode, ErrorReport, Event, ExchangePreview, ExchangeReport,
    Folder, MessageId, Organising, PathHandle, Preset, RunId, Summary, SummaryId,
};
use sirocco_store::{
    Import, ImportedConversation, ImportedMessage, ImportedPreset, ImportedRun, NewAttachment,
};

use super::{origin, source};
use crate::App;
use crate::attachments::new_attachment;
use crate::clock::now_ms;
use crate::crashes::expecting_panics;
use crate::error::{Report, refuse};
use crate::library::blocking;

/// Between two events about the same import.
const PROGRESS_STEP: Duration = Duration::from_millis(100);
/// Of more new conversations, listeners are not told one by one, which would keep every list busy
/// for as long as the import takes; they are told once, at its end, to ask again.
const TOLD_ONE_BY_ONE: usize = 100;

impl App {
    /// What a picked file or folder holds.
    pub(crate) async fn preview_conversations(
        &self,
        handle: PathHandle,
    ) -> Result<ExchangePreview, ErrorReport> {
        let reading = self.read_picked(handle).await?;
        let mut seen = HashSet::new();
        let mut known_count = 0;
        let mut trashed_count = 0;
        for conversation in &reading.conversations {
            let origin = origin::of(conversation);
            let is_twice = !seen.insert(origin.key.clone());
            let known = self
                .inner
                .store
                .known_conversation(&origin)
                .await
                .report()?;
            let is_trashed = known.is_some_and(|known| known.is_trashed);
            known_count += u32::from(is_twice || known.is_some() && !is_trashed);
            trashed_count += u32::from(!is_twice && is_trashed);
        }
        let conversations = &reading.conversations;
        Ok(ExchangePreview {
            formats: reading.formats.iter().copied().collect(),
            conversation_count: count(conversations.len()),
            known_count,
            trashed_count,
            message_count: count(conversations.iter().map(|one| one.messages.len()).sum()),
            branch_count: count(
                conversations
                    .iter()
                    .map(ForeignConversation::branch_count)
                    .sum(),
            ),
            left_out: reading.left_out(),
            refused: reading.refused,
        })
    }

    /// Imports what is not here yet, the oldest first. What was saved stays if a later one fails.
    pub(crate) async fn import_conversations(
        &self,
        handle: PathHandle,
    ) -> Result<ExchangeReport, ErrorReport> {
        let reading = self.read_picked(handle).await?;
        let mut conversations = reading.conversations;
        conversations.sort_by_key(|conversation| conversation.updated_at_ms);
        let mut report = ExchangeReport {
            added: Vec::new(),
            restored: Vec::new(),
            known_count: 0,
            refused: reading.refused,
        };
        let are_many = conversations.len() > TOLD_ONE_BY_ONE;
        let folders = self.inner.store.list_folders().await.report()?;
        let presets = self.inner.store.list_presets().await.report()?;
        let saved = self.save_each(handle, conversations, &mut report).await;
        self.tell_made(&folders, &presets).await?;
        if are_many && !(report.added.is_empty() && report.restored.is_empty()) {
            self.emit(Event::Lagged);
        }
        saved?;
        report.added.reverse();
        report.restored.reverse();
        Ok(report)
    }

    /// Tells of folders and presets that conversations brought along.
    async fn tell_made(&self, folders: &[Folder], presets: &[Preset]) -> Result<(), ErrorReport> {
        let now = self.inner.store.list_folders().await.report()?;
        if now != folders {
            self.emit(Event::FoldersChanged { folders: now });
        }
        for preset in self.inner.store.list_presets().await.report()? {
            if presets.iter().all(|before| before.id != preset.id) {
                self.emit(Event::PresetChanged { preset });
            }
        }
        Ok(())
    }

    /// Puts each into the store and notes in the report what became of it.
    async fn save_each(
        &self,
        handle: PathHandle,
        conversations: Vec<ForeignConversation>,
        report: &mut ExchangeReport,
    ) -> Result<(), ErrorReport> {
        let total = conversations.len();
        let mut told_at: Option<Instant> = None;
        for (before, conversation) in conversations.into_iter().enumerate() {
            if self.inner.closing.is_cancelled() {
                return Err(refuse(ErrorCode::Superseded, "the app is closing"));
            }
            let imported = self.settled_import(conversation).await?;
            match self
                .inner
                .store
                .import_conversation(&imported)
                .await
                .report()?
            {
                Import::Added(conversation) => {
                    report.added.push(conversation.id);
                    if total <= TOLD_ONE_BY_ONE {
                        self.emit(Event::ConversationChanged { conversation });
                    }
                }
                Import::Restored(conversation) => {
                    report.restored.push(conversation.id);
                    if total <= TOLD_ONE_BY_ONE {
                        // As when a person takes it out: lists of the trash hear of it.
                        self.emit(Event::ConversationsOrganised {
                            change: Organising::Restore,
                            conversations: vec![conversation],
                        });
                    }
                }
                Import::Known => report.known_count += 1,
            }
            let done = before + 1;
            if done == total || told_at.is_none_or(|at| at.elapsed() >= PROGRESS_STEP) {
                told_at = Some(Instant::now());
                self.emit(Event::ExchangeMoved {
                    handle,
                    done_count: count(done),
                    total_count: count(total),
                });
            }
        }
        Ok(())
    }

    async fn settled_import(
        &self,
        foreign: ForeignConversation,
    ) -> Result<ImportedConversation, ErrorReport> {
        let effective = foreign.effective.clone();
        // Its images are decoded, which takes as long as they are many.
        let mut imported = blocking(move || with_ids(foreign)).await?;
        if let Some(effective) = effective {
            let preset = imported.preset.as_ref().map(|preset| &preset.values);
            let own = std::mem::take(&mut imported.values);
            imported.values = self.settled(own, preset, &effective).await?;
        }
        Ok(imported)
    }

    async fn read_picked(&self, handle: PathHandle) -> Result<Reading, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        blocking(move || source::read(&path, now_ms())).await?
    }
}

/// Ids in the order of the tree, for versions are ordered by them.
fn with_ids(foreign: ForeignConversation) -> ImportedConversation {
    let origin = origin::of(&foreign);
    let ids: Vec<MessageId> = foreign
        .messages
        .iter()
        .map(|_| MessageId::fresh())
        .collect();
    let messages = foreign.messages.into_iter().zip(&ids);
    ImportedConversation {
        origin,
        id: ConversationId::fresh(),
        title: foreign.title,
        created_at_ms: foreign.created_at_ms,
        updated_at_ms: foreign.updated_at_ms,
        pinned: foreign.pinned,
        archived: foreign.archived,
        folder: foreign.folder,
        tags: foreign.tags,
        notes: foreign.notes,
        values: foreign.own,
        preset: foreign.preset.map(|preset| ImportedPreset {
            name: preset.name,
            values: preset.values,
        }),
        head: ids[foreign.head],
        messages: messages
            .map(|(message, id)| ImportedMessage {
                id: *id,
                parent_id: message.parent.map(|parent| ids[parent]),
                role: message.role,
                content: message.content,
                reasoning: message.reasoning,
                created_at_ms: message.created_at_ms,
                model_name: message.model_name,
                run: message.run.map(run),
                left_out: message.left_out,
                good: message.good,
                summary: message.summary.map(summary),
                attachments: message
                    .attachments
                    .into_iter()
                    .filter_map(attachment)
                    .collect(),
            })
            .collect(),
    }
}

/// None for an image that cannot be read: whoever wrote the file may have written anything there.
fn attachment(foreign: ForeignAttachment) -> Option<NewAttachment> {
    let ForeignAttachment {
        name,
        kind,
        size_bytes,
        text,
        image_base64,
    } = foreign;
    let picture = match (kind, image_base64) {
        (AttachmentKind::Image, image) => {
            let file = STANDARD.decode(image?).ok()?;
            Some(expecting_panics(|| read_picture(&file)).ok()?)
        }
        _ => None,
    };
    let extracted = Extracted {
        kind,
        text,
        picture,
    };
    Some(new_attachment(name, size_bytes, extracted))
}

fn summary(foreign: ForeignSummary) -> Summary {
    Summary {
        id: SummaryId::fresh(),
        text: foreign.text,
        message_count: foreign.message_count,
        created_at_ms: foreign.created_at_ms,
        model_name: foreign.model_name,
        edited: foreign.edited,
    }
}

fn run(foreign: ForeignRun) -> ImportedRun {
    ImportedRun {
        id: RunId::fresh(),
        state: foreign.state,
        started_at_ms: foreign.started_at_ms,
        ended_at_ms: foreign.ended_at_ms,
        statistics: foreign.statistics,
        error: foreign.error,
        structured_output: foreign.structured_output,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
