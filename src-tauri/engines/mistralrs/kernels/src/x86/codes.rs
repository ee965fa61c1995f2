//! Groups of 32 weights out of the blocks of each format, as bytes with scales.
//!
//! All formats come down to `weight = scale * code + offset` with unsigned codes of at most 6 bits, and
//! scale and offset shared by 16 or 32 weights. Only Q8_0 is different: its codes are signed bytes.

#![expect(non_camel_case_types, reason = "GGUF's own names")]

use std::arch::x86_64::*;

/// Groups whose scales are unpacked at once: a block of 256 weights, or 8 blocks of 32.
pub(crate) const BATCH: usize = 8;

/// Scales and offsets of [`BATCH`] groups, lane by lane.
#[derive(Clone, Copy)]
pub(crate) struct Scales {
    /// Of the first 16 weights of each group, and of the second; the same where 32 share them.
    pub scale: [__m256; 2],
    /// As `scale`.
    pub offset: [__m256; 2],
}

impl Scales {
    #[inline]
    fn shared(scale: __m256, offset: __m256) -> Self {
        Self {
            scale: [scale; 2],
            offset: [offset; 2],
        }
    }
}

/// A format whose codes are unsigned.
pub(crate) trait Blocks {
    /// Bytes of a block.
    const BYTES: usize;
    /// Groups of 32 weights in a block: 1 or 8.
    const GROUPS: usize;
    /// Bits of a code.
    const BITS: u32;
    /// All 32 weights of a group share scale and offset.
    const SHARED: bool;

    /// The codes of a group, in the order of the row.
    ///
    /// # Safety
    /// The CPU is supported; `block` points to [`Self::BYTES`] readable bytes; `group` is less than
    /// [`Self::GROUPS`].
    unsafe fn codes(block: *const u8, group: usize) -> __m256i;

    /// Scales and offsets of up to [`BATCH`] groups, beginning with the first of a block; lanes from
    /// `count` on are zero.
    ///
    /// # Safety
    /// The CPU is supported; `count` groups can be read from `block` on.
    unsafe fn scales(block: *const u8, count: usize) -> Scales;
}

/// The f32 of the half at a byte offset.
///
/// # Safety
/// Two bytes can be read there.
#[target_feature(enable = "avx2,f16c")]
#[inline]
pub(crate) unsafe fn half(block: *const u8, at: usize) -> f32 {
    // SAFETY: by the contract.
    let bits = unsafe { block.add(at).cast::<u16>().read_unaligned() };
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
}

/// # Safety
/// 16 bytes can be read there.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn load16(bytes: *const u8) -> __m128i {
    // SAFETY: by the contract.
    unsafe { _mm_loadu_si128(bytes.cast()) }
}

/// # Safety
/// 32 bytes can be read there.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn load32(bytes: *const u8) -> __m256i {
    // SAFETY: by the contract.
    unsafe { _mm256_loadu_si256(bytes.cast()) }
}

/// 16 bytes of nibbles: the low ones, then the high ones.
#[target_feature(enable = "avx2")]
#[inline]
fn nibbles(bytes: __m128i) -> __m256i {
    let both = _mm256_set_m128i(_mm_srli_epi16::<4>(bytes), bytes);
    _mm256_and_si256(both, _mm256_set1_epi8(15))
}

/// `value` in each byte whose bit is set in `bits`, 0 elsewhere.
#[target_feature(enable = "avx2")]
#[inline]
fn where_set(bits: u32, value: i8) -> __m256i {
    let spread = _mm256_shuffle_epi8(
        _mm256_set1_epi32(bits as i32),
        _mm256_setr_epi64x(
            0,
            0x0101_0101_0101_0101,
            0x0202_0202_0202_0202,
            0x0303_0303_0303_0303,
        ),
    );
    let mask = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, mask), mask);
    _mm256_and_si256(is_set, _mm256_set1_epi8(value))
}

/// `bytes >> count`, with `mask`; the count must be below 8.
#[target_feature(enable = "avx2")]
#[inline]
fn shifted(bytes: __m256i, count: usize, mask: i8) -> __m256i {
    let shifted = _mm256_srl_epi16(bytes, _mm_cvtsi32_si128(count as i32));
    _mm256_and_si256(shifted, _mm256_set1_epi8(mask))
}

/// Bit `bit` of each byte, at bit `place`.
#[target_feature(enable = "avx2")]
#[inline]
fn bit_at(bytes: __m256i, bit: usize, place: i32) -> __m256i {
    let one = shifted(bytes, bit, 1);
    _mm256_sll_epi16(one, _mm_cvtsi32_si128(place))
}

/// The halves at the same offset of up to 8 blocks, as f32; zero for blocks from `count` on.
///
/// # Safety
/// The blocks can be read.
#[target_feature(enable = "avx2,f16c")]
#[inline]
unsafe fn halves<const BYTES: usize>(block: *const u8, at: usize, count: usize) -> __m256 {
    // SAFETY: by the contract.
    let bits = |index: usize| unsafe {
        i32::from(block.add(index * BYTES + at).cast::<i16>().read_unaligned())
    };
    let mut halves = _mm_setzero_si128();
    if count == BATCH {
        halves = _mm_insert_epi16::<0>(halves, bits(0));
        halves = _mm_insert_epi16::<1>(halves, bits(1));
        halves = _mm_insert_epi16::<2>(halves, bits(2));
        halves = _mm_insert_epi16::<3>(halves, bits(3));
        halves = _mm_insert_epi16::<4>(halves, bits(4));
        halves = _mm_insert_epi16::<5>(halves, bits(5));
        halves = _mm_insert_epi16::<6>(halves, bits(6));
        halves = _mm_insert_epi16::<7>(halves, bits(7));
    } else {
        let mut some = [0i16; BATCH];
        for (index, half) in some.iter_mut().enumerate().take(count) {
            *half = bits(index) as i16;
        }
        // SAFETY: 16 bytes.
        halves = unsafe { _mm_loadu_si128(some.as_ptr().cast()) };
    }
    _mm256_cvtph_ps(halves)
}

/// 8 bytes as f32.
#[target_feature(enable = "avx2")]
#[inline]
fn bytes_to_f32(bytes: u64) -> __m256 {
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes as i64)))
}

/// The even and the odd of 16 signed bytes, as f32.
#[target_feature(enable = "avx2")]
#[inline]
fn even_and_odd(bytes: __m128i) -> [__m256; 2] {
    let sorted = _mm_shuffle_epi8(
        bytes,
        _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15),
    );
    [sorted, _mm_srli_si128::<8>(sorted)].map(|half| _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(half)))
}

/// Scales and offsets of a block of Q4_K or Q5_K: `reference::q4_k_scale` for all 8 groups at once.
///
/// # Safety
/// 16 bytes can be read from `block` on.
#[target_feature(enable = "avx2,f16c")]
#[inline]
unsafe fn q4_k_scales(block: *const u8) -> Scales {
    // SAFETY: by the contract.
    let word = |at: usize| unsafe { block.add(at * 4).cast::<u32>().read_unaligned() };
    let (a, b, c) = (word(1), word(2), word(3));
    let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let scales = join(a & 0x3f3f_3f3f, c & 0x0f0f_0f0f | a >> 2 & 0x3030_3030);
    let offsets = join(b & 0x3f3f_3f3f, c >> 4 & 0x0f0f_0f0f | b >> 2 & 0x3030_3030);
    let factors = _mm_cvtph_ps(_mm_cvtsi32_si128(word(0) as i32));
    let (d, m) = (
        _mm256_broadcastss_ps(factors),
        _mm256_broadcastss_ps(_mm_movehdup_ps(factors)),
    );
    Scales::shared(
        _mm256_mul_ps(d, bytes_to_f32(scales)),
        _mm256_mul_ps(_mm256_sub_ps(_mm256_setzero_ps(), m), bytes_to_f32(offsets)),
    )
}

/// The 16 scales of a block of Q3_K: `reference::q3_k_scale` for all at once.
///
/// # Safety
/// 12 bytes can be read from `packed` on.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn q3_k_scales(packed: *const u8) -> __m128i {
    // SAFETY: by the contract.
    let word = |at: usize| unsafe { packed.add(at * 4).cast::<u32>().read_unaligned() };
    let (a, b, c) = (word(0), word(1), word(2));
    let high = |shift: u32| (c >> shift & 0x0303_0303) << 4;
    let (low, mask) = (|word: u32, shift: u32| word >> shift, 0x0f0f_0f0f);
    let scales = _mm_setr_epi32(
        (low(a, 0) & mask | high(0)) as i32,
        (low(b, 0) & mask | high(2)) as i32,
        (low(a, 4) & mask | high(4)) as i32,
        (low(b, 4) & mask | high(6)) as i32,
    );
    _mm_sub_epi8(scales, _mm_set1_epi8(32))
}

macro_rules! blocks {
    ($(
        $(#[$doc:meta])*
        $name:ident { $bytes:literal bytes, $groups:literal groups, $bits:literal bits, shared: $shared:literal }
        codes |$block:ident, $group:ident| $codes:block
        scales |$first:ident, $count:ident| $scales:block
    )+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Blocks for $name {
            const BYTES: usize = $bytes;
            const GROUPS: usize = $groups;
            const BITS: u32 = $bits;
            const SHARED: bool = $shared;

            #[target_feature(enable = "avx2,fma,f16c")]
            #[inline]
            unsafe fn codes($block: *const u8, $group: usize) -> __m256i {
                // SAFETY: every offset lies within the block, by its layout in `reference`.
                unsafe { $codes }
            }

            #[target_feature(enable = "avx2,fma,f16c")]
            #[inline]
            unsafe fn scales($first: *const u8, $count: usize) -> Scales {
                // SAFETY: as above.
                unsafe { $scales }
            }
        }
    )+};
}

blocks! {
    /// Scale, 16 bytes of nibbles.
    Q4_0 { 18 bytes, 1 groups, 4 bits, shared: true }
    codes |block, _group| { nibbles(load16(block.add(2))) }
    scales |block, count| {
        let d = halves::<18>(block, 0, count);
        Scales::shared(d, _mm256_mul_ps(d, _mm256_set1_ps(-8.0)))
    }

    /// Scale, offset, 16 bytes of nibbles.
    Q4_1 { 20 bytes, 1 groups, 4 bits, shared: true }
    codes |block, _group| { nibbles(load16(block.add(4))) }
    scales |block, count| {
        Scales::shared(halves::<20>(block, 0, count), halves::<20>(block, 2, count))
    }

    /// Scale, 32 fifth bits, 16 bytes of nibbles.
    Q5_0 { 22 bytes, 1 groups, 5 bits, shared: true }
    codes |block, _group| {
        let high = where_set(block.add(2).cast::<u32>().read_unaligned(), 16);
        _mm256_or_si256(nibbles(load16(block.add(6))), high)
    }
    scales |block, count| {
        let d = halves::<22>(block, 0, count);
        Scales::shared(d, _mm256_mul_ps(d, _mm256_set1_ps(-16.0)))
    }

    /// Scale, offset, 32 fifth bits, 16 bytes of nibbles.
    Q5_1 { 24 bytes, 1 groups, 5 bits, shared: true }
    codes |block, _group| {
        let high = where_set(block.add(4).cast::<u32>().read_unaligned(), 16);
        _mm256_or_si256(nibbles(load16(block.add(8))), high)
    }
    scales |block, count| {
        Scales::shared(halves::<24>(block, 0, count), halves::<24>(block, 2, count))
    }

    /// 16 bytes of scales and offsets, 64 bytes of codes, scale and offset of those.
    Q2_K { 84 bytes, 8 groups, 2 bits, shared: false }
    codes |block, group| { shifted(load32(block.add(16 + group / 4 * 32)), group % 4 * 2, 3) }
    scales |block, _count| {
        let (d, m) = (_mm256_set1_ps(half(block, 80)), _mm256_set1_ps(-half(block, 82)));
        let both = load16(block);
        let mask = _mm_set1_epi8(15);
        let scales = even_and_odd(_mm_and_si128(both, mask));
        let offsets = even_and_odd(_mm_and_si128(_mm_srli_epi16::<4>(both), mask));
        Scales {
            scale: scales.map(|scale| _mm256_mul_ps(d, scale)),
            offset: offsets.map(|offset| _mm256_mul_ps(m, offset)),
        }
    }

    /// 32 bytes of third bits, 64 bytes of codes, 12 bytes of scales, their scale.
    Q3_K { 110 bytes, 8 groups, 3 bits, shared: false }
    codes |block, group| {
        let low = shifted(load32(block.add(32 + group / 4 * 32)), group % 4 * 2, 3);
        _mm256_or_si256(low, bit_at(load32(block), group, 2))
    }
    scales |block, _count| {
        let d = _mm256_set1_ps(half(block, 108));
        let scale = even_and_odd(q3_k_scales(block.add(96))).map(|scale| _mm256_mul_ps(d, scale));
        let offset = scale.map(|scale| _mm256_mul_ps(scale, _mm256_set1_ps(-4.0)));
        Scales { scale, offset }
    }

    /// Scale, offset, 12 bytes of scales and offsets of groups, 128 bytes of nibbles.
    Q4_K { 144 bytes, 8 groups, 4 bits, shared: true }
    codes |block, group| { shifted(load32(block.add(16 + group / 2 * 32)), group % 2 * 4, 15) }
    scales |block, _count| { q4_k_scales(block) }

    /// As Q4_K, with 32 bytes of fifth bits before the nibbles.
    Q5_K { 176 bytes, 8 groups, 5 bits, shared: true }
    codes |block, group| {
        let low = shifted(load32(block.add(48 + group / 2 * 32)), group % 2 * 4, 15);
        _mm256_or_si256(low, bit_at(load32(block.add(16)), group, 4))
    }
    scales |block, _count| { q4_k_scales(block) }

    /// 128 bytes of nibbles, 64 bytes of two bits each, 16 scales, their scale.
    Q6_K { 210 bytes, 8 groups, 6 bits, shared: false }
    codes |block, group| {
        let (part, place) = (group / 4, group % 4);
        let low = shifted(load32(block.add(part * 64 + place % 2 * 32)), place / 2 * 4, 15);
        let high = shifted(load32(block.add(128 + part * 32)), place * 2, 3);
        _mm256_or_si256(low, _mm256_slli_epi16::<4>(high))
    }
    scales |block, _count| {
        let d = _mm256_set1_ps(half(block, 208));
        let scale = even_and_odd(load16(block.add(192))).map(|scale| _mm256_mul_ps(d, scale));
        let offset = scale.map(|scale| _mm256_mul_ps(scale, _mm256_set1_ps(-32.0)));
        Scales { scale, offset }
    }
}
