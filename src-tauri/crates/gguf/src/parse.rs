//! The header parser. One pass, no recursion beyond [`MAX_ARRAY_DEPTH`], no allocation from a declared length.
//!
//! Layout (ggml `docs/gguf.md`): magic, version u32, tensor count u64, metadata count u64, then the metadata
//! (key, type u32, value), then the tensors (name, dimension count u32, dimensions u64 each, type u32, offset
//! u64), padding to the alignment, and the tensor data. Everything little-endian.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::error::{HeaderError, Lookalike};
use crate::header::Header;
use crate::input::{Input, PrefixInput, Stop};
use crate::limits::*;
use crate::tensor::{Tensor, TensorType};
use crate::value::{Array, Value, ValueType};

/// The outcome of [`read_prefix`].
#[derive(Debug)]
pub enum Prefix {
    /// The header was whole.
    Complete(Header),
    /// The header continues after the prefix.
    NeedMore {
        /// How many bytes to fetch, counted from the start of the file, before trying again: at least what the
        /// parser is known to need and at least twice the prefix, so that the number of attempts stays small.
        prefix_bytes: u64,
    },
}

/// Reads the header from the first bytes of a file of `file_len` bytes, as fetched by HTTP range requests.
///
/// Start with 1 to 4 MB; most headers fit. Each attempt parses from the beginning, a few milliseconds for
/// 150,000 tokens.
///
/// # Errors
/// As for [`read_header`](crate::read_header). A prefix that is too short is not an error.
pub fn read_prefix(prefix: &[u8], file_len: u64) -> Result<Prefix, HeaderError> {
    let known = prefix
        .len()
        .min(usize::try_from(file_len).unwrap_or(usize::MAX));
    let mut input = PrefixInput {
        prefix: &prefix[..known],
        position: 0,
        file_len,
    };
    match parse(&mut input) {
        Ok(header) => Ok(Prefix::Complete(header)),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::NeedMore(needed)) => Ok(Prefix::NeedMore {
            prefix_bytes: needed.max(known as u64 * 2).max(64 << 10).min(file_len),
        }),
    }
}

pub(crate) fn parse(input: &mut impl Input) -> Result<Header, Stop> {
    let version = preamble(input)?;
    let tensor_count = input.u64()?;
    let entry_count = input.u64()?;
    // The smallest entry: key length, type, one byte. The smallest tensor: name length, no dimensions, type, offset.
    counted(
        input,
        "a number of metadata entries",
        entry_count,
        MAX_METADATA_ENTRIES,
        13,
    )?;
    counted(input, "a number of tensors", tensor_count, MAX_TENSORS, 24)?;

    let mut reader = Reader {
        input,
        kept_elements: 0,
        kept_string_bytes: 0,
    };
    let mut metadata = BTreeMap::new();
    for _ in 0..entry_count {
        let key = reader.name("a key length in bytes", MAX_KEY_BYTES)?;
        let value_type = reader.value_type(&key)?;
        let value = reader.value(&key, value_type)?;
        match metadata.entry(key) {
            Entry::Vacant(entry) => entry.insert(value),
            Entry::Occupied(entry) => {
                return Err(HeaderError::DuplicateKey {
                    key: entry.key().clone(),
                }
                .into());
            }
        };
    }
    let alignment = alignment(metadata.get("general.alignment"))?;

    let mut tensors = Vec::new();
    let mut parameters = 0_u64;
    for _ in 0..tensor_count {
        let tensor = reader.tensor(alignment)?;
        parameters = parameters.saturating_add(tensor.elements);
        tensors.push(tensor);
    }

    let header_end = reader.input.position();
    let file_len = reader.input.file_len();
    limited("a header size in bytes", header_end, MAX_HEADER_BYTES)?;
    // Cannot overflow: the header is at most MAX_HEADER_BYTES and the alignment at most 65536.
    let data_offset = header_end.next_multiple_of(alignment);
    let by_name = sorted_by_name(&tensors)?;
    check_placement(&tensors, data_offset, file_len)?;
    if parameters > file_len.saturating_mul(8) {
        return Err(HeaderError::Parameters {
            parameters,
            file_len,
        }
        .into());
    }
    Ok(Header {
        version,
        metadata,
        tensors,
        alignment,
        data_offset,
        file_len,
        by_name,
    })
}

/// Checks magic and byte order; returns the version.
fn preamble(input: &mut impl Input) -> Result<u32, Stop> {
    let start = input.peek(64)?;
    let magic = start.get(..4);
    if magic != Some(b"GGUF") {
        return Err(if magic == Some(b"FUGG") {
            HeaderError::BigEndian.into()
        } else {
            HeaderError::NotGguf {
                looks_like: Lookalike::of(start),
            }
            .into()
        });
    }
    let Some(version) = start
        .get(4..8)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_le_bytes)
    else {
        return Err(input.ends_in_header());
    };
    if version != 0 && version & 0xffff == 0 {
        return Err(HeaderError::BigEndian.into());
    }
    if !(2..=3).contains(&version) {
        return Err(HeaderError::Version { version }.into());
    }
    input.skip(8)?;
    Ok(version)
}

fn limited(what: &'static str, found: u64, limit: u64) -> Result<(), HeaderError> {
    if found > limit {
        return Err(HeaderError::Limit { what, found, limit });
    }
    Ok(())
}

/// A declared count must keep its limit, and that many of the smallest things must fit in the rest of the file.
fn counted(
    input: &impl Input,
    what: &'static str,
    count: u64,
    limit: u64,
    least_bytes: u64,
) -> Result<(), Stop> {
    limited(what, count, limit)?;
    if count.saturating_mul(least_bytes) > input.remaining() {
        return Err(input.ends_in_header());
    }
    Ok(())
}

/// `general.alignment` must be a u32 by the specification. Engines ignore one of another type, so accepting it
/// would move the tensor data to where they do not look.
fn alignment(value: Option<&Value>) -> Result<u64, HeaderError> {
    match value {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(&Value::U32(alignment))
            if alignment.is_power_of_two() && ALIGNMENT_RANGE.contains(&u64::from(alignment)) =>
        {
            Ok(alignment.into())
        }
        Some(Value::U32(alignment)) => Err(HeaderError::Alignment {
            found: alignment.to_string(),
        }),
        Some(other) => Err(HeaderError::Alignment {
            found: match other.as_unsigned() {
                Some(number) => format!("{number} in the wrong type"),
                None => other.value_type().to_string(),
            },
        }),
    }
}

/// Indexes of the tensors in the order of their names, which must differ.
fn sorted_by_name(tensors: &[Tensor]) -> Result<Vec<u32>, HeaderError> {
    let mut by_name: Vec<u32> = (0..).take(tensors.len()).collect();
    by_name.sort_unstable_by(|&left, &right| {
        tensors[left as usize]
            .name
            .cmp(&tensors[right as usize].name)
    });
    for pair in by_name.windows(2) {
        let name = &tensors[pair[0] as usize].name;
        if *name == tensors[pair[1] as usize].name {
            return Err(HeaderError::DuplicateTensor {
                tensor: name.clone(),
            });
        }
    }
    Ok(by_name)
}

/// Every tensor lies inside the file and none overlaps another. Without the second check a small file could
/// declare the same bytes a hundred thousand times and make an engine allocate for each.
fn check_placement(tensors: &[Tensor], data_offset: u64, file_len: u64) -> Result<(), HeaderError> {
    let placement = |tensor: &Tensor| HeaderError::Placement {
        tensor: tensor.name.clone(),
        offset: tensor.offset,
    };
    let mut order: Vec<&Tensor> = tensors.iter().collect();
    order.sort_unstable_by_key(|tensor| (tensor.offset, tensor.size_bytes));
    let mut taken = 0_u64;
    for tensor in &order {
        if tensor.offset < taken {
            return Err(placement(tensor));
        }
        taken = tensor
            .offset
            .checked_add(tensor.size_bytes.unwrap_or(0))
            .filter(|end| {
                end.checked_add(data_offset)
                    .is_some_and(|end| end <= i64::MAX as u64)
            })
            .ok_or_else(|| placement(tensor))?;
    }
    let end = data_offset + taken;
    if !tensors.is_empty() && end > file_len {
        return Err(HeaderError::Truncated {
            missing_bytes: end - file_len,
            file_len,
        });
    }
    Ok(())
}

struct Reader<'a, I> {
    input: &'a mut I,
    kept_elements: u64,
    kept_string_bytes: u64,
}

impl<I: Input> Reader<'_, I> {
    fn name(&mut self, what: &'static str, limit: u64) -> Result<String, Stop> {
        let len = self.input.u64()?;
        limited(what, len, limit)?;
        let position = self.input.position();
        let bytes = self.input.take(len as usize)?;
        match std::str::from_utf8(bytes) {
            Ok(name) => Ok(name.to_owned()),
            Err(_) => Err(HeaderError::NameNotText { position }.into()),
        }
    }

    fn value_type(&mut self, key: &str) -> Result<ValueType, Stop> {
        let type_id = self.input.u32()?;
        ValueType::from_id(type_id).ok_or_else(|| {
            HeaderError::ValueType {
                key: key.to_owned(),
                type_id,
            }
            .into()
        })
    }

    fn value(&mut self, key: &str, value_type: ValueType) -> Result<Value, Stop> {
        Ok(match value_type {
            ValueType::String => self.string()?,
            ValueType::Array => Value::Array(self.array(key, 1)?),
            ValueType::U8 => Value::U8(self.input.array::<1>()?[0]),
            ValueType::I8 => Value::I8(i8::from_le_bytes(self.input.array()?)),
            ValueType::U16 => Value::U16(u16::from_le_bytes(self.input.array()?)),
            ValueType::I16 => Value::I16(i16::from_le_bytes(self.input.array()?)),
            ValueType::U32 => Value::U32(self.input.u32()?),
            ValueType::I32 => Value::I32(i32::from_le_bytes(self.input.array()?)),
            ValueType::F32 => Value::F32(f32::from_le_bytes(self.input.array()?)),
            ValueType::U64 => Value::U64(self.input.u64()?),
            ValueType::I64 => Value::I64(i64::from_le_bytes(self.input.array()?)),
            ValueType::F64 => Value::F64(f64::from_le_bytes(self.input.array()?)),
            ValueType::Bool => match self.input.array::<1>()?[0] {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                found => {
                    return Err(HeaderError::Bool {
                        key: key.to_owned(),
                        found,
                    }
                    .into());
                }
            },
        })
    }

    fn string(&mut self) -> Result<Value, Stop> {
        let len = self.input.u64()?;
        limited("a text length in bytes", len, MAX_STRING_BYTES)?;
        let offset = self.input.position();
        if len > KEPT_STRING_BYTES || self.kept_string_bytes + len > KEPT_STRING_BYTES_TOTAL {
            self.input.skip(len)?;
            return Ok(Value::LongString { len, offset });
        }
        let bytes = self.input.take(len as usize)?;
        // Some writers end their strings with NULs.
        let used = bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        let text = String::from_utf8_lossy(&bytes[..used]).into_owned();
        self.kept_string_bytes += text.len() as u64;
        Ok(Value::String(text))
    }

    fn array(&mut self, key: &str, depth: u32) -> Result<Array, Stop> {
        if depth > MAX_ARRAY_DEPTH {
            return Err(HeaderError::Nesting {
                key: key.to_owned(),
            }
            .into());
        }
        let element = self.value_type(key)?;
        let len = self.input.u64()?;
        counted(
            self.input,
            "a list length",
            len,
            MAX_ARRAY_ELEMENTS,
            element.least_bytes(),
        )?;
        let offset = self.input.position();
        let keep = len <= KEPT_ARRAY_ELEMENTS && self.kept_elements + len <= KEPT_ELEMENTS_TOTAL;
        let mut items = Vec::new();
        if keep {
            self.kept_elements += len;
        }
        match element.size_bytes() {
            Some(size) if !keep => self.input.skip(len * size)?,
            _ => {
                for _ in 0..len {
                    match element {
                        ValueType::Array => {
                            let inner = self.array(key, depth + 1)?;
                            if keep {
                                items.push(Value::Array(inner));
                            }
                        }
                        ValueType::String if !keep => {
                            let len = self.input.u64()?;
                            limited("a text length in bytes", len, MAX_STRING_BYTES)?;
                            self.input.skip(len)?;
                        }
                        _ => items.push(self.value(key, element)?),
                    }
                }
            }
        }
        Ok(Array {
            element,
            len,
            offset,
            items: keep.then_some(items),
        })
    }

    fn tensor(&mut self, alignment: u64) -> Result<Tensor, Stop> {
        let name = self.name("a tensor name length in bytes", MAX_TENSOR_NAME_BYTES)?;
        let dimension_count = self.input.u32()?;
        limited(
            "a number of tensor dimensions",
            dimension_count.into(),
            MAX_DIMENSIONS.into(),
        )?;
        let mut dimensions = Vec::with_capacity(dimension_count as usize);
        for _ in 0..dimension_count {
            dimensions.push(self.input.u64()?);
        }
        let tensor_type = TensorType::from_id(self.input.u32()?);
        let offset = self.input.u64()?;

        let elements = dimensions.iter().try_fold(1_u64, |product, &dimension| {
            product
                .checked_mul(dimension)
                .filter(|&product| product > 0 && product <= i64::MAX as u64)
        });
        let whole_rows = tensor_type
            .block()
            .is_none_or(|(block, _)| dimensions.first().unwrap_or(&1).is_multiple_of(block));
        let Some(elements) = elements.filter(|_| whole_rows) else {
            return Err(HeaderError::Dimensions {
                tensor: name,
                dimensions,
            }
            .into());
        };
        let size_bytes = tensor_type.size_bytes(elements);
        if tensor_type.block().is_some() && size_bytes.is_none() {
            return Err(HeaderError::Dimensions {
                tensor: name,
                dimensions,
            }
            .into());
        }
        if !offset.is_multiple_of(alignment) {
            return Err(HeaderError::Placement {
                tensor: name,
                offset,
            }
            .into());
        }
        Ok(Tensor {
            name,
            tensor_type,
            dimensions,
            elements,
            offset,
            size_bytes,
        })
    }
}
