//! What scans and imports find.

use sirocco_protocol::{ModelId, ModelVerdict};
use sqlx::SqliteConnection;

use super::{Absence, Judged, NewModel, StoredModel, fetch};
use crate::error::Attempt;
use crate::value::{parse, signed, to_json, word};
use crate::{Store, StoreError};

/// What differs between the disk and the library.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LibraryChanges {
    /// New models, and known paths whose files changed.
    pub found: Vec<NewModel>,
    /// Known models whose files have other paths now.
    pub moved: Vec<(ModelId, NewModel)>,
    /// Known models whose files are no model (any more).
    pub judged: Vec<(ModelId, ModelVerdict)>,
    /// Known models that went, or are back.
    pub absences: Vec<(ModelId, Option<Absence>)>,
    /// Known models that got a projector beside them, or lost it.
    pub projectors: Vec<(ModelId, Option<String>)>,
}

impl LibraryChanges {
    /// There is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
            && self.moved.is_empty()
            && self.judged.is_empty()
            && self.absences.is_empty()
            && self.projectors.is_empty()
    }
}

impl Store {
    /// Writes all of them at once and answers the models they concern.
    ///
    /// # Errors
    /// [`StoreError::Query`], [`StoreError::NotFound`]; then nothing was written.
    pub async fn apply_library_changes(
        &self,
        changes: &LibraryChanges,
        now_ms: i64,
    ) -> Result<Vec<StoredModel>, StoreError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let mut ids = Vec::new();
        for (id, new) in &changes.moved {
            follow(&mut transaction, *id, new).await?;
            ids.push(save(&mut transaction, new, now_ms).await?);
        }
        for new in &changes.found {
            ids.push(save(&mut transaction, new, now_ms).await?);
        }
        for (id, verdict) in &changes.judged {
            sqlx::query(
                // Without a fingerprint they are looked at again each time.
                "update models set verdict = ?2, absence = null, fingerprint = '' where id = ?1",
            )
            .bind(id.to_string())
            .bind(to_json(verdict))
            .execute(&mut *transaction)
            .await
            .attempt("judge a model")?;
            ids.push(*id);
        }
        for (id, absence) in &changes.absences {
            sqlx::query("update models set absence = ?2 where id = ?1")
                .bind(id.to_string())
                .bind(absence.as_ref().map(word))
                .execute(&mut *transaction)
                .await
                .attempt("note that a model is (not) there")?;
            ids.push(*id);
        }
        for (id, projector) in &changes.projectors {
            sqlx::query("update models set projector = ?2 where id = ?1")
                .bind(id.to_string())
                .bind(projector)
                .execute(&mut *transaction)
                .await
                .attempt("note the projector of a model")?;
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
        let mut changed = Vec::with_capacity(ids.len());
        for id in ids {
            changed.push(fetch(&mut transaction, id, &self.runtimes()).await?);
        }
        transaction.commit().await.attempt("save models")?;
        Ok(changed)
    }

    /// Adds a model, or replaces what is known of its path: id, key and times stay, the folder
    /// stays if none is given.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn save_model(&self, new: &NewModel, now_ms: i64) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        let id = save(&mut transaction, new, now_ms).await?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction.commit().await.attempt("save a model")?;
        Ok(stored)
    }

    /// [`Self::save_model`] for files that were those of `id` until they were moved.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn move_model(
        &self,
        id: ModelId,
        new: &NewModel,
        now_ms: i64,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        follow(&mut transaction, id, new).await?;
        let id = save(&mut transaction, new, now_ms).await?;
        let stored = fetch(&mut transaction, id, &self.runtimes()).await?;
        transaction.commit().await.attempt("move a model")?;
        Ok(stored)
    }
}

/// Gives a model the path under which its files were found, unless another model has it.
async fn follow(
    connection: &mut SqliteConnection,
    id: ModelId,
    new: &NewModel,
) -> Result<(), StoreError> {
    sqlx::query(
        "update models set path = ?2, root_id = ?3
         where id = ?1 and not exists (select 1 from models where path = ?2)",
    )
    .bind(id.to_string())
    .bind(new.files.first().map_or("", String::as_str))
    .bind(new.root_id.map(|id| id.to_string()))
    .execute(connection)
    .await
    .attempt("move a model")?;
    Ok(())
}

async fn save(
    connection: &mut SqliteConnection,
    new: &NewModel,
    now_ms: i64,
) -> Result<ModelId, StoreError> {
    let path = new.files.first().map_or("", String::as_str);
    let known: Option<(String, String)> =
        sqlx::query_as("select id, key from models where path = ?1")
            .bind(path)
            .fetch_optional(&mut *connection)
            .await
            .attempt("look for a model")?;
    let (id, key) = match known {
        Some((id, key)) => (parse("model id", &id)?, key),
        None => (new.id, free_key(connection, &new.key).await?),
    };
    let first_hash = new.hashes.first().cloned().flatten();
    sqlx::query(
        "insert into models
             (id, key, path, root_id, name, architecture, quantization, size_bytes,
              parameter_count, context_length, has_chat_template, added_at_ms, fingerprint,
              files, verdict, origin, source, sha256, hashes, projector)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
         on conflict (path) do update set
             root_id = coalesce(excluded.root_id, root_id),
             name = excluded.name,
             architecture = excluded.architecture,
             quantization = excluded.quantization,
             size_bytes = excluded.size_bytes,
             parameter_count = excluded.parameter_count,
             context_length = excluded.context_length,
             has_chat_template = excluded.has_chat_template,
             projector = excluded.projector,
             fingerprint = excluded.fingerprint,
             files = excluded.files,
             verdict = excluded.verdict,
             absence = null,
             origin = excluded.origin,
             -- Files of another size are others; of the same size, the hash must tell.
             source = coalesce(excluded.source, iif(size_bytes = excluded.size_bytes, source, null)),
             sha256 = iif(excluded.hashes <> '[]', excluded.sha256,
                          iif(size_bytes = excluded.size_bytes, sha256, null)),
             verified_at_ms = iif(fingerprint = excluded.fingerprint, verified_at_ms, null),
             hashes = iif(excluded.hashes <> '[]', excluded.hashes,
                          iif(size_bytes = excluded.size_bytes, hashes, '[]'))",
    )
    .bind(id.to_string())
    .bind(key)
    .bind(path)
    .bind(new.root_id.map(|id| id.to_string()))
    .bind(&new.name)
    .bind(&new.architecture)
    .bind(&new.quantization)
    .bind(signed("model size", new.size_bytes)?)
    .bind(signed("parameter count", new.parameter_count)?)
    .bind(new.context_length)
    .bind(new.has_chat_template)
    .bind(now_ms)
    .bind(&new.fingerprint)
    .bind(to_json(&new.files))
    .bind(to_json(&Judged {
        verdict: new.verdict.clone(),
        runtimes: new.runtimes.clone(),
    }))
    .bind(word(&new.origin))
    .bind(new.source.as_ref().map(to_json))
    .bind(first_hash)
    .bind(to_json(&new.hashes))
    .bind(&new.projector)
    .execute(connection)
    .await
    .attempt("save a model")?;
    Ok(id)
}

/// `key`, or `key-2`, `key-3` and so on.
pub(crate) async fn free_key(
    connection: &mut SqliteConnection,
    key: &str,
) -> Result<String, StoreError> {
    let mut candidate = key.to_owned();
    for number in 2.. {
        let taken: bool = sqlx::query_scalar(
            "select exists (select 1 from models where key = ?1)
                 or exists (select 1 from named_models where name = ?1)",
        )
        .bind(&candidate)
        .fetch_one(&mut *connection)
        .await
        .attempt("look for a model")?;
        if !taken {
            break;
        }
        candidate = format!("{key}-{number}");
    }
    Ok(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[tokio::test]
    async fn changes_are_written_together_and_answered() {
        let store = Store::open_in_memory().await.unwrap();
        let gone = store.save_model(&model("/gone", "gone"), 1).await.unwrap();
        let bad = store.save_model(&model("/bad", "bad"), 1).await.unwrap();
        let refused = ModelVerdict::Refused {
            reasons: vec!["a web page".into()],
        };
        let changes = LibraryChanges {
            found: vec![model("/new", "new")],
            moved: Vec::new(),
            projectors: Vec::new(),
            judged: vec![(bad.model.id, refused.clone())],
            absences: vec![(gone.model.id, Some(Absence::Offline))],
        };
        let changed = store.apply_library_changes(&changes, 2).await.unwrap();
        let verdicts: Vec<_> = changed
            .iter()
            .map(|stored| (stored.model.key.as_str(), stored.model.verdict.clone()))
            .collect();
        assert_eq!(
            verdicts,
            [
                ("new", model("/new", "new").verdict),
                ("bad", refused),
                ("gone", ModelVerdict::Offline)
            ]
        );
        let nothing = LibraryChanges::default();
        assert!(
            store
                .apply_library_changes(&nothing, 3)
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn changes_that_cannot_all_be_written_are_not_written_at_all() {
        let store = Store::open_in_memory().await.unwrap();
        let changes = LibraryChanges {
            found: vec![model("/new", "new")],
            absences: vec![(ModelId::fresh(), None)],
            ..LibraryChanges::default()
        };
        let error = store.apply_library_changes(&changes, 1).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
        assert!(store.list_models().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_model_that_is_back_has_its_verdict_again() {
        let store = Store::open_in_memory().await.unwrap();
        let before = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let id = before.model.id;
        for (absence, verdict) in [
            (Some(Absence::Missing), ModelVerdict::Missing),
            (Some(Absence::Offline), ModelVerdict::Offline),
            (None, before.model.verdict.clone()),
        ] {
            let changes = LibraryChanges {
                absences: vec![(id, absence)],
                ..LibraryChanges::default()
            };
            let changed = store.apply_library_changes(&changes, 2).await.unwrap();
            assert_eq!(
                (&changed[0].model.verdict, changed[0].absence),
                (&verdict, absence)
            );
        }
        assert_eq!(store.model(id).await.unwrap(), before);
    }

    #[tokio::test]
    async fn a_moved_file_keeps_its_model() {
        let store = Store::open_in_memory().await.unwrap();
        let before = store.save_model(&model("/old", "tiny"), 1).await.unwrap();
        let changes = LibraryChanges {
            moved: vec![(before.model.id, model("/new", "other"))],
            ..LibraryChanges::default()
        };
        let changed = store.apply_library_changes(&changes, 2).await.unwrap();
        assert_eq!(changed[0].model.id, before.model.id);
        assert_eq!(
            (
                changed[0].model.path.as_str(),
                changed[0].model.key.as_str()
            ),
            ("/new", "tiny")
        );
        let again = store
            .move_model(before.model.id, &model("/third", "x"), 3)
            .await
            .unwrap();
        assert_eq!(
            (again.model.id, again.files),
            (before.model.id, vec!["/third".to_owned()])
        );
        assert_eq!(store.list_models().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn hashes_survive_a_new_time_but_not_a_new_size() {
        let store = Store::open_in_memory().await.unwrap();
        let mut found = model("/a", "a");
        found.hashes = vec![Some(HASH.into())];
        let id = store.save_model(&found, 1).await.unwrap().model.id;
        store
            .keep_hashes(id, &[Some(HASH.into())], Some(2))
            .await
            .unwrap();

        found.hashes.clear();
        let same = store.save_model(&found, 3).await.unwrap();
        assert_eq!(same.model.verified_at_ms, Some(2));
        found.fingerprint = "9:9:9:9".into();
        let touched = store.save_model(&found, 4).await.unwrap();
        assert_eq!(touched.model.sha256.as_deref(), Some(HASH));
        assert_eq!(
            (touched.hashes.len(), touched.model.verified_at_ms),
            (1, None)
        );
        found.size_bytes += 1;
        let other = store.save_model(&found, 5).await.unwrap();
        assert_eq!((other.model.sha256, other.hashes.len()), (None, 0));
    }
}
