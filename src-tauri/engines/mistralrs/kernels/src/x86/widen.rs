//! Tiles of weights widened to f32 and turned, for products with many rows.

use std::arch::x86_64::*;

use super::codes::{self, BATCH, Blocks, half};
use super::dot::lanes;
use crate::Format;

/// Weights of a row that are widened at once: a whole block of every format.
pub(crate) const DEPTH: usize = 256;
/// Rows of weights side by side in a panel: two vectors of 8.
pub(crate) const WIDTH: usize = 16;

/// Widens `len` weights of a row, beginning at weight `from`, both multiples of 32 (of 256 in formats
/// with blocks of that length).
///
/// # Safety
/// The CPU is supported; `row` points to a row of `format` with at least `from + len` weights.
pub(crate) unsafe fn row(format: Format, row: *const u8, from: usize, len: usize, out: &mut [f32]) {
    assert!(len <= out.len());
    let block = from / format.block_len() * format.block_bytes();
    // SAFETY: by the contract.
    unsafe {
        let first = row.add(block);
        match format {
            Format::Q4_0 => groups::<codes::Q4_0>(first, len, out),
            Format::Q4_1 => groups::<codes::Q4_1>(first, len, out),
            Format::Q5_0 => groups::<codes::Q5_0>(first, len, out),
            Format::Q5_1 => groups::<codes::Q5_1>(first, len, out),
            Format::Q8_0 => q8_0(first, len, out),
            Format::Q2_K => groups::<codes::Q2_K>(first, len, out),
            Format::Q3_K => groups::<codes::Q3_K>(first, len, out),
            Format::Q4_K => groups::<codes::Q4_K>(first, len, out),
            Format::Q5_K => groups::<codes::Q5_K>(first, len, out),
            Format::Q6_K => groups::<codes::Q6_K>(first, len, out),
        }
    }
}

/// # Safety
/// As [`row`], from the first block on.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn groups<B: Blocks>(first: *const u8, len: usize, out: &mut [f32]) {
    for (batch, out) in out[..len].chunks_mut(BATCH * 32).enumerate() {
        // SAFETY: the groups belong to the row.
        unsafe {
            let block = first.add(batch * BATCH / B::GROUPS * B::BYTES);
            let scales = B::scales(block, out.len() / 32);
            let scale = scales.scale.map(|scale| lanes(scale));
            let offset = scales.offset.map(|offset| lanes(offset));
            for (index, out) in out.chunks_exact_mut(32).enumerate() {
                let codes = B::codes(block.add(index / B::GROUPS * B::BYTES), index % B::GROUPS);
                for half in 0..2 {
                    let (scale, offset) = (
                        _mm256_set1_ps(scale[half][index]),
                        _mm256_set1_ps(offset[half][index]),
                    );
                    let codes = match half {
                        0 => _mm256_castsi256_si128(codes),
                        _ => _mm256_extracti128_si256::<1>(codes),
                    };
                    for (quarter, codes) in
                        [codes, _mm_srli_si128::<8>(codes)].into_iter().enumerate()
                    {
                        let codes = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(codes));
                        let weights = _mm256_fmadd_ps(codes, scale, offset);
                        _mm256_storeu_ps(out.as_mut_ptr().add(half * 16 + quarter * 8), weights);
                    }
                }
            }
        }
    }
}

/// # Safety
/// As [`row`], from the first block on.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn q8_0(first: *const u8, len: usize, out: &mut [f32]) {
    for (index, out) in out[..len].chunks_exact_mut(32).enumerate() {
        // SAFETY: the block belongs to the row, and `out` holds 32 values.
        unsafe {
            let block = first.add(index * 34);
            let scale = _mm256_set1_ps(half(block, 0));
            for eight in 0..4 {
                let codes = _mm_loadl_epi64(block.add(2 + eight * 8).cast());
                let codes = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
                _mm256_storeu_ps(out.as_mut_ptr().add(eight * 8), _mm256_mul_ps(codes, scale));
            }
        }
    }
}

/// Turns 16 rows of `depth` values (a multiple of 8), `stride` apart, into a panel: for each of `depth`
/// the 16 values beside each other.
///
/// # Safety
/// The CPU is supported; `rows` holds 16 rows, `panel` `16 * depth` values.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn turn(rows: *const f32, stride: usize, depth: usize, panel: *mut f32) {
    for part in 0..2 {
        for at in (0..depth).step_by(8) {
            // SAFETY: 8 rows of 8 values each lie within `rows`, and their places within `panel`.
            unsafe {
                let from = rows.add(part * 8 * stride + at);
                turn_eight(from, stride, panel.add(at * WIDTH + part * 8));
            }
        }
    }
}

/// 8 rows of 8 values become 8 columns, each [`WIDTH`] after the one before.
///
/// # Safety
/// As [`turn`].
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn turn_eight(from: *const f32, stride: usize, to: *mut f32) {
    // SAFETY: by the contract.
    let load = |row: usize| unsafe { _mm256_loadu_ps(from.add(row * stride)) };
    let (a, b, c, d) = (load(0), load(1), load(2), load(3));
    let (e, f, g, h) = (load(4), load(5), load(6), load(7));
    let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
    let (ef, gh) = (_mm256_unpacklo_ps(e, f), _mm256_unpacklo_ps(g, h));
    let (ef_high, gh_high) = (_mm256_unpackhi_ps(e, f), _mm256_unpackhi_ps(g, h));
    let quads = [
        _mm256_shuffle_ps::<0x44>(ab, cd),
        _mm256_shuffle_ps::<0xee>(ab, cd),
        _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
        _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
    ];
    let others = [
        _mm256_shuffle_ps::<0x44>(ef, gh),
        _mm256_shuffle_ps::<0xee>(ef, gh),
        _mm256_shuffle_ps::<0x44>(ef_high, gh_high),
        _mm256_shuffle_ps::<0xee>(ef_high, gh_high),
    ];
    for at in 0..4 {
        // SAFETY: by the contract.
        unsafe {
            _mm256_storeu_ps(
                to.add(at * WIDTH),
                _mm256_permute2f128_ps::<0x20>(quads[at], others[at]),
            );
            _mm256_storeu_ps(
                to.add((at + 4) * WIDTH),
                _mm256_permute2f128_ps::<0x31>(quads[at], others[at]),
            );
        }
    }
}
