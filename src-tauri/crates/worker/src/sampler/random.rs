//! Random numbers that are the same for the same seed on every platform.

/// xoshiro256++ by Blackman and Vigna, seeded with SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Random([u64; 4]);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    /// Seeded by the standard library's own randomness, where the caller wants a new sequence each time.
    pub(super) fn unseeded() -> Self {
        use std::hash::{BuildHasher, Hasher, RandomState};
        Self::new(RandomState::new().build_hasher().finish())
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Evenly from 0 to below 1, in steps of 2^-53.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_sequence() {
        // SplitMix64 of 0, then the first step of xoshiro256++ computed by hand from those four words.
        let mut random = Random::new(0);
        let [a, _, _, d] = random.0;
        assert_eq!(random.0[0], 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.0[1], 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(
            random.next(),
            a.wrapping_add(d).rotate_left(23).wrapping_add(a)
        );
        // The reference implementation of xoshiro256++ with state 1, 2, 3, 4.
        let mut reference = Random([1, 2, 3, 4]);
        let first: Vec<u64> = (0..4).map(|_| reference.next()).collect();
        assert_eq!(
            first,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
    }

    #[test]
    fn fractions_stay_below_one_and_differ_between_unseeded_sequences() {
        let mut random = Random::new(1);
        let mean = (0..10_000)
            .map(|_| random.fraction())
            .inspect(|f| assert!((0.0..1.0).contains(f)))
            .sum::<f64>()
            / 1e4;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        assert_ne!(Random::unseeded().next(), Random::unseeded().next());
    }
}
