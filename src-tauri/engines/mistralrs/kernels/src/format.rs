//! The block formats of GGUF, as far as sizes go. Layouts are in [`crate::reference`].

use crate::x86::widen;

/// How weights are stored. The names are GGUF's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(non_camel_case_types, reason = "GGUF's own names")]
pub enum Format {
    /// 4 bits, a scale for 32 weights.
    Q4_0,
    /// 4 bits, a scale and an offset for 32 weights.
    Q4_1,
    /// 5 bits, a scale for 32 weights.
    Q5_0,
    /// 5 bits, a scale and an offset for 32 weights.
    Q5_1,
    /// 8 bits, a scale for 32 weights.
    Q8_0,
    /// 2 bits, scales and offsets for 16 weights in blocks of 256.
    Q2_K,
    /// 3 bits, scales for 16 weights in blocks of 256.
    Q3_K,
    /// 4 bits, scales and offsets for 32 weights in blocks of 256.
    Q4_K,
    /// 5 bits, scales and offsets for 32 weights in blocks of 256.
    Q5_K,
    /// 6 bits, scales for 16 weights in blocks of 256.
    Q6_K,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2_K,
        Self::Q3_K,
        Self::Q4_K,
        Self::Q5_K,
        Self::Q6_K,
    ];

    /// Weights in a block.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            Self::Q2_K | Self::Q3_K | Self::Q4_K | Self::Q5_K | Self::Q6_K => 256,
        }
    }

    /// Bytes of a block.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2_K => 84,
            Self::Q3_K => 110,
            Self::Q4_K => 144,
            Self::Q5_K => 176,
            Self::Q6_K => 210,
        }
    }

    /// Bytes of a row of `columns` weights; none if that is no whole number of blocks.
    #[must_use]
    pub const fn row_bytes(self, columns: usize) -> Option<usize> {
        if columns.is_multiple_of(self.block_len()) {
            Some(columns / self.block_len() * self.block_bytes())
        } else {
            None
        }
    }

    /// Widens the weights of whole blocks to f32, as for one row of a table. False, and nothing done, if
    /// the CPU is not [supported](crate::supported).
    ///
    /// # Panics
    /// If `out` does not hold one value for each weight of `bytes`.
    pub fn widen(self, bytes: &[u8], out: &mut [f32]) -> bool {
        assert_eq!(self.row_bytes(out.len()), Some(bytes.len()), "whole blocks");
        let supported = crate::supported();
        if supported {
            // SAFETY: the CPU is supported, and the bytes are as many as the values take.
            unsafe { widen::row(self, bytes.as_ptr(), 0, out.len(), out) };
        }
        supported
    }
}
