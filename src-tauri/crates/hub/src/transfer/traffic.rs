//! What all transfers share: the speed limit, the number of streams, and the hosts that asked to wait.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// Bytes are taken from the limit in steps of at most this, so that several transfers share it evenly.
pub(super) const STEP_BYTES: usize = 64 << 10;
/// Streams of one file unless somebody says otherwise.
const STREAMS: u32 = 4;
/// More is a burden for servers and home networks, and was never faster where it was measured.
const MAX_STREAMS: u32 = 8;

/// Shared by all transfers of an app. Everything can be changed while they run.
///
/// ```
/// use sirocco_hub::Traffic;
///
/// let traffic = Traffic::default();
/// traffic.set_limit(Some(2_000_000));
/// traffic.set_streams(1);
/// assert_eq!(traffic.streams(), 1);
/// ```
#[derive(Debug)]
pub struct Traffic {
    /// Bytes per second; 0 is no limit.
    limit: AtomicU64,
    streams: AtomicU32,
    bucket: Mutex<Bucket>,
    /// Whoever waits for tokens waits alone, the others behind it, so that nobody is overtaken for ever.
    turn: tokio::sync::Mutex<()>,
    changed: Notify,
    pauses: Mutex<HashMap<String, Instant>>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            limit: AtomicU64::new(0),
            streams: AtomicU32::new(STREAMS),
            bucket: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            pauses: Mutex::default(),
        }
    }
}

impl Traffic {
    /// Bytes per second of all transfers together, from now on; none is no limit.
    pub fn set_limit(&self, bytes_per_second: Option<u64>) {
        self.limit.store(
            bytes_per_second.map_or(0, |limit| limit.max(1)),
            Ordering::Relaxed,
        );
        self.changed.notify_waiters();
    }

    /// Streams of one file, 1 to 8, from now on. So many are opened only while they make it faster.
    pub fn set_streams(&self, streams: u32) {
        self.streams
            .store(streams.clamp(1, MAX_STREAMS), Ordering::Relaxed);
    }

    /// See [`set_streams`](Self::set_streams).
    pub fn streams(&self) -> u32 {
        self.streams.load(Ordering::Relaxed)
    }

    /// There is a limit, so that more streams cannot be faster.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.load(Ordering::Relaxed) > 0
    }

    /// Waits until so many bytes may be received.
    pub(super) async fn take(&self, bytes: usize) {
        if !self.is_limited() {
            return;
        }
        let _turn = self.turn.lock().await;
        loop {
            let changed = self.changed.notified();
            let limit = self.limit.load(Ordering::Relaxed);
            if limit == 0 {
                return;
            }
            let wait = {
                let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
                bucket.take(Instant::now(), limit, bytes as u64)
            };
            if wait.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = changed => {}
            }
        }
    }

    /// The host asked for patience.
    pub(super) fn pause(&self, host: &str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.retain(|_, until| *until > Instant::now());
        let entry = pauses.entry(host.to_owned()).or_insert(until);
        *entry = until.max(*entry);
    }

    /// How long the host must be left alone.
    pub(super) fn pause_of(&self, host: &str) -> Option<Duration> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let left = pauses.get(host)?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The host has answered well again.
    pub(super) fn unpause(&self, host: &str) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.remove(host);
    }
}

/// A token bucket. Taking may leave a debt, which the next one pays by waiting.
#[derive(Debug, Default)]
struct Bucket {
    tokens: f64,
    filled_at: Option<Instant>,
}

impl Bucket {
    /// Takes the bytes, or says how long to wait before asking again.
    fn take(&mut self, now: Instant, bytes_per_second: u64, bytes: u64) -> Duration {
        let rate = bytes_per_second as f64;
        let burst = STEP_BYTES as f64;
        match self.filled_at.replace(now) {
            Some(before) => self.tokens += now.duration_since(before).as_secs_f64() * rate,
            None => self.tokens = burst,
        }
        self.tokens = self.tokens.min(burst);
        if self.tokens > 0.0 {
            self.tokens -= bytes as f64;
            return Duration::ZERO;
        }
        // A byte more than the debt, so that the next look finds something whatever was rounded.
        Duration::from_secs_f64(((1.0 - self.tokens) / rate).min(3_600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_gives_what_the_limit_allows() {
        let start = Instant::now();
        for limit in [10_000, 1_000_000, 500_000_000] {
            let mut bucket = Bucket::default();
            let (mut now, mut taken) = (start, 0);
            while now < start + Duration::from_secs(10) {
                match bucket.take(now, limit, STEP_BYTES as u64) {
                    Duration::ZERO => taken += STEP_BYTES as u64,
                    wait => now += wait,
                }
            }
            let allowed = 10 * limit + 2 * STEP_BYTES as u64;
            assert!(taken <= allowed, "{taken} of {allowed}");
            assert!(
                taken >= 10 * limit - STEP_BYTES as u64,
                "{taken} at {limit}"
            );
        }
    }

    #[test]
    fn a_long_pause_does_not_save_up_tokens() {
        let mut bucket = Bucket::default();
        let start = Instant::now();
        let step = STEP_BYTES as u64;
        bucket.take(start, 1_000_000, step);
        let later = start + Duration::from_secs(3_600);
        assert!(bucket.take(later, 1_000_000, step).is_zero());
        assert!(!bucket.take(later, 1_000_000, step).is_zero());
    }

    #[test]
    fn a_host_is_left_alone_as_long_as_it_asked() {
        let traffic = Traffic::default();
        traffic.pause("hub.example", Duration::from_secs(60));
        traffic.pause("hub.example", Duration::from_secs(1));
        let left = traffic.pause_of("hub.example").expect("a pause");
        assert!(left > Duration::from_secs(50), "the longer one counts");
        assert_eq!(traffic.pause_of("other.example"), None);
        traffic.unpause("hub.example");
        assert_eq!(traffic.pause_of("hub.example"), None);
    }
}
