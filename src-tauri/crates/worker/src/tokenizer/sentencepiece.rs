//! SentencePiece tokens (`llama`): neighbours merge as long as their union is a token, best score first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::hash::FastMap;

const NONE: usize = usize::MAX;

/// The tables of a SentencePiece vocabulary.
#[derive(Debug)]
pub(super) struct SentencePiece {
    ids: FastMap<Box<[u8]>, u32>,
    scores: Vec<f32>,
    longest: usize,
    /// The token of each byte, for text that is no token.
    bytes: Vec<Option<u32>>,
    unknown: Option<u32>,
}

/// A stretch of text that is a token or one character.
struct Symbol {
    start: usize,
    /// 0 once merged into its left neighbour.
    length: usize,
    previous: usize,
    next: usize,
}

/// A possible merge of two neighbours.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Of both when this was noted; a pair one of which has grown since is stale.
    length: usize,
}

impl Ord for Pair {
    /// Higher scores first, then the leftmost.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

impl SentencePiece {
    pub(super) fn new(tokens: &[Vec<u8>], scores: &[f32], unknown: Option<u32>) -> Self {
        let ids: FastMap<Box<[u8]>, u32> = (0..)
            .zip(tokens)
            .map(|(id, token)| (token.clone().into_boxed_slice(), id))
            .collect();
        let byte_token = |byte: u8| {
            let written = format!("<0x{byte:02X}>");
            ids.get(written.as_bytes())
                .or_else(|| ids.get([byte].as_slice()))
                .copied()
        };
        let bytes = (0..=255).map(byte_token).collect();
        // -0.0 and NaN would sort apart from what they mean.
        let score = |id| {
            scores.get(id).map_or(0.0, |score: &f32| {
                if score.is_nan() {
                    f32::MIN
                } else {
                    score + 0.0
                }
            })
        };
        Self {
            scores: (0..tokens.len()).map(score).collect(),
            longest: tokens.iter().map(Vec::len).max().unwrap_or(0),
            bytes,
            unknown,
            ids,
        }
    }

    /// Appends the tokens of `text`, in which spaces are U+2581 already.
    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        let bytes = text.as_bytes();
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(index, (start, character))| Symbol {
                start,
                length: character.len_utf8(),
                previous: index.checked_sub(1).unwrap_or(NONE),
                next: index + 1,
            })
            .collect();
        let Some(last) = symbols.last_mut() else {
            return;
        };
        last.next = NONE;
        let mut queue: BinaryHeap<Pair> = (1..symbols.len())
            .filter_map(|right| self.pair(bytes, &symbols, right - 1, right))
            .collect();
        while let Some(pair) = queue.pop() {
            let (left, right) = (pair.left, pair.right);
            let merged = symbols[left].length + symbols[right].length;
            if symbols[left].length == 0 || symbols[right].length == 0 || merged != pair.length {
                continue;
            }
            let next = symbols[right].next;
            symbols[left].length = merged;
            symbols[left].next = next;
            symbols[right].length = 0;
            if next != NONE {
                symbols[next].previous = left;
            }
            queue.extend(self.pair(bytes, &symbols, symbols[left].previous, left));
            queue.extend(self.pair(bytes, &symbols, left, next));
        }
        for symbol in symbols.iter().filter(|symbol| symbol.length > 0) {
            let piece = &bytes[symbol.start..symbol.start + symbol.length];
            match self.ids.get(piece) {
                Some(id) => ids.push(*id),
                None => ids.extend(
                    piece
                        .iter()
                        .filter_map(|byte| self.bytes[usize::from(*byte)].or(self.unknown)),
                ),
            }
        }
    }

    fn pair(&self, bytes: &[u8], symbols: &[Symbol], left: usize, right: usize) -> Option<Pair> {
        let (first, second) = (symbols.get(left)?, symbols.get(right)?);
        let length = first.length + second.length;
        if length > self.longest {
            return None;
        }
        let id = self.ids.get(&bytes[first.start..first.start + length])?;
        Some(Pair {
            score: self.scores[*id as usize],
            left,
            right,
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(tokens: &[(&str, f32)]) -> SentencePiece {
        let words: Vec<Vec<u8>> = tokens
            .iter()
            .map(|(token, _)| token.as_bytes().to_vec())
            .collect();
        let scores: Vec<f32> = tokens.iter().map(|(_, score)| *score).collect();
        SentencePiece::new(&words, &scores, Some(0))
    }

    fn encode(vocabulary: &SentencePiece, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        vocabulary.encode(text, &mut ids);
        ids
    }

    #[test]
    fn the_better_score_merges_first_and_the_leftmost_on_a_tie() {
        let v = vocabulary(&[
            ("<unk>", 0.0),
            ("a", 0.0),
            ("b", 0.0),
            ("ab", -2.0),
            ("ba", -1.0),
            ("aa", -3.0),
        ]);
        assert_eq!(encode(&v, "aba"), [1, 4]);
        assert_eq!(encode(&v, "aaa"), [5, 1]);
    }

    #[test]
    fn text_that_is_no_token_becomes_its_bytes() {
        let v = vocabulary(&[("<unk>", 0.0), ("<0xC3>", 0.0), ("<0xA9>", 0.0)]);
        assert_eq!(encode(&v, "é"), [1, 2]);
        assert_eq!(encode(&v, "x"), [0]);
        assert!(encode(&v, "").is_empty());
    }
}
