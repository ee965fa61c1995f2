//! Models of the library, as their headers were read.

use sirocco_protocol::{Model, ModelId, ModelOrigin, ModelSource, ModelVerdict, RootId};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, from_word, parse, parse_option, signed, to_json, unsigned, word};
use crate::{Store, StoreError};

/// A model with what only the backend needs.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredModel {
    /// What the interface sees.
    pub model: Model,
    /// All shards in order, the first being `model.path`.
    pub files: Vec<String>,
    /// Size, time and place of the files when the header was read; another one means: look again.
    pub fingerprint: String,
}

/// A model as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct NewModel {
    /// For a path that is new; a known path keeps its id.
    pub id: ModelId,
    /// From the header, or the file name.
    pub name: String,
    /// Wished for; gets a number if it is taken. A known path keeps its key.
    pub key: String,
    /// All shards in order, not empty; the first is the path that identifies the model.
    pub files: Vec<String>,
    /// The folder it was found in.
    pub root_id: Option<RootId>,
    /// See [`StoredModel::fingerprint`].
    pub fingerprint: String,
    /// `general.architecture`.
    pub architecture: String,
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// All shards together.
    pub size_bytes: u64,
    /// Weights in all.
    pub parameter_count: u64,
    /// In tokens.
    pub context_length: u32,
    /// It carries a chat template.
    pub has_chat_template: bool,
    /// Whether it runs here.
    pub verdict: ModelVerdict,
    /// Whose folder layout it lies in.
    pub origin: ModelOrigin,
    /// Where it was downloaded from; none keeps what is known.
    pub source: Option<ModelSource>,
    /// Hash of the first file, where it is known without reading it; none keeps what is known.
    pub sha256: Option<String>,
}

impl Store {
    /// The library by name.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_models(&self) -> Result<Vec<StoredModel>, StoreError> {
        let rows: Vec<ModelRow> = sqlx::query_as(
            "select m.id, m.key, m.path, m.root_id, coalesce(m.given_name, m.name) as name, m.architecture,
                    m.quantization, m.size_bytes, m.parameter_count, m.context_length,
                    m.has_chat_template, m.added_at_ms, m.used_at_ms, m.fingerprint, m.files,
                    m.verdict, m.origin, m.source, m.sha256, m.verified_at_ms, m.favourite,
                    m.newer_on_hub, m.notes, coalesce(r.is_own, 0) as deletable
             from models m left join roots r on r.id = m.root_id
             where m.deleted_at_ms is null
             order by m.favourite desc, coalesce(m.given_name, m.name) collate nocase, m.key",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list models")?;
        rows.into_iter().map(ModelRow::stored).collect()
    }

    /// One model.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn model(&self, id: ModelId) -> Result<StoredModel, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a model")?;
        fetch(&mut connection, id).await
    }

    /// Adds a model, or replaces what is known of its path: id, key and times stay, the folder
    /// stays if none is given.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn save_model(&self, new: &NewModel, now_ms: i64) -> Result<StoredModel, StoreError> {
        let path = new.files.first().map_or("", String::as_str);
        let mut transaction = self.write().await?;
        let known: Option<(String, String)> =
            sqlx::query_as("select id, key from models where path = ?1")
                .bind(path)
                .fetch_optional(&mut *transaction)
                .await
                .attempt("look for a model")?;
        let (id, key) = match known {
            Some((id, key)) => (parse("model id", &id)?, key),
            None => (new.id, free_key(&mut transaction, &new.key).await?),
        };
        sqlx::query(
            "insert into models
                 (id, key, path, root_id, name, architecture, quantization, size_bytes,
                  parameter_count, context_length, has_chat_template, added_at_ms, fingerprint,
                  files, verdict, origin, source, sha256)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
             on conflict (path) do update set
                 root_id = coalesce(excluded.root_id, root_id),
                 name = excluded.name,
                 architecture = excluded.architecture,
                 quantization = excluded.quantization,
                 size_bytes = excluded.size_bytes,
                 parameter_count = excluded.parameter_count,
                 context_length = excluded.context_length,
                 has_chat_template = excluded.has_chat_template,
                 fingerprint = excluded.fingerprint,
                 files = excluded.files,
                 verdict = excluded.verdict,
                 origin = excluded.origin,
                 source = coalesce(excluded.source, source),
                 sha256 = coalesce(excluded.sha256, sha256)",
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
        .bind(to_json(&new.verdict))
        .bind(word(&new.origin))
        .bind(new.source.as_ref().map(to_json))
        .bind(&new.sha256)
        .execute(&mut *transaction)
        .await
        .attempt("save a model")?;
        let stored = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("save a model")?;
        Ok(stored)
    }

    /// Changes only the verdict, as when a file is gone.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_model_verdict(
        &self,
        id: ModelId,
        verdict: &ModelVerdict,
    ) -> Result<StoredModel, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update models set verdict = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(to_json(verdict))
            .execute(&mut *transaction)
            .await
            .attempt("judge a model")?;
        let stored = fetch(&mut transaction, id).await?;
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
        let stored = fetch(&mut transaction, id).await?;
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
}

/// `key`, or `key-2`, `key-3` and so on.
async fn free_key(connection: &mut SqliteConnection, key: &str) -> Result<String, StoreError> {
    let mut candidate = key.to_owned();
    for number in 2.. {
        let taken: bool = sqlx::query_scalar("select exists (select 1 from models where key = ?1)")
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

async fn fetch(connection: &mut SqliteConnection, id: ModelId) -> Result<StoredModel, StoreError> {
    let row: ModelRow = sqlx::query_as(
        "select m.id, m.key, m.path, m.root_id, coalesce(m.given_name, m.name) as name, m.architecture,
                m.quantization, m.size_bytes, m.parameter_count, m.context_length,
                m.has_chat_template, m.added_at_ms, m.used_at_ms, m.fingerprint, m.files,
                m.verdict, m.origin, m.source, m.sha256, m.verified_at_ms, m.favourite,
                m.newer_on_hub, m.notes, coalesce(r.is_own, 0) as deletable
         from models m left join roots r on r.id = m.root_id
         where m.id = ?1 and m.deleted_at_ms is null",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a model")?
    .ok_or_else(|| StoreError::not_found("model", id))?;
    row.stored()
}

#[derive(FromRow)]
struct ModelRow {
    id: String,
    key: String,
    path: String,
    root_id: Option<String>,
    name: String,
    architecture: String,
    quantization: String,
    size_bytes: i64,
    parameter_count: i64,
    context_length: u32,
    has_chat_template: bool,
    added_at_ms: i64,
    used_at_ms: Option<i64>,
    fingerprint: String,
    files: String,
    verdict: String,
    origin: String,
    source: Option<String>,
    sha256: Option<String>,
    verified_at_ms: Option<i64>,
    favourite: bool,
    newer_on_hub: bool,
    notes: String,
    deletable: bool,
}

impl ModelRow {
    fn stored(self) -> Result<StoredModel, StoreError> {
        Ok(StoredModel {
            files: from_json("files of a model", &self.files)?,
            fingerprint: self.fingerprint,
            model: Model {
                id: parse("model id", &self.id)?,
                name: self.name,
                key: self.key,
                path: self.path,
                architecture: self.architecture,
                quantization: self.quantization,
                size_bytes: unsigned("model size", self.size_bytes)?,
                parameter_count: unsigned("parameter count", self.parameter_count)?,
                context_length: self.context_length,
                has_chat_template: self.has_chat_template,
                verdict: from_json("verdict", &self.verdict)?,
                added_at_ms: self.added_at_ms,
                used_at_ms: self.used_at_ms,
                root_id: parse_option("root id", self.root_id.as_deref())?,
                origin: from_word("origin of a model", self.origin)?,
                source: self
                    .source
                    .map(|source| from_json("source of a model", &source))
                    .transpose()?,
                sha256: self.sha256,
                verified_at_ms: self.verified_at_ms,
                favourite: self.favourite,
                notes: self.notes,
                newer_on_hub: self.newer_on_hub,
                deletable: self.deletable,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{conversation, model};
    use sirocco_protocol::commands::ConversationUpdate;

    #[tokio::test]
    async fn a_path_that_is_known_keeps_its_id_key_and_times() {
        let store = Store::open_in_memory().await.unwrap();
        let first = store.save_model(&model("/a.gguf", "a"), 1).await.unwrap();
        let first = store.mark_model_used(first.model.id, 2).await.unwrap();
        let mut again = model("/a.gguf", "another");
        again.name = "Renamed".into();
        again.fingerprint = "5:6:7:8".into();
        again.verdict = ModelVerdict::Refused {
            reasons: vec!["too new".into()],
        };
        let saved = store.save_model(&again, 3).await.unwrap();

        let mut expected = first;
        expected.model.name = again.name;
        expected.model.verdict = again.verdict;
        expected.fingerprint = again.fingerprint;
        assert_eq!(saved, expected);
        assert_eq!(saved.model.used_at_ms, Some(2));
        assert_eq!(store.list_models().await.unwrap(), [saved]);
    }

    #[tokio::test]
    async fn a_key_that_is_taken_gets_a_number() {
        let store = Store::open_in_memory().await.unwrap();
        for (path, key) in [("/1", "tiny"), ("/2", "tiny-2"), ("/3", "tiny-3")] {
            let saved = store.save_model(&model(path, "tiny"), 1).await.unwrap();
            assert_eq!(saved.model.key, key);
        }
    }

    #[tokio::test]
    async fn a_forgotten_model_leaves_its_conversations() {
        let store = Store::open_in_memory().await.unwrap();
        let saved = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        store
            .update_conversation(&ConversationUpdate {
                model_id: Some(saved.model.id),
                ..ConversationUpdate::of(id)
            })
            .await
            .unwrap();
        store.remove_model(saved.model.id).await.unwrap();
        assert_eq!(store.conversation(id).await.unwrap().model_id, None);
        for missing in [
            store.model(saved.model.id).await.err(),
            store.remove_model(saved.model.id).await.err(),
            store.mark_model_used(saved.model.id, 2).await.err(),
        ] {
            assert!(matches!(missing, Some(StoreError::NotFound { .. })));
        }
    }

    #[tokio::test]
    async fn a_missing_file_changes_only_the_verdict() {
        let store = Store::open_in_memory().await.unwrap();
        let mut expected = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let id = expected.model.id;
        expected.model.verdict = ModelVerdict::Missing;
        let judged = store.set_model_verdict(id, &ModelVerdict::Missing).await;
        assert_eq!(judged.unwrap(), expected);
        assert_eq!(store.model(id).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn a_size_beyond_sqlites_numbers_is_refused() {
        let store = Store::open_in_memory().await.unwrap();
        let mut hostile = model("/a", "a");
        hostile.size_bytes = u64::MAX;
        let error = store.save_model(&hostile, 1).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { .. }));
        assert!(store.list_models().await.unwrap().is_empty());
    }
}
