//! `POST /api/chat`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::Value;
use sirocco_core::completions::{ChatMessage, Prompt, Request, ToolCall};
use sirocco_protocol::Model;

use super::NAMES;
use super::duration::KeepAlive;
use super::frames::{Lines, Shape, streamed};
use super::options::Asked;
use crate::answers::{Answers, frames};
use crate::body::{Body, Said, read};
use crate::fault::{Dialect, Fault};
use crate::names::Call;
use crate::prompt;
use crate::routes::{Served, Shared};
use crate::tools::of_openai;

#[derive(Deserialize)]
struct Fields {
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Vec<MadeCall>>,
    tool_call_id: Option<String>,
    #[serde(alias = "name")]
    tool_name: Option<String>,
    /// Files, base64.
    images: Option<Vec<String>>,
}

/// A text with images in front of it, as Ollama has them.
pub fn in_front(images: Option<Vec<String>>, text: &str) -> Said {
    let mut said = Said::default();
    for base64 in images.unwrap_or_default() {
        said.add_image(base64);
    }
    said.add_text(text);
    said
}

/// A call of an earlier answer.
#[derive(Deserialize)]
struct MadeCall {
    id: Option<String>,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl From<MadeCall> for ToolCall {
    fn from(call: MadeCall) -> Self {
        Self {
            id: call.id.unwrap_or_default(),
            name: call.function.name,
            arguments: call.function.arguments,
        }
    }
}

pub async fn chat(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::Ollama))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &NAMES).await?;
    let mut asked = Asked::read(&body, &defaults)?;
    let messages = read_messages(&body)?;
    if messages.is_empty() {
        return load_or_eject(served, &asked, model, Shape::Chat).await;
    }
    let tools = of_openai(&body["tools"])?;
    let prompt = prompt::chat(messages, std::mem::take(&mut asked.variables), tools)?;
    write(served, asked, prompt, model, Shape::Chat).await
}

fn read_messages(body: &Value) -> Result<Vec<ChatMessage>, Fault> {
    let fields: Fields = read(body)?;
    let mut messages = Vec::new();
    for (at, one) in fields.messages.unwrap_or_default().into_iter().enumerate() {
        let place = format!("messages[{at}]");
        let content = one.content.unwrap_or_default();
        if one.role == "tool" {
            messages.push(prompt::result(content, one.tool_call_id, one.tool_name));
            continue;
        }
        let calls = one.tool_calls.unwrap_or_default();
        messages.push(ChatMessage {
            tool_calls: calls.into_iter().map(ToolCall::from).collect(),
            ..prompt::illustrated(
                &one.role,
                in_front(one.images, &content),
                one.thinking,
                &place,
            )?
        });
    }
    Ok(messages)
}

/// The answer to a prompt, in lines or in one.
pub async fn write(
    served: &Served,
    asked: Asked,
    prompt: Prompt,
    model: Model,
    shape: Shape,
) -> Result<Response, Fault> {
    let stream = asked.stream;
    let request: Request = asked.request(prompt);
    let lines = Lines::begin(shape, model.key);
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, vec![request]);
    if !stream {
        let whole = answers.only().await?;
        return Ok(Json(lines.whole(whole)).into_response());
    }
    answers.begin().await?;
    Ok(streamed(frames(answers, lines, &served.stop)))
}

/// A request without words asks for nothing but the model: to be loaded, or with no time to live to be ejected.
pub async fn load_or_eject(
    served: &Served,
    asked: &Asked,
    model: Model,
    shape: Shape,
) -> Result<Response, Fault> {
    let reason = match asked.keep_alive {
        KeepAlive::Eject => {
            if !served.completions.let_go(model.id).await? {
                let message = format!("{} is in use and stays loaded", model.key);
                return Err(Fault::new(axum::http::StatusCode::CONFLICT, message));
            }
            "unload"
        }
        KeepAlive::Keep => {
            served.completions.warm_up(model.id, asked.needs).await?;
            "load"
        }
    };
    Ok(Json(Lines::begin(shape, model.key).without_answer(reason)).into_response())
}
