//! What the commands do to the queue.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use sirocco_hub::{HubError, StarterEnvironment, remove_unfinished};
use sirocco_protocol::commands::{DownloadMove, DownloadStart};
use sirocco_protocol::{Download, DownloadId, DownloadState, ErrorCode, ErrorReport, Event};
use sirocco_store::{StoreError, StoredDownload};

use super::item::Item;
use super::{Downloads, is_live, queued, sources};
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::blocking;

impl App {
    pub(crate) fn download_list(&self) -> Vec<Download> {
        self.inner.downloads.list()
    }

    pub(crate) async fn start_download(
        &self,
        request: DownloadStart,
    ) -> Result<Download, ErrorReport> {
        let DownloadStart {
            repository,
            commit,
            path,
            projector,
        } = request;
        check_name(&repository, commit.as_deref(), &path)?;
        if let Some(projector) = &projector {
            check_name(&repository, None, projector)?;
        }
        let mut stored = sources::fresh(
            &repository,
            commit.as_deref().unwrap_or_default(),
            &path,
            now_ms(),
        );
        stored
            .files
            .extend(projector.as_deref().map(sources::unknown_file));
        self.enqueue(stored).await
    }

    /// Starts the download of the starter model, or resumes the one there is.
    pub(crate) async fn download_starter(&self) -> Result<Download, ErrorReport> {
        let models = self.inner.home.models();
        let stored = blocking(move || sources::fresh_starter(&models, now_ms())).await?;
        self.enqueue(stored.report()?).await
    }

    /// Adds a download to the end of the queue, or resumes the one of the same file.
    async fn enqueue(&self, stored: StoredDownload) -> Result<Download, ErrorReport> {
        let known = self.same_download(&stored).await;
        let id = match known {
            Some(id) => {
                self.resume_download(Some(id)).await?;
                id
            }
            None => {
                let id = stored.id;
                let downloads = &self.inner.downloads;
                let changed = {
                    let mut items = downloads.lock();
                    let place = items.iter().take_while(|item| !item.is_finished()).count();
                    let files = stored.files.len();
                    items.insert(place, Item::new(stored, vec![0; files]));
                    Downloads::number(&mut items)
                };
                self.publish(&changed).await?;
                downloads.changed.notify_one();
                id
            }
        };
        let found = self.inner.downloads.change(id, |item| item.download());
        found.ok_or_else(no_such_download)
    }

    /// A download of the same file that is not over, or whose model is still in the library.
    async fn same_download(&self, new: &StoredDownload) -> Option<DownloadId> {
        let path = &new.files.first()?.path;
        let same: Vec<(DownloadId, DownloadState)> = self
            .inner
            .downloads
            .lock()
            .iter()
            .map(|item| &item.stored)
            .filter(|stored| {
                stored.repository == new.repository
                    && stored.files.first().is_some_and(|file| file.path == *path)
                    && (new.commit.is_empty() || stored.commit == new.commit)
            })
            .map(|stored| (stored.id, stored.state.clone()))
            .collect();
        for (id, state) in same {
            match state {
                DownloadState::Finished { model_id } => {
                    let is_there = self.inner.store.model(model_id).await;
                    if is_there.is_ok_and(|stored| Path::new(&stored.model.path).is_file()) {
                        return Some(id);
                    }
                }
                _ => return Some(id),
            }
        }
        None
    }

    pub(crate) async fn pause_download(&self, id: Option<DownloadId>) -> Result<(), ErrorReport> {
        self.change_all(id, |item| {
            if is_live(&item.stored.state) {
                item.stored.state = DownloadState::Paused { error: None };
            }
            if let Some(work) = &item.work {
                work.stop.cancel();
            }
        })
        .await
    }

    pub(crate) async fn resume_download(&self, id: Option<DownloadId>) -> Result<(), ErrorReport> {
        self.change_all(id, |item| {
            if !item.is_finished() {
                (item.trouble, item.failures) = (None, 0);
                if !is_live(&item.stored.state) {
                    item.stored.state = queued();
                }
            }
        })
        .await
    }

    /// Changes one or all, tells everyone, and looks at the queue again.
    async fn change_all(
        &self,
        id: Option<DownloadId>,
        change: impl Fn(&mut Item),
    ) -> Result<(), ErrorReport> {
        let downloads = &self.inner.downloads;
        let mut changed = Vec::new();
        let mut is_known = id.is_none();
        for item in downloads.lock().iter_mut() {
            if id.is_none_or(|id| item.stored.id == id) {
                is_known = true;
                let before = item.stored.state.clone();
                change(item);
                if item.stored.state != before {
                    changed.push(item.stored.id);
                }
            }
        }
        if !is_known {
            return Err(no_such_download());
        }
        self.publish(&changed).await?;
        downloads.changed.notify_one();
        Ok(())
    }

    pub(crate) async fn cancel_download(&self, id: DownloadId) -> Result<(), ErrorReport> {
        let downloads = &self.inner.downloads;
        let work = downloads
            .change(id, |item| {
                if !item.is_finished() {
                    // So that it is not begun again meanwhile.
                    item.stored.state = DownloadState::Paused { error: None };
                }
                item.work.clone()
            })
            .ok_or_else(no_such_download)?;
        if let Some(work) = work {
            work.stop.cancel();
            work.ended.cancelled().await;
        }
        let removed = {
            let mut items = downloads.lock();
            let index = items.iter().position(|item| item.stored.id == id);
            index.map(|index| items.remove(index))
        };
        let removed = removed.ok_or_else(no_such_download)?;
        if !removed.is_finished() {
            let (environment, models) = (downloads.environment.clone(), self.inner.home.models());
            let library = self.inner.store.list_local_models().await.report()?;
            let kept: HashSet<String> = library.into_iter().flat_map(|model| model.files).collect();
            blocking(move || remove_bytes(&removed.stored, &environment, &models, &kept)).await?;
        }
        self.forget_download(id).await
    }

    /// Takes a download that is no longer in the list out of the database, and tells everyone.
    async fn forget_download(&self, id: DownloadId) -> Result<(), ErrorReport> {
        let downloads = &self.inner.downloads;
        {
            let _saving = downloads.saving.lock().await;
            match self.inner.store.remove_download(id).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error).report(),
            }
        }
        self.emit(Event::DownloadRemoved { download_id: id });
        let changed = Downloads::number(&mut downloads.lock());
        self.publish(&changed).await?;
        downloads.changed.notify_one();
        Ok(())
    }

    pub(crate) async fn move_download(
        &self,
        request: DownloadMove,
    ) -> Result<Vec<Download>, ErrorReport> {
        let downloads = &self.inner.downloads;
        let changed = {
            let mut items = downloads.lock();
            let place = |items: &[Item], id| {
                items
                    .iter()
                    .position(|item| item.stored.id == id && !item.is_finished())
                    .ok_or_else(|| {
                        refuse(ErrorCode::NotFound, "no download in the queue has this id")
                    })
            };
            if let Some(before) = request.before {
                place(&items, before)?;
            }
            let from = place(&items, request.id)?;
            if request.before != Some(request.id) {
                let item = items.remove(from);
                let to = match request.before {
                    Some(before) => place(&items, before)?,
                    None => items.iter().take_while(|item| !item.is_finished()).count(),
                };
                items.insert(to, item);
            }
            Downloads::number(&mut items)
        };
        self.publish(&changed).await?;
        downloads.changed.notify_one();
        Ok(downloads.list())
    }

    pub(crate) async fn clear_downloads(&self) -> Result<(), ErrorReport> {
        let cleared: Vec<DownloadId> = {
            let mut items = self.inner.downloads.lock();
            let finished = items.extract_if(.., |item| item.is_finished());
            finished.map(|item| item.stored.id).collect()
        };
        for id in cleared {
            self.forget_download(id).await?;
        }
        Ok(())
    }

    /// Writes downloads into the database as they are now, and tells everyone.
    pub(super) async fn publish(&self, ids: &[DownloadId]) -> Result<(), ErrorReport> {
        let downloads = &self.inner.downloads;
        for &id in ids {
            let _saving = downloads.saving.lock().await;
            let now = downloads.change(id, |item| (item.stored.clone(), item.download()));
            // Cancelled meanwhile.
            let Some((stored, download)) = now else {
                continue;
            };
            self.inner.store.save_download(&stored).await.report()?;
            self.emit(Event::DownloadChanged { download });
        }
        Ok(())
    }
}

fn no_such_download() -> ErrorReport {
    refuse(ErrorCode::NotFound, "no download has this id")
}

fn check_name(repository: &str, commit: Option<&str>, path: &str) -> Result<(), ErrorReport> {
    let parts: Vec<&str> = repository.split('/').collect();
    let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if parts.len() != 2 {
        return Err(refuse(
            ErrorCode::InvalidRequest,
            format!("`{repository}` is not the name of a repository: it has the form owner/name"),
        ));
    }
    if !commit.is_none_or(is_commit) {
        return Err(refuse(
            ErrorCode::InvalidRequest,
            "a commit has 40 hexadecimal digits",
        ));
    }
    sirocco_hub::target_in(Path::new(""), &format!("{repository}/{path}"))
        .report()
        .map(drop)
}

/// Removes all files of a download that was not finished, and the folders that are empty then. `kept` are the files of
/// the library's models.
fn remove_bytes(
    stored: &StoredDownload,
    environment: &StarterEnvironment,
    models: &Path,
    kept: &HashSet<String>,
) {
    // A file that was found there, whole, was not fetched by this download.
    let was_there = |target: &Path| {
        let added = UNIX_EPOCH + Duration::from_millis(stored.added_at_ms.unsigned_abs());
        std::fs::metadata(target)
            .and_then(|file| file.modified())
            .is_ok_and(|modified| modified < added)
    };
    for file in stored.files.iter().filter(|file| !file.target.is_empty()) {
        let target = PathBuf::from(&file.target);
        let no_address = Err(HubError::NoSource);
        let fetched_to = sources::request(file, no_address, environment)
            .map_or_else(|_| target.clone(), |request| request.target);
        if let Err(error) = remove_unfinished(&fetched_to) {
            tracing::warn!(file = %fetched_to.display(), %error, "bytes of a cancelled download were not removed");
        }
        // Fetched while others were not.
        if file.verified && !kept.contains(&file.target) && !was_there(&target) {
            let _ = std::fs::remove_file(&target);
        }
        let folders = target.ancestors().skip(1);
        for folder in folders.take_while(|folder| *folder != models && folder.starts_with(models)) {
            // One that is not empty stays.
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}
