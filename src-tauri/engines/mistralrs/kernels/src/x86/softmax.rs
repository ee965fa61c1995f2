//! The pieces of a softmax that runs along with its scores: largest score, exponentials, rescaling.

use std::arch::x86_64::*;

use super::dot::total;

/// The largest value; negative infinity of none.
///
/// # Safety
/// The CPU is supported.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn largest(values: &[f32]) -> f32 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut lanes = _mm256_set1_ps(f32::NEG_INFINITY);
    for eight in eights {
        // SAFETY: a chunk holds 8 values.
        lanes = _mm256_max_ps(lanes, unsafe { _mm256_loadu_ps(eight.as_ptr()) });
    }
    let mut buffer = [0.0; 8];
    // SAFETY: the buffer holds 8 values.
    unsafe { _mm256_storeu_ps(buffer.as_mut_ptr(), lanes) };
    buffer
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

/// Replaces each score by `exp(score * scale - largest)` and returns their sum.
///
/// # Safety
/// The CPU is supported.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn exponentials(scores: &mut [f32], scale: f32, largest: f32) -> f32 {
    let (scales, shift) = (_mm256_set1_ps(scale), _mm256_set1_ps(largest));
    let mut sums = _mm256_setzero_ps();
    let (eights, rest) = scores.as_chunks_mut::<8>();
    for eight in eights {
        // SAFETY: a chunk holds 8 values.
        unsafe {
            let scaled = _mm256_fmsub_ps(_mm256_loadu_ps(eight.as_ptr()), scales, shift);
            let weights = exp(scaled);
            sums = _mm256_add_ps(sums, weights);
            _mm256_storeu_ps(eight.as_mut_ptr(), weights);
        }
    }
    let mut sum = total(sums);
    for score in rest {
        *score = (*score * scale - largest).exp();
        sum += *score;
    }
    sum
}

/// Multiplies each value.
///
/// # Safety
/// The CPU is supported.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn rescale(values: &mut [f32], factor: f32) {
    for value in values {
        *value *= factor;
    }
}

/// e^x for x of at most 0 or a little more, to 2 units in the last place; 0 below -87.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to r^7, 2^n by the exponent bits.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn exp(x: __m256) -> __m256 {
    const ROUND: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    let is_tiny = _mm256_cmp_ps::<_CMP_LT_OQ>(x, _mm256_set1_ps(-87.0));
    let x = _mm256_min_ps(
        _mm256_max_ps(x, _mm256_set1_ps(-87.0)),
        _mm256_set1_ps(88.0),
    );
    let n = _mm256_round_ps::<ROUND>(_mm256_mul_ps(x, _mm256_set1_ps(std::f32::consts::LOG2_E)));
    // ln 2 in two parts: the first has so few bits that its product with n is exact.
    let r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693_359_4), x);
    let r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.121_944_4e-4), r);
    let mut sum = _mm256_set1_ps(1.0 / 5040.0);
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(coefficient));
    }
    let power = _mm256_slli_epi32::<23>(_mm256_add_epi32(
        _mm256_cvtps_epi32(n),
        _mm256_set1_epi32(127),
    ));
    let value = _mm256_mul_ps(sum, _mm256_castsi256_ps(power));
    _mm256_andnot_ps(is_tiny, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_agree_with_those_of_the_library() {
        if !crate::supported() {
            return;
        }
        let scores: Vec<f32> = (0..20_003).map(|at| at as f32 * -0.005 + 0.3).collect();
        let mut weights = scores.clone();
        // SAFETY: the CPU is supported.
        let sum = unsafe { exponentials(&mut weights, 1.0, 0.0) };
        let mut expected_sum = 0.0;
        for (score, weight) in scores.iter().zip(&weights) {
            let expected = f64::from(*score).exp();
            expected_sum += expected;
            let error = (f64::from(*weight) - expected).abs();
            assert!(
                error <= expected * 3e-7 + 2e-38,
                "{score}: {weight} for {expected}"
            );
        }
        assert!((f64::from(sum) / expected_sum - 1.0).abs() < 1e-5);
    }

    #[test]
    fn what_is_masked_weighs_nothing() {
        if !crate::supported() {
            return;
        }
        let mut scores = [f32::NEG_INFINITY; 9];
        scores[4] = 1.0;
        // SAFETY: the CPU is supported.
        let (top, sum) = unsafe { (largest(&scores), exponentials(&mut scores, 1.0, 1.0)) };
        assert_eq!((top, sum), (1.0, 1.0));
        assert_eq!(scores.iter().filter(|weight| **weight == 0.0).count(), 8);
    }
}
