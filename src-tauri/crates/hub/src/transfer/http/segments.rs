//! Who of the streams fetches which bytes.
//!
//! The first stream asks for everything to the end, which costs one request. When another one joins, the first is cut
//! short at the end of a segment and what is left is dealt out in segments, the first bytes first, so that the hash
//! can follow closely.

use crate::transfer::part::Ranges;

/// So many segments must be left before an answer is cut short: what the server has sent of it by then is lost, which
/// was 13 MiB on a fast loopback.
const WORTH_A_SPLIT: u64 = 16;

/// The bytes still to be fetched, and by whom. Streams are numbers that their owner gives out.
#[derive(Debug)]
pub(super) struct Segments {
    size: u64,
    min: u64,
    max: u64,
    free: Vec<(u64, u64)>,
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    stream: u32,
    at: u64,
    end: u64,
    /// How far the answer goes that the stream reads.
    reach: u64,
}

impl Segments {
    /// What lacks of a file; of unknown size if `size` is none.
    pub fn new(done: &Ranges, size: Option<u64>, min: u64, max: u64) -> Self {
        let size = size.unwrap_or(u64::MAX);
        Self {
            size,
            min: min.max(1),
            max: max.max(min).max(1),
            free: done.holes(size),
            held: Vec::new(),
        }
    }

    /// The whole of the first hole, for the first stream.
    pub fn take_hole(&mut self, stream: u32) -> Option<(u64, u64)> {
        if self.free.is_empty() {
            return None;
        }
        let (at, end) = self.free.remove(0);
        self.hold(stream, at, end);
        Some((at, end))
    }

    /// A segment for a stream, if there are more bytes than other streams hold.
    pub fn take(&mut self, stream: u32, streams: u32) -> Option<(u64, u64)> {
        let free: u64 = self.free.iter().map(|(start, end)| end - start).sum();
        let share = free / (4 * u64::from(streams.max(1)));
        let length = share.clamp(self.min, self.max);
        let (at, hole_end) = self.free.first_mut().map(|hole| (hole.0, hole.1))?;
        // A rest that is hardly worth a request goes with this one.
        let end = match at.saturating_add(length) {
            end if hole_end.saturating_sub(end) < self.min / 2 => hole_end,
            end => end,
        };
        match end == hole_end {
            true => drop(self.free.remove(0)),
            false => self.free[0].0 = end,
        }
        self.hold(stream, at, end);
        Some((at, end))
    }

    fn hold(&mut self, stream: u32, at: u64, end: u64) {
        let reach = end;
        self.held.push(Held {
            stream,
            at,
            end,
            reach,
        });
    }

    /// Cuts the longest hold short, if that leaves a segment for another stream.
    pub fn split(&mut self) -> bool {
        if !self.free.is_empty() {
            return true;
        }
        if self.size == u64::MAX {
            return false;
        }
        let (min, max) = (self.min, self.max);
        let Some(longest) = self.held.iter_mut().max_by_key(|held| held.end - held.at) else {
            return false;
        };
        let left = longest.end - longest.at;
        if left < WORTH_A_SPLIT.saturating_mul(min) {
            return false;
        }
        let cut = longest.at + (left / 4).clamp(min, max);
        let end = std::mem::replace(&mut longest.end, cut);
        self.free.push((cut, end));
        true
    }

    /// Undoes a split that nobody could use: who was cut short reads on where its answer goes that far.
    pub fn rejoin(&mut self) {
        for held in self.held.iter_mut().filter(|held| held.at < held.end) {
            let Some(index) = self.free.iter().position(|&(start, _)| start == held.end) else {
                continue;
            };
            let (start, hole_end) = self.free[index];
            let end = hole_end.min(held.reach);
            if end > start {
                held.end = end;
                match end == hole_end {
                    true => drop(self.free.remove(index)),
                    false => self.free[index].0 = end,
                }
            }
        }
    }

    /// Counts bytes that came for a stream: how many of them are its own.
    pub fn advance(&mut self, stream: u32, bytes: usize) -> usize {
        let Some(held) = self.held.iter_mut().find(|held| held.stream == stream) else {
            return 0;
        };
        let own = usize::try_from(held.end - held.at)
            .unwrap_or(usize::MAX)
            .min(bytes);
        held.at += own as u64;
        own
    }

    /// Where a stream stands and where it is to end.
    pub fn place(&self, stream: u32) -> Option<(u64, u64)> {
        let held = self.held.iter().find(|held| held.stream == stream)?;
        Some((held.at, held.end))
    }

    /// A stream has ended: what it has not fetched is free again.
    pub fn give_back(&mut self, stream: u32) {
        if let Some(index) = self.held.iter().position(|held| held.stream == stream) {
            let held = self.held.swap_remove(index);
            if held.at < held.end {
                let place = self.free.partition_point(|&(start, _)| start < held.at);
                self.free.insert(place, (held.at, held.end));
                self.merge(place);
            }
        }
    }

    /// Makes one hole of this one and those that touch it.
    fn merge(&mut self, place: usize) {
        if place + 1 < self.free.len() && self.free[place].1 == self.free[place + 1].0 {
            self.free[place].1 = self.free.remove(place + 1).1;
        }
        if place > 0 && self.free[place - 1].1 == self.free[place].0 {
            self.free[place - 1].1 = self.free.remove(place).1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn segments(done: &Ranges, size: u64) -> Segments {
        Segments::new(done, Some(size), 16 * MIB, 64 * MIB)
    }

    #[test]
    fn the_first_stream_has_all_until_another_joins() {
        let mut segments = segments(&Ranges::default(), 1_000 * MIB);
        assert_eq!(segments.take_hole(0), Some((0, 1_000 * MIB)));
        assert_eq!(segments.take(1, 2), None);
        assert!(segments.split());
        assert_eq!(segments.place(0), Some((0, 64 * MIB)));
        assert_eq!(segments.take(1, 2), Some((64 * MIB, 128 * MIB)));
        assert_eq!(segments.advance(0, 100), 100);
        assert_eq!(segments.place(0), Some((100, 64 * MIB)));
    }

    #[test]
    fn a_split_that_nobody_could_use_is_undone() {
        let mut segments = segments(&Ranges::default(), 1_000 * MIB);
        segments.take_hole(0);
        segments.split();
        segments.take(1, 2);
        segments.rejoin();
        assert_eq!(segments.place(0), Some((0, 64 * MIB)), "it is in use");
        segments.give_back(1);
        segments.rejoin();
        assert_eq!(segments.place(0), Some((0, 1_000 * MIB)));
        assert_eq!(segments.take(1, 2), None);
    }

    #[test]
    fn a_short_rest_is_not_split() {
        let mut segments = segments(&Ranges::default(), 255 * MIB);
        segments.take_hole(0);
        assert!(!segments.split());
    }

    #[test]
    fn a_file_of_unknown_size_is_not_split() {
        let mut segments = Segments::new(&Ranges::default(), None, MIB, MIB);
        assert_eq!(segments.take_hole(0), Some((0, u64::MAX)));
        assert!(!segments.split());
    }

    #[test]
    fn what_a_stream_leaves_is_taken_by_the_next() {
        let mut done = Ranges::up_to(10 * MIB);
        done.add(100 * MIB, 200 * MIB);
        let mut segments = segments(&done, 300 * MIB);
        assert_eq!(segments.take_hole(0), Some((10 * MIB, 100 * MIB)));
        assert_eq!(segments.take(1, 2), Some((200 * MIB, 216 * MIB)));
        segments.advance(0, MIB as usize);
        segments.give_back(0);
        assert_eq!(segments.take_hole(2), Some((11 * MIB, 100 * MIB)));
    }

    #[test]
    fn bytes_behind_the_end_of_a_segment_are_not_the_streams_own() {
        let mut segments = segments(&Ranges::default(), 10);
        segments.take_hole(0);
        assert_eq!(segments.advance(0, 7), 7);
        assert_eq!(segments.advance(0, 7), 3);
        assert_eq!(segments.advance(0, 7), 0);
        assert_eq!(segments.advance(9, 7), 0);
    }

    /// Whatever the streams do, each byte is fetched exactly once.
    #[test]
    fn every_byte_is_dealt_out_once() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..200 {
            let size = 1 + random(3_000);
            let mut segments = Segments::new(&Ranges::default(), Some(size), 16, 64);
            let mut fetched = Ranges::default();
            let mut count = 0;
            while fetched.total() < size {
                let stream = random(5) as u32;
                match segments.place(stream) {
                    None => {
                        segments.split();
                        segments.take(stream, 4);
                    }
                    Some((at, end)) => {
                        let own = segments.advance(stream, random(40) as usize) as u64;
                        fetched.add(at, at + own);
                        count += own;
                        if at + own == end || random(20) == 0 {
                            segments.give_back(stream);
                        }
                    }
                }
            }
            assert_eq!(count, size, "round {round}");
        }
    }
}
