//! A text that grows only so far.

use std::fmt;

use crate::{ExtractError, MOST_TEXT_BYTES};

/// A text of at most [`MOST_TEXT_BYTES`]. What comes behind that is dropped, and [`Self::finish`] says so.
#[derive(Default)]
pub struct Bounded {
    text: String,
    is_full: bool,
}

impl Bounded {
    pub fn push(&mut self, text: &str) {
        self.is_full |= self.text.len() + text.len() > MOST_TEXT_BYTES;
        if !self.is_full {
            self.text.push_str(text);
        }
    }

    /// Whether anything more is dropped: whoever reads on does so for nothing.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Takes blanks away that stand at the end.
    pub fn trim_end(&mut self) {
        self.text.truncate(self.text.trim_end().len());
    }

    pub fn finish(self) -> Result<String, ExtractError> {
        if self.is_full {
            Err(ExtractError::TooMuchText)
        } else {
            Ok(self.text)
        }
    }
}

impl fmt::Write for Bounded {
    /// Ends what writes into it once it is full.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        if self.is_full {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

impl<'a> pdf_extract::ConvertToFmt for &'a mut Bounded {
    type Writer = &'a mut Bounded;

    fn convert(self) -> Self::Writer {
        self
    }
}
