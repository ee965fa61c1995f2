//! Which models are loaded, and who is next.
//!
//! A slot is a model that is loading, ready or failed. Runs take turns: one at a time per model (more of one that
//! answers elsewhere), in the order they asked. A worker that ends in the middle of a run costs that run; for those who
//! wait it is started again. Every change of a slot is reported as a [`Change`].

mod life;
mod slot;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sirocco_engine_wire::Device;
use sirocco_protocol::{LoadedModel, ModelId, RuntimeName};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use self::slot::{Place, Ready, Slot, State, Waiting};
use crate::{Backend, Engine, EngineError, LlamaCpp, Runtime, Worker, WorkerEnd, WorkerHello};

/// A worker that does not end in this time is not waited for: the system does not let go of it.
const EJECT_TIME: Duration = Duration::from_secs(10);

/// A change of what is loaded.
#[derive(Clone, Debug)]
pub enum Change {
    /// A slot is new or changed.
    Slot(LoadedModel),
    /// A slot is gone.
    Ejected(ModelId),
    /// The process of a model ended by itself. The slot is told of apart.
    Broke(Breakdown),
}

/// A worker process that ended by itself.
#[derive(Clone, Debug)]
pub struct Breakdown {
    /// Name of the model's (first) file.
    pub file: String,
    /// What ran it, as in its hello.
    pub runtime: String,
    /// How it ended.
    pub end: WorkerEnd,
}

/// What to load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Which model.
    pub model_id: ModelId,
    /// What to load it with.
    pub runtime: RuntimeName,
    /// Its files, in order.
    pub files: Vec<String>,
    /// The file by which it sees images, if there is one.
    pub projector: Option<String>,
    /// Tokens of context.
    pub context_length: u32,
    /// Threads.
    pub threads: u32,
    /// What llama.cpp is told, if it is the runtime.
    pub llamacpp: Option<LlamaCpp>,
}

/// A model that answers elsewhere.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Which model.
    pub model_id: ModelId,
    /// What answers for it.
    pub engine: Arc<dyn Engine>,
    /// Tokens of context it is taken to have.
    pub context_length: u32,
    /// Runs that have a turn at the same time.
    pub at_once: usize,
}

/// How a model comes to answer.
#[derive(Clone, Debug)]
pub enum Plan {
    /// A process of ours reads its files.
    Here(Load),
    /// It is asked elsewhere.
    Elsewhere(Elsewhere),
}

impl Plan {
    fn model_id(&self) -> ModelId {
        match self {
            Self::Here(load) => load.model_id,
            Self::Elsewhere(elsewhere) => elsewhere.model_id,
        }
    }
}

impl From<Load> for Plan {
    fn from(load: Load) -> Self {
        Self::Here(load)
    }
}

impl From<Elsewhere> for Plan {
    fn from(elsewhere: Elsewhere) -> Self {
        Self::Elsewhere(elsewhere)
    }
}

/// A model that answers.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its worker.
    pub worker: Worker,
    /// What its cache holds, in tokens.
    pub context_length: u32,
    /// It sees images.
    pub sees_images: bool,
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

impl Drop for Turn {
    fn drop(&mut self) {
        if self.loaded.worker.is_sound() {
            self.place.slot.proven.store(true, Ordering::Relaxed);
        }
    }
}

/// The workers of all loaded models. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Residency {
    inner: Arc<Inner>,
}

/// What each worker says about itself, or why it cannot be used here.
pub type Hellos = Arc<[(Runtime, Result<WorkerHello, EngineError>)]>;

/// The workers there are; another set of them is asked anew.
#[derive(Clone, Debug)]
struct Workers {
    runtimes: Arc<[Runtime]>,
    hellos: Arc<OnceCell<Hellos>>,
}

impl Workers {
    fn new(runtimes: Vec<Runtime>) -> Self {
        Self {
            runtimes: runtimes.into(),
            hellos: Arc::default(),
        }
    }
}

#[derive(Debug)]
struct Inner {
    workers: Mutex<Workers>,
    /// Models that a graphics card broke at in the middle of an answer: too little memory, most likely.
    broke_on_a_card: Mutex<HashSet<ModelId>>,
    scratch: PathBuf,
    slots: Mutex<HashMap<ModelId, Arc<Slot>>>,
    changes: mpsc::UnboundedSender<Change>,
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
                    workers: Mutex::new(Workers::new(runtimes)),
                    broke_on_a_card: Mutex::default(),
                    scratch,
                    slots: Mutex::default(),
                    changes,
                }),
            },
            receiver,
        )
    }

    /// The workers there are.
    #[must_use]
    pub fn runtimes(&self) -> Arc<[Runtime]> {
        Arc::clone(&lock(&self.inner.workers).runtimes)
    }

    /// From now on models are loaded with these workers; what is loaded stays with its own.
    pub fn set_runtimes(&self, runtimes: Vec<Runtime>) {
        *lock(&self.inner.workers) = Workers::new(runtimes);
    }

    /// Whether a model runs in this program, or may be about to.
    #[must_use]
    pub fn uses(&self, runtime: &Runtime) -> bool {
        let slots = lock(&self.inner.slots);
        slots.values().any(|slot| match &*slot.state.borrow() {
            State::Loading { .. } => slot.runtime == Some(runtime.name),
            State::Ready(ready) => ready.program.as_ref() == Some(&runtime.program),
            State::Failed(_) => false,
        })
    }

    /// What each of the workers says about itself, or why it cannot be used here. They are asked once.
    pub async fn hellos(&self) -> Hellos {
        let Workers { runtimes, hellos } = lock(&self.inner.workers).clone();
        let ask = || async {
            let mut hellos = Vec::new();
            for runtime in runtimes.iter() {
                hellos.push((runtime.clone(), self.hello_of(runtime).await));
            }
            hellos.into()
        };
        Arc::clone(hellos.get_or_init(ask).await)
    }

    /// What the worker says of the graphics card that this model is tried on first, with this runtime: none if the
    /// processor takes it. Apple's cards have no memory of their own and are none.
    pub async fn card_for(&self, model_id: ModelId, runtime: RuntimeName) -> Option<Vec<Device>> {
        let is_for_cards = |one: &Runtime| one.name == runtime && one.backend == Backend::Cuda;
        // Who has no such worker waits for no hello.
        if !self.runtimes().iter().any(is_for_cards) || self.broke_on_card(model_id) {
            return None;
        }
        let hellos = self.hellos().await;
        hellos.iter().find_map(|(one, hello)| {
            let hello = hello.as_ref().ok().filter(|_| is_for_cards(one))?;
            Some(hello.devices.clone())
        })
    }

    /// What a worker says about itself, be it one of those there are or not.
    ///
    /// # Errors
    /// [`EngineError::Start`]: it cannot be used here.
    pub async fn hello_of(&self, runtime: &Runtime) -> Result<WorkerHello, EngineError> {
        let scratch = self.inner.scratch.join("hello");
        std::fs::create_dir_all(&scratch).map_err(|error| EngineError::Start {
            program: runtime.program.display().to_string(),
            reason: error.to_string(),
        })?;
        let worker = Worker::start(&runtime.program, &scratch, 1).await?;
        let hello = worker.hello().clone();
        worker.shutdown().await;
        Ok(hello)
    }

    /// Which runtimes those are, each once, the preferred one first.
    #[must_use]
    pub fn installed(&self) -> Vec<RuntimeName> {
        let runtimes = self.runtimes();
        let is_there = |name: &RuntimeName| runtimes.iter().any(|one| one.name == *name);
        RuntimeName::ALL.into_iter().filter(is_there).collect()
    }

    /// Loads a model, or joins the load in progress, or returns at once if it is loaded. A failed
    /// slot is tried again. The load goes on if this future is dropped.
    ///
    /// # Errors
    /// [`EngineError`], of the load.
    pub async fn load(&self, plan: impl Into<Plan>) -> Result<Loaded, EngineError> {
        let slot = self.slot_or_start(plan.into());
        slot.ready().await
    }

    /// Starts loading without waiting for the end; what is loaded already is left alone.
    pub fn begin_load(&self, plan: impl Into<Plan>) -> LoadedModel {
        self.slot_or_start(plan.into()).describe()
    }

    /// The model, if it answers.
    #[must_use]
    pub fn ready(&self, model_id: ModelId) -> Option<Loaded> {
        let slot = self.slot(model_id)?;
        match &*slot.state.borrow() {
            State::Ready(Ready { worker, facts, .. }) => Some(Loaded {
                worker: worker.clone(),
                context_length: facts.context_length,
                sees_images: facts.sees_images,
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

    /// Tokens of context that a model was to have; one that answers elsewhere may have fewer.
    #[must_use]
    pub fn context_asked_for(&self, model_id: ModelId) -> Option<u32> {
        self.slot(model_id).map(|slot| slot.context_asked_for())
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
        let place = Place::new(&slot, &self.inner.changes);
        let ahead = (place.ahead + 1).saturating_sub(slot.at_once);
        self.announce(&slot);
        let _waiting = Waiting::of(&slot);
        let mut states = slot.state.subscribe();
        // In line from here on: waiting for the load first would let a race decide who goes first.
        let mut permit = Arc::clone(&slot.turns).try_acquire_owned().ok();
        let in_line = Arc::clone(&slot.turns).acquire_owned();
        tokio::pin!(in_line);
        let (loaded, permit) = loop {
            let state = states.borrow_and_update().clone();
            match (state, permit.take()) {
                (State::Failed(error), _) => return Err(error),
                (State::Ready(Ready { worker, facts, .. }), Some(permit)) if worker.is_sound() => {
                    break (
                        Loaded {
                            worker,
                            context_length: facts.context_length,
                            sees_images: facts.sees_images,
                        },
                        permit,
                    );
                }
                (State::Ready(_), None) => waiting(None, ahead.max(1)),
                // The slot does not know yet that its worker is gone.
                (State::Ready(_), held) => permit = held,
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

    /// Ends the worker of a model, also one that is still loading, and waits until it is gone; nothing happens if
    /// there is none.
    pub async fn eject(&self, model_id: ModelId) {
        let Some(slot) = lock(&self.inner.slots).remove(&model_id) else {
            return;
        };
        slot.turns.close();
        slot.cancel.cancel();
        if timeout(EJECT_TIME, slot.over.cancelled()).await.is_err() {
            tracing::warn!(model = %model_id, "the worker of an ejected model does not end");
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

    fn slot_or_start(&self, plan: Plan) -> Arc<Slot> {
        let mut slots = lock(&self.inner.slots);
        if let Some(slot) = slots.get(&plan.model_id())
            && !matches!(*slot.state.borrow(), State::Failed(_))
        {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::new(&plan));
        slots.insert(plan.model_id(), Arc::clone(&slot));
        drop(slots);
        self.announce(&slot);
        tokio::spawn(self.clone().live(Arc::clone(&slot), plan));
        slot
    }

    fn announce(&self, slot: &Slot) {
        // Nothing is said of a slot after it was ejected.
        if slot.cancel.is_cancelled() {
            return;
        }
        let _ = self.inner.changes.send(Change::Slot(slot.describe()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
