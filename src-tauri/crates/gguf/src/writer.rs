//! Writes small GGUF version 3 files, for tests: ours, and those of everyone who needs a model file that is not
//! 500 MB. It keeps everything in memory and is not meant for real models.
//!
//! ```
//! use sirocco_gguf::{TensorType, writer::{Field, Writer}};
//!
//! let bytes = Writer::new()
//!     .field("general.architecture", "llama")
//!     .field("llama.context_length", 2048_u32)
//!     .field("tokenizer.ggml.tokens", Field::strings(["<s>", "a", "b"]))
//!     .zeros("token_embd.weight", [32, 3], TensorType::Q8_0)
//!     .build()
//!     .expect("sizes that match");
//! assert!(bytes.starts_with(b"GGUF"));
//! ```

use crate::tensor::TensorType;
use crate::value::ValueType;

/// A metadata value to write.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the format's own")]
pub enum Field {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    /// A string; bytes, so that tokens that are not UTF-8 can be written.
    String(Vec<u8>),
    /// An array of elements that all have the stated type.
    Array(ValueType, Vec<Field>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Field {
    /// An array of strings.
    pub fn strings<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items
            .into_iter()
            .map(|item| Self::String(item.as_ref().to_vec()))
            .collect();
        Self::Array(ValueType::String, items)
    }

    /// An array of 32-bit floats.
    pub fn floats(items: impl IntoIterator<Item = f32>) -> Self {
        Self::Array(ValueType::F32, items.into_iter().map(Self::F32).collect())
    }

    /// An array of signed 32-bit numbers.
    pub fn integers(items: impl IntoIterator<Item = i32>) -> Self {
        Self::Array(ValueType::I32, items.into_iter().map(Self::I32).collect())
    }

    /// The type it is written as.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::U8(_) => ValueType::U8,
            Self::I8(_) => ValueType::I8,
            Self::U16(_) => ValueType::U16,
            Self::I16(_) => ValueType::I16,
            Self::U32(_) => ValueType::U32,
            Self::I32(_) => ValueType::I32,
            Self::F32(_) => ValueType::F32,
            Self::Bool(_) => ValueType::Bool,
            Self::String(_) => ValueType::String,
            Self::Array(..) => ValueType::Array,
            Self::U64(_) => ValueType::U64,
            Self::I64(_) => ValueType::I64,
            Self::F64(_) => ValueType::F64,
        }
    }

    fn write(&self, key: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
        match self {
            Self::U8(value) => out.push(*value),
            Self::I8(value) => out.extend(value.to_le_bytes()),
            Self::U16(value) => out.extend(value.to_le_bytes()),
            Self::I16(value) => out.extend(value.to_le_bytes()),
            Self::U32(value) => out.extend(value.to_le_bytes()),
            Self::I32(value) => out.extend(value.to_le_bytes()),
            Self::F32(value) => out.extend(value.to_le_bytes()),
            Self::Bool(value) => out.push((*value).into()),
            Self::String(value) => write_string(value, out),
            Self::Array(element, items) => {
                out.extend(element.id().to_le_bytes());
                out.extend((items.len() as u64).to_le_bytes());
                for item in items {
                    if item.value_type() != *element {
                        return Err(WriteError::MixedArray {
                            key: key.to_owned(),
                        });
                    }
                    item.write(key, out)?;
                }
            }
            Self::U64(value) => out.extend(value.to_le_bytes()),
            Self::I64(value) => out.extend(value.to_le_bytes()),
            Self::F64(value) => out.extend(value.to_le_bytes()),
        }
        Ok(())
    }
}

macro_rules! field_from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Field {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

field_from!(u8 => U8, i8 => I8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, f32 => F32, bool => Bool,
    u64 => U64, i64 => I64, f64 => F64);

impl From<&str> for Field {
    fn from(value: &str) -> Self {
        Self::String(value.as_bytes().to_vec())
    }
}

/// Why a file could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The data of a tensor is not as long as its type and dimensions say.
    #[error(
        "could not write tensor `{name}`: its data has {found} bytes, its dimensions need {needed:?}"
    )]
    TensorLength {
        /// The tensor.
        name: String,
        /// The bytes given.
        found: usize,
        /// The bytes it takes, if that can be said.
        needed: Option<u64>,
    },
    /// An element of an array has another type than the array.
    #[error("could not write `{key}`: its elements are of several types")]
    MixedArray {
        /// The metadata key.
        key: String,
    },
    /// The alignment is not a power of two.
    #[error("could not write with an alignment of {alignment}: it is not a power of two")]
    Alignment {
        /// The alignment given.
        alignment: u32,
    },
}

struct Entry {
    name: String,
    dimensions: Vec<u64>,
    tensor_type: TensorType,
    data: Vec<u8>,
}

/// Gathers metadata and tensors and builds the file. Keys and tensors are written in the order they are added.
#[derive(Default)]
pub struct Writer {
    fields: Vec<(String, Field)>,
    tensors: Vec<Entry>,
    alignment: Option<u32>,
}

impl Writer {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metadata entry.
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Field>) -> Self {
        self.fields.push((key.into(), value.into()));
        self
    }

    /// Replaces a metadata entry, or adds it.
    #[must_use]
    pub fn replace(mut self, key: &str, value: impl Into<Field>) -> Self {
        match self.fields.iter_mut().find(|(existing, _)| existing == key) {
            Some((_, existing)) => *existing = value.into(),
            None => self.fields.push((key.to_owned(), value.into())),
        }
        self
    }

    /// Leaves a metadata entry out again.
    #[must_use]
    pub fn without_field(mut self, key: &str) -> Self {
        self.fields.retain(|(existing, _)| existing != key);
        self
    }

    /// Aligns tensor data to this many bytes and says so in the metadata; 32 if never called.
    #[must_use]
    pub fn alignment(mut self, alignment: u32) -> Self {
        self.alignment = Some(alignment);
        self.replace("general.alignment", alignment)
    }

    /// Adds a tensor with its raw bytes; dimensions with the row length first.
    #[must_use]
    pub fn tensor(
        mut self,
        name: impl Into<String>,
        dimensions: impl Into<Vec<u64>>,
        tensor_type: TensorType,
        data: Vec<u8>,
    ) -> Self {
        self.tensors.push(Entry {
            name: name.into(),
            dimensions: dimensions.into(),
            tensor_type,
            data,
        });
        self
    }

    /// Adds a tensor of zero bytes. A type of unknown size gets none.
    #[must_use]
    pub fn zeros(
        self,
        name: impl Into<String>,
        dimensions: impl Into<Vec<u64>>,
        tensor_type: TensorType,
    ) -> Self {
        let dimensions = dimensions.into();
        let size = tensor_type
            .size_bytes(dimensions.iter().product())
            .unwrap_or(0);
        self.tensor(name, dimensions, tensor_type, vec![0; size as usize])
    }

    /// Leaves a tensor out again.
    #[must_use]
    pub fn without_tensor(mut self, name: &str) -> Self {
        self.tensors.retain(|entry| entry.name != name);
        self
    }

    /// Gives a tensor another type, with zeros for data.
    #[must_use]
    pub fn retype(mut self, name: &str, tensor_type: TensorType) -> Self {
        if let Some(entry) = self.tensors.iter_mut().find(|entry| entry.name == name) {
            let size = tensor_type
                .size_bytes(entry.dimensions.iter().product())
                .unwrap_or(0);
            entry.tensor_type = tensor_type;
            entry.data = vec![0; size as usize];
        }
        self
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// A tensor's data does not fit its dimensions, an array is mixed, or the alignment is not a power of two.
    pub fn build(&self) -> Result<Vec<u8>, WriteError> {
        let alignment = self.alignment.unwrap_or(32);
        if !alignment.is_power_of_two() {
            return Err(WriteError::Alignment { alignment });
        }
        let mut out = b"GGUF".to_vec();
        out.extend(3_u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.fields.len() as u64).to_le_bytes());
        for (key, field) in &self.fields {
            write_string(key.as_bytes(), &mut out);
            out.extend(field.value_type().id().to_le_bytes());
            field.write(key, &mut out)?;
        }
        let mut offset = 0_u64;
        for entry in &self.tensors {
            let needed = entry
                .tensor_type
                .size_bytes(entry.dimensions.iter().product());
            if entry.tensor_type.block().is_some() && needed != Some(entry.data.len() as u64) {
                return Err(WriteError::TensorLength {
                    name: entry.name.clone(),
                    found: entry.data.len(),
                    needed,
                });
            }
            write_string(entry.name.as_bytes(), &mut out);
            out.extend((entry.dimensions.len() as u32).to_le_bytes());
            for dimension in &entry.dimensions {
                out.extend(dimension.to_le_bytes());
            }
            out.extend(entry.tensor_type.id().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset = (offset + entry.data.len() as u64).next_multiple_of(alignment.into());
        }
        for entry in &self.tensors {
            out.resize(out.len().next_multiple_of(alignment as usize), 0);
            out.extend(&entry.data);
        }
        Ok(out)
    }
}

fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text);
}
