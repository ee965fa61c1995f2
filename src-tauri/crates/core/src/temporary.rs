//! Temporary conversations: they live in a database in memory beside the one on the disk.
//!
//! All else is the same for them: whoever works with a conversation or a message asks here for the store that
//! holds it. One that is in neither is not found on the disk. With the last of them the database goes too.

use std::collections::HashSet;

use sirocco_chat::NEW_CONVERSATION;
use sirocco_protocol::{
    AttachmentId, Conversation, ConversationId, ConversationSettings, ErrorReport, Event,
    LayerValues, MessageId, ModelId, PresetId, RunId, SummaryId,
};
use sirocco_store::{AttachedText, NewConversation, Store, StoreError};
use tokio::sync::RwLock;

use crate::App;
use crate::clock::now_ms;
use crate::error::Report;

/// The temporary conversations, if there are any.
#[derive(Default)]
pub(crate) struct Temporary(RwLock<Option<Held>>);

struct Held {
    store: Store,
    ids: HashSet<ConversationId>,
}

impl Temporary {
    async fn store(&self) -> Option<Store> {
        let held = self.0.read().await;
        held.as_ref().map(|held| held.store.clone())
    }

    /// The store of a temporary conversation.
    pub async fn store_of(&self, id: ConversationId) -> Option<Store> {
        let held = self.0.read().await;
        let held = held.as_ref().filter(|held| held.ids.contains(&id))?;
        Some(held.store.clone())
    }

    /// Ends all of them.
    pub async fn close(&self) {
        if let Some(held) = self.0.write().await.take() {
            held.store.close().await;
        }
    }

    /// A copy of a temporary conversation is one too.
    pub async fn add(&self, id: ConversationId) {
        if let Some(held) = &mut *self.0.write().await {
            held.ids.insert(id);
        }
    }
}

impl App {
    pub(crate) async fn create_temporary(
        &self,
        model_id: Option<ModelId>,
    ) -> Result<Conversation, ErrorReport> {
        if let Some(id) = model_id {
            self.named_model(id).await?;
        }
        let preset_id = self.standard_preset(model_id).await?;
        let new = NewConversation {
            id: ConversationId::fresh(),
            title: NEW_CONVERSATION.to_owned(),
            model_id,
            settings: ConversationSettings {
                preset_id,
                values: LayerValues::default(),
            },
        };
        let mut held = self.inner.temporary.0.write().await;
        let held = match &mut *held {
            Some(held) => held,
            empty => empty.insert(Held {
                store: Store::open_temporary().await.report()?,
                ids: HashSet::new(),
            }),
        };
        held.store.stand_in(model_id, preset_id).await.report()?;
        let id = new.id;
        held.store
            .create_conversation(new, now_ms())
            .await
            .report()?;
        held.ids.insert(id);
        // As it is read, with its mark.
        held.store.conversation(id).await.report()
    }

    /// Moves a temporary conversation to the disk; one that is there already stays as it is.
    pub(crate) async fn keep_temporary(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ErrorReport> {
        let Some(store) = self.inner.temporary.store_of(id).await else {
            return self.inner.store.conversation(id).await.report();
        };
        self.refuse_while_running(id).await?;
        let kept = self.inner.store.take_over(&store, id).await.report()?;
        self.forget_temporary(id, &store).await;
        self.emit(Event::ConversationChanged {
            conversation: kept.summary.clone(),
        });
        Ok(kept)
    }

    /// Removes a temporary conversation for good.
    pub(crate) async fn discard_temporary(
        &self,
        id: ConversationId,
        store: &Store,
    ) -> Result<(), ErrorReport> {
        for run in store.unfinished_runs(id).await.report()? {
            self.inner.runs.stop_and_wait(run.id).await;
        }
        self.forget_temporary(id, store).await;
        self.emit(Event::ConversationDeleted {
            conversation_id: id,
        });
        Ok(())
    }

    async fn forget_temporary(&self, id: ConversationId, store: &Store) {
        let mut temporary = self.inner.temporary.0.write().await;
        let Some(held) = &mut *temporary else { return };
        held.ids.remove(&id);
        self.inner.runs.forget_sent(id);
        if held.ids.is_empty() {
            *temporary = None;
            return store.close().await;
        }
        let removed = async {
            store.delete_conversation(id, now_ms()).await?;
            store.remove_conversations(&[id]).await
        };
        if let Err(error) = removed.await {
            tracing::warn!(%error, "a temporary conversation stays in memory until the last one goes");
        }
    }

    /// The store that holds a conversation.
    pub(crate) async fn store_of(&self, id: ConversationId) -> Store {
        let temporary = self.inner.temporary.store_of(id).await;
        temporary.unwrap_or_else(|| self.inner.store.clone())
    }

    /// The store that holds a message.
    pub(crate) async fn store_with(&self, id: MessageId) -> Result<Store, ErrorReport> {
        if let Some(temporary) = self.inner.temporary.store().await
            && temporary.has_message(id).await.report()?
        {
            return Ok(temporary);
        }
        Ok(self.inner.store.clone())
    }

    /// The store that holds a summary.
    pub(crate) async fn store_with_summary(&self, id: SummaryId) -> Result<Store, ErrorReport> {
        if let Some(temporary) = self.inner.temporary.store().await
            && temporary.has_summary(id).await.report()?
        {
            return Ok(temporary);
        }
        Ok(self.inner.store.clone())
    }

    /// The store that holds a run.
    pub(crate) async fn store_with_run(&self, id: RunId) -> Store {
        match self.inner.temporary.store().await {
            Some(temporary) if temporary.run(id).await.is_ok() => temporary,
            _ => self.inner.store.clone(),
        }
    }

    /// An attached file, of whatever conversation.
    pub(crate) async fn attached_file(
        &self,
        id: AttachmentId,
    ) -> Result<AttachedText, ErrorReport> {
        if let Some(temporary) = self.inner.temporary.store().await {
            match temporary.attached_text(id).await {
                Err(StoreError::NotFound { .. }) => {}
                found => return found.report(),
            }
        }
        self.inner.store.attached_text(id).await.report()
    }

    /// Lets a temporary conversation refer to a model and a preset, which are on the disk.
    pub(crate) async fn stand_in(
        &self,
        id: ConversationId,
        model: Option<ModelId>,
        preset: Option<PresetId>,
    ) -> Result<(), ErrorReport> {
        let Some(temporary) = self.inner.temporary.store_of(id).await else {
            return Ok(());
        };
        if let Some(id) = model {
            self.inner.store.model(id).await.report()?;
        }
        if let Some(id) = preset {
            self.inner.store.preset(id).await.report()?;
        }
        temporary.stand_in(model, preset).await.report()
    }
}
