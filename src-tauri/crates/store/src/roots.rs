//! Folders of the model library.

use sirocco_protocol::RootId;
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::parse;
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
}

impl Store {
    /// All folders, the own one first, then in the order they were added.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_roots(&self) -> Result<Vec<StoredRoot>, StoreError> {
        let rows: Vec<RootRow> = sqlx::query_as(
            "select id, path, is_own from roots order by is_own desc, added_at_ms, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list library folders")?;
        rows.into_iter().map(RootRow::root).collect()
    }

    /// Adds a folder. If its path is there already, that one is answered; it becomes the own one
    /// if the new one would be.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn add_root(&self, root: &StoredRoot, now_ms: i64) -> Result<StoredRoot, StoreError> {
        let row: RootRow = sqlx::query_as(
            "insert into roots (id, path, is_own, added_at_ms) values (?1, ?2, ?3, ?4)
             on conflict (path) do update set is_own = is_own or excluded.is_own
             returning id, path, is_own",
        )
        .bind(root.id.to_string())
        .bind(&root.path)
        .bind(root.is_own)
        .bind(now_ms)
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
}

impl RootRow {
    fn root(self) -> Result<StoredRoot, StoreError> {
        Ok(StoredRoot {
            id: parse("root id", &self.id)?,
            path: self.path,
            is_own: self.is_own,
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
}
