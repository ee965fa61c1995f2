//! Engines on other machines, and the models they have.

use sirocco_protocol::{EngineId, ModelId, ModelVerdict, RemoteEngine};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::models::{Absence, StoredModel, free_key, remote_verdict};
use crate::value::{parse, word};
use crate::{Store, StoreError};

/// An engine as it is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEngine {
    /// For an address that is new; a known one keeps its id.
    pub id: EngineId,
    /// What the person calls it.
    pub name: String,
    /// Where its API begins; identifies it.
    pub address: String,
    /// There is a token for it.
    pub has_token: bool,
}

/// A model as an engine lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRemoteModel {
    /// What the engine calls it.
    pub name: String,
    /// The short name wished for; gets a number if it is taken.
    pub key: String,
    /// The most tokens it takes; 0 if the engine does not say.
    pub context_length: u32,
}

/// A select of [`EngineRow`]s.
macro_rules! select_engines {
    ($rest:literal) => {
        concat!(
            "select e.id, e.name, e.address, e.has_token, e.asked_at_ms,
                    (select count(*) from models m where m.engine_id = e.id and m.absence is null) as model_count
             from remote_engines e ",
            $rest
        )
    };
}

impl Store {
    /// All engines, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_engines(&self) -> Result<Vec<RemoteEngine>, StoreError> {
        let rows: Vec<EngineRow> = sqlx::query_as(select_engines!("order by e.added_at_ms, e.id"))
            .fetch_all(&self.reader)
            .await
            .attempt("list engines")?;
        rows.into_iter().map(EngineRow::engine).collect()
    }

    /// One engine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn engine(&self, id: EngineId) -> Result<RemoteEngine, StoreError> {
        let row: Option<EngineRow> = sqlx::query_as(select_engines!("where e.id = ?1"))
            .bind(id.to_string())
            .fetch_optional(&self.reader)
            .await
            .attempt("read an engine")?;
        row.ok_or_else(|| StoreError::not_found("engine", id))?
            .engine()
    }

    /// The engine at this address, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn engine_at(&self, address: &str) -> Result<Option<RemoteEngine>, StoreError> {
        let row: Option<EngineRow> = sqlx::query_as(select_engines!("where e.address = ?1"))
            .bind(address)
            .fetch_optional(&self.reader)
            .await
            .attempt("look for an engine")?;
        row.map(EngineRow::engine).transpose()
    }

    /// Adds an engine with the models it has now, or replaces what is known of its address. Models that it no longer
    /// has stay, and are missing: a conversation may be about to go on with them. Answers all that changed.
    ///
    /// # Errors
    /// [`StoreError::Query`]; then nothing was written.
    pub async fn save_engine(
        &self,
        new: &NewEngine,
        models: &[NewRemoteModel],
        now_ms: i64,
    ) -> Result<Vec<StoredModel>, StoreError> {
        let mut transaction = self.write().await?;
        let id: String = sqlx::query_scalar(
            "insert into remote_engines (id, name, address, has_token, added_at_ms, asked_at_ms)
             values (?1, ?2, ?3, ?4, ?5, ?5)
             on conflict (address) do update set
                 name = excluded.name,
                 has_token = excluded.has_token,
                 asked_at_ms = excluded.asked_at_ms
             returning id",
        )
        .bind(new.id.to_string())
        .bind(&new.name)
        .bind(&new.address)
        .bind(new.has_token)
        .bind(now_ms)
        .fetch_one(&mut *transaction)
        .await
        .attempt("add an engine")?;
        sqlx::query("update models set absence = ?2 where engine_id = ?1")
            .bind(&id)
            .bind(word(&Absence::Missing))
            .execute(&mut *transaction)
            .await
            .attempt("look for the models of an engine")?;
        for model in models {
            save(&mut transaction, &id, &new.address, model, now_ms).await?;
        }
        let ids: Vec<String> = sqlx::query_scalar("select id from models where engine_id = ?1")
            .bind(&id)
            .fetch_all(&mut *transaction)
            .await
            .attempt("list the models of an engine")?;
        transaction.commit().await.attempt("add an engine")?;
        let ids = ids.iter().map(|id| parse("model id", id));
        self.models(&ids.collect::<Result<Vec<_>, _>>()?).await
    }

    /// Forgets an engine with its models, and answers which those were.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_engine(&self, id: EngineId) -> Result<Vec<ModelId>, StoreError> {
        let mut transaction = self.write().await?;
        let models: Vec<String> = sqlx::query_scalar("select id from models where engine_id = ?1")
            .bind(id.to_string())
            .fetch_all(&mut *transaction)
            .await
            .attempt("list the models of an engine")?;
        let removed = sqlx::query("delete from remote_engines where id = ?1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .attempt("remove an engine")?;
        if removed.rows_affected() == 0 {
            return Err(StoreError::not_found("engine", id));
        }
        transaction.commit().await.attempt("remove an engine")?;
        models.iter().map(|id| parse("model id", id)).collect()
    }
}

/// A model is known by the address of its engine and its name there.
async fn save(
    connection: &mut SqliteConnection,
    engine_id: &str,
    address: &str,
    model: &NewRemoteModel,
    now_ms: i64,
) -> Result<(), StoreError> {
    let key = free_key(connection, &model.key).await?;
    sqlx::query(
        "insert into models
             (id, key, path, name, architecture, quantization, size_bytes, parameter_count, context_length,
              has_chat_template, added_at_ms, fingerprint, files, verdict, engine_id, remote_name)
         values (?1, ?2, ?3, ?4, '', '', 0, 0, ?5, 1, ?6, '', '[]', ?7, ?8, ?4)
         on conflict (path) do update set context_length = excluded.context_length, absence = null",
    )
    .bind(ModelId::fresh().to_string())
    .bind(key)
    .bind(format!("{address}#{}", model.name))
    .bind(&model.name)
    .bind(model.context_length)
    .bind(now_ms)
    .bind(remote_verdict(ModelVerdict::Runs {
        cautions: Vec::new(),
    }))
    .bind(engine_id)
    .execute(connection)
    .await
    .attempt("save a model of an engine")?;
    Ok(())
}

#[derive(FromRow)]
struct EngineRow {
    id: String,
    name: String,
    address: String,
    has_token: bool,
    asked_at_ms: i64,
    model_count: u32,
}

impl EngineRow {
    fn engine(self) -> Result<RemoteEngine, StoreError> {
        Ok(RemoteEngine {
            id: parse("engine id", &self.id)?,
            name: self.name,
            address: self.address,
            has_token: self.has_token,
            model_count: self.model_count,
            asked_at_ms: self.asked_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;

    fn engine(name: &str) -> NewEngine {
        NewEngine {
            id: EngineId::fresh(),
            name: name.into(),
            address: "http://10.0.0.5:8000/v1".into(),
            has_token: true,
        }
    }

    fn of(names: &[&str]) -> Vec<NewRemoteModel> {
        let model = |name: &&str| NewRemoteModel {
            name: (*name).to_owned(),
            key: name.to_lowercase(),
            context_length: 8192,
        };
        names.iter().map(model).collect()
    }

    #[tokio::test]
    async fn an_engine_has_models_beside_those_of_files() {
        let store = Store::open_in_memory().await.unwrap();
        store.save_model(&model("/tiny", "tiny"), 1).await.unwrap();
        let new = engine("Workstation");
        let models = store.save_engine(&new, &of(&["Tiny", "Big"]), 2).await;
        assert_eq!(models.unwrap().len(), 2);
        let listed = store.list_engines().await.unwrap();
        assert_eq!(listed, [store.engine(new.id).await.unwrap()]);
        assert_eq!((listed[0].model_count, listed[0].asked_at_ms), (2, 2));

        let all = store.list_models().await.unwrap();
        let keys: Vec<_> = all.iter().map(|one| one.model.key.as_str()).collect();
        assert_eq!(keys, ["big", "tiny", "tiny-2"]);
        let remote = all[2].model.remote.as_ref().unwrap();
        assert_eq!(
            (remote.engine_name.as_str(), remote.name.as_str()),
            ("Workstation", "Tiny")
        );
        assert_eq!(all[2].model.path, "http://10.0.0.5:8000/v1#Tiny");
        let files = store.list_local_models().await.unwrap();
        assert_eq!(files, [all[1].clone()]);
    }

    #[tokio::test]
    async fn what_an_engine_no_longer_has_is_missing_until_it_is_back() {
        let store = Store::open_in_memory().await.unwrap();
        let first = engine("Workstation");
        store
            .save_engine(&first, &of(&["a", "b"]), 1)
            .await
            .unwrap();
        let again = engine("Server room");
        let changed = store
            .save_engine(&again, &of(&["b", "c"]), 2)
            .await
            .unwrap();
        let verdicts = |models: &[StoredModel]| -> Vec<(String, bool)> {
            let mut found: Vec<_> = models
                .iter()
                .map(|one| {
                    let is_there = one.model.verdict != ModelVerdict::Missing;
                    (one.model.name.clone(), is_there)
                })
                .collect();
            found.sort();
            found
        };
        let expected = [("a".into(), false), ("b".into(), true), ("c".into(), true)];
        assert_eq!(verdicts(&changed), expected);
        let known = store.engine_at(&first.address).await.unwrap().unwrap();
        assert_eq!(
            (known.id, known.name.as_str(), known.model_count),
            (first.id, "Server room", 2)
        );

        let back = store.save_engine(&again, &of(&["a"]), 3).await.unwrap();
        let expected = [("a".into(), true), ("b".into(), false), ("c".into(), false)];
        assert_eq!(verdicts(&back), expected);
    }

    #[tokio::test]
    async fn an_engine_goes_with_its_models() {
        let store = Store::open_in_memory().await.unwrap();
        let new = engine("Workstation");
        let saved = store.save_engine(&new, &of(&["a"]), 1).await.unwrap();
        let gone = store.remove_engine(new.id).await.unwrap();
        assert_eq!(gone, [saved[0].model.id]);
        assert!(store.list_models().await.unwrap().is_empty());
        for missing in [
            store.engine(new.id).await.err(),
            store.remove_engine(new.id).await.err(),
        ] {
            assert!(matches!(missing, Some(StoreError::NotFound { .. })));
        }
    }
}
