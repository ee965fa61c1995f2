//! The vocabulary of a model, read only when something needs to tokenize.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use crate::error::HeaderError;
use crate::header::{Header, open_file};
use crate::input::{FileInput, Input, Stop};
use crate::limits::MAX_STRING_BYTES;
use crate::value::{Array, Value, ValueType};

/// The kind of tokenizer a vocabulary is made for (`tokenizer.ggml.model`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VocabularyModel {
    /// `llama`: SentencePiece with scores and byte fallback.
    Llama,
    /// `gpt2`: byte-level BPE with merges.
    Gpt2,
    /// `bert`: WordPiece.
    Bert,
    /// `t5`: SentencePiece Unigram.
    T5,
    /// `rwkv`: the RWKV world tokenizer.
    Rwkv,
    /// Any other name.
    Other(String),
}

impl VocabularyModel {
    /// The model named so in a file.
    pub fn from_name(name: &str) -> Self {
        match name {
            "llama" => Self::Llama,
            "gpt2" => Self::Gpt2,
            "bert" => Self::Bert,
            "t5" => Self::T5,
            "rwkv" => Self::Rwkv,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for VocabularyModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Llama => "llama",
            Self::Gpt2 => "gpt2",
            Self::Bert => "bert",
            Self::T5 => "t5",
            Self::Rwkv => "rwkv",
            Self::Other(name) => name,
        })
    }
}

/// What a token is (`tokenizer.ggml.token_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// 1: ordinary text.
    Normal,
    /// 2: stands for what the vocabulary cannot express.
    Unknown,
    /// 3: steers the model, never shown.
    Control,
    /// 4: added by the model's author, matched as a whole, shown.
    UserDefined,
    /// 5: a reserved place.
    Unused,
    /// 6: one byte, written `<0x0A>`.
    Byte,
    /// Any other number.
    Other(i32),
}

impl TokenType {
    fn from_id(id: i32) -> Self {
        match id {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            other => Self::Other(other),
        }
    }
}

/// How many tokens more one model of a family may have than another; llama.cpp allows as many.
const MOST_PADDING: usize = 128;

/// Many strings in one piece of memory: 150,000 tokens cost their bytes and four more each.
///
/// They are bytes, not text, because some vocabularies hold tokens that are not UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringTable {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl StringTable {
    /// The number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of one string.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        Some(&self.bytes[start..end])
    }

    /// One string as text; `None` if there is none or it is not UTF-8.
    pub fn get_str(&self, index: usize) -> Option<&str> {
        std::str::from_utf8(self.get(index)?).ok()
    }

    /// All strings in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        (0..self.len()).map(|index| self.get(index).expect("the index is below the length"))
    }

    fn push_from(&mut self, input: &mut impl Input) -> Result<(), Stop> {
        let mut left = input.u64()?;
        let limit = MAX_STRING_BYTES.min(u64::from(u32::MAX) - self.bytes.len() as u64);
        if left > limit {
            return Err(HeaderError::Limit {
                what: "a text length in bytes",
                found: left,
                limit,
            }
            .into());
        }
        while left > 0 {
            let piece = input.take(left.min(64 << 10) as usize)?;
            left -= piece.len() as u64;
            self.bytes.extend_from_slice(piece);
        }
        self.ends.push(self.bytes.len() as u32);
        Ok(())
    }
}

/// Ids of tokens with a role; each is below the number of tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Begins a text (`bos_token_id`).
    pub bos: Option<u32>,
    /// Ends a text (`eos_token_id`).
    pub eos: Option<u32>,
    /// Ends a turn (`eot_token_id`).
    pub eot: Option<u32>,
    /// Ends a message that a tool answers (`eom_token_id`).
    pub eom: Option<u32>,
    /// Stands for what is not in the vocabulary (`unknown_token_id`).
    pub unk: Option<u32>,
    /// Separates texts (`seperator_token_id`; the misspelling is the format's).
    pub sep: Option<u32>,
    /// Fills up (`padding_token_id`).
    pub pad: Option<u32>,
}

/// How text is prepared; `None` where the file is silent and the tokenizer's own default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenizerFlags {
    /// Put the bos token first (`add_bos_token`).
    pub add_bos: Option<bool>,
    /// Put the eos token last (`add_eos_token`).
    pub add_eos: Option<bool>,
    /// Put a space before the first word (`add_space_prefix`).
    pub add_space_prefix: Option<bool>,
    /// Merge runs of spaces (`remove_extra_whitespaces`).
    pub remove_extra_whitespaces: Option<bool>,
    /// A SentencePiece normalization map is present (`precompiled_charsmap`).
    pub has_precompiled_charsmap: bool,
}

/// A Jinja template that writes a conversation as the model expects it. It comes from the file: treat it as hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatTemplate {
    /// `None` for the default one, otherwise for example `tool_use`.
    pub name: Option<String>,
    /// The template.
    pub source: String,
}

/// Everything a tokenizer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// Which tokenizer.
    pub model: VocabularyModel,
    /// Which way of splitting text into words, for `gpt2` (`tokenizer.ggml.pre`).
    pub pre: Option<String>,
    /// The tokens in the order of their ids.
    pub tokens: StringTable,
    /// One score for each token, or empty.
    pub scores: Vec<f32>,
    /// One type for each token, or empty.
    pub token_types: Vec<TokenType>,
    /// Merges in the order of their rank, each two pieces with a space between; or empty.
    pub merges: StringTable,
    /// Ids with a role.
    pub special: SpecialTokens,
    /// How text is prepared.
    pub flags: TokenizerFlags,
    /// The chat templates, the default one first.
    pub chat_templates: Vec<ChatTemplate>,
}

impl Vocabulary {
    /// Whether ids mean the same to both, but for a few at the end that one has more: some families pad their larger
    /// models.
    #[must_use]
    pub fn speaks_like(&self, other: &Self) -> bool {
        let shared = self.tokens.len().min(other.tokens.len());
        self.model == other.model
            && self.tokens.len().abs_diff(other.tokens.len()) <= MOST_PADDING
            && self
                .tokens
                .iter()
                .take(shared)
                .eq(other.tokens.iter().take(shared))
    }

    /// The default chat template.
    pub fn chat_template(&self) -> Option<&str> {
        let default = self
            .chat_templates
            .iter()
            .find(|template| template.name.is_none())?;
        Some(&default.source)
    }
}

/// Reads the vocabulary of the file at `path`, whose header is `header`. Of a model in shards it is in the first.
///
/// # Errors
/// As for [`read_vocabulary`], and if the file cannot be opened.
pub fn open_vocabulary(path: impl AsRef<Path>, header: &Header) -> Result<Vocabulary, HeaderError> {
    let (mut file, _): (File, u64) = open_file(path.as_ref())?;
    read_vocabulary(&mut file, header)
}

/// Reads the vocabulary from the file whose header is `header`.
///
/// Memory is bounded by the bytes really read: at most 1.5 times the vocabulary's size in the file.
/// A special id that points outside the vocabulary is dropped.
///
/// # Errors
/// `tokenizer.ggml.model` or `tokenizer.ggml.tokens` is missing or of a wrong type, scores or types do not match
/// the tokens, or the file is cut short or unreadable.
pub fn read_vocabulary(
    source: &mut (impl Read + Seek),
    header: &Header,
) -> Result<Vocabulary, HeaderError> {
    read(source, header).map_err(|stop| match stop {
        Stop::Error(error) => error,
        Stop::NeedMore(_) => unreachable!("only a prefix asks for more"),
    })
}

fn read(source: &mut (impl Read + Seek), header: &Header) -> Result<Vocabulary, Stop> {
    let model = match header.get("tokenizer.ggml.model") {
        Some(value) => value
            .as_str()
            .ok_or_else(|| wrong("tokenizer.ggml.model", "a text", value))?,
        None => return Err(missing("tokenizer.ggml.model").into()),
    };
    let tokens = array(
        header,
        "tokenizer.ggml.tokens",
        &[ValueType::String],
        "a list of texts",
    )?
    .ok_or_else(|| missing("tokenizer.ggml.tokens"))?;
    let tokens = strings(source, header, tokens)?;

    let scores = numbers(
        source,
        header,
        "tokenizer.ggml.scores",
        ValueType::F32,
        tokens.len(),
        f32::from_le_bytes,
    )?;
    let token_types = numbers(
        source,
        header,
        "tokenizer.ggml.token_type",
        ValueType::I32,
        tokens.len(),
        |bytes| TokenType::from_id(i32::from_le_bytes(bytes)),
    )?;
    let merges = match array(
        header,
        "tokenizer.ggml.merges",
        &[ValueType::String],
        "a list of texts",
    )? {
        Some(merges) => strings(source, header, merges)?,
        None => StringTable::default(),
    };

    let id = |role: &str| {
        let id = header.unsigned(&format!("tokenizer.ggml.{role}_token_id"))?;
        u32::try_from(id)
            .ok()
            .filter(|&id| (id as usize) < tokens.len())
    };
    let special = SpecialTokens {
        bos: id("bos"),
        eos: id("eos"),
        eot: id("eot"),
        eom: id("eom"),
        unk: id("unknown"),
        sep: id("seperator").or_else(|| id("separator")),
        pad: id("padding"),
    };
    let flag = |name: &str| header.bool(&format!("tokenizer.ggml.{name}"));
    let flags = TokenizerFlags {
        add_bos: flag("add_bos_token"),
        add_eos: flag("add_eos_token"),
        add_space_prefix: flag("add_space_prefix"),
        remove_extra_whitespaces: flag("remove_extra_whitespaces"),
        has_precompiled_charsmap: header
            .array("tokenizer.ggml.precompiled_charsmap")
            .is_some_and(|map| map.len > 0),
    };
    let chat_templates = chat_templates(source, header)?;
    let pre = header.string("tokenizer.ggml.pre").map(str::to_owned);
    Ok(Vocabulary {
        model: VocabularyModel::from_name(model),
        pre,
        tokens,
        scores,
        token_types,
        merges,
        special,
        flags,
        chat_templates,
    })
}

fn missing(key: &str) -> HeaderError {
    HeaderError::MissingKey {
        key: key.to_owned(),
    }
}

fn wrong(key: &str, expected: &'static str, found: &Value) -> HeaderError {
    HeaderError::KeyType {
        key: key.to_owned(),
        expected,
        found: found.value_type(),
    }
}

fn array<'h>(
    header: &'h Header,
    key: &str,
    elements: &[ValueType],
    expected: &'static str,
) -> Result<Option<&'h Array>, HeaderError> {
    match header.get(key) {
        None => Ok(None),
        Some(Value::Array(array)) if array.len == 0 || elements.contains(&array.element) => {
            Ok(Some(array))
        }
        Some(other) => Err(wrong(key, expected, other)),
    }
}

fn strings(
    source: &mut (impl Read + Seek),
    header: &Header,
    array: &Array,
) -> Result<StringTable, Stop> {
    let mut table = StringTable::default();
    let mut input = FileInput::new(source, array.offset, header.file_len)?;
    for _ in 0..array.len {
        table.push_from(&mut input)?;
    }
    Ok(table)
}

/// Reads an array of four-byte numbers that must have one entry for each token; empty if the key is missing.
fn numbers<T>(
    source: &mut (impl Read + Seek),
    header: &Header,
    key: &str,
    element: ValueType,
    tokens: usize,
    convert: impl Fn([u8; 4]) -> T,
) -> Result<Vec<T>, Stop> {
    // Token types are i32 by the specification; u32 means the same.
    let accepted = if element == ValueType::I32 {
        &[ValueType::I32, ValueType::U32][..]
    } else {
        &[ValueType::F32]
    };
    let Some(array) = array(header, key, accepted, "a list of numbers")? else {
        return Ok(Vec::new());
    };
    if array.len != tokens as u64 {
        return Err(HeaderError::VocabularyLength {
            key: key.to_owned(),
            found: array.len,
            tokens: tokens as u64,
        }
        .into());
    }
    let mut input = FileInput::new(source, array.offset, header.file_len)?;
    let mut values = Vec::new();
    for _ in 0..array.len {
        values.push(convert(input.array()?));
    }
    Ok(values)
}

fn chat_templates(
    source: &mut (impl Read + Seek),
    header: &Header,
) -> Result<Vec<ChatTemplate>, Stop> {
    const DEFAULT: &str = "tokenizer.chat_template";
    let mut templates = Vec::new();
    for (key, value) in header.metadata.range(DEFAULT.to_owned()..) {
        let Some(rest) = key.strip_prefix(DEFAULT) else {
            break;
        };
        let name = match rest.strip_prefix('.') {
            Some(name) => Some(name.to_owned()),
            None if rest.is_empty() => None,
            // `tokenizer.chat_templates` lists the names.
            None => continue,
        };
        let text = match *value {
            Value::String(ref text) => text.clone(),
            Value::LongString { offset, .. } => {
                let mut table = StringTable::default();
                // The length of a string stands in the eight bytes before it.
                let mut input = FileInput::new(source, offset - 8, header.file_len)?;
                table.push_from(&mut input)?;
                String::from_utf8_lossy(table.get(0).unwrap_or_default()).into_owned()
            }
            _ => continue,
        };
        templates.push(ChatTemplate { name, source: text });
    }
    Ok(templates)
}
