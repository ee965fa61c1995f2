//! Folders of the library.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sirocco_hub::library::{FolderEnvironment, System, origin_of_folder, suggest_folders};
use sirocco_protocol::{
    ErrorCode, ErrorReport, ImportOutcome, ModelOrigin, ModelRoot, PathHandle, RootId,
    RootSuggestion,
};
use sirocco_store::{StoreError, StoredRoot};

use super::scan::Extent;
use super::{blocking, text};
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

/// Folders of other apps on this machine, with whose they are.
fn folders_of_others() -> Vec<(ModelOrigin, PathBuf)> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let environment = FolderEnvironment {
        system: System::here(),
        home: variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" }),
        variable: &variable,
    };
    suggest_folders(&environment)
}

/// Whose this folder (without links) is: as that app's settings say, else as it looks.
fn whose(folder: &Path) -> ModelOrigin {
    folders_of_others()
        .into_iter()
        .find(|(_, other)| real(other) == folder)
        .map_or_else(|| origin_of_folder(folder), |(origin, _)| origin)
}

impl App {
    pub(crate) async fn add_own_root(&self) -> Result<(), StoreError> {
        let own = StoredRoot {
            id: RootId::fresh(),
            path: text(&self.inner.home.models()),
            is_own: true,
            origin: ModelOrigin::Folder,
        };
        self.inner.store.add_root(&own, now_ms()).await.map(|_| ())
    }

    pub(crate) async fn add_root(&self, handle: PathHandle) -> Result<ImportOutcome, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        let home = self.inner.home.path().to_owned();
        let roots = self.inner.store.list_roots().await.report()?;
        let root = blocking(move || {
            if !path.is_dir() {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    format!("`{}` is not a folder", path.display()),
                ));
            }
            let (folder, own) = (real(&path), real(&home));
            if folder.starts_with(&own) || own.starts_with(&folder) {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    format!(
                        "`{}` and the app's own data folder lie in one another",
                        path.display()
                    ),
                )
                .with_hint("models of the app's own folder are in the library already"));
            }
            if let Some(around) = roots.iter().find(|root| {
                let around = real(Path::new(&root.path));
                folder.starts_with(&around) && folder != around
            }) {
                return Err(refuse(
                    ErrorCode::Conflict,
                    format!(
                        "`{}` is in the library already, inside `{}`",
                        path.display(),
                        around.path
                    ),
                ));
            }
            Ok(StoredRoot {
                id: RootId::fresh(),
                origin: whose(&folder),
                path: text(&path),
                is_own: false,
            })
        })
        .await??;
        let store = &self.inner.store;
        // Who adds a folder wants all of it, also what was once forgotten.
        let inside: Vec<String> = store
            .forgotten_files()
            .await
            .report()?
            .into_iter()
            .filter(|file| Path::new(file).starts_with(&root.path))
            .collect();
        store.recall_files(&inside).await.report()?;
        let root = store.add_root(&root, now_ms()).await.report()?;
        self.scan(vec![root], Extent::TheseFolders).await
    }

    pub(crate) async fn roots(&self) -> Result<Vec<ModelRoot>, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        let contents = self.inner.store.root_contents().await.report()?;
        // A share that does not answer must not hold up everything else.
        blocking(move || {
            roots
                .into_iter()
                .map(|root| {
                    let content = contents
                        .iter()
                        .find(|content| content.root_id == Some(root.id));
                    let models = content.map_or(0, |content| content.model_count);
                    let offline = content.map_or(0, |content| content.offline_count);
                    ModelRoot {
                        // A place where nothing is mounted can be read, and is empty.
                        reachable: std::fs::read_dir(&root.path).is_ok()
                            && (models == 0 || offline < models),
                        id: root.id,
                        path: root.path,
                        is_own: root.is_own,
                        origin: root.origin,
                        model_count: models,
                        size_bytes: content.map_or(0, |content| content.size_bytes),
                    }
                })
                .collect()
        })
        .await
    }

    pub(crate) async fn remove_root(&self, id: RootId) -> Result<(), ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        if roots.iter().any(|root| root.id == id && root.is_own) {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "the app's own model folder cannot be removed",
            ));
        }
        let _turn = self.inner.library.turn.lock().await;
        for stored in self.inner.store.list_local_models().await.report()? {
            if stored.model.root_id == Some(id) {
                self.drop_model(stored.model.id).await?;
            }
        }
        self.inner.library.adapters.forget(id);
        self.inner.store.remove_root(id).await.report()
    }

    /// Folders of other apps on this machine.
    pub(crate) async fn suggest_roots(&self) -> Result<Vec<RootSuggestion>, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        let found = blocking(move || {
            let added: HashSet<PathBuf> = roots
                .iter()
                .map(|root| real(Path::new(&root.path)))
                .collect();
            folders_of_others()
                .into_iter()
                .map(|(origin, path)| (origin, added.contains(&real(&path)), path))
                .collect::<Vec<_>>()
        })
        .await?;
        found
            .into_iter()
            .map(|(origin, added, path)| {
                let picked = self.inner.picked.mint(&path)?;
                Ok(RootSuggestion {
                    origin,
                    path: picked.path,
                    handle: picked.handle,
                    added,
                })
            })
            .collect()
    }

    /// The folder that has a path, the innermost one.
    pub(super) async fn root_around(&self, path: &Path) -> Result<Option<StoredRoot>, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        Ok(roots
            .into_iter()
            .filter(|root| path.starts_with(&root.path))
            .max_by_key(|root| root.path.len()))
    }
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
