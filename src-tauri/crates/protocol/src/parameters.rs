//! What a user may set about a generation.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// What is done when a conversation does not fit the context any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ContextOverflow {
    /// No answer is written; an error says so.
    #[default]
    Stop,
    /// The oldest turns are left out.
    DropOldest,
    /// The first question and its answers stay, and the oldest turns after them are left out.
    KeepFirst,
    /// The model writes a summary of the oldest turns, and is sent that in their place.
    Summarise,
}

/// Whether and how much a model thinks before it answers, said to its chat template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// As the template does by itself.
    #[default]
    Template,
    /// Not at all.
    Off,
    /// As much as it likes.
    On,
    /// A little.
    Low,
    /// Somewhat.
    Medium,
    /// Much.
    High,
}

/// Sampling parameters, as far as one [`Layer`](crate::Layer) sets them; `None` falls through to the
/// layer below, and at last to the default told here. Ranges are checked by [`Parameters::validate`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// 0 is greedy; 0 to 5, default 0.7.
    pub temperature: Option<f32>,
    /// Keep the k likeliest tokens; 0 is off, default 40.
    pub top_k: Option<u32>,
    /// Keep the likeliest tokens up to this share; 0 to 1, default 0.95.
    pub top_p: Option<f32>,
    /// Drop tokens under this share of the likeliest; 0 to 1, default 0.05.
    pub min_p: Option<f32>,
    /// Locally typical sampling; 0 to 1, default 1 (off).
    pub typical_p: Option<f32>,
    /// Chance that the likeliest tokens are excluded (XTC); 0 to 1, default 0.
    pub xtc_probability: Option<f32>,
    /// Share above which XTC excludes; 0 to 0.5, default 0.1.
    pub xtc_threshold: Option<f32>,
    /// Strength of the DRY repetition penalty; 0 to 5, default 0 (off).
    pub dry_multiplier: Option<f32>,
    /// Base of DRY's exponential growth; 1 to 4, default 1.75.
    pub dry_base: Option<f32>,
    /// Repeats up to this length are free for DRY; default 2.
    pub dry_allowed_length: Option<u32>,
    /// Divides the logits of recent tokens; 0.5 to 2, default 1 (off).
    pub repeat_penalty: Option<f32>,
    /// How many tokens count as recent; default 64.
    pub repeat_last_n: Option<u32>,
    /// Flat penalty on tokens already used; -2 to 2, default 0.
    pub presence_penalty: Option<f32>,
    /// Penalty per earlier use; -2 to 2, default 0.
    pub frequency_penalty: Option<f32>,
    /// Same seed, same text; none is a fresh one per answer.
    #[ts(type = "number | null")]
    pub seed: Option<u64>,
    /// Longest answer in tokens; none is up to the end of the context.
    pub max_tokens: Option<u32>,
    /// Strings that end the answer and are not part of it; at most 16, default none.
    pub stop: Option<Vec<String>>,
    /// What is done when the conversation does not fit the context; default `stop`.
    pub context_overflow: Option<ContextOverflow>,
    /// Whether and how much the model thinks; default `template`.
    pub reasoning: Option<Reasoning>,
    /// A JSON schema, as text, that answers are held to; empty is none, the default.
    pub structured_output: Option<String>,
}

impl Parameters {
    /// Names the first field out of range, with the range.
    ///
    /// # Errors
    /// One sentence for the user.
    pub fn validate(&self) -> Result<(), String> {
        let ranges = [
            ("temperature", self.temperature, 0.0, 5.0),
            ("top_p", self.top_p, 0.0, 1.0),
            ("min_p", self.min_p, 0.0, 1.0),
            ("typical_p", self.typical_p, 0.0, 1.0),
            ("xtc_probability", self.xtc_probability, 0.0, 1.0),
            ("xtc_threshold", self.xtc_threshold, 0.0, 0.5),
            ("dry_multiplier", self.dry_multiplier, 0.0, 5.0),
            ("dry_base", self.dry_base, 1.0, 4.0),
            ("repeat_penalty", self.repeat_penalty, 0.5, 2.0),
            ("presence_penalty", self.presence_penalty, -2.0, 2.0),
            ("frequency_penalty", self.frequency_penalty, -2.0, 2.0),
        ];
        for (name, value, low, high) in ranges {
            if value.is_some_and(|v| !(low..=high).contains(&v)) {
                return Err(format!("{name} must lie between {low} and {high}"));
            }
        }
        if self.max_tokens == Some(0) {
            return Err("max_tokens must be at least 1".into());
        }
        let stop = self.stop.as_deref().unwrap_or_default();
        if stop.len() > 16 || stop.iter().any(String::is_empty) {
            return Err("stop takes up to 16 strings, none of them empty".into());
        }
        self.schema().map(drop)
    }

    /// The schema of [`structured_output`](Self::structured_output).
    ///
    /// # Errors
    /// One sentence for the user if it is none.
    pub fn schema(&self) -> Result<Option<Value>, String> {
        let text = self.structured_output.as_deref().unwrap_or_default();
        if text.trim().is_empty() {
            return Ok(None);
        }
        match serde_json::from_str(text) {
            Ok(schema @ Value::Object(_)) => Ok(Some(schema)),
            Ok(_) => Err("structured_output must be a JSON schema, which is an object".into()),
            Err(error) => Err(format!("structured_output is not JSON: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structured_output_is_a_schema_or_nothing() {
        let schema = |text: &str| {
            let structured_output = Some(text.to_owned());
            Parameters {
                structured_output,
                ..Parameters::default()
            }
            .schema()
        };
        assert_eq!(schema(" \n"), Ok(None));
        assert!(schema(r#"{"type": "object"}"#).unwrap().is_some());
        for text in ["{", "5", "[]"] {
            assert!(schema(text).is_err(), "{text}");
        }
    }
}
