//! Why a header or a vocabulary could not be read, in sentences a person can act on.

use std::{fmt, io, path::PathBuf};

use crate::display::{Bytes, Grouped, Quoted};
use crate::value::ValueType;

/// What a file is when it is not GGUF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookalike {
    /// No bytes at all.
    Empty,
    /// Reserved on disk but never written: a download that did not run.
    OnlyZeros,
    /// A `.safetensors` file.
    Safetensors,
    /// A zip archive; PyTorch checkpoints are zip archives too.
    Zip,
    /// A gzip archive.
    Gzip,
    /// A pickled PyTorch checkpoint.
    Pickle,
    /// A web page, usually a login or error page saved under the model's name.
    Html,
    /// JSON text, usually an error message saved under the model's name.
    Json,
    /// A Git LFS pointer: the repository was cloned without its large files.
    GitLfsPointer,
    /// The format that GGUF replaced in 2023.
    OldGgml,
    /// Anything else.
    Unknown,
}

impl Lookalike {
    /// Recognises a file by its first bytes (64 are enough).
    pub(crate) fn of(start: &[u8]) -> Self {
        let text = start.trim_ascii_start();
        let begins = |prefix: &[u8]| {
            text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix)
        };
        if start.is_empty() {
            Self::Empty
        } else if start.iter().all(|&byte| byte == 0) {
            Self::OnlyZeros
        } else if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            Self::Zip
        } else if start.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if [&b"lmgg"[..], b"fmgg", b"tjgg", b"algg"]
            .contains(&start.get(..4).unwrap_or_default())
        {
            Self::OldGgml
        } else if begins(b"version https://git-lfs") {
            Self::GitLfsPointer
        } else if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") || begins(b"<head") {
            Self::Html
        } else if start.get(5..8) == Some(&[0; 3]) && start.get(8) == Some(&b'{') {
            // The length of the JSON that follows, as a little-endian u64 below 2^40.
            Self::Safetensors
        } else if start[0] == 0x80
            && start
                .get(1)
                .is_some_and(|version| (2..=5).contains(version))
        {
            Self::Pickle
        } else if begins(b"{") || begins(b"[") {
            Self::Json
        } else {
            Self::Unknown
        }
    }
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty; download it again",
            Self::OnlyZeros => "it contains only zeros, as an unfinished download does; download it again",
            Self::Safetensors => "it looks like a safetensors file; look for a GGUF version of this model",
            Self::Zip => "it looks like a zip archive or a PyTorch checkpoint; unpack it, or look for a GGUF version",
            Self::Gzip => "it looks like a gzip archive; unpack it first",
            Self::Pickle => "it looks like a PyTorch checkpoint; look for a GGUF version of this model",
            Self::Html => "it looks like a web page; the download probably needed a login",
            Self::Json => "it looks like JSON text, perhaps an error message instead of the model; download it again",
            Self::GitLfsPointer => {
                "it looks like a Git LFS pointer, which stands for the model but does not contain it; \
                 run `git lfs pull`, or download the file itself"
            }
            Self::OldGgml => "it is in the old GGML format, which GGUF replaced in 2023; look for a newer GGUF version",
            Self::Unknown => "it does not begin as GGUF files do",
        })
    }
}

/// Why a model file's header, or the vocabulary in it, could not be read.
///
/// Names that come from the file are cut and cleaned before they appear in a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The file could not be opened.
    #[error("could not open model file `{}`", path.display())]
    Open {
        /// The path that was tried.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be read further.
    #[error("could not read the model file at byte {position}")]
    Read {
        /// How far the reader had come.
        position: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("this is not a GGUF model file: {looks_like}")]
    NotGguf {
        /// What it seems to be.
        looks_like: Lookalike,
    },
    /// Written for big-endian machines.
    #[error(
        "this GGUF file is written for big-endian machines and cannot be used here; look for the usual version"
    )]
    BigEndian,
    /// Version 1, or one that does not exist yet.
    #[error("this is version {version} of the GGUF format; versions 2 and 3 can be read")]
    Version {
        /// What the file states.
        version: u32,
    },
    /// The file ends before its header does.
    #[error("the file is incomplete: it ends inside its header; download it again")]
    EndsInHeader {
        /// The length of the file in bytes.
        file_len: u64,
    },
    /// The header is whole, but tensor data is missing at the end.
    #[error(
        "the file is incomplete: it ends {} before the end of its last tensor; download it again",
        Bytes(*missing_bytes)
    )]
    Truncated {
        /// The number of bytes that are missing.
        missing_bytes: u64,
        /// The length of the file in bytes.
        file_len: u64,
    },
    /// Something in the header is larger than any real model needs.
    #[error("the file's header is damaged: {what} of {} is beyond the limit of {}", Grouped(*found), Grouped(*limit))]
    Limit {
        /// What is too large, with its article and unit: "a key length in bytes".
        what: &'static str,
        /// The number in the file.
        found: u64,
        /// The number accepted.
        limit: u64,
    },
    /// A key that is not UTF-8.
    #[error(
        "the file's header is damaged: the name of a metadata entry or tensor at byte {position} is not text"
    )]
    NameNotText {
        /// Where the name begins.
        position: u64,
    },
    /// A metadata value of an unknown type.
    #[error(
        "the file's header is damaged: {} has the unknown value type {type_id}",
        Quoted(key)
    )]
    ValueType {
        /// The metadata key.
        key: String,
        /// The number of the type in the file.
        type_id: u32,
    },
    /// A truth value that is neither 0 nor 1.
    #[error(
        "the file's header is damaged: {} holds {found} where only yes or no is possible",
        Quoted(key)
    )]
    Bool {
        /// The metadata key.
        key: String,
        /// The byte in the file.
        found: u8,
    },
    /// Arrays in arrays in arrays.
    #[error(
        "the file's header is damaged: {} nests arrays more than {} deep",
        Quoted(key),
        crate::limits::MAX_ARRAY_DEPTH
    )]
    Nesting {
        /// The metadata key.
        key: String,
    },
    /// The same metadata key twice.
    #[error("the file's header is damaged: it states {} twice", Quoted(key))]
    DuplicateKey {
        /// The metadata key.
        key: String,
    },
    /// The same tensor name twice.
    #[error(
        "the file's header is damaged: it lists the tensor {} twice",
        Quoted(tensor)
    )]
    DuplicateTensor {
        /// The name of the tensor.
        tensor: String,
    },
    /// `general.alignment` is not usable.
    #[error(
        "the file's header is damaged: its alignment must be a power of two from 8 to 65536, but is {found}"
    )]
    Alignment {
        /// What the file states, as text because it may be of any type.
        found: String,
    },
    /// Dimensions that are zero, overflow, or do not divide into blocks.
    #[error(
        "the file's header is damaged: the tensor {} has impossible dimensions {dimensions:?}",
        Quoted(tensor)
    )]
    Dimensions {
        /// The name of the tensor.
        tensor: String,
        /// Its dimensions as stated.
        dimensions: Vec<u64>,
    },
    /// A tensor's place is not aligned, overflows, or is shared with another tensor.
    #[error(
        "the file's header is damaged: the tensor {} lies at an impossible place",
        Quoted(tensor)
    )]
    Placement {
        /// The name of the tensor.
        tensor: String,
        /// The stated offset from the start of the tensor data.
        offset: u64,
    },
    /// More parameters than the file has room for.
    #[error(
        "the file's header is damaged: it declares {} parameters, more than fit into {}",
        Grouped(*parameters),
        Bytes(*file_len)
    )]
    Parameters {
        /// The sum over all tensors.
        parameters: u64,
        /// The length of the file in bytes.
        file_len: u64,
    },
    /// A vocabulary entry is missing.
    #[error("the file has no vocabulary: {} is missing", Quoted(key))]
    MissingKey {
        /// The metadata key.
        key: String,
    },
    /// A vocabulary entry has another type than expected.
    #[error(
        "the file's vocabulary is damaged: {} should be {expected}, but is {found}",
        Quoted(key)
    )]
    KeyType {
        /// The metadata key.
        key: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: ValueType,
    },
    /// Scores or token types that do not belong to the tokens.
    #[error(
        "the file's vocabulary is damaged: {} has {found} entries for {tokens} tokens",
        Quoted(key)
    )]
    VocabularyLength {
        /// The metadata key.
        key: String,
        /// Its number of entries.
        found: u64,
        /// The number of tokens.
        tokens: u64,
    },
}

impl HeaderError {
    /// Whether downloading the same file again is likely to help: it is cut short or was never written.
    pub fn is_incomplete_download(&self) -> bool {
        matches!(
            self,
            Self::EndsInHeader { .. }
                | Self::Truncated { .. }
                | Self::NotGguf {
                    looks_like: Lookalike::Empty
                        | Lookalike::OnlyZeros
                        | Lookalike::Html
                        | Lookalike::Json
                }
        )
    }
}
