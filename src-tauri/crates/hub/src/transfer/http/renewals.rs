//! How often a signed address may be asked for again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(600);

/// Counts over ten minutes. A storage that refuses each fresh address refuses for another reason than its age.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Renewals(VecDeque<Instant>);

impl Renewals {
    /// Counts one, if there may be one more.
    pub fn allow(&mut self, now: Instant) -> bool {
        while self
            .0
            .front()
            .is_some_and(|&past| now.saturating_duration_since(past) >= WINDOW)
        {
            self.0.pop_front();
        }
        let is_allowed = self.0.len() < MOST;
        if is_allowed {
            self.0.push_back(now);
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_in_ten_minutes_are_allowed() {
        let start = Instant::now();
        let mut renewals = Renewals::default();
        let allowed =
            |renewals: &mut Renewals, second| renewals.allow(start + Duration::from_secs(second));
        assert!((0..5).all(|minute| allowed(&mut renewals, minute * 60)));
        assert!(!allowed(&mut renewals, 599));
        assert!(allowed(&mut renewals, 600));
        assert!(!allowed(&mut renewals, 610));
        assert!(allowed(&mut renewals, 660));
    }
}
