//! How a transfer stands, and how fast it is.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::HubError;

const WINDOW: Duration = Duration::from_secs(5);

/// How a transfer stands.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Bytes kept so far.
    pub done_bytes: u64,
    /// Bytes in all, once known.
    pub total_bytes: Option<u64>,
    /// Over the last five seconds.
    pub bytes_per_second: f64,
    /// Where the bytes come from, for display.
    pub source: String,
    /// What it does.
    pub state: TransferState,
}

/// What a transfer does.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum TransferState {
    /// Looks at what is there and asks the source.
    #[default]
    Connecting,
    /// Bytes arrive.
    Downloading,
    /// It broke and goes on by itself.
    Waiting {
        /// After this time.
        delay: Duration,
        /// Why.
        error: Arc<HubError>,
    },
    /// All bytes are there; they are checked and put in place.
    Verifying,
    /// Stopped; the bytes are kept.
    Paused {
        /// None if a person paused it; otherwise what must change first, such as a full disk.
        error: Option<Arc<HubError>>,
    },
    /// The file is whole and in its place.
    Finished {
        /// Where.
        path: PathBuf,
    },
    /// It gave up; the bytes are kept, and it can be resumed.
    Failed {
        /// Why.
        error: Arc<HubError>,
    },
    /// Cancelled; the bytes are gone.
    Cancelled,
}

impl TransferState {
    /// Nothing happens any more unless it is resumed.
    pub fn is_at_rest(&self) -> bool {
        !matches!(
            self,
            Self::Connecting | Self::Downloading | Self::Waiting { .. } | Self::Verifying
        )
    }
}

/// Speed over a moving window.
#[derive(Debug, Default)]
pub(super) struct Speed {
    samples: VecDeque<(Instant, u64)>,
}

impl Speed {
    /// Notes the state at a time and gives the speed in bytes per second.
    pub fn note(&mut self, now: Instant, done: u64) -> f64 {
        if self
            .samples
            .back()
            .is_some_and(|&(_, before)| done < before)
        {
            self.samples.clear();
        }
        self.samples.push_back((now, done));
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0) >= WINDOW {
            self.samples.pop_front();
        }
        let (since, before) = self.samples[0];
        let seconds = now.duration_since(since).as_secs_f64();
        if seconds > 0.0 {
            (done - before) as f64 / seconds
        } else {
            0.0
        }
    }

    /// Forgets, for a pause.
    pub fn clear(&mut self) {
        self.samples.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut speed = Speed::default();
        let mut last = 0.0;
        for second in 0..20_u64 {
            let done = if second < 10 {
                second * 100
            } else {
                1_000 + (second - 10) * 10
            };
            last = speed.note(start + Duration::from_secs(second), done);
        }
        assert!((last - 10.0).abs() < 0.01, "{last}");
        assert_eq!(
            speed.note(start + Duration::from_secs(20), 0),
            0.0,
            "after a restart"
        );
    }
}
