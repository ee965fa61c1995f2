//! Byte-pair tokens (`gpt2`): inside each piece neighbours merge by rank, best first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::hash::FastMap;

/// No token, no symbol, no neighbour.
const NONE: u32 = u32::MAX;

/// The tables of a byte-pair vocabulary. Symbols are the tokens and whatever else merges make on the way.
#[derive(Debug)]
pub(super) struct BytePairs {
    symbols: FastMap<Box<[u8]>, u32>,
    /// The token that a symbol is, or [`NONE`].
    tokens: Vec<u32>,
    /// Rank and result of merging two symbols, keyed by both.
    merges: FastMap<u64, (u32, u32)>,
    byte_encoded: bool,
    ignore_merges: bool,
    newline_tokens: bool,
}

/// How a vocabulary is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) byte_encoded: bool,
    pub(super) ignore_merges: bool,
    pub(super) newline_tokens: bool,
}

#[derive(Debug)]
struct Node {
    symbol: u32,
    start: u32,
    /// 0 once merged into its left neighbour.
    length: u32,
    previous: u32,
    next: u32,
}

/// Rank and left node, so that the best and leftmost comes first; then the right node and the length of both when
/// this was noted, as a pair one of which has grown since is stale; then the symbol that they make.
type Pair = Reverse<(u32, u32, u32, u32, u32)>;

/// Memory that is used again for each piece.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    nodes: Vec<Node>,
    queue: BinaryHeap<Pair>,
}

impl BytePairs {
    /// `tokens` and `merges` as in the file.
    pub(super) fn new(tokens: &[Vec<u8>], merges: &[Vec<u8>], form: Form) -> Self {
        let mut table = Self {
            symbols: FastMap::default(),
            tokens: Vec::new(),
            merges: FastMap::default(),
            byte_encoded: form.byte_encoded,
            ignore_merges: form.ignore_merges,
            newline_tokens: form.newline_tokens,
        };
        table.symbols.reserve(tokens.len());
        table.merges.reserve(merges.len());
        let plain = |text: &[u8]| {
            if form.byte_encoded {
                alphabet::decode(text)
            } else {
                Some(text.to_vec())
            }
        };
        for (id, token) in (0..).zip(tokens) {
            if let Some(bytes) = plain(token) {
                let symbol = table.intern(bytes);
                table.tokens[symbol as usize] = id;
            }
        }
        for (rank, merge) in (0..).zip(merges) {
            // A space at the very front belongs to the left part.
            let Some(space) = merge.iter().skip(1).position(|byte| *byte == b' ') else {
                continue;
            };
            let (Some(left), Some(right)) =
                (plain(&merge[..space + 1]), plain(&merge[space + 2..]))
            else {
                continue;
            };
            if left.is_empty() || right.is_empty() {
                continue;
            }
            let union = [left.as_slice(), right.as_slice()].concat();
            let key = pair_key(table.intern(left), table.intern(right));
            let result = table.intern(union);
            table.merges.entry(key).or_insert((rank, result));
        }
        table
    }

    fn intern(&mut self, bytes: Vec<u8>) -> u32 {
        let next = self.tokens.len() as u32;
        let symbol = *self.symbols.entry(bytes.into_boxed_slice()).or_insert(next);
        if symbol == next {
            self.tokens.push(NONE);
        }
        symbol
    }

    fn token(&self, bytes: &[u8]) -> Option<u32> {
        let symbol = self.symbols.get(bytes)?;
        Some(self.tokens[*symbol as usize]).filter(|token| *token != NONE)
    }

    /// Appends the tokens of one piece.
    pub(super) fn encode(&self, piece: &str, workspace: &mut Workspace, ids: &mut Vec<u32>) {
        let whole =
            self.ignore_merges || (self.newline_tokens && piece.bytes().all(|byte| byte == b'\n'));
        if whole && let Some(token) = self.token(piece.as_bytes()) {
            ids.push(token);
            return;
        }
        let Workspace { nodes, queue } = workspace;
        nodes.clear();
        queue.clear();
        let mut add = |start: usize, bytes: &[u8]| {
            let symbol = self.symbols.get(bytes).copied().unwrap_or(NONE);
            let index = nodes.len() as u32;
            let (start, length) = (start as u32, bytes.len() as u32);
            nodes.push(Node {
                symbol,
                start,
                length,
                previous: index.wrapping_sub(1),
                next: index + 1,
            });
        };
        if self.byte_encoded {
            piece
                .as_bytes()
                .iter()
                .enumerate()
                .for_each(|(start, byte)| add(start, &[*byte]));
        } else {
            let bytes = |(start, character): (usize, char)| {
                add(start, character.encode_utf8(&mut [0; 4]).as_bytes())
            };
            piece.char_indices().for_each(bytes);
        }
        if let Some(last) = nodes.last_mut() {
            last.next = NONE;
        }
        queue
            .extend((1..nodes.len() as u32).filter_map(|right| self.pair(nodes, right - 1, right)));
        while let Some(Reverse((_, left, right, length, symbol))) = queue.pop() {
            let [first, second] = [&nodes[left as usize], &nodes[right as usize]];
            if first.length == 0 || second.length == 0 || first.length + second.length != length {
                continue;
            }
            let (previous, next) = (first.previous, second.next);
            nodes[right as usize].length = 0;
            let merged = &mut nodes[left as usize];
            merged.symbol = symbol;
            merged.length = length;
            merged.next = next;
            if next != NONE {
                nodes[next as usize].previous = left;
            }
            queue.extend(self.pair(nodes, previous, left));
            queue.extend(self.pair(nodes, left, next));
        }
        for node in nodes.iter().filter(|node| node.length > 0) {
            let token = self
                .tokens
                .get(node.symbol as usize)
                .copied()
                .unwrap_or(NONE);
            if token != NONE {
                ids.push(token);
            } else {
                let range = node.start as usize..(node.start + node.length) as usize;
                ids.extend(
                    piece.as_bytes()[range]
                        .iter()
                        .filter_map(|byte| self.byte_token(*byte)),
                );
            }
        }
    }

    fn pair(&self, nodes: &[Node], left: u32, right: u32) -> Option<Pair> {
        let (first, second) = (nodes.get(left as usize)?, nodes.get(right as usize)?);
        let (rank, symbol) = self.merges.get(&pair_key(first.symbol, second.symbol))?;
        Some(Reverse((
            *rank,
            left,
            right,
            first.length + second.length,
            *symbol,
        )))
    }

    /// What a byte becomes that is part of no token. llama.cpp looks for its GPT-2 character only if that is ASCII.
    fn byte_token(&self, byte: u8) -> Option<u32> {
        if self.byte_encoded {
            Some(byte)
                .filter(u8::is_ascii_graphic)
                .and_then(|byte| self.token(&[byte]))
        } else {
            self.token(format!("<0x{byte:02X}>").as_bytes())
        }
    }
}

fn pair_key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// The printable alphabet in which GPT-2 vocabularies write bytes.
pub(super) mod alphabet {
    /// The bytes that stand for themselves; the others follow from U+0100 on, in order.
    fn is_itself(byte: u8) -> bool {
        matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff)
    }

    /// The byte that a character stands for.
    pub(crate) fn byte_of(character: char) -> Option<u8> {
        let code = u32::from(character);
        if let Ok(byte) = u8::try_from(code) {
            return Some(byte).filter(|byte| is_itself(*byte));
        }
        // The other bytes, in order: 0x00 to 0x20, 0x7f to 0xa0, and 0xad.
        match code - 0x100 {
            offset @ 0..=0x20 => u8::try_from(offset).ok(),
            offset @ 0x21..=0x42 => u8::try_from(offset - 0x21 + 0x7f).ok(),
            0x43 => Some(0xad),
            _ => None,
        }
    }

    /// The bytes that a written token stands for; nothing if it is not written in this alphabet.
    pub(crate) fn decode(written: &[u8]) -> Option<Vec<u8>> {
        std::str::from_utf8(written)
            .ok()?
            .chars()
            .map(byte_of)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(table: &BytePairs, piece: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        table.encode(piece, &mut Workspace::default(), &mut ids);
        ids
    }

    fn table(tokens: &[&str], merges: &[&str], form: Form) -> BytePairs {
        let bytes = |words: &[&str]| {
            words
                .iter()
                .map(|word| word.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        BytePairs::new(&bytes(tokens), &bytes(merges), form)
    }

    const PLAIN: Form = Form {
        byte_encoded: true,
        ignore_merges: false,
        newline_tokens: false,
    };

    #[test]
    fn the_better_rank_merges_first_and_the_leftmost_on_a_tie() {
        let table = table(&["a", "b", "ab", "ba", "aa"], &["b a", "a b", "a a"], PLAIN);
        assert_eq!(encode(&table, "aba"), [0, 3]);
        assert_eq!(encode(&table, "aaa"), [4, 0]);
    }

    #[test]
    fn bytes_are_looked_up_in_the_gpt2_alphabet() {
        let table = table(&["Ã", "©", "Ã©", "Ġ"], &["Ã ©"], PLAIN);
        assert_eq!(encode(&table, "é"), [2]);
        assert_eq!(encode(&table, " "), [3]);
    }

    #[test]
    fn a_whole_piece_is_taken_where_merges_are_ignored() {
        let tokens = ["a", "b", "c", "abc"];
        assert_eq!(encode(&table(&tokens, &[], PLAIN), "abc"), [0, 1, 2]);
        assert_eq!(
            encode(
                &table(
                    &tokens,
                    &[],
                    Form {
                        ignore_merges: true,
                        ..PLAIN
                    }
                ),
                "abc"
            ),
            [3]
        );
    }

    #[test]
    fn raw_vocabularies_fall_back_to_byte_tokens() {
        let form = Form {
            byte_encoded: false,
            ignore_merges: false,
            newline_tokens: true,
        };
        let table = table(
            &["<0xC3>", "<0xA9>", "\n", "\n\n", "▁a", "▁", "a"],
            &["▁ a"],
            form,
        );
        assert_eq!(encode(&table, "é▁a"), [0, 1, 4]);
        assert_eq!(encode(&table, "\n\n"), [3]);
    }

    #[test]
    fn the_alphabet_covers_each_byte_once() {
        let bytes: Vec<u8> = ('!'..='\u{143}').filter_map(alphabet::byte_of).collect();
        let mut sorted = bytes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((bytes.len(), sorted.len()), (256, 256));
        assert_eq!(alphabet::decode("Ġa".as_bytes()), Some(b" a".to_vec()));
        assert_eq!(alphabet::decode("｜".as_bytes()), None);
    }
}
