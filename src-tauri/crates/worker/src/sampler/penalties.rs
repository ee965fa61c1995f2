//! Penalties for tokens that have been used lately.

use std::collections::HashMap;

use sirocco_engine_wire::SamplingParameters;

/// Repeat, presence and frequency penalty.
#[derive(Clone, Debug)]
pub(super) struct Penalties {
    repeat: f32,
    presence: f32,
    frequency: f32,
    /// How many tokens to look at; `None` for all.
    last_n: Option<usize>,
}

impl Penalties {
    pub(super) fn new(parameters: &SamplingParameters, last_n: Option<usize>) -> Self {
        Self {
            repeat: parameters.repeat_penalty,
            presence: parameters.presence_penalty,
            frequency: parameters.frequency_penalty,
            last_n,
        }
    }

    /// Changes the logits of the tokens at the end of `history`.
    pub(super) fn apply(&self, logits: &mut [f32], history: &[u32]) {
        if self.repeat == 1.0 && self.presence == 0.0 && self.frequency == 0.0 {
            return;
        }
        let start = self
            .last_n
            .map_or(0, |last_n| history.len().saturating_sub(last_n));
        let mut counts = HashMap::<u32, f32>::new();
        for token in &history[start..] {
            *counts.entry(*token).or_default() += 1.0;
        }
        for (token, count) in counts {
            if let Some(logit) = logits.get_mut(token as usize) {
                // Dividing a negative logit would make the token likelier.
                *logit = if *logit <= 0.0 {
                    *logit * self.repeat
                } else {
                    *logit / self.repeat
                };
                *logit -= count * self.frequency + self.presence;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(change: SamplingParameters, last_n: Option<usize>, history: &[u32]) -> Vec<f32> {
        let mut logits = vec![2.0, -2.0, 1.0];
        Penalties::new(&change, last_n).apply(&mut logits, history);
        logits
    }

    #[test]
    fn the_repeat_penalty_makes_every_used_token_less_likely() {
        let change = SamplingParameters {
            repeat_penalty: 2.0,
            ..Default::default()
        };
        assert_eq!(apply(change.clone(), None, &[0, 1, 1]), [1.0, -4.0, 1.0]);
        assert_eq!(apply(change.clone(), Some(1), &[0, 1]), [2.0, -4.0, 1.0]);
        assert_eq!(apply(change, Some(0), &[0, 1]), [2.0, -2.0, 1.0]);
    }

    #[test]
    fn presence_counts_once_and_frequency_each_time() {
        let change = SamplingParameters {
            presence_penalty: 0.5,
            frequency_penalty: 0.25,
            ..Default::default()
        };
        assert_eq!(apply(change, None, &[0, 0, 2, 99]), [1.0, -2.0, 0.25]);
    }
}
