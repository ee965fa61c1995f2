//! What a person says about a model, and what checks find out.

use sirocco_protocol::commands::ModelUpdate;
use sirocco_protocol::{ModelDefaults, ModelId, ModelVerdict};

use super::{StoredModel, fetch};
use crate::error::Attempt;
use crate::value::to_json;
use crate::{Store, StoreError};

impl Store {
    /// Changes what is given. The name of the header, or an empty one, takes a given name back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn update_model(&self, update: &ModelUpdate) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "update models set
                 given_name = iif(?2 is null, given_name, nullif(nullif(?2, name), '')),
                 favourite = coalesce(?3, favourite),
                 notes = coalesce(?4, notes)
             where id = ?1",
        )
        .bind(update.id.to_string())
        .bind(&update.name)
        .bind(update.favourite)
        .bind(&update.notes)
        .execute(&mut *transaction)
        .await
        .attempt("change a model")?;
        let stored = fetch(&mut transaction, update.id, &self.runtimes()).await?;
        transaction.commit().await.attempt("change a model")?;
        Ok(stored)
    }

    /// Replaces how a model is loaded unless something else is asked for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_model_defaults(
        &self,
        id: ModelId,
        defaults: &ModelDefaults,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update models set defaults = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(to_json(defaults))
            .execute(&mut *transaction)
            .await
            .attempt("keep the defaults of a model")?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction
            .commit()
            .await
            .attempt("keep the defaults of a model")?;
        Ok(stored)
    }

    /// Keeps the hash of every file in order, and when the bytes were found to have them; none if
    /// they were not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn keep_hashes(
        &self,
        id: ModelId,
        hashes: &[Option<String>],
        verified_at_ms: Option<i64>,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "update models set sha256 = ?2, hashes = ?3, verified_at_ms = ?4 where id = ?1",
        )
        .bind(id.to_string())
        .bind(hashes.first().cloned().flatten())
        .bind(to_json(&hashes))
        .bind(verified_at_ms)
        .execute(&mut *transaction)
        .await
        .attempt("keep the hashes of a model")?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction
            .commit()
            .await
            .attempt("keep the hashes of a model")?;
        Ok(stored)
    }

    /// Changes only the verdict.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_model_verdict(
        &self,
        id: ModelId,
        verdict: &ModelVerdict,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update models set verdict = ?2, absence = null where id = ?1")
            .bind(id.to_string())
            .bind(to_json(verdict))
            .execute(&mut *transaction)
            .await
            .attempt("judge a model")?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction.commit().await.attempt("judge a model")?;
        Ok(stored)
    }

    /// Notes that a model was loaded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn mark_model_used(
        &self,
        id: ModelId,
        now_ms: i64,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update models set used_at_ms = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(now_ms)
            .execute(&mut *transaction)
            .await
            .attempt("note the use of a model")?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction
            .commit()
            .await
            .attempt("note the use of a model")?;
        Ok(stored)
    }

    /// Forgets a model; conversations and runs that name it stay, without it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_model(&self, id: ModelId) -> Result<(), StoreError> {
        let removed = sqlx::query("delete from models where id = ?1")
            .bind(id.to_string())
            .execute(&self.writer)
            .await
            .attempt("forget a model")?;
        match removed.rows_affected() {
            0 => Err(StoreError::not_found("model", id)),
            _ => Ok(()),
        }
    }

    /// Files that scans pass over, because a person forgot their models.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn forgotten_files(&self) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("select path from forgotten_files")
            .fetch_all(&self.reader)
            .await
            .attempt("list forgotten files")
    }

    /// Has scans pass over this file.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn forget_file(&self, path: &str, now_ms: i64) -> Result<(), StoreError> {
        sqlx::query("insert or ignore into forgotten_files (path, at_ms) values (?1, ?2)")
            .bind(path)
            .bind(now_ms)
            .execute(&self.writer)
            .await
            .attempt("forget a file")?;
        Ok(())
    }

    /// Has scans find these files again.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn recall_files(&self, paths: &[String]) -> Result<(), StoreError> {
        sqlx::query("delete from forgotten_files where path in (select value from json_each(?1))")
            .bind(crate::value::list(paths))
            .execute(&self.writer)
            .await
            .attempt("recall files")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;
    use sirocco_protocol::{LayerValues, LlamaCppOptions, PresetId};

    fn update(id: ModelId) -> ModelUpdate {
        ModelUpdate {
            id,
            name: None,
            favourite: None,
            notes: None,
        }
    }

    #[tokio::test]
    async fn a_given_name_outlives_a_scan_and_can_be_taken_back() {
        let store = Store::open_in_memory().await.unwrap();
        let found = model("/a", "a");
        let id = store.save_model(&found, 1).await.unwrap().model.id;
        let name = |name: &str| ModelUpdate {
            name: Some(name.into()),
            ..update(id)
        };
        let given = store.update_model(&name("Mine")).await.unwrap();
        assert_eq!(given.model.name, "Mine");
        assert_eq!(
            store.save_model(&found, 2).await.unwrap().model.name,
            "Mine"
        );
        assert_eq!(
            store.update_model(&update(id)).await.unwrap().model.name,
            "Mine"
        );
        for back in ["", found.name.as_str()] {
            store.update_model(&name("Mine")).await.unwrap();
            let stored = store.update_model(&name(back)).await.unwrap();
            assert_eq!(stored.model.name, found.name);
        }
    }

    #[tokio::test]
    async fn favourites_come_first() {
        let store = Store::open_in_memory().await.unwrap();
        store.save_model(&model("/a", "a"), 1).await.unwrap();
        let last = store
            .save_model(&model("/z", "z"), 1)
            .await
            .unwrap()
            .model
            .id;
        let marked = store
            .update_model(&ModelUpdate {
                favourite: Some(true),
                notes: Some("quick".into()),
                ..update(last)
            })
            .await
            .unwrap();
        assert_eq!(
            (marked.model.favourite, marked.model.notes.as_str()),
            (true, "quick")
        );
        let keys: Vec<String> = store
            .list_models()
            .await
            .unwrap()
            .into_iter()
            .map(|stored| stored.model.key)
            .collect();
        assert_eq!(keys, ["z", "a"]);
    }

    #[tokio::test]
    async fn defaults_and_hashes_are_kept() {
        let store = Store::open_in_memory().await.unwrap();
        let id = store
            .save_model(&model("/a", "a"), 1)
            .await
            .unwrap()
            .model
            .id;
        let defaults = ModelDefaults {
            context_length: Some(2048),
            runtime: Some(sirocco_protocol::RuntimeName::LlamaCpp),
            threads: None,
            llamacpp: Some(LlamaCppOptions {
                keep_in_memory: true,
                ..LlamaCppOptions::default()
            }),
            preset_id: Some(PresetId::fresh()),
            values: Some(LayerValues {
                system_prompt: Some("Be brief.".into()),
                ..LayerValues::default()
            }),
        };
        let stored = store.set_model_defaults(id, &defaults).await.unwrap();
        assert_eq!(stored.defaults, defaults);
        let hashes = [Some("aa".to_owned()), None];
        let stored = store.keep_hashes(id, &hashes, Some(7)).await.unwrap();
        assert_eq!(stored.hashes, hashes);
        assert_eq!(stored.model.sha256.as_deref(), Some("aa"));
        assert_eq!(stored.model.verified_at_ms, Some(7));
        assert!(
            store
                .keep_hashes(ModelId::fresh(), &[], None)
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn forgotten_files_are_remembered_until_they_are_recalled() {
        let store = Store::open_in_memory().await.unwrap();
        for path in ["/a", "/b", "/a"] {
            store.forget_file(path, 1).await.unwrap();
        }
        store
            .recall_files(&["/a".into(), "/c".into()])
            .await
            .unwrap();
        assert_eq!(store.forgotten_files().await.unwrap(), ["/b"]);
    }
}
