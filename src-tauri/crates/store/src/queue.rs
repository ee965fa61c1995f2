//! Messages that wait for the end of an answer, kept in their conversation in the order they will be sent.

use serde::{Deserialize, Serialize};
use sirocco_protocol::{AttachmentId, ConversationId, QueuedMessage, QueuedMessageId};
use sqlx::SqliteConnection;

use crate::error::Attempt;
use crate::value::{from_json, to_json};
use crate::{Store, StoreError, Turn, attachments, conversations, turns};

/// A message to queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewQueuedMessage {
    /// Its id.
    pub id: QueuedMessageId,
    /// Its words.
    pub content: String,
    /// Files that go with it, in their order.
    pub attachments: Vec<AttachmentId>,
}

impl Store {
    /// Puts a message into the queue, at a place counted from 0 or at the end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation or an attachment.
    pub async fn queue_message(
        &self,
        id: ConversationId,
        new: NewQueuedMessage,
        place: Option<u32>,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        let mut transaction = self.write().await?;
        let queue = insert(&mut transaction, id, new, place).await?;
        transaction.commit().await.attempt("queue a message")?;
        Ok(queue)
    }

    /// As [`Store::queue_message`], for what was the draft, which is empty then.
    ///
    /// # Errors
    /// Those of `queue_message`.
    pub async fn queue_draft(
        &self,
        id: ConversationId,
        draft: NewQueuedMessage,
        place: Option<u32>,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        let mut transaction = self.write().await?;
        let queue = insert(&mut transaction, id, draft, place).await?;
        sqlx::query("update conversations set draft = '' where id = ?1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .attempt("clear a draft")?;
        attachments::set_draft(&mut transaction, id, &[]).await?;
        transaction.commit().await.attempt("queue a draft")?;
        Ok(queue)
    }

    /// Moves a queued message to a place, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, or for a message that is not in its queue any more.
    pub async fn move_queued(
        &self,
        id: ConversationId,
        message: QueuedMessageId,
        place: u32,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        let mut transaction = self.write().await?;
        let mut queue = kept(&mut transaction, id).await?;
        let moved = take(&mut queue, message)?;
        queue.insert(queue.len().min(place as usize), moved);
        keep(&mut transaction, id, &queue).await?;
        let queue = told(&mut transaction, queue).await?;
        transaction
            .commit()
            .await
            .attempt("move a queued message")?;
        Ok(queue)
    }

    /// Takes a message out of the queue.
    ///
    /// # Errors
    /// As [`Store::move_queued`].
    pub async fn remove_queued(
        &self,
        id: ConversationId,
        message: QueuedMessageId,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        let mut transaction = self.write().await?;
        let mut queue = kept(&mut transaction, id).await?;
        take(&mut queue, message)?;
        keep(&mut transaction, id, &queue).await?;
        let queue = told(&mut transaction, queue).await?;
        transaction
            .commit()
            .await
            .attempt("remove a queued message")?;
        Ok(queue)
    }

    /// As [`Store::add_turn`], and the queued message that the turn begins with leaves the queue with it: it is sent
    /// once, whoever else sends it.
    ///
    /// # Errors
    /// Those of [`Store::add_turn`]; [`StoreError::NotFound`] if the message is not in the queue any more.
    pub async fn add_queued_turn(
        &self,
        turn: &Turn,
        message: QueuedMessageId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let id = turn.conversation_id;
        let mut transaction = self.write().await?;
        let conversation = conversations::fetch(&mut transaction, id).await?;
        if conversation.summary.running {
            return Err(StoreError::RunInProgress { conversation: id });
        }
        let mut queue = kept(&mut transaction, id).await?;
        take(&mut queue, message)?;
        keep(&mut transaction, id, &queue).await?;
        turns::add(&mut transaction, turn, now_ms).await?;
        transaction.commit().await.attempt("send a queued message")
    }
}

/// The queue with a message put into it.
async fn insert(
    connection: &mut SqliteConnection,
    id: ConversationId,
    new: NewQueuedMessage,
    place: Option<u32>,
) -> Result<Vec<QueuedMessage>, StoreError> {
    let known = attachments::by_id(connection, &new.attachments).await?;
    if let Some(missing) = new.attachments.iter().find(|id| !known.contains_key(*id)) {
        return Err(StoreError::not_found("attachment", *missing));
    }
    let mut queue = kept(connection, id).await?;
    let end = queue.len();
    let place = place.map_or(end, |place| end.min(place as usize));
    queue.insert(place, new);
    keep(connection, id, &queue).await?;
    told(connection, queue).await
}

fn take(
    queue: &mut Vec<NewQueuedMessage>,
    id: QueuedMessageId,
) -> Result<NewQueuedMessage, StoreError> {
    match queue.iter().position(|one| one.id == id) {
        Some(place) => Ok(queue.remove(place)),
        None => Err(StoreError::not_found("queued message", id)),
    }
}

async fn kept(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Vec<NewQueuedMessage>, StoreError> {
    let json: Option<String> = sqlx::query_scalar(
        "select queue from conversations where id = ?1 and deleted_at_ms is null",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a queue")?;
    let json = json.ok_or_else(|| StoreError::not_found("conversation", id))?;
    from_json("queue", &json)
}

async fn keep(
    connection: &mut SqliteConnection,
    id: ConversationId,
    queue: &[NewQueuedMessage],
) -> Result<(), StoreError> {
    sqlx::query("update conversations set queue = ?2 where id = ?1")
        .bind(id.to_string())
        .bind(to_json(&queue))
        .execute(connection)
        .await
        .attempt("keep a queue")?;
    Ok(())
}

/// A queue with what is shown of its files, from the column of its conversation.
pub(crate) async fn of_column(
    connection: &mut SqliteConnection,
    json: &str,
) -> Result<Vec<QueuedMessage>, StoreError> {
    told(connection, from_json("queue", json)?).await
}

/// What stands in the column for a queue.
pub(crate) fn column(queue: &[QueuedMessage]) -> String {
    let kept = queue.iter().map(|message| NewQueuedMessage {
        id: message.id,
        content: message.content.clone(),
        attachments: message.attachments.iter().map(|one| one.id).collect(),
    });
    to_json(&kept.collect::<Vec<_>>())
}

async fn told(
    connection: &mut SqliteConnection,
    queue: Vec<NewQueuedMessage>,
) -> Result<Vec<QueuedMessage>, StoreError> {
    let ids: Vec<_> = queue
        .iter()
        .flat_map(|message| message.attachments.iter().copied())
        .collect();
    let known = attachments::by_id(connection, &ids).await?;
    let told = queue.into_iter().map(|message| QueuedMessage {
        id: message.id,
        content: message.content,
        attachments: message
            .attachments
            .iter()
            .filter_map(|id| known.get(id).cloned())
            .collect(),
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, words};
    use crate::{NewAttachment, NewRun, RunEnd};
    use sirocco_protocol::commands::ConversationUpdate;
    use sirocco_protocol::{Attachment, AttachmentKind, Role, RunId, RunState};

    fn queued(content: &str) -> NewQueuedMessage {
        NewQueuedMessage {
            id: QueuedMessageId::fresh(),
            content: content.into(),
            attachments: Vec::new(),
        }
    }

    fn contents(queue: &[QueuedMessage]) -> Vec<&str> {
        queue.iter().map(|one| one.content.as_str()).collect()
    }

    async fn file(store: &Store) -> Attachment {
        let attachment = Attachment {
            id: AttachmentId::fresh(),
            name: "notes.txt".into(),
            kind: AttachmentKind::Text,
            size_bytes: 4,
            characters: 4,
            pixels: None,
        };
        let new = NewAttachment {
            attachment: attachment.clone(),
            sha256: "0".repeat(64),
            text: "text".into(),
            image: None,
        };
        store.keep_attachment(&new).await.unwrap();
        attachment
    }

    #[tokio::test]
    async fn messages_stand_in_the_order_they_are_put_in() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let (one, two, three) = (queued("one"), queued("two"), queued("three"));
        store.queue_message(id, one.clone(), None).await.unwrap();
        store.queue_message(id, two.clone(), None).await.unwrap();
        let queue = store.queue_message(id, three.clone(), Some(1)).await;
        assert_eq!(contents(&queue.unwrap()), ["one", "three", "two"]);
        let queue = store.move_queued(id, one.id, 2).await.unwrap();
        assert_eq!(contents(&queue), ["three", "two", "one"]);
        let queue = store.remove_queued(id, two.id).await.unwrap();
        assert_eq!(contents(&queue), ["three", "one"]);
        assert_eq!(store.conversation(id).await.unwrap().queue, queue);
        let again = store.remove_queued(id, two.id).await;
        assert!(matches!(again, Err(StoreError::NotFound { .. })));
    }

    #[tokio::test]
    async fn the_draft_goes_into_the_queue_with_its_files_and_they_stay_there() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let file = file(&store).await;
        let mut draft = ConversationUpdate::of(id);
        draft.draft = Some("look".into());
        draft.draft_attachments = Some(vec![file.id]);
        store.update_conversation(&draft).await.unwrap();
        let other = store.queue_message(id, queued("first"), None).await;
        assert_eq!(contents(&other.unwrap()), ["first"]);
        assert_eq!(store.conversation(id).await.unwrap().draft, "look");
        let mut new = queued("look");
        new.attachments = vec![file.id];
        store.queue_draft(id, new, Some(0)).await.unwrap();
        store.forget_unsent_attachments().await.unwrap();
        let after = store.conversation(id).await.unwrap();
        assert_eq!(
            (after.draft.as_str(), after.draft_attachments),
            ("", vec![])
        );
        assert_eq!(after.queue[0].attachments, std::slice::from_ref(&file));

        let last = after.queue[0].id;
        store.remove_queued(id, last).await.unwrap();
        store.forget_unsent_attachments().await.unwrap();
        let mut gone = queued("look");
        gone.attachments = vec![file.id];
        let refused = store.queue_message(id, gone, None).await;
        assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    }

    #[tokio::test]
    async fn a_queued_message_is_sent_once_and_never_beside_a_run() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        let next = queued("next");
        store.queue_message(id, next.clone(), None).await.unwrap();
        let question = message(Some(run.message_id), Role::User, "next");
        let answer = message(Some(question.id), Role::Assistant, "");
        let turn = Turn {
            conversation_id: id,
            run: Some(NewRun {
                id: RunId::fresh(),
                message_id: answer.id,
                model_id: None,
            }),
            messages: vec![question, answer],
            automatic_title: None,
            clear_draft: false,
        };
        let early = store.add_queued_turn(&turn, next.id, 20).await;
        assert!(matches!(early, Err(StoreError::RunInProgress { .. })));
        let end = RunEnd {
            run_id: run.id,
            state: RunState::Completed,
            statistics: None,
            error: None,
            content: "because".into(),
            reasoning: None,
            unread: false,
            structured_output: None,
        };
        store.finish_run(&end, 21).await.unwrap();
        store.add_queued_turn(&turn, next.id, 22).await.unwrap();
        assert_eq!(words(&store, id).await, ["why?", "because", "next", ""]);
        assert!(store.conversation(id).await.unwrap().queue.is_empty());
        let twice = store.add_queued_turn(&turn, next.id, 23).await;
        assert!(twice.is_err());
    }
}
