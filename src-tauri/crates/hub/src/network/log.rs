//! The list of connections, as far as the door writes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sirocco_protocol::{ConnectionPurpose, ErrorCode};

use crate::HubError;

/// A connection that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionStart {
    /// What for.
    pub purpose: ConnectionPurpose,
    /// Such as `GET`, or the program that connects.
    pub method: String,
    /// Host, and port if it is an unusual one.
    pub host: String,
    /// Path without its query.
    pub path: String,
}

/// How a connection ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionEnd {
    /// Of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of bodies received.
    pub received_bytes: u64,
    /// From beginning to end.
    pub duration: Duration,
    /// Why it failed or was not made.
    pub error: Option<ErrorCode>,
}

/// Who keeps the list. Both methods are called from async code and must not block.
pub trait ConnectionLog: Send + Sync + 'static {
    /// A connection begins; answers its id.
    fn begin(&self, start: ConnectionStart) -> i64;

    /// It has ended. Called once for each that began.
    fn finish(&self, id: i64, end: ConnectionEnd);
}

/// Keeps nothing: for examples and tests.
#[derive(Clone, Copy, Debug)]
pub struct NoLog;

impl ConnectionLog for NoLog {
    fn begin(&self, _: ConnectionStart) -> i64 {
        0
    }

    fn finish(&self, _: i64, _: ConnectionEnd) {}
}

/// A line of the log that is finished when this goes.
pub(super) struct Record {
    log: Arc<dyn ConnectionLog>,
    id: i64,
    host: String,
    begun: Instant,
    end: ConnectionEnd,
}

impl Record {
    pub fn begin(log: &Arc<dyn ConnectionLog>, start: ConnectionStart) -> Self {
        let host = start.host.clone();
        Self {
            id: log.begin(start),
            log: Arc::clone(log),
            host,
            begun: Instant::now(),
            end: ConnectionEnd::default(),
        }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn answered(&mut self, status: u16) {
        self.end.status = Some(status);
    }

    pub fn receive(&mut self, bytes: u64) {
        self.end.received_bytes = self.end.received_bytes.saturating_add(bytes);
    }

    pub fn fail(&mut self, error: &HubError) {
        self.end.error = Some(error.code());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.end.duration = self.begun.elapsed();
        self.log.finish(self.id, std::mem::take(&mut self.end));
    }
}
