//! What tells that calls follow, and what stands between them.

use super::{HERMES, LLAMA, MISTRAL};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Hermes,
    Llama,
    /// An object without a mark: it is a call only if the name is that of a tool.
    Bare,
    Mistral,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    pub family: Family,
    /// A call has come behind the mark.
    pub called: bool,
    /// The list of Mistral's calls is open.
    pub in_list: bool,
}

/// The marks, each with the family that writes it.
pub const MARKS: [(&str, Family); 3] = [
    (HERMES, Family::Hermes),
    (LLAMA, Family::Llama),
    (MISTRAL, Family::Mistral),
];

impl Between {
    pub fn behind(family: Family) -> Self {
        Self {
            family,
            called: false,
            in_list: false,
        }
    }

    pub fn with_call(self) -> Self {
        Self {
            called: true,
            ..self
        }
    }

    /// Mistral's newer models put the name first.
    pub fn takes_name(self) -> bool {
        self.family == Family::Mistral && !self.in_list && !self.called
    }

    /// Passes over what stands between calls.
    pub fn skips(&mut self, next: char) -> bool {
        match self.family {
            Family::Hermes => false,
            Family::Llama | Family::Bare => next == ';' && self.called,
            Family::Mistral if self.in_list => {
                self.in_list = next != ']';
                next == ',' || next == ']'
            }
            Family::Mistral => {
                self.in_list = next == '[' && !self.called;
                self.in_list
            }
        }
    }
}

/// How many bytes at the end of `text` may be the beginning of a mark.
pub fn longest_partial(text: &str) -> usize {
    MARKS
        .iter()
        .flat_map(|(mark, _)| (1..mark.len()).filter(|length| text.ends_with(&mark[..*length])))
        .max()
        .unwrap_or(0)
}
