//! One stream: asks for a segment, passes its bytes on, and takes the next.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use reqwest::{
    Url,
    header::{HeaderValue, IF_RANGE},
};
use sirocco_protocol::ConnectionPurpose;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    answer::{Asked, check_exact, host},
    renewals::Renewals,
    segments::Segments,
};
use crate::{
    HubError, Network,
    network::Answer,
    transfer::{Policy, traffic::STEP_BYTES},
};

/// Bytes between the connections and the disk, of all streams of a file.
const QUEUE_BYTES: usize = 2 << 20;

/// Bytes on their way to the disk.
pub(super) struct Piece {
    pub at: u64,
    pub bytes: Bytes,
    /// Its share of the queue, free again when it is written.
    _room: OwnedSemaphorePermit,
}

/// What the streams of one file share.
pub(super) struct Shared {
    pub network: Network,
    pub policy: Policy,
    /// What was asked for, before redirects.
    pub url: Url,
    pub size: Option<u64>,
    /// The strong `ETag` of the storage.
    pub validator: Option<String>,
    /// What the Hub's redirect said the content is.
    pub linked: Option<String>,
    pub segments: Mutex<Segments>,
    /// Where the redirects led.
    pub direct: Mutex<Url>,
    /// Held while a fresh address is asked for, so that one question is enough for all.
    renewing: tokio::sync::Mutex<()>,
    pub renewals: Arc<Mutex<Renewals>>,
    /// Streams there should be, and streams there are.
    pub wanted: AtomicU32,
    pub active: AtomicU32,
    sender: mpsc::Sender<Piece>,
    room: Arc<Semaphore>,
}

/// What only the owner of the streams knows when it makes [`Shared`].
pub(super) struct Setup {
    pub network: Network,
    pub policy: Policy,
    pub url: Url,
    pub direct: Url,
    pub size: Option<u64>,
    pub validator: Option<String>,
    pub linked: Option<String>,
    pub segments: Segments,
    pub renewals: Arc<Mutex<Renewals>>,
}

impl Shared {
    pub fn new(setup: Setup) -> (Arc<Self>, mpsc::Receiver<Piece>) {
        // The room is what counts; so many pieces of the usual size fill it.
        let (sender, receiver) = mpsc::channel(4 * QUEUE_BYTES / STEP_BYTES);
        let shared = Self {
            network: setup.network,
            policy: setup.policy,
            url: setup.url,
            size: setup.size,
            validator: setup.validator,
            linked: setup.linked,
            segments: Mutex::new(setup.segments),
            direct: Mutex::new(setup.direct),
            renewing: tokio::sync::Mutex::default(),
            renewals: setup.renewals,
            wanted: AtomicU32::new(1),
            active: AtomicU32::new(0),
            sender,
            room: Arc::new(Semaphore::new(QUEUE_BYTES)),
        };
        (Arc::new(shared), receiver)
    }

    pub fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn direct(&self) -> Url {
        let direct = self.direct.lock().unwrap_or_else(PoisonError::into_inner);
        direct.clone()
    }

    /// This stream is one too many; it is counted off.
    fn is_superfluous(&self) -> bool {
        let wanted = self.wanted.load(Ordering::Relaxed).max(1);
        let fewer = |active: u32| (active > wanted).then(|| active - 1);
        self.active
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer)
            .is_ok()
    }

    /// Exactly these bytes, from where the redirects led before, or else from where they lead now.
    async fn ask(&self, at: u64, end: u64) -> Result<Answer, HubError> {
        let asked = Asked { at, end: Some(end) };
        let validator = self.validator.as_deref();
        let direct = self.direct();
        let answer = self.request(&direct, asked).await?;
        if !matches!(answer.status().as_u16(), 401 | 403) || direct == self.url {
            check_exact(&answer, &direct, asked, self.size, validator)?;
            return Ok(answer);
        }
        // A signed address that has grown old.
        let _renewing = self.renewing.lock().await;
        let renewed = self.direct();
        if renewed != direct {
            let answer = self.request(&renewed, asked).await?;
            check_exact(&answer, &renewed, asked, self.size, validator)?;
            return Ok(answer);
        }
        let is_allowed = {
            let mut renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
            renewals.allow(Instant::now())
        };
        if !is_allowed {
            check_exact(&answer, &direct, asked, self.size, validator)?;
        }
        let answer = self.request(&self.url, asked).await?;
        check_linked(&answer, self.linked.as_deref())?;
        check_exact(&answer, &self.url, asked, self.size, validator)?;
        *self.direct.lock().unwrap_or_else(PoisonError::into_inner) = answer.url().clone();
        Ok(answer)
    }

    async fn request(&self, url: &Url, asked: Asked) -> Result<Answer, HubError> {
        request(
            &self.network,
            &self.policy,
            url,
            asked,
            self.validator.as_deref(),
        )
        .await
    }
}

/// Asks for a part of a file, or for all of it.
pub(super) async fn request(
    network: &Network,
    policy: &Policy,
    url: &Url,
    asked: Asked,
    validator: Option<&str>,
) -> Result<Answer, HubError> {
    let mut request = network.get(url.clone(), ConnectionPurpose::Download);
    if !asked.is_all() {
        request = request.range(asked.at, asked.end.map(|end| end - 1));
        if let Some(Ok(validator)) = validator.map(HeaderValue::from_str) {
            request = request.header(IF_RANGE, validator);
        }
    }
    match tokio::time::timeout(policy.header_timeout, request.send()).await {
        Ok(answer) => answer,
        Err(_) => Err(HubError::Unreachable {
            host: host(url),
            source: None,
        }),
    }
}

/// The Hub says that the content is still the one it was.
pub(super) fn check_linked(answer: &Answer, known: Option<&str>) -> Result<(), HubError> {
    match (known, answer.linked_etag()) {
        (Some(known), Some(found)) if known != found => Err(HubError::Changed {
            host: host(answer.url()),
        }),
        _ => Ok(()),
    }
}

/// What ended a stream.
pub(super) struct Failure {
    pub error: HubError,
    /// It was the answer that the round began with, not one to a further request.
    pub of_first_answer: bool,
}

/// Works until there is nothing left to fetch. `first` is an answer that is already there, for a hold that the stream
/// already has.
pub(super) async fn work(
    shared: Arc<Shared>,
    stream: u32,
    first: Option<Answer>,
) -> Result<(), Failure> {
    let outcome = fetch(&shared, stream, first).await;
    shared.segments().give_back(stream);
    if !matches!(outcome, Ok(true)) {
        shared.active.fetch_sub(1, Ordering::Relaxed);
    }
    outcome.map(drop)
}

/// Whether it ended because it was one too many.
async fn fetch(shared: &Shared, stream: u32, first: Option<Answer>) -> Result<bool, Failure> {
    if let Some(answer) = first {
        let passed_on = pass_on(shared, stream, answer).await;
        let passed_on = passed_on.map_err(|error| Failure {
            error,
            of_first_answer: true,
        })?;
        // The end of a body is the end of a file of unknown size.
        if !passed_on || shared.size.is_none() {
            return Ok(false);
        }
        shared.segments().give_back(stream);
    }
    let outcome = fetch_segments(shared, stream).await;
    outcome.map_err(|error| Failure {
        error,
        of_first_answer: false,
    })
}

async fn fetch_segments(shared: &Shared, stream: u32) -> Result<bool, HubError> {
    loop {
        if shared.is_superfluous() {
            return Ok(true);
        }
        let wanted = shared.wanted.load(Ordering::Relaxed);
        let Some((at, end)) = shared.segments().take(stream, wanted) else {
            return Ok(false);
        };
        let answer = shared.ask(at, end).await?;
        if !pass_on(shared, stream, answer).await? {
            return Ok(false);
        }
        shared.segments().give_back(stream);
    }
}

/// Passes a body on, as far as it is this stream's. False if nobody takes the bytes any more.
async fn pass_on(shared: &Shared, stream: u32, mut answer: Answer) -> Result<bool, HubError> {
    let policy = &shared.policy;
    let from = host(answer.url());
    let stalled = || HubError::Stalled { host: from.clone() };
    let mut window = (Instant::now(), 0, Duration::ZERO);
    loop {
        let chunk = match tokio::time::timeout(policy.idle_timeout, answer.chunk()).await {
            Ok(chunk) => chunk?,
            Err(_) => return Err(stalled()),
        };
        let Some(mut chunk) = chunk else {
            return match shared.segments().place(stream) {
                Some((at, end)) if at < end && end < u64::MAX => Err(HubError::Cut {
                    host: from,
                    done: at,
                    expected: end,
                }),
                _ => Ok(true),
            };
        };
        window.1 += chunk.len() as u64;
        while !chunk.is_empty() {
            let mut step = chunk.split_to(chunk.len().min(STEP_BYTES));
            let asked_at = Instant::now();
            policy.traffic.take(step.len()).await;
            window.2 += asked_at.elapsed();
            let (at, end, own) = {
                let mut segments = shared.segments();
                let (at, end) = segments.place(stream).unwrap_or_default();
                (at, end, segments.advance(stream, step.len()))
            };
            if own < step.len() && shared.size == Some(end) {
                return Err(HubError::Overlong {
                    host: from,
                    expected: end,
                });
            }
            let bytes = step.split_to(own);
            if !bytes.is_empty() && !send(shared, at, bytes).await {
                return Ok(false);
            }
            // What was asked for reaches to here, and others have what follows. At the end of the file the server is
            // heard out, for it may have more to say than it should.
            if at + own as u64 == end && shared.size != Some(end) {
                return Ok(true);
            }
        }
        // The time spent waiting for the speed limit is not the server's.
        if window.0.elapsed().saturating_sub(window.2) >= policy.slow_window {
            if window.1 < policy.slow_bytes {
                return Err(stalled());
            }
            window = (Instant::now(), 0, Duration::ZERO);
        }
    }
}

async fn send(shared: &Shared, at: u64, bytes: Bytes) -> bool {
    let share = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // A closed semaphore or channel means that the writer has ended, with an error that it will tell.
    let Ok(room) = shared.room.clone().acquire_many_owned(share).await else {
        return false;
    };
    let piece = Piece {
        at,
        bytes,
        _room: room,
    };
    shared.sender.send(piece).await.is_ok()
}
