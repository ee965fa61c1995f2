//! What a person looks for, read from what was typed.

use std::ops::Range;

use crate::fold::{fold, is_diacritic};

/// So many words are enough to find anything; more of them would only be slower.
const MOST: usize = 32;

/// Words and phrases, all of which must occur.
///
/// ```
/// use sirocco_chat::SearchTerms;
/// let terms = SearchTerms::read("rust \"borrow checker\" erro");
/// assert_eq!(terms.phrases, ["rust", "borrow checker", "erro"]);
/// assert!(terms.last_is_prefix);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchTerms {
    /// Each as it was typed: a word, or the words between two quotation marks.
    pub phrases: Vec<String>,
    /// The last word may be the beginning of one: it is still being typed.
    pub last_is_prefix: bool,
}

/// A word to look for in a text.
pub(crate) struct Wanted {
    /// Without case and diacritics.
    pub folded: String,
    /// Words that begin with it count too.
    pub is_prefix: bool,
    /// It counts wherever it stands in a run of letters.
    pub is_inside: bool,
}

impl SearchTerms {
    /// Any text will do. What has neither a letter nor a digit is not looked for, nor is what comes
    /// after 32 words or phrases. A quotation mark without another one begins a phrase that is
    /// still being typed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut terms = Self::default();
        let mut parts = text.split('"').enumerate().peekable();
        while let Some((number, part)) = parts.next() {
            let is_phrase = number % 2 == 1;
            let is_closed = is_phrase && parts.peek().is_some();
            if is_phrase {
                terms.add(part.trim(), is_closed);
            } else {
                for word in part.split_whitespace() {
                    terms.add(word, false);
                }
            }
        }
        terms
    }

    /// They must be looked for inside of words: some are of a script that puts no spaces between them.
    ///
    /// ```
    /// use sirocco_chat::SearchTerms;
    /// assert!(SearchTerms::read("文法").inside_words());
    /// assert!(!SearchTerms::read("grammar").inside_words());
    /// ```
    #[must_use]
    pub fn inside_words(&self) -> bool {
        let mut phrases = self.phrases.iter();
        phrases.any(|phrase| phrase.chars().any(is_unspaced))
    }

    fn add(&mut self, phrase: &str, is_closed: bool) {
        let Some(last) = words(phrase).last() else {
            return;
        };
        if self.phrases.len() == MOST {
            return;
        }
        self.phrases.push(phrase.to_owned());
        // One letter begins too many words to be of use; a sign of a script that has one for a
        // word does not.
        let last = &phrase[last];
        self.last_is_prefix = !is_closed && last.len() > 1;
    }

    /// Each word of each phrase, for finding them in a text again.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = self
            .phrases
            .iter()
            .flat_map(|phrase| words(phrase).map(|word| fold(&phrase[word])))
            .map(|folded| Wanted {
                is_inside: folded.chars().any(is_unspaced),
                folded,
                is_prefix: false,
            })
            .collect();
        if let Some(last) = wanted.last_mut() {
            last.is_prefix = self.last_is_prefix;
        }
        wanted
    }
}

/// Chinese, Japanese, Thai, Lao, Burmese and Khmer: a run of letters is not one word there.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The words of a text: runs of letters and digits, as the index of the database has them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || is_diacritic(c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(char::is_alphanumeric)?;
        let length = text[start..].find(|c| !is_part(c));
        rest = length.map_or(text.len(), |length| start + length);
        Some(start..rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, bool) {
        let terms = SearchTerms::read(text);
        (terms.phrases, terms.last_is_prefix)
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        for (text, phrases, last_is_prefix) in [
            ("", &[][..], false),
            ("  sky  blue ", &["sky", "blue"], true),
            ("\"sky blue\"", &["sky blue"], false),
            ("\"sky blue\" why", &["sky blue", "why"], true),
            ("why \"sky bl", &["why", "sky bl"], true),
            ("\"\" -- \"!\" x", &["x"], false),
            ("read-only", &["read-only"], true),
            ("漢", &["漢"], true),
            ("AND \"", &["AND"], true),
        ] {
            let phrases: Vec<String> = phrases.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(read(text), (phrases, last_is_prefix), "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_looked_for_by_its_beginning() {
        let terms = SearchTerms::read(&"word ".repeat(1_000));
        assert_eq!(terms.phrases.len(), MOST);
    }

    #[test]
    fn words_keep_their_marks() {
        let text = "un cafe\u{301}, 2x (naïve)";
        let found: Vec<&str> = words(text).map(|word| &text[word]).collect();
        assert_eq!(found, ["un", "cafe\u{301}", "2x", "naïve"]);
    }
}
