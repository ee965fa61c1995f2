//! Our tokenizer as llguidance wants it: a tree of what all tokens stand for, and a way from text to tokens.

use std::sync::Arc;

use toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::language::{CALL_TOKENS, Language};
use crate::tokenizer::{EncodeOptions, Tokenizer};

/// Stands for the end of an answer in vocabularies without a token for it.
const NO_TOKEN: u32 = u32::MAX;

pub(super) struct Vocabulary {
    language: Arc<Language>,
    trie: TokTrie,
    /// Marks of calls that are tokens, with those.
    marks: Vec<(&'static str, u32)>,
}

impl Vocabulary {
    pub fn new(language: Arc<Language>) -> Self {
        let tokenizer = &language.tokenizer;
        let count = tokenizer.vocabulary_size() as u32;
        let words: Vec<Vec<u8>> = (0..count).map(|id| word(tokenizer, id)).collect();
        let marks = (0..count)
            .filter_map(|id| Some((mark_of(tokenizer, id)?, id)))
            .collect();
        let ends = tokenizer.end_of_generation_ids();
        let first_end = ends.first().copied().unwrap_or(NO_TOKEN);
        let mut trie = TokTrie::from(&TokRxInfo::new(count, first_end), &words);
        if !ends.is_empty() {
            trie = trie.with_eos_tokens(&ends);
        }
        Self {
            language,
            trie,
            marks,
        }
    }

    /// The tokens of text that stands in the middle of an answer.
    fn encode(&self, text: &str, ids: &mut Vec<TokenId>) {
        let tokenizer = &self.language.tokenizer;
        let encoded = tokenizer.encode(text, EncodeOptions::default());
        let are_it = |ids: &[u32]| {
            let bytes = ids.iter().flat_map(|id| tokenizer.token_bytes(*id));
            bytes.eq(text.as_bytes())
        };
        if are_it(&encoded) {
            ids.extend(encoded);
        } else if encoded.get(1..).is_some_and(are_it) {
            // SentencePiece begins every text with a space.
            ids.extend(&encoded[1..]);
        } else {
            ids.extend(self.trie.greedy_tokenize(text.as_bytes()));
        }
    }

    fn encode_with_marks(&self, text: &str) -> Vec<TokenId> {
        let mut ids = Vec::new();
        let mut rest = text;
        while let Some((at, mark, id)) = self.first_mark(rest) {
            self.encode(&rest[..at], &mut ids);
            ids.push(id);
            rest = &rest[at + mark.len()..];
        }
        self.encode(rest, &mut ids);
        ids
    }

    fn first_mark(&self, text: &str) -> Option<(usize, &'static str, u32)> {
        self.marks
            .iter()
            .filter_map(|(mark, id)| Some((text.find(mark)?, *mark, *id)))
            .min()
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie
            .tokenize_with_greedy_fallback(bytes, |text| self.encode_with_marks(text))
    }
}

/// What a token stands for. Those that steer the model are no text, but for the marks of calls: an answer that has to
/// be a call is written with them.
fn word(tokenizer: &Tokenizer, id: u32) -> Vec<u8> {
    let bytes = tokenizer.token_bytes(id);
    let steers = tokenizer.is_control(id) || tokenizer.is_end_of_generation(id);
    if steers && mark_of(tokenizer, id).is_none() {
        [&[TokTrie::SPECIAL_TOKEN_MARKER], bytes].concat()
    } else {
        bytes.to_vec()
    }
}

fn mark_of(tokenizer: &Tokenizer, id: u32) -> Option<&'static str> {
    let bytes = tokenizer.token_bytes(id);
    CALL_TOKENS
        .into_iter()
        .find(|mark| mark.as_bytes() == bytes)
}
