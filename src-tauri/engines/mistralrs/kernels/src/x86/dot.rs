//! Integer dot products of a row of weights with a row of activations.
//!
//! Products of bytes are added in pairs to 16 bits, then the sums of 8 groups of 32 are brought beside
//! each other, so that scales come in once for all 8. With codes of 6 bits no 16-bit sum of two or four
//! can overflow (4 * 63 * 127). The signed bytes of Q8_0 have their signs moved to the activations, and
//! each group is scaled by itself, as four products do not fit.

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

/// The products and the offsets, each in lanes that are added up at the end of the row.
struct Sums {
    products: __m256,
    offsets: __m256,
}

impl Sums {
    #[target_feature(enable = "avx2,fma,f16c")]
    #[inline]
    fn new() -> Self {
        let zero = _mm256_setzero_ps();
        Self {
            products: zero,
            offsets: zero,
        }
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
        // SAFETY: by the contract; scales and sums of activations are filled up to whole batches.
        unsafe {
            let scales = B::scales(block, count);
            let own = _mm256_loadu_ps(right.scales.as_ptr().add(batch * BATCH));
            let sums = right.sums.as_ptr().add(batch * BATCH * 2);
            let (even, odd) = (_mm256_loadu_ps(sums), _mm256_loadu_ps(sums.add(BATCH)));
            let codes = right.codes.as_ptr().add(batch * BATCH * 32);
            let mut products = [_mm256_setzero_si256(); BATCH];
            for (index, products) in products.iter_mut().enumerate().take(count) {
                let weights = B::codes(block.add(index / B::GROUPS * B::BYTES), index % B::GROUPS);
                let codes = _mm256_loadu_si256(codes.add(index * 32).cast());
                *products = _mm256_maddubs_epi16(weights, codes);
            }
            let [first, second] = sums_of_halves::<B>(products);
            if B::SHARED {
                let both = _mm256_cvtepi32_ps(_mm256_add_epi32(first, second));
                let scale = _mm256_mul_ps(scales.scale[0], own);
                self.products = _mm256_fmadd_ps(both, scale, self.products);
                self.offsets =
                    _mm256_fmadd_ps(scales.offset[0], _mm256_add_ps(even, odd), self.offsets);
            } else {
                let products = _mm256_mul_ps(_mm256_cvtepi32_ps(first), scales.scale[0]);
                let products =
                    _mm256_fmadd_ps(_mm256_cvtepi32_ps(second), scales.scale[1], products);
                self.products = _mm256_fmadd_ps(products, own, self.products);
                self.offsets = _mm256_fmadd_ps(scales.offset[0], even, self.offsets);
                self.offsets = _mm256_fmadd_ps(scales.offset[1], odd, self.offsets);
            }
        }
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    #[inline]
    fn total(self) -> f32 {
        total(_mm256_add_ps(self.products, self.offsets))
    }
}

/// Of 8 groups, each 16 pairs of products: the sum of the first 8 pairs of each group, and of the last 8.
#[target_feature(enable = "avx2")]
#[inline]
fn sums_of_halves<B: Blocks>(pairs: [__m256i; BATCH]) -> [__m256i; 2] {
    let ones = _mm256_set1_epi16(1);
    let [a, b, c, d, e, f, g, h] = pairs.map(|pairs| _mm256_madd_epi16(pairs, ones));
    // Each 128 bits of a vector keep to one half of the groups.
    let packed = |a, b| _mm256_madd_epi16(_mm256_packs_epi32(a, b), ones);
    // Eight products of a code of 5 bits fit into 16 bits (8 * 31 * 127), of 6 bits they do not.
    let added = |a, b| {
        if B::BITS < 6 {
            packed(a, b)
        } else {
            _mm256_hadd_epi32(a, b)
        }
    };
    let low = added(packed(a, b), packed(c, d));
    let high = added(packed(e, f), packed(g, h));
    [
        _mm256_permute2x128_si256::<0x20>(low, high),
        _mm256_permute2x128_si256::<0x31>(low, high),
    ]
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
