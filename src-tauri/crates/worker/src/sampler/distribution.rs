//! Sums over a whole vocabulary, fast enough to be taken for every token.

/// `e^x` for `x <= 0`, to about 2 parts in 10^7; written so that the compiler turns loops over it into vectors:
/// no calls (a plain `round` is one on older processors), no casts that saturate, no branches.
#[inline]
fn exp_nonpositive(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 leaves the rounded number in the low bits.
    const ROUNDING: f32 = 12_582_912.0;
    // Below this the result is no normal number; a probability of 10^-38 counts for nothing.
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDING;
    let power = shifted - ROUNDING;
    // ln 2 in two parts, so that the remainder keeps its low bits.
    let rest = x - power * 0.693_359_4 + power * 2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4_f32;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * rest + coefficient;
    }
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUNDING.to_bits())
        .wrapping_add(127);
    sum * f32::from_bits(exponent << 23)
}

/// Numbers treated alike at once. Chunks are arrays of this length: over slices the loops do not become vectors.
const LANES: usize = 16;

/// The greatest finite logit; nothing if there is none.
pub(super) fn greatest(logits: &[f32]) -> Option<f32> {
    // Infinity may not win, and comparisons with NaN are false.
    let greater = |left: f32, right: f32| {
        let right = if right < f32::INFINITY {
            right
        } else {
            f32::NEG_INFINITY
        };
        if right > left { right } else { left }
    };
    let (chunks, rest) = logits.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        lanes = std::array::from_fn(|lane| greater(lanes[lane], chunk[lane]));
    }
    let greatest = lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, greater);
    Some(greatest).filter(|greatest| greatest.is_finite())
}

/// The natural logarithm of the sum of `e^logit` over the finite logits, of which `greatest` is the greatest.
pub(super) fn log_sum_exp(logits: &[f32], greatest: f32) -> f32 {
    // Neither infinity nor NaN is below infinity; minus infinity counts 10^-38.
    let term = |logit: f32| {
        exp_nonpositive(if logit < f32::INFINITY {
            logit - greatest
        } else {
            f32::NEG_INFINITY
        })
    };
    let mut total = 0.0_f64;
    // Short sums in single precision, so that the error does not grow with the vocabulary.
    for block in logits.chunks(4096) {
        let (chunks, rest) = block.as_chunks::<LANES>();
        let mut lanes = [0.0_f32; LANES];
        for chunk in chunks {
            lanes = std::array::from_fn(|lane| lanes[lane] + term(chunk[lane]));
        }
        let rest: f32 = rest.iter().map(|logit| term(*logit)).sum();
        total += f64::from(lanes.iter().sum::<f32>() + rest);
    }
    greatest + total.ln() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_close_everywhere() {
        for step in 0..=8_000 {
            let x = -0.01 * step as f32;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_nonpositive(x)) / exact - 1.0).abs();
            assert!(error < 5e-7, "{x}: {error}");
        }
    }

    #[test]
    fn the_sum_over_a_vocabulary_is_exact_to_single_precision() {
        let logits: Vec<f32> = (0..150_003)
            .map(|i| ((i * 7919) % 1000) as f32 / 37.0 - 10.0)
            .collect();
        let greatest = greatest(&logits).unwrap();
        let exact = logits
            .iter()
            .map(|logit| f64::from(logit - greatest).exp())
            .sum::<f64>()
            .ln()
            + f64::from(greatest);
        assert!((f64::from(log_sum_exp(&logits, greatest)) - exact).abs() < 1e-5);
    }

    #[test]
    fn numbers_that_are_none_do_not_count() {
        let logits = [f32::NAN, 1.0, f32::INFINITY, f32::NEG_INFINITY, 1.0];
        assert_eq!(greatest(&logits), Some(1.0));
        assert!((log_sum_exp(&logits, 1.0) - (1.0 + 2.0_f32.ln())).abs() < 1e-6);
        assert_eq!(greatest(&[f32::NAN; 9]), None);
        assert_eq!(greatest(&[f32::INFINITY; 17]), None);
        assert_eq!(greatest(&[]), None);
    }
}
