//! What kind of character a code point is, as far as pre-tokenizers ask.

use std::sync::LazyLock;

use super::categories::CLASSES;

/// The classes are disjoint: white space is never a letter, number, mark, punctuation or symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Controls, format characters, unassigned and private code points.
    Other,
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\p{M}`
    Mark,
    /// `\p{P}`
    Punctuation,
    /// `\p{S}`
    Symbol,
    /// `\s`
    Space,
}

const CODE_POINTS: usize = 0x11_0000;

static TABLE: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let mut table = vec![Class::Other; CODE_POINTS];
    for (class, runs) in CLASSES {
        for &(first, last) in runs {
            table[first as usize..=last as usize].fill(class);
        }
    }
    for (code, slot) in (0u8..0x80).zip(table.iter_mut()) {
        *slot = match code {
            b'0'..=b'9' => Class::Number,
            b'A'..=b'Z' | b'a'..=b'z' => Class::Letter,
            b'$' | b'+' | b'<' | b'=' | b'>' | b'^' | b'`' | b'|' | b'~' => Class::Symbol,
            0x21..=0x7e => Class::Punctuation,
            _ => Class::Other,
        };
    }
    for space in ('\0'..=char::MAX).filter(|character| character.is_whitespace()) {
        table[space as usize] = Class::Space;
    }
    table
});

/// The class of each character.
pub(super) fn classes_of(characters: &[char]) -> Vec<Class> {
    let table: &[Class] = &TABLE;
    characters
        .iter()
        .map(|character| table[*character as usize])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_the_class_that_unicode_gives_them() {
        let text: Vec<char> = "aß7½ \u{a0}\u{2028}.$́।中\u{1f600}\0".chars().collect();
        use Class::*;
        let expected = [
            Letter,
            Letter,
            Number,
            Number,
            Space,
            Space,
            Space,
            Punctuation,
            Symbol,
            Mark,
            Punctuation,
            Letter,
            Symbol,
            Other,
        ];
        assert_eq!(classes_of(&text), expected);
    }
}
