//! The library: what the disk says goes into the store.
//!
//! [`scan`] looks through folders, [`import`] brings single files in, [`roots`] are the folders
//! themselves, [`adapters`] are files that change models, [`drafts`] models that guess for others. How a model is kept once it is there is in [`crate::keeping`].

mod adapters;
mod drafts;
mod import;
mod roots;
mod scan;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sirocco_hub::library::FoundModel;
use sirocco_protocol::{ErrorCode, ErrorReport, Event, Model, ModelId, PathHandle, RootId};
use sirocco_store::{NewModel, StoredModel, library_order};
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

pub(crate) use import::remove_unfinished_copies;

/// Imported models have a folder each in here, in the own folder.
const IMPORTED: &str = "imported";

/// What is going on in the library of this session.
#[derive(Default)]
pub(crate) struct Library {
    /// Held while files and rows are compared or changed together, so that a scan does not see a
    /// model half-way into the trash. Copying does not take it.
    pub turn: Arc<tokio::sync::Mutex<()>>,
    /// Imports that copy.
    imports: Mutex<HashMap<PathHandle, CancellationToken>>,
    listed: Mutex<Listed>,
    pub adapters: adapters::Adapters,
}

/// The list as it was last read, and what changed since.
#[derive(Default)]
struct Listed {
    changes: u64,
    models: Option<Vec<Arc<Model>>>,
    /// Models of the list that must be read again.
    stale: HashSet<ModelId>,
}

/// With so many changes the whole list is read again.
const STALE_MODELS: usize = 500;

impl Library {
    fn imports(&self) -> std::sync::MutexGuard<'_, HashMap<PathHandle, CancellationToken>> {
        self.imports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listed(&self) -> std::sync::MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an event. What changes a model is written first and told then, so what was read before the event may be
    /// old, and what was read after it is not. The event's own words do not count: two of one model may come in
    /// another order than they were written in.
    pub fn note(&self, event: &Event) {
        let id = match event {
            Event::ModelChanged { model } => model.id,
            Event::ModelRemoved { model_id } => *model_id,
            // Anything may be another.
            Event::Lagged => {
                let mut listed = self.listed();
                listed.changes += 1;
                listed.models = None;
                listed.stale.clear();
                return;
            }
            _ => return,
        };
        let mut listed = self.listed();
        listed.changes += 1;
        listed.stale.insert(id);
        if listed.stale.len() > STALE_MODELS {
            listed.models = None;
        }
        if listed.models.is_none() {
            listed.stale.clear();
        }
    }
}

impl App {
    pub(crate) async fn models(&self) -> Result<Vec<Arc<Model>>, ErrorReport> {
        let (changes, known, stale) = {
            let listed = self.inner.library.listed();
            (listed.changes, listed.models.clone(), listed.stale.clone())
        };
        let store = &self.inner.store;
        let models = match known {
            Some(models) if stale.is_empty() => return Ok(models),
            Some(models) => {
                let changed = store
                    .models(&Vec::from_iter(stale.iter().copied()))
                    .await
                    .report()?;
                let changed = changed.into_iter().map(|stored| Arc::new(stored.model));
                let same = models.into_iter().filter(|one| !stale.contains(&one.id));
                let mut models: Vec<_> = same.chain(changed).collect();
                models.sort_by(|one, other| library_order(one, other));
                models
            }
            None => {
                let stored = store.list_models().await.report()?;
                stored
                    .into_iter()
                    .map(|stored| Arc::new(stored.model))
                    .collect()
            }
        };
        let mut listed = self.inner.library.listed();
        if listed.changes == changes {
            listed.models = Some(models.clone());
            listed.stale.clear();
        }
        Ok(models)
    }

    /// Forgets a model. A folder of the library that holds its file does not bring it back.
    pub(crate) async fn forget_model(&self, id: ModelId) -> Result<(), ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        let stored = self.inner.store.model(id).await.report()?;
        self.drop_model(id).await?;
        if stored.model.root_id.is_some() {
            self.inner
                .store
                .forget_file(&stored.model.path, now_ms())
                .await
                .report()?;
        }
        Ok(())
    }

    /// Takes a model out of the library; its files stay.
    async fn drop_model(&self, id: ModelId) -> Result<(), ErrorReport> {
        self.inner.residency.eject(id).await;
        self.inner.store.remove_model(id).await.report()?;
        self.emit(Event::ModelRemoved { model_id: id });
        Ok(())
    }

    async fn save(&self, found: FoundModel, root_id: Option<RootId>) -> Result<Model, ErrorReport> {
        let new = new_model(found, root_id);
        self.inner.store.recall_files(&new.files).await.report()?;
        let stored = self.inner.store.save_model(&new, now_ms()).await.report()?;
        self.model_changed(&stored);
        Ok(stored.model)
    }

    pub(crate) fn model_changed(&self, stored: &StoredModel) {
        self.emit(Event::ModelChanged {
            model: stored.model.clone(),
        });
    }
}

fn new_model(found: FoundModel, root_id: Option<RootId>) -> NewModel {
    NewModel {
        id: ModelId::fresh(),
        name: found.name,
        key: found.key,
        files: found.files.iter().map(|file| text(file)).collect(),
        root_id,
        fingerprint: found.fingerprint.to_string(),
        architecture: found.architecture,
        quantization: found.quantization,
        size_bytes: found.size_bytes,
        parameter_count: found.parameter_count,
        context_length: found.context_length,
        has_chat_template: found.has_chat_template,
        projector: found.projector.as_deref().map(text),
        verdict: found.verdict,
        runtimes: found.runtimes,
        origin: found.origin,
        source: found.source,
        hashes: found
            .stated_hashes
            .iter()
            .map(|hash| hash.map(|hash| hash.to_string()))
            .collect(),
    }
}

/// A path as the store keeps it.
fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Files of a stored model.
pub(crate) fn files_of(stored: &StoredModel) -> Vec<PathBuf> {
    stored.files.iter().map(PathBuf::from).collect()
}

/// Runs disk work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorReport> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        refuse(
            ErrorCode::Internal,
            format!("disk work was cut off: {error}"),
        )
    })
}
