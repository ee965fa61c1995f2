//! The steps that drop candidates. Each keeps at least one. None sorts a whole vocabulary unless it must.

use std::cmp::Ordering;

/// A token that may still be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) id: u32,
    pub(super) logit: f32,
}

/// Likeliest first, the lower id on a tie.
fn by_logit(left: &Candidate, right: &Candidate) -> Ordering {
    right
        .logit
        .total_cmp(&left.logit)
        .then(left.id.cmp(&right.id))
}

/// The `count` likeliest of all finite logits, sorted; all of them in the order of their ids if `count` is 0.
pub(super) fn top_k(logits: &[f32], count: usize, candidates: &mut Vec<Candidate>) {
    candidates.clear();
    let finite = (0..).zip(logits).filter(|(_, logit)| logit.is_finite());
    let finite = finite.map(|(id, logit)| Candidate { id, logit: *logit });
    if count == 0 {
        candidates.extend(finite);
        return;
    }
    // Candidates gather until there are twice as many as wanted; the lesser half then sets the bar for the rest.
    let room = count.saturating_mul(2).max(64);
    let mut bar = f32::NEG_INFINITY;
    for candidate in finite {
        if candidate.logit < bar {
            continue;
        }
        candidates.push(candidate);
        if candidates.len() == room {
            candidates.select_nth_unstable_by(count - 1, by_logit);
            candidates.truncate(count);
            bar = candidates[count - 1].logit;
        }
    }
    candidates.sort_unstable_by(by_logit);
    candidates.truncate(count);
}

/// The probabilities of the candidates among themselves.
pub(super) fn probabilities(candidates: &[Candidate]) -> Vec<f32> {
    let greatest = candidates
        .iter()
        .map(|candidate| candidate.logit)
        .fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = candidates
        .iter()
        .map(|candidate| (candidate.logit - greatest).exp())
        .collect();
    let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    weights
        .into_iter()
        .map(|weight| (f64::from(weight) / total) as f32)
        .collect()
}

/// How many of `probabilities`, in their order, sum to `share`.
fn count_for(share: f32, probabilities: impl Iterator<Item = f32>) -> usize {
    let mut sum = 0.0;
    let mut count = 0;
    for probability in probabilities {
        sum += probability;
        count += 1;
        if sum >= share {
            break;
        }
    }
    count
}

/// The greatest logit of the candidates.
pub(super) fn peak(candidates: &[Candidate]) -> f32 {
    candidates
        .iter()
        .map(|candidate| candidate.logit)
        .fold(f32::NEG_INFINITY, f32::max)
}

/// Keeps the likeliest candidates that sum to `share` (top-p) and are at least `relative` as probable as the likeliest
/// (min-p), sorted. Both keep the front of the sorted list, so they can be taken together, and only what is kept
/// needs sorting.
pub(super) fn top_p_and_min_p(candidates: &mut Vec<Candidate>, share: f32, relative: f32) {
    const FIRST: usize = 256;
    let peak = peak(candidates);
    let weight = |candidate: &Candidate| f64::from((candidate.logit - peak).exp());
    let wanted = if share < 1.0 {
        candidates.iter().map(weight).sum::<f64>() * f64::from(share)
    } else {
        f64::MAX
    };
    if relative > 0.0 {
        let bar = peak + relative.ln();
        candidates.retain(|candidate| candidate.logit >= bar);
    }
    let (mut sorted, mut sum) = (0, 0.0);
    while sorted < candidates.len() {
        let end = (sorted * 4).max(FIRST).min(candidates.len());
        if end < candidates.len() {
            candidates[sorted..].select_nth_unstable_by(end - sorted, by_logit);
        }
        candidates[sorted..end].sort_unstable_by(by_logit);
        for at in sorted..end {
            sum += weight(&candidates[at]);
            if sum >= wanted {
                candidates.truncate(at + 1);
                return;
            }
        }
        sorted = end;
    }
}

/// Keeps the candidates whose surprise is nearest to the expected one and that sum to `share`
/// (Meister et al., "Locally Typical Sampling", 2022).
pub(super) fn typical(candidates: &mut Vec<Candidate>, share: f32) {
    if share >= 1.0 || candidates.len() < 2 {
        return;
    }
    let probabilities = probabilities(candidates);
    let surprise = |probability: f32| {
        if probability > 0.0 {
            -probability.ln()
        } else {
            f32::MAX
        }
    };
    let expected: f32 = probabilities
        .iter()
        .filter(|p| **p > 0.0)
        .map(|p| p * surprise(*p))
        .sum();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let distance = |at: &usize| (surprise(probabilities[*at]) - expected).abs();
    order.sort_by(|left, right| distance(left).total_cmp(&distance(right)));
    order.truncate(count_for(share, order.iter().map(|at| probabilities[*at])));
    let kept: Vec<Candidate> = order.into_iter().map(|at| candidates[at]).collect();
    *candidates = kept;
    candidates.sort_unstable_by(by_logit);
}

/// Of sorted candidates, drops all at or above `threshold` but the least probable of them (p-e-w, "Exclude Top Choices").
pub(super) fn exclude_top_choices(candidates: &mut Vec<Candidate>, threshold: f32) {
    let top = probabilities(candidates)
        .into_iter()
        .take_while(|probability| *probability >= threshold)
        .count();
    if top > 1 {
        candidates.drain(..top - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(probabilities: &[f32]) -> Vec<Candidate> {
        (0..)
            .zip(probabilities)
            .map(|(id, probability)| Candidate {
                id,
                logit: probability.ln(),
            })
            .collect()
    }

    fn ids(candidates: &[Candidate]) -> Vec<u32> {
        candidates.iter().map(|candidate| candidate.id).collect()
    }

    #[test]
    fn top_k_finds_what_a_full_sort_finds() {
        let logits: Vec<f32> = (0..50_000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32)
            .collect();
        let mut sorted = Vec::new();
        top_k(&logits, 0, &mut sorted);
        sorted.sort_unstable_by(by_logit);
        for count in [1, 2, 40, 64, 5_000] {
            let mut candidates = Vec::new();
            top_k(&logits, count, &mut candidates);
            assert_eq!(candidates, sorted[..count], "{count}");
        }
    }

    #[test]
    fn top_k_takes_the_lowest_ids_of_a_tie_and_no_infinities() {
        let mut candidates = Vec::new();
        top_k(
            &[1.0, 2.0, f32::INFINITY, 2.0, f32::NAN, 2.0],
            2,
            &mut candidates,
        );
        assert_eq!(ids(&candidates), [1, 3]);
        top_k(&vec![0.5; 1_000], 3, &mut candidates);
        assert_eq!(ids(&candidates), [0, 1, 2]);
    }

    #[test]
    fn top_p_stops_once_the_share_is_reached() {
        for (share, kept) in [(0.4, 1), (0.6, 2), (0.81, 3), (0.99, 4), (1.0, 4)] {
            let mut candidates = of(&[0.15, 0.5, 0.05, 0.3]);
            top_p_and_min_p(&mut candidates, share, 0.0);
            assert_eq!(ids(&candidates), [1, 3, 0, 2][..kept], "{share}");
        }
    }

    #[test]
    fn min_p_is_relative_to_the_likeliest() {
        for (relative, kept) in [(0.0, 4), (0.2, 3), (0.5, 2), (1.0, 1)] {
            let mut candidates = of(&[0.15, 0.5, 0.05, 0.3]);
            top_p_and_min_p(&mut candidates, 1.0, relative);
            assert_eq!(ids(&candidates), [1, 3, 0, 2][..kept], "{relative}");
        }
    }

    #[test]
    fn a_large_share_of_a_flat_vocabulary_is_found_in_steps() {
        let mut candidates = Vec::new();
        top_k(&vec![1.0; 10_000], 0, &mut candidates);
        top_p_and_min_p(&mut candidates, 0.5, 0.5);
        assert!(
            (4_999..=5_001).contains(&candidates.len()),
            "{}",
            candidates.len()
        );
        assert!(
            candidates
                .iter()
                .enumerate()
                .all(|(at, candidate)| candidate.id as usize == at)
        );
    }

    #[test]
    fn typical_prefers_the_expected_surprise_to_the_likeliest() {
        // Surprises 0.51, 1.61, 2.30, 2.30 against an expected 1.09: 0.2 is nearer than 0.1 but not than 0.6, which
        // is 0.58 away against 0.52 for 0.2.
        let mut candidates = of(&[0.6, 0.2, 0.1, 0.1]);
        typical(&mut candidates, 0.15);
        assert_eq!(ids(&candidates), [1]);
        let mut candidates = of(&[0.6, 0.2, 0.1, 0.1]);
        typical(&mut candidates, 0.75);
        assert_eq!(ids(&candidates), [0, 1]);
    }

    #[test]
    fn xtc_keeps_the_least_probable_top_choice() {
        let mut candidates = of(&[0.5, 0.3, 0.15, 0.05]);
        exclude_top_choices(&mut candidates, 0.1);
        assert_eq!(ids(&candidates), [2, 3]);
        let mut candidates = of(&[0.5, 0.3, 0.15, 0.05]);
        exclude_top_choices(&mut candidates, 0.4);
        assert_eq!(candidates.len(), 4);
    }
}
