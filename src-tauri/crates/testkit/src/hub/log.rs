//! What was asked, in order.

use serde::Serialize;
use tokio::sync::watch;

use super::Origin;

/// A request, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// How many came before it on both listeners.
    pub number: usize,
    /// Which listener.
    pub origin: Origin,
    /// `GET` and so on.
    pub method: String,
    /// The path, percent-encoding undone.
    pub path: String,
    /// After the question mark, as it came; empty if there is none.
    pub query: String,
    /// `Range`.
    pub range: Option<String>,
    /// `If-Range`.
    pub if_range: Option<String>,
    /// `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// There was an `Authorization`. What stood in it is not kept.
    pub authorized: bool,
    /// Of the answer; 0 before there is one.
    pub status: u16,
    /// Bytes of the body that were given to the connection. They may still be under way.
    pub sent_bytes: u64,
    /// The answer has ended, well or not.
    pub ended: bool,
}

impl LoggedRequest {
    /// The first byte of `Range: bytes=5-` and the like.
    #[must_use]
    pub fn range_start(&self) -> Option<u64> {
        let (start, _) = self
            .range
            .as_deref()?
            .strip_prefix("bytes=")?
            .split_once('-')?;
        start.parse().ok()
    }
}

/// All requests; readers can wait for a change.
pub(super) struct Log(watch::Sender<Vec<LoggedRequest>>);

impl Default for Log {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl Log {
    /// Notes a request and gives it its number.
    pub(super) fn add(&self, mut request: LoggedRequest) -> usize {
        let mut number = 0;
        self.0.send_modify(|log| {
            number = log.len();
            request.number = number;
            log.push(request);
        });
        number
    }

    pub(super) fn update(&self, number: usize, change: impl FnOnce(&mut LoggedRequest)) {
        self.0.send_modify(|log| {
            // It may have been cleared meanwhile.
            if let Some(request) = log.get_mut(number) {
                change(request);
            }
        });
    }

    pub(super) fn all(&self) -> Vec<LoggedRequest> {
        self.0.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Vec<LoggedRequest>> {
        self.0.subscribe()
    }
}
