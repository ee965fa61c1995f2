//! The download queue: what is wanted, in which order, and when. The bytes are the hub's.
//!
//! One task ([`conduct`]) looks at the queue whenever something changes or an hour comes, and lets [`plan`] say which
//! downloads run. Each of those has a task of its own ([`drive`]) that asks the Hub, fetches file by file, and hands
//! the model to the library when every file is verified. What is kept in the database is enough to go on after the
//! process was killed at any point; how many bytes there are, the disk says.

mod commands;
mod conduct;
mod drive;
mod fate;
mod hours;
mod item;
mod places;
mod plan;
mod sources;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sirocco_hub::{Policy, StarterEnvironment, kept_bytes};
use sirocco_protocol::{
    Download, DownloadId, DownloadSettings, DownloadState, ErrorCode, ErrorReport, QueueReason,
};
use sirocco_store::StoredDownload;
use tokio::sync::Notify;

use self::item::{Item, Work};
use crate::error::refuse;

/// The queue.
pub(crate) struct Downloads {
    /// In the order of the queue, then what is finished, last added first.
    items: Mutex<Vec<Item>>,
    /// Held while a download is written into the database, so that an older state never replaces a newer one.
    saving: tokio::sync::Mutex<()>,
    changed: Notify,
    /// Shared by all transfers.
    policy: Policy,
    environment: StarterEnvironment,
}

impl Downloads {
    /// The queue as it was left. What ran goes on by itself.
    pub fn open(stored: Vec<StoredDownload>) -> Self {
        let items = stored.into_iter().map(|mut stored| {
            if is_live(&stored.state) {
                stored.state = queued();
            }
            let done = stored
                .files
                .iter()
                .map(|file| kept_bytes(Path::new(&file.target)))
                .collect();
            Item::new(stored, done)
        });
        Self {
            items: Mutex::new(items.collect()),
            saving: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            policy: Policy::default(),
            environment: StarterEnvironment::from_process(),
        }
    }

    /// Stops all and keeps the bytes.
    pub async fn close(&self) {
        let work: Vec<Work> = self
            .lock()
            .iter()
            .filter_map(|item| item.work.clone())
            .collect();
        for work in &work {
            work.stop.cancel();
        }
        for work in work {
            work.ended.cancelled().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> Vec<Download> {
        self.lock().iter().map(Item::download).collect()
    }

    /// Changes one download; none if there is no such one any more.
    fn change<T>(&self, id: DownloadId, change: impl FnOnce(&mut Item) -> T) -> Option<T> {
        let mut items = self.lock();
        let item = items.iter_mut().find(|item| item.stored.id == id)?;
        Some(change(item))
    }

    /// The places of the queue are those of the list; answers whose have changed.
    fn number(items: &mut [Item]) -> Vec<DownloadId> {
        let mut place = 0..;
        let mut changed = Vec::new();
        for item in items {
            let position = match item.is_finished() {
                true => None,
                false => place.next(),
            };
            if item.stored.position != position {
                item.stored.position = position;
                changed.push(item.stored.id);
            }
        }
        changed
    }
}

/// It runs or waits to run.
fn is_live(state: &DownloadState) -> bool {
    matches!(
        state,
        DownloadState::Queued { .. }
            | DownloadState::Resolving
            | DownloadState::Downloading
            | DownloadState::Verifying
    )
}

const fn queued() -> DownloadState {
    DownloadState::Queued {
        reason: QueueReason::Turn,
        until_ms: None,
        error: None,
    }
}

/// The settings are such that the queue can follow them.
pub(crate) fn check_settings(settings: &DownloadSettings) -> Result<(), ErrorReport> {
    let problem = if !(1..=8).contains(&settings.parallel) {
        "between 1 and 8 downloads can run at once"
    } else if !(1..=8).contains(&settings.streams) {
        "a file can have between 1 and 8 connections"
    } else if !settings.hours.is_none_or(hours::are_sound) {
        "the hours of downloads must lie within a day"
    } else if settings.speed_limit == Some(0) {
        "a speed limit of 0 would stop all downloads: pause them instead"
    } else {
        return Ok(());
    };
    Err(refuse(ErrorCode::InvalidRequest, problem))
}
