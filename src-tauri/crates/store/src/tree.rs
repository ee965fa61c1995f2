//! Which branch is shown: select, delete and restore messages of the tree.
//!
//! A message is visible if neither it nor any message above it is marked as deleted. The head is
//! always a visible message without visible answers, or none if nothing is visible.

use sirocco_protocol::{Conversation, ConversationId, MessageId};
use sqlx::SqliteConnection;

use crate::error::Attempt;
use crate::value::{parse, parse_option};
use crate::{Store, StoreError, conversations};

impl Store {
    /// Shows the branch through a message. If it is not on the shown branch already, the branch
    /// goes on with the latest version of each answer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a message that is not there or not visible.
    pub async fn select_message(&self, id: MessageId) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        let conversation_id = require_visible(&mut transaction, id).await?;
        if !is_shown(&mut transaction, conversation_id, id).await? {
            let leaf = latest_leaf(&mut transaction, conversation_id, id).await?;
            set_head(&mut transaction, conversation_id, Some(leaf)).await?;
        }
        let conversation = conversations::fetch(&mut transaction, conversation_id).await?;
        transaction.commit().await.attempt("select a message")?;
        Ok(conversation)
    }

    /// Hides a message and all under it. If it was shown, the version before it is shown instead,
    /// else the one after it, else the branch ends above it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a message that is not there or not visible.
    pub async fn delete_message(
        &self,
        id: MessageId,
        now_ms: i64,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        let conversation_id = require_visible(&mut transaction, id).await?;
        let was_shown = is_shown(&mut transaction, conversation_id, id).await?;
        sqlx::query(
            "update messages set deleted_at_ms = ?2,
                 deleted_head_id = case when ?3 then
                     (select head_id from conversations where id = messages.conversation_id) end
             where id = ?1",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .bind(was_shown)
        .execute(&mut *transaction)
        .await
        .attempt("delete a message")?;
        if was_shown {
            let head = match neighbour(&mut transaction, id).await? {
                Neighbour::Version(version) => {
                    Some(latest_leaf(&mut transaction, conversation_id, version).await?)
                }
                Neighbour::Parent(parent) => parent,
            };
            set_head(&mut transaction, conversation_id, head).await?;
        }
        let conversation = conversations::fetch(&mut transaction, conversation_id).await?;
        transaction.commit().await.attempt("delete a message")?;
        Ok(conversation)
    }

    /// Brings a hidden message back with what was hidden with it, and shows what was shown when it
    /// was deleted. Messages above it that were deleted later come back too, since it could not be
    /// seen without them. A message that is not hidden stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_message(&self, id: MessageId) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        let (conversation_id, shown): (String, Option<String>) =
            sqlx::query_as("select conversation_id, deleted_head_id from messages where id = ?1")
                .bind(id.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .attempt("read a message")?
                .ok_or_else(|| StoreError::not_found("message", id))?;
        let conversation_id = parse("conversation id", &conversation_id)?;
        let shown: Option<MessageId> = parse_option("message id", shown.as_deref())?;
        let restored = sqlx::query(
            "with recursive path (id, parent_id) as (
                 select id, parent_id from messages where id = ?1
                 union all
                 select m.id, m.parent_id from path p join messages m on m.id = p.parent_id
             )
             update messages set deleted_at_ms = null, deleted_head_id = null
             where id in (select id from path) and deleted_at_ms is not null",
        )
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await
        .attempt("restore a message")?;

        let before = conversations::fetch(&mut transaction, conversation_id).await?;
        if restored.rows_affected() > 0 {
            // The shown branch may end where the restored message goes on, so it is moved to a
            // leaf in every case.
            let below = match (shown, before.head) {
                (Some(shown), _) => shown,
                (None, Some(head)) => head,
                (None, None) => id,
            };
            let leaf = latest_leaf(&mut transaction, conversation_id, below).await?;
            set_head(&mut transaction, conversation_id, Some(leaf)).await?;
        }
        let conversation = conversations::fetch(&mut transaction, conversation_id).await?;
        transaction.commit().await.attempt("restore a message")?;
        Ok(conversation)
    }
}

/// The conversation of a message, if the message and the conversation are visible.
pub(crate) async fn visible_in(
    connection: &mut SqliteConnection,
    id: MessageId,
) -> Result<Option<ConversationId>, StoreError> {
    let conversation: Option<String> = sqlx::query_scalar(
        "with recursive path (id, parent_id, deleted_at_ms) as (
             select id, parent_id, deleted_at_ms from messages where id = ?1
             union all
             select m.id, m.parent_id, m.deleted_at_ms
             from path p join messages m on m.id = p.parent_id
         )
         select c.id from messages m join conversations c on c.id = m.conversation_id
         where m.id = ?1 and c.deleted_at_ms is null
           and not exists (select 1 from path where deleted_at_ms is not null)",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("look for a message")?;
    parse_option("conversation id", conversation.as_deref())
}

/// The conversation of a visible message.
pub(crate) async fn require_visible(
    connection: &mut SqliteConnection,
    id: MessageId,
) -> Result<ConversationId, StoreError> {
    visible_in(connection, id)
        .await?
        .ok_or_else(|| StoreError::not_found("message", id))
}

/// Whether the message is on the branch being shown.
async fn is_shown(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    id: MessageId,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(
        "with recursive path (id, parent_id) as (
             select m.id, m.parent_id from conversations c join messages m on m.id = c.head_id
             where c.id = ?1
             union all
             select m.id, m.parent_id from path p join messages m on m.id = p.parent_id
         )
         select exists (select 1 from path where id = ?2)",
    )
    .bind(conversation_id.to_string())
    .bind(id.to_string())
    .fetch_one(connection)
    .await
    .attempt("follow the shown branch")
}

/// Down from a message, always to the latest visible answer.
async fn latest_leaf(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    id: MessageId,
) -> Result<MessageId, StoreError> {
    let leaf: String = sqlx::query_scalar(
        "with recursive down (id, depth) as (
             select ?2, 0
             union all
             select (select max(m.id) from messages m
                     where m.conversation_id = ?1 and m.parent_id = d.id
                       and m.deleted_at_ms is null),
                    d.depth + 1
             from down d where d.id is not null
         )
         select id from down where id is not null order by depth desc limit 1",
    )
    .bind(conversation_id.to_string())
    .bind(id.to_string())
    .fetch_one(connection)
    .await
    .attempt("follow a branch to its end")?;
    parse("message id", &leaf)
}

enum Neighbour {
    /// Another version.
    Version(MessageId),
    /// There is none.
    Parent(Option<MessageId>),
}

/// What is shown in place of a deleted message.
async fn neighbour(
    connection: &mut SqliteConnection,
    id: MessageId,
) -> Result<Neighbour, StoreError> {
    let (before, after, parent): (Option<String>, Option<String>, Option<String>) = sqlx::query_as(
        "select (select max(s.id) from messages s
                     where s.conversation_id = m.conversation_id and s.parent_id is m.parent_id
                       and s.id < m.id and s.deleted_at_ms is null),
                    (select min(s.id) from messages s
                     where s.conversation_id = m.conversation_id and s.parent_id is m.parent_id
                       and s.id > m.id and s.deleted_at_ms is null),
                    m.parent_id
             from messages m where m.id = ?1",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await
    .attempt("look for other versions")?;
    Ok(match before.or(after) {
        Some(version) => Neighbour::Version(parse("message id", &version)?),
        None => Neighbour::Parent(parse_option("message id", parent.as_deref())?),
    })
}

async fn set_head(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    head: Option<MessageId>,
) -> Result<(), StoreError> {
    sqlx::query("update conversations set head_id = ?2 where id = ?1")
        .bind(conversation_id.to_string())
        .bind(head.map(|id| id.to_string()))
        .execute(connection)
        .await
        .attempt("move the head of a conversation")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewMessage;
    use crate::fixture::{conversation, message, say, words};
    use sirocco_protocol::Role;

    struct Family {
        store: Store,
        id: ConversationId,
        question: NewMessage,
        answers: [NewMessage; 3],
        follow_up: NewMessage,
    }

    /// One question, three answers, and a follow-up under the second; the third is shown.
    async fn family() -> Family {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        let answers =
            ["a1", "a2", "a3"].map(|words| message(Some(question.id), Role::Assistant, words));
        let follow_up = message(Some(answers[1].id), Role::User, "f");
        say(&store, id, std::slice::from_ref(&question)).await;
        for added in [&answers[0], &answers[1], &follow_up, &answers[2]] {
            say(&store, id, std::slice::from_ref(added)).await;
        }
        Family {
            store,
            id,
            question,
            answers,
            follow_up,
        }
    }

    #[tokio::test]
    async fn selecting_a_version_shows_it_down_to_its_latest_leaf() {
        let f = family().await;
        assert_eq!(words(&f.store, f.id).await, ["q", "a3"]);
        let after = f.store.select_message(f.answers[1].id).await.unwrap();
        assert_eq!(after.head, Some(f.follow_up.id));
        assert_eq!(words(&f.store, f.id).await, ["q", "a2", "f"]);
    }

    #[tokio::test]
    async fn selecting_what_is_shown_changes_nothing() {
        let f = family().await;
        f.store.select_message(f.answers[0].id).await.unwrap();
        f.store.select_message(f.question.id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a1"]);
    }

    #[tokio::test]
    async fn a_deleted_message_gives_way_to_the_version_before_it_then_after_it_then_its_parent() {
        let f = family().await;
        f.store.delete_message(f.answers[2].id, 20).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a2", "f"]);
        f.store.select_message(f.answers[0].id).await.unwrap();
        f.store.delete_message(f.answers[0].id, 21).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a2", "f"]);
        f.store.delete_message(f.answers[1].id, 22).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q"]);
        let after = f.store.delete_message(f.question.id, 23).await.unwrap();
        assert_eq!(after.head, None);
    }

    #[tokio::test]
    async fn deleting_what_is_not_shown_leaves_the_shown_branch() {
        let f = family().await;
        f.store.delete_message(f.answers[1].id, 20).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a3"]);
        f.store.restore_message(f.answers[1].id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a3"]);
    }

    #[tokio::test]
    async fn restoring_shows_what_was_shown_before() {
        let f = family().await;
        f.store.select_message(f.answers[0].id).await.unwrap();
        f.store.delete_message(f.question.id, 20).await.unwrap();
        assert!(words(&f.store, f.id).await.is_empty());
        f.store.restore_message(f.question.id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a1"]);
        f.store.restore_message(f.question.id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a1"]);
    }

    #[tokio::test]
    async fn what_was_deleted_before_stays_deleted_when_its_parent_comes_back() {
        let f = family().await;
        f.store.delete_message(f.answers[2].id, 20).await.unwrap();
        f.store.delete_message(f.question.id, 21).await.unwrap();
        f.store.restore_message(f.question.id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a2", "f"]);
    }

    #[tokio::test]
    async fn restoring_an_answer_brings_the_question_back() {
        let f = family().await;
        f.store.delete_message(f.answers[2].id, 20).await.unwrap();
        f.store.delete_message(f.question.id, 21).await.unwrap();
        f.store.restore_message(f.answers[2].id).await.unwrap();
        assert_eq!(words(&f.store, f.id).await, ["q", "a3"]);
    }

    #[tokio::test]
    async fn hidden_messages_can_neither_be_selected_nor_deleted() {
        let f = family().await;
        f.store.delete_message(f.answers[1].id, 20).await.unwrap();
        for hidden in [f.answers[1].id, f.follow_up.id] {
            let missing = |error| matches!(error, StoreError::NotFound { .. });
            assert!(missing(f.store.select_message(hidden).await.unwrap_err()));
            assert!(missing(
                f.store.delete_message(hidden, 21).await.unwrap_err()
            ));
        }
        f.store.delete_conversation(f.id, 22).await.unwrap();
        assert!(f.store.select_message(f.answers[0].id).await.is_err());
        assert!(f.store.restore_message(f.answers[1].id).await.is_err());
        f.store.restore_conversation(f.id).await.unwrap();
        assert!(
            f.store.select_message(f.answers[1].id).await.is_err(),
            "a refused restore changes nothing"
        );
    }
}
