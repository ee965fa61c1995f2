//! Ends numbers that would go on for ever: JSON sets no limit to their digits, and small models write them until the
//! room for the answer is used up.

use std::sync::Arc;

use toktrie::{SimpleVob, TokTrie};

/// The longest row of digits: that of the largest integer of 64 bits, and more than a double keeps.
const MOST_DIGITS: usize = 20;

/// The tokens that begin with a digit.
pub(super) fn beginning_with_digits(tokens: &TokTrie) -> SimpleVob {
    let mut set = tokens.alloc_token_set();
    for id in 0..u32::try_from(tokens.vocab_size()).unwrap_or(u32::MAX) {
        if tokens.token(id).first().is_some_and(u8::is_ascii_digit) {
            set.allow_token(id);
        }
    }
    set
}

/// Follows JSON as far as its numbers go.
pub(super) struct Numbers {
    beginning_with_digits: Arc<SimpleVob>,
    in_text: bool,
    escaped: bool,
    /// In a row, outside of texts.
    digits: usize,
}

impl Numbers {
    pub(super) fn new(beginning_with_digits: &Arc<SimpleVob>) -> Self {
        Self {
            beginning_with_digits: Arc::clone(beginning_with_digits),
            in_text: false,
            escaped: false,
            digits: 0,
        }
    }

    /// The answer goes on with these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let was_escaped = std::mem::take(&mut self.escaped);
            match byte {
                b'\\' if self.in_text && !was_escaped => self.escaped = true,
                b'"' if !was_escaped => self.in_text = !self.in_text,
                _ => {}
            }
            let is_counted = !self.in_text && byte.is_ascii_digit();
            self.digits = if is_counted { self.digits + 1 } else { 0 };
        }
    }

    /// Takes further digits away, unless the form wants them.
    pub(super) fn limit(&self, allowed: &mut SimpleVob) {
        if self.digits < MOST_DIGITS {
            return;
        }
        let mut without = allowed.clone();
        without.sub(&self.beginning_with_digits);
        if !without.is_zero() {
            *allowed = without;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_taken_away_where_something_else_may_come() {
        let set = |ids: &[u32]| {
            let mut set = SimpleVob::alloc(4);
            ids.iter().for_each(|id| set.allow_token(*id));
            set
        };
        let mut numbers = Numbers::new(&Arc::new(set(&[0, 1])));
        for (digits, allowed, expected) in [
            (19, [0, 2].as_slice(), [0, 2].as_slice()),
            (20, &[0, 2], &[2]),
            (20, &[0, 1], &[0, 1]),
        ] {
            numbers.digits = digits;
            let mut left = set(allowed);
            numbers.limit(&mut left);
            assert_eq!(left, set(expected), "{digits} {allowed:?}");
        }
    }

    #[test]
    fn digits_count_outside_of_texts_only() {
        for (json, digits) in [
            ("12", 2),
            ("-1.234", 3),
            ("[1,2", 1),
            (r#"{"a1": "12"#, 0),
            (r#"{"a\"1": 12"#, 2),
            (r#""\\"123"#, 3),
            ("1e12 ", 0),
        ] {
            let mut numbers = Numbers::new(&Arc::new(SimpleVob::alloc(1)));
            numbers.take(json.as_bytes());
            assert_eq!(numbers.digits, digits, "{json}");
        }
    }
}
