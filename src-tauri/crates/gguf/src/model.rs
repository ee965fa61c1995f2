//! A model as a whole: one file, or several shards named `…-00001-of-00003.gguf`.

use std::path::{Path, PathBuf};

use crate::error::HeaderError;
use crate::header::{Header, KeyError, open};
use crate::tensor::Tensor;
use crate::value::{Array, Value};

/// The parts of a shard's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardName {
    /// What stands before the numbers, without the dash.
    pub stem: String,
    /// This shard's number, from 1.
    pub number: u32,
    /// The number of shards.
    pub count: u32,
}

impl ShardName {
    /// The file name of the shard with this number.
    pub fn file_name(&self, number: u32) -> String {
        format!("{}-{number:05}-of-{:05}.gguf", self.stem, self.count)
    }
}

/// Takes a shard's file name apart; `None` for the name of a whole file.
///
/// ```
/// let name = sirocco_gguf::shard_name("qwen-72b-q8_0-00002-of-00003.gguf").expect("a shard");
/// assert_eq!((name.number, name.count), (2, 3));
/// assert_eq!(name.file_name(1), "qwen-72b-q8_0-00001-of-00003.gguf");
/// assert_eq!(sirocco_gguf::shard_name("qwen-7b.gguf"), None);
/// ```
pub fn shard_name(file_name: &str) -> Option<ShardName> {
    let five_digits = |text: &str| -> Option<u32> {
        (text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let (rest, count) = file_name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let (number, count) = (five_digits(number)?, five_digits(count)?);
    (1..=count).contains(&number).then(|| ShardName {
        stem: stem.to_owned(),
        number,
        count,
    })
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// Where it is, if it is on this machine.
    pub path: Option<PathBuf>,
    /// Its header.
    pub header: Header,
}

/// One or more files that make a model. There is always at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    shards: Vec<Shard>,
}

impl From<Header> for Model {
    fn from(header: Header) -> Self {
        Self::from_header(header)
    }
}

impl Model {
    /// A model of one file.
    pub fn from_header(header: Header) -> Self {
        Self {
            shards: vec![Shard { path: None, header }],
        }
    }

    /// A model of several files, put in the order of their `split.no`. `None` if there are none.
    ///
    /// That files are missing or do not belong together is for the [`verdict`](crate::verdict()) to say.
    pub fn from_shards(mut shards: Vec<Shard>) -> Option<Self> {
        shards.sort_by_key(|shard| shard.header.unsigned("split.no").unwrap_or(0));
        (!shards.is_empty()).then_some(Self { shards })
    }

    /// Opens the model that the file at `path` belongs to. If its name says that it is one of several shards, those
    /// that lie beside it are opened too.
    ///
    /// # Errors
    /// As for [`open`], for any of the files. A missing sibling is not an error here.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, HeaderError> {
        let path = path.as_ref();
        let mut shards = vec![Shard {
            path: Some(path.to_owned()),
            header: open(path)?,
        }];
        if let Some(name) = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(shard_name)
        {
            for number in (1..=name.count).filter(|&number| number != name.number) {
                let sibling = path.with_file_name(name.file_name(number));
                if sibling.is_file() {
                    shards.push(Shard {
                        header: open(&sibling)?,
                        path: Some(sibling),
                    });
                }
            }
        }
        Ok(Self::from_shards(shards).expect("the file itself is one"))
    }

    /// The files, in order.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The first file's header, which holds the vocabulary and nearly all metadata.
    pub fn first(&self) -> &Header {
        &self.shards[0].header
    }

    /// The number of files that should be there, by `split.count` or by their names.
    pub fn expected_shard_count(&self) -> u64 {
        let stated = self
            .shards
            .iter()
            .filter_map(|shard| shard.header.unsigned("split.count"));
        let named = self.shards.iter().filter_map(|shard| {
            let name = shard.path.as_ref()?.file_name()?.to_str()?;
            Some(u64::from(shard_name(name)?.count))
        });
        stated.chain(named).max().unwrap_or(1).max(1)
    }

    /// The value of a metadata key in the first file that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.shards.iter().find_map(|shard| shard.header.get(key))
    }

    /// A text; see [`Header::string`].
    pub fn string(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// A whole number that is not negative; see [`Header::unsigned`].
    pub fn unsigned(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_unsigned()
    }

    /// A fractional number; see [`Header::float`].
    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_float()
    }

    /// An array; see [`Header::array`].
    pub fn array(&self, key: &str) -> Option<&Array> {
        self.get(key)?.as_array()
    }

    /// `general.architecture`.
    pub fn architecture(&self) -> Option<&str> {
        self.string("general.architecture")
    }

    /// The value of a key under the architecture's name; see [`Header::per_architecture`].
    pub fn per_architecture(&self, key: &str) -> Option<&Value> {
        self.get(&format!("{}.{key}", self.architecture()?))
    }

    /// A whole number under the architecture's name.
    ///
    /// # Errors
    /// [`KeyError`] says whether it is missing or of another type.
    pub fn architecture_number(&self, key: &str) -> Result<u64, KeyError> {
        let value = self.per_architecture(key).ok_or(KeyError::Missing)?;
        value
            .as_unsigned()
            .ok_or_else(|| KeyError::Type(value.value_type()))
    }

    /// All tensors of all files.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> + '_ {
        self.shards.iter().flat_map(|shard| &shard.header.tensors)
    }

    /// The tensor of this name in the first file that has it.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.shards
            .iter()
            .find_map(|shard| shard.header.tensor(name))
    }

    /// The length of all files together, in bytes.
    pub fn file_size_bytes(&self) -> u64 {
        self.shards
            .iter()
            .fold(0, |sum, shard| sum.saturating_add(shard.header.file_len))
    }
}
