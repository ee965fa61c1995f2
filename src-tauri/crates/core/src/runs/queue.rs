//! The queue of a conversation: messages written while an answer was, sent one after the other.
//!
//! Only an answer that ended by itself is followed by the next message. After one that was stopped, failed or was
//! interrupted, and after a start of the app, the queue waits for a person to send it on.

use sirocco_protocol::commands::{QueueAdd, QueueMove, QueueRemove};
use sirocco_protocol::{
    Conversation, ConversationId, ErrorCode, ErrorReport, Event, MessageId, QueuedMessage,
    QueuedMessageId, Role, RunState, Started,
};
use sirocco_store::{NewMessage, NewQueuedMessage};

use super::start::Written;
use crate::App;
use crate::attachments::refuse_too_many;
use crate::conversations::refuse_blank;
use crate::error::{Report, refuse};

impl App {
    pub(crate) async fn queue_message(
        &self,
        request: QueueAdd,
    ) -> Result<Vec<QueuedMessage>, ErrorReport> {
        refuse_too_many(&request.attachments)?;
        if request.attachments.is_empty() {
            refuse_blank(&request.content)?;
        }
        let id = request.conversation_id;
        let store = self.store_of(id).await;
        let new = NewQueuedMessage {
            id: QueuedMessageId::fresh(),
            content: request.content,
            attachments: request.attachments,
        };
        let queued = if request.is_draft {
            store.queue_draft(id, new, request.place).await
        } else {
            store.queue_message(id, new, request.place).await
        };
        let queue = queued.report()?;
        self.queue_changed(id, queue);
        // The answer that it was to wait for may have ended on the way here.
        let conversation = store.conversation(id).await.report()?;
        if self.is_answered(&conversation).await? {
            self.go_on_with_queue(id).await;
        }
        Ok(store.conversation(id).await.report()?.queue)
    }

    pub(crate) async fn move_queued(
        &self,
        request: QueueMove,
    ) -> Result<Vec<QueuedMessage>, ErrorReport> {
        let id = request.conversation_id;
        let store = self.store_of(id).await;
        let moved = store.move_queued(id, request.id, request.place).await;
        let queue = moved.report()?;
        self.queue_changed(id, queue.clone());
        Ok(queue)
    }

    pub(crate) async fn remove_queued(
        &self,
        request: QueueRemove,
    ) -> Result<Vec<QueuedMessage>, ErrorReport> {
        let id = request.conversation_id;
        let store = self.store_of(id).await;
        let queue = store.remove_queued(id, request.id).await.report()?;
        self.queue_changed(id, queue.clone());
        Ok(queue)
    }

    /// Sends the first message of the queue.
    pub(crate) async fn send_queued(&self, id: ConversationId) -> Result<Started, ErrorReport> {
        let conversation = self.store_of(id).await.conversation(id).await.report()?;
        let Some(next) = conversation.queue.into_iter().next() else {
            return Err(refuse(ErrorCode::NotFound, "no message waits here"));
        };
        let question = NewMessage {
            id: MessageId::fresh(),
            parent_id: conversation.head,
            role: Role::User,
            content: next.content,
            reasoning: None,
            model_name: None,
            attachments: next.attachments.iter().map(|one| one.id).collect(),
        };
        self.ask(id, Some(question), Written::InQueue(next.id))
            .await
    }

    /// Sends the next message, if one waits; whether it did. What cannot be sent goes on waiting, and is shown so.
    pub(super) async fn go_on_with_queue(&self, id: ConversationId) -> bool {
        if self.inner.closing.is_cancelled() {
            return false;
        }
        let waits = match self.store_of(id).await.conversation(id).await {
            Ok(conversation) => !conversation.queue.is_empty(),
            // It was deleted meanwhile.
            Err(_) => false,
        };
        if !waits {
            return false;
        }
        match self.send_queued(id).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(conversation = %id, code = ?error.code, "a queued message goes on waiting");
                false
            }
        }
    }

    /// No answer is being written, and the last one ended by itself.
    async fn is_answered(&self, conversation: &Conversation) -> Result<bool, ErrorReport> {
        let Some(head) = conversation.head else {
            return Ok(false);
        };
        if conversation.summary.running {
            return Ok(false);
        }
        let last = self.store_with(head).await?.message(head).await.report()?;
        Ok(last.run.is_some_and(|run| run.state == RunState::Completed))
    }

    pub(super) fn queue_changed(&self, conversation_id: ConversationId, queue: Vec<QueuedMessage>) {
        self.emit(Event::QueueChanged {
            conversation_id,
            queue,
        });
    }
}
