//! Items of the input, and the messages that they are to a model.

use serde::Deserialize;
use serde_json::{Value, json};
use sirocco_core::completions::ChatMessage;

use crate::body::{Content, Said};
use crate::fault::{Fault, fresh_id};
use crate::prompt::{illustrated, result};
use crate::tools::earlier_call;

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    content: Option<Content>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output: Option<Content>,
}

/// The items of an `input`, which is a text or a list, each with an id.
pub fn of_input(input: &Value) -> Result<Vec<Value>, Fault> {
    let mut items = match input {
        Value::String(text) => {
            let part = json!({"type": "input_text", "text": text});
            vec![json!({"type": "message", "role": "user", "content": [part]})]
        }
        Value::Array(items) if !items.is_empty() => items.clone(),
        _ => {
            let message = "`input` must be a text or a list of items";
            return Err(Fault::field("input", message));
        }
    };
    for item in &mut items {
        let Some(fields) = item.as_object_mut() else {
            let message = "`input` holds an item that is no object";
            return Err(Fault::field("input", message));
        };
        fields.entry("type").or_insert_with(|| "message".into());
        fields
            .entry("id")
            .or_insert_with(|| fresh_id("msg_").into());
    }
    Ok(items)
}

/// Appends what these items are to a model. Thoughts of earlier answers are left out: no template wants them back.
pub fn append(items: &[Value], messages: &mut Vec<ChatMessage>) -> Result<(), Fault> {
    for (at, item) in items.iter().enumerate() {
        let place = format!("input[{at}]");
        let item: Item = serde_json::from_value(item.clone())
            .map_err(|error| Fault::field(&place, format!("`{place}`: {error}")))?;
        let text = |content: Option<&Content>, field: &str| match content {
            Some(content) => content.text(&format!("{place}.{field}")),
            None => Ok(String::new()),
        };
        match item.kind.as_deref().unwrap_or("message") {
            "message" => {
                let said = match &item.content {
                    Some(content) => content.said(&format!("{place}.content"))?,
                    None => Said::default(),
                };
                let role = item.role.as_deref().unwrap_or_default();
                messages.push(illustrated(role, said, None, &place)?);
            }
            "function_call" => {
                let id = item.call_id.unwrap_or_default();
                let name = item.name.unwrap_or_default();
                let arguments = item.arguments.unwrap_or_default();
                let call = earlier_call(&id, &name, &arguments);
                // Calls belong to the answer that they stand behind.
                match messages.last_mut().filter(|last| last.role == "assistant") {
                    Some(answer) => answer.tool_calls.push(call),
                    None => messages.push(ChatMessage {
                        role: "assistant".into(),
                        tool_calls: vec![call],
                        ..ChatMessage::default()
                    }),
                }
            }
            "function_call_output" => {
                let content = text(item.output.as_ref(), "output")?;
                messages.push(result(content, item.call_id, None));
            }
            "reasoning" => {}
            kind => {
                let field = format!("{place}.type");
                let message = format!("`{field}` is `{kind}`, which is not supported yet");
                return Err(Fault::field(field, message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(input: &Value) -> Result<Vec<ChatMessage>, Fault> {
        let mut messages = Vec::new();
        append(&of_input(input)?, &mut messages)?;
        Ok(messages)
    }

    #[test]
    fn a_text_is_a_question() {
        let messages = messages(&json!("why?")).unwrap();
        assert_eq!(
            (messages[0].role.as_str(), messages[0].content.as_str()),
            ("user", "why?")
        );
        let items = of_input(&json!([{"role": "user", "content": "why?"}])).unwrap();
        assert_eq!(items[0]["type"], "message");
        assert!(
            items[0]["id"]
                .as_str()
                .is_some_and(|id| id.starts_with("msg_"))
        );
    }

    #[test]
    fn calls_join_the_answer_that_makes_them() {
        let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "wind", "arguments": "{}"});
        let messages = messages(&json!([
            {"role": "user", "content": "why?"},
            {"type": "reasoning", "summary": []},
            {"role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
            call("1"), call("2"),
            {"type": "function_call_output", "call_id": "1", "output": "sirocco"},
            call("3"),
        ]))
        .unwrap();
        let told: Vec<_> = messages
            .iter()
            .map(|message| {
                (
                    message.role.as_str(),
                    message.content.as_str(),
                    message.tool_calls.len(),
                )
            })
            .collect();
        let expected = [
            ("user", "why?", 0),
            ("assistant", "I look.", 2),
            ("tool", "sirocco", 0),
            ("assistant", "", 1),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (field, input) in [
            ("input", json!(null)),
            ("input", json!([])),
            ("input", json!(["why?"])),
            (
                "input[0].role",
                json!([{"role": "narrator", "content": "a"}]),
            ),
            (
                "input[0].type",
                json!([{"type": "item_reference", "id": "msg_1"}]),
            ),
            (
                "input[0].content[0]",
                json!([{"role": "user", "content": [{"type": "input_image"}]}]),
            ),
            ("input[0]", json!([{"role": 5}])),
        ] {
            let fault = messages(&input).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{input}");
        }
    }
}
