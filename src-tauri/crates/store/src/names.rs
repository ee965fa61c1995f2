//! Names that programs gave to models. A name outlives its model.

use sirocco_protocol::{LayerValues, ModelId};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::{from_json, parse, to_json, unsigned};
use crate::{Store, StoreError};

/// A further name of a model, with what answers under it begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedModel {
    /// In lower case; no model has it as its key.
    pub name: String,
    /// The model beneath, which may be gone.
    pub model_id: ModelId,
    /// What that was called when it got the name.
    pub model_key: String,
    /// System prompt and parameters of requests that have none of their own.
    pub values: LayerValues,
    /// Tokens of context that are needed; none is whatever the model is loaded with.
    pub context_length: Option<u32>,
    /// When it got the name.
    pub created_at_ms: i64,
}

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_named_models(&self) -> Result<Vec<NamedModel>, StoreError> {
        let rows: Vec<NamedModelRow> = sqlx::query_as(
            "select name, model_id, model_key, system_prompt, parameters, context_length, created_at_ms
             from named_models order by name",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list named models")?;
        rows.into_iter().map(NamedModelRow::named).collect()
    }

    /// Gives a model a name, which may have been another's; false if a model has it as its key.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn name_model(&self, named: &NamedModel) -> Result<bool, StoreError> {
        let written = sqlx::query(
            "insert into named_models
                 (name, model_id, model_key, system_prompt, parameters, context_length, created_at_ms)
             select ?1, ?2, ?3, ?4, ?5, ?6, ?7
             where not exists (select 1 from models where key = ?1)
             on conflict (name) do update set
                 model_id = excluded.model_id,
                 model_key = excluded.model_key,
                 system_prompt = excluded.system_prompt,
                 parameters = excluded.parameters,
                 context_length = excluded.context_length,
                 created_at_ms = excluded.created_at_ms",
        )
        .bind(&named.name)
        .bind(named.model_id.to_string())
        .bind(&named.model_key)
        .bind(&named.values.system_prompt)
        .bind(to_json(&named.values.parameters))
        .bind(named.context_length)
        .bind(named.created_at_ms)
        .execute(&self.writer)
        .await
        .attempt("name a model")?;
        Ok(written.rows_affected() > 0)
    }

    /// Takes a name back; false if there is none. The model stays.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn remove_model_name(&self, name: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("delete from named_models where name = ?1")
            .bind(name)
            .execute(&self.writer)
            .await
            .attempt("take a name back")?;
        Ok(removed.rows_affected() > 0)
    }
}

#[derive(FromRow)]
struct NamedModelRow {
    name: String,
    model_id: String,
    model_key: String,
    system_prompt: Option<String>,
    parameters: String,
    context_length: Option<i64>,
    created_at_ms: i64,
}

impl NamedModelRow {
    fn named(self) -> Result<NamedModel, StoreError> {
        let context_length = self.context_length;
        Ok(NamedModel {
            name: self.name,
            model_id: parse("model id", &self.model_id)?,
            model_key: self.model_key,
            values: LayerValues {
                system_prompt: self.system_prompt,
                parameters: from_json("parameters of a named model", &self.parameters)?,
            },
            context_length: context_length
                .map(|tokens| unsigned("context length", tokens))
                .transpose()?,
            created_at_ms: self.created_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::Parameters;

    use super::*;
    use crate::fixture::model;

    fn named(name: &str) -> NamedModel {
        NamedModel {
            name: name.into(),
            model_id: ModelId::fresh(),
            model_key: "tiny".into(),
            values: LayerValues {
                system_prompt: Some("You are a pirate.".into()),
                parameters: Parameters {
                    temperature: Some(0.3),
                    stop: Some(vec!["END".into()]),
                    ..Parameters::default()
                },
            },
            context_length: Some(2048),
            created_at_ms: 7,
        }
    }

    #[tokio::test]
    async fn names_are_listed_in_order_and_read_back_whole() {
        let store = Store::open_in_memory().await.unwrap();
        let (second, first) = (named("pirate"), named("butler"));
        for one in [&second, &first] {
            assert!(store.name_model(one).await.unwrap());
        }
        assert_eq!(store.list_named_models().await.unwrap(), [first, second]);
    }

    #[tokio::test]
    async fn a_name_that_is_given_again_means_what_it_was_given_last() {
        let store = Store::open_in_memory().await.unwrap();
        assert!(store.name_model(&named("pirate")).await.unwrap());
        let plain = NamedModel {
            values: LayerValues::default(),
            context_length: None,
            ..named("pirate")
        };
        assert!(store.name_model(&plain).await.unwrap());
        assert_eq!(store.list_named_models().await.unwrap(), [plain]);
    }

    #[tokio::test]
    async fn a_name_that_is_taken_back_is_gone_and_nothing_else() {
        let store = Store::open_in_memory().await.unwrap();
        let stays = named("butler");
        for one in [&stays, &named("pirate")] {
            store.name_model(one).await.unwrap();
        }
        assert!(store.remove_model_name("pirate").await.unwrap());
        assert!(!store.remove_model_name("pirate").await.unwrap());
        assert_eq!(store.list_named_models().await.unwrap(), [stays]);
    }

    #[tokio::test]
    async fn no_name_is_the_key_of_a_model_nor_becomes_one() {
        let store = Store::open_in_memory().await.unwrap();
        store.save_model(&model("/a", "tiny"), 1).await.unwrap();
        assert!(!store.name_model(&named("tiny")).await.unwrap());
        assert!(store.list_named_models().await.unwrap().is_empty());
        store.name_model(&named("pirate")).await.unwrap();
        let later = store.save_model(&model("/b", "pirate"), 2).await.unwrap();
        assert_eq!(later.model.key, "pirate-2");
    }
}
