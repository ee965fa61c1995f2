//! Joins tokens into deltas: a follower hears at most every 33 ms, or every 256 characters.

use std::time::{Duration, Instant};

use crate::Split;

/// A screen shows 60 pictures a second; every second one is enough for text that grows.
const LONGEST_WAIT: Duration = Duration::from_millis(33);
/// Characters (Unicode scalar values) of answer and thoughts together.
const LARGEST: usize = 256;

/// Text to send, with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// One more than that of the delta before; the first is 0.
    pub sequence: u64,
    /// Appended to the answer.
    pub content: String,
    /// Appended to the thoughts.
    pub reasoning: String,
}

/// What waits to be sent. The time comes from the caller, and so does the alarm: the owner sleeps
/// until [`Self::due`] and then calls [`Self::flush`].
///
/// ```
/// use std::time::{Duration, Instant};
/// use sirocco_chat::{Coalescer, Split};
///
/// let mut coalescer = Coalescer::default();
/// let now = Instant::now();
/// let word = Split { content: "Four".into(), reasoning: String::new() };
/// assert_eq!(coalescer.push(word, now), None);
/// assert_eq!(coalescer.due(), Some(now + Duration::from_millis(33)));
/// let delta = coalescer.flush().expect("a word waits");
/// assert_eq!((delta.sequence, delta.content.as_str()), (0, "Four"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Coalescer {
    waiting: Split,
    characters: usize,
    since: Option<Instant>,
    next: u64,
}

impl Coalescer {
    /// Adds text; answers a delta if it is time for one. No text starts no waiting, but what waits
    /// already does not wait longer for it.
    pub fn push(&mut self, text: Split, now: Instant) -> Option<Delta> {
        if text.is_empty() && self.since.is_none() {
            return None;
        }
        self.characters += text.content.chars().count() + text.reasoning.chars().count();
        self.waiting += text;
        let since = *self.since.get_or_insert(now);
        let is_due = now.saturating_duration_since(since) >= LONGEST_WAIT;
        if self.characters >= LARGEST || is_due {
            self.flush()
        } else {
            None
        }
    }

    /// When what waits must be sent; none if nothing waits.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + LONGEST_WAIT)
    }

    /// What waits, now.
    pub fn flush(&mut self) -> Option<Delta> {
        self.since.take()?;
        self.characters = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let sequence = self.next;
        self.next += 1;
        Some(Delta {
            sequence,
            content: waiting.content,
            reasoning: waiting.reasoning,
        })
    }

    /// The number of the next delta, for a snapshot. A snapshot holds only what was flushed, or
    /// the follower would get what waits twice.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(text: &str) -> Split {
        Split {
            content: text.into(),
            reasoning: String::new(),
        }
    }

    #[test]
    fn text_waits_until_it_is_due() {
        let mut coalescer = Coalescer::default();
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        assert_eq!(coalescer.due(), None);
        assert_eq!(coalescer.push(content("a"), start), None);
        assert_eq!(coalescer.push(content("b"), after(32)), None);
        assert_eq!(coalescer.due(), Some(after(33)));
        let delta = coalescer.push(content("c"), after(33)).unwrap();
        assert_eq!((delta.sequence, delta.content.as_str()), (0, "abc"));
        assert_eq!(coalescer.due(), None);
        assert_eq!(coalescer.push(content("d"), after(34)), None);
        assert_eq!(coalescer.flush().unwrap().sequence, 1);
    }

    #[test]
    fn much_text_does_not_wait() {
        let mut coalescer = Coalescer::default();
        let now = Instant::now();
        assert_eq!(coalescer.push(content(&"ä".repeat(255)), now), None);
        let thought = Split {
            content: String::new(),
            reasoning: "x".into(),
        };
        let delta = coalescer.push(thought, now).unwrap();
        assert_eq!(
            (delta.content.chars().count(), delta.reasoning.as_str()),
            (255, "x")
        );
        assert_eq!(coalescer.push(content("y"), now), None, "it counts anew");
    }

    #[test]
    fn nothing_is_not_sent() {
        let mut coalescer = Coalescer::default();
        assert_eq!(coalescer.push(Split::default(), Instant::now()), None);
        assert_eq!((coalescer.flush(), coalescer.due()), (None, None));
        assert_eq!(coalescer.next_sequence(), 0);
    }

    #[test]
    fn what_is_due_goes_even_if_nothing_comes_with_it() {
        let mut coalescer = Coalescer::default();
        let start = Instant::now();
        assert_eq!(coalescer.push(content(" "), start), None);
        let late = start + Duration::from_millis(33);
        let delta = coalescer.push(Split::default(), late).unwrap();
        assert_eq!((delta.content.as_str(), coalescer.due()), (" ", None));
    }

    proptest! {
        #[test]
        fn deltas_are_numbered_without_gaps_and_lose_nothing(
            pieces in prop::collection::vec(("\\PC{0,300}", "\\PC{0,9}", 0_u64..40), 0..30),
        ) {
            let mut coalescer = Coalescer::default();
            let mut now = Instant::now();
            let mut deltas = Vec::new();
            for (content, reasoning, pause) in &pieces {
                now += Duration::from_millis(*pause);
                let text = Split { content: content.clone(), reasoning: reasoning.clone() };
                deltas.extend(coalescer.push(text, now));
                prop_assert!(coalescer.due().is_none_or(|due| due > now), "nothing is overdue");
            }
            deltas.extend(coalescer.flush());
            let joined: String = deltas.iter().map(|delta| delta.content.as_str()).collect();
            let thought: String = deltas.iter().map(|delta| delta.reasoning.as_str()).collect();
            prop_assert_eq!(joined, pieces.iter().map(|p| p.0.as_str()).collect::<String>());
            prop_assert_eq!(thought, pieces.iter().map(|p| p.1.as_str()).collect::<String>());
            for (number, delta) in deltas.iter().enumerate() {
                prop_assert_eq!(delta.sequence, number as u64);
            }
            prop_assert_eq!(coalescer.next_sequence(), deltas.len() as u64);
        }
    }
}
