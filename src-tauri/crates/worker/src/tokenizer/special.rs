//! Cuts special tokens out of text before that is tokenized.

use super::attributes::Attributes;

/// A stretch of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fragment<'a> {
    Text(&'a str),
    Token(u32),
}

/// One special token.
#[derive(Debug)]
struct Special {
    id: u32,
    text: String,
    attributes: Attributes,
}

/// The special tokens of a vocabulary, longest first: a longer one wins wherever it stands.
#[derive(Debug)]
pub(super) struct SpecialTokens {
    tokens: Vec<Special>,
}

impl SpecialTokens {
    pub(super) fn new(tokens: &[Vec<u8>], attributes: &[Attributes]) -> Self {
        let special =
            (0..)
                .zip(tokens.iter().zip(attributes))
                .filter_map(|(id, (text, attributes))| {
                    // An empty text would match everywhere; one that is no UTF-8 can match nowhere.
                    let text = std::str::from_utf8(text)
                        .ok()
                        .filter(|text| !text.is_empty())?
                        .to_owned();
                    attributes.is_special().then_some(Special {
                        id,
                        text,
                        attributes: *attributes,
                    })
                });
        let mut tokens: Vec<Special> = special.collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.text.len()));
        Self { tokens }
    }

    /// Cuts `text`; control and unknown tokens are text unless `parse_special`.
    pub(super) fn partition<'a>(&self, text: &'a str, parse_special: bool) -> Vec<Fragment<'a>> {
        let mut fragments = if text.is_empty() {
            Vec::new()
        } else {
            vec![Fragment::Text(text)]
        };
        let present = Trigrams::of(text);
        for token in &self.tokens {
            if !parse_special && (token.attributes.control || token.attributes.unknown) {
                continue;
            }
            if !present.may_contain(&token.text) || !text.contains(&token.text) {
                continue;
            }
            let mut cut = Vec::with_capacity(fragments.len() + 2);
            for fragment in fragments {
                match fragment {
                    Fragment::Text(text) => token.cut(text, &mut cut),
                    Fragment::Token(_) => cut.push(fragment),
                }
            }
            fragments = cut;
        }
        fragments
    }
}

impl Special {
    /// Cuts this token out of one stretch of text.
    fn cut<'a>(&self, mut text: &'a str, fragments: &mut Vec<Fragment<'a>>) {
        let space = |character: char| matches!(character, ' ' | '\t'..='\r');
        while let Some(at) = text.find(&self.text) {
            let (mut before, mut after) = (&text[..at], &text[at + self.text.len()..]);
            if self.attributes.strips_left {
                before = before.trim_end_matches(space);
            }
            if self.attributes.strips_right {
                after = after.trim_start_matches(space);
            }
            if !before.is_empty() {
                fragments.push(Fragment::Text(before));
            }
            fragments.push(Fragment::Token(self.id));
            text = after;
        }
        if !text.is_empty() {
            fragments.push(Fragment::Text(text));
        }
    }
}

/// Which sequences of three bytes occur in a text, up to collisions: vocabularies have thousands of special tokens
/// of which a prompt contains a handful, and looking for each would cost a pass over the prompt.
struct Trigrams {
    bits: Vec<u64>,
}

const TRIGRAM_BITS: u32 = 18;

impl Trigrams {
    fn of(text: &str) -> Self {
        let mut bits = vec![0; 1 << (TRIGRAM_BITS - 6)];
        for trigram in text.as_bytes().windows(3) {
            let slot = Self::slot(trigram);
            bits[slot / 64] |= 1 << (slot % 64);
        }
        Self { bits }
    }

    fn slot(trigram: &[u8]) -> usize {
        let packed = trigram
            .iter()
            .fold(0u32, |packed, byte| packed << 8 | u32::from(*byte));
        (packed.wrapping_mul(0x9e37_79b1) >> (32 - TRIGRAM_BITS)) as usize
    }

    fn may_contain(&self, text: &str) -> bool {
        text.as_bytes().windows(3).all(|trigram| {
            let slot = Self::slot(trigram);
            self.bits[slot / 64] >> (slot % 64) & 1 == 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Fragment::{Text, Token};

    fn tokens(rows: &[(&str, Attributes)]) -> SpecialTokens {
        let texts: Vec<Vec<u8>> = rows
            .iter()
            .map(|(text, _)| text.as_bytes().to_vec())
            .collect();
        let attributes: Vec<Attributes> = rows.iter().map(|(_, attributes)| *attributes).collect();
        SpecialTokens::new(&texts, &attributes)
    }

    fn control() -> Attributes {
        Attributes {
            control: true,
            ..Attributes::default()
        }
    }

    #[test]
    fn the_longest_token_wins_wherever_it_stands() {
        let tokens = tokens(&[
            ("<a>", control()),
            ("<a><b>", control()),
            ("b><", control()),
        ]);
        assert_eq!(
            tokens.partition("x<a><b><a>", true),
            [Text("x"), Token(1), Token(0)]
        );
        assert_eq!(tokens.partition("", true), []);
    }

    #[test]
    fn control_tokens_are_text_unless_asked_for_and_user_defined_ones_never() {
        let user_defined = Attributes {
            user_defined: true,
            ..Attributes::default()
        };
        let tokens = tokens(&[("<c>", control()), ("<u>", user_defined)]);
        assert_eq!(tokens.partition("<c><u>", false), [Text("<c>"), Token(1)]);
        assert_eq!(tokens.partition("<c><u>", true), [Token(0), Token(1)]);
    }

    #[test]
    fn tokens_swallow_the_white_space_they_are_told_to() {
        let right = Attributes {
            strips_right: true,
            ..control()
        };
        let left = Attributes {
            strips_left: true,
            ..control()
        };
        let tokens = tokens(&[("<r>", right), ("<l>", left)]);
        assert_eq!(
            tokens.partition("a <r> \n b", true),
            [Text("a "), Token(0), Text("b")]
        );
        assert_eq!(
            tokens.partition("a \u{a0} <l> b", true),
            [Text("a \u{a0}"), Token(1), Text(" b")]
        );
    }

    #[test]
    fn short_tokens_are_found_too() {
        let tokens = tokens(&[("<>", control()), ("é", control())]);
        assert_eq!(
            tokens.partition("a<>é", true),
            [Text("a"), Token(0), Token(1)]
        );
    }
}
