//! Deleted conversations: they wait for so many days, then they are removed for good.

use sirocco_protocol::{ConversationId, ErrorReport, Event, TrashedConversation};

use crate::App;
use crate::clock::now_ms;
use crate::error::Report;
use crate::keeping::{days_ms, removed_at_ms};
use crate::organise::check_count;

/// Conversations that are removed in one transaction: a long one would make an answer wait to be
/// saved.
const BATCH: usize = 50;

impl App {
    pub(crate) async fn trashed_conversations(
        &self,
    ) -> Result<Vec<TrashedConversation>, ErrorReport> {
        let store = &self.inner.store;
        let days = store.settings().await.report()?.conversation_trash_days;
        let begin_ms = store.trash_begin_ms().await.report()?;
        let trashed = store.trashed_conversations().await.report()?;
        let wire = trashed
            .into_iter()
            .map(|(conversation, deleted_at_ms)| TrashedConversation {
                conversation,
                deleted_at_ms,
                // Nobody could take it out before.
                removed_at_ms: removed_at_ms(deleted_at_ms.max(begin_ms), days),
            });
        Ok(wire.collect())
    }

    /// Removes those that are in the trash, once nothing is written into them any more.
    pub(crate) async fn remove_conversations(
        &self,
        ids: &[ConversationId],
    ) -> Result<(), ErrorReport> {
        check_count(ids)?;
        self.remove_deleted(ids).await
    }

    pub(crate) async fn empty_conversation_trash(&self) -> Result<(), ErrorReport> {
        let all = self.inner.store.deleted_until(i64::MAX).await.report()?;
        self.remove_deleted(&all).await
    }

    /// Removes those whose days are over.
    pub(crate) async fn sweep_conversations(&self) -> Result<(), ErrorReport> {
        let store = &self.inner.store;
        let days = store.settings().await.report()?.conversation_trash_days;
        let until_ms = now_ms().saturating_sub(days_ms(days));
        // As long as the trash itself is younger than that, nothing in it was seen for so many days.
        if store.trash_begin_ms().await.report()? > until_ms {
            return Ok(());
        }
        let over = store.deleted_until(until_ms).await.report()?;
        if !over.is_empty() {
            tracing::info!(
                count = over.len(),
                "removing deleted conversations for good"
            );
        }
        self.remove_deleted(&over).await
    }

    async fn remove_deleted(&self, ids: &[ConversationId]) -> Result<(), ErrorReport> {
        let store = &self.inner.store;
        // A deletion asks the run to end; its last words come a moment later.
        for (row, _) in store.trashed_conversations().await.report()? {
            if !row.running || !ids.contains(&row.id) {
                continue;
            }
            for run in store.unfinished_runs(row.id).await.report()? {
                self.inner.runs.stop_and_wait(run.id).await;
            }
        }
        for batch in ids.chunks(BATCH) {
            let removed = store.remove_conversations(batch).await.report()?;
            self.emit(Event::ConversationsRemoved {
                conversation_ids: removed,
            });
        }
        Ok(())
    }
}
