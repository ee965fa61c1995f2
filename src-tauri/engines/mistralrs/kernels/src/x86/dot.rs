//! Integer dot products of a row of weights with a row of activations.
//!
//! 32 codes at a time: products of bytes are added in pairs to 16 bits, then in pairs to 32 bits, then
//! go to f32, where scales come in. With codes of 6 bits no 16-bit sum can overflow (2 * 63 * 127);
//! for the signed bytes of Q8_0 the signs are moved to the activations (2 * 127 * 127 + ... < 2^15).

use std::arch::x86_64::*;

use super::codes::{self, BATCH, Blocks, half};
use crate::Format;
use crate::activations::Activations;

/// The dot product of a whole row.
///
/// # Safety
/// The CPU is supported; `row` points to a row of `format` as long as the activations.
pub(crate) unsafe fn row(format: Format, row: *const u8, right: &Activations) -> f32 {
    // SAFETY: by the contract.
    unsafe {
        match format {
            Format::Q4_0 => blocks::<codes::Q4_0>(row, right),
            Format::Q4_1 => blocks::<codes::Q4_1>(row, right),
            Format::Q5_0 => blocks::<codes::Q5_0>(row, right),
            Format::Q5_1 => blocks::<codes::Q5_1>(row, right),
            Format::Q8_0 => q8_0(row, right),
            Format::Q2_K => blocks::<codes::Q2_K>(row, right),
            Format::Q3_K => blocks::<codes::Q3_K>(row, right),
            Format::Q4_K => blocks::<codes::Q4_K>(row, right),
            Format::Q5_K => blocks::<codes::Q5_K>(row, right),
            Format::Q6_K => blocks::<codes::Q6_K>(row, right),
        }
    }
}

/// # Safety
/// As [`row`].
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn blocks<B: Blocks>(row: *const u8, right: &Activations) -> f32 {
    let groups = right.groups();
    let (whole, rest) = (groups / BATCH, groups % BATCH);
    let mut sums = Sums::new();
    for batch in 0..whole {
        // SAFETY: the row is as long as the activations.
        unsafe {
            let block = row.add(batch * BATCH / B::GROUPS * B::BYTES);
            sums.batch::<B>(block, right, batch, BATCH);
        }
    }
    if rest > 0 {
        // SAFETY: as above.
        unsafe {
            sums.batch::<B>(
                row.add(whole * BATCH / B::GROUPS * B::BYTES),
                right,
                whole,
                rest,
            )
        };
    }
    sums.total()
}

/// Four chains of additions, so that none waits for the one before, and one for the offsets.
struct Sums([__m256; 4], __m256);

impl Sums {
    #[target_feature(enable = "avx2,fma,f16c")]
    #[inline]
    fn new() -> Self {
        Self([_mm256_setzero_ps(); 4], _mm256_setzero_ps())
    }

    /// Adds `count` groups, at most [`BATCH`].
    ///
    /// # Safety
    /// The CPU is supported; `count` groups can be read from `block` on, and the activations have as
    /// many from `batch * BATCH` on.
    #[target_feature(enable = "avx2,fma,f16c")]
    #[inline]
    unsafe fn batch<B: Blocks>(
        &mut self,
        block: *const u8,
        right: &Activations,
        batch: usize,
        count: usize,
    ) {
        let ones = _mm256_set1_epi16(1);
        // SAFETY: by the contract; scales and sums of activations are filled up to whole batches.
        unsafe {
            let scales = B::scales(block, count);
            let own = _mm256_loadu_ps(right.scales.as_ptr().add(batch * BATCH));
            let sums = right.sums.as_ptr().add(batch * BATCH * 2);
            let (even, odd) = (_mm256_loadu_ps(sums), _mm256_loadu_ps(sums.add(BATCH)));
            if B::SHARED {
                self.1 = _mm256_fmadd_ps(scales.offset[0], _mm256_add_ps(even, odd), self.1);
            } else {
                self.1 = _mm256_fmadd_ps(scales.offset[0], even, self.1);
                self.1 = _mm256_fmadd_ps(scales.offset[1], odd, self.1);
            }
            let first = lanes(_mm256_mul_ps(scales.scale[0], own));
            let second = lanes(_mm256_mul_ps(scales.scale[1], own));
            let codes = right.codes.as_ptr().add(batch * BATCH * 32);
            for index in 0..count {
                let weights = B::codes(block.add(index / B::GROUPS * B::BYTES), index % B::GROUPS);
                let codes = _mm256_loadu_si256(codes.add(index * 32).cast());
                let products = _mm256_madd_epi16(_mm256_maddubs_epi16(weights, codes), ones);
                let scale = if B::SHARED {
                    _mm256_broadcast_ss(&first[index])
                } else {
                    _mm256_set_m128(
                        _mm_broadcast_ss(&second[index]),
                        _mm_broadcast_ss(&first[index]),
                    )
                };
                let sum = &mut self.0[index % 4];
                *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), scale, *sum);
            }
        }
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    #[inline]
    fn total(self) -> f32 {
        let [a, b, c, d] = self.0;
        let pairs = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
        total(_mm256_add_ps(pairs, self.1))
    }
}

/// # Safety
/// As [`row`].
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn q8_0(row: *const u8, right: &Activations) -> f32 {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_ps(); 2];
    for index in 0..right.groups() {
        // SAFETY: the row is as long as the activations.
        unsafe {
            let block = row.add(index * 34);
            let weights = _mm256_loadu_si256(block.add(2).cast());
            let codes = _mm256_loadu_si256(right.codes.as_ptr().add(index * 32).cast());
            // A weight of -128 becomes the unsigned 128.
            let (magnitudes, signed) = (_mm256_abs_epi8(weights), _mm256_sign_epi8(codes, weights));
            let products = _mm256_madd_epi16(_mm256_maddubs_epi16(magnitudes, signed), ones);
            let scales = _mm256_set1_ps(half(block, 0) * right.scales[index]);
            let sum = &mut sums[index % 2];
            *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), scales, *sum);
        }
    }
    total(_mm256_add_ps(sums[0], sums[1]))
}

/// The 8 lanes, in memory, from where one of them is broadcast at the price of a load.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn lanes(vector: __m256) -> [f32; 8] {
    let mut lanes = [0.0; 8];
    // SAFETY: 8 values.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), vector) };
    lanes
}

/// The sum of the 8 lanes.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn total(lanes: __m256) -> f32 {
    let four = _mm_add_ps(
        _mm256_castps256_ps128(lanes),
        _mm256_extractf128_ps::<1>(lanes),
    );
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}
