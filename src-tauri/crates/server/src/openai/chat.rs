//! `POST /v1/chat/completions`: what is asked.

use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::Request;

use super::chat_frames::{Chat, ChatFrames};
use super::messages::{Message, read as read_messages};
use super::sampling::{Sampling, top_logprobs};
use crate::answers::{Answers, frames, server_sent};
use crate::body::{Body, read, refuse};
use crate::fault::{Dialect, Fault};
use crate::form::of_format;
use crate::names::{Call, Defaults};
use crate::prompt;
use crate::routes::{Served, Shared};
use crate::tools::{Choice, Tools, of_openai};

/// What there is not yet.
const UNSUPPORTED: [&str; 6] = [
    "functions",
    "function_call",
    "audio",
    "web_search_options",
    "grammar",
    "json_schema",
];

#[derive(Deserialize)]
struct Fields {
    messages: Option<Vec<Message>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
    parallel_tool_calls: Option<bool>,
    modalities: Option<Vec<String>>,
    reasoning_effort: Option<String>,
    /// Variables of the chat template, as llama-server takes them.
    chat_template_kwargs: Option<Map<String, Value>>,
}

/// How a stream is wanted.
#[derive(Deserialize)]
pub struct StreamOptions {
    pub include_usage: Option<bool>,
}

/// What a chat request asks for.
pub struct Asked {
    /// One for each answer.
    pub requests: Vec<Request>,
    pub stream: bool,
    pub include_usage: bool,
}

/// Reads a chat request.
pub fn read_chat(body: &Value, defaults: &Defaults) -> Result<Asked, Fault> {
    let fields: Fields = read(body)?;
    let sampling: Sampling = read(body)?;
    refuse(body, &UNSUPPORTED)?;
    let tools = Tools::new(
        of_openai(&body["tools"])?,
        Choice::of_openai(&body["tool_choice"])?,
        fields.parallel_tool_calls == Some(false),
        "tool_choice",
    )?;
    if fields
        .modalities
        .is_some_and(|kinds| kinds.iter().any(|kind| kind != "text"))
    {
        return Err(Fault::unsupported("modalities"));
    }
    let likeliest = match (fields.logprobs.unwrap_or(false), fields.top_logprobs) {
        (false, None | Some(0)) => None,
        (false, Some(_)) => {
            return Err(Fault::field(
                "top_logprobs",
                "`top_logprobs` needs `logprobs` to be true",
            ));
        }
        (true, most) => Some(top_logprobs(most.unwrap_or(0))?),
    };
    let mut variables = fields.chat_template_kwargs.unwrap_or_default();
    if let Some(effort) = &fields.reasoning_effort {
        prompt::set_effort(&mut variables, effort);
    }
    let messages = read_messages(&fields.messages.unwrap_or_default(), body)?;
    let request = Request {
        sampling: sampling.parameters(&defaults.sampling, likeliest)?,
        max_tokens: sampling.max_tokens()?.or(defaults.max_tokens),
        stop: sampling.stop(),
        constraint: of_format(&body["response_format"], "response_format")?,
        ..Request::new(prompt::chat(messages, variables, tools.list.clone())?)
    };
    let request = defaults.complete(tools.apply(request));
    Ok(Asked {
        requests: several(&request, sampling.answers()?),
        stream: fields.stream.unwrap_or(false),
        include_usage: fields
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false),
    })
}

/// The same request several times. With a seed, each has another: otherwise all answers would be the same.
pub fn several(request: &Request, count: u32) -> Vec<Request> {
    (0..count)
        .map(|nth| {
            let mut request = request.clone();
            let seed = &mut request.sampling.seed;
            *seed = seed.map(|seed| seed.wrapping_add(nth.into()));
            request
        })
        .collect()
}

pub async fn chat(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::OpenAi))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = read_chat(&body, &defaults)?;
    let chat = Chat::begin(model.key);
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, asked.requests);
    if !asked.stream {
        return Ok(Json(chat.complete(answers.collect().await?)).into_response());
    }
    answers.begin().await?;
    let writer = ChatFrames::new(chat, asked.include_usage);
    let alive = Event::default().comment("alive");
    Ok(server_sent(frames(answers, writer, &served.stop), alive))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_core::completions::Prompt;

    use super::*;

    fn asked(more: Value) -> Result<Asked, Fault> {
        let mut body = json!({"model": "tiny", "messages": [{"role": "user", "content": "hi"}]});
        let fields = more.as_object().expect("fields").clone();
        body.as_object_mut().expect("fields").extend(fields);
        read_chat(&body, &Defaults::default())
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, more) in [
            ("tools[0]", json!({"tools": [{"type": "custom"}]})),
            ("tool_choice", json!({"tool_choice": "required"})),
            ("functions", json!({"functions": [{"name": "wind"}]})),
            (
                "response_format",
                json!({"response_format": {"type": "yaml"}}),
            ),
            (
                "response_format.schema",
                json!({"response_format": {"type": "json_schema"}}),
            ),
            ("modalities", json!({"modalities": ["text", "audio"]})),
            ("top_logprobs", json!({"top_logprobs": 3})),
            (
                "top_logprobs",
                json!({"logprobs": true, "top_logprobs": 21}),
            ),
            ("stream", json!({"stream": "yes"})),
            (
                "messages[0].content[0]",
                json!({"messages": [
                    {"role": "user", "content": [{"type": "image_url"}]},
                ]}),
            ),
            (
                "messages[1].role",
                json!({"messages": [
                    {"role": "user", "content": "a"}, {"role": "function", "content": "b"},
                ]}),
            ),
            (
                "messages[0].tool_calls[0]",
                json!({"messages": [
                    {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
                ]}),
            ),
            ("messages", json!({"messages": []})),
        ] {
            let fault = asked(more.clone()).map(drop).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{more}");
            assert_eq!(fault.status, axum::http::StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn harmless_fields_are_passed_over() {
        let asked = asked(json!({
            "user": "me", "store": true, "metadata": {"a": "b"}, "tools": [], "tool_choice": "auto",
            "response_format": {"type": "text"}, "parallel_tool_calls": false, "service_tier": "auto",
        }))
        .unwrap();
        assert_eq!((asked.requests.len(), asked.stream), (1, false));
    }

    #[test]
    fn several_answers_have_several_seeds() {
        let seeds = |more| -> Vec<_> {
            let requests = asked(more).unwrap().requests;
            requests
                .iter()
                .map(|request| request.sampling.seed)
                .collect()
        };
        assert_eq!(
            seeds(json!({"n": 3, "seed": 7})),
            [Some(7), Some(8), Some(9)]
        );
        assert_eq!(seeds(json!({"n": 2})), [None, None]);
    }

    #[test]
    fn the_template_hears_of_effort_and_its_own_variables() {
        let asked = asked(json!({
            "reasoning_effort": "low", "chat_template_kwargs": {"tone": "dry"},
        }))
        .unwrap();
        let Prompt::Chat { variables, .. } = &asked.requests[0].prompt else {
            unreachable!("it is a chat");
        };
        let expected = json!({"enable_thinking": true, "reasoning_effort": "low", "tone": "dry"});
        assert_eq!(Value::Object(variables.clone()), expected);
    }
}
