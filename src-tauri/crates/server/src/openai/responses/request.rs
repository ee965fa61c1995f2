//! What is asked.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::Request;

use super::items::{append, of_input};
use super::response::Frame;
use super::store::Responses;
use super::unknown;
use crate::body::{read, refuse, token_limit};
use crate::fault::Fault;
use crate::form::of_format;
use crate::names::Defaults;
use crate::openai::sampling::{Sampling, top_logprobs};
use crate::prompt;
use crate::tools::{Choice, Tools, of_openai};

/// What there is not.
const UNSUPPORTED: [&str; 4] = ["background", "conversation", "prompt", "max_tool_calls"];

/// What a request includes to have the probabilities of tokens.
const LOGPROBS: &str = "message.output_text.logprobs";

#[derive(Deserialize)]
struct Fields {
    instructions: Option<String>,
    previous_response_id: Option<String>,
    max_output_tokens: Option<i64>,
    parallel_tool_calls: Option<bool>,
    reasoning: Option<Reasoning>,
    store: Option<bool>,
    stream: Option<bool>,
    top_logprobs: Option<u32>,
    include: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Reasoning {
    effort: Option<String>,
}

/// What a request asks for.
pub struct Asked {
    pub request: Request,
    pub stream: bool,
    /// What its response repeats.
    pub frame: Frame,
}

impl Asked {
    /// Reads a request; one that goes on behind an earlier response needs that to be kept.
    pub fn read(body: &Value, responses: &Responses, defaults: &Defaults) -> Result<Self, Fault> {
        let fields: Fields = read(body)?;
        let sampling: Sampling = read(body)?;
        refuse(body, &UNSUPPORTED)?;
        let tools = Tools::new(
            of_openai(&body["tools"])?,
            Choice::of_openai(&body["tool_choice"])?,
            fields.parallel_tool_calls == Some(false),
            "tool_choice",
        )?;
        let previous = match &fields.previous_response_id {
            None => None,
            Some(id) => Some(responses.get(id).ok_or_else(|| Fault {
                field: Some("previous_response_id".into()),
                code: Some("previous_response_not_found"),
                ..unknown(id)
            })?),
        };
        let input = of_input(&body["input"])?;
        let mut messages = match &previous {
            Some(previous) => previous.messages.clone(),
            None => Vec::new(),
        };
        append(&input, &mut messages)?;
        let mut prompted = messages.clone();
        if let Some(instructions) = &fields.instructions {
            let system = prompt::message("system", instructions.clone(), None, "instructions")?;
            prompted.insert(0, system);
        }
        // Who wants to know the likeliest tokens wants to know them.
        let included = fields.include.iter().flatten().any(|one| one == LOGPROBS);
        let likeliest = fields.top_logprobs.or(included.then_some(0));
        let likeliest = likeliest.map(top_logprobs).transpose()?;
        let mut variables = Map::new();
        if let Some(effort) = fields.reasoning.and_then(|reasoning| reasoning.effort) {
            prompt::set_effort(&mut variables, &effort);
        }
        let request = tools.clone().apply(Request {
            sampling: sampling.parameters(&defaults.sampling, likeliest)?,
            max_tokens: token_limit("max_output_tokens", fields.max_output_tokens)?
                .or(defaults.max_tokens),
            constraint: of_format(&body["text"]["format"], "text.format")?,
            ..Request::new(prompt::chat(prompted, variables, tools.list)?)
        });
        let request = defaults.complete(request);
        Ok(Self {
            stream: fields.stream.unwrap_or(false),
            frame: Frame {
                asked: repeated(body, &request),
                input,
                messages,
                previous: previous.as_ref().map(Arc::clone),
                store: fields.store.unwrap_or(true),
            },
            request,
        })
    }
}

/// The fields of a request that its response says again, with their defaults.
fn repeated(body: &Value, request: &Request) -> Map<String, Value> {
    let mut fields = Map::new();
    let given = |field: &str, default: Value| match &body[field] {
        Value::Null => default,
        value => value.clone(),
    };
    for (field, default) in [
        ("instructions", Value::Null),
        ("max_output_tokens", Value::Null),
        ("metadata", Value::Object(Map::new())),
        ("parallel_tool_calls", true.into()),
        ("previous_response_id", Value::Null),
        ("store", true.into()),
        ("tool_choice", "auto".into()),
        ("tools", Value::Array(Vec::new())),
        ("top_logprobs", 0.into()),
        ("truncation", "disabled".into()),
        ("user", Value::Null),
        ("temperature", request.sampling.temperature.into()),
        ("top_p", request.sampling.top_p.into()),
        (
            "reasoning",
            serde_json::json!({"effort": null, "summary": null}),
        ),
        ("text", serde_json::json!({"format": {"type": "text"}})),
    ] {
        fields.insert(field.into(), given(field, default));
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_core::completions::Prompt;

    use super::*;

    fn asked(more: Value) -> Result<Asked, Fault> {
        let mut body = json!({"model": "tiny", "input": "hi"});
        let fields = more.as_object().expect("fields").clone();
        body.as_object_mut().expect("fields").extend(fields);
        Asked::read(&body, &Responses::default(), &Defaults::default())
    }

    #[test]
    fn fields_reach_the_engine_and_are_repeated() {
        let asked = asked(json!({
            "instructions": "Be brief.", "max_output_tokens": 7, "temperature": 0.5, "reasoning": {"effort": "none"},
            "metadata": {"a": "b"}, "store": false, "stream": true,
        }))
        .unwrap();
        assert_eq!(
            (asked.request.max_tokens, asked.request.sampling.temperature),
            (Some(7), 0.5)
        );
        let Prompt::Chat {
            messages,
            variables,
            ..
        } = asked.request.prompt
        else {
            unreachable!("it is a chat");
        };
        assert_eq!((messages[0].role.as_str(), messages.len()), ("system", 2));
        assert_eq!(variables["enable_thinking"], false);
        let frame = asked.frame;
        assert!(asked.stream && !frame.store);
        assert_eq!(
            frame.messages.len(),
            1,
            "instructions are of this request only"
        );
        assert_eq!(frame.asked["metadata"], json!({"a": "b"}));
        assert_eq!(frame.asked["tool_choice"], "auto");
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, more) in [
            ("background", json!({"background": true})),
            ("conversation", json!({"conversation": "conv_1"})),
            (
                "text.format.schema",
                json!({"text": {"format": {"type": "json_schema"}}}),
            ),
            ("tools[0]", json!({"tools": [{"type": "web_search"}]})),
            (
                "previous_response_id",
                json!({"previous_response_id": "resp_1"}),
            ),
            ("max_output_tokens", json!({"max_output_tokens": 0})),
            ("top_logprobs", json!({"top_logprobs": 21})),
        ] {
            let fault = asked(more).map(drop).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field));
        }
    }
}
