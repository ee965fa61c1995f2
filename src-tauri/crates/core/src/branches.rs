//! What changes the tree of a conversation without an answer being written: messages put in or
//! left out, and conversations made of its branches.

use sirocco_chat::{automatic_title, marked_title};
use sirocco_protocol::commands::{MessageInsert, MessageLeaveOut, MessageMarkGood};
use sirocco_protocol::{
    Conversation, ConversationId, ErrorReport, Event, Message, MessageId, Role,
};
use sirocco_store::{ConversationCopy, NewMessage, Turn};

use crate::App;
use crate::clock::now_ms;
use crate::conversations::refuse_blank;
use crate::error::Report;

impl App {
    /// A message of either role, answered by nobody.
    pub(crate) async fn insert_message(
        &self,
        request: MessageInsert,
    ) -> Result<Message, ErrorReport> {
        refuse_blank(&request.content)?;
        let id = request.conversation_id;
        self.refuse_while_running(id).await?;
        let store = self.store_of(id).await;
        let conversation = store.conversation(id).await.report()?;
        let message = NewMessage {
            id: MessageId::fresh(),
            parent_id: request.after.or(conversation.head),
            role: request.role,
            content: request.content,
            reasoning: None,
            model_name: None,
            attachments: Vec::new(),
        };
        let inserted = message.id;
        if request.after.is_some() {
            store
                .insert_message(id, &message, now_ms())
                .await
                .report()?;
        } else {
            let gives_title = message.parent_id.is_none() && message.role == Role::User;
            let turn = Turn {
                conversation_id: id,
                automatic_title: gives_title.then(|| automatic_title(&message.content)),
                messages: vec![message],
                run: None,
                clear_draft: false,
            };
            store.add_turn(&turn, now_ms()).await.report()?;
        }
        self.messages_changed(&store.conversation(id).await.report()?);
        store.message(inserted).await.report()
    }

    pub(crate) async fn leave_out(&self, request: MessageLeaveOut) -> Result<Message, ErrorReport> {
        let store = self.store_with(request.id).await?;
        let message = store
            .leave_out(request.id, request.left_out)
            .await
            .report()?;
        let conversation = store.conversation(message.conversation_id).await.report()?;
        self.messages_changed(&conversation);
        Ok(message)
    }

    pub(crate) async fn mark_good(&self, request: MessageMarkGood) -> Result<Message, ErrorReport> {
        let store = self.store_with(request.id).await?;
        let message = store.mark_good(request.id, request.good).await.report()?;
        let conversation = store.conversation(message.conversation_id).await.report()?;
        self.messages_changed(&conversation);
        Ok(message)
    }

    /// A conversation that goes on from a message of another one.
    pub(crate) async fn branch_conversation(
        &self,
        until: MessageId,
    ) -> Result<Conversation, ErrorReport> {
        let store = self.store_with(until).await?;
        let message = store.message(until).await.report()?;
        self.copy(message.conversation_id, Some(until), "branch")
            .await
    }

    pub(crate) async fn duplicate_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ErrorReport> {
        self.copy(id, None, "copy").await
    }

    async fn copy(
        &self,
        from: ConversationId,
        until: Option<MessageId>,
        mark: &str,
    ) -> Result<Conversation, ErrorReport> {
        let store = self.store_of(from).await;
        let source = store.conversation(from).await.report()?;
        let copy = ConversationCopy {
            from,
            until,
            id: ConversationId::fresh(),
            title: marked_title(&source.summary.title, mark),
        };
        let conversation = store.copy_conversation(&copy, now_ms()).await.report()?;
        if source.summary.temporary {
            self.inner.temporary.add(conversation.summary.id).await;
        }
        self.emit(Event::ConversationChanged {
            conversation: conversation.summary.clone(),
        });
        Ok(conversation)
    }
}
