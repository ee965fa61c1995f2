//! The work on one download: ask, fetch, verify, hand over.

use std::path::{Path, PathBuf};

use sirocco_hub::library::is_projector_name;
use sirocco_hub::{
    FetchRequest, HubError, Progress, Transfer, TransferState, held_bytes, kept_bytes,
};
use sirocco_protocol::{
    DownloadId, DownloadState, ErrorCode, ErrorReport, Event, ModelId, ModelSource, QueueReason,
};
use sirocco_store::StoredDownload;

use super::fate::{Fate, backoff, fate};
use super::item::{Item, Trouble, Work};
use super::places::{self, Places};
use super::sources::{self, Resolved};
use super::{Downloads, is_live};
use crate::App;
use crate::clock::now_ms;
use crate::library::blocking;

/// Why the work on a download ended before its end.
enum Halt {
    /// It was asked to.
    Stopped,
    /// The network, the disk, the Hub.
    Hub(HubError),
    /// What a transfer says, which others hold too.
    Transfer(std::sync::Arc<HubError>),
    /// The library or the database.
    App(ErrorReport),
}

impl From<HubError> for Halt {
    fn from(error: HubError) -> Self {
        Self::Hub(error)
    }
}

impl From<ErrorReport> for Halt {
    fn from(error: ErrorReport) -> Self {
        Self::App(error)
    }
}

impl App {
    /// Works on a download until it is over or asked to stop.
    pub(super) async fn work_on(self, id: DownloadId, work: Work) {
        // However it ends: whoever waits for the end is told.
        let _ended = work.ended.clone().drop_guard();
        let outcome = self.fetch_model(id, &work).await;
        let end = match &outcome {
            Ok(_) | Err(Halt::Stopped) => None,
            Err(Halt::Hub(error)) => Some((fate(error), error.report())),
            Err(Halt::Transfer(error)) => Some((fate(error), error.report())),
            Err(Halt::App(error)) => Some((fate_of_report(error), error.clone())),
        };
        let downloads = &self.inner.downloads;
        downloads.change(id, |item| {
            item.work = None;
            item.bytes_per_second = 0.0;
            if let Ok(model_id) = outcome {
                item.stored.state = DownloadState::Finished { model_id };
            } else if let Some((fate, error)) = end
                && is_live(&item.stored.state)
                && !work.stop.is_cancelled()
            {
                give_in(item, fate, error);
            }
        });
        let mut changed = vec![id];
        {
            let mut items = downloads.lock();
            // Finished ones go behind the queue.
            if let Some(index) = items.iter().position(|item| item.stored.id == id)
                && items[index].is_finished()
            {
                let item = items.remove(index);
                let place = items.iter().take_while(|item| !item.is_finished()).count();
                items.insert(place, item);
            }
            changed.extend(
                Downloads::number(&mut items)
                    .into_iter()
                    .filter(|other| *other != id),
            );
        }
        if !self.inner.closing.is_cancelled()
            && let Err(error) = self.publish(&changed).await
        {
            tracing::warn!(%error, download = %id, "a download was not saved");
        }
        downloads.changed.notify_one();
    }

    async fn fetch_model(&self, id: DownloadId, work: &Work) -> Result<ModelId, Halt> {
        self.settle_files(id, work).await?;
        let stored = self.stored(id)?;
        self.check_space(&stored).await?;
        for (index, file) in stored.files.iter().enumerate() {
            let is_there = file.verified && Path::new(&file.target).is_file();
            if !is_there {
                self.fetch_file(id, index, work).await?;
                self.inner.downloads.change(id, |item| {
                    item.stored.files[index].verified = true;
                    item.done[index] = item.stored.files[index].size_bytes;
                });
                self.publish(&[id]).await?;
            }
        }
        self.show(id, work, |item| {
            item.stored.state = DownloadState::Verifying;
        });
        self.hand_over(&stored).await
    }

    fn stored(&self, id: DownloadId) -> Result<StoredDownload, Halt> {
        let stored = self.inner.downloads.change(id, |item| item.stored.clone());
        stored.ok_or(Halt::Stopped)
    }

    /// Asks the Hub for commit, files, sizes and hashes, unless they are known.
    async fn settle_files(&self, id: DownloadId, work: &Work) -> Result<(), Halt> {
        if self.inner.downloads.change(id, |item| item.is_resolved()) != Some(false) {
            return Ok(());
        }
        let stored = self.stored(id)?;
        let paths: Vec<String> = stored.files.iter().map(|file| file.path.clone()).collect();
        let network = &self.inner.network;
        let resolved = tokio::select! {
            () = work.stop.cancelled() => return Err(Halt::Stopped),
            resolved = sources::resolve(network, &stored.repository, &stored.commit, &paths) => resolved?,
        };
        let (models, stop) = (self.inner.home.models(), work.stop.clone());
        let (resolved, places) = blocking(move || {
            let goes_on = || !stop.is_cancelled();
            let places = places::look(&stored.repository, &resolved, &models, goes_on)?;
            Ok::<_, HubError>((resolved, places))
        })
        .await??;
        let stored = self.settle(id, resolved, places)?;
        let done = blocking(move || {
            let files = stored.files.iter();
            files
                .map(|file| kept_bytes(Path::new(&file.target)))
                .collect()
        })
        .await?;
        self.inner.downloads.change(id, |item| item.done = done);
        self.publish(&[id]).await?;
        Ok(())
    }

    /// Says where the files go. In one step with the look at the others in the queue, so that no two downloads choose
    /// the same place for different bytes.
    fn settle(
        &self,
        id: DownloadId,
        resolved: Resolved,
        places: Places,
    ) -> Result<StoredDownload, Halt> {
        let mut items = self.inner.downloads.lock();
        let index = items.iter().position(|item| item.stored.id == id);
        let index = index.ok_or(Halt::Stopped)?;
        let mut stored = items[index].stored.clone();
        let commit = resolved.commit.clone();
        places::settle(&mut stored, resolved, places, |target, file| {
            let mut others = items
                .iter()
                .filter(|other| other.stored.id != id && !other.is_finished());
            others.any(|other| places::claims(&other.stored, target, file, &commit))
        });
        let item = &mut items[index];
        // How much there is of them is looked up outside the lock.
        item.done = vec![0; stored.files.len()];
        item.stored.commit.clone_from(&stored.commit);
        item.stored.files.clone_from(&stored.files);
        Ok(stored)
    }

    /// Fails if the files do not fit on the disk, all together.
    async fn check_space(&self, stored: &StoredDownload) -> Result<(), Halt> {
        let files = stored.files.clone();
        let policy = self.inner.downloads.policy.clone();
        let checked = blocking(move || {
            let lacking = |target: &Path, size: u64| match target.is_file() {
                true => 0,
                false => size.saturating_sub(held_bytes(target)),
            };
            let missing = files
                .iter()
                .map(|file| lacking(Path::new(&file.target), file.size_bytes))
                .sum();
            match files.first() {
                Some(first) => policy.check_space(Path::new(&first.target), missing),
                None => Ok(()),
            }
        });
        Ok(checked.await??)
    }

    async fn fetch_file(&self, id: DownloadId, index: usize, work: &Work) -> Result<PathBuf, Halt> {
        let request = self.request(&self.stored(id)?, index)?;
        let policy = self.inner.downloads.policy.clone();
        let transfer = Transfer::start(self.inner.network.clone(), request, policy);
        let mut progress = transfer.progress();
        let outcome = loop {
            let now = progress.borrow_and_update().clone();
            self.show(id, work, |item| note(item, index, &now));
            match now.state {
                TransferState::Finished { path } => break Ok(path),
                TransferState::Failed { error } | TransferState::Paused { error: Some(error) } => {
                    break Err(Halt::Transfer(error));
                }
                TransferState::Cancelled | TransferState::Paused { error: None } => {
                    break Err(Halt::Stopped);
                }
                _ => {}
            }
            tokio::select! {
                () = work.stop.cancelled() => break Err(Halt::Stopped),
                changed = progress.changed() => if changed.is_err() {
                    break Err(Halt::Hub(HubError::Ended));
                },
            }
        };
        transfer.close().await;
        outcome
    }

    fn request(&self, stored: &StoredDownload, index: usize) -> Result<FetchRequest, HubError> {
        let file = &stored.files[index];
        let address = sources::address(&self.inner.network, stored, &file.path);
        sources::request(file, address, &self.inner.downloads.environment)
    }

    /// Changes what is known of a download and tells everyone, unless it was asked to stop.
    fn show(&self, id: DownloadId, work: &Work, change: impl FnOnce(&mut Item)) {
        let shown = self.inner.downloads.change(id, |item| {
            if work.stop.is_cancelled() || !is_live(&item.stored.state) {
                return None;
            }
            change(item);
            Some(item.download())
        });
        if let Some(download) = shown.flatten() {
            self.emit(Event::DownloadChanged { download });
        }
    }

    /// All files are there and right: they belong to the library now.
    async fn hand_over(&self, stored: &StoredDownload) -> Result<ModelId, Halt> {
        let first = stored.files.first().ok_or(HubError::NoSource)?;
        let source = ModelSource {
            repository: stored.repository.clone(),
            commit: stored.commit.clone(),
            path: first.path.clone(),
        };
        // What it sees images by is no part of the model.
        let own = stored.files.iter().enumerate();
        let own = own.filter(|(index, file)| *index == 0 || !is_projector_name(&file.path));
        let hashes: Option<Vec<String>> = own
            .map(|(_, file)| file)
            .map(|file| file.sha256.clone())
            .collect();
        let model = self
            .adopt(
                PathBuf::from(&first.target),
                source,
                hashes.unwrap_or_default(),
            )
            .await?;
        Ok(model.id)
    }
}

/// What the progress of a transfer means for the download.
fn note(item: &mut Item, index: usize, progress: &Progress) {
    if progress.done_bytes > item.done[index] {
        (item.failures, item.trouble) = (0, None);
    }
    item.done[index] = progress.done_bytes;
    item.bytes_per_second = progress.bytes_per_second;
    item.stored.state = match &progress.state {
        TransferState::Waiting { delay, error } => DownloadState::Queued {
            reason: match fate(error) {
                Fate::Later { reason, .. } => reason,
                Fate::Pause | Fate::Fail => QueueReason::Retry,
            },
            until_ms: Some(
                now_ms().saturating_add(delay.as_millis().try_into().unwrap_or(i64::MAX)),
            ),
            error: Some(error.report()),
        },
        TransferState::Verifying if item.stored.files.len() == index + 1 => {
            DownloadState::Verifying
        }
        _ => DownloadState::Downloading,
    };
}

fn give_in(item: &mut Item, fate: Fate, error: ErrorReport) {
    match fate {
        Fate::Later { reason, at_least } => {
            item.failures += 1;
            let wait = backoff(item.failures, chance(), at_least);
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            item.trouble = Some(Trouble {
                reason,
                until_ms: now_ms().saturating_add(wait_ms),
                error,
            });
        }
        Fate::Pause => item.stored.state = DownloadState::Paused { error: Some(error) },
        Fate::Fail => item.stored.state = DownloadState::Failed { error },
    }
}

fn fate_of_report(error: &ErrorReport) -> Fate {
    match error.code {
        ErrorCode::DiskFull => Fate::Pause,
        _ => Fate::Fail,
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
