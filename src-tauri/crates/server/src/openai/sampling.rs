//! The fields that say how to choose tokens, which OpenAI's two routes and LM Studio's share. Those that OpenAI does
//! not have are named as LM Studio and llama-server name them.

use std::collections::BTreeMap;

use serde::Deserialize;
use sirocco_core::completions::SamplingParameters;

use crate::body::{Strings, token_limit};
use crate::fault::Fault;

/// Most tokens that are told of in the place of one.
const MOST_TOP_LOGPROBS: u32 = 20;
/// Most answers to one request.
const MOST_ANSWERS: u32 = 64;
/// A bias from which on a token is forbidden, as OpenAI has it.
const FORBIDS: f32 = -100.0;

/// As they come.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sampling {
    temperature: Option<f32>,
    top_p: Option<f32>,
    /// -1 is off in some clients.
    top_k: Option<i64>,
    min_p: Option<f32>,
    typical_p: Option<f32>,
    xtc_probability: Option<f32>,
    xtc_threshold: Option<f32>,
    dry_multiplier: Option<f32>,
    dry_base: Option<f32>,
    dry_allowed_length: Option<u32>,
    dry_penalty_last_n: Option<i32>,
    repeat_penalty: Option<f32>,
    /// As vLLM calls it; who does not know whom it speaks to sends both.
    repetition_penalty: Option<f32>,
    repeat_last_n: Option<i32>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    logit_bias: Option<BTreeMap<String, f32>>,
    seed: Option<i64>,
    stop: Option<Strings>,
    max_tokens: Option<i64>,
    max_completion_tokens: Option<i64>,
    n: Option<u32>,
}

/// How many of the likeliest tokens are wanted.
pub fn top_logprobs(most: u32) -> Result<u32, Fault> {
    if most <= MOST_TOP_LOGPROBS {
        return Ok(most);
    }
    let message = format!("`top_logprobs` is {most} but must be 0 to {MOST_TOP_LOGPROBS}");
    Err(Fault::field("top_logprobs", message))
}

impl Sampling {
    /// In the words of the engine, with its ranges checked; what is not said is as `defaults` have it.
    pub fn parameters(
        &self,
        defaults: &SamplingParameters,
        top_logprobs: Option<u32>,
    ) -> Result<SamplingParameters, Fault> {
        let mut parameters = SamplingParameters {
            top_logprobs,
            // Every number is a seed, negative ones too.
            seed: self.seed.map(i64::cast_unsigned).or(defaults.seed),
            ..defaults.clone()
        };
        macro_rules! take {
            ($($field:ident),+) => {$(if let Some(value) = self.$field { parameters.$field = value; })+};
        }
        take!(
            temperature,
            top_p,
            min_p,
            typical_p,
            xtc_probability,
            xtc_threshold,
            dry_multiplier,
            dry_base,
            dry_allowed_length,
            dry_penalty_last_n,
            repeat_penalty,
            repeat_last_n,
            presence_penalty,
            frequency_penalty
        );
        if let (None, Some(penalty)) = (self.repeat_penalty, self.repetition_penalty) {
            parameters.repeat_penalty = penalty;
        }
        if let Some(top_k) = self.top_k {
            parameters.top_k = u32::try_from(top_k.max(0)).unwrap_or(u32::MAX);
        }
        for (id, bias) in self.logit_bias.iter().flatten() {
            let id = id.parse().map_err(|_| {
                Fault::field(
                    "logit_bias",
                    format!("`logit_bias` has the key `{id}`, which is not a token id"),
                )
            })?;
            let bias = if *bias <= FORBIDS {
                f32::NEG_INFINITY
            } else {
                *bias
            };
            parameters.logit_bias.insert(id, bias);
        }
        check(&parameters)?;
        Ok(parameters)
    }

    pub fn max_tokens(&self) -> Result<Option<u32>, Fault> {
        match token_limit("max_completion_tokens", self.max_completion_tokens)? {
            Some(limit) => Ok(Some(limit)),
            None => token_limit("max_tokens", self.max_tokens),
        }
    }

    pub fn stop(&self) -> Vec<String> {
        self.stop.clone().unwrap_or_default().0
    }

    /// How many answers.
    pub fn answers(&self) -> Result<u32, Fault> {
        match self.n {
            None => Ok(1),
            Some(n) if (1..=MOST_ANSWERS).contains(&n) => Ok(n),
            Some(n) => Err(Fault::field(
                "n",
                format!("`n` is {n} but must be 1 to {MOST_ANSWERS}"),
            )),
        }
    }
}

/// Checks the ranges; the first field out of its own is named.
pub fn check(parameters: &SamplingParameters) -> Result<(), Fault> {
    parameters
        .validate()
        .map_err(|error| Fault::field(error.field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sampling(value: Value) -> Sampling {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_field_reaches_the_engine() {
        let parameters = sampling(json!({
            "temperature": 0.5, "top_p": 0.25, "top_k": 7, "min_p": 0.125, "typical_p": 0.5,
            "xtc_probability": 0.5, "xtc_threshold": 0.25, "dry_multiplier": 1, "dry_base": 2,
            "dry_allowed_length": 3, "dry_penalty_last_n": 9, "repeat_penalty": 1.5, "repeat_last_n": 5,
            "presence_penalty": -1, "frequency_penalty": 1, "logit_bias": {"5": 2, "6": -100}, "seed": -1,
        }))
        .parameters(&SamplingParameters::default(), Some(3))
        .unwrap();
        let expected = SamplingParameters {
            temperature: 0.5,
            top_p: 0.25,
            top_k: 7,
            min_p: 0.125,
            typical_p: 0.5,
            xtc_probability: 0.5,
            xtc_threshold: 0.25,
            dry_multiplier: 1.0,
            dry_base: 2.0,
            dry_allowed_length: 3,
            dry_penalty_last_n: 9,
            repeat_penalty: 1.5,
            repeat_last_n: 5,
            presence_penalty: -1.0,
            frequency_penalty: 1.0,
            logit_bias: BTreeMap::from([(5, 2.0), (6, f32::NEG_INFINITY)]),
            seed: Some(u64::MAX),
            top_logprobs: Some(3),
            ..SamplingParameters::default()
        };
        assert_eq!(parameters, expected);
        let empty = sampling(json!({}))
            .parameters(&SamplingParameters::default(), None)
            .unwrap();
        assert_eq!(empty, SamplingParameters::default());
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (field, value) in [
            ("temperature", json!({"temperature": 11})),
            ("top_p", json!({"top_p": 2})),
            ("repeat_penalty", json!({"repetition_penalty": 0})),
            ("logit_bias", json!({"logit_bias": {"x": 1}})),
        ] {
            let fault = sampling(value)
                .parameters(&SamplingParameters::default(), None)
                .unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field));
        }
        let fault = sampling(json!({"max_tokens": 0})).max_tokens().unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("max_tokens"));
        let fault = sampling(json!({"n": 0})).answers().unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("n"));
    }

    #[test]
    fn the_newer_limit_wins_and_minus_one_is_no_limit() {
        let limit = |value| sampling(value).max_tokens().unwrap();
        assert_eq!(
            limit(json!({"max_tokens": 5, "max_completion_tokens": 7})),
            Some(7)
        );
        assert_eq!(limit(json!({"max_tokens": 5})), Some(5));
        assert_eq!(limit(json!({"max_tokens": -1})), None);
        assert_eq!(
            sampling(json!({"top_k": -1}))
                .parameters(&SamplingParameters::default(), None)
                .unwrap()
                .top_k,
            0
        );
        assert_eq!(sampling(json!({"stop": "a"})).stop(), ["a"]);
    }
}
