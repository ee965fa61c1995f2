//! Splits what a model writes into what it thinks and what it answers, while it writes.
//!
//! Reasoning models put their thoughts between `<think>` and `</think>` in front of the answer.
//! Some chat templates write the opening tag themselves, so that the answer begins inside.
//! Only thoughts in front of the answer count: a tag further down is the answer's own text.

use std::ops::AddAssign;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Where the model's text begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// In the answer, unless it opens with a tag.
    #[default]
    Content,
    /// Inside the thoughts: the prompt ends with the opening tag.
    Reasoning,
}

/// Where the answer to a rendered prompt begins.
///
/// ```
/// use sirocco_chat::{Start, start_of};
/// assert_eq!(start_of("<|im_start|>assistant\n<think>\n"), Start::Reasoning);
/// assert_eq!(start_of("<|im_start|>assistant\n<think>\n\n</think>\n\n"), Start::Content);
/// ```
#[must_use]
pub fn start_of(prompt: &str) -> Start {
    if prompt.trim_end().ends_with(OPEN) {
        Start::Reasoning
    } else {
        Start::Content
    }
}

/// Text to append to the answer and to the thoughts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Of the answer.
    pub content: String,
    /// Of the thoughts.
    pub reasoning: String,
}

impl Split {
    /// Nothing to append.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.is_empty() && self.reasoning.is_empty()
    }
}

impl AddAssign for Split {
    fn add_assign(&mut self, more: Self) {
        self.content.push_str(&more.content);
        self.reasoning.push_str(&more.reasoning);
    }
}

/// What a piece of text is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It may yet turn out to be the tag that opens the thoughts.
    Undecided,
    /// The thoughts, with their tags.
    Reasoning,
    /// The answer.
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing but white space so far, perhaps the beginning of a tag.
    Before,
    /// Right behind the opening tag, where white space says nothing.
    Opened,
    Reasoning,
    /// Right behind the closing tag, where white space says nothing.
    Closed,
    Content,
}

/// The parser. What it holds back is only what may still turn out to be a tag, or white space at
/// the edge of the thoughts; however the text is cut into pieces, the result is the same.
#[derive(Clone, Debug)]
pub struct ReasoningSplitter {
    place: Place,
    held: String,
}

impl ReasoningSplitter {
    /// A parser for a text that is about to begin.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self {
            place: match start {
                Start::Content => Place::Before,
                Start::Reasoning => Place::Opened,
            },
            held: String::new(),
        }
    }

    /// A parser for a text that goes on behind these words, as when a stopped answer is continued.
    #[must_use]
    pub fn resume(content: &str, reasoning: &str) -> Self {
        let place = match (content.is_empty(), reasoning.is_empty()) {
            (false, _) => Place::Content,
            (true, false) => Place::Reasoning,
            (true, true) => Place::Before,
        };
        Self {
            place,
            held: String::new(),
        }
    }

    /// Takes the next piece and answers what is certain now.
    pub fn push(&mut self, text: &str) -> Split {
        self.held.push_str(text);
        let mut split = Split::default();
        while self.step(&mut split) {}
        split
    }

    /// What the last piece was part of.
    #[must_use]
    pub fn part(&self) -> Part {
        match self.place {
            Place::Before => Part::Undecided,
            Place::Opened | Place::Reasoning | Place::Closed => Part::Reasoning,
            Place::Content => Part::Answer,
        }
    }

    /// The text is over: what was held back is no tag.
    pub fn finish(&mut self) -> Split {
        let held = std::mem::take(&mut self.held);
        let mut split = Split::default();
        match self.place {
            Place::Before | Place::Content => split.content = held,
            // Half a closing tag at the end of the thoughts says nothing to anybody.
            Place::Opened | Place::Reasoning => {
                let kept = held[..held.len() - partial(&held, CLOSE)].trim_end();
                let from = match self.place {
                    Place::Opened => kept.trim_start(),
                    _ => kept,
                };
                split.reasoning = from.to_owned();
            }
            Place::Closed => {}
        }
        split
    }

    /// Decides as much as possible at the current place; true if there is more to decide.
    fn step(&mut self, split: &mut Split) -> bool {
        match self.place {
            Place::Before => {
                let words = self.held.trim_start();
                if let Some(rest) = words.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                    self.place = Place::Opened;
                } else if OPEN.starts_with(words) {
                    return false;
                } else {
                    self.place = Place::Content;
                }
                true
            }
            Place::Opened => {
                // A model may repeat the tag that its template wrote already.
                let words = self.held.trim_start();
                if let Some(rest) = words.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                } else if OPEN.starts_with(words) {
                    return false;
                } else {
                    self.held = words.to_owned();
                    self.place = Place::Reasoning;
                }
                true
            }
            Place::Reasoning => {
                if let Some(at) = self.held.find(CLOSE) {
                    split.reasoning.push_str(self.held[..at].trim_end());
                    self.held.drain(..at + CLOSE.len());
                    self.place = Place::Closed;
                    return true;
                }
                let certain = self.held.len() - partial(&self.held, CLOSE);
                let certain = self.held[..certain].trim_end().len();
                split.reasoning.extend(self.held.drain(..certain));
                false
            }
            Place::Closed => {
                let words = self.held.trim_start();
                if words.is_empty() {
                    self.held.clear();
                    return false;
                }
                self.held = words.to_owned();
                self.place = Place::Content;
                true
            }
            Place::Content => {
                split.content.push_str(&self.held);
                self.held.clear();
                false
            }
        }
    }
}

/// How many bytes at the end of `text` are the beginning of `tag`.
fn partial(text: &str, tag: &str) -> usize {
    (1..tag.len())
        .rev()
        .find(|length| text.ends_with(&tag[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(start: Start, pieces: &[&str]) -> (String, String) {
        let mut splitter = ReasoningSplitter::new(start);
        let mut all = Split::default();
        for piece in pieces {
            all += splitter.push(piece);
        }
        all += splitter.finish();
        (all.reasoning, all.content)
    }

    #[test]
    fn thoughts_in_front_of_the_answer_are_split_off() {
        for (start, text, reasoning, content) in [
            (Start::Content, "hi", "", "hi"),
            (Start::Content, "  hi ", "", "  hi "),
            (Start::Content, "<think>a</think>b", "a", "b"),
            (
                Start::Content,
                "\n<think>\n a b \n</think>\n\n b\n",
                "a b",
                "b\n",
            ),
            (Start::Content, "<think>\n\n</think>\n\nb", "", "b"),
            (Start::Content, "<think>never closed ", "never closed", ""),
            (Start::Content, "<think>cut off </thi", "cut off", ""),
            (Start::Content, "<think", "", "<think"),
            (Start::Content, "<thinking>", "", "<thinking>"),
            (
                Start::Content,
                "use <think>x</think>",
                "",
                "use <think>x</think>",
            ),
            (
                Start::Content,
                "<think>a</think>b <think>c</think>",
                "a",
                "b <think>c</think>",
            ),
            (
                Start::Content,
                "<think>1 < 2 </ 3</think>yes",
                "1 < 2 </ 3",
                "yes",
            ),
            (Start::Reasoning, "a</think>b", "a", "b"),
            (Start::Reasoning, "\n<think>\na</think>b", "a", "b"),
            (Start::Reasoning, "</think>b", "", "b"),
            (Start::Reasoning, "only thoughts", "only thoughts", ""),
            (Start::Reasoning, "", "", ""),
            (Start::Content, "", "", ""),
        ] {
            let expected = (reasoning.to_owned(), content.to_owned());
            assert_eq!(split(start, &[text]), expected, "{start:?} {text:?}");
        }
    }

    #[test]
    fn words_are_not_held_back_longer_than_they_could_be_a_tag() {
        let mut splitter = ReasoningSplitter::new(Start::Content);
        assert!(splitter.push("<thi").is_empty());
        assert_eq!(splitter.push("s is").content, "<this is");
        assert_eq!(splitter.push(" <think>").content, " <think>");

        let mut splitter = ReasoningSplitter::new(Start::Reasoning);
        assert_eq!(splitter.push("so ").reasoning, "so");
        assert_eq!(splitter.push("<").reasoning, "");
        assert_eq!(splitter.push("b").reasoning, " <b");
    }

    #[test]
    fn an_answer_that_is_written_on_goes_on_where_it_was() {
        let push =
            |content, reasoning| ReasoningSplitter::resume(content, reasoning).push("x</think>y");
        assert_eq!(push("words", "").content, "x</think>y");
        assert_eq!(push("words", "thoughts").content, "x</think>y");
        let inside = push("", "thoughts");
        assert_eq!(
            (inside.reasoning.as_str(), inside.content.as_str()),
            ("x", "y")
        );
        assert_eq!(push("", "").content, "x</think>y");
    }

    proptest! {
        #[test]
        fn any_cut_into_pieces_gives_the_same(
            parts in prop::collection::vec(
                prop_oneof!["<think>", "</think>", "[<>/think]{1,4}", "[ \n]{1,3}", "[a-zäß🦀]{1,5}"], 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            inside in any::<bool>(),
        ) {
            let start = if inside { Start::Reasoning } else { Start::Content };
            let text = parts.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1))
                .filter(|at| text.is_char_boundary(*at)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            let whole = split(start, &[&text]);
            prop_assert_eq!(&split(start, &pieces), &whole);
            prop_assert_eq!(&split(start, &letters), &whole);
            prop_assert_eq!(whole.0.trim(), whole.0.as_str(), "thoughts have clean edges");
        }

        #[test]
        fn a_text_without_tags_is_not_changed(text in "[^<]*") {
            prop_assert_eq!(split(Start::Content, &[&text]), (String::new(), text));
        }
    }
}
