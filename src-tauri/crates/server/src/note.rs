//! The log of requests: who asked what, and how that went. What was said is kept beside it, where it is at all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::StatusCode;
use sirocco_core::completions::{Completions, Piece};
use sirocco_protocol::ServedRequest;
use time::OffsetDateTime;

tokio::task_local! {
    /// Of the request that is being handled.
    static CURRENT: Note;
}

/// The entry of one request. The request has ended when the last of its clones is gone: an answer that is streamed keeps
/// one.
#[derive(Clone)]
pub struct Note(Arc<Entry>);

struct Entry {
    completions: Arc<dyn Completions>,
    begun: Instant,
    request: Mutex<ServedRequest>,
}

/// An id for a request that is about to come.
pub fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Note {
    /// A request has come; `client` is the name of its token.
    pub fn begin(
        completions: Arc<dyn Completions>,
        id: u64,
        route: String,
        client: Option<String>,
        is_kept: bool,
    ) -> Self {
        let request = ServedRequest {
            id,
            at_ms: i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000)
                .unwrap_or(i64::MAX),
            route,
            model: None,
            client,
            status: None,
            prompt_tokens: None,
            completion_tokens: None,
            duration_ms: None,
            is_kept,
        };
        completions.note_request(request.clone());
        Self(Arc::new(Entry {
            completions,
            begun: Instant::now(),
            request: Mutex::new(request),
        }))
    }

    /// That of the request being handled here; none outside of one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Handles the request: [`Note::current`] is this one meanwhile.
    pub async fn handle<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    pub fn model(&self, key: &str) {
        self.change(|request| request.model = Some(key.to_owned()));
    }

    pub fn status(&self, status: StatusCode) {
        self.change(|request| request.status = Some(status.as_u16()));
    }

    /// Counts what an answer takes.
    pub fn piece(&self, piece: &Piece) {
        match piece {
            Piece::Started { prompt_tokens } => {
                self.change(|request| {
                    *request.prompt_tokens.get_or_insert_default() += prompt_tokens;
                });
                self.tell();
            }
            Piece::Finished(finish) => self.change(|request| {
                *request.completion_tokens.get_or_insert_default() +=
                    finish.usage.completion_tokens;
            }),
            _ => {}
        }
    }

    fn change(&self, change: impl FnOnce(&mut ServedRequest)) {
        let mut request = self
            .0
            .request
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        change(&mut request);
    }

    /// Beginnings and ends are told; what lies between only when an answer begins, for there may be many requests.
    fn tell(&self) {
        let request = self
            .0
            .request
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.0.completions.note_request(request);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let request = self
            .request
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let took = self.begun.elapsed().as_millis();
        request.duration_ms = Some(u64::try_from(took).unwrap_or(u64::MAX));
        self.completions.note_request(request.clone());
    }
}
