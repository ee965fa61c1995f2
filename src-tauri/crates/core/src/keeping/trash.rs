//! Deleted models: their files lie in `{data folder}/trash/{model id}` until they are restored or their days are over.
//! A file by which a model sees images stays where it is so long: other models may have it too.
//!
//! The row is changed before the files are moved. What a crash leaves between the two is put right at the next start:
//! a file that is still in its old place, and is still the one that was deleted, goes to the trash then. Where somebody
//! went back to a copy of the database, such a file was had back since the copy was made, and the row follows the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sirocco_hub::HubError;
use sirocco_hub::library::{Fingerprint, Placement, place_files};
use sirocco_protocol::{ErrorCode, ErrorReport, Event, Model, ModelId, TrashedModel};
use sirocco_store::StoredTrash;

use super::folder_name;
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::{blocking, files_of};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest something deleted is kept.
const MOST_DAYS: u32 = 365;
const SWEEP_STEP: Duration = Duration::from_secs(24 * 60 * 60);

impl App {
    pub(crate) async fn delete_model(&self, id: ModelId) -> Result<TrashedModel, ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        let store = &self.inner.store;
        let stored = store.model(id).await.report()?;
        if !stored.model.deletable {
            let whose = folder_name(stored.model.origin);
            return Err(refuse(
                ErrorCode::InvalidRequest,
                format!(
                    "{} lies in {whose}, where nothing is deleted from here",
                    stored.model.name
                ),
            )
            .with_hint("forget it instead: the file stays, and the library no longer shows it"));
        }
        let files = files_of(&stored);
        let there = files.clone();
        if !blocking(move || there.iter().any(|file| exists(file))).await? {
            return Err(refuse(
                ErrorCode::FileProblem,
                format!("the file `{}` is gone already", stored.model.path),
            )
            .with_hint("forget the model"));
        }
        self.inner.residency.eject(id).await;
        let folder = self.inner.home.trash().join(id.to_string());
        let places: Vec<String> = files
            .iter()
            .map(|file| folder.join(file.file_name().unwrap_or_default()))
            .map(|path| path.display().to_string())
            .collect();
        let trashed = store.trash_model(id, &places, now_ms()).await.report()?;
        let own = self.inner.home.models();
        let moving = trashed.clone();
        let moved = blocking(move || to_trash(&moving, &own)).await?;
        if let Err(error) = moved {
            // Nothing was moved, so nothing is deleted.
            store.restore_model(id).await.report()?;
            return Err(error.report());
        }
        self.emit(Event::ModelRemoved { model_id: id });
        self.wire(trashed).await
    }

    pub(crate) async fn restore_model(&self, id: ModelId) -> Result<Model, ErrorReport> {
        let stored = {
            let _turn = self.inner.library.turn.lock().await;
            let trashed = self.inner.store.trashed(id).await.report()?;
            let folder = self.inner.home.trash().join(id.to_string());
            blocking(move || from_trash(&trashed, &folder))
                .await?
                .report()?;
            self.inner.store.restore_model(id).await.report()?
        };
        self.model_changed(&stored);
        // On another volume the files are new ones to the system.
        Ok(self.look_again(stored).await?.model)
    }

    pub(crate) async fn trash(&self) -> Result<Vec<TrashedModel>, ErrorReport> {
        let mut trash = Vec::new();
        for trashed in self.inner.store.list_trash().await.report()? {
            trash.push(self.wire(trashed).await?);
        }
        Ok(trash)
    }

    /// Removes everything for good, also what no row knows.
    pub(crate) async fn empty_trash(&self) -> Result<(), ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        for trashed in self.inner.store.list_trash().await.report()? {
            self.remove_for_good(trashed.id).await?;
        }
        let folder = self.inner.home.trash();
        blocking(move || remove_folder(&folder)).await?.report()
    }

    /// Removes what is over, now and once a day.
    pub(crate) async fn keep_trash(&self) {
        let mut days = tokio::time::interval(SWEEP_STEP);
        loop {
            days.tick().await;
            if let Err(error) = self.sweep_trash().await {
                tracing::warn!(%error, "the trash was not swept");
            }
            if let Err(error) = self.sweep_conversations().await {
                tracing::warn!(%error, "the trash of conversations was not swept");
            }
        }
    }

    async fn sweep_trash(&self) -> Result<(), ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        for trashed in self.trash().await? {
            if trashed.removed_at_ms <= now_ms() {
                self.remove_for_good(trashed.id).await?;
                tracing::info!(model = %trashed.name, "removed from the trash for good");
            }
        }
        Ok(())
    }

    /// Moves to the trash what a crash left in its place after its row was changed.
    pub(crate) async fn finish_deletions(&self) -> Result<(), ErrorReport> {
        let _turn = self.inner.library.turn.lock().await;
        let store = &self.inner.store;
        let begin_ms = store.trash_begin_ms().await.report()?;
        for trashed in store.list_trash().await.report()? {
            let id = trashed.id;
            let own = self.inner.home.models();
            // Deletions of before the database took its place had their end.
            let is_old = trashed.deleted_at_ms < begin_ms;
            let is_back = blocking(move || {
                let files: Vec<PathBuf> = pairs(&trashed.original_files, &trashed.files)
                    .map(|(original, place)| if exists(&place) { place } else { original })
                    .collect();
                // Another file may have taken the old name since.
                let now = Fingerprint::of(&files).ok();
                if now.is_none() || trashed.fingerprint.parse().ok() != now {
                    return Ok(false);
                }
                if is_old
                    && files
                        .iter()
                        .eq(trashed.original_files.iter().map(Path::new))
                {
                    return Ok(true);
                }
                to_trash(&trashed, &own).map(|()| false)
            });
            if is_back.await?.report()? {
                store.restore_model(id).await.report()?;
            }
        }
        Ok(())
    }

    async fn remove_for_good(&self, id: ModelId) -> Result<(), ErrorReport> {
        let folder = self.inner.home.trash().join(id.to_string());
        let own = self.inner.home.models();
        let projector = self.inner.store.own_projector(id).await.report()?;
        blocking(move || {
            if let Some(projector) = projector.map(PathBuf::from)
                && projector.starts_with(&own)
            {
                remove_projector(&projector, &own)?;
            }
            remove_folder(&folder)
        })
        .await?
        .report()?;
        self.inner.store.remove_model(id).await.report()
    }

    async fn wire(&self, trashed: StoredTrash) -> Result<TrashedModel, ErrorReport> {
        let store = &self.inner.store;
        let days = store.settings().await.report()?.trash_days;
        let begin_ms = store.trash_begin_ms().await.report()?;
        Ok(TrashedModel {
            id: trashed.id,
            name: trashed.name,
            size_bytes: trashed.size_bytes,
            deleted_at_ms: trashed.deleted_at_ms,
            removed_at_ms: removed_at_ms(trashed.deleted_at_ms.max(begin_ms), days),
        })
    }
}

/// When something that was deleted then is removed for good.
pub(crate) fn removed_at_ms(deleted_at_ms: i64, days: u32) -> i64 {
    deleted_at_ms.saturating_add(days_ms(days))
}

/// How long the trash keeps something.
pub(crate) fn days_ms(days: u32) -> i64 {
    i64::from(days.min(MOST_DAYS)) * DAY_MS
}

/// Moves the files of a model that are there to the trash, and removes folders that are empty then.
fn to_trash(trashed: &StoredTrash, own: &Path) -> Result<(), HubError> {
    let steps: Vec<_> = pairs(&trashed.original_files, &trashed.files)
        .filter(|(file, place)| exists(file) && !exists(place))
        .collect();
    place_files(&steps, Placement::Move, &mut |_| true)?;
    for (file, _) in &steps {
        remove_empty_above(file, own);
    }
    Ok(())
}

/// The file by which a model saw images stayed in its place, for the case that the model came back.
fn remove_projector(projector: &Path, own: &Path) -> Result<(), HubError> {
    match std::fs::remove_file(projector) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(HubError::File {
                action: "remove",
                path: projector.to_owned(),
                source: error,
            });
        }
        _ => {}
    }
    remove_empty_above(projector, own);
    Ok(())
}

/// Removes the folders around a file that was there, as far as they are empty and inside of the own folder.
fn remove_empty_above(file: &Path, own: &Path) {
    let around = file.parent().into_iter().flat_map(Path::ancestors);
    let inside = around.take_while(|folder| *folder != own && folder.starts_with(own));
    for folder in inside {
        // Fails if something is in it, as it should.
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

fn from_trash(trashed: &StoredTrash, folder: &Path) -> Result<(), HubError> {
    let steps: Vec<_> = pairs(&trashed.files, &trashed.original_files)
        .filter(|(file, _)| exists(file))
        .collect();
    place_files(&steps, Placement::Move, &mut |_| true)?;
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// There is something of this name, be it a link that leads nowhere.
fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn pairs<'a>(
    from: &'a [String],
    to: &'a [String],
) -> impl Iterator<Item = (PathBuf, PathBuf)> + 'a {
    from.iter()
        .zip(to)
        .map(|(from, to)| (PathBuf::from(from), PathBuf::from(to)))
}

fn remove_folder(folder: &Path) -> Result<(), HubError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(HubError::File {
            action: "remove",
            path: folder.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
