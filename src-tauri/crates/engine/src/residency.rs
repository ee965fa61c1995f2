//! Which models are loaded, and who is next.
//!
//! A slot is a model that is loading, ready or failed. Runs take turns: one at a time per model, in
//! the order they asked. Every change of a slot is reported as a [`Change`].

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sirocco_engine_wire::LoadRequest;
use sirocco_protocol::{LoadState, LoadedModel, ModelId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::worker::LoadedFacts;
use crate::{EngineError, Runtime, Worker};

/// A change of what is loaded.
#[derive(Clone, Debug)]
pub enum Change {
    /// A slot is new or changed.
    Slot(LoadedModel),
    /// A slot is gone.
    Ejected(ModelId),
}

/// What to load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Which model.
    pub model_id: ModelId,
    /// Its files, in order.
    pub files: Vec<String>,
    /// Tokens of context.
    pub context_length: u32,
    /// Threads.
    pub threads: u32,
}

/// A model that answers.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its worker.
    pub worker: Worker,
    /// What its cache holds, in tokens.
    pub context_length: u32,
}

/// The right to use a model until this is dropped.
#[derive(Debug)]
pub struct Turn {
    /// The model.
    pub loaded: Loaded,
    _permit: OwnedSemaphorePermit,
    place: Place,
}

impl Turn {
    /// Whether the model was ejected meanwhile, so that its worker did not end by itself.
    #[must_use]
    pub fn is_ejected(&self) -> bool {
        self.place.slot.cancel.is_cancelled()
    }
}

/// The workers of all loaded models. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Residency {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtimes: Vec<Runtime>,
    scratch: PathBuf,
    slots: Mutex<HashMap<ModelId, Arc<Slot>>>,
    changes: mpsc::UnboundedSender<Change>,
}

#[derive(Debug)]
struct Slot {
    model_id: ModelId,
    state: watch::Sender<State>,
    cancel: CancellationToken,
    turns: Arc<Semaphore>,
    queue: AtomicU32,
    requested: (u32, u32),
}

#[derive(Clone, Debug)]
enum State {
    Loading { progress: f32 },
    Ready { worker: Worker, facts: LoadedFacts },
    Failed(EngineError),
}

impl Residency {
    /// Nothing loaded. Workers get folders of their own inside `scratch`. The receiver must be read:
    /// changes are few, but they are kept until they are.
    #[must_use]
    pub fn new(
        runtimes: Vec<Runtime>,
        scratch: PathBuf,
    ) -> (Self, mpsc::UnboundedReceiver<Change>) {
        let (changes, receiver) = mpsc::unbounded_channel();
        (
            Self {
                inner: Arc::new(Inner {
                    runtimes,
                    scratch,
                    slots: Mutex::default(),
                    changes,
                }),
            },
            receiver,
        )
    }

    /// The workers found at start.
    #[must_use]
    pub fn runtimes(&self) -> &[Runtime] {
        &self.inner.runtimes
    }

    /// Loads a model, or joins the load in progress, or returns at once if it is loaded. A failed
    /// slot is tried again. The load goes on if this future is dropped.
    ///
    /// # Errors
    /// [`EngineError`], of the load.
    pub async fn load(&self, load: Load) -> Result<Loaded, EngineError> {
        let slot = self.slot_or_start(load);
        slot.ready().await
    }

    /// Starts loading without waiting for the end; what is loaded already is left alone.
    pub fn begin_load(&self, load: Load) -> LoadedModel {
        self.slot_or_start(load).describe()
    }

    /// The model, if it answers.
    #[must_use]
    pub fn ready(&self, model_id: ModelId) -> Option<Loaded> {
        let slot = self.slot(model_id)?;
        match &*slot.state.borrow() {
            State::Ready { worker, facts } => Some(Loaded {
                worker: worker.clone(),
                context_length: facts.context_length,
            }),
            State::Loading { .. } | State::Failed(_) => None,
        }
    }

    /// All slots.
    #[must_use]
    pub fn list(&self) -> Vec<LoadedModel> {
        let mut list: Vec<_> = lock(&self.inner.slots)
            .values()
            .map(|slot| slot.describe())
            .collect();
        list.sort_by_key(|loaded| loaded.model_id);
        list
    }

    /// Waits for the model to be loaded and for all earlier turns to end. `waiting` hears the share of
    /// the load done, and how many go first.
    ///
    /// # Errors
    /// [`EngineError::NotLoaded`] if there is no slot, or the error of the load.
    pub async fn turn(
        &self,
        model_id: ModelId,
        mut waiting: impl FnMut(Option<f32>, u32),
    ) -> Result<Turn, EngineError> {
        let slot = self.slot(model_id).ok_or(EngineError::NotLoaded)?;
        let ahead = slot.queue.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            slot: Arc::clone(&slot),
            changes: self.inner.changes.clone(),
        };
        self.announce(&slot);
        let mut states = slot.state.subscribe();
        // In line from here on: waiting for the load first would let a race decide who goes first.
        let mut permit = Arc::clone(&slot.turns).try_acquire_owned().ok();
        let in_line = Arc::clone(&slot.turns).acquire_owned();
        tokio::pin!(in_line);
        let (loaded, permit) = loop {
            let state = states.borrow_and_update().clone();
            match (state, permit.take()) {
                (State::Failed(error), _) => return Err(error),
                (State::Ready { worker, facts }, Some(permit)) => {
                    break (
                        Loaded {
                            worker,
                            context_length: facts.context_length,
                        },
                        permit,
                    );
                }
                (State::Ready { .. }, None) => waiting(None, ahead.max(1)),
                (State::Loading { progress }, held) => {
                    waiting(Some(progress), ahead);
                    permit = held;
                }
            }
            tokio::select! {
                biased;
                acquired = &mut in_line, if permit.is_none() => {
                    permit = Some(acquired.map_err(|_| slot.failure())?);
                }
                changed = states.changed() => changed.map_err(|_| EngineError::NotLoaded)?,
            }
        };
        Ok(Turn {
            loaded,
            _permit: permit,
            place,
        })
    }

    /// Ends the worker of a model; nothing happens if there is none.
    pub async fn eject(&self, model_id: ModelId) {
        let Some(slot) = lock(&self.inner.slots).remove(&model_id) else {
            return;
        };
        slot.turns.close();
        slot.cancel.cancel();
        let state = slot.state.borrow().clone();
        if let State::Ready { worker, .. } = state {
            worker.shutdown().await;
        }
        let _ = self.inner.changes.send(Change::Ejected(model_id));
    }

    /// Ends all workers.
    pub async fn eject_all(&self) {
        let ids: Vec<_> = lock(&self.inner.slots).keys().copied().collect();
        for model_id in ids {
            self.eject(model_id).await;
        }
    }

    fn slot(&self, model_id: ModelId) -> Option<Arc<Slot>> {
        lock(&self.inner.slots).get(&model_id).cloned()
    }

    fn slot_or_start(&self, load: Load) -> Arc<Slot> {
        let mut slots = lock(&self.inner.slots);
        if let Some(slot) = slots.get(&load.model_id)
            && !matches!(*slot.state.borrow(), State::Failed(_))
        {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            model_id: load.model_id,
            state: watch::Sender::new(State::Loading { progress: 0.0 }),
            cancel: CancellationToken::new(),
            turns: Arc::new(Semaphore::new(1)),
            queue: AtomicU32::new(0),
            requested: (load.context_length, load.threads),
        });
        slots.insert(load.model_id, Arc::clone(&slot));
        drop(slots);
        self.announce(&slot);
        tokio::spawn(self.clone().live(Arc::clone(&slot), load));
        slot
    }

    /// The life of a slot: load, then wait for the worker to end.
    async fn live(self, slot: Arc<Slot>, load: Load) {
        let outcome = tokio::select! {
            outcome = self.start_and_load(&slot, load) => outcome,
            () = slot.cancel.cancelled() => Err(EngineError::Cancelled),
        };
        let worker = match outcome {
            Ok((worker, facts)) => {
                slot.state.send_replace(State::Ready {
                    worker: worker.clone(),
                    facts,
                });
                self.announce(&slot);
                worker
            }
            Err(error) => {
                tracing::warn!(model = %slot.model_id, %error, "a model was not loaded");
                slot.state.send_replace(State::Failed(error));
                self.announce(&slot);
                return;
            }
        };
        let mut memory = worker.memory_bytes();
        loop {
            tokio::select! {
                reason = worker.ended() => {
                    // In this order: who waits for a turn finds the reason when the queue closes.
                    slot.state.send_replace(State::Failed(EngineError::Crashed { reason }));
                    slot.turns.close();
                    self.announce(&slot);
                    return;
                }
                () = slot.cancel.cancelled() => return,
                changed = memory.changed() => {
                    if changed.is_ok() {
                        self.announce(&slot);
                    }
                }
            }
        }
    }

    async fn start_and_load(
        &self,
        slot: &Arc<Slot>,
        load: Load,
    ) -> Result<(Worker, LoadedFacts), EngineError> {
        let scratch = self.inner.scratch.join(load.model_id.to_string());
        std::fs::create_dir_all(&scratch).map_err(|error| EngineError::Start {
            program: scratch.display().to_string(),
            reason: format!("could not create its folder: {error}"),
        })?;
        let mut details = String::new();
        for runtime in &self.inner.runtimes {
            let worker = match Worker::start(&runtime.program, &scratch, load.threads).await {
                Ok(worker) => worker,
                Err(error) => {
                    tracing::warn!(%error, "a runtime does not start, the next one is tried");
                    details.push_str(&format!("; {error}"));
                    continue;
                }
            };
            let request = LoadRequest {
                files: load.files,
                context_length: load.context_length,
                threads: load.threads,
                scratch_folder: scratch.display().to_string(),
            };
            let facts = worker
                .load(request, |progress| {
                    slot.state.send_replace(State::Loading { progress });
                    self.announce(slot);
                })
                .await?;
            return Ok((worker, facts));
        }
        Err(EngineError::NoRuntime { details })
    }

    fn announce(&self, slot: &Slot) {
        // Nothing is said of a slot after it was ejected.
        if slot.cancel.is_cancelled() {
            return;
        }
        let _ = self.inner.changes.send(Change::Slot(slot.describe()));
    }
}

impl Slot {
    async fn ready(&self) -> Result<Loaded, EngineError> {
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Loading { .. } => {}
                State::Failed(error) => return Err(error.clone()),
                State::Ready { worker, facts } => {
                    return Ok(Loaded {
                        worker: worker.clone(),
                        context_length: facts.context_length,
                    });
                }
            }
            if states.changed().await.is_err() {
                return Err(EngineError::Cancelled);
            }
        }
    }

    /// Why no turn can be had any more.
    fn failure(&self) -> EngineError {
        match &*self.state.borrow() {
            State::Failed(error) => error.clone(),
            State::Loading { .. } | State::Ready { .. } => EngineError::NotLoaded,
        }
    }

    fn describe(&self) -> LoadedModel {
        let (mut context_length, mut threads) = self.requested;
        let (mut runtime, mut memory_bytes) = (String::new(), None);
        let state = match &*self.state.borrow() {
            State::Loading { progress } => LoadState::Loading {
                progress: *progress,
            },
            State::Failed(error) => LoadState::Failed {
                error: error.report(),
            },
            State::Ready { worker, facts } => {
                (context_length, threads) = (facts.context_length, facts.threads);
                runtime = worker.hello().to_string();
                memory_bytes = Some(*worker.memory_bytes().borrow()).filter(|bytes| *bytes > 0);
                LoadState::Ready
            }
        };
        LoadedModel {
            model_id: self.model_id,
            state,
            context_length,
            threads,
            runtime,
            memory_bytes,
            queue_length: self.queue.load(Ordering::Relaxed),
        }
    }
}

/// A place in the queue of a slot; leaving it is announced.
#[derive(Debug)]
struct Place {
    slot: Arc<Slot>,
    changes: mpsc::UnboundedSender<Change>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot.queue.fetch_sub(1, Ordering::Relaxed);
        if !self.slot.cancel.is_cancelled() {
            let _ = self.changes.send(Change::Slot(self.slot.describe()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
