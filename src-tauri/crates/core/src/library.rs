//! The library: roots, scans, imports. What the disk says goes into the store.

use std::path::{Path, PathBuf};

use sirocco_hub::library::{FoundModel, inspect_file, scan_root};
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, ImportMode, ImportOutcome, Model, ModelId, ModelOrigin,
    ModelRoot, ModelVerdict, PathHandle, RootId,
};
use sirocco_store::{NewModel, StoreError, StoredModel, StoredRoot};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

impl App {
    pub(crate) async fn add_own_root(&self) -> Result<(), StoreError> {
        let own = StoredRoot {
            id: RootId::fresh(),
            path: self.inner.home.models().display().to_string(),
            is_own: true,
        };
        self.inner.store.add_root(&own, now_ms()).await.map(|_| ())
    }

    pub(crate) async fn models(&self) -> Result<Vec<Model>, ErrorReport> {
        Ok(self
            .inner
            .store
            .list_models()
            .await
            .report()?
            .into_iter()
            .map(|stored| stored.model)
            .collect())
    }

    /// Looks through all roots, and at files picked one by one; marks what is gone.
    pub(crate) async fn scan_library(&self) -> Result<ImportOutcome, ErrorReport> {
        let mut outcome = ImportOutcome::default();
        let mut seen = Vec::new();
        for root in self.inner.store.list_roots().await.report()? {
            let found = self.scan_one_root(&root).await?;
            seen.extend(found.models.iter().map(|model| model.id));
            outcome.models.extend(found.models);
            outcome.problems.extend(found.problems);
        }
        for stored in self.inner.store.list_models().await.report()? {
            if !seen.contains(&stored.model.id) {
                self.look_again(stored).await?;
            }
        }
        Ok(outcome)
    }

    pub(crate) async fn import(
        &self,
        handle: PathHandle,
        _mode: ImportMode,
    ) -> Result<ImportOutcome, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        if path.is_dir() {
            self.import_folder(&path).await
        } else {
            self.import_file(path, None).await
        }
    }

    pub(crate) async fn add_root(&self, handle: PathHandle) -> Result<ImportOutcome, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        if !path.is_dir() {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                format!("`{}` is not a folder", path.display()),
            ));
        }
        let root = StoredRoot {
            id: RootId::fresh(),
            path: path.display().to_string(),
            is_own: false,
        };
        let root = self.inner.store.add_root(&root, now_ms()).await.report()?;
        self.scan_one_root(&root).await
    }

    pub(crate) async fn roots(&self) -> Result<Vec<ModelRoot>, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        Ok(roots
            .into_iter()
            .map(|root| ModelRoot {
                reachable: std::fs::read_dir(&root.path).is_ok(),
                id: root.id,
                path: root.path,
                is_own: root.is_own,
                origin: ModelOrigin::Folder,
                model_count: 0,
                size_bytes: 0,
            })
            .collect())
    }

    pub(crate) async fn remove_root(&self, id: RootId) -> Result<(), ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        if roots.iter().any(|root| root.id == id && root.is_own) {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "the app's own model folder cannot be removed",
            ));
        }
        for stored in self.inner.store.list_models().await.report()? {
            if stored.model.root_id == Some(id) {
                self.forget_model(stored.model.id).await?;
            }
        }
        self.inner.store.remove_root(id).await.report()
    }

    pub(crate) async fn forget_model(&self, id: ModelId) -> Result<(), ErrorReport> {
        self.inner.residency.eject(id).await;
        self.inner.store.remove_model(id).await.report()?;
        self.emit(Event::ModelRemoved { model_id: id });
        Ok(())
    }

    /// Puts one file into the library.
    pub(crate) async fn import_file(
        &self,
        path: PathBuf,
        root: Option<RootId>,
    ) -> Result<ImportOutcome, ErrorReport> {
        let found = blocking(move || inspect_file(&path)).await?;
        Ok(match found {
            Ok(found) => ImportOutcome {
                models: vec![self.save(found, root).await?],
                problems: Vec::new(),
            },
            Err(problem) => ImportOutcome {
                models: Vec::new(),
                problems: vec![problem.to_string()],
            },
        })
    }

    /// Reads the header again if the files changed, and marks a model whose files are gone.
    pub(crate) async fn look_again(&self, stored: StoredModel) -> Result<StoredModel, ErrorReport> {
        let files: Vec<PathBuf> = stored.files.iter().map(PathBuf::from).collect();
        let first = files.first().cloned().unwrap_or_default();
        let known = stored.fingerprint.parse();
        let state = blocking(move || {
            if !files.iter().all(|file| file.is_file()) {
                return FileState::Gone;
            }
            match known {
                Ok(fingerprint) if !sirocco_hub::library::changed(&files, &fingerprint) => {
                    FileState::Same
                }
                _ => FileState::Changed,
            }
        })
        .await?;
        match state {
            FileState::Same if stored.model.verdict != ModelVerdict::Missing => Ok(stored),
            FileState::Gone if stored.model.verdict == ModelVerdict::Missing => Ok(stored),
            FileState::Gone => {
                let stored = self
                    .inner
                    .store
                    .set_model_verdict(stored.model.id, &ModelVerdict::Missing)
                    .await
                    .report()?;
                self.emit(Event::ModelChanged {
                    model: stored.model.clone(),
                });
                Ok(stored)
            }
            FileState::Same | FileState::Changed => {
                let outcome = self.import_file(first, stored.model.root_id).await?;
                if let Some(problem) = outcome.problems.into_iter().next() {
                    let verdict = ModelVerdict::Refused {
                        reasons: vec![problem],
                    };
                    let stored = self
                        .inner
                        .store
                        .set_model_verdict(stored.model.id, &verdict)
                        .await
                        .report()?;
                    self.emit(Event::ModelChanged {
                        model: stored.model.clone(),
                    });
                    return Ok(stored);
                }
                self.inner.store.model(stored.model.id).await.report()
            }
        }
    }

    /// A folder dropped or picked for import: its models, without watching the folder.
    async fn import_folder(&self, path: &Path) -> Result<ImportOutcome, ErrorReport> {
        let folder = path.to_path_buf();
        let scan = blocking(move || scan_root(&folder)).await?;
        let mut outcome = ImportOutcome {
            models: Vec::new(),
            problems: scan.problems.iter().map(ToString::to_string).collect(),
        };
        for found in scan.models {
            outcome.models.push(self.save(found, None).await?);
        }
        if outcome.models.is_empty() && outcome.problems.is_empty() {
            outcome
                .problems
                .push(format!("there are no GGUF files in `{}`", path.display()));
        }
        Ok(outcome)
    }

    async fn scan_one_root(&self, root: &StoredRoot) -> Result<ImportOutcome, ErrorReport> {
        let folder = PathBuf::from(&root.path);
        let scan = blocking(move || scan_root(&folder)).await?;
        let mut outcome = ImportOutcome {
            models: Vec::new(),
            problems: scan.problems.iter().map(ToString::to_string).collect(),
        };
        for found in scan.models {
            outcome.models.push(self.save(found, Some(root.id)).await?);
        }
        Ok(outcome)
    }

    async fn save(&self, found: FoundModel, root_id: Option<RootId>) -> Result<Model, ErrorReport> {
        let new = NewModel {
            id: ModelId::fresh(),
            name: found.name,
            key: found.key,
            files: found
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect(),
            root_id,
            fingerprint: found.fingerprint.to_string(),
            architecture: found.architecture,
            quantization: found.quantization,
            size_bytes: found.size_bytes,
            parameter_count: found.parameter_count,
            context_length: found.context_length,
            has_chat_template: found.has_chat_template,
            verdict: found.verdict,
            origin: found.origin,
            source: None,
            sha256: found.stated_sha256.map(|hash| hash.to_string()),
        };
        let stored = self.inner.store.save_model(&new, now_ms()).await.report()?;
        self.emit(Event::ModelChanged {
            model: stored.model.clone(),
        });
        Ok(stored.model)
    }
}

enum FileState {
    Same,
    Changed,
    Gone,
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
