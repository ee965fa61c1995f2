//! Runs: generations that outlive the window that asked for them.
//!
//! A run is a row in the store from the moment it is asked for, and a task here while it lives. The
//! task queues for the model, follows the worker, cuts its text into numbered deltas and saves it
//! every second; whoever follows gets a snapshot and then the deltas.

mod aside;
mod context;
mod drive;
mod follow;
mod line;
mod prompt;
mod queue;
mod shorten;
mod start;
mod summary;
mod thought;
mod title;

pub(crate) use prompt::sampling;
pub(crate) use start::{Contest, Written};
pub(crate) use title::Titles;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sirocco_protocol::{ConversationId, Message, MessageId, Run, RunId, RunUpdate};
use sirocco_store::Store;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use prompt::Prepared;

/// Updates that wait for a slow follower before it gets a new snapshot instead.
const UPDATES: usize = 256;

/// Prompts that are kept to be looked at, the latest ones.
const KEPT_PROMPTS: usize = 8;

/// The runs that have not ended.
#[derive(Default)]
pub(crate) struct Runs {
    active: Mutex<HashMap<RunId, Arc<ActiveRun>>>,
    count: watch::Sender<usize>,
    /// What was sent for the latest answers.
    sent: Mutex<VecDeque<Sent>>,
}

/// What was sent for an answer.
struct Sent {
    conversation: ConversationId,
    answer: MessageId,
    prepared: Arc<Prepared>,
}

/// A run that has not ended.
pub(crate) struct ActiveRun {
    id: RunId,
    /// What it writes into.
    store: Store,
    live: Mutex<Live>,
    updates: broadcast::Sender<RunUpdate>,
    stop: CancellationToken,
}

/// What a snapshot shows.
#[derive(Clone)]
struct Live {
    run: Run,
    message: Message,
    /// Sequence number of the next delta.
    next: u64,
    /// The latest word about waiting or the prompt, for those who come late.
    phase: Option<RunUpdate>,
}

impl Runs {
    fn insert(&self, run: Run, message: Message, store: Store) -> Arc<ActiveRun> {
        let active = Arc::new(ActiveRun {
            id: run.id,
            store,
            live: Mutex::new(Live {
                run,
                message,
                next: 0,
                phase: None,
            }),
            updates: broadcast::Sender::new(UPDATES),
            stop: CancellationToken::new(),
        });
        self.lock().insert(active.id, Arc::clone(&active));
        self.count.send_modify(|count| *count += 1);
        active
    }

    fn remove(&self, id: RunId) {
        if self.lock().remove(&id).is_some() {
            self.count.send_modify(|count| *count -= 1);
        }
    }

    fn get(&self, id: RunId) -> Option<Arc<ActiveRun>> {
        self.lock().get(&id).cloned()
    }

    /// Keeps what is sent for an answer.
    fn keep_sent(&self, new: Sent) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|one| one.answer != new.answer);
        if sent.len() == KEPT_PROMPTS {
            sent.pop_front();
        }
        sent.push_back(new);
    }

    /// What was sent for an answer, if it was one of the latest.
    fn sent(&self, answer: MessageId) -> Option<Arc<Prepared>> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter()
            .find(|one| one.answer == answer)
            .map(|one| Arc::clone(&one.prepared))
    }

    /// Forgets what was sent in a conversation.
    pub fn forget_sent(&self, conversation: ConversationId) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|one| one.conversation != conversation);
    }

    /// Asks a run to end; false if it has ended already.
    pub fn stop(&self, id: RunId) -> bool {
        self.get(id).is_some_and(|run| {
            run.stop.cancel();
            true
        })
    }

    /// Asks a run to end and waits until it has.
    pub async fn stop_and_wait(&self, id: RunId) {
        if self.stop(id) {
            let mut count = self.count.subscribe();
            let _ = count.wait_for(|_| self.get(id).is_none()).await;
        }
    }

    /// Waits until no run is left.
    pub async fn wait_until_idle(&self) {
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Arc<ActiveRun>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ActiveRun {
    fn live(&self) -> std::sync::MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what a snapshot shows and tells followers, in one step: nobody sees one without the
    /// other.
    fn publish(&self, change: impl FnOnce(&mut Live) -> RunUpdate) {
        let mut live = self.live();
        let update = change(&mut live);
        let _ = self.updates.send(update);
    }

    /// Tells followers what the run waits for, and those who come late too.
    fn publish_phase(&self, update: RunUpdate) {
        self.publish(|live| {
            live.phase = Some(update.clone());
            update
        });
    }
}
