//! `POST /api/v1/chat`: a chat whose history the server keeps.

use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{ChatMessage, Needs, Request};

use super::chat_events::{ChatEvents, Kept};
use crate::answers::{Answers, frames, server_sent};
use crate::body::{Body, Content, Said, of_data_url, read, refuse, token_limit};
use crate::fault::{Dialect, Fault};
use crate::names::{Call, Defaults};
use crate::openai::{Responses, Sampling};
use crate::prompt;
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Fields {
    input: Option<Input>,
    system_prompt: Option<String>,
    stream: Option<bool>,
    max_output_tokens: Option<i64>,
    reasoning: Option<String>,
    context_length: Option<u32>,
    store: Option<bool>,
    previous_response_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "it must be a text or a list of items with a `type`"
)]
enum Input {
    Text(String),
    Items(Vec<Item>),
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    /// The documents call it so, their examples `text`.
    content: Option<Content>,
    text: Option<String>,
    /// An image, base64 in a `data:` URL.
    data_url: Option<String>,
}

/// What a request asks for.
struct Asked {
    request: Request,
    stream: bool,
    kept: Kept,
}

pub async fn chat(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::LmStudioV1))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = read_chat(&body, &served.chats, &defaults)?;
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, vec![asked.request]);
    let events = ChatEvents::begin(model.key, asked.kept, Arc::clone(&served.chats));
    if !asked.stream {
        let whole = answers.only().await?;
        return Ok(Json(events.whole(whole)).into_response());
    }
    answers.begin().await?;
    let alive = Event::default().comment("alive");
    Ok(server_sent(frames(answers, events, &served.stop), alive))
}

fn read_chat(body: &Value, chats: &Responses, defaults: &Defaults) -> Result<Asked, Fault> {
    let fields: Fields = read(body)?;
    let sampling: Sampling = read(body)?;
    refuse(body, &["integrations"])?;
    let mut messages = match &fields.previous_response_id {
        None => Vec::new(),
        Some(id) => match chats.get(id) {
            Some(previous) => previous.messages.clone(),
            None => {
                let message = format!(
                    "there is no response `{id}`; the last ones are kept while the server runs"
                );
                return Err(Fault::field("previous_response_id", message));
            }
        },
    };
    messages.push(read_input(fields.input.as_ref())?);
    let mut prompted = messages.clone();
    if let Some(system) = fields.system_prompt {
        prompted.insert(0, prompt::message("system", system, None, "system_prompt")?);
    }
    let mut variables = Map::new();
    match fields.reasoning.as_deref() {
        None => {}
        Some("off") => prompt::set_effort(&mut variables, "none"),
        Some("on") => {
            variables.insert("enable_thinking".into(), true.into());
        }
        Some(effort) => prompt::set_effort(&mut variables, effort),
    }
    Ok(Asked {
        request: defaults.complete(Request {
            sampling: sampling.parameters(&defaults.sampling, None)?,
            max_tokens: token_limit("max_output_tokens", fields.max_output_tokens)?
                .or(defaults.max_tokens),
            needs: Needs {
                context_length: fields.context_length,
                ..Needs::default()
            },
            ..Request::new(prompt::chat(prompted, variables, Vec::new())?)
        }),
        stream: fields.stream.unwrap_or(false),
        kept: Kept {
            messages,
            store: fields.store.unwrap_or(true),
        },
    })
}

fn read_input(input: Option<&Input>) -> Result<ChatMessage, Fault> {
    let said = match input {
        None => {
            return Err(Fault::field(
                "input",
                "`input` must be a text or a list of items",
            ));
        }
        Some(Input::Text(text)) => Said::from(text.as_str()),
        Some(Input::Items(items)) => {
            let mut said = Said::default();
            for (at, item) in items.iter().enumerate() {
                let field = format!("input[{at}]");
                match (item.kind.as_str(), &item.content, &item.text) {
                    ("message" | "text", Some(content), _) => said.add_text(&content.text(&field)?),
                    ("message" | "text", None, Some(text)) => said.add_text(text),
                    ("image", ..) => said.add_image(of_data_url(
                        item.data_url.as_deref().unwrap_or_default(),
                        &field,
                    )?),
                    (kind, ..) => {
                        let message =
                            format!("`{field}` is of type `{kind}`: text and images are supported");
                        return Err(Fault::field(field, message));
                    }
                }
            }
            said
        }
    };
    prompt::illustrated("user", said, None, "input")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_core::completions::Prompt;

    use super::*;

    #[test]
    fn fields_reach_the_engine() {
        let asked = read_chat(
            &json!({
                "model": "tiny", "system_prompt": "Be brief.", "max_output_tokens": 5, "context_length": 2048, "top_k": 7,
                "input": [{"type": "message", "content": "a"}, {"type": "message", "text": "b"}], "reasoning": "off",
            }),
            &Responses::default(),
            &Defaults::default(),
        )
        .unwrap();
        let request = asked.request;
        assert_eq!(
            (request.max_tokens, request.needs.context_length),
            (Some(5), Some(2048))
        );
        assert_eq!(request.sampling.top_k, 7);
        let Prompt::Chat {
            messages,
            variables,
            ..
        } = request.prompt
        else {
            unreachable!("it is a chat");
        };
        let told: Vec<_> = messages
            .iter()
            .map(|message| message.content.as_str())
            .collect();
        assert_eq!(told, ["Be brief.", "a\nb"]);
        assert_eq!(variables["enable_thinking"], false);
        assert_eq!(asked.kept.messages.len(), 1);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, more) in [
            ("input", json!({})),
            (
                "input[0]",
                json!({"input": [{"type": "image", "data_url": "https://elsewhere/a.png"}]}),
            ),
            (
                "input[1]",
                json!({"input": [{"type": "text", "text": "a"}, {"type": "audio"}]}),
            ),
            (
                "integrations",
                json!({"input": "a", "integrations": ["mcp/x"]}),
            ),
            (
                "previous_response_id",
                json!({"input": "a", "previous_response_id": "resp_1"}),
            ),
        ] {
            let fault = read_chat(&more, &Responses::default(), &Defaults::default())
                .map(drop)
                .unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field));
        }
    }
}
