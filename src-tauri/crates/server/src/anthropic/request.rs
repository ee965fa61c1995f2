//! What is asked.

use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{ChatMessage, Prompt, Request, SamplingParameters};

use crate::body::{Content, Strings, read, refuse, token_limit};
use crate::fault::Fault;
use crate::openai::check;
use crate::prompt;

/// What there is not yet.
const UNSUPPORTED: [&str; 4] = ["tools", "mcp_servers", "container", "output_format"];

#[derive(Deserialize)]
struct Fields {
    max_tokens: Option<i64>,
    stop_sequences: Option<Strings>,
    stream: Option<bool>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
}

#[derive(Deserialize)]
struct PromptFields {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    system: Option<Content>,
    thinking: Option<Thinking>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
struct Thinking {
    #[serde(rename = "type")]
    kind: String,
}

/// What a request asks for.
pub struct Asked {
    pub model: Option<String>,
    pub request: Request,
    pub stream: bool,
}

/// Reads a request for an answer.
pub fn read_messages(body: &Value) -> Result<Asked, Fault> {
    let fields: Fields = read(body)?;
    let Some(max_tokens) = token_limit("max_tokens", fields.max_tokens)? else {
        return Err(Fault::field(
            "max_tokens",
            "`max_tokens` must be a number of tokens",
        ));
    };
    let (model, prompt) = read_prompt(body)?;
    let mut sampling = SamplingParameters::default();
    if let Some(temperature) = fields.temperature {
        sampling.temperature = temperature;
    }
    if let Some(top_p) = fields.top_p {
        sampling.top_p = top_p;
    }
    if let Some(top_k) = fields.top_k {
        sampling.top_k = top_k;
    }
    check(&sampling)?;
    Ok(Asked {
        model,
        request: Request {
            sampling,
            max_tokens: Some(max_tokens),
            stop: fields.stop_sequences.unwrap_or_default().0,
            ..Request::new(prompt)
        },
        stream: fields.stream.unwrap_or(false),
    })
}

/// The model and the prompt alone, as they are counted.
pub fn read_prompt(body: &Value) -> Result<(Option<String>, Prompt), Fault> {
    let fields: PromptFields = read(body)?;
    refuse(body, &UNSUPPORTED)?;
    // Without tools, these choose none.
    let choice = &body["tool_choice"]["type"];
    if choice.is_string() && choice != "none" && choice != "auto" {
        return Err(Fault::unsupported("tool_choice"));
    }
    let mut messages = Vec::new();
    if let Some(system) = &fields.system {
        let text = system.text("system")?;
        messages.push(prompt::message("system", text, None, "system")?);
    }
    for (at, message) in fields.messages.unwrap_or_default().iter().enumerate() {
        messages.push(read_message(message, &format!("messages[{at}]"))?);
    }
    let mut variables = Map::new();
    if let Some(thinking) = &fields.thinking {
        let thinks = thinking.kind != "disabled";
        variables.insert("enable_thinking".into(), thinks.into());
    }
    Ok((fields.model, prompt::chat(messages, variables)?))
}

/// Earlier thoughts are given to the template, which decides whether the model sees them again.
fn read_message(message: &Message, place: &str) -> Result<ChatMessage, Fault> {
    let field = format!("{place}.content");
    let (content, thoughts) = match &message.content {
        Content::Parts(parts) => {
            let is_thought = |kind: &str| kind == "thinking" || kind == "redacted_thinking";
            let thoughts: Vec<&str> = parts
                .iter()
                .filter_map(|part| part.thinking.as_deref())
                .collect();
            let rest = parts.iter().filter(|part| !is_thought(&part.kind));
            let rest = Content::Parts(rest.cloned().collect());
            (rest.text(&field)?, thoughts.join("\n"))
        }
        text => (text.text(&field)?, String::new()),
    };
    let thoughts = (!thoughts.is_empty()).then_some(thoughts);
    prompt::message(&message.role, content, thoughts, &format!("{place}.role"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(more: Value) -> Value {
        let mut body = json!({
            "model": "tiny", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        });
        let fields = more.as_object().expect("fields").clone();
        body.as_object_mut().expect("fields").extend(fields);
        body
    }

    #[test]
    fn fields_reach_the_engine() {
        let asked = read_messages(&body(json!({
            "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
            "stop_sequences": ["END"], "temperature": 0.5, "top_p": 0.25, "top_k": 7, "stream": true,
            "thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "me"},
        })))
        .unwrap();
        let Request {
            prompt,
            sampling,
            max_tokens,
            stop,
            ..
        } = asked.request;
        assert_eq!((max_tokens, stop), (Some(9), vec!["END".to_owned()]));
        assert_eq!(
            (sampling.temperature, sampling.top_p, sampling.top_k),
            (0.5, 0.25, 7)
        );
        let Prompt::Chat {
            messages,
            variables,
            ..
        } = prompt
        else {
            unreachable!("it is a chat");
        };
        assert_eq!(messages[0].role, "system");
        assert_eq!(messages[0].content, "be brief");
        assert_eq!(variables["enable_thinking"], true);
        assert!(asked.stream);
    }

    #[test]
    fn thoughts_are_told_apart() {
        let (_, prompt) = read_prompt(&body(json!({"messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "b"},
            ]},
        ]})))
        .unwrap();
        let Prompt::Chat {
            messages,
            continue_last,
            ..
        } = prompt
        else {
            unreachable!("it is a chat");
        };
        assert_eq!(messages[1].content, "b");
        assert_eq!(messages[1].reasoning_content.as_deref(), Some("hm"));
        assert!(continue_last);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, more) in [
            ("max_tokens", json!({"max_tokens": null})),
            ("max_tokens", json!({"max_tokens": 0})),
            ("tools", json!({"tools": [{"name": "x"}]})),
            ("tool_choice", json!({"tool_choice": {"type": "any"}})),
            ("messages", json!({"messages": []})),
            ("temperature", json!({"temperature": -1})),
            (
                "messages[0].content[0]",
                json!({"messages": [
                    {"role": "user", "content": [{"type": "image", "source": {}}]},
                ]}),
            ),
            (
                "messages[0].content[0]",
                json!({"messages": [
                    {"role": "user", "content": [{"type": "tool_result", "content": "x"}]},
                ]}),
            ),
            ("messages[0]", json!({"messages": [{"role": "user"}]})),
        ] {
            let fault = read_messages(&body(more.clone())).map(drop).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{more}");
        }
    }
}
