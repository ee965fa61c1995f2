//! Keeping models: names and notes, headers, defaults; [`verify`] checks bytes, [`duplicates`] finds the same ones
//! twice, [`trash`] is where deleted ones go, [`space`] says what takes how much.

mod duplicates;
mod space;
mod trash;
mod verify;

pub(crate) use trash::{days_ms, removed_at_ms};

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use sirocco_protocol::commands::{ModelDefaultsSet, ModelUpdate};
use sirocco_protocol::{
    ErrorCode, ErrorReport, HeaderReport, Model, ModelDefaults, ModelId, ModelOrigin,
};
use sirocco_store::StoredModel;

use crate::App;
use crate::error::{Report, refuse};
use crate::library::{blocking, files_of};
use crate::loading::check_llamacpp;

/// Characters of a given name.
const LONGEST_NAME: usize = 200;
/// Characters of notes.
const LONGEST_NOTES: usize = 100_000;

/// What is going on in this session.
#[derive(Default)]
pub(crate) struct Keeping {
    /// Models to be checked, and whether somebody is at it.
    checks: Mutex<Checks>,
    /// Held by who reads whole files: two at once are slower than one after the other.
    reader: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Checks {
    queue: VecDeque<ModelId>,
    running: bool,
}

impl Keeping {
    fn checks(&self) -> std::sync::MutexGuard<'_, Checks> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    pub(crate) async fn update_model(&self, mut update: ModelUpdate) -> Result<Model, ErrorReport> {
        if let Some(name) = &mut update.name {
            *name = name.trim().to_owned();
            if name.is_empty() || name.chars().count() > LONGEST_NAME {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    format!("a name has 1 to {LONGEST_NAME} characters"),
                ));
            }
        }
        check_notes(update.notes.as_deref())?;
        let stored = self.inner.store.update_model(&update).await.report()?;
        self.model_changed(&stored);
        Ok(stored.model)
    }

    pub(crate) async fn local_header(&self, id: ModelId) -> Result<HeaderReport, ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        refuse_remote(&stored)?;
        let files = files_of(&stored);
        let model = blocking(move || sirocco_gguf::Model::open(&files[0])).await?;
        let model = model
            .map_err(|error| refuse(ErrorCode::FileProblem, crate::error::with_causes(&error)))?;
        Ok(sirocco_hub::report::of(
            &model,
            &self.inner.residency.installed(),
        ))
    }

    pub(crate) async fn reveal_model(&self, id: ModelId) -> Result<(), ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        refuse_remote(&stored)?;
        let (host, path) = (self.inner.host.clone(), files_of(&stored).swap_remove(0));
        // File managers are asked over a bus that may take its time.
        blocking(move || {
            if !path.exists() {
                return Err(refuse(
                    ErrorCode::FileProblem,
                    format!("`{}` is not there", path.display()),
                ));
            }
            host.reveal(&path)
        })
        .await?
    }

    pub(crate) async fn model_defaults(&self, id: ModelId) -> Result<ModelDefaults, ErrorReport> {
        Ok(self.inner.store.model(id).await.report()?.defaults)
    }

    pub(crate) async fn set_model_defaults(
        &self,
        request: ModelDefaultsSet,
    ) -> Result<ModelDefaults, ErrorReport> {
        let defaults = &request.defaults;
        if defaults.context_length == Some(0) || defaults.threads == Some(0) {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "context length and threads are at least 1",
            ));
        }
        defaults.llamacpp.as_ref().map_or(Ok(()), check_llamacpp)?;
        if let Some(values) = &defaults.values {
            let refused = |message| refuse(ErrorCode::InvalidRequest, message);
            values.parameters.validate().map_err(refused)?;
        }
        let store = &self.inner.store;
        let stored = store
            .set_model_defaults(request.id, defaults)
            .await
            .report()?;
        // What its conversations have may be other than it was.
        self.model_changed(&stored);
        Ok(stored.defaults)
    }
}

/// Refuses to look at the files of a model that has none here.
fn refuse_remote(stored: &StoredModel) -> Result<(), ErrorReport> {
    match &stored.model.remote {
        None => Ok(()),
        Some(remote) => Err(refuse(
            ErrorCode::InvalidRequest,
            format!(
                "{} is a model of {} and has no file here",
                stored.model.name, remote.engine_name
            ),
        )),
    }
}

/// Refuses notes that nobody wrote by hand.
pub(crate) fn check_notes(notes: Option<&str>) -> Result<(), ErrorReport> {
    if notes.is_none_or(|notes| notes.chars().count() <= LONGEST_NOTES) {
        Ok(())
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            format!("notes have at most {LONGEST_NOTES} characters"),
        ))
    }
}

/// A folder of another app, in a sentence.
pub(crate) fn folder_name(origin: ModelOrigin) -> &'static str {
    match origin {
        ModelOrigin::Folder => "a folder that is not the app's own",
        ModelOrigin::HuggingFaceCache => "the cache of Hugging Face",
        ModelOrigin::LmStudio => "LM Studio's folder",
        ModelOrigin::Jan => "Jan's folder",
        ModelOrigin::Ollama => "Ollama's folder",
        ModelOrigin::LlamaCpp => "the cache of llama.cpp",
    }
}
