//! Models of the library, as their headers were read.
//!
//! Reading is here; [`save`] has what scans and imports find, [`keep`] what a person says or a check
//! finds out about a model, [`trash`] what was deleted.

mod keep;
mod save;
mod trash;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use sirocco_protocol::{
    Model, ModelDefaults, ModelId, ModelOrigin, ModelSource, ModelVerdict, RemoteModel, RootId,
    RuntimeName, RuntimeVerdict, choose_runtime,
};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, from_word, list, parse, parse_option, to_json, unsigned};
use crate::{Store, StoreError};

pub use save::LibraryChanges;
pub(crate) use save::free_key;
pub use trash::StoredTrash;

/// Why the files of a model are not there. The model stays, and so does what was known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// They are gone from a folder that can be read.
    Missing,
    /// Their folder cannot be read now.
    Offline,
}

/// A model with what only the backend needs.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredModel {
    /// What the interface sees.
    pub model: Model,
    /// All shards in order, the first being `model.path`.
    pub files: Vec<String>,
    /// Size, time and place of the files when the header was read; another one means: look again.
    pub fingerprint: String,
    /// Its files are not there; `model.verdict` says the same.
    pub absence: Option<Absence>,
    /// sha256 of every file in order, where known; empty if none is.
    pub hashes: Vec<Option<String>>,
    /// How it is loaded unless something else is asked for.
    pub defaults: ModelDefaults,
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
    /// The file by which it sees images.
    pub projector: Option<String>,
    /// Whether it runs, where all runtimes are.
    pub verdict: ModelVerdict,
    /// What each of them makes of it.
    pub runtimes: Vec<RuntimeVerdict>,
    /// Whose folder layout it lies in.
    pub origin: ModelOrigin,
    /// Where it was downloaded from; none keeps what is known, if the size is the same.
    pub source: Option<ModelSource>,
    /// Hash of every file, where it is known without reading it; empty keeps what is known, if the
    /// size is the same.
    pub hashes: Vec<Option<String>>,
}

/// A select of [`ModelRow`]s; `m` are the models.
macro_rules! select_models {
    ($rest:literal) => {
        concat!(
            "select m.id, m.key, m.path, m.root_id, coalesce(m.given_name, m.name) as name,
                    m.architecture, m.quantization, m.size_bytes, m.parameter_count,
                    m.context_length, m.has_chat_template, m.projector, m.added_at_ms, m.used_at_ms,
                    m.fingerprint, m.files, m.verdict, m.origin, m.source, m.sha256,
                    m.verified_at_ms, m.favourite, m.newer_on_hub, m.notes,
                    coalesce(r.is_own, 0) as deletable, m.absence, m.hashes, m.defaults,
                    m.engine_id, e.name as engine_name, m.remote_name
             from models m left join roots r on r.id = m.root_id
                  left join remote_engines e on e.id = m.engine_id ",
            $rest
        )
    };
}

/// The order of [`Store::list_models`], for those who keep the list and put single models back into it: favourites
/// first, then by name whatever its case, then by key.
#[must_use]
pub fn library_order(one: &Model, other: &Model) -> Ordering {
    fn folded(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    let by_name = || folded(&one.name).cmp(folded(&other.name));
    let by_mark = other.favourite.cmp(&one.favourite);
    by_mark
        .then_with(by_name)
        .then_with(|| one.key.cmp(&other.key))
}

impl Store {
    /// The library, favourites first, then by name.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_models(&self) -> Result<Vec<StoredModel>, StoreError> {
        let rows = sqlx::query_as(select_models!("where m.deleted_at_ms is null"));
        self.in_order(rows.fetch_all(&self.reader).await.attempt("list models")?)
    }

    /// Those of them whose files are on this machine, for who looks at files.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_local_models(&self) -> Result<Vec<StoredModel>, StoreError> {
        let rows = sqlx::query_as(select_models!(
            "where m.deleted_at_ms is null and m.engine_id is null"
        ));
        self.in_order(rows.fetch_all(&self.reader).await.attempt("list models")?)
    }

    fn in_order(&self, rows: Vec<ModelRow>) -> Result<Vec<StoredModel>, StoreError> {
        let runtimes = self.runtimes();
        let mut models = rows
            .into_iter()
            .map(|row| row.stored(&runtimes))
            .collect::<Result<Vec<_>, _>>()?;
        models.sort_unstable_by(|one, other| library_order(&one.model, &other.model));
        Ok(models)
    }

    /// Those of these models that are in the library, in no order.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn models(&self, ids: &[ModelId]) -> Result<Vec<StoredModel>, StoreError> {
        let rows: Vec<ModelRow> = sqlx::query_as(select_models!(
            "where m.deleted_at_ms is null and m.id in (select value from json_each(?1))"
        ))
        .bind(list(ids))
        .fetch_all(&self.reader)
        .await
        .attempt("read models")?;
        let runtimes = self.runtimes();
        rows.into_iter().map(|row| row.stored(&runtimes)).collect()
    }

    /// One model that is not in the trash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn model(&self, id: ModelId) -> Result<StoredModel, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a model")?;
        fetch(&mut connection, id, &self.runtimes()).await
    }
}

async fn fetch(
    connection: &mut SqliteConnection,
    id: ModelId,
    runtimes: &[RuntimeName],
) -> Result<StoredModel, StoreError> {
    let row: ModelRow = sqlx::query_as(select_models!(
        "where m.id = ?1 and m.deleted_at_ms is null"
    ))
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a model")?
    .ok_or_else(|| StoreError::not_found("model", id))?;
    row.stored(runtimes)
}

/// What was made of a header, or why there is none.
#[derive(Serialize, Deserialize)]
struct Judged {
    /// What holds where nothing is known of single runtimes.
    #[serde(flatten)]
    verdict: ModelVerdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runtimes: Vec<RuntimeVerdict>,
}

impl Judged {
    fn here(
        &self,
        installed: &[RuntimeName],
        wanted: Option<RuntimeName>,
    ) -> (Option<RuntimeName>, ModelVerdict) {
        if self.runtimes.is_empty() {
            (None, self.verdict.clone())
        } else {
            choose_runtime(&self.runtimes, installed, wanted)
        }
    }
}

/// Where a model is, if it belongs to an engine.
fn remote(
    engine_id: Option<String>,
    engine_name: Option<String>,
    name: Option<String>,
) -> Result<Option<RemoteModel>, StoreError> {
    let Some(engine_id) = engine_id else {
        return Ok(None);
    };
    Ok(Some(RemoteModel {
        engine_id: parse("engine id", &engine_id)?,
        engine_name: engine_name.unwrap_or_default(),
        name: name.unwrap_or_default(),
    }))
}

/// A verdict that no runtime has a say in, as it is stored.
pub(crate) fn remote_verdict(verdict: ModelVerdict) -> String {
    to_json(&Judged {
        verdict,
        runtimes: Vec::new(),
    })
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
    projector: Option<String>,
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
    absence: Option<String>,
    hashes: String,
    defaults: String,
    engine_id: Option<String>,
    engine_name: Option<String>,
    remote_name: Option<String>,
}

impl ModelRow {
    fn stored(self, installed: &[RuntimeName]) -> Result<StoredModel, StoreError> {
        let absence: Option<Absence> = self
            .absence
            .map(|word| from_word("absence of a model", word))
            .transpose()?;
        let judged: Judged = from_json("verdict", &self.verdict)?;
        let defaults: ModelDefaults = match self.defaults.as_str() {
            "{}" => ModelDefaults::default(),
            defaults => from_json("defaults of a model", defaults)?,
        };
        // Only llama.cpp sees images, so it goes first where there is a projector.
        let wanted = defaults
            .runtime
            .or(self.projector.as_ref().map(|_| RuntimeName::LlamaCpp));
        let (runtime, verdict) = judged.here(installed, wanted);
        Ok(StoredModel {
            files: from_json("files of a model", &self.files)?,
            fingerprint: self.fingerprint,
            absence,
            hashes: match self.hashes.as_str() {
                "[]" => Vec::new(),
                hashes => from_json("hashes of a model", hashes)?,
            },
            defaults,
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
                sees_images: self.projector.is_some()
                    && runtime == Some(RuntimeName::LlamaCpp)
                    && matches!(verdict, ModelVerdict::Runs { .. }),
                projector: self.projector,
                verdict: match absence {
                    Some(Absence::Missing) => ModelVerdict::Missing,
                    Some(Absence::Offline) => ModelVerdict::Offline,
                    None => verdict,
                },
                runtime,
                runtimes: judged.runtimes,
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
                remote: remote(self.engine_id, self.engine_name, self.remote_name)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{conversation, model};
    use sirocco_protocol::commands::{ConversationUpdate, ModelUpdate};

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
    async fn favourites_come_first_then_names_whatever_their_case() {
        let store = Store::open_in_memory().await.unwrap();
        let mut ids = Vec::new();
        for name in ["beta", "Alpha", "alpha 2", "Zeta"] {
            let mut new = model(&format!("/{name}"), name);
            new.name = name.into();
            ids.push(store.save_model(&new, 1).await.unwrap().model.id);
        }
        let mark = ModelUpdate {
            id: ids[3],
            name: None,
            favourite: Some(true),
            notes: None,
        };
        store.update_model(&mark).await.unwrap();
        let names = |models: Vec<StoredModel>| -> Vec<String> {
            models.into_iter().map(|stored| stored.model.name).collect()
        };
        let listed = names(store.list_models().await.unwrap());
        assert_eq!(listed, ["Zeta", "Alpha", "alpha 2", "beta"]);

        store.remove_model(ids[0]).await.unwrap();
        let some = names(store.models(&ids[..2]).await.unwrap());
        assert_eq!(some, ["Alpha"]);
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
    async fn a_model_is_judged_for_the_runtimes_there_are() {
        let says = |runtime, reasons: &[&str]| RuntimeVerdict {
            runtime,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            cautions: Vec::new(),
            embeds: false,
        };
        let mut new = model("/a", "a");
        new.runtimes = vec![
            says(RuntimeName::MistralRs, &["too new"]),
            says(RuntimeName::LlamaCpp, &[]),
        ];
        let store = Store::open_in_memory().await.unwrap();
        let id = store.save_model(&new, 1).await.unwrap().model.id;
        let with_both = store.model(id).await.unwrap().model;
        assert_eq!(with_both.runtime, Some(RuntimeName::LlamaCpp));
        assert!(matches!(with_both.verdict, ModelVerdict::Runs { .. }));
        assert_eq!(with_both.runtimes, new.runtimes);

        store.clone().judge_for(&[RuntimeName::MistralRs]);
        let with_one = store.list_models().await.unwrap().remove(0).model;
        assert_eq!(with_one.runtime, None);
        let ModelVerdict::Refused { reasons } = with_one.verdict else {
            panic!("{:?}", with_one.verdict)
        };
        assert_eq!(reasons[0], "too new");
    }

    #[tokio::test]
    async fn the_runtime_chosen_for_a_model_serves_it() {
        let mut new = model("/a", "a");
        new.runtimes = RuntimeName::ALL
            .map(|runtime| RuntimeVerdict {
                runtime,
                reasons: Vec::new(),
                cautions: Vec::new(),
                embeds: false,
            })
            .to_vec();
        let store = Store::open_in_memory().await.unwrap();
        let saved = store.save_model(&new, 1).await.unwrap().model;
        assert_eq!(saved.runtime, Some(RuntimeName::MistralRs));
        let defaults = ModelDefaults {
            runtime: Some(RuntimeName::LlamaCpp),
            ..ModelDefaults::default()
        };
        let chosen = store.set_model_defaults(saved.id, &defaults).await.unwrap();
        assert_eq!(chosen.model.runtime, Some(RuntimeName::LlamaCpp));
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
