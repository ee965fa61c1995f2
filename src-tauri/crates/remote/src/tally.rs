//! The numbers of an answer: what the engine counted, else what was seen of it here.

use std::time::{Duration, Instant};

use serde_json::Value;
use sirocco_engine_wire::Usage;

/// Counts along with an answer.
#[derive(Debug)]
pub(crate) struct Tally {
    asked: Instant,
    first: Option<Instant>,
    last: Instant,
    usage: Usage,
    /// The engine has counted itself.
    is_told: bool,
}

impl Tally {
    /// Begins to count; the length of the prompt is an estimate until the engine says more.
    pub fn begin(prompt_tokens: u32) -> Self {
        let asked = Instant::now();
        Self {
            asked,
            first: None,
            last: asked,
            usage: Usage {
                prompt_tokens,
                ..Usage::default()
            },
            is_told: false,
        }
    }

    /// A piece with words: a token, as far as anybody can see.
    pub fn piece(&mut self) {
        self.last = Instant::now();
        self.first.get_or_insert(self.last);
        if !self.is_told {
            self.usage.completion_tokens = self.usage.completion_tokens.saturating_add(1);
        }
    }

    /// The `usage` of a chunk, where there is one.
    pub fn told(&mut self, usage: &Value) {
        let number = |place: &str| {
            let number = usage.pointer(place)?.as_u64()?;
            Some(u32::try_from(number).unwrap_or(u32::MAX))
        };
        if let Some(completion_tokens) = number("/completion_tokens") {
            self.usage.completion_tokens = completion_tokens;
            self.is_told = true;
        }
        if let Some(prompt_tokens) = number("/prompt_tokens") {
            self.usage.prompt_tokens = prompt_tokens;
        }
        if let Some(cached_tokens) = number("/prompt_tokens_details/cached_tokens") {
            self.usage.cached_tokens = cached_tokens;
        }
    }

    /// All of it; the way there and back counts as reading the prompt.
    pub fn end(self) -> Usage {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let first = self.first.unwrap_or(self.last);
        let to_first = milliseconds(first - self.asked);
        Usage {
            time_to_first_token_ms: to_first,
            prefill_ms: to_first,
            decode_ms: milliseconds(self.last - first),
            ..self.usage
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_engine_counted_goes_before_what_was_seen() {
        let mut tally = Tally::begin(7);
        tally.piece();
        tally.piece();
        tally.told(&Value::Null);
        assert_eq!(
            (tally.usage.prompt_tokens, tally.usage.completion_tokens),
            (7, 2)
        );
        tally.told(&json!({"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}));
        tally.piece();
        let usage = tally.end();
        assert_eq!(
            (
                usage.prompt_tokens,
                usage.cached_tokens,
                usage.completion_tokens
            ),
            (9, 4, 5)
        );
        assert!(usage.time_to_first_token_ms >= 0.0 && usage.decode_ms >= 0.0);
    }
}
