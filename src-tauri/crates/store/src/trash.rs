//! Deleted conversations, and their end.

use sirocco_protocol::{ConversationId, ConversationSummary};
use sqlx::FromRow;

use crate::conversations::{SummaryRow, summary_columns};
use crate::error::Attempt;
use crate::value::{list, parse};
use crate::{Store, StoreError};

/// What is removed, in the order that foreign keys want: a message is named by the head of its
/// conversation and by runs. Numbers of the search and tags go with their rows.
const REMOVE: [&str; 4] = [
    "update conversations set head_id = null where id in (select value from json_each(?1))",
    "delete from runs where message_id in (
         select id from messages where conversation_id in (select value from json_each(?1))
     )",
    "delete from messages where conversation_id in (select value from json_each(?1))",
    "delete from conversations where id in (select value from json_each(?1))",
];

impl Store {
    /// The deleted conversations with the time of that, last deleted first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn trashed_conversations(
        &self,
    ) -> Result<Vec<(ConversationSummary, i64)>, StoreError> {
        let rows: Vec<TrashedRow> = sqlx::query_as(concat!(
            "select ",
            summary_columns!(),
            ", c.deleted_at_ms
             from conversations c where c.deleted_at_ms is not null
             order by c.deleted_at_ms desc, c.id desc"
        ))
        .fetch_all(&self.reader)
        .await
        .attempt("list deleted conversations")?;
        rows.into_iter()
            .map(|row| Ok((row.summary.summary()?, row.deleted_at_ms)))
            .collect()
    }

    /// When an app that shows the trash first ran over this database, or over this copy of it since somebody went back
    /// to that. Unix time in milliseconds; what was deleted before could not be taken out of the trash until then.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn trash_begin_ms(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("select at_ms from trash_begin")
            .fetch_one(&self.reader)
            .await
            .attempt("read when the trash began")
    }

    /// The conversations that were deleted at that time or before.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn deleted_until(&self, until_ms: i64) -> Result<Vec<ConversationId>, StoreError> {
        let ids: Vec<String> =
            sqlx::query_scalar("select id from conversations where deleted_at_ms <= ?1")
                .bind(until_ms)
                .fetch_all(&self.reader)
                .await
                .attempt("look for conversations deleted long ago")?;
        ids.iter().map(|id| parse("conversation id", id)).collect()
    }

    /// Removes deleted conversations for good, with their messages, and answers which. Those that are
    /// not deleted, or whose run has not ended, are passed over.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn remove_conversations(
        &self,
        ids: &[ConversationId],
    ) -> Result<Vec<ConversationId>, StoreError> {
        let mut transaction = self.write().await?;
        let chosen: Vec<String> = sqlx::query_scalar(
            "select c.id from conversations c
             where c.id in (select value from json_each(?1)) and c.deleted_at_ms is not null
               and not exists (
                   select 1 from runs r where r.conversation_id = c.id and r.ended_at_ms is null
               )",
        )
        .bind(list(ids))
        .fetch_all(&mut *transaction)
        .await
        .attempt("look for deleted conversations")?;
        for statement in REMOVE {
            sqlx::query(statement)
                .bind(list(&chosen))
                .execute(&mut *transaction)
                .await
                .attempt("remove conversations")?;
        }
        transaction.commit().await.attempt("remove conversations")?;
        chosen
            .iter()
            .map(|id| parse("conversation id", id))
            .collect()
    }
}

#[derive(FromRow)]
struct TrashedRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    deleted_at_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, plan, say};
    use sirocco_protocol::{Organising, Role};

    #[tokio::test]
    async fn the_last_deleted_comes_first() {
        let store = Store::open_in_memory().await.unwrap();
        let a = conversation(&store, "a", 1).await.summary.id;
        let b = conversation(&store, "b", 2).await.summary.id;
        conversation(&store, "c", 3).await;
        store.delete_conversation(b, 10).await.unwrap();
        store.delete_conversation(a, 20).await.unwrap();
        let trash = store.trashed_conversations().await.unwrap();
        let trash: Vec<_> = trash
            .iter()
            .map(|(row, at_ms)| (row.title.as_str(), *at_ms))
            .collect();
        assert_eq!(trash, [("a", 20), ("b", 10)]);
        assert_eq!(store.deleted_until(10).await.unwrap(), [b]);
        assert_eq!(store.deleted_until(9).await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_is_removed_leaves_nothing_and_the_rest_stays() {
        let store = Store::open_in_memory().await.unwrap();
        let kept = conversation(&store, "kept", 1).await.summary.id;
        let gone = conversation(&store, "gone", 2).await.summary.id;
        for id in [kept, gone] {
            let question = message(None, Role::User, "why?");
            let answer = message(Some(question.id), Role::Assistant, "so");
            say(&store, id, &[question.clone(), answer.clone()]).await;
            store.delete_message(answer.id, 11).await.unwrap();
            let tag = Organising::Tag { tag: "t".into() };
            store.organise(&[id], &tag, 12).await.unwrap();
        }
        assert_eq!(store.remove_conversations(&[gone]).await.unwrap(), []);
        store.delete_conversation(gone, 13).await.unwrap();
        assert_eq!(
            store.remove_conversations(&[gone, kept]).await.unwrap(),
            [gone]
        );
        assert!(store.trashed_conversations().await.unwrap().is_empty());
        assert!(store.conversation(kept).await.is_ok());
        for (table, left) in [
            ("conversations", 1),
            ("messages", 2),
            ("conversation_tags", 1),
            ("title_numbers", 1),
            ("message_numbers", 2),
            ("title_index", 1),
            ("message_index", 2),
        ] {
            let count: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
                    .fetch_one(&store.reader)
                    .await
                    .unwrap();
            assert_eq!(count, left, "{table}");
        }
    }

    #[tokio::test]
    async fn one_with_a_run_that_has_not_ended_waits() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        ask(&store, id).await;
        store.delete_conversation(id, 13).await.unwrap();
        assert_eq!(store.remove_conversations(&[id]).await.unwrap(), []);
        store.interrupt_unfinished(20).await.unwrap();
        assert_eq!(store.remove_conversations(&[id]).await.unwrap(), [id]);
    }

    #[tokio::test]
    async fn nothing_that_may_name_a_message_is_read_as_a_whole() {
        let store = Store::open_in_memory().await.unwrap();
        for (sql, index) in [
            (
                "select 1 from conversations where head_id = ?1",
                "conversations_by_head",
            ),
            (
                "select 1 from messages where parent_id = ?1",
                "messages_under",
            ),
            (
                "select 1 from messages where deleted_head_id = ?1",
                "messages_by_deleted_head",
            ),
            (
                "select 1 from runs where conversation_id = ?1",
                "runs_by_conversation",
            ),
        ] {
            let plan = plan(&store, sql).await;
            assert!(plan.contains(index), "{sql}: {plan}");
        }
    }
}
