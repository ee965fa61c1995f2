//! What is asked.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sirocco_core::completions::{ChatMessage, Constraint, Prompt, Request, ToolCall};

use crate::body::{Content, Strings, read, refuse, token_limit};
use crate::fault::Fault;
use crate::form::of_format;
use crate::names::Defaults;
use crate::openai::check;
use crate::prompt;
use crate::tools::{Choice, Tools, tool};

/// What there is not yet.
const UNSUPPORTED: [&str; 2] = ["mcp_servers", "container"];

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
struct ToolFields {
    tools: Option<Vec<ToolField>>,
    tool_choice: Option<ChoiceField>,
}

#[derive(Deserialize)]
struct ToolField {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: String,
    description: Option<String>,
    input_schema: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ChoiceField {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    disable_parallel_tool_use: bool,
}

#[derive(Deserialize)]
struct Thinking {
    #[serde(rename = "type")]
    kind: String,
}

/// What a request asks for.
pub struct Asked {
    pub request: Request,
    pub stream: bool,
}

/// Reads a request for an answer.
pub fn read_messages(body: &Value, defaults: &Defaults) -> Result<Asked, Fault> {
    let fields: Fields = read(body)?;
    let Some(max_tokens) = token_limit("max_tokens", fields.max_tokens)? else {
        return Err(Fault::field(
            "max_tokens",
            "`max_tokens` must be a number of tokens",
        ));
    };
    let prompt = read_prompt(body)?;
    let tools = read_tools(body)?;
    let mut sampling = defaults.sampling.clone();
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
        request: defaults.complete(tools.apply(Request {
            sampling,
            max_tokens: Some(max_tokens),
            stop: fields.stop_sequences.unwrap_or_default().0,
            constraint: read_format(body)?,
            ..Request::new(prompt)
        })),
        stream: fields.stream.unwrap_or(false),
    })
}

/// The form of the answer, where it stands now and where it stood at first.
fn read_format(body: &Value) -> Result<Option<Constraint>, Fault> {
    let format = &body["output_config"]["format"];
    if format.is_null() {
        of_format(&body["output_format"], "output_format")
    } else {
        of_format(format, "output_config.format")
    }
}

/// The prompt alone, as it is counted.
pub fn read_prompt(body: &Value) -> Result<Prompt, Fault> {
    let fields: PromptFields = read(body)?;
    refuse(body, &UNSUPPORTED)?;
    let mut messages = Vec::new();
    if let Some(system) = &fields.system {
        let text = system.text("system")?;
        messages.push(prompt::message("system", text, None, "system")?);
    }
    for (at, message) in fields.messages.unwrap_or_default().iter().enumerate() {
        read_message(message, &format!("messages[{at}]"), &mut messages)?;
    }
    let mut variables = Map::new();
    if let Some(thinking) = &fields.thinking {
        let thinks = thinking.kind != "disabled";
        variables.insert("enable_thinking".into(), thinks.into());
    }
    let tools = read_tools(body)?.list;
    prompt::chat(messages, variables, tools)
}

/// The results of calls come first: their tools answered before the person wrote on. Earlier thoughts are given to the
/// template, which decides whether the model sees them again.
fn read_message(
    message: &Message,
    place: &str,
    messages: &mut Vec<ChatMessage>,
) -> Result<(), Fault> {
    let field = format!("{place}.content");
    let role = format!("{place}.role");
    let parts = match &message.content {
        Content::Parts(parts) => parts,
        text => {
            let text = text.text(&field)?;
            messages.push(prompt::message(&message.role, text, None, &role)?);
            return Ok(());
        }
    };
    let (mut thoughts, mut calls, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let before = messages.len();
    for part in parts {
        match part.kind.as_str() {
            "thinking" | "redacted_thinking" => thoughts.extend(part.thinking.as_deref()),
            "tool_use" => calls.push(ToolCall {
                id: part.id.clone().unwrap_or_default(),
                name: part.name.clone().unwrap_or_default(),
                arguments: part.input.clone().unwrap_or_else(|| json!({})),
            }),
            "tool_result" => {
                let content = match &part.content {
                    Some(content) => content.text(&format!("{field}.content"))?,
                    None => String::new(),
                };
                messages.push(prompt::result(content, part.tool_use_id.clone(), None));
            }
            _ => rest.push(part.clone()),
        }
    }
    if rest.is_empty() && messages.len() > before {
        return Ok(());
    }
    let said = Content::Parts(rest).said(&field)?;
    let thoughts = (!thoughts.is_empty()).then(|| thoughts.join("\n"));
    messages.push(ChatMessage {
        tool_calls: calls,
        ..prompt::illustrated(&message.role, said, thoughts, place)?
    });
    Ok(())
}

fn read_tools(body: &Value) -> Result<Tools, Fault> {
    let fields: ToolFields = read(body)?;
    let mut list = Vec::new();
    for (at, one) in fields.tools.unwrap_or_default().iter().enumerate() {
        // Those that run on Anthropic's machines have a type of their own, with a date in it.
        if one.kind.as_deref().is_some_and(|kind| kind != "custom") {
            let field = format!("tools[{at}].type");
            return Err(Fault::unsupported(&field));
        }
        list.push(tool(
            &one.name,
            one.description.as_deref(),
            one.input_schema.as_ref(),
        ));
    }
    let choice = fields.tool_choice.unwrap_or_default();
    let one_call = choice.disable_parallel_tool_use;
    let choice = match (choice.kind.as_deref(), choice.name) {
        (None | Some("auto"), _) => Choice::Auto,
        (Some("none"), _) => Choice::None,
        (Some("any"), _) => Choice::Required,
        (Some("tool"), Some(name)) => Choice::Named(name),
        _ => {
            let message = "`tool_choice` must be of type auto, any, none, or tool with a `name`";
            return Err(Fault::field("tool_choice", message));
        }
    };
    Tools::new(list, choice, one_call, "tool_choice")
}

#[cfg(test)]
mod tests {
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
        let asked = read_messages(
            &body(json!({
            "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
            "stop_sequences": ["END"], "temperature": 0.5, "top_p": 0.25, "top_k": 7, "stream": true,
            "thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "me"},
        })),
            &Defaults::default(),
        )
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
        let prompt = read_prompt(&body(json!({"messages": [
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
    fn calls_and_their_results_are_messages_of_their_own() {
        let prompt = read_prompt(&body(json!({
            "tools": [{"name": "wind", "description": "Asks.", "input_schema": {"type": "object"}}],
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "wind", "input": {"at": "Tunis"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "sirocco"}]},
                    {"type": "text", "text": "and?"},
                ]},
            ],
        })))
        .unwrap();
        let Prompt::Chat {
            messages, tools, ..
        } = prompt
        else {
            unreachable!("it is a chat");
        };
        let told: Vec<_> = messages
            .iter()
            .map(|message| (message.role.as_str(), message.content.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("user", "a"),
                ("assistant", "I look."),
                ("tool", "sirocco"),
                ("user", "and?")
            ]
        );
        assert_eq!(messages[1].tool_calls[0].arguments, json!({"at": "Tunis"}));
        assert_eq!(messages[2].tool_name.as_deref(), Some("wind"));
        assert_eq!(
            tools[0]["function"]["parameters"],
            json!({"type": "object"})
        );
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, more) in [
            ("max_tokens", json!({"max_tokens": null})),
            ("max_tokens", json!({"max_tokens": 0})),
            (
                "tools[0].type",
                json!({"tools": [{"name": "x", "type": "web_search_20250305"}]}),
            ),
            ("tools[0]", json!({"tools": [{"description": "x"}]})),
            ("tool_choice", json!({"tool_choice": {"type": "any"}})),
            (
                "tool_choice",
                json!({"tools": [{"name": "x"}], "tool_choice": {"type": "tool"}}),
            ),
            (
                "output_config.format.schema",
                json!({"output_config": {"format": {"type": "json_schema"}}}),
            ),
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
                    {"role": "user", "content": [{"type": "document", "source": {}}]},
                ]}),
            ),
            ("messages[0]", json!({"messages": [{"role": "user"}]})),
        ] {
            let fault = read_messages(&body(more.clone()), &Defaults::default())
                .map(drop)
                .unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{more}");
        }
    }
}
