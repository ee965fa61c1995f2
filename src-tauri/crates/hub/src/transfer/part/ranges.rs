//! Which bytes of a file are there.

use serde::{Deserialize, Serialize};

/// Half-open ranges of bytes, in order, no two of them touching.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::transfer) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// The first `end` bytes.
    pub fn up_to(end: u64) -> Self {
        let mut ranges = Self::default();
        ranges.add(0, end);
        ranges
    }

    /// Adds the bytes from `start` to before `end`.
    pub fn add(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let first = self.0.partition_point(|&(_, stop)| stop < start);
        let last = self.0.partition_point(|&(begin, _)| begin <= end);
        let merged = self.0[first..last]
            .iter()
            .fold((start, end), |(a, b), &(c, d)| (a.min(c), b.max(d)));
        self.0.splice(first..last, [merged]);
    }

    /// Adds all bytes of another one.
    pub fn add_all(&mut self, other: &Self) {
        for &(start, end) in &other.0 {
            self.add(start, end);
        }
    }

    /// Forgets everything from `len` on.
    pub fn cut(&mut self, len: u64) {
        self.0.retain_mut(|(start, end)| {
            *end = (*end).min(len);
            *start < *end
        });
    }

    /// Forgets the last range. None is left of the only one.
    pub fn pop(&mut self) -> Option<(u64, u64)> {
        self.0.pop()
    }

    /// Bytes from the beginning without a hole.
    pub fn prefix(&self) -> u64 {
        match self.0.first() {
            Some(&(0, end)) => end,
            _ => 0,
        }
    }

    /// Where the last byte is, and one.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, |&(_, end)| end)
    }

    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// The holes before `size`, in order.
    pub fn holes(&self, size: u64) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut at = 0;
        for &(start, end) in self.0.iter().filter(|&&(start, _)| start < size) {
            if at < start {
                holes.push((at, start));
            }
            at = end;
        }
        if at < size {
            holes.push((at, size));
        }
        holes
    }

    /// In order, each holding at least one byte, none touching the next: as everything here expects them.
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|(start, end)| start < end)
            && self.0.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(u64, u64)]) -> Ranges {
        let mut ranges = Ranges::default();
        for &(start, end) in list {
            ranges.add(start, end);
        }
        ranges
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(ranges(&[(0, 5), (5, 9)]).0, [(0, 9)]);
        assert_eq!(ranges(&[(10, 20), (0, 5), (4, 11)]).0, [(0, 20)]);
        assert_eq!(
            ranges(&[(30, 40), (0, 5), (10, 20)]).0,
            [(0, 5), (10, 20), (30, 40)]
        );
        assert_eq!(ranges(&[(3, 3)]).0, []);
    }

    /// Against a plain list of booleans, over many small cases.
    #[test]
    fn ranges_agree_with_a_list_of_bytes() {
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..500 {
            let (mut ranges, mut bytes) = (Ranges::default(), [false; 40]);
            for _ in 0..8 {
                let start = random(40);
                let end = start + random(41 - start);
                ranges.add(start, end);
                bytes[start as usize..end as usize].fill(true);
            }
            let len = random(41);
            ranges.cut(len);
            bytes[len as usize..].fill(false);
            assert!(ranges.is_sound(), "{ranges:?}");
            let count = |value| bytes.iter().filter(|&&byte| byte == value).count() as u64;
            assert_eq!(ranges.total(), count(true));
            let prefix = bytes.iter().take_while(|&&byte| byte).count();
            assert_eq!(ranges.prefix(), prefix as u64);
            let holes: u64 = ranges
                .holes(40)
                .iter()
                .map(|(start, end)| end - start)
                .sum();
            assert_eq!(holes, count(false));
        }
    }
}
