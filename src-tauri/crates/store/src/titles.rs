//! Titles as a model writes them. One that a person gave is never replaced.

use sirocco_protocol::{ConversationId, ConversationSummary};

use crate::error::Attempt;
use crate::{Store, StoreError, conversations};

/// Questions a conversation has at most when its title is written for the first time. More than one: somebody may go
/// on before the title of the first answer is there.
const FEW_QUESTIONS: i64 = 3;

impl Store {
    /// Whether a model may write the title: no person did, and no model in a conversation that has just begun, or a
    /// model did and may do so again.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn wants_title(&self, id: ConversationId, again: bool) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "select exists (
                 select 1 from conversations
                 where id = ?1 and deleted_at_ms is null and title_is_automatic
                   and (?2 or (not title_by_model and (
                       select count(*) from messages where conversation_id = ?1 and role = 'user'
                   ) <= ?3))
             )",
        )
        .bind(id.to_string())
        .bind(again)
        .bind(FEW_QUESTIONS)
        .fetch_one(&self.reader)
        .await
        .attempt("look whether a title is wanted")
    }

    /// Sets the title a model wrote. None, and nothing is changed, if a person gave one meanwhile or the conversation
    /// is gone.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn write_title(
        &self,
        id: ConversationId,
        title: &str,
    ) -> Result<Option<ConversationSummary>, StoreError> {
        let mut transaction = self.write().await?;
        let written = sqlx::query(
            "update conversations set title = ?2, title_folded = ?3, title_by_model = 1
             where id = ?1 and deleted_at_ms is null and title_is_automatic",
        )
        .bind(id.to_string())
        .bind(title)
        .bind(title.to_lowercase())
        .execute(&mut *transaction)
        .await
        .attempt("write a title")?;
        if written.rows_affected() == 0 {
            return Ok(None);
        }
        let conversation = conversations::fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("write a title")?;
        Ok(Some(conversation.summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Turn;
    use crate::fixture::{conversation, message, say};
    use sirocco_protocol::Role;
    use sirocco_protocol::commands::ConversationUpdate;

    #[tokio::test]
    async fn a_title_is_written_once_or_again_and_never_over_a_persons() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "why", 1).await.summary.id;
        assert!(store.wants_title(id, false).await.unwrap());
        let written = store.write_title(id, "Rain").await.unwrap().unwrap();
        assert_eq!(written.title, "Rain");
        assert!(!store.wants_title(id, false).await.unwrap());
        assert!(store.wants_title(id, true).await.unwrap());

        // Other words at the beginning make another title.
        let turn = Turn {
            conversation_id: id,
            messages: vec![message(None, Role::User, "And snow?")],
            run: None,
            automatic_title: Some("And snow?".into()),
            clear_draft: false,
        };
        store.add_turn(&turn, 2).await.unwrap();
        assert!(store.wants_title(id, false).await.unwrap());

        let rename = ConversationUpdate {
            title: Some("Mine".into()),
            ..ConversationUpdate::of(id)
        };
        store.update_conversation(&rename).await.unwrap();
        assert!(!store.wants_title(id, true).await.unwrap());
        assert_eq!(store.write_title(id, "Snow").await.unwrap(), None);
        let kept = store.conversation(id).await.unwrap();
        assert_eq!(kept.summary.title, "Mine");
    }

    #[tokio::test]
    async fn a_long_conversation_keeps_the_title_it_has_unless_titles_always_change() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "why", 1).await.summary.id;
        for at in 0..=FEW_QUESTIONS {
            let expected = at <= FEW_QUESTIONS;
            assert_eq!(store.wants_title(id, false).await.unwrap(), expected);
            say(&store, id, &[message(None, Role::User, "more")]).await;
        }
        assert!(!store.wants_title(id, false).await.unwrap());
        assert!(store.wants_title(id, true).await.unwrap());
    }

    #[tokio::test]
    async fn a_conversation_that_is_gone_gets_none() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "why", 1).await.summary.id;
        store.delete_conversation(id, 2).await.unwrap();
        assert!(!store.wants_title(id, true).await.unwrap());
        assert_eq!(store.write_title(id, "Rain").await.unwrap(), None);
    }
}
