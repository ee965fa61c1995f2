//! Token sequences in which a string may appear, for the sampler's DRY step.

use std::collections::BTreeSet;

use super::{EncodeOptions, Tokenizer};

/// Longest sequence worth looking for, after its first token.
const MAX_TAIL: usize = 20;

impl Tokenizer {
    /// Every way in which `text` may stand in a sequence of tokens: one token that contains it, or one that ends with
    /// its beginning followed by the tokens of the rest.
    pub fn sequences_containing(&self, text: &str) -> Vec<Vec<u32>> {
        let wanted = text.as_bytes();
        let mut sequences = BTreeSet::new();
        if wanted.is_empty() {
            return Vec::new();
        }
        for id in (0..).take(self.vocabulary_size()) {
            let token = self.token_bytes(id);
            if token.windows(wanted.len()).any(|part| part == wanted) {
                sequences.insert(vec![id]);
                continue;
            }
            let overlaps = (1..wanted.len().min(token.len() + 1))
                .filter(|length| token.ends_with(&wanted[..*length]));
            for length in overlaps {
                // A token may end inside a character, where no text can follow.
                let Some(rest) = text.get(length..) else {
                    continue;
                };
                let tail = self.encode_continuation(rest);
                sequences.insert(
                    std::iter::once(id)
                        .chain(tail.into_iter().take(MAX_TAIL))
                        .collect(),
                );
            }
        }
        sequences.into_iter().collect()
    }

    /// The ids of text that follows other text: without the space that begins a SentencePiece sequence.
    fn encode_continuation(&self, text: &str) -> Vec<u32> {
        let ids = self.encode(text, EncodeOptions::default());
        let is_prefix = |id: &u32| {
            self.stream_decoder(true)
                .push(self.token_bytes(*id))
                .is_empty()
        };
        match ids.split_first() {
            Some((first, rest)) if !text.starts_with(' ') && is_prefix(first) => rest.to_vec(),
            _ => ids,
        }
    }
}
