//! How full the context is, and what is in it.

use std::sync::Arc;

use sirocco_chat::with_documents;
use sirocco_engine::{EngineError, Loaded};
use sirocco_protocol::commands::{ContextCount, ContextCountNew, ContextInspect};
use sirocco_protocol::{
    AttachmentId, ContextPart, ContextPartKind, ContextReport, ContextUse, Conversation, ErrorCode,
    ErrorReport, LayerValues, LeftOutReason, MessageId,
};

use super::prompt::{Draft, Prepared, PreparedTurn, Wanted};
use super::shorten::count_images;
use crate::App;
use crate::attachments::{document, images};
use crate::error::{Report, refuse};

/// Characters of a part that are told.
const EXCERPT: usize = 160;

impl App {
    /// Counts the prompt as it would be sent now.
    pub(crate) async fn count_context(
        &self,
        request: ContextCount,
    ) -> Result<ContextUse, ErrorReport> {
        let store = self.store_of(request.conversation_id).await;
        let conversation = store.conversation(request.conversation_id).await.report()?;
        let loaded = self.loaded_for(&conversation).await?;
        let values = self.effective(&conversation, conversation.model_id).await?;
        let ContextCount {
            draft, attachments, ..
        } = &request;
        self.count_draft(&loaded, &values, conversation.head, draft, attachments)
            .await
    }

    /// Counts the prompt that a conversation would begin with.
    pub(crate) async fn count_new_context(
        &self,
        request: ContextCountNew,
    ) -> Result<ContextUse, ErrorReport> {
        let ContextCountNew {
            model_id,
            preset,
            values,
            draft,
            attachments,
        } = request;
        let loaded = self
            .inner
            .residency
            .ready(model_id)
            .ok_or_else(not_loaded)?;
        let preset_id = self.chosen_preset(Some(model_id), preset).await?;
        let values = self.values_over(Some(model_id), preset_id, &values).await?;
        self.count_draft(&loaded, &values, None, &draft, &attachments)
            .await
    }

    /// Counts a message behind the last one of a branch, `leaf`, in which these values hold.
    async fn count_draft(
        &self,
        loaded: &Loaded,
        values: &LayerValues,
        leaf: Option<MessageId>,
        draft: &str,
        attachments: &[AttachmentId],
    ) -> Result<ContextUse, ErrorReport> {
        let attached = self.attached(attachments).await?;
        let written = Draft {
            content: draft,
            attached: &attached,
        };
        let prepared = self.prepare_draft(values, leaf, loaded, written).await?;
        let prompt_tokens = match loaded.worker.count(prepared.prompt).await {
            Ok(tokens) => tokens,
            // Some templates refuse a conversation without a message.
            Err(EngineError::Refused(_)) if prepared.turns.is_empty() => 0,
            Err(error) => return Err(error.report()),
        };
        let draft_tokens = if draft.trim().is_empty() {
            0
        } else {
            loaded.worker.count_text(draft).await.report()?
        };
        let mut attachment_tokens = Vec::with_capacity(attached.len());
        for attached in &attached {
            let document = document(attached).map(|document| with_documents("", [document]));
            attachment_tokens.push(match document {
                Some(document) => loaded.worker.count_text(&document).await.report()?,
                None if loaded.sees_images => {
                    count_images(&loaded.worker, &images(std::slice::from_ref(attached))).await?
                }
                None => 0,
            });
        }
        Ok(ContextUse {
            prompt_tokens,
            draft_tokens,
            context_length: loaded.context_length,
            left_out: prepared
                .left_out
                .map_or(0, |left_out| left_out.until - left_out.from),
            attachment_tokens,
        })
    }

    /// Takes a prompt apart: the one that would be sent now, or that of an answer.
    pub(crate) async fn inspect_context(
        &self,
        request: ContextInspect,
    ) -> Result<ContextReport, ErrorReport> {
        let store = self.store_of(request.conversation_id).await;
        let conversation = store.conversation(request.conversation_id).await.report()?;
        let loaded = self.loaded_for(&conversation).await?;
        let (prepared, as_sent) = match request.answer {
            None => {
                let draft = Draft {
                    content: &request.draft,
                    attached: &self.attached(&request.attachments).await?,
                };
                let values = self.effective(&conversation, conversation.model_id).await?;
                let leaf = conversation.head;
                let prepared = self.prepare_draft(&values, leaf, &loaded, draft).await?;
                (Arc::new(prepared), false)
            }
            Some(answer) => match self.inner.runs.sent(answer) {
                Some(sent) => (sent, true),
                None => {
                    let message = store.message(answer).await.report()?;
                    let wanted = Wanted {
                        values: &self.effective(&conversation, conversation.model_id).await?,
                        leaf: message.parent_id,
                        draft: None,
                        continue_last: false,
                    };
                    (Arc::new(self.prepare(&loaded, wanted).await?), false)
                }
            },
        };
        report(&loaded, &prepared, as_sent).await
    }

    async fn prepare_draft(
        &self,
        values: &LayerValues,
        leaf: Option<MessageId>,
        loaded: &Loaded,
        draft: Draft<'_>,
    ) -> Result<Prepared, ErrorReport> {
        let is_something = !draft.content.trim().is_empty() || !draft.attached.is_empty();
        let wanted = Wanted {
            values,
            leaf,
            draft: is_something.then_some(draft),
            continue_last: false,
        };
        self.prepare(loaded, wanted).await
    }

    /// The model of a conversation, if it is loaded.
    async fn loaded_for(&self, conversation: &Conversation) -> Result<Loaded, ErrorReport> {
        let model_id = match conversation.model_id {
            Some(id) => Some(id),
            None => self.only_ready_model().await?,
        };
        model_id
            .and_then(|id| self.inner.residency.ready(id))
            .ok_or_else(not_loaded)
    }
}

fn not_loaded() -> ErrorReport {
    refuse(
        ErrorCode::NoModel,
        "the model of this conversation is not loaded",
    )
}

async fn report(
    loaded: &Loaded,
    prepared: &Prepared,
    as_sent: bool,
) -> Result<ContextReport, ErrorReport> {
    let worker = &loaded.worker;
    let (text, tokens) = worker.render(prepared.prompt.clone()).await.report()?;
    let mut parts = Vec::with_capacity(prepared.turns.len() + 1);
    if !prepared.system_prompt.trim().is_empty() {
        parts.push(ContextPart {
            kind: ContextPartKind::SystemPrompt,
            excerpt: excerpt(&prepared.system_prompt),
            tokens: worker.count_text(&prepared.system_prompt).await.report()?,
            left_out: None,
        });
    }
    if let Some(summary) = &prepared.summary {
        parts.push(ContextPart {
            kind: ContextPartKind::Summary {
                id: summary.id,
                message_count: summary.message_count,
            },
            excerpt: excerpt(&summary.content),
            tokens: worker.count_text(&summary.content).await.report()?,
            left_out: (!summary.sent).then_some(LeftOutReason::NoRoom),
        });
    }
    for (place, turn) in prepared.turns.iter().enumerate() {
        parts.push(ContextPart {
            kind: match turn.id {
                Some(id) => ContextPartKind::Message {
                    id,
                    role: turn.role,
                },
                None => ContextPartKind::Draft,
            },
            excerpt: excerpt(&turn.content),
            tokens: worker
                .count_text(&turn.content)
                .await
                .report()?
                .saturating_add(count_images(worker, &turn.images).await?),
            left_out: why_left_out(prepared, place, turn),
        });
    }
    let prompt_tokens = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
    let sent = parts.iter().filter(|part| part.left_out.is_none());
    let of_parts = sent.fold(0_u32, |sum, part| sum.saturating_add(part.tokens));
    let too_long = match prepared.too_long {
        Some(error) => Some(error.to_string()),
        None if prompt_tokens > prepared.room => Some(format!(
            "the prompt takes {prompt_tokens} tokens, and {} are free",
            prepared.room
        )),
        None => None,
    };
    Ok(ContextReport {
        parts,
        text,
        prompt_tokens,
        template_tokens: prompt_tokens.saturating_sub(of_parts),
        reserved_tokens: prepared.context_length.saturating_sub(prepared.room),
        context_length: prepared.context_length,
        overflow: prepared.overflow,
        too_long,
        as_sent,
    })
}

fn why_left_out(prepared: &Prepared, place: usize, turn: &PreparedTurn) -> Option<LeftOutReason> {
    let no_room = prepared
        .left_out
        .is_some_and(|left_out| (left_out.from..left_out.until).contains(&(place as u32)));
    match turn {
        turn if turn.sent => None,
        turn if turn.summarised => Some(LeftOutReason::Summarised),
        turn if turn.left_out => Some(LeftOutReason::Person),
        turn if turn.content.trim().is_empty() && turn.images.is_empty() => {
            Some(LeftOutReason::Blank)
        }
        _ if no_room => Some(LeftOutReason::NoRoom),
        _ => Some(LeftOutReason::NoQuestion),
    }
}

fn excerpt(text: &str) -> String {
    let mut characters = text.trim().chars();
    let mut excerpt: String = characters.by_ref().take(EXCERPT).collect();
    if characters.next().is_some() {
        excerpt.pop();
        excerpt.push('…');
    }
    excerpt
}
