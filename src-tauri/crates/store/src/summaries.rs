//! Summaries: what models are sent in the place of a branch up to one of its messages.

use std::collections::HashMap;

use sirocco_protocol::{MessageId, Summary, SummaryId};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{parse, unsigned};
use crate::{Store, StoreError, tree};

/// A summary to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSummary {
    /// Its id.
    pub id: SummaryId,
    /// The last message it stands for; it takes the place of one that stands there already.
    pub until: MessageId,
    /// Its words.
    pub text: String,
    /// Messages it stands for.
    pub message_count: u32,
    /// Who wrote it.
    pub model_name: Option<String>,
}

const OF_MESSAGES: &str = "
    select s.message_id, s.id, s.text, s.message_count, s.created_at_ms, s.model_name, s.is_edited
    from json_each(?1) wanted cross join summaries s on s.message_id = wanted.value";

impl Store {
    /// Keeps a summary.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a message that is not there or not visible.
    pub async fn add_summary(&self, new: &NewSummary, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        tree::require_visible(&mut transaction, new.until).await?;
        sqlx::query(
            "insert or replace into summaries
                 (message_id, id, message_count, created_at_ms, is_edited, model_name, text)
             values (?1, ?2, ?3, ?4, 0, ?5, ?6)",
        )
        .bind(new.until.to_string())
        .bind(new.id.to_string())
        .bind(new.message_count)
        .bind(now_ms)
        .bind(&new.model_name)
        .bind(&new.text)
        .execute(&mut *transaction)
        .await
        .attempt("keep a summary")?;
        transaction.commit().await.attempt("keep a summary")
    }

    /// Whether a summary is in this database.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn has_summary(&self, id: SummaryId) -> Result<bool, StoreError> {
        sqlx::query_scalar("select exists (select 1 from summaries where id = ?1)")
            .bind(id.to_string())
            .fetch_one(&self.reader)
            .await
            .attempt("look for a summary")
    }

    /// Gives a summary other words, a person's; answers the message it stands at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn edit_summary(&self, id: SummaryId, text: &str) -> Result<MessageId, StoreError> {
        let at: Option<String> = sqlx::query_scalar(
            "update summaries set text = ?2, is_edited = 1 where id = ?1 returning message_id",
        )
        .bind(id.to_string())
        .bind(text)
        .fetch_optional(&self.writer)
        .await
        .attempt("edit a summary")?;
        message_of(id, at)
    }

    /// Removes a summary; answers the message it stood at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_summary(&self, id: SummaryId) -> Result<MessageId, StoreError> {
        let at: Option<String> =
            sqlx::query_scalar("delete from summaries where id = ?1 returning message_id")
                .bind(id.to_string())
                .fetch_optional(&self.writer)
                .await
                .attempt("remove a summary")?;
        message_of(id, at)
    }
}

fn message_of(id: SummaryId, at: Option<String>) -> Result<MessageId, StoreError> {
    let at = at.ok_or_else(|| StoreError::not_found("summary", id))?;
    parse("message id", &at)
}

/// What stands at messages, by their ids as they are stored; `ids` is a JSON list of them.
pub(crate) async fn of_messages(
    connection: &mut SqliteConnection,
    ids: &str,
) -> Result<HashMap<String, Summary>, StoreError> {
    let rows: Vec<SummaryRow> = sqlx::query_as(OF_MESSAGES)
        .bind(ids)
        .fetch_all(connection)
        .await
        .attempt("read the summaries at messages")?;
    rows.into_iter()
        .map(|row| Ok((row.message_id.clone(), row.summary()?)))
        .collect()
}

/// Puts the summary at one message at another one.
pub(crate) async fn copy(
    connection: &mut SqliteConnection,
    from: &str,
    to: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into summaries
             (message_id, id, message_count, created_at_ms, is_edited, model_name, text)
         select ?2, ?3, message_count, created_at_ms, is_edited, model_name, text
         from summaries where message_id = ?1",
    )
    .bind(from)
    .bind(to.to_string())
    .bind(SummaryId::fresh().to_string())
    .execute(connection)
    .await
    .attempt("copy a summary")?;
    Ok(())
}

/// Puts a summary as it is at a message that has none.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    at: MessageId,
    summary: &Summary,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into summaries
             (message_id, id, message_count, created_at_ms, is_edited, model_name, text)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(at.to_string())
    .bind(summary.id.to_string())
    .bind(summary.message_count)
    .bind(summary.created_at_ms)
    .bind(summary.edited)
    .bind(&summary.model_name)
    .bind(&summary.text)
    .execute(connection)
    .await
    .attempt("keep a summary")?;
    Ok(())
}

#[derive(FromRow)]
struct SummaryRow {
    message_id: String,
    id: String,
    text: String,
    message_count: i64,
    created_at_ms: i64,
    model_name: Option<String>,
    is_edited: bool,
}

impl SummaryRow {
    fn summary(self) -> Result<Summary, StoreError> {
        Ok(Summary {
            id: parse("summary id", &self.id)?,
            text: self.text,
            message_count: unsigned("number of messages", self.message_count)?,
            created_at_ms: self.created_at_ms,
            model_name: self.model_name,
            edited: self.is_edited,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConversationCopy;
    use crate::fixture::{conversation, message, say, shown};
    use sirocco_protocol::{ConversationId, Role};

    fn new(until: MessageId, text: &str) -> NewSummary {
        NewSummary {
            id: SummaryId::fresh(),
            until,
            text: text.into(),
            message_count: 2,
            model_name: Some("Tiny".into()),
        }
    }

    #[tokio::test]
    async fn a_summary_stands_at_its_message_until_it_is_replaced_or_removed() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        let answer = message(Some(question.id), Role::Assistant, "a");
        say(&store, id, &[question.clone(), answer.clone()]).await;
        store.add_summary(&new(answer.id, "old"), 5).await.unwrap();
        let kept = new(answer.id, "short");
        store.add_summary(&kept, 6).await.unwrap();
        let at = async || store.message(answer.id).await.unwrap().summary;
        let found = at().await.unwrap();
        assert_eq!(
            (found.id, found.text.as_str(), found.edited),
            (kept.id, "short", false)
        );
        let branch = store.branch(answer.id).await.unwrap();
        assert_eq!(branch[0].summary, None);
        assert_eq!(branch[1].summary.as_ref(), Some(&found));

        assert_eq!(
            store.edit_summary(kept.id, "mine").await.unwrap(),
            answer.id
        );
        let found = at().await.unwrap();
        assert_eq!((found.text.as_str(), found.edited), ("mine", true));
        let copy = ConversationCopy {
            from: id,
            until: None,
            id: ConversationId::fresh(),
            title: "b".into(),
        };
        let copied = store.copy_conversation(&copy, 7).await.unwrap().summary.id;
        let copied = shown(&store, copied).await[1].summary.clone().unwrap();
        assert_eq!((copied.text.as_str(), copied.edited), ("mine", true));

        assert_eq!(store.delete_summary(kept.id).await.unwrap(), answer.id);
        assert_eq!(at().await, None);
        assert!(store.delete_summary(kept.id).await.is_err());
        assert!(store.has_summary(copied.id).await.unwrap());
    }

    #[tokio::test]
    async fn it_goes_with_its_conversation_and_needs_a_message() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        say(&store, id, std::slice::from_ref(&question)).await;
        let kept = new(question.id, "short");
        store.add_summary(&kept, 5).await.unwrap();
        let nowhere = new(MessageId::fresh(), "x");
        assert!(store.add_summary(&nowhere, 5).await.is_err());
        store.delete_conversation(id, 6).await.unwrap();
        store.remove_conversations(&[id]).await.unwrap();
        assert!(!store.has_summary(kept.id).await.unwrap());
    }
}
