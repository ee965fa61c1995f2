//! Messages as templates see them.

use serde::Serialize;
use serde_json::json;
use sirocco_engine_wire::ChatMessage;

/// One message. What is absent is not defined in the template; `content` alone is `none` then.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Its text; nothing for a message that only calls tools.
    pub content: Option<String>,
    /// What the model thought, for templates that want it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// Calls that an assistant message makes, as `{"type": "function", "function": {"name", "arguments"}}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<serde_json::Value>,
    /// Name of the tool that a tool message comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call that a tool message answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A message of text only.
    pub fn new(role: &str, content: &str) -> Self {
        Self {
            role: role.to_owned(),
            content: Some(content.to_owned()),
            ..Self::default()
        }
    }

    /// An answer that was cut off while the model thought, or before.
    pub(super) fn is_answer_without_words(&self) -> bool {
        self.role == "assistant"
            && self.content.as_deref().unwrap_or_default().is_empty()
            && self.tool_calls.is_empty()
    }

    /// What the model thought; empty if it thought nothing.
    pub(super) fn thoughts(&self) -> &str {
        self.reasoning_content.as_deref().unwrap_or_default()
    }
}

impl From<&ChatMessage> for Message {
    fn from(message: &ChatMessage) -> Self {
        let calls = message.tool_calls.iter().map(|call| {
            json!({
                "id": short_id(&call.id), "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            })
        });
        Self {
            reasoning_content: message.reasoning_content.clone(),
            tool_calls: calls.collect(),
            name: message.tool_name.clone(),
            tool_call_id: message.tool_call_id.as_deref().map(short_id),
            ..Self::new(&message.role, &message.content)
        }
    }
}

/// An id of nine letters and digits, the only ones that Mistral's templates take; the same for the same id.
fn short_id(id: &str) -> String {
    const LENGTH: usize = 9;
    if id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    // FNV-1a: ids are told apart, and nothing is kept secret.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")[..LENGTH].to_owned()
}

/// The messages with the text of the leading system message in front of the first user message.
pub(super) fn with_system_in_first_user(messages: &[Message]) -> Vec<Message> {
    let Some((system, rest)) = messages.split_first() else {
        return Vec::new();
    };
    let mut merged = rest.to_vec();
    let text = system.content.clone().unwrap_or_default();
    match merged.iter_mut().find(|message| message.role == "user") {
        Some(user) => {
            user.content = Some(format!(
                "{text}\n\n{}",
                user.content.as_deref().unwrap_or_default()
            ))
        }
        None => merged.insert(0, Message::new("user", &text)),
    }
    merged
}

/// The messages with `mark` at the end of the last one.
pub(super) fn with_mark(messages: &[Message], mark: &str) -> Vec<Message> {
    let mut marked = messages.to_vec();
    if let Some(last) = marked.last_mut() {
        last.content.get_or_insert_default().push_str(mark);
    }
    marked
}

#[cfg(test)]
mod tests {
    use sirocco_engine_wire::ToolCall;

    use super::*;

    #[test]
    fn ids_of_calls_are_short_and_still_belong_together() {
        let call = |id: &str| ToolCall {
            id: id.into(),
            name: "wind".into(),
            arguments: json!({}),
        };
        let calling = Message::from(&ChatMessage {
            role: "assistant".into(),
            tool_calls: vec![
                call("call_0123456789"),
                call("call_other"),
                call("abc123XYZ"),
            ],
            ..ChatMessage::default()
        });
        let result = Message::from(&ChatMessage {
            role: "tool".into(),
            tool_call_id: Some("call_0123456789".into()),
            ..ChatMessage::default()
        });
        let ids: Vec<&str> = calling
            .tool_calls
            .iter()
            .filter_map(|call| call["id"].as_str())
            .collect();
        assert_eq!(result.tool_call_id.as_deref(), Some(ids[0]));
        assert_eq!((ids[0].len(), ids[2]), (9, "abc123XYZ"));
        assert_ne!(ids[0], ids[1]);
    }
}
