//! Splitting by a regular expression, the way llama.cpp reads them.
//!
//! llama.cpp matches with the C++ standard library, which knows no Unicode classes. So every character beyond ASCII
//! is first replaced by one that stands for its class ("collapsed"), and `\p{L}` and its kin by what stands for it
//! plus the ASCII members. That makes `\p{Lu}` mean any letter beyond ASCII, for one; ids must match, so do we.
//! A pattern without classes sees the characters themselves, only their white space made ASCII.

use fancy_regex::{Regex, RegexBuilder};

use super::characters::Class;
use super::splitters::Chunk;

/// `\s+(?!\S)|\s+` at the end of a pattern is done by hand: without look-around the rest runs in linear time.
const SPACES: &str = r"\s+(?!\S)|\s+";

const NUMBER: char = '\u{d1}';
const LETTER: char = '\u{d2}';
const PUNCTUATION: char = '\u{d3}';
const MARK: char = '\u{d4}';
const SYMBOL: char = '\u{d5}';
const OTHER: char = '\u{d0}';
const SPACE: char = '\u{b}';

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    collapsed: bool,
    /// A run of white space leaves its last character to the word that follows.
    leaves_last_space: bool,
    /// `\s*[\r\n]+` comes first: white space that ends in a newline is one piece.
    ends_at_newline: bool,
}

impl Pattern {
    /// Compiles one of the patterns of the table in [`super::rules`].
    pub(super) fn new(pattern: &str) -> Self {
        let collapsed = pattern.contains(r"\p{");
        let ends_at_newline = pattern.contains(r"\s*[\r\n]");
        let leaves_last_space = pattern.ends_with(SPACES);
        let pattern = match pattern.strip_suffix(SPACES) {
            Some(head) => format!(r"{head}\s+"),
            None => pattern.to_owned(),
        };
        let letters = format!("[{LETTER}A-Za-z]");
        let classes = [
            (r"\p{N}", format!("[{NUMBER}0-9]")),
            (r"\p{M}", format!("[{MARK}]")),
            (r"\p{P}", format!(r"[{PUNCTUATION}!-#%-*,-/:;?@\[-\]_{{}}]")),
            (r"\p{S}", format!(r"[{SYMBOL}$+<=>^`|\~]")),
            (r"\p{L}", letters.clone()),
            (r"\p{Lu}", letters.clone()),
            (r"\p{Ll}", letters.clone()),
            (r"\p{Lt}", letters.clone()),
            (r"\p{Lm}", letters.clone()),
            (r"\p{Lo}", letters),
            (r"\S", r"[^\t\n\x0b\x0c\r ]".to_owned()),
            (r"\s", r"[\t\n\x0b\x0c\r ]".to_owned()),
            (r"\d", "[0-9]".to_owned()),
        ];
        let pattern = classes.iter().fold(pattern, |pattern, (class, members)| {
            pattern.replace(class, members)
        });
        let regex = RegexBuilder::new(&pattern)
            .backtrack_limit(10_000_000)
            .build()
            .expect("the table's patterns are compiled by a test");
        Self {
            regex,
            collapsed,
            leaves_last_space,
            ends_at_newline,
        }
    }

    /// The text as this pattern sees it, one character for each character.
    pub(super) fn view(&self, text: Chunk) -> View {
        let mut view = String::with_capacity(text.characters.len());
        for (character, class) in text.characters.iter().zip(text.classes) {
            let seen = match (character.is_ascii(), class) {
                (false, Class::Space) => SPACE,
                (false, class) if self.collapsed => match class {
                    Class::Number => NUMBER,
                    Class::Letter => LETTER,
                    Class::Punctuation => PUNCTUATION,
                    Class::Mark => MARK,
                    Class::Symbol => SYMBOL,
                    Class::Other | Class::Space => OTHER,
                },
                _ => *character,
            };
            view.push(seen);
        }
        View { text: view, at: 0 }
    }

    /// Splits the next `length` characters of `view`: matches and what lies between them become pieces.
    pub(super) fn split(&self, view: &mut View, length: usize, lengths: &mut Vec<usize>) {
        let rest = &view.text[view.at..];
        let size = rest
            .char_indices()
            .nth(length)
            .map_or(rest.len(), |(at, _)| at);
        let chunk = &rest[..size];
        let mut at = 0;
        let mut counted = 0;
        // A regular expression that gives up leaves the rest in one piece: slower to merge, but nothing is lost.
        while let Ok(Some(found)) = self.regex.find_from_pos(chunk, at) {
            let end = self.end_of(chunk, found.start(), found.end());
            if found.start() > at {
                counted += push(lengths, &chunk[at..found.start()]);
            }
            counted += push(lengths, &chunk[found.start()..end]);
            at = end;
            if at == size {
                break;
            }
        }
        if counted < length {
            lengths.push(length - counted);
        }
        view.at += size;
    }

    /// Where a match really ends, once white space has left its last character to the next word.
    fn end_of(&self, chunk: &str, start: usize, end: usize) -> usize {
        if !self.leaves_last_space || end == chunk.len() {
            return end;
        }
        let found = &chunk[start..end];
        let spaces = found
            .bytes()
            .all(|byte| matches!(byte, b'\t'..=b'\r' | b' '));
        let kept_whole = self.ends_at_newline && found.ends_with(['\r', '\n']);
        if spaces && found.len() > 1 && !kept_whole {
            end - 1
        } else {
            end
        }
    }
}

fn push(lengths: &mut Vec<usize>, piece: &str) -> usize {
    let length = piece.chars().count();
    lengths.push(length);
    length
}

/// A text as a pattern sees it, and how far it is split.
#[derive(Debug)]
pub(super) struct View {
    text: String,
    at: usize,
}
