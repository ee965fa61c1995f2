//! The LoRA adapters in the folders of the library. They are found by its scans and remembered until the next one.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sirocco_hub::library::{FoundAdapter, unique_key};
use sirocco_protocol::{Adapter, ErrorCode, ErrorReport, ModelId, RootId};
use sirocco_store::StoredModel;

use crate::App;
use crate::error::{Report, refuse};

/// What the last scan of each folder found.
#[derive(Default)]
pub(crate) struct Adapters(Mutex<HashMap<RootId, Vec<FoundAdapter>>>);

impl Adapters {
    fn of_roots(&self) -> MutexGuard<'_, HashMap<RootId, Vec<FoundAdapter>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what these folders have.
    pub fn note(&self, found: impl IntoIterator<Item = (RootId, Vec<FoundAdapter>)>) {
        self.of_roots().extend(found);
    }

    /// Forgets those of a folder that left the library.
    pub fn forget(&self, root: RootId) {
        self.of_roots().remove(&root);
    }

    /// All of them by path, each with a key of its own.
    fn all(&self) -> Vec<FoundAdapter> {
        let mut all: Vec<FoundAdapter> = self.of_roots().values().flatten().cloned().collect();
        all.sort_by(|one, other| one.path.cmp(&other.path));
        // Of two folders, one inside the other, both have it.
        all.dedup_by(|one, other| one.path == other.path);
        let mut keys = HashSet::new();
        for adapter in &mut all {
            adapter.key = unique_key(&adapter.key, |key| keys.contains(key));
            keys.insert(adapter.key.clone());
        }
        all
    }
}

impl App {
    /// Those that are for models of this one's architecture, by name.
    pub(crate) async fn adapters(&self, id: ModelId) -> Result<Vec<Adapter>, ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        let mut fitting: Vec<Adapter> = self
            .inner
            .library
            .adapters
            .all()
            .into_iter()
            .filter(|adapter| adapter.architecture == stored.model.architecture)
            .map(|adapter| Adapter {
                key: adapter.key,
                name: adapter.name,
                path: super::text(&adapter.path),
                architecture: adapter.architecture,
                size_bytes: adapter.size_bytes,
            })
            .collect();
        fitting.sort_by(|one, other| (&one.name, &one.key).cmp(&(&other.name, &other.key)));
        Ok(fitting)
    }

    /// The file of the adapter with this key, if it is for such models.
    pub(crate) fn adapter_for(
        &self,
        stored: &StoredModel,
        key: &str,
    ) -> Result<String, ErrorReport> {
        let all = self.inner.library.adapters.all();
        let Some(adapter) = all.into_iter().find(|adapter| adapter.key == key) else {
            let message = format!("no adapter in the folders of the library is called `{key}`");
            return Err(refuse(ErrorCode::FileProblem, message)
                .with_hint("put its file back, choose another one, or none"));
        };
        let model = &stored.model;
        if adapter.architecture != model.architecture {
            let message = format!(
                "the adapter `{key}` is for models of architecture `{}`, and {} is of `{}`",
                adapter.architecture, model.name, model.architecture
            );
            return Err(refuse(ErrorCode::ModelRefused, message));
        }
        Ok(super::text(&adapter.path))
    }
}
