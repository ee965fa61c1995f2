//! Conversations: what changes them besides runs.

use sirocco_chat::NEW_CONVERSATION;
use sirocco_protocol::commands::{ConversationUpdate, MessageEdit};
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ErrorCode, ErrorReport, Event, LayerValues,
    MessageId, ModelId, Role, Started,
};
use sirocco_store::{NewConversation, NewMessage, Turn};

use crate::App;
use crate::attachments::refuse_too_many;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::keeping::check_notes;
use crate::runs::Written;

impl App {
    pub(crate) async fn create_conversation(
        &self,
        model_id: Option<ModelId>,
    ) -> Result<Conversation, ErrorReport> {
        let new = NewConversation {
            id: ConversationId::fresh(),
            title: NEW_CONVERSATION.to_owned(),
            model_id,
            settings: ConversationSettings {
                preset_id: self.standard_preset(model_id).await?,
                values: LayerValues::default(),
            },
        };
        let conversation = self
            .inner
            .store
            .create_conversation(new, now_ms())
            .await
            .report()?;
        self.emit(Event::ConversationChanged {
            conversation: conversation.summary.clone(),
        });
        Ok(conversation)
    }

    pub(crate) async fn update_conversation(
        &self,
        changes: ConversationUpdate,
    ) -> Result<Conversation, ErrorReport> {
        if changes
            .title
            .as_ref()
            .is_some_and(|title| title.trim().is_empty())
        {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "a title must not be empty",
            ));
        }
        check_notes(changes.notes.as_deref())?;
        refuse_too_many(changes.draft_attachments.as_deref().unwrap_or_default())?;
        if let Some(settings) = &changes.settings {
            let parameters = &settings.values.parameters;
            parameters
                .validate()
                .map_err(|message| refuse(ErrorCode::InvalidRequest, message))?;
        }
        let preset_id = changes.settings.as_ref().and_then(|one| one.preset_id);
        self.stand_in(changes.id, changes.model_id, preset_id)
            .await?;
        let store = self.store_of(changes.id).await;
        let conversation = store.update_conversation(&changes).await.report()?;
        // Draft and notes are written with every pause of the fingers and change nothing in the list.
        let only_written = ConversationUpdate {
            draft: None,
            draft_attachments: None,
            notes: None,
            ..changes.clone()
        } == ConversationUpdate::of(changes.id);
        if !only_written {
            self.emit(Event::ConversationChanged {
                conversation: conversation.summary.clone(),
            });
        }
        Ok(conversation)
    }

    pub(crate) async fn delete_conversation(&self, id: ConversationId) -> Result<(), ErrorReport> {
        if let Some(store) = self.inner.temporary.store_of(id).await {
            return self.discard_temporary(id, &store).await;
        }
        for run in self.inner.store.unfinished_runs(id).await.report()? {
            self.inner.runs.stop(run.id);
        }
        self.inner
            .store
            .delete_conversation(id, now_ms())
            .await
            .report()?;
        self.emit(Event::ConversationDeleted {
            conversation_id: id,
        });
        Ok(())
    }

    pub(crate) async fn restore_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ErrorReport> {
        let conversation = self.inner.store.restore_conversation(id).await.report()?;
        self.emit(Event::ConversationChanged {
            conversation: conversation.summary.clone(),
        });
        Ok(conversation)
    }

    /// Another version of a message with other words.
    pub(crate) async fn edit_message(&self, edit: MessageEdit) -> Result<Started, ErrorReport> {
        let store = self.store_with(edit.id).await?;
        let old = store.message(edit.id).await.report()?;
        if old.attachments.is_empty() {
            refuse_blank(&edit.content)?;
        }
        self.refuse_while_running(old.conversation_id).await?;
        let new = NewMessage {
            id: MessageId::fresh(),
            parent_id: old.parent_id,
            role: old.role,
            content: edit.content,
            // Other words, after the same thoughts.
            reasoning: old.reasoning,
            model_name: old.model_name,
            attachments: old.attachments.iter().map(|attached| attached.id).collect(),
        };
        if edit.generate && old.role == Role::User {
            return self
                .ask(old.conversation_id, Some(new), Written::Before)
                .await;
        }
        let id = new.id;
        let turn = Turn {
            conversation_id: old.conversation_id,
            messages: vec![new],
            run: None,
            automatic_title: None,
            clear_draft: false,
        };
        store.add_turn(&turn, now_ms()).await.report()?;
        let conversation = store.conversation(old.conversation_id).await.report()?;
        self.messages_changed(&conversation);
        let message = store.message(id).await.report()?;
        Ok(Started {
            user_message: None,
            assistant_message: message,
        })
    }

    pub(crate) async fn select_message(&self, id: MessageId) -> Result<Conversation, ErrorReport> {
        let store = self.store_with(id).await?;
        let message = store.message(id).await.report()?;
        self.refuse_while_running(message.conversation_id).await?;
        let conversation = store.select_message(id).await.report()?;
        self.messages_changed(&conversation);
        Ok(conversation)
    }

    pub(crate) async fn delete_message(&self, id: MessageId) -> Result<Conversation, ErrorReport> {
        let store = self.store_with(id).await?;
        let message = store.message(id).await.report()?;
        let running = store.unfinished_runs(message.conversation_id);
        for run in running.await.report()? {
            self.inner.runs.stop_and_wait(run.id).await;
        }
        let conversation = store.delete_message(id, now_ms()).await.report()?;
        self.messages_changed(&conversation);
        Ok(conversation)
    }

    pub(crate) async fn restore_message(&self, id: MessageId) -> Result<Conversation, ErrorReport> {
        let store = self.store_with(id).await?;
        let conversation = store.restore_message(id).await.report()?;
        self.messages_changed(&conversation);
        Ok(conversation)
    }

    /// The branch being written must stay the branch being shown.
    pub(crate) async fn refuse_while_running(&self, id: ConversationId) -> Result<(), ErrorReport> {
        let store = self.store_of(id).await;
        let running = store.unfinished_runs(id).await.report()?;
        if running.is_empty() {
            return Ok(());
        }
        let message = "an answer is being written in this conversation";
        Err(refuse(ErrorCode::Conflict, message).with_hint("wait for it or stop it"))
    }

    pub(crate) fn messages_changed(&self, conversation: &Conversation) {
        self.emit(Event::MessagesChanged {
            conversation_id: conversation.summary.id,
            head: conversation.head,
        });
        self.emit(Event::ConversationChanged {
            conversation: conversation.summary.clone(),
        });
    }
}

pub(crate) fn refuse_blank(content: &str) -> Result<(), ErrorReport> {
    if content.trim().is_empty() {
        return Err(refuse(
            ErrorCode::InvalidRequest,
            "a message must not be empty",
        ));
    }
    Ok(())
}
