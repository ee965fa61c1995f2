//! Text as a search compares it: without case, and without the diacritics of Latin, Greek and
//! Cyrillic letters.

use unicode_normalization::UnicodeNormalization;

use crate::title::collapse;

/// A text to find wherever it stands, also inside of words.
///
/// ```
/// use sirocco_chat::Needle;
/// let needle = Needle::new("CAFE au").expect("it is not blank");
/// assert!(needle.is_in("un café\nau lait"));
/// assert!(Needle::new(" ").is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Needle(String);

impl Needle {
    /// None for a text without a visible character.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let folded = fold(&collapse(text));
        (!folded.is_empty()).then_some(Self(folded))
    }

    /// Whether the text has it. One space stands for any space between words.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        fold(&collapse(text)).contains(&self.0)
    }
}

pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        fold_into(c, &mut folded);
    }
    folded
}

/// Adds what a character becomes; nothing for a diacritic.
pub(crate) fn fold_into(c: char, folded: &mut String) {
    if c.is_ascii() {
        folded.push(c.to_ascii_lowercase());
        return;
    }
    // Lower case first: some capitals are a small letter with a mark there.
    let plain = c.to_lowercase().nfd().filter(|c| !is_diacritic(*c));
    folded.extend(plain);
}

/// The block of marks that letters with diacritics are taken apart into. Marks of other scripts
/// are letters to those who write them.
pub(crate) fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_diacritics_are_folded_away_however_they_are_written() {
        for (text, folded) in [
            ("Äpfel", "apfel"),
            ("A\u{308}pfel", "apfel"),
            ("İstanbul", "istanbul"),
            ("ΑΘΉΝΑ", "αθηνα"),
            ("Й", "и"),
            ("Straße", "straße"),
            ("漢字 कि", "漢字 कि"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
