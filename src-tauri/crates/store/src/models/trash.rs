//! Models whose files lie in the trash: hidden, and to be had back.

use serde::{Deserialize, Serialize};
use sirocco_protocol::ModelId;
use sqlx::FromRow;

use super::save::free_key;
use super::{StoredModel, fetch};
use crate::error::Attempt;
use crate::value::{from_json, parse, to_json, unsigned};
use crate::{Store, StoreError};

/// A model in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTrash {
    /// Its id.
    pub id: ModelId,
    /// For display.
    pub name: String,
    /// All files together.
    pub size_bytes: u64,
    /// Unix time in milliseconds.
    pub deleted_at_ms: i64,
    /// Where its files lie, in order.
    pub files: Vec<String>,
    /// Where they lay before, in the same order.
    pub original_files: Vec<String>,
    /// What the files were when they were last looked at.
    pub fingerprint: String,
}

/// What the row had before, so that another model may have it meanwhile.
#[derive(Serialize, Deserialize)]
struct Before {
    key: String,
    files: Vec<String>,
}

impl Store {
    /// Hides a model whose files go to the paths `files`, in the order of its own.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn trash_model(
        &self,
        id: ModelId,
        files: &[String],
        now_ms: i64,
    ) -> Result<StoredTrash, StoreError> {
        let mut transaction = self.write().await?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        let before = Before {
            key: stored.model.key,
            files: stored.files,
        };
        let path = files.first().map_or("", String::as_str);
        sqlx::query(
            "update models set deleted_at_ms = ?2, trashed = ?3, key = 'trash:' || id, path = ?4, files = ?5
             where id = ?1",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .bind(to_json(&before))
        .bind(path)
        .bind(to_json(&files))
        .execute(&mut *transaction)
        .await
        .attempt("delete a model")?;
        transaction.commit().await.attempt("delete a model")?;
        self.trashed(id).await
    }

    /// Shows a model of the trash again, under its old key if that is still free.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_model(&self, id: ModelId) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        let trashed: Option<String> =
            sqlx::query_scalar("select trashed from models where id = ?1 and trashed is not null")
                .bind(id.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .attempt("restore a model")?;
        let trashed = trashed.ok_or_else(|| StoreError::not_found("model in the trash", id))?;
        let before: Before = from_json("files of a deleted model", &trashed)?;
        let key = free_key(&mut transaction, &before.key).await?;
        sqlx::query(
            "update models set deleted_at_ms = null, trashed = null, absence = null, key = ?2, path = ?3, files = ?4
             where id = ?1",
        )
        .bind(id.to_string())
        .bind(key)
        .bind(before.files.first().map_or("", String::as_str))
        .bind(to_json(&before.files))
        .execute(&mut *transaction)
        .await
        .attempt("restore a model")?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction.commit().await.attempt("restore a model")?;
        Ok(stored)
    }

    /// The trash, last deleted first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_trash(&self) -> Result<Vec<StoredTrash>, StoreError> {
        let rows: Vec<TrashRow> = sqlx::query_as(
            "select id, coalesce(given_name, name) as name, size_bytes, deleted_at_ms, files, trashed, fingerprint
             from models where deleted_at_ms is not null and trashed is not null
             order by deleted_at_ms desc, id desc",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list the trash")?;
        rows.into_iter().map(TrashRow::stored).collect()
    }

    /// One model of the trash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn trashed(&self, id: ModelId) -> Result<StoredTrash, StoreError> {
        let row: Option<TrashRow> = sqlx::query_as(
            "select id, coalesce(given_name, name) as name, size_bytes, deleted_at_ms, files, trashed, fingerprint
             from models where id = ?1 and deleted_at_ms is not null and trashed is not null",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .attempt("read a model of the trash")?;
        row.ok_or_else(|| StoreError::not_found("model in the trash", id))?
            .stored()
    }

    /// The file by which a model sees images, if no other model has it, those of the trash among them.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn own_projector(&self, id: ModelId) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar(
            "select projector from models where id = ?1 and projector is not null and not exists
             (select 1 from models as other where other.id <> ?1 and other.projector = models.projector)",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .attempt("read whose a projector is")
    }
}

#[derive(FromRow)]
struct TrashRow {
    id: String,
    name: String,
    size_bytes: i64,
    deleted_at_ms: i64,
    files: String,
    trashed: String,
    fingerprint: String,
}

impl TrashRow {
    fn stored(self) -> Result<StoredTrash, StoreError> {
        let before: Before = from_json("files of a deleted model", &self.trashed)?;
        Ok(StoredTrash {
            id: parse("model id", &self.id)?,
            name: self.name,
            size_bytes: unsigned("model size", self.size_bytes)?,
            deleted_at_ms: self.deleted_at_ms,
            files: from_json("files of a model", &self.files)?,
            original_files: before.files,
            fingerprint: self.fingerprint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;

    #[tokio::test]
    async fn a_trashed_model_is_hidden_until_it_is_restored() {
        let store = Store::open_in_memory().await.unwrap();
        let before = store.save_model(&model("/own/a", "a"), 1).await.unwrap();
        let id = before.model.id;
        let trashed = store
            .trash_model(id, &["/trash/a".into()], 5)
            .await
            .unwrap();
        assert_eq!(
            (
                trashed.deleted_at_ms,
                trashed.files.as_slice(),
                trashed.original_files.as_slice()
            ),
            (5, &["/trash/a".to_owned()][..], &["/own/a".to_owned()][..])
        );
        assert_eq!(store.list_trash().await.unwrap(), [trashed]);
        assert!(store.list_models().await.unwrap().is_empty());
        assert!(matches!(
            store.model(id).await,
            Err(StoreError::NotFound { .. })
        ));
        assert!(store.trash_model(id, &[], 6).await.is_err());

        assert_eq!(store.restore_model(id).await.unwrap(), before);
        assert!(store.list_trash().await.unwrap().is_empty());
        assert!(store.restore_model(id).await.is_err());
    }

    #[tokio::test]
    async fn path_and_key_are_free_while_a_model_is_in_the_trash() {
        let store = Store::open_in_memory().await.unwrap();
        let old = store.save_model(&model("/own/a", "a"), 1).await.unwrap();
        store
            .trash_model(old.model.id, &["/trash/a".into()], 2)
            .await
            .unwrap();
        let new = store.save_model(&model("/own/a", "a"), 3).await.unwrap();
        assert_ne!(new.model.id, old.model.id);
        assert_eq!(new.model.key, "a");
        store.remove_model(new.model.id).await.unwrap();
        let mut elsewhere = model("/own/b", "a");
        elsewhere.id = ModelId::fresh();
        store.save_model(&elsewhere, 4).await.unwrap();
        let back = store.restore_model(old.model.id).await.unwrap();
        assert_eq!(
            (back.model.key.as_str(), back.model.path.as_str()),
            ("a-2", "/own/a")
        );
    }
}
