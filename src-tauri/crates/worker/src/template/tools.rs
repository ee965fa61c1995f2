//! Tools for models whose templates have no place for them.
//!
//! What such a model is told is what Qwen's and Hermes' are trained on: many others have seen it, too, and the app reads
//! calls of that form whatever the model.

use serde_json::{Value, json};

use super::Message;

const BEFORE: &str = "# Tools\n\nYou may call functions to help with what the user asks. Their signatures are inside \
    <tools></tools>:\n<tools>\n";
const AFTER: &str = "</tools>\n\nTo call one, write a JSON object with its name and its arguments inside \
    <tool_call></tool_call>, and nothing after that:\n<tool_call>\n{\"name\": \"<name>\", \"arguments\": \
    {<arguments>}}\n</tool_call>";

/// The conversation as plain messages: tools are told of in the system message, calls and their results are text.
pub fn in_words(messages: &[Message], tools: &[Value]) -> Vec<Message> {
    let mut told: Vec<Message> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        match (message.role.as_str(), told.last_mut()) {
            ("tool", Some(last)) if last.role == "user" => {
                let text = last.content.get_or_insert_default();
                *text = format!("{text}\n{}", result_of(message));
            }
            ("tool", _) => told.push(Message::new("user", &result_of(message))),
            _ => told.push(with_calls_in_words(message)),
        }
    }
    if !tools.is_empty() {
        let text = description(tools);
        match told.first_mut().filter(|first| first.role == "system") {
            Some(system) => {
                let own = system.content.get_or_insert_default();
                *own = format!("{own}\n\n{text}");
            }
            None => told.insert(0, Message::new("system", &text)),
        }
    }
    told
}

fn description(tools: &[Value]) -> String {
    let mut text = BEFORE.to_owned();
    for tool in tools {
        text.push_str(&tool.to_string());
        text.push('\n');
    }
    text + AFTER
}

fn result_of(message: &Message) -> String {
    let text = message.content.as_deref().unwrap_or_default();
    format!("<tool_response>\n{text}\n</tool_response>")
}

fn with_calls_in_words(message: &Message) -> Message {
    let mut text = message.content.clone().unwrap_or_default();
    for call in &message.tool_calls {
        let function = &call["function"];
        let call = json!({"name": function["name"], "arguments": function["arguments"]});
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("<tool_call>\n{call}\n</tool_call>"));
    }
    Message {
        content: Some(text),
        tool_calls: Vec::new(),
        ..message.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: &[Message]) -> Vec<(&str, &str)> {
        messages
            .iter()
            .map(|message| {
                (
                    message.role.as_str(),
                    message.content.as_deref().unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn tools_join_the_system_message_or_become_one() {
        let tools = [json!({"type": "function", "function": {"name": "wind"}})];
        let user = Message::new("user", "Hi");
        let alone = in_words(std::slice::from_ref(&user), &tools);
        assert_eq!((alone[0].role.as_str(), &alone[1]), ("system", &user));
        let text = alone[0].content.as_deref().unwrap();
        assert!(text.contains(&tools[0].to_string()), "{text}");
        let joined = in_words(&[Message::new("system", "Be brief."), user], &tools);
        assert_eq!(
            joined[0].content.as_deref(),
            Some(format!("Be brief.\n\n{text}").as_str())
        );
    }

    #[test]
    fn calls_and_results_are_text() {
        let calling = Message {
            tool_calls: vec![json!({"function": {"name": "wind", "arguments": {"at": "Tunis"}}})],
            ..Message::new("assistant", "I look.")
        };
        let messages = [
            Message::new("user", "Which wind?"),
            calling,
            Message::new("tool", "sirocco"),
            Message::new("tool", "and dust"),
        ];
        let call = "I look.\n<tool_call>\n{\"name\":\"wind\",\"arguments\":{\"at\":\"Tunis\"}}\n</tool_call>";
        let results = "<tool_response>\nsirocco\n</tool_response>\n<tool_response>\nand dust\n</tool_response>";
        assert_eq!(
            texts(&in_words(&messages, &[])),
            [
                ("user", "Which wind?"),
                ("assistant", call),
                ("user", results)
            ]
        );
    }
}
