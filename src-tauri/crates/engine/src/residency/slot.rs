//! A model that is loading, ready or failed, and who waits for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sirocco_protocol::{LlamaCppOptions, LoadState, LoadedModel, ModelId, RuntimeName};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Change, Loaded, Plan};
use crate::worker::LoadedFacts;
use crate::{EngineError, Worker};

#[derive(Debug)]
pub(super) struct Slot {
    pub model_id: ModelId,
    pub state: watch::Sender<State>,
    pub cancel: CancellationToken,
    /// Its last worker has ended, and no other one will be started.
    pub over: CancellationToken,
    pub turns: Arc<Semaphore>,
    /// Runs that have a turn or wait for one…
    queue: AtomicU32,
    /// …and those that wait.
    waiting: AtomicU32,
    /// Its worker was not started again, or has served somebody since.
    pub proven: AtomicBool,
    /// None if it answers elsewhere.
    pub runtime: Option<RuntimeName>,
    /// Runs that have a turn at the same time.
    pub at_once: u32,
    /// Tokens of context and threads.
    requested: (u32, u32),
    /// What llama.cpp is told.
    llamacpp: Option<LlamaCppOptions>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Loading { progress: f32 },
    Ready(Ready),
    Failed(EngineError),
}

/// What a model that is loaded runs on.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub worker: Worker,
    /// Its executable; none if it answers elsewhere.
    pub program: Option<PathBuf>,
    pub facts: LoadedFacts,
    /// Why it runs on the processor although there is a worker for a graphics card.
    pub fallback: Option<String>,
}

impl Slot {
    pub fn new(plan: &Plan) -> Self {
        let (runtime, at_once, requested) = match plan {
            Plan::Here(load) => (Some(load.runtime), 1, (load.context_length, load.threads)),
            Plan::Elsewhere(elsewhere) => (None, elsewhere.at_once, (elsewhere.context_length, 0)),
        };
        Self {
            model_id: plan.model_id(),
            state: watch::Sender::new(State::Loading { progress: 0.0 }),
            cancel: CancellationToken::new(),
            over: CancellationToken::new(),
            turns: Arc::new(Semaphore::new(at_once)),
            queue: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            proven: AtomicBool::new(true),
            runtime,
            at_once: u32::try_from(at_once).unwrap_or(u32::MAX),
            requested,
            llamacpp: match plan {
                Plan::Here(load) => load.llamacpp.as_ref().map(|one| one.options.clone()),
                Plan::Elsewhere(_) => None,
            },
        }
    }

    pub async fn ready(&self) -> Result<Loaded, EngineError> {
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Loading { .. } => {}
                State::Failed(error) => return Err(error.clone()),
                State::Ready(ready) => {
                    return Ok(Loaded {
                        worker: ready.worker.clone(),
                        context_length: ready.facts.context_length,
                        sees_images: ready.facts.sees_images,
                    });
                }
            }
            if states.changed().await.is_err() {
                return Err(EngineError::Cancelled);
            }
        }
    }

    /// Whether the worker that has ended is to be started again: somebody waits for it, and it is not the second one
    /// that ends without having served anybody.
    pub fn is_to_start_again(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0 && self.proven.swap(false, Ordering::Relaxed)
    }

    /// Why no turn can be had any more.
    pub fn failure(&self) -> EngineError {
        match &*self.state.borrow() {
            State::Failed(error) => error.clone(),
            State::Loading { .. } | State::Ready(_) => EngineError::NotLoaded,
        }
    }

    pub fn context_asked_for(&self) -> u32 {
        self.requested.0
    }

    pub fn describe(&self) -> LoadedModel {
        let (mut context_length, mut threads) = self.requested;
        let (mut runtime, mut memory_bytes, mut fallback) = (String::new(), None, None);
        let state = match &*self.state.borrow() {
            State::Loading { progress } => LoadState::Loading {
                progress: *progress,
            },
            State::Failed(error) => LoadState::Failed {
                error: error.report(),
            },
            State::Ready(ready) => {
                (context_length, threads) = (ready.facts.context_length, ready.facts.threads);
                runtime = ready.worker.hello().to_string();
                let resident = *ready.worker.memory_bytes().borrow();
                memory_bytes = Some(resident).filter(|bytes| *bytes > 0);
                fallback.clone_from(&ready.fallback);
                LoadState::Ready
            }
        };
        LoadedModel {
            model_id: self.model_id,
            state,
            context_length,
            threads,
            runtime,
            served_by: self.runtime,
            llamacpp: self.llamacpp.clone(),
            fallback,
            memory_bytes,
            queue_length: self.queue.load(Ordering::Relaxed),
        }
    }
}

/// A place in the queue of a slot; leaving it is announced.
#[derive(Debug)]
pub(super) struct Place {
    pub slot: Arc<Slot>,
    changes: mpsc::UnboundedSender<Change>,
    /// How many were there before.
    pub ahead: u32,
}

impl Place {
    pub fn new(slot: &Arc<Slot>, changes: &mpsc::UnboundedSender<Change>) -> Self {
        Self {
            slot: Arc::clone(slot),
            changes: changes.clone(),
            ahead: slot.queue.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot.queue.fetch_sub(1, Ordering::Relaxed);
        if !self.slot.cancel.is_cancelled() {
            let _ = self.changes.send(Change::Slot(self.slot.describe()));
        }
    }
}

/// Somebody who waits for a turn; counted while this lives.
pub(super) struct Waiting<'a>(&'a Slot);

impl<'a> Waiting<'a> {
    pub fn of(slot: &'a Slot) -> Self {
        slot.waiting.fetch_add(1, Ordering::Relaxed);
        Self(slot)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
