//! What a block means, weight by weight, in plain code: the layouts of `ggml-quants.c` (llama.cpp).
//!
//! Every kernel is tested against this; nothing else uses it.

use crate::Format;

/// Widens the weights of whole blocks to f32.
///
/// # Panics
/// If `bytes` or `out` do not hold a whole number of blocks, or not the same number.
pub fn widen(format: Format, bytes: &[u8], out: &mut [f32]) {
    let (block_bytes, block_len) = (format.block_bytes(), format.block_len());
    assert_eq!(bytes.len() % block_bytes, 0, "whole blocks");
    assert_eq!(out.len(), bytes.len() / block_bytes * block_len);
    for (block, out) in bytes
        .chunks_exact(block_bytes)
        .zip(out.chunks_exact_mut(block_len))
    {
        match format {
            Format::Q4_0 => halves(&block[2..], None, f16(block, 0), -8.0 * f16(block, 0), out),
            Format::Q4_1 => halves(&block[4..], None, f16(block, 0), f16(block, 2), out),
            Format::Q5_0 => {
                let d = f16(block, 0);
                halves(&block[6..], Some(u32_at(block, 2)), d, -16.0 * d, out);
            }
            Format::Q5_1 => {
                let high = Some(u32_at(block, 4));
                halves(&block[8..], high, f16(block, 0), f16(block, 2), out);
            }
            Format::Q8_0 => {
                let d = f16(block, 0);
                for (out, byte) in out.iter_mut().zip(&block[2..]) {
                    *out = d * f32::from(*byte as i8);
                }
            }
            Format::Q2_K => q2_k(block, out),
            Format::Q3_K => q3_k(block, out),
            Format::Q4_K => q45_k(block, None, &block[16..], out),
            Format::Q5_K => q45_k(block, Some(&block[16..48]), &block[48..], out),
            Format::Q6_K => q6_k(block, out),
        }
    }
}

/// The number with the bits of an IEEE half, at a byte offset of a block.
fn f16(block: &[u8], at: usize) -> f32 {
    half_to_f32(u16::from_le_bytes([block[at], block[at + 1]]))
}

fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits) & 0x3ff);
    match exponent {
        // Zero and subnormal halves are normal floats: fraction * 2^-24.
        0 => {
            let magnitude = fraction as f32 / 16_777_216.0;
            f32::from_bits(sign | magnitude.to_bits())
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

fn u32_at(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// 32 weights: low nibbles, then high ones, each with a fifth bit from `high` if there is one.
fn halves(nibbles: &[u8], high: Option<u32>, scale: f32, offset: f32, out: &mut [f32]) {
    let bit = |at: usize| high.map_or(0, |high| (((high >> at) & 1) << 4) as u8);
    for at in 0..16 {
        let (low, up) = (nibbles[at] & 15 | bit(at), nibbles[at] >> 4 | bit(at + 16));
        out[at] = scale * f32::from(low) + offset;
        out[at + 16] = scale * f32::from(up) + offset;
    }
}

fn q2_k(block: &[u8], out: &mut [f32]) {
    let (scales, codes) = (&block[..16], &block[16..80]);
    let (d, minimum) = (f16(block, 80), f16(block, 82));
    for (at, out) in out.iter_mut().enumerate() {
        let (half, pair, lane) = (at / 128, at % 128 / 32, at % 32);
        let code = codes[half * 32 + lane] >> (2 * pair) & 3;
        let scale = scales[at / 16];
        *out = d * f32::from(scale & 15) * f32::from(code) - minimum * f32::from(scale >> 4);
    }
}

fn q3_k(block: &[u8], out: &mut [f32]) {
    let (high, codes, d) = (&block[..32], &block[32..96], f16(block, 108));
    for (at, out) in out.iter_mut().enumerate() {
        let (half, pair, lane) = (at / 128, at % 128 / 32, at % 32);
        let low = codes[half * 32 + lane] >> (2 * pair) & 3;
        let code = i16::from(low | (high[lane] >> (half * 4 + pair) & 1) << 2) - 4;
        *out = d * f32::from(q3_k_scale(&block[96..108], at / 16)) * f32::from(code);
    }
}

/// One of the 16 signed scales of Q3_K, packed into 12 bytes with 6 bits each.
fn q3_k_scale(packed: &[u8], index: usize) -> i8 {
    let low = match index {
        0..8 => packed[index] & 15,
        _ => packed[index - 8] >> 4,
    };
    let high = packed[8 + index % 4] >> (2 * (index / 4)) & 3;
    (low | high << 4) as i8 - 32
}

fn q45_k(block: &[u8], high: Option<&[u8]>, nibbles: &[u8], out: &mut [f32]) {
    let (d, minimum) = (f16(block, 0), f16(block, 2));
    for (at, out) in out.iter_mut().enumerate() {
        let (group, lane) = (at / 32, at % 32);
        let byte = nibbles[group / 2 * 32 + lane];
        let low = if group % 2 == 0 { byte & 15 } else { byte >> 4 };
        let bit = high.map_or(0, |high| (high[lane] >> group & 1) << 4);
        let (scale, offset) = q4_k_scale(&block[4..16], group);
        *out = d * f32::from(scale) * f32::from(low | bit) - minimum * f32::from(offset);
    }
}

/// Scale and offset of one of the 8 groups of Q4_K and Q5_K, packed into 12 bytes with 6 bits each.
fn q4_k_scale(packed: &[u8], group: usize) -> (u8, u8) {
    match group {
        0..4 => (packed[group] & 63, packed[group + 4] & 63),
        _ => (
            packed[group + 4] & 15 | packed[group - 4] >> 6 << 4,
            packed[group + 4] >> 4 | packed[group] >> 6 << 4,
        ),
    }
}

fn q6_k(block: &[u8], out: &mut [f32]) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = f16(block, 208);
    for (at, out) in out.iter_mut().enumerate() {
        let (half, group, lane) = (at / 128, at % 128 / 32, at % 32);
        let byte = low[half * 64 + group % 2 * 32 + lane];
        let nibble = if group < 2 { byte & 15 } else { byte >> 4 };
        let bits = high[half * 32 + lane] >> (2 * group) & 3;
        let code = f32::from(nibble | bits << 4) - 32.0;
        *out = d * f32::from(scales[at / 16] as i8) * code;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_widened_exactly() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x0001, 2.0f32.powi(-24)),
            (0x03ff, 1023.0 * 2.0f32.powi(-24)),
            (0x0400, 2.0f32.powi(-14)),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half_to_f32(bits).to_bits(), value.to_bits(), "{bits:#x}");
        }
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn a_block_of_five_bits_takes_them_from_both_halves() {
        // Scale 1, all high bits of the second half, nibbles counting up.
        let mut block = vec![0x00, 0x3c, 0x00, 0x00, 0xff, 0xff];
        block.extend((0..16).map(|at: u8| at << 4 | at));
        let mut out = [0.0; 32];
        widen(Format::Q5_0, &block, &mut out);
        assert_eq!(out[3], 3.0 - 16.0);
        assert_eq!(out[16 + 3], 3.0);
    }

    #[test]
    fn packed_scales_come_out_as_they_went_in() {
        // 6-bit values 0 to 15 as scales, 20 to 27 as offsets, packed as the format says.
        let (scales, offsets): (Vec<u8>, Vec<u8>) = ((40..48).collect(), (20..28).collect());
        let mut packed = [0u8; 12];
        for group in 0..4 {
            packed[group] = scales[group] | scales[group + 4] >> 4 << 6;
            packed[group + 4] = offsets[group] | offsets[group + 4] >> 4 << 6;
            packed[group + 8] = scales[group + 4] & 15 | offsets[group + 4] << 4;
        }
        for group in 0..8 {
            assert_eq!(
                q4_k_scale(&packed, group),
                (scales[group], offsets[group]),
                "{group}"
            );
        }
    }
}
