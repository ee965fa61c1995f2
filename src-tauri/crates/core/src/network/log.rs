//! The list of connections on its way into the database.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sirocco_hub::network::{ConnectionEnd, ConnectionLog, ConnectionStart};
use sirocco_protocol::Connection;
use sirocco_store::{ConnectionChange, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::clock::now_ms;

/// Changes that go into one transaction.
const BATCH: usize = 256;

enum Entry {
    Change(ConnectionChange),
    /// Answered when everything before is in the database.
    Flush(oneshot::Sender<()>),
}

/// Takes what the door tells, and lets [`Writer`] write it.
pub(crate) struct Log {
    next_id: AtomicI64,
    /// Unbounded, for the door may not wait; each entry comes from a request, which is much slower than a row.
    entries: Mutex<Option<mpsc::UnboundedSender<Entry>>>,
}

/// Writes the entries of a [`Log`].
pub(crate) struct Writer {
    store: Store,
    entries: mpsc::UnboundedReceiver<Entry>,
}

impl Log {
    pub async fn open(store: Store) -> Result<(Arc<Self>, Writer), StoreError> {
        let next_id = store.begin_connections().await?.into();
        let (sender, entries) = mpsc::unbounded_channel();
        let log = Self {
            next_id,
            entries: Mutex::new(Some(sender)),
        };
        Ok((Arc::new(log), Writer { store, entries }))
    }

    /// Waits until everything so far is in the database.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        self.send(Entry::Flush(done));
        // The writer has ended: the App is closing.
        let _ = flushed.await;
    }

    /// Ends the writer when it has written everything so far.
    pub fn close(&self) {
        self.lock().take();
    }

    fn send(&self, entry: Entry) {
        if let Some(entries) = self.lock().as_ref() {
            // Without a writer there is no database any more.
            let _ = entries.send(entry);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<mpsc::UnboundedSender<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionLog for Log {
    fn begin(&self, start: ConnectionStart) -> i64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.send(Entry::Change(ConnectionChange::Began(Connection {
            id,
            at_ms: now_ms(),
            purpose: start.purpose,
            method: start.method,
            host: start.host,
            path: start.path,
            status: None,
            received_bytes: 0,
            duration_ms: None,
            error: None,
        })));
        id
    }

    fn finish(&self, id: i64, end: ConnectionEnd) {
        self.send(Entry::Change(ConnectionChange::Ended {
            id,
            status: end.status,
            received_bytes: end.received_bytes,
            duration_ms: u64::try_from(end.duration.as_millis()).unwrap_or(u64::MAX),
            error: end.error,
        }));
    }
}

impl Writer {
    /// Writes until the log is closed.
    pub async fn run(mut self) {
        let mut entries = Vec::new();
        while self.entries.recv_many(&mut entries, BATCH).await > 0 {
            let (mut changes, mut flushes) = (Vec::new(), Vec::new());
            for entry in entries.drain(..) {
                match entry {
                    Entry::Change(change) => changes.push(change),
                    Entry::Flush(done) => flushes.push(done),
                }
            }
            if !changes.is_empty()
                && let Err(error) = self.store.write_connections(&changes).await
            {
                tracing::warn!(%error, "connections were not written");
            }
            for done in flushes {
                // Who asked may be gone.
                let _ = done.send(());
            }
        }
    }
}
