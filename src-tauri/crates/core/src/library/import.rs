//! Files that a person brings in: read where they lie, or as links, copies, or moved.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sirocco_hub::HubError;
use sirocco_hub::library::{
    FoundModel, Known, Placement, are_placed, inspect_file, is_projector_name, place_files,
    scan_root,
};
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, ImportMode, ImportOutcome, Model, ModelOrigin, ModelSource,
    PathHandle,
};
use tokio_util::sync::CancellationToken;

use super::{IMPORTED, blocking, new_model, text};
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

/// Between two events about the same import.
const PROGRESS_STEP: Duration = Duration::from_millis(100);

impl App {
    pub(crate) async fn import(
        &self,
        handle: PathHandle,
        mode: ImportMode,
    ) -> Result<ImportOutcome, ErrorReport> {
        let path = self.inner.picked.resolve(handle)?;
        let picked = path.clone();
        let (models, problems) = blocking(move || {
            if !picked.is_dir() {
                return match inspect_file(&picked) {
                    Ok(found) => (vec![found], Vec::new()),
                    Err(problem) => (Vec::new(), vec![problem.to_string()]),
                };
            }
            let scan = scan_root(&picked, ModelOrigin::Folder, &Known::default());
            let problems = scan.problems.iter().map(ToString::to_string).collect();
            (scan.models, problems)
        })
        .await?;
        let mut outcome = ImportOutcome {
            models: Vec::new(),
            problems,
        };
        if models.is_empty() && outcome.problems.is_empty() {
            let problem = format!("there are no GGUF files in `{}`", path.display());
            outcome.problems.push(problem);
        }
        for found in models {
            let around = self.root_around(&found.files[0]).await?;
            let is_own = around.as_ref().is_some_and(|root| root.is_own);
            let placement = match mode {
                ImportMode::Link => Placement::Link,
                ImportMode::Copy => Placement::Copy,
                ImportMode::Move => Placement::Move,
                ImportMode::InPlace => {
                    outcome
                        .models
                        .push(self.save(found, around.map(|root| root.id)).await?);
                    continue;
                }
            };
            if is_own {
                outcome
                    .models
                    .push(self.save(found, around.map(|root| root.id)).await?);
                continue;
            }
            let origin = around.map_or(found.origin, |root| match root.origin {
                ModelOrigin::Folder => found.origin,
                origin => origin,
            });
            if placement == Placement::Move {
                let files = found.files.clone();
                let is_link = |file: &PathBuf| file.is_symlink();
                let links = blocking(move || files.iter().any(is_link)).await?;
                if links || origin != ModelOrigin::Folder {
                    return Err(immovable(&found, origin));
                }
            }
            outcome
                .models
                .push(self.place(handle, found, placement).await?);
        }
        Ok(outcome)
    }

    /// Stops an import that copies.
    pub(crate) fn cancel_import(&self, handle: PathHandle) {
        if let Some(token) = self.inner.library.imports().get(&handle) {
            token.cancel();
        }
    }

    /// Puts a downloaded model of the own folder into the library. `path` is its (first) file;
    /// `hashes` are those its files were just found to have, in order; none if nothing was compared.
    pub(crate) async fn adopt(
        &self,
        path: PathBuf,
        source: ModelSource,
        hashes: Vec<String>,
    ) -> Result<Model, ErrorReport> {
        let root = self.root_around(&path).await?;
        let mut found = blocking(move || inspect_file(&path))
            .await?
            .map_err(|problem| refuse(ErrorCode::FileProblem, problem.to_string()))?;
        found.source = Some(source);
        let model = self.save(found, root.map(|root| root.id)).await?;
        if hashes.is_empty() {
            return Ok(model);
        }
        let hashes: Vec<_> = hashes.into_iter().map(Some).collect();
        let stored = self
            .inner
            .store
            .keep_hashes(model.id, &hashes, Some(now_ms()))
            .await
            .report()?;
        self.model_changed(&stored);
        Ok(stored.model)
    }

    /// Brings the files of one model into the own folder.
    async fn place(
        &self,
        handle: PathHandle,
        found: FoundModel,
        placement: Placement,
    ) -> Result<Model, ErrorReport> {
        let token = self.inner.closing.child_token();
        self.inner.library.imports().insert(handle, token.clone());
        let own = self.inner.home.models();
        let app = self.clone();
        let model = found.clone();
        // Tracked: the end of the app waits for it to clean up after itself.
        let work = self.inner.tasks.spawn_blocking(move || {
            let steps = steps(&model, &own.join(IMPORTED))?;
            let mut progress = ImportProgress::new(&app, handle, &model, token);
            let mut goes_on = |bytes| progress.goes_on(bytes);
            if !are_placed(&steps) {
                place_files(&steps, placement, &mut goes_on)?;
            }
            bring_projector(&model, &steps[0].1, placement, &mut goes_on);
            Ok(steps)
        });
        let placed = work.await;
        self.inner.library.imports().remove(&handle);
        let steps = placed
            .map_err(|error| {
                refuse(
                    ErrorCode::Internal,
                    format!("disk work was cut off: {error}"),
                )
            })?
            .map_err(|error: HubError| match error {
                HubError::Ended => refuse(ErrorCode::Superseded, "the import was stopped"),
                error => error.report(),
            })?;
        self.placed(found, &steps, placement).await
    }

    async fn placed(
        &self,
        before: FoundModel,
        steps: &[(PathBuf, PathBuf)],
        placement: Placement,
    ) -> Result<Model, ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        let first = steps[0].1.clone();
        let root = self.root_around(&first).await?.map(|root| root.id);
        let mut found = blocking(move || inspect_file(&first))
            .await?
            .map_err(|problem| refuse(ErrorCode::FileProblem, problem.to_string()))?;
        // The same bytes: what the other folder said of them still holds.
        found.source = before.source;
        found.stated_hashes = before.stated_hashes;
        let old_path = text(&before.files[0]);
        let known = self.inner.store.list_local_models().await.report()?;
        let moved = known
            .into_iter()
            .find(|stored| placement == Placement::Move && stored.model.path == old_path);
        let Some(moved) = moved else {
            return self.save(found, root).await;
        };
        let stored = self
            .inner
            .store
            .move_model(moved.model.id, &new_model(found, root), now_ms())
            .await
            .report()?;
        self.model_changed(&stored);
        Ok(stored.model)
    }
}

/// Removes what a process that was killed had copied of a file, and the folders that are empty then.
pub(crate) fn remove_unfinished_copies(models: &Path) {
    let entries = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.flatten().map(|entry| entry.path())
    };
    for folder in entries(&models.join(IMPORTED)) {
        for file in entries(&folder) {
            if file
                .extension()
                .is_some_and(|extension| extension == "part")
            {
                let _ = std::fs::remove_file(&file);
            }
        }
        // One that is not empty stays.
        let _ = std::fs::remove_dir(&folder);
    }
}

/// Why a model stays where it is.
fn immovable(found: &FoundModel, origin: ModelOrigin) -> ErrorReport {
    let path = found.files[0].display();
    let message = match origin {
        ModelOrigin::Folder => format!("`{path}` is a link to a file elsewhere"),
        origin => {
            let folder = crate::keeping::folder_name(origin);
            format!("`{path}` lies in {folder}, which is never changed from here")
        }
    };
    refuse(ErrorCode::InvalidRequest, message).with_hint("link or copy it instead")
}

/// Where the files of a model come from and go: a folder of its own, the first whose name is free or that has them.
fn steps(model: &FoundModel, folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>, HubError> {
    let sources: Vec<PathBuf> = model.files.clone();
    let to = |folder: &Path| -> Vec<(PathBuf, PathBuf)> {
        sources
            .iter()
            .map(|file| (file.clone(), folder.join(target_name(file, &model.key))))
            .collect()
    };
    let candidates = std::iter::once(model.key.clone())
        .chain((2_u64..).map(|number| format!("{}-{number}", model.key)));
    for name in candidates {
        let folder = folder.join(name);
        let steps = to(&folder);
        if !folder.exists() || are_placed(&steps) {
            return Ok(steps);
        }
    }
    unreachable!("numbers do not end")
}

/// The file's own name; one that does not end in `.gguf`, as Ollama's blobs, gets the model's.
fn target_name(file: &Path, key: &str) -> PathBuf {
    let is_gguf = file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    match file.file_name() {
        Some(name) if is_gguf => name.into(),
        _ => format!("{key}.gguf").into(),
    }
}

/// Brings the file by which a model sees images beside the model, which is in its new place. Without it the model is one
/// that reads text only, and the file is where it was: so nothing ends because of it.
fn bring_projector(
    model: &FoundModel,
    first: &Path,
    placement: Placement,
    goes_on: &mut dyn FnMut(u64) -> bool,
) {
    let Some(projector) = &model.projector else {
        return;
    };
    let name = match is_projector_name(&projector.to_string_lossy()) {
        true => projector.file_name().unwrap_or_default().into(),
        false => PathBuf::from(format!("mmproj-{}.gguf", model.key)),
    };
    let target = first.with_file_name(name);
    if target.exists() {
        return;
    }
    let placement = match placement {
        Placement::Move if has_other_models(projector) => Placement::Copy,
        placement => placement,
    };
    if let Err(error) = place_files(&[(projector.clone(), target)], placement, goes_on) {
        tracing::warn!(%error, model = %model.name, "the model was imported without the file by which it sees images");
    }
}

fn projector_bytes(model: &FoundModel) -> u64 {
    let metadata = model.projector.as_ref().map(std::fs::metadata);
    metadata.map_or(0, |metadata| metadata.map_or(0, |metadata| metadata.len()))
}

/// Whether models that may need it are left beside a projector.
fn has_other_models(projector: &Path) -> bool {
    let entries = projector.parent().map(std::fs::read_dir);
    let entries = entries.into_iter().flatten().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        path != projector
            && path
                .extension()
                .is_some_and(|extension| extension == "gguf")
    })
}

/// Tells listeners how far a copy is, and ends it when that is wished.
struct ImportProgress<'a> {
    app: &'a App,
    handle: PathHandle,
    name: String,
    done_bytes: u64,
    total_bytes: u64,
    told_at: Option<Instant>,
    token: CancellationToken,
}

impl<'a> ImportProgress<'a> {
    fn new(app: &'a App, handle: PathHandle, model: &FoundModel, token: CancellationToken) -> Self {
        Self {
            app,
            handle,
            name: model.name.clone(),
            done_bytes: 0,
            total_bytes: model.size_bytes + projector_bytes(model),
            told_at: None,
            token,
        }
    }

    fn goes_on(&mut self, bytes: u64) -> bool {
        self.done_bytes += bytes;
        let is_due = self.told_at.is_none_or(|at| at.elapsed() >= PROGRESS_STEP);
        if is_due || self.done_bytes == self.total_bytes {
            self.told_at = Some(Instant::now());
            self.app.emit(Event::ImportMoved {
                handle: self.handle,
                name: self.name.clone(),
                done_bytes: self.done_bytes,
                total_bytes: self.total_bytes,
            });
        }
        !self.token.is_cancelled()
    }
}
