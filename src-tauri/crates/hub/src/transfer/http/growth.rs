//! How many streams are worth it: one more as long as that brings more than a tenth, one less when it does not.

use std::time::{Duration, Instant};

/// How much faster a stream must make it to be kept.
const WORTH: f64 = 1.1;

/// Watches the speed of one file. Time is passed in.
#[derive(Debug)]
pub(super) struct Growth {
    window: Duration,
    streams: u32,
    /// Speed before the last stream was added; none if the number has settled or is the first.
    before: Option<f64>,
    is_settled: bool,
    /// Since when the speed is measured, and the bytes then.
    mark: Option<(Instant, u64)>,
}

impl Growth {
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            streams: 1,
            before: None,
            is_settled: false,
            mark: None,
        }
    }

    /// How many streams there should be, at most `most`, now that so many bytes are there.
    pub fn look(&mut self, now: Instant, done: u64, most: u32) -> u32 {
        let (since, before) = *self.mark.get_or_insert((now, done));
        let elapsed = now.saturating_duration_since(since);
        if self.streams > most {
            self.streams = most.max(1);
            self.settle();
        }
        if self.is_settled || elapsed < self.window {
            return self.streams;
        }
        let speed = done.saturating_sub(before) as f64 / elapsed.as_secs_f64();
        match self.before {
            Some(before) if speed < before * WORTH => {
                self.streams -= 1;
                self.settle();
            }
            _ if self.streams < most => {
                self.before = Some(speed);
                self.streams += 1;
                // A new connection takes a while to come up to speed.
                self.mark = Some((now + self.window / 2, done));
            }
            _ => self.settle(),
        }
        self.streams
    }

    /// New bytes of the time a new stream takes to start do not count.
    pub fn forget_start(&mut self, now: Instant, done: u64) {
        if let Some((since, bytes)) = &mut self.mark
            && now < *since
        {
            *bytes = done;
        }
    }

    /// A server would not have it: stay at so many.
    pub fn refuse(&mut self, streams: u32) {
        self.streams = streams.max(1);
        self.settle();
    }

    fn settle(&mut self) {
        self.is_settled = true;
        self.before = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets it run for a minute over a network of this speed by streams; how many streams there were at each second.
    fn run(most: u32, speed: impl Fn(u32) -> u64) -> Vec<u32> {
        let start = Instant::now();
        let mut growth = Growth::new(Duration::from_secs(1));
        let mut done = 0;
        let mut seen = Vec::new();
        for tick in 0..600_u32 {
            let now = start + Duration::from_millis(100) * tick;
            growth.forget_start(now, done);
            let streams = growth.look(now, done, most);
            done += speed(streams) / 10;
            if tick % 10 == 9 {
                seen.push(streams);
            }
        }
        seen
    }

    #[test]
    fn streams_are_added_while_each_makes_it_faster() {
        let seen = run(4, |streams| u64::from(streams) * 10_000_000);
        assert_eq!(seen.first(), Some(&1));
        assert_eq!(seen.last(), Some(&4));
        assert!(seen.is_sorted());
    }

    #[test]
    fn a_stream_that_brings_nothing_is_taken_back() {
        let seen = run(8, |_| 30_000_000);
        assert_eq!(seen.iter().max(), Some(&2));
        assert_eq!(seen.last(), Some(&1));
    }

    #[test]
    fn it_stops_where_the_network_is_full() {
        let seen = run(8, |streams| 10_000_000 * u64::from(streams.min(3)));
        assert_eq!(seen.last(), Some(&3));
    }

    #[test]
    fn a_refusal_ends_the_growth() {
        let start = Instant::now();
        let mut growth = Growth::new(Duration::from_secs(1));
        growth.look(start, 0, 4);
        assert_eq!(growth.look(start + Duration::from_secs(1), 10, 4), 2);
        growth.refuse(1);
        for second in 2..60 {
            let now = start + Duration::from_secs(second);
            assert_eq!(growth.look(now, second * 1_000, 4), 1);
        }
    }

    #[test]
    fn fewer_are_allowed_at_any_time() {
        let start = Instant::now();
        let mut growth = Growth::new(Duration::from_secs(1));
        growth.look(start, 0, 4);
        assert_eq!(growth.look(start + Duration::from_secs(1), 10, 4), 2);
        assert_eq!(growth.look(start + Duration::from_millis(1_100), 10, 1), 1);
    }
}
