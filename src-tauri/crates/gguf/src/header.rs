//! A parsed header and its typed getters.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use crate::error::HeaderError;
use crate::input::{FileInput, Stop};
use crate::parse::parse;
use crate::tensor::Tensor;
use crate::value::{Array, Value, ValueType};

/// Everything a GGUF file says before its tensor data, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// 2 or 3.
    pub version: u32,
    /// All metadata, long arrays and strings only located.
    pub metadata: BTreeMap<String, Value>,
    /// The tensors in the order of the file. Do not reorder them: [`Header::tensor`] finds them by position.
    pub tensors: Vec<Tensor>,
    /// The alignment of tensor data in bytes: a power of two.
    pub alignment: u64,
    /// Where tensor data begins, in bytes from the start of the file.
    pub data_offset: u64,
    /// The length of the file in bytes.
    pub file_len: u64,
    pub(crate) by_name: Vec<u32>,
}

/// Why a metadata key has no value of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The key is missing.
    Missing,
    /// The key is there with a value of another type, or one that does not fit.
    Type(ValueType),
}

/// Reads the header of a GGUF file of `file_len` bytes.
///
/// Memory stays below some tens of MB whatever the file declares; a header of 150,000 tokens takes a few
/// milliseconds. The position of `source` afterwards is unspecified.
///
/// # Errors
/// Every way in which the file is not a sound GGUF file; see [`HeaderError`].
pub fn read_header(source: &mut (impl Read + Seek), file_len: u64) -> Result<Header, HeaderError> {
    match parse(&mut FileInput::new(source, 0, file_len)?) {
        Ok(header) => Ok(header),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::NeedMore(_)) => unreachable!("only a prefix asks for more"),
    }
}

/// Reads the header of the file at `path`.
///
/// # Errors
/// As for [`read_header`], and if the file cannot be opened.
pub fn open(path: impl AsRef<Path>) -> Result<Header, HeaderError> {
    let (mut file, file_len) = open_file(path.as_ref())?;
    read_header(&mut file, file_len)
}

pub(crate) fn open_file(path: &Path) -> Result<(File, u64), HeaderError> {
    let opened = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        Ok((file, metadata.len()))
    });
    opened.map_err(|source| HeaderError::Open {
        path: path.to_owned(),
        source,
    })
}

impl Header {
    /// The value of a metadata key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// A text, for example `general.name`. `None` if it is missing, not text, or over 1 MB.
    pub fn string(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// A whole number of any width that is not negative, for example `qwen2.context_length`.
    pub fn unsigned(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_unsigned()
    }

    /// A fractional number of either width.
    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_float()
    }

    /// A yes or no.
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// An array.
    pub fn array(&self, key: &str) -> Option<&Array> {
        self.get(key)?.as_array()
    }

    /// `general.architecture`.
    pub fn architecture(&self) -> Option<&str> {
        self.string("general.architecture")
    }

    /// The value of a key under the architecture's name: `per_architecture("context_length")` looks up
    /// `qwen2.context_length` in a qwen2 file.
    pub fn per_architecture(&self, key: &str) -> Option<&Value> {
        self.get(&format!("{}.{key}", self.architecture()?))
    }

    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        let found = self.by_name.binary_search_by(|&index| {
            self.tensors
                .get(index as usize)
                .map(|t| t.name.as_str())
                .cmp(&Some(name))
        });
        self.tensors.get(*self.by_name.get(found.ok()?)? as usize)
    }

    /// The sum of all tensors' elements.
    pub fn parameter_count(&self) -> u64 {
        self.tensors
            .iter()
            .fold(0, |sum, tensor| sum.saturating_add(tensor.elements))
    }
}
