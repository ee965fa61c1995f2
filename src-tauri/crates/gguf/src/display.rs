//! How names from a file and sizes appear in sentences.

use std::fmt;

/// Text from a file between backquotes: control characters replaced, cut after 80 characters.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", tidy(self.0, 80))
    }
}

/// One line of at most `limit` characters, without control characters and without the invisible ones that
/// reorder text.
pub(crate) fn tidy(text: &str, limit: usize) -> String {
    let mut tidied = String::new();
    for (index, character) in text.trim().chars().enumerate() {
        if index == limit {
            tidied.push('…');
            break;
        }
        let hidden = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        tidied.push(if character.is_control() || hidden {
            '\u{fffd}'
        } else {
            character
        });
    }
    tidied
}

/// Names joined as a sentence wants them: `A`, `B` and `C`.
pub(crate) struct Listed<'a, T>(pub &'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            let joint = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{joint}`{item}`")?;
        }
        Ok(())
    }
}

/// A size in bytes with decimal units, as download pages show it.
pub(crate) struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            bytes @ 0..1_000 => write!(f, "{bytes} bytes"),
            bytes @ 1_000..1_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes @ 1_000_000..1_000_000_000 => write!(f, "{:.1} MB", bytes as f64 / 1e6),
            bytes => write!(f, "{:.2} GB", bytes as f64 / 1e9),
        }
    }
}

/// A whole number with its thousands apart.
pub(crate) struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_one_short_line() {
        assert_eq!(Quoted("a\nb\u{202e}c").to_string(), "`a\u{fffd}b\u{fffd}c`");
        assert_eq!(tidy(&"x".repeat(500), 80).chars().count(), 81);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(Grouped(1_234_567).to_string(), "1,234,567");
        assert_eq!(Grouped(12).to_string(), "12");
        assert_eq!(Bytes(491_400_064).to_string(), "491.4 MB");
        assert_eq!(Listed(&["A", "B", "C"]).to_string(), "`A`, `B` and `C`");
    }
}
