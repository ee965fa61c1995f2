//! `POST /api/generate`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::Prompt;

use super::NAMES;
use super::chat::{in_front, load_or_eject, write};
use super::frames::Shape;
use super::options::Asked;
use crate::body::{Body, read, refuse};
use crate::fault::{Dialect, Fault};
use crate::names::Call;
use crate::prompt;
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Fields {
    prompt: Option<String>,
    system: Option<String>,
    raw: Option<bool>,
    images: Option<Vec<String>>,
}

pub async fn generate(State(served): Shared, body: Body) -> Response {
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
    let variables = std::mem::take(&mut asked.variables);
    let prompt = read_prompt(&body, variables)?;
    match prompt {
        Some(prompt) => write(served, asked, prompt, model, Shape::Generate).await,
        None => load_or_eject(served, &asked, model, Shape::Generate).await,
    }
}

/// None if nothing is to be continued.
fn read_prompt(body: &Value, variables: Map<String, Value>) -> Result<Option<Prompt>, Fault> {
    let fields: Fields = read(body)?;
    // A template of the request's own, and the tokens of an older answer.
    refuse(body, &["template", "context", "tools"])?;
    let text = fields.prompt.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    if fields.raw.unwrap_or(false) {
        // It says itself where everything stands, and has no word for an image.
        refuse(body, &["images"])?;
        return Ok(Some(Prompt::Text {
            text,
            special: true,
        }));
    }
    let system = fields.system.filter(|system| !system.is_empty());
    let mut messages = Vec::new();
    if let Some(system) = system {
        messages.push(prompt::message("system", system, None, "system")?);
    }
    let said = in_front(fields.images, &text);
    messages.push(prompt::illustrated("user", said, None, "prompt")?);
    prompt::chat(messages, variables, Vec::new()).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prompt_is_a_question_unless_it_is_raw() {
        let read = |body| read_prompt(&body, Map::new()).unwrap();
        let Some(Prompt::Chat { messages, .. }) = read(json!({"prompt": "a", "system": "b"}))
        else {
            unreachable!("it is a chat");
        };
        let told: Vec<_> = messages
            .iter()
            .map(|message| (message.role.as_str(), message.content.as_str()))
            .collect();
        assert_eq!(told, [("system", "b"), ("user", "a")]);
        let raw = read(json!({"prompt": "a", "raw": true}));
        assert!(matches!(raw, Some(Prompt::Text { text, special: true }) if text == "a"));
        assert!(read(json!({"prompt": ""})).is_none());
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, body) in [
            (
                "template",
                json!({"prompt": "a", "template": "{{ .Prompt }}"}),
            ),
            ("context", json!({"prompt": "a", "context": [1, 2]})),
            (
                "tools",
                json!({"prompt": "a", "tools": [{"type": "function"}]}),
            ),
            (
                "images",
                json!({"prompt": "a", "raw": true, "images": ["QQ=="]}),
            ),
        ] {
            let fault = read_prompt(&body, Map::new()).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{body}");
        }
    }
}
