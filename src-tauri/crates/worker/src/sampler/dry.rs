//! DRY ("don't repeat yourself"): the longer a token would prolong a repetition, the less likely it gets.
//!
//! After p-e-w's proposal for text-generation-webui, with the semantics of llama.cpp.

use std::collections::{HashMap, HashSet};

/// The DRY parameters and what ends a repetition.
#[derive(Clone, Debug)]
pub(super) struct Dry {
    pub(super) multiplier: f32,
    pub(super) base: f32,
    pub(super) allowed_length: usize,
    /// How many tokens to look at; `None` for all.
    pub(super) last_n: Option<usize>,
    /// Tokens that are a breaker by themselves.
    single: HashSet<u32>,
    /// Longer breakers by their first token.
    longer: HashMap<u32, Vec<Vec<u32>>>,
}

impl Dry {
    pub(super) fn new(
        multiplier: f32,
        base: f32,
        allowed_length: usize,
        last_n: Option<usize>,
    ) -> Self {
        Self {
            multiplier,
            base,
            allowed_length,
            last_n,
            single: HashSet::new(),
            longer: HashMap::new(),
        }
    }

    /// Adds sequences of tokens over which no repetition is followed.
    pub(super) fn add_breakers(&mut self, breakers: Vec<Vec<u32>>) {
        for breaker in breakers {
            match breaker.split_first() {
                Some((first, [])) => drop(self.single.insert(*first)),
                Some((first, rest)) => self.longer.entry(*first).or_default().push(rest.to_vec()),
                None => {}
            }
        }
    }

    /// Takes the penalties off the logits.
    pub(super) fn apply(&self, logits: &mut [f32], history: &[u32]) {
        if self.multiplier == 0.0 || self.base < 1.0 {
            return;
        }
        let start = self
            .last_n
            .map_or(0, |last_n| history.len().saturating_sub(last_n));
        let recent = &history[start..];
        if recent.len() <= self.allowed_length {
            return;
        }
        let limit = self.tokens_since_breaker(recent);
        if limit < self.allowed_length {
            return;
        }
        // Powers beyond this exceed what a logit can hold.
        let greatest_power = if self.base > 1.000_001 {
            (f32::MAX.ln() / self.base.ln()) as usize
        } else {
            usize::MAX
        };
        for (token, length) in longest_repetitions(recent, limit, self.allowed_length) {
            let power = (length - self.allowed_length).min(greatest_power);
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit -=
                    self.multiplier * self.base.powi(i32::try_from(power).unwrap_or(i32::MAX));
            }
        }
    }

    /// How many of the last tokens follow the last breaker.
    fn tokens_since_breaker(&self, recent: &[u32]) -> usize {
        for (after, token) in recent.iter().rev().enumerate() {
            let rest = &recent[recent.len() - after..];
            if self.single.contains(token) {
                return after;
            }
            let tails = self.longer.get(token).into_iter().flatten();
            if let Some(longest) = tails
                .filter(|tail| rest.starts_with(tail))
                .map(Vec::len)
                .max()
            {
                return after - longest;
            }
        }
        recent.len()
    }
}

/// For each token that would prolong a repetition of at least `least` tokens, the length of the longest one, which
/// is at most `limit`. Linear: the lengths are the Z-function of the tokens read backwards.
fn longest_repetitions(recent: &[u32], limit: usize, least: usize) -> HashMap<u32, usize> {
    let reversed = |at: usize| recent[recent.len() - 1 - at];
    let mut lengths = vec![0usize; recent.len()];
    let (mut left, mut right) = (0, 0);
    let mut longest = HashMap::new();
    for at in 1..recent.len() {
        let mut length = if at < right {
            lengths[at - left].min(right - at)
        } else {
            0
        };
        while at + length < recent.len() && reversed(length) == reversed(at + length) {
            length += 1;
        }
        lengths[at] = length;
        if at + length > right {
            (left, right) = (at, at + length);
        }
        let length = length.min(limit);
        if length >= least {
            // What came after the earlier occurrence is what would prolong this one.
            let entry = longest.entry(reversed(at - 1)).or_insert(length);
            *entry = length.max(*entry);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn penalties(dry: &Dry, history: &[u32]) -> Vec<f32> {
        let mut logits = vec![0.0; 8];
        dry.apply(&mut logits, history);
        logits.into_iter().map(|logit| -logit).collect()
    }

    #[test]
    fn the_token_that_would_prolong_a_repetition_is_penalised_by_its_length() {
        let dry = Dry::new(1.0, 2.0, 2, None);
        // 1 2 3 was followed by 4: three tokens repeat, one more than allowed.
        assert_eq!(
            penalties(&dry, &[1, 2, 3, 4, 1, 2, 3]),
            [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            penalties(&dry, &[2, 3, 4, 5, 2, 3]),
            [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(penalties(&dry, &[3, 4, 5, 3]), [0.0; 8]);
    }

    #[test]
    fn the_longest_of_several_repetitions_counts() {
        let dry = Dry::new(0.5, 3.0, 1, None);
        let penalties = penalties(&dry, &[1, 2, 5, 2, 6, 1, 2]);
        assert_eq!((penalties[5], penalties[6]), (1.5, 0.5));
    }

    #[test]
    fn a_breaker_ends_a_repetition() {
        let mut dry = Dry::new(1.0, 2.0, 2, None);
        dry.add_breakers(vec![vec![2]]);
        assert_eq!(penalties(&dry, &[1, 2, 3, 4, 1, 2, 3]), [0.0; 8]);
        let mut longer = Dry::new(1.0, 2.0, 1, None);
        longer.add_breakers(vec![vec![1, 2]]);
        assert_eq!(penalties(&longer, &[1, 2, 3, 4, 1, 2, 3])[4], 1.0);
    }

    #[test]
    fn only_the_last_tokens_count() {
        let dry = Dry::new(1.0, 2.0, 2, Some(4));
        assert_eq!(penalties(&dry, &[1, 2, 3, 4, 1, 2, 3]), [0.0; 8]);
    }

    #[test]
    fn a_long_loop_stays_finite_and_fast() {
        let dry = Dry::new(1.0, 1.75, 2, None);
        let penalties = penalties(&dry, &[5; 100_000]);
        assert!(penalties[5].is_finite() && penalties[5] > 1e30);
    }
}
