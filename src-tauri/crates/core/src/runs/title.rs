//! Titles that models write, behind an answer and only while nobody else wants the model.

use std::sync::{Mutex, PoisonError};

use sirocco_chat::{TITLE_REQUEST, written_title};
use sirocco_protocol::{
    Conversation, ConversationId, ErrorReport, Event, LoadState, ModelId, TitleChoice,
};
use sirocco_store::Store;
use tokio_util::sync::CancellationToken;

use super::aside::ask_aside;
use super::prompt::{Draft, Wanted};
use crate::App;
use crate::error::Report;

/// Longest title. What is cut off by it loses its last word.
const MOST_TOKENS: u32 = 12;

/// The titles that are being written.
#[derive(Default)]
pub(crate) struct Titles(Mutex<CancellationToken>);

impl Titles {
    /// Ends them at once: somebody wants the model.
    pub fn cancel(&self) {
        let mut token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    fn token(&self) -> CancellationToken {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }
}

impl App {
    /// Has the model that has just answered write the title, if that is wished.
    pub(super) fn begin_title(&self, id: ConversationId, model_id: ModelId, store: Store) {
        let cancelled = self.inner.titles.token();
        let app = self.clone();
        self.spawn(async move {
            tokio::select! {
                written = app.write_title(id, model_id, &store) => {
                    if let Err(error) = written {
                        tracing::debug!(message = %error.message, "no title was written");
                    }
                }
                () = cancelled.cancelled() => {}
            }
        });
    }

    async fn write_title(
        &self,
        id: ConversationId,
        model_id: ModelId,
        store: &Store,
    ) -> Result<(), ErrorReport> {
        let again = match self.inner.store.settings().await.report()?.titles {
            TitleChoice::Off => return Ok(()),
            TitleChoice::Once => false,
            TitleChoice::Always => true,
        };
        if !self.is_idle(model_id) || !store.wants_title(id, again).await.report()? {
            return Ok(());
        }
        let conversation = store.conversation(id).await.report()?;
        let Some(title) = self.ask_for_title(&conversation, model_id).await? else {
            return Ok(());
        };
        if let Some(conversation) = store.write_title(id, &title).await.report()? {
            self.emit(Event::ConversationChanged { conversation });
        }
        Ok(())
    }

    /// Nobody has the model or waits for it.
    fn is_idle(&self, model_id: ModelId) -> bool {
        let loaded = self.inner.residency.list().into_iter();
        loaded
            .filter(|one| one.model_id == model_id)
            .any(|one| one.state == LoadState::Ready && one.queue_length == 0)
    }

    async fn ask_for_title(
        &self,
        conversation: &Conversation,
        model_id: ModelId,
    ) -> Result<Option<String>, ErrorReport> {
        let turn = self.inner.residency.turn(model_id, |_, _| {});
        let turn = turn.await.report()?;
        let wanted = Wanted {
            values: &self.effective(conversation, Some(model_id)).await?,
            leaf: conversation.head,
            draft: Some(Draft {
                content: TITLE_REQUEST,
                attached: &[],
            }),
            continue_last: false,
        };
        let prepared = self.prepare(&turn.loaded, wanted).await?;
        if prepared.too_long.is_some() {
            return Ok(None);
        }
        let aside = ask_aside(&turn, prepared.prompt, MOST_TOKENS).await?;
        Ok(written_title(&aside.words, aside.is_cut))
    }
}
