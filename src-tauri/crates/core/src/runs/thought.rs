//! How long a model thought, by when its words came.

use std::time::{Duration, Instant};

use sirocco_chat::Split;

/// Runs from the first word of the thoughts to the first of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ThoughtTime {
    /// What is over, that of the runs before this one included.
    took: Option<Duration>,
    since: Option<Instant>,
}

impl ThoughtTime {
    /// Goes on from the time that was told of the run before.
    pub fn after(before_ms: Option<f64>) -> Self {
        let before = before_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Self {
            took: before,
            since: None,
        }
    }

    pub fn hear(&mut self, words: &Split, now: Instant) {
        if !words.reasoning.is_empty() {
            self.since.get_or_insert(now);
        }
        if !words.content.is_empty() {
            self.end(now);
        }
    }

    /// The answer has begun, or nothing comes any more.
    pub fn end(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            let thought = now.saturating_duration_since(since);
            self.took = Some(self.took.unwrap_or_default() + thought);
        }
    }

    /// In milliseconds; none if there were no thoughts.
    pub fn ms(self) -> Option<f64> {
        self.took.map(|took| took.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(reasoning: &str, content: &str) -> Split {
        Split {
            content: content.into(),
            reasoning: reasoning.into(),
        }
    }

    #[test]
    fn it_lasts_from_the_first_thought_to_the_first_word_of_the_answer() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut time = ThoughtTime::default();
        time.hear(&words("", ""), at(0));
        time.hear(&words("hm", ""), at(100));
        time.hear(&words("hm", ""), at(900));
        time.hear(&words("!", "It"), at(1100));
        time.hear(&words("", " is"), at(5000));
        time.end(at(9000));
        assert_eq!(time.ms(), Some(1000.0));
    }

    #[test]
    fn an_answer_without_thoughts_has_none() {
        let now = Instant::now();
        let mut time = ThoughtTime::default();
        time.hear(&words("", "It is"), now);
        time.end(now);
        assert_eq!(time.ms(), None);
    }

    #[test]
    fn a_continued_answer_adds_to_what_was_thought_before() {
        let start = Instant::now();
        let mut time = ThoughtTime::after(Some(2000.0));
        assert_eq!(time.ms(), Some(2000.0));
        time.hear(&words("hm", ""), start);
        time.end(start + Duration::from_millis(500));
        assert_eq!(time.ms(), Some(2500.0));
    }
}
