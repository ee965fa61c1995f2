//! Comparing the library with the disk.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sirocco_hub::library::{Fingerprint, FoundAdapter, Known, Projectors, inspect_file, scan_root};
use sirocco_protocol::{ErrorReport, ImportOutcome, ModelId, ModelOrigin, ModelVerdict, RootId};
use sirocco_store::{Absence, LibraryChanges, StoredModel, StoredRoot};

use super::{blocking, files_of, new_model};
use crate::App;
use crate::clock::now_ms;
use crate::error::Report;

impl App {
    /// Looks through all folders, and at files picked one by one; marks what is gone. Files that
    /// are as they were are not opened.
    pub(crate) async fn scan_library(&self) -> Result<ImportOutcome, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        self.scan(roots, Extent::Everything).await
    }

    /// Looks through everything in the background. It has its turn at once, so that whatever is asked
    /// for after this finds the library as the disk is.
    pub(crate) async fn begin_scan(&self) {
        let turn = Arc::clone(&self.inner.library.turn).lock_owned().await;
        let app = self.clone();
        self.spawn(async move {
            let scanned = async {
                let roots = app.inner.store.list_roots().await.report()?;
                app.compare(roots, Extent::Everything).await
            };
            if let Err(error) = scanned.await {
                tracing::warn!(%error, "the library was not scanned at start");
            }
            drop(turn);
        });
    }

    pub(super) async fn scan(
        &self,
        roots: Vec<StoredRoot>,
        extent: Extent,
    ) -> Result<ImportOutcome, ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        self.compare(roots, extent).await
    }

    /// A scan by who has the turn.
    async fn compare(
        &self,
        roots: Vec<StoredRoot>,
        extent: Extent,
    ) -> Result<ImportOutcome, ErrorReport> {
        let store = &self.inner.store;
        let models = store.list_local_models().await.report()?;
        let forgotten: HashSet<String> = store
            .forgotten_files()
            .await
            .report()?
            .into_iter()
            .collect();
        let survey = blocking(move || survey(&roots, &models, &forgotten, extent)).await?;
        let changed = store
            .apply_library_changes(&survey.changes, now_ms())
            .await
            .report()?;
        self.inner.library.adapters.note(survey.adapters);
        for stored in &changed {
            self.model_changed(stored);
        }
        Ok(ImportOutcome {
            models: changed.into_iter().map(|stored| stored.model).collect(),
            problems: survey.problems,
        })
    }

    /// Reads the header again if the files changed, and marks a model whose files are gone.
    pub(crate) async fn look_again(&self, stored: StoredModel) -> Result<StoredModel, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        let looked_at = stored.clone();
        let changes = blocking(move || {
            let root = roots
                .iter()
                .find(|root| Some(root.id) == looked_at.model.root_id);
            let offline = root.is_some_and(|root| std::fs::read_dir(&root.path).is_err());
            let mut changes = LibraryChanges::default();
            look(&looked_at, offline, &mut changes);
            changes
        })
        .await?;
        let changed = self
            .inner
            .store
            .apply_library_changes(&changes, now_ms())
            .await
            .report()?;
        let Some(changed) = changed.into_iter().next() else {
            return Ok(stored);
        };
        self.model_changed(&changed);
        Ok(changed)
    }
}

/// How much of the library a scan concerns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it: what no folder has any more is marked.
    Everything,
    /// Only what the given folders have.
    TheseFolders,
}

struct Survey {
    changes: LibraryChanges,
    /// Files that are no models and never were.
    problems: Vec<String>,
    /// Of each folder.
    adapters: Vec<(RootId, Vec<FoundAdapter>)>,
}

/// Compares what is stored with the disk. Blocks.
fn survey(
    roots: &[StoredRoot],
    models: &[StoredModel],
    forgotten: &HashSet<String>,
    extent: Extent,
) -> Survey {
    let by_path: HashMap<&Path, &StoredModel> = models
        .iter()
        .map(|stored| (Path::new(&stored.model.path), stored))
        .collect();
    // Models without a folder are looked at again when one has them, to get it.
    let known: Known = models
        .iter()
        .filter(|stored| stored.model.root_id.is_some())
        .filter_map(|stored| {
            Some((
                PathBuf::from(&stored.model.path),
                stored.fingerprint.parse().ok()?,
            ))
        })
        .collect();
    let mut changes = LibraryChanges::default();
    let (mut problems, mut adapters) = (Vec::new(), Vec::new());
    let mut seen: HashSet<ModelId> = HashSet::new();
    let mut offline: HashSet<RootId> = HashSet::new();
    for root in roots {
        let scan = scan_root(Path::new(&root.path), root.origin, &known);
        let (mut met, mut fresh) = (0, Vec::new());
        for stored in scan
            .unchanged
            .iter()
            .filter_map(|path| by_path.get(path.as_path()))
        {
            met += 1;
            if seen.insert(stored.model.id) && stored.absence.is_some() {
                changes.absences.push((stored.model.id, None));
            }
        }
        for found in scan.models {
            let stored = by_path.get(found.files[0].as_path());
            met += usize::from(stored.is_some());
            if forgotten.contains(&super::text(&found.files[0])) {
                continue;
            }
            // Of two folders, one inside the other, the first keeps it.
            let root_id = stored
                .and_then(|stored| stored.model.root_id)
                .or(Some(root.id));
            if stored.is_none_or(|stored| seen.insert(stored.model.id)) {
                fresh.push(new_model(found, root_id));
            }
        }
        changes.found.append(&mut fresh);
        adapters.push((root.id, scan.adapters));
        for problem in scan.problems {
            match by_path.get(problem.path.as_path()) {
                Some(stored) if seen.insert(stored.model.id) => {
                    met += 1;
                    judge(stored, problem.message, &mut changes);
                }
                Some(_) => {}
                None => problems.push(problem.to_string()),
            }
        }
        if scan.unreachable || (met == 0 && looks_unmounted(root, models)) {
            offline.insert(root.id);
        }
    }
    // The same new file in two folders, one inside the other.
    let mut paths = HashSet::new();
    changes.found.retain(|new| {
        new.files
            .first()
            .is_some_and(|path| paths.insert(path.clone()))
    });
    let concerned =
        |stored: &&StoredModel| extent == Extent::Everything || seen.contains(&stored.model.id);
    pair(models.iter().filter(concerned), &mut changes);
    if extent == Extent::Everything {
        for stored in models
            .iter()
            .filter(|stored| !seen.contains(&stored.model.id))
        {
            let offline = stored.model.root_id.is_some_and(|id| offline.contains(&id));
            look(stored, offline, &mut changes);
        }
        follow_moves(models, &by_path, &mut changes);
    }
    Survey {
        changes,
        problems,
        adapters,
    }
}

/// Models that are as they were may have got a projector, or lost it.
fn pair<'a>(models: impl Iterator<Item = &'a StoredModel>, changes: &mut LibraryChanges) {
    let mut projectors = Projectors::default();
    for stored in models {
        let path = Path::new(&stored.model.path);
        // On a drive that is not there now it keeps what it has. Ollama's manifest has said whose each file is.
        if !path.is_file() || stored.model.origin == ModelOrigin::Ollama {
            continue;
        }
        let beside = projectors.beside(path);
        let beside = beside.map(|path| super::text(&path));
        if beside != stored.model.projector {
            changes.projectors.push((stored.model.id, beside));
        }
    }
}

/// Looks at the files of one model.
fn look(stored: &StoredModel, folder_is_offline: bool, changes: &mut LibraryChanges) {
    let files = files_of(stored);
    let absence = match Fingerprint::of(&files) {
        _ if folder_is_offline => Some(Absence::Offline),
        Ok(now) if stored.fingerprint.parse() == Ok(now) => None,
        Ok(_) => {
            match inspect_file(&files[0]) {
                Ok(found) => {
                    let mut new = new_model(found, stored.model.root_id);
                    new.origin = stored.model.origin;
                    changes.found.push(new);
                }
                Err(problem) => judge(stored, problem.message, changes),
            }
            return;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Some(Absence::Missing),
        // What may not be read, or lies behind a connection that broke, is not gone.
        Err(_) => Some(Absence::Offline),
    };
    if stored.absence != absence {
        changes.absences.push((stored.model.id, absence));
    }
}

fn judge(stored: &StoredModel, reason: String, changes: &mut LibraryChanges) {
    let verdict = ModelVerdict::Refused {
        reasons: vec![reason],
    };
    if stored.model.verdict != verdict {
        changes.judged.push((stored.model.id, verdict));
    }
}

/// An empty folder can be the place where a drive is not mounted now: then it is on another volume than its models were.
fn looks_unmounted(root: &StoredRoot, models: &[StoredModel]) -> bool {
    let Some(device) = device(Path::new(&root.path)) else {
        return false;
    };
    let mut of_root = models
        .iter()
        .filter(|stored| stored.model.root_id == Some(root.id))
        .filter_map(|stored| stored.fingerprint.parse::<Fingerprint>().ok())
        .peekable();
    of_root.peek().is_some() && of_root.all(|fingerprint| fingerprint.device != device)
}

#[cfg(unix)]
fn device(path: &Path) -> Option<u64> {
    std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(path).ok()?).into()
}

#[cfg(not(unix))]
fn device(_path: &Path) -> Option<u64> {
    None
}

/// A new path with the very file of a model that is gone from its own: it was moved or renamed.
fn follow_moves(
    models: &[StoredModel],
    by_path: &HashMap<&Path, &StoredModel>,
    changes: &mut LibraryChanges,
) {
    let missing: HashSet<ModelId> = changes
        .absences
        .iter()
        .filter(|(_, absence)| *absence == Some(Absence::Missing))
        .map(|(id, _)| *id)
        .collect();
    let is_missing = |stored: &&StoredModel| {
        missing.contains(&stored.model.id) || stored.absence == Some(Absence::Missing)
    };
    let mut lost: HashMap<&str, ModelId> = models
        .iter()
        .filter(is_missing)
        // Without a file's number on its volume, size and time are too little to go by.
        .filter(|stored| {
            stored
                .fingerprint
                .parse::<Fingerprint>()
                .is_ok_and(|it| it.inode != 0)
        })
        .map(|stored| (stored.fingerprint.as_str(), stored.model.id))
        .collect();
    for new in std::mem::take(&mut changes.found) {
        let path = new.files.first().map(Path::new);
        let is_new = path.is_some_and(|path| !by_path.contains_key(path));
        match lost.remove(new.fingerprint.as_str()) {
            Some(id) if is_new => {
                changes.absences.retain(|(other, _)| *other != id);
                changes.moved.push((id, new));
            }
            _ => changes.found.push(new),
        }
    }
}
