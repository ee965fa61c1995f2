//! Folders of the model library.

use sirocco_protocol::{ModelOrigin, RootId};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::{from_word, parse, parse_option, unsigned, word};
use crate::{Store, StoreError};

/// A folder whose models belong to the library. Whether it can be read is for the caller to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRoot {
    /// Its id.
    pub id: RootId,
    /// Absolute.
    pub path: String,
    /// The folder downloads go to.
    pub is_own: bool,
    /// Whose folder it is.
    pub origin: ModelOrigin,
}

/// What lies in a folder, or in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootContent {
    /// The folder; none for models that were picked one by one.
    pub root_id: Option<RootId>,
    /// Models.
    pub model_count: u32,
    /// Their bytes.
    pub size_bytes: u64,
    /// Models that are there only when the folder is.
    pub offline_count: u32,
}

impl Store {
    /// All folders, the own one first, then in the order they were added.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_roots(&self) -> Result<Vec<StoredRoot>, StoreError> {
        let rows: Vec<RootRow> = sqlx::query_as(
            "select id, path, is_own, origin from roots order by is_own desc, added_at_ms, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list library folders")?;
        rows.into_iter().map(RootRow::root).collect()
    }

    /// What lies in each folder that has models, the trash left out.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn root_contents(&self) -> Result<Vec<RootContent>, StoreError> {
        let rows: Vec<(Option<String>, u32, i64, u32)> = sqlx::query_as(
            "select root_id, count(*), sum(size_bytes), count(*) filter (where absence = 'offline')
             from models where deleted_at_ms is null and engine_id is null group by root_id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("measure library folders")?;
        rows.into_iter()
            .map(|(root_id, model_count, size_bytes, offline_count)| {
                Ok(RootContent {
                    root_id: parse_option("root id", root_id.as_deref())?,
                    model_count,
                    size_bytes: unsigned("size of models", size_bytes)?,
                    offline_count,
                })
            })
            .collect()
    }

    /// Adds a folder. If its path is there already, that one is answered; it becomes the own one
    /// if the new one would be.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn add_root(&self, root: &StoredRoot, now_ms: i64) -> Result<StoredRoot, StoreError> {
        let row: RootRow = sqlx::query_as(
            "insert into roots (id, path, is_own, added_at_ms, origin) values (?1, ?2, ?3, ?4, ?5)
             on conflict (path) do update set is_own = is_own or excluded.is_own, origin = excluded.origin
             returning id, path, is_own, origin",
        )
        .bind(root.id.to_string())
        .bind(&root.path)
        .bind(root.is_own)
        .bind(now_ms)
        .bind(word(&root.origin))
        .fetch_one(&self.writer)
        .await
        .attempt("add a library folder")?;
        row.root()
    }

    /// Forgets a folder with its models.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_root(&self, id: RootId) -> Result<(), StoreError> {
        let removed = sqlx::query("delete from roots where id = ?1")
            .bind(id.to_string())
            .execute(&self.writer)
            .await
            .attempt("remove a library folder")?;
        match removed.rows_affected() {
            0 => Err(StoreError::not_found("library folder", id)),
            _ => Ok(()),
        }
    }
}

#[derive(FromRow)]
struct RootRow {
    id: String,
    path: String,
    is_own: bool,
    origin: String,
}

impl RootRow {
    fn root(self) -> Result<StoredRoot, StoreError> {
        Ok(StoredRoot {
            id: parse("root id", &self.id)?,
            path: self.path,
            is_own: self.is_own,
            origin: from_word("origin of a folder", self.origin)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;

    fn root(path: &str, is_own: bool) -> StoredRoot {
        StoredRoot {
            id: RootId::fresh(),
            path: path.into(),
            is_own,
            origin: ModelOrigin::Folder,
        }
    }

    #[tokio::test]
    async fn the_own_folder_comes_first_and_a_path_is_there_once() {
        let store = Store::open_in_memory().await.unwrap();
        let other = store.add_root(&root("/other", false), 1).await.unwrap();
        let own = store.add_root(&root("/own", true), 2).await.unwrap();
        assert_eq!(store.add_root(&root("/own", false), 3).await.unwrap(), own);
        assert_eq!(store.list_roots().await.unwrap(), [own, other]);
    }

    #[tokio::test]
    async fn a_removed_folder_takes_its_models_and_no_others() {
        let store = Store::open_in_memory().await.unwrap();
        let folder = store.add_root(&root("/folder", false), 1).await.unwrap();
        let mut inside = model("/folder/a.gguf", "a");
        inside.root_id = Some(folder.id);
        store.save_model(&inside, 1).await.unwrap();
        let outside = store.save_model(&model("/b.gguf", "b"), 1).await.unwrap();
        store.remove_root(folder.id).await.unwrap();
        assert_eq!(store.list_models().await.unwrap(), [outside]);
        assert!(store.list_roots().await.unwrap().is_empty());
        assert!(store.remove_root(folder.id).await.is_err());
    }

    #[tokio::test]
    async fn what_lies_in_each_folder_is_counted() {
        let store = Store::open_in_memory().await.unwrap();
        let folder = store.add_root(&root("/folder", false), 1).await.unwrap();
        for path in ["/folder/a", "/folder/b"] {
            let mut inside = model(path, "a");
            inside.root_id = Some(folder.id);
            inside.size_bytes = 10;
            store.save_model(&inside, 1).await.unwrap();
        }
        let trashed = store.save_model(&model("/c", "c"), 1).await.unwrap();
        store
            .trash_model(trashed.model.id, &["/trash/c".into()], 2)
            .await
            .unwrap();
        assert_eq!(
            store.root_contents().await.unwrap(),
            [RootContent {
                root_id: Some(folder.id),
                model_count: 2,
                size_bytes: 20,
                offline_count: 0
            }]
        );
    }
}
