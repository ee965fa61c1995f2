//! Comparisons of answers: the order they are shown in, what the votes come to, and both as files.

mod file;
#[cfg(test)]
mod fixture;
mod rating;

pub use file::{answers_csv, comparisons_json, ratings_csv};
pub use rating::{Outcome, Voted, ratings};

/// The numbers under `count` in an order that `random` decides: Fisher and Yates, as in Durstenfeld,
/// "Algorithm 235: Random permutation", CACM 7 (1964). For the few answers of a comparison 64 random
/// bits make all orders equally likely, but for one part in 10^18.
#[must_use]
pub fn shuffled(count: usize, mut random: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let choices = last as u64 + 1;
        let chosen = usize::try_from(random % choices).expect("it is at most `last`");
        random /= choices;
        order.swap(last, chosen);
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_order_comes_equally_often() {
        let orders: Vec<_> = (0..24).map(|random| shuffled(4, random)).collect();
        let different: BTreeSet<_> = orders.iter().collect();
        assert_eq!(different.len(), 24);
        for order in orders {
            let places: BTreeSet<_> = order.into_iter().collect();
            assert_eq!(places, BTreeSet::from([0, 1, 2, 3]));
        }
        assert!(shuffled(0, 7).is_empty());
    }
}
