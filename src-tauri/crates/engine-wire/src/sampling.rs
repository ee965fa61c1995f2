//! How tokens are chosen: the one set of sampling parameters that the app, the wire and every worker share.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the next token is chosen.
///
/// Every field has a default, so `{}` is a valid set. The steps always run in this order: logit bias, penalties
/// (repeat, frequency, presence), DRY, top-k, typical, top-p, min-p, XTC, temperature.
///
/// ```
/// use sirocco_engine_wire::SamplingParameters;
/// let parameters: SamplingParameters = serde_json::from_str(r#"{"top_k": 20}"#).unwrap();
/// assert_eq!(parameters.top_k, 20);
/// assert_eq!(parameters.temperature, 0.7);
/// assert!(parameters.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SamplingParameters {
    /// Sharpness of the final choice, 0 to 10, default 0.7. 0 is greedy: the likeliest token after bias, penalties
    /// and DRY, the lowest id on a tie; no other step runs.
    pub temperature: f32,
    /// Keep this many of the likeliest tokens, default 40; 0 keeps all.
    pub top_k: u32,
    /// Keep the likeliest tokens whose probabilities sum to this, 0 to 1, default 0.95; 1 is off, 0 keeps one.
    pub top_p: f32,
    /// Keep tokens at least this probable relative to the likeliest, 0 to 1, default 0.05; 0 is off.
    pub min_p: f32,
    /// Keep the tokens nearest to the expected surprise that sum to this, 0 to 1, default 1, which is off; 0
    /// keeps one.
    pub typical_p: f32,
    /// Chance that XTC acts on a token, 0 to 1, default 0, which is off. Where it acts, all tokens at or above
    /// `xtc_threshold` but the least probable of them are dropped.
    pub xtc_probability: f32,
    /// Probability from which XTC counts a token as a top choice, 0 to 1, default 0.1; above 0.5 it cannot act.
    pub xtc_threshold: f32,
    /// Strength of DRY, 0 to 100, default 0, which is off. A token that would prolong a repetition of `n` tokens
    /// loses `multiplier * base ^ (n - allowed_length)` from its logit.
    pub dry_multiplier: f32,
    /// Growth of the DRY penalty, 1 to 10, default 1.75.
    pub dry_base: f32,
    /// Longest repetition that DRY lets pass, 0 to 10000, default 2.
    pub dry_allowed_length: u32,
    /// How many of the last tokens DRY looks at, -1 for all, 0 for none, default -1.
    pub dry_penalty_last_n: i32,
    /// Strings over which DRY does not look for repetitions, at most 64 of at most 64 bytes; default newline, colon,
    /// double quote and asterisk.
    pub dry_sequence_breakers: Vec<String>,
    /// Divides positive and multiplies negative logits of recent tokens, above 0 to 10, default 1, which is off.
    pub repeat_penalty: f32,
    /// How many of the last tokens the repeat, presence and frequency penalties look at, -1 for all, 0 for none,
    /// default 64.
    pub repeat_last_n: i32,
    /// Taken from the logit of each recent token once, -10 to 10, default 0.
    pub presence_penalty: f32,
    /// Taken from the logit of each recent token for each time it occurs, -10 to 10, default 0.
    pub frequency_penalty: f32,
    /// Added to the logit of a token id; minus infinity (JSON `null`) forbids it. At most 100000 entries, default none.
    #[serde(with = "bias")]
    pub logit_bias: BTreeMap<u32, f32>,
    /// Same seed, same text, for the same logits; default none: a new one each time.
    pub seed: Option<u64>,
    /// Report the logarithm of the probability of each chosen token and of this many of the likeliest ones, 0 to 100,
    /// default none: no report.
    pub top_logprobs: Option<u32>,
}

impl Default for SamplingParameters {
    fn default() -> Self {
        Self {
            temperature: 0.7,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
            typical_p: 1.0,
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            dry_multiplier: 0.0,
            dry_base: 1.75,
            dry_allowed_length: 2,
            dry_penalty_last_n: -1,
            dry_sequence_breakers: ["\n", ":", "\"", "*"].map(String::from).to_vec(),
            repeat_penalty: 1.0,
            repeat_last_n: 64,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            logit_bias: BTreeMap::new(),
            seed: None,
            top_logprobs: None,
        }
    }
}

/// A sampling parameter out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingRangeError {
    /// Name of the field, as on the wire.
    pub field: &'static str,
    /// What it may be, in words.
    pub allowed: &'static str,
    /// What it is.
    pub found: String,
}

impl fmt::Display for SamplingRangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "sampling parameter `{}` is {} but must be {}",
            self.field, self.found, self.allowed
        )
    }
}

impl std::error::Error for SamplingRangeError {}

impl SamplingParameters {
    /// Checks every range; the first field out of its range is the error.
    pub fn validate(&self) -> Result<(), SamplingRangeError> {
        let number = |field, value: f32, allowed, ok: bool| {
            if ok {
                Ok(())
            } else {
                Err(SamplingRangeError {
                    field,
                    allowed,
                    found: value.to_string(),
                })
            }
        };
        let within = |field, value: f32, from: f32, to: f32, allowed| {
            number(field, value, allowed, (from..=to).contains(&value))
        };
        let whole = |field, value: i64, ok: bool, allowed| {
            if ok {
                Ok(())
            } else {
                Err(SamplingRangeError {
                    field,
                    allowed,
                    found: value.to_string(),
                })
            }
        };
        within("temperature", self.temperature, 0.0, 10.0, "0 to 10")?;
        within("top_p", self.top_p, 0.0, 1.0, "0 to 1")?;
        within("min_p", self.min_p, 0.0, 1.0, "0 to 1")?;
        within("typical_p", self.typical_p, 0.0, 1.0, "0 to 1")?;
        within("xtc_probability", self.xtc_probability, 0.0, 1.0, "0 to 1")?;
        within("xtc_threshold", self.xtc_threshold, 0.0, 1.0, "0 to 1")?;
        within(
            "dry_multiplier",
            self.dry_multiplier,
            0.0,
            100.0,
            "0 to 100",
        )?;
        within("dry_base", self.dry_base, 1.0, 10.0, "1 to 10")?;
        let allowed_length = self.dry_allowed_length;
        whole(
            "dry_allowed_length",
            allowed_length.into(),
            allowed_length <= 10_000,
            "0 to 10000",
        )?;
        let last_n = "-1 for all tokens, 0 for none, or a count";
        whole(
            "dry_penalty_last_n",
            self.dry_penalty_last_n.into(),
            self.dry_penalty_last_n >= -1,
            last_n,
        )?;
        whole(
            "repeat_last_n",
            self.repeat_last_n.into(),
            self.repeat_last_n >= -1,
            last_n,
        )?;
        let penalty = self.repeat_penalty;
        number(
            "repeat_penalty",
            penalty,
            "above 0 and at most 10",
            penalty > 0.0 && penalty <= 10.0,
        )?;
        within(
            "presence_penalty",
            self.presence_penalty,
            -10.0,
            10.0,
            "-10 to 10",
        )?;
        within(
            "frequency_penalty",
            self.frequency_penalty,
            -10.0,
            10.0,
            "-10 to 10",
        )?;
        let top_logprobs = self.top_logprobs.unwrap_or(0);
        whole(
            "top_logprobs",
            top_logprobs.into(),
            top_logprobs <= 100,
            "0 to 100",
        )?;
        let breakers = &self.dry_sequence_breakers;
        let longest = breakers.iter().map(String::len).max().unwrap_or(0);
        let breakers_fit = breakers.len() <= 64 && longest <= 64;
        whole(
            "dry_sequence_breakers",
            breakers.len() as i64,
            breakers_fit,
            "at most 64 strings of at most 64 bytes",
        )?;
        let biases = self.logit_bias.len();
        whole(
            "logit_bias",
            biases as i64,
            biases <= 100_000,
            "at most 100000 entries",
        )?;
        for bias in self.logit_bias.values() {
            let ok = bias.is_finite() || *bias == f32::NEG_INFINITY;
            number(
                "logit_bias",
                *bias,
                "a finite number, or minus infinity (null) to forbid a token",
                ok,
            )?;
        }
        Ok(())
    }
}

/// Ids are strings and minus infinity is `null`: JSON has neither integer keys nor infinities.
mod bias {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(
        bias: &BTreeMap<u32, f32>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let entries: BTreeMap<String, Option<f32>> = bias
            .iter()
            .map(|(id, value)| (id.to_string(), value.is_finite().then_some(*value)))
            .collect();
        entries.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u32, f32>, D::Error> {
        // The keys are read as strings because an internally tagged enum around this struct buffers them as such.
        BTreeMap::<String, Option<f32>>::deserialize(deserializer)?
            .into_iter()
            .map(|(key, value)| {
                let id = key
                    .parse()
                    .map_err(|_| D::Error::custom(format!("`{key}` is not a token id")))?;
                Ok((id, value.unwrap_or(f32::NEG_INFINITY)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_an_empty_object_gives_them() {
        let parameters: SamplingParameters = serde_json::from_str("{}").unwrap();
        assert_eq!(parameters, SamplingParameters::default());
        assert_eq!(parameters.validate(), Ok(()));
    }

    #[test]
    fn a_forbidden_token_survives_the_wire() {
        let parameters = SamplingParameters {
            logit_bias: BTreeMap::from([(7, f32::NEG_INFINITY), (9, -1.5)]),
            seed: Some(u64::MAX),
            ..SamplingParameters::default()
        };
        let text = serde_json::to_string(&parameters).unwrap();
        assert_eq!(
            serde_json::from_str::<SamplingParameters>(&text).unwrap(),
            parameters
        );
        assert_eq!(parameters.validate(), Ok(()));
    }

    #[test]
    fn a_logit_bias_survives_a_tagged_message() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        enum Message {
            Generate { sampling: SamplingParameters },
        }
        let sampling = SamplingParameters {
            logit_bias: BTreeMap::from([(3, 2.0)]),
            ..Default::default()
        };
        let message = Message::Generate { sampling };
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
    }

    #[test]
    fn a_key_that_is_no_id_is_refused() {
        let error =
            serde_json::from_str::<SamplingParameters>(r#"{"logit_bias": {"x": 1}}"#).unwrap_err();
        assert!(
            error.to_string().contains("`x` is not a token id"),
            "{error}"
        );
    }

    #[test]
    fn each_value_out_of_range_names_its_field() {
        let cases: [(&str, &str); 17] = [
            ("temperature", r#"{"temperature": -0.1}"#),
            ("temperature", r#"{"temperature": 11}"#),
            ("top_p", r#"{"top_p": -0.1}"#),
            ("min_p", r#"{"min_p": 1.1}"#),
            ("typical_p", r#"{"typical_p": 1.1}"#),
            ("xtc_probability", r#"{"xtc_probability": 2}"#),
            ("xtc_threshold", r#"{"xtc_threshold": -1}"#),
            ("dry_multiplier", r#"{"dry_multiplier": 101}"#),
            ("dry_base", r#"{"dry_base": 0.5}"#),
            ("dry_allowed_length", r#"{"dry_allowed_length": 10001}"#),
            ("dry_penalty_last_n", r#"{"dry_penalty_last_n": -2}"#),
            ("repeat_last_n", r#"{"repeat_last_n": -2}"#),
            ("repeat_penalty", r#"{"repeat_penalty": 0}"#),
            ("presence_penalty", r#"{"presence_penalty": 11}"#),
            ("frequency_penalty", r#"{"frequency_penalty": -11}"#),
            ("top_logprobs", r#"{"top_logprobs": 101}"#),
            ("logit_bias", r#"{"logit_bias": {"1": 1e39}}"#),
        ];
        for (field, text) in cases {
            let parameters: SamplingParameters = serde_json::from_str(text).unwrap();
            let error = parameters.validate().unwrap_err();
            assert_eq!(error.field, field, "{text}");
            assert!(error.to_string().contains(error.allowed));
        }
        let not_a_number = SamplingParameters {
            temperature: f32::NAN,
            ..Default::default()
        };
        assert_eq!(not_a_number.validate().unwrap_err().field, "temperature");
        let breakers = SamplingParameters {
            dry_sequence_breakers: vec!["x".repeat(65)],
            ..Default::default()
        };
        assert_eq!(
            breakers.validate().unwrap_err().field,
            "dry_sequence_breakers"
        );
    }
}
