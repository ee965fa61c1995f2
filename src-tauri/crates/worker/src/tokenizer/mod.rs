//! Text to token ids and back, exactly as llama.cpp does it, for the vocabularies of GGUF files.
//!
//! Two kinds: SentencePiece with scores (`llama`) and byte-pair merges (`gpt2`, `gemma4`). A prompt takes linear or
//! n log n time, whatever is in it. It deliberately normalises nothing: neither does llama.cpp, and what a person
//! wrote must come back unchanged. WordPiece, Unigram and RWKV vocabularies are refused: no chat model needs them.
//!
//! ```
//! use sirocco_worker::tokenizer::{EncodeOptions, Tokenizer, VocabularySource};
//! let source = VocabularySource {
//!     model: "gpt2".to_owned(),
//!     pre: Some("gpt-2".to_owned()),
//!     tokens: ["h", "i", "hi", "Ġ", "Ġhi"].map(|token| token.as_bytes().to_vec()).to_vec(),
//!     merges: ["h i", "Ġ hi"].map(|merge| merge.as_bytes().to_vec()).to_vec(),
//!     ..VocabularySource::default()
//! };
//! let tokenizer = Tokenizer::new(&source)?;
//! let ids = tokenizer.encode("hi hi", EncodeOptions::default());
//! assert_eq!(ids, [2, 4]);
//! assert_eq!(tokenizer.decode(&ids), "hi hi");
//! # Ok::<(), sirocco_worker::tokenizer::TokenizerError>(())
//! ```

mod attributes;
mod bpe;
mod breakers;
mod hash;
mod pre;
mod sentencepiece;
mod special;
mod stream;
mod vocabulary;

use std::fmt;

use attributes::{Attributes, attributes_of};
use bpe::{BytePairs, Form, Workspace};
use pre::{PreTokenizer, rules_for};
use sentencepiece::SentencePiece;
use special::{Fragment, SpecialTokens};
pub use stream::StreamDecoder;
pub use vocabulary::{TokenType, VocabularySource};

/// Why a vocabulary cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenizerError {
    /// `tokenizer.ggml.model` is of a kind this crate does not know.
    #[error("vocabulary model `{model}` is not supported")]
    UnsupportedModel {
        /// The name in the file.
        model: String,
    },
    /// There are no tokens, or more than ids can count.
    #[error("the vocabulary has {count} tokens")]
    TokenCount {
        /// How many there are.
        count: usize,
    },
    /// A byte-pair vocabulary comes without merges.
    #[error("the vocabulary has no merges")]
    NoMerges,
    /// A list that must have one entry for each token has not.
    #[error("the vocabulary has {tokens} tokens but {found} {list}")]
    Length {
        /// `scores` or `types`.
        list: &'static str,
        /// Tokens there are.
        tokens: usize,
        /// Entries there are.
        found: usize,
    },
}

/// How text is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Add the beginning- and end-of-sequence tokens that the model wants.
    pub add_special: bool,
    /// Take text like `<|im_end|>` for the control token it names. Never for what a person wrote.
    pub parse_special: bool,
}

enum Kind {
    SentencePiece {
        table: SentencePiece,
        add_space_prefix: bool,
    },
    BytePairs {
        table: BytePairs,
        pre: PreTokenizer,
        escape_spaces: bool,
    },
}

/// A vocabulary ready for use. It does not change; share it.
pub struct Tokenizer {
    kind: Kind,
    special: SpecialTokens,
    attributes: Vec<Attributes>,
    /// What all tokens stand for, one after the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    bos: Option<u32>,
    eos: Option<u32>,
    eot: Option<u32>,
    add_bos: bool,
    add_eos: bool,
    pre_is_known: bool,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::SentencePiece { .. } => "SentencePiece",
            Kind::BytePairs { .. } => "BytePairs",
        };
        formatter
            .debug_struct("Tokenizer")
            .field("kind", &kind)
            .field("tokens", &self.ends.len())
            .finish()
    }
}

const ESCAPED_SPACE: &str = "\u{2581}";

impl Tokenizer {
    /// Builds the tables.
    ///
    /// # Errors
    /// If the vocabulary is of an unknown kind or its parts do not fit together.
    pub fn new(source: &VocabularySource) -> Result<Self, TokenizerError> {
        check(source)?;
        let count = source.tokens.len();
        let within = |id: Option<u32>| id.filter(|id| (*id as usize) < count);
        let pre = if source.model == "gemma4" {
            Some("gemma4")
        } else {
            source.pre.as_deref()
        };
        let (rules, pre_is_known) = rules_for(pre);
        let (default_bos, default_eos) = match source.model.as_str() {
            "llama" => (Some(1), Some(2)),
            "gpt2" => (Some(11).filter(|_| !rules.no_default_bos), Some(11)),
            _ => (None, None),
        };
        let bos = within(source.bos).or(within(default_bos));
        let eos = within(source.eos).or(within(default_eos));
        let is_sentencepiece = source.model == "llama";
        let attributes = attributes_of(source, &[eos, within(source.eot), within(source.eom)]);
        let kind = if is_sentencepiece {
            let unknown = within(source.unknown.or(Some(0)));
            Kind::SentencePiece {
                table: SentencePiece::new(&source.tokens, &source.scores, unknown),
                add_space_prefix: source.add_space_prefix.unwrap_or(true),
            }
        } else {
            let form = Form {
                byte_encoded: rules.byte_encoded,
                ignore_merges: rules.ignore_merges,
                newline_tokens: rules.newline_tokens,
            };
            Kind::BytePairs {
                table: BytePairs::new(&source.tokens, &source.merges, form),
                pre: PreTokenizer::new(&rules),
                escape_spaces: !rules.byte_encoded,
            }
        };
        let mut bytes = Vec::with_capacity(source.tokens.iter().map(Vec::len).sum());
        let mut ends = Vec::with_capacity(count);
        for (token, attributes) in source.tokens.iter().zip(&attributes) {
            decode_token(
                token,
                *attributes,
                rules.byte_encoded && !is_sentencepiece,
                &mut bytes,
            );
            ends.push(bytes.len());
        }
        // llama.cpp begins every Gemma 4 prompt with this token, even if the file says not to.
        let forces_bos = rules.newline_tokens && !is_sentencepiece;
        Ok(Self {
            kind,
            special: SpecialTokens::new(&source.tokens, &attributes),
            eot: within(source.eot),
            attributes,
            bytes,
            ends,
            bos,
            eos,
            add_bos: source.add_bos.unwrap_or(if is_sentencepiece {
                true
            } else {
                rules.add_bos
            }) || forces_bos,
            add_eos: source.add_eos.unwrap_or(false),
            pre_is_known: pre_is_known || is_sentencepiece,
        })
    }

    /// The ids of `text`.
    pub fn encode(&self, text: &str, options: EncodeOptions) -> Vec<u32> {
        let mut ids = Vec::with_capacity(text.len() / 3 + 2);
        if options.add_special && self.add_bos {
            ids.extend(self.bos);
        }
        let fragments = self.special.partition(text, options.parse_special);
        match &self.kind {
            Kind::SentencePiece {
                table,
                add_space_prefix,
            } => {
                let mut after_special = true;
                for fragment in fragments {
                    match fragment {
                        Fragment::Token(id) => ids.push(id),
                        Fragment::Text(text) => {
                            let prefix = if *add_space_prefix && after_special {
                                ESCAPED_SPACE
                            } else {
                                ""
                            };
                            let escaped = [prefix, &text.replace(' ', ESCAPED_SPACE)].concat();
                            table.encode(&escaped, &mut ids);
                        }
                    }
                    after_special = matches!(fragment, Fragment::Token(_));
                }
            }
            Kind::BytePairs {
                table,
                pre,
                escape_spaces,
            } => {
                let mut workspace = Workspace::default();
                let mut encode = |text: &str, ids: &mut Vec<u32>| {
                    pre.split(text)
                        .into_iter()
                        .for_each(|piece| table.encode(piece, &mut workspace, ids));
                };
                for fragment in fragments {
                    match fragment {
                        Fragment::Token(id) => ids.push(id),
                        Fragment::Text(text) if *escape_spaces => {
                            encode(&text.replace(' ', ESCAPED_SPACE), &mut ids)
                        }
                        Fragment::Text(text) => encode(text, &mut ids),
                    }
                }
            }
        }
        if options.add_special && self.add_eos {
            ids.extend(self.eos);
        }
        ids
    }

    /// The text of `ids` without control tokens, and without the space that encoding put in front.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut decoder = self.stream_decoder(true);
        let mut text = String::new();
        for id in ids.iter().filter(|id| !self.is_control(**id)) {
            text.push_str(&decoder.push(self.token_bytes(*id)));
        }
        text.push_str(&decoder.finish());
        text
    }

    /// A decoder for tokens as they come; with `at_start` it drops the space that this vocabulary puts in front of
    /// the text that follows a special token.
    pub fn stream_decoder(&self, at_start: bool) -> StreamDecoder {
        let adds_space = matches!(
            self.kind,
            Kind::SentencePiece {
                add_space_prefix: true,
                ..
            }
        );
        StreamDecoder::new(at_start && adds_space)
    }

    /// The bytes that a token stands for: its written form for control tokens, none for ids out of range.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        let index = id as usize;
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..end]
    }

    /// The text of a token as a template wants it, such as `<s>` for `bos_token`.
    pub fn token_text(&self, id: u32) -> String {
        String::from_utf8_lossy(self.token_bytes(id)).into_owned()
    }

    /// Whether a token steers the model and is no text (control and unknown tokens).
    pub fn is_control(&self, id: u32) -> bool {
        self.attributes
            .get(id as usize)
            .is_some_and(|token| token.control || token.unknown)
    }

    /// Whether a token ends the answer.
    pub fn is_end_of_generation(&self, id: u32) -> bool {
        self.attributes
            .get(id as usize)
            .is_some_and(|token| token.end_of_generation)
    }

    /// Every token that ends an answer, ascending.
    pub fn end_of_generation_ids(&self) -> Vec<u32> {
        (0..)
            .zip(&self.attributes)
            .filter(|(_, token)| token.end_of_generation)
            .map(|(id, _)| id)
            .collect()
    }

    /// How many tokens there are; logits may have more columns.
    pub fn vocabulary_size(&self) -> usize {
        self.ends.len()
    }

    /// Beginning of sequence.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// End of sequence.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// End of turn, if the file names one.
    pub fn eot(&self) -> Option<u32> {
        self.eot
    }

    /// Whether `add_special` puts a beginning-of-sequence token first.
    pub fn adds_bos(&self) -> bool {
        self.add_bos && self.bos.is_some()
    }

    /// Whether the model's way of cutting text is known; otherwise ids may differ from those it was trained on.
    pub fn pre_is_known(&self) -> bool {
        self.pre_is_known
    }
}

fn check(source: &VocabularySource) -> Result<(), TokenizerError> {
    let tokens = source.tokens.len();
    if !["llama", "gpt2", "gemma4"].contains(&source.model.as_str()) {
        return Err(TokenizerError::UnsupportedModel {
            model: source.model.clone(),
        });
    }
    if tokens == 0 || i32::try_from(tokens).is_err() {
        return Err(TokenizerError::TokenCount { count: tokens });
    }
    // Kimi K2 files carry whole words only.
    if source.model != "llama"
        && source.merges.is_empty()
        && source.pre.as_deref() != Some("kimi-k2")
    {
        return Err(TokenizerError::NoMerges);
    }
    for (list, found) in [
        ("scores", source.scores.len()),
        ("types", source.types.len()),
    ] {
        if found != 0 && found != tokens {
            return Err(TokenizerError::Length {
                list,
                tokens,
                found,
            });
        }
    }
    Ok(())
}

/// Appends the bytes that a written token stands for.
fn decode_token(written: &[u8], attributes: Attributes, byte_encoded: bool, bytes: &mut Vec<u8>) {
    if attributes.control || attributes.unknown || attributes.user_defined {
        bytes.extend_from_slice(written);
    } else if attributes.normal && byte_encoded {
        bytes.extend(bpe::alphabet::decode(written).unwrap_or_else(|| written.to_vec()));
    } else if attributes.normal {
        let mut rest = written;
        while let Some(at) = rest
            .windows(3)
            .position(|part| part == ESCAPED_SPACE.as_bytes())
        {
            bytes.extend_from_slice(&rest[..at]);
            bytes.push(b' ');
            rest = &rest[at + 3..];
        }
        bytes.extend_from_slice(rest);
    } else if attributes.byte {
        let digits = written
            .get(3..5)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        bytes.extend(digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()));
    }
}

#[cfg(test)]
mod tests;
