//! What a chat and a plain generation have in common.

use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{Constraint, Needs, Prompt, Request, SamplingParameters};

use super::duration::{KeepAlive, keep_alive};
use crate::body::{Strings, read, refuse, token_limit};
use crate::fault::Fault;
use crate::form::of_ollama;
use crate::names::Defaults;
use crate::openai::check;
use crate::prompt::set_effort;

/// What there is not yet.
const UNSUPPORTED: [&str; 1] = ["suffix"];

#[derive(Deserialize)]
struct Fields {
    stream: Option<bool>,
    options: Option<Options>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
}

/// Those that say how an answer is written, and what the model is loaded with. What else is about the machine (`num_gpu`,
/// `num_thread`, …) is decided here, and passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    temperature: Option<f32>,
    top_k: Option<u32>,
    top_p: Option<f32>,
    min_p: Option<f32>,
    typical_p: Option<f32>,
    repeat_last_n: Option<i32>,
    repeat_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    seed: Option<i64>,
    stop: Option<Strings>,
    num_predict: Option<i64>,
    num_ctx: Option<u32>,
    use_mmap: Option<bool>,
}

/// What a request asks for, but its prompt.
pub struct Asked {
    pub stream: bool,
    pub keep_alive: KeepAlive,
    /// For the chat template.
    pub variables: Map<String, Value>,
    sampling: SamplingParameters,
    max_tokens: Option<u32>,
    stop: Vec<String>,
    pub needs: Needs,
    constraint: Option<Constraint>,
    defaults: Defaults,
}

impl Asked {
    /// Reads everything but the prompt.
    pub fn read(body: &Value, defaults: &Defaults) -> Result<Self, Fault> {
        let fields: Fields = read(body)?;
        refuse(body, &UNSUPPORTED)?;
        let options = fields.options.unwrap_or_default();
        let mut sampling = SamplingParameters {
            // Any number below zero stands for a seed of its own each time.
            seed: match options.seed {
                Some(seed) => u64::try_from(seed).ok(),
                None => defaults.sampling.seed,
            },
            ..defaults.sampling.clone()
        };
        if fields.logprobs.unwrap_or(false) {
            sampling.top_logprobs = Some(fields.top_logprobs.unwrap_or(0));
        }
        macro_rules! take {
            ($($field:ident),+) => {$(if let Some(value) = options.$field { sampling.$field = value; })+};
        }
        take!(
            temperature,
            top_k,
            top_p,
            min_p,
            typical_p,
            repeat_last_n,
            repeat_penalty,
            presence_penalty,
            frequency_penalty
        );
        check(&sampling)?;
        let max_tokens = match options.num_predict {
            None => defaults.max_tokens,
            // -2 is "as long as the context", which is what no limit is here.
            Some(limit) if limit < 0 => None,
            limit => token_limit("options.num_predict", limit)?,
        };
        let mut variables = Map::new();
        match &body["think"] {
            Value::Null => {}
            Value::Bool(false) => set_effort(&mut variables, "none"),
            Value::Bool(true) => {
                variables.insert("enable_thinking".into(), true.into());
            }
            Value::String(effort) => set_effort(&mut variables, effort),
            _ => {
                return Err(Fault::field(
                    "think",
                    "`think` must be true, false, or low, medium or high",
                ));
            }
        }
        Ok(Self {
            stream: fields.stream.unwrap_or(true),
            keep_alive: keep_alive(&body["keep_alive"])?,
            variables,
            sampling,
            max_tokens,
            stop: options.stop.unwrap_or_default().0,
            needs: Needs {
                context_length: options.num_ctx.or(defaults.context_length),
                memory_map: options.use_mmap,
                ..Needs::default()
            },
            constraint: of_ollama(&body["format"])?,
            defaults: defaults.clone(),
        })
    }

    /// The request with this prompt.
    pub fn request(self, prompt: Prompt) -> Request {
        self.defaults.complete(Request {
            sampling: self.sampling,
            max_tokens: self.max_tokens,
            stop: self.stop,
            constraint: self.constraint,
            needs: self.needs,
            eject_after: self.keep_alive == KeepAlive::Eject,
            ..Request::new(prompt)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(body: Value) -> Request {
        let prompt = Prompt::Text {
            text: String::new(),
            special: false,
        };
        Asked::read(&body, &Defaults::default())
            .unwrap()
            .request(prompt)
    }

    #[test]
    fn options_reach_the_engine() {
        let request = request(json!({
            "model": "m", "keep_alive": 0, "logprobs": true, "top_logprobs": 2,
            "options": {
                "temperature": 0.5, "top_k": 7, "top_p": 0.25, "min_p": 0.125, "typical_p": 0.5,
                "repeat_last_n": 9, "repeat_penalty": 1.5, "presence_penalty": 1, "frequency_penalty": -1,
                "seed": 5, "stop": ["a", "b"], "num_predict": 3, "num_ctx": 2048, "use_mmap": false,
                "num_gpu": 99,
            },
        }));
        let expected = SamplingParameters {
            temperature: 0.5,
            top_k: 7,
            top_p: 0.25,
            min_p: 0.125,
            typical_p: 0.5,
            repeat_last_n: 9,
            repeat_penalty: 1.5,
            presence_penalty: 1.0,
            frequency_penalty: -1.0,
            seed: Some(5),
            top_logprobs: Some(2),
            ..SamplingParameters::default()
        };
        assert_eq!(request.sampling, expected);
        assert_eq!(request.stop, ["a", "b"]);
        assert_eq!(request.max_tokens, Some(3));
        let needs = Needs {
            context_length: Some(2048),
            memory_map: Some(false),
            ..Needs::default()
        };
        assert_eq!(request.needs, needs);
        assert!(request.eject_after);
    }

    #[test]
    fn numbers_below_zero_are_no_limit_and_no_seed() {
        for limit in [-1, -2] {
            let request = request(json!({"options": {"num_predict": limit, "seed": -1}}));
            assert_eq!((request.max_tokens, request.sampling.seed), (None, None));
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, body) in [
            ("format", json!({"format": "yaml"})),
            ("suffix", json!({"suffix": "x"})),
            ("think", json!({"think": 3})),
            ("keep_alive", json!({"keep_alive": "soon"})),
            ("options.top_k", json!({"options": {"top_k": "x"}})),
            ("top_p", json!({"options": {"top_p": 2}})),
        ] {
            let fault = Asked::read(&body, &Defaults::default())
                .map(drop)
                .unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{body}");
        }
    }
}
