//! Summaries of the oldest turns, written by the model itself before the answer that has no room for them.

use sirocco_chat::{SUMMARY_REQUEST, turns_to_summarise};
use sirocco_engine::Turn;
use sirocco_protocol::commands::SummaryUpdate;
use sirocco_protocol::{
    ContextOverflow, ErrorReport, LayerValues, Message, MessageId, RunUpdate, SummaryId,
};
use sirocco_store::{NewSummary, Store};

use super::ActiveRun;
use super::aside::ask_aside;
use super::prompt::{Draft, Prepared, Wanted};
use crate::App;
use crate::clock::now_ms;
use crate::conversations::refuse_blank;
use crate::error::Report;

/// Longest summary; in a small context an eighth of that.
const MOST_TOKENS: u32 = 512;

impl App {
    /// The prompt of a run. What there is no room for is summarised first, if that is the policy. None if the run was
    /// stopped over it, or the app closes.
    pub(super) async fn prepare_run(
        &self,
        active: &ActiveRun,
        turn: &Turn,
        wanted: Wanted<'_>,
    ) -> Result<Option<Prepared>, ErrorReport> {
        let prepared = self.prepare(&turn.loaded, wanted).await?;
        let fits = prepared.left_out.is_none() && prepared.too_long.is_none();
        if prepared.overflow != ContextOverflow::Summarise || fits {
            return Ok(Some(prepared));
        }
        let written = tokio::select! {
            written = self.summarise(active, turn, wanted.values, &prepared) => written?,
            () = active.stop.cancelled() => return Ok(None),
            () = self.inner.closing.cancelled() => return Ok(None),
        };
        if !written {
            return Ok(Some(prepared));
        }
        self.prepare(&turn.loaded, wanted).await.map(Some)
    }

    /// Has a summary written and kept; false if there is nothing that it could stand for, or it says nothing.
    async fn summarise(
        &self,
        active: &ActiveRun,
        turn: &Turn,
        values: &LayerValues,
        prepared: &Prepared,
    ) -> Result<bool, ErrorReport> {
        let Some((until, message_count)) = end_of_summary(turn, prepared).await? else {
            return Ok(false);
        };
        active.publish_phase(RunUpdate::Summarising { message_count });
        let most_tokens = MOST_TOKENS.min(prepared.context_length / 8);
        let mut values = values.clone();
        values.parameters.max_tokens = Some(most_tokens);
        let wanted = Wanted {
            values: &values,
            leaf: Some(until),
            draft: Some(Draft {
                content: SUMMARY_REQUEST,
                attached: &[],
            }),
            continue_last: false,
        };
        let asking = self.prepare(&turn.loaded, wanted).await?;
        if asking.too_long.is_some() {
            return Ok(false);
        }
        let aside = ask_aside(turn, asking.prompt, most_tokens).await?;
        let text = aside.words.trim();
        if text.is_empty() {
            return Ok(false);
        }
        let (conversation_id, model_name) = {
            let live = active.live();
            (live.run.conversation_id, live.message.model_name.clone())
        };
        let summary = NewSummary {
            id: SummaryId::fresh(),
            until,
            text: text.to_owned(),
            message_count,
            model_name,
        };
        let store = &active.store;
        store.add_summary(&summary, now_ms()).await.report()?;
        self.messages_changed(&store.conversation(conversation_id).await.report()?);
        Ok(true)
    }

    /// Puts other words in the place of a summary.
    pub(crate) async fn edit_summary(
        &self,
        request: SummaryUpdate,
    ) -> Result<Message, ErrorReport> {
        refuse_blank(&request.text)?;
        let store = self.store_with_summary(request.id).await?;
        let at = store
            .edit_summary(request.id, &request.text)
            .await
            .report()?;
        self.summary_changed(&store, at).await
    }

    /// Has the messages themselves sent again, as far as there is room for them.
    pub(crate) async fn delete_summary(&self, id: SummaryId) -> Result<Message, ErrorReport> {
        let store = self.store_with_summary(id).await?;
        let at = store.delete_summary(id).await.report()?;
        self.summary_changed(&store, at).await
    }

    async fn summary_changed(&self, store: &Store, at: MessageId) -> Result<Message, ErrorReport> {
        let message = store.message(at).await.report()?;
        let conversation = store.conversation(message.conversation_id).await.report()?;
        self.messages_changed(&conversation);
        Ok(message)
    }
}

/// The last message that a summary is to stand for, and how many it stands for then.
async fn end_of_summary(
    turn: &Turn,
    prepared: &Prepared,
) -> Result<Option<(MessageId, u32)>, ErrorReport> {
    let mut turns = Vec::with_capacity(prepared.turns.len());
    for one in &prepared.turns {
        let tokens = if one.summarised || one.left_out {
            0
        } else {
            turn.loaded.worker.count_text(&one.content).await.report()?
        };
        turns.push((one.role, tokens));
    }
    let end = turns_to_summarise(&turns, prepared.room);
    let last = end.checked_sub(1).and_then(|last| prepared.turns.get(last));
    let Some(last) = last.filter(|last| !last.summarised) else {
        return Ok(None);
    };
    let count = u32::try_from(end).unwrap_or(u32::MAX);
    Ok(last.id.map(|id| (id, count)))
}
