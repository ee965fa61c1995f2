//! One change of several conversations at once, and their tags.

use sirocco_protocol::{ConversationId, ConversationSummary, Organising, TagUse};
use sqlx::SqliteConnection;

use crate::conversations::summaries;
use crate::error::Attempt;
use crate::folders::require_folder;
use crate::value::{list, unsigned};
use crate::{Store, StoreError};

impl Store {
    /// Changes conversations, all or nothing. Answers those that changed, as they are now; deleted
    /// ones as they were. Those that are not there, or are so already, are passed over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a folder.
    pub async fn organise(
        &self,
        ids: &[ConversationId],
        change: &Organising,
        now_ms: i64,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let mut transaction = self.write().await?;
        let ids: Vec<String> = ids.iter().map(ConversationId::to_string).collect();
        let before = match change {
            Organising::Delete => summaries(&mut transaction, &ids).await?,
            _ => Vec::new(),
        };
        let changed = apply(&mut transaction, &ids, change, now_ms).await?;
        let rows = match change {
            Organising::Delete => before,
            _ => summaries(&mut transaction, &changed).await?,
        };
        transaction
            .commit()
            .await
            .attempt("organise conversations")?;
        Ok(rows)
    }

    /// The tags of conversations that are not deleted, in alphabetical order.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_tags(&self) -> Result<Vec<TagUse>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "select min(t.tag), count(*)
             from conversation_tags t join conversations c on c.id = t.conversation_id
             where c.deleted_at_ms is null
             group by t.tag_folded order by t.tag_folded",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list tags")?;
        rows.into_iter()
            .map(|(tag, count)| {
                Ok(TagUse {
                    tag,
                    conversation_count: unsigned("number of conversations", count)?,
                })
            })
            .collect()
    }
}

/// Answers which changed.
pub(crate) async fn apply(
    connection: &mut SqliteConnection,
    ids: &[String],
    change: &Organising,
    now_ms: i64,
) -> Result<Vec<String>, StoreError> {
    let ids = list(ids);
    let query = match change {
        Organising::Move { folder_id } => {
            require_folder(connection, *folder_id).await?;
            sqlx::query_scalar(
                "update conversations set folder_id = ?2
                 where id in (select value from json_each(?1)) and deleted_at_ms is null
                   and folder_id is not ?2
                 returning id",
            )
            .bind(ids)
            .bind(folder_id.map(|id| id.to_string()))
        }
        // A tag is written everywhere as it was written first.
        Organising::Tag { tag } => sqlx::query_scalar(
            "insert or ignore into conversation_tags (conversation_id, tag_folded, tag)
             select c.id, ?2, coalesce((select t.tag from conversation_tags t where t.tag_folded = ?2 limit 1), ?3)
             from conversations c
             where c.id in (select value from json_each(?1)) and c.deleted_at_ms is null
             returning conversation_id",
        )
        .bind(ids)
        .bind(tag.to_lowercase())
        .bind(tag),
        Organising::Untag { tag } => sqlx::query_scalar(
            "delete from conversation_tags
             where conversation_id in (select value from json_each(?1)) and tag_folded = ?2
             returning conversation_id",
        )
        .bind(ids)
        .bind(tag.to_lowercase()),
        Organising::Archive => sqlx::query_scalar(
            "update conversations set archived_at_ms = ?2
             where id in (select value from json_each(?1)) and deleted_at_ms is null
               and archived_at_ms is null
             returning id",
        )
        .bind(ids)
        .bind(now_ms),
        Organising::Unarchive => sqlx::query_scalar(
            "update conversations set archived_at_ms = null
             where id in (select value from json_each(?1)) and deleted_at_ms is null
               and archived_at_ms is not null
             returning id",
        )
        .bind(ids),
        Organising::Delete => sqlx::query_scalar(
            "update conversations set deleted_at_ms = ?2
             where id in (select value from json_each(?1)) and deleted_at_ms is null
             returning id",
        )
        .bind(ids)
        .bind(now_ms),
        Organising::Restore => sqlx::query_scalar(
            "update conversations set deleted_at_ms = null
             where id in (select value from json_each(?1)) and deleted_at_ms is not null
             returning id",
        )
        .bind(ids),
    };
    query
        .fetch_all(connection)
        .await
        .attempt("organise conversations")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::conversation;
    use sirocco_protocol::commands::ConversationList;
    use sirocco_protocol::{Folder, FolderId, Shelf};

    /// A store with conversations of these titles, the last one the newest.
    async fn shelf<const N: usize>(titles: [&str; N]) -> (Store, [ConversationId; N]) {
        let store = Store::open_in_memory().await.unwrap();
        let mut ids = Vec::new();
        for (time, title) in titles.iter().enumerate() {
            ids.push(conversation(&store, title, time as i64).await.summary.id);
        }
        (store, ids.try_into().unwrap())
    }

    async fn titles(store: &Store, request: ConversationList) -> Vec<String> {
        let rows = store.list_conversations(&request).await.unwrap();
        rows.into_iter().map(|row| row.title).collect()
    }

    fn changed(rows: Vec<ConversationSummary>) -> Vec<String> {
        rows.into_iter().map(|row| row.title).collect()
    }

    #[tokio::test]
    async fn what_changes_is_answered_and_the_rest_is_passed_over() {
        let (store, [a, b, c]) = shelf(["a", "b", "c"]).await;
        let one = store.organise(&[b], &Organising::Archive, 9).await.unwrap();
        assert!(one[0].archived);
        let all = [a, b, c, ConversationId::fresh()];
        let rest = store.organise(&all, &Organising::Archive, 9).await.unwrap();
        assert_eq!(changed(rest), ["c", "a"]);
        let back = store
            .organise(&[a, b], &Organising::Unarchive, 9)
            .await
            .unwrap();
        assert_eq!(changed(back), ["b", "a"]);
        assert_eq!(titles(&store, ConversationList::first(9)).await, ["b", "a"]);
        let archive = ConversationList {
            shelf: Some(Shelf::Archive),
            ..ConversationList::first(9)
        };
        assert_eq!(titles(&store, archive).await, ["c"]);
    }

    #[tokio::test]
    async fn several_are_deleted_and_restored_at_once() {
        let (store, ids) = shelf(["a", "b"]).await;
        let gone = store.organise(&ids, &Organising::Delete, 9).await.unwrap();
        assert_eq!(changed(gone), ["b", "a"]);
        assert!(titles(&store, ConversationList::first(9)).await.is_empty());
        assert!(
            store
                .organise(&ids, &Organising::Delete, 9)
                .await
                .unwrap()
                .is_empty()
        );
        let back = store.organise(&ids, &Organising::Restore, 9).await.unwrap();
        assert_eq!(changed(back), ["b", "a"]);
    }

    #[tokio::test]
    async fn a_list_of_a_folder_has_what_lies_in_it_itself() {
        let (store, [a, b, _]) = shelf(["a", "b", "c"]).await;
        let folder = Folder {
            id: FolderId::fresh(),
            parent_id: None,
            name: "Work".into(),
        };
        store.add_folder(&folder, 1).await.unwrap();
        let into = Organising::Move {
            folder_id: Some(folder.id),
        };
        let moved = store.organise(&[a, b], &into, 9).await.unwrap();
        assert!(moved.iter().all(|row| row.folder_id == Some(folder.id)));
        let inside = ConversationList {
            folder_id: Some(folder.id),
            ..ConversationList::first(9)
        };
        assert_eq!(titles(&store, inside).await, ["b", "a"]);
        let out = Organising::Move { folder_id: None };
        let moved = store.organise(&[a, b], &out, 9).await.unwrap();
        assert!(moved.iter().all(|row| row.folder_id.is_none()));

        let nowhere = Organising::Move {
            folder_id: Some(FolderId::fresh()),
        };
        let error = store.organise(&[a], &nowhere, 9).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "folder", .. }));
    }

    #[tokio::test]
    async fn a_tag_is_the_same_in_any_case_and_alphabet() {
        let (store, [a, b, _]) = shelf(["a", "b", "c"]).await;
        let tag = |tag: &str| Organising::Tag { tag: tag.into() };
        store.organise(&[a], &tag("Äpfel"), 9).await.unwrap();
        let rows = store.organise(&[a, b], &tag("ÄPFEL"), 9).await.unwrap();
        assert_eq!(rows.len(), 1, "the other has it");
        assert_eq!(rows[0].tags, ["Äpfel"], "as it was written first");
        store.organise(&[a], &tag("Birnen"), 9).await.unwrap();
        let uses = store.list_tags().await.unwrap();
        let uses: Vec<_> = uses
            .iter()
            .map(|one| (one.tag.as_str(), one.conversation_count))
            .collect();
        assert_eq!(uses, [("Birnen", 1), ("Äpfel", 2)]);
        let with = ConversationList {
            tag: Some("äPFEL".into()),
            ..ConversationList::first(9)
        };
        assert_eq!(titles(&store, with.clone()).await, ["b", "a"]);

        let untag = Organising::Untag {
            tag: "äpfel".into(),
        };
        let rows = store.organise(&[a], &untag, 9).await.unwrap();
        assert_eq!(rows[0].tags, ["Birnen"]);
        assert_eq!(titles(&store, with).await, ["b"]);
        store.organise(&[b], &Organising::Delete, 9).await.unwrap();
        assert_eq!(store.list_tags().await.unwrap().len(), 1);
    }
}
