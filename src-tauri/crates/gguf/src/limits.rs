//! The bounds a header must keep. All are far above what real models use and far below what hurts.

/// Metadata entries in one file. Real files have 20 to 60.
pub const MAX_METADATA_ENTRIES: u64 = 65_536;
/// Tensors in one file. The largest unfused mixture-of-experts models have about 40,000.
pub const MAX_TENSORS: u64 = 262_144;
/// Bytes in a metadata key. The format's own limit is 2^16 - 1.
pub const MAX_KEY_BYTES: u64 = 65_535;
/// Bytes in a tensor name. llama.cpp allows 63, other writers of the format up to 127.
pub const MAX_TENSOR_NAME_BYTES: u64 = 1_024;
/// Bytes in one string value. Some files embed a whole `tokenizer.json` of 30 MB.
pub const MAX_STRING_BYTES: u64 = 64 << 20;
/// Elements in one array. The largest vocabularies have 262,144 tokens and 600,000 merges.
pub const MAX_ARRAY_ELEMENTS: u64 = 16 << 20;
/// Arrays inside arrays, counting the outermost.
pub const MAX_ARRAY_DEPTH: u32 = 4;
/// Dimensions of a tensor (`GGML_MAX_DIMS`).
pub const MAX_DIMENSIONS: u32 = 4;
/// The alignment of a file that does not state one.
pub const DEFAULT_ALIGNMENT: u64 = 32;
/// The smallest and the largest alignment accepted; both are powers of two, as every one between must be.
pub const ALIGNMENT_RANGE: std::ops::RangeInclusive<u64> = 8..=65_536;
/// Bytes of a whole header. A vocabulary of 262,144 tokens with merges makes about 16 MB.
pub const MAX_HEADER_BYTES: u64 = 512 << 20;

/// Strings up to this many bytes are kept in a [`Header`](crate::Header), longer ones only located.
pub const KEPT_STRING_BYTES: u64 = 1 << 20;
/// Arrays up to this many elements are kept in a [`Header`](crate::Header), longer ones only located.
pub const KEPT_ARRAY_ELEMENTS: u64 = 1_024;
/// Array elements kept in one header, all arrays together; later arrays are only located.
pub const KEPT_ELEMENTS_TOTAL: u64 = 65_536;
/// Bytes of strings kept in one header, all values together; later strings are only located.
pub const KEPT_STRING_BYTES_TOTAL: u64 = 16 << 20;
