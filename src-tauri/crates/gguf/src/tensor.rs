//! Tensor types and the entries of the tensor table.

use std::fmt;

macro_rules! tensor_types {
    ($($name:ident = $id:literal, $label:literal, $block:literal, $bytes:literal;)*) => {
        /// How the numbers of a tensor are stored (`ggml_type`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are ggml's own")]
        pub enum TensorType {
            $($name,)*
            /// A number this crate does not know: newer than it, or removed from the format.
            Unknown(u32),
        }

        impl TensorType {
            /// Every known type, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The type with this number in the file.
            pub fn from_id(id: u32) -> Self {
                match id {
                    $($id => Self::$name,)*
                    other => Self::Unknown(other),
                }
            }

            /// The type's number in the file.
            pub fn id(self) -> u32 {
                match self {
                    $(Self::$name => $id,)*
                    Self::Unknown(id) => id,
                }
            }

            /// Elements per block and bytes per block; `None` for an unknown type.
            ///
            /// Source: `GGML_QUANT_SIZES` of the Python package `gguf` and the block structs of ggml-common.h
            /// (`block_q8_1` is 36 bytes there; the Python table still says 40).
            pub fn block(self) -> Option<(u64, u64)> {
                match self {
                    $(Self::$name => Some(($block, $bytes)),)*
                    Self::Unknown(_) => None,
                }
            }
        }

        impl fmt::Display for TensorType {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($label),)*
                    Self::Unknown(id) => write!(f, "type {id}"),
                }
            }
        }
    };
}

tensor_types! {
    F32 = 0, "F32", 1, 4;
    F16 = 1, "F16", 1, 2;
    Q4_0 = 2, "Q4_0", 32, 18;
    Q4_1 = 3, "Q4_1", 32, 20;
    Q5_0 = 6, "Q5_0", 32, 22;
    Q5_1 = 7, "Q5_1", 32, 24;
    Q8_0 = 8, "Q8_0", 32, 34;
    Q8_1 = 9, "Q8_1", 32, 36;
    Q2K = 10, "Q2_K", 256, 84;
    Q3K = 11, "Q3_K", 256, 110;
    Q4K = 12, "Q4_K", 256, 144;
    Q5K = 13, "Q5_K", 256, 176;
    Q6K = 14, "Q6_K", 256, 210;
    Q8K = 15, "Q8_K", 256, 292;
    Iq2Xxs = 16, "IQ2_XXS", 256, 66;
    Iq2Xs = 17, "IQ2_XS", 256, 74;
    Iq3Xxs = 18, "IQ3_XXS", 256, 98;
    Iq1S = 19, "IQ1_S", 256, 50;
    Iq4Nl = 20, "IQ4_NL", 32, 18;
    Iq3S = 21, "IQ3_S", 256, 110;
    Iq2S = 22, "IQ2_S", 256, 82;
    Iq4Xs = 23, "IQ4_XS", 256, 136;
    I8 = 24, "I8", 1, 1;
    I16 = 25, "I16", 1, 2;
    I32 = 26, "I32", 1, 4;
    I64 = 27, "I64", 1, 8;
    F64 = 28, "F64", 1, 8;
    Iq1M = 29, "IQ1_M", 256, 56;
    Bf16 = 30, "BF16", 1, 2;
    Tq1_0 = 34, "TQ1_0", 256, 54;
    Tq2_0 = 35, "TQ2_0", 256, 66;
    Mxfp4 = 39, "MXFP4", 32, 17;
    Nvfp4 = 40, "NVFP4", 64, 36;
    Q1_0 = 41, "Q1_0", 128, 18;
    Q2_0 = 42, "Q2_0", 64, 18;
}

impl TensorType {
    /// Bytes of `elements` numbers of this type; `None` if the type is unknown, they do not fill whole blocks, or
    /// the count overflows.
    pub fn size_bytes(self, elements: u64) -> Option<u64> {
        let (block, bytes) = self.block()?;
        if !elements.is_multiple_of(block) {
            return None;
        }
        (elements / block).checked_mul(bytes)
    }

    /// Whether this is `F32`, `F16` or `BF16`: plain numbers that mistral.rs widens to 32 bits.
    pub fn is_dense_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }
}

/// An entry of the tensor table. Its numbers are checked: the dimensions multiply without overflow, fill whole
/// blocks, and the bytes lie inside the file without touching another tensor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// The name, for example `blk.0.attn_q.weight`.
    pub name: String,
    /// How its numbers are stored.
    pub tensor_type: TensorType,
    /// Dimensions, the row length first (the reverse of what Python shows); empty for a single number.
    pub dimensions: Vec<u64>,
    /// The product of the dimensions.
    pub elements: u64,
    /// Where it begins, in bytes from [`Header::data_offset`](crate::Header::data_offset).
    pub offset: u64,
    /// Its length in bytes; `None` if its type is unknown.
    pub size_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_types_match_both_ways() {
        for &tensor_type in TensorType::ALL {
            assert_eq!(TensorType::from_id(tensor_type.id()), tensor_type);
        }
        assert_eq!(TensorType::from_id(4), TensorType::Unknown(4));
        assert_eq!(TensorType::Unknown(99).to_string(), "type 99");
    }

    #[test]
    fn sizes_count_whole_blocks_only() {
        assert_eq!(TensorType::Q4K.size_bytes(512), Some(288));
        assert_eq!(TensorType::Q4K.size_bytes(100), None);
        assert_eq!(TensorType::F32.size_bytes(u64::MAX), None);
    }
}
