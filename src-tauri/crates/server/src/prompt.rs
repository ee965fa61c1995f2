//! From the messages of a client to a prompt.

use serde_json::{Map, Value};
pub use sirocco_core::completions::set_effort;
use sirocco_core::completions::{ChatMessage, Prompt, ToolCall};
use time::OffsetDateTime;

use crate::body::Said;
use crate::fault::Fault;

/// The prompt for these messages. A last message of the assistant's is written on, unless it calls tools.
pub fn chat(
    messages: Vec<ChatMessage>,
    variables: Map<String, Value>,
    tools: Vec<Value>,
) -> Result<Prompt, Fault> {
    let mut merged: Vec<ChatMessage> = Vec::with_capacity(messages.len());
    for mut message in messages {
        if message.tool_name.is_none()
            && let Some(id) = &message.tool_call_id
        {
            message.tool_name = name_of(id, &merged);
        }
        match merged.last_mut() {
            // Most templates take one system message, and clients send one for each thing they want to say.
            Some(last) if last.role == "system" && message.role == "system" => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.content);
            }
            _ => merged.push(message),
        }
    }
    // Some clients add the answer that is to be written, without a word.
    merged.pop_if(|last| last.role == "assistant" && is_blank(last));
    let Some(last) = merged.last() else {
        return Err(Fault::field(
            "messages",
            "`messages` must hold a message at least",
        ));
    };
    Ok(Prompt::Chat {
        continue_last: last.role == "assistant" && last.tool_calls.is_empty(),
        messages: merged,
        variables,
        tools,
        now_s: OffsetDateTime::now_utc().unix_timestamp(),
    })
}

/// One message; `field` is where its role stands in the request.
pub fn message(
    role: &str,
    content: String,
    reasoning_content: Option<String>,
    field: &str,
) -> Result<ChatMessage, Fault> {
    let role = match role {
        "system" | "developer" => "system",
        "user" => "user",
        "assistant" => "assistant",
        _ => {
            let message = format!(
                "`{field}` is `{role}` but must be system, developer, user, assistant or tool"
            );
            return Err(Fault::field(field, message));
        }
    };
    Ok(ChatMessage {
        role: role.to_owned(),
        content,
        reasoning_content,
        ..ChatMessage::default()
    })
}

/// One message with images, which only the person's has.
pub fn illustrated(
    role: &str,
    said: Said,
    reasoning_content: Option<String>,
    place: &str,
) -> Result<ChatMessage, Fault> {
    let message = message(role, said.text, reasoning_content, &format!("{place}.role"))?;
    if !said.images.is_empty() && message.role != "user" {
        let field = format!("{place}.content");
        let message = format!("`{field}` holds an image, which only messages of the user can");
        return Err(Fault::field(field, message));
    }
    Ok(ChatMessage {
        images: said.images,
        ..message
    })
}

/// What a tool answered to the call with this id, or if there is none, to the last one.
pub fn result(content: String, call_id: Option<String>, tool: Option<String>) -> ChatMessage {
    ChatMessage {
        role: "tool".into(),
        content,
        tool_call_id: call_id,
        tool_name: tool,
        ..ChatMessage::default()
    }
}

/// The tool that a call with this id called.
fn name_of(id: &str, messages: &[ChatMessage]) -> Option<String> {
    let mut calls = messages
        .iter()
        .rev()
        .flat_map(|message| &message.tool_calls);
    calls
        .find(|call: &&ToolCall| call.id == id)
        .map(|call| call.name.clone())
}

fn is_blank(message: &ChatMessage) -> bool {
    message.content.is_empty()
        && message.tool_calls.is_empty()
        && message
            .reasoning_content
            .as_deref()
            .unwrap_or_default()
            .is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(messages: &[(&str, &str)]) -> Result<(Vec<(String, String)>, bool), Fault> {
        let messages = messages
            .iter()
            .map(|(role, content)| message(role, (*content).to_owned(), None, "messages[0].role"))
            .collect::<Result<Vec<_>, _>>()?;
        let Prompt::Chat {
            messages,
            continue_last,
            ..
        } = chat(messages, Map::new(), Vec::new())?
        else {
            unreachable!("it is a chat");
        };
        let messages = messages
            .into_iter()
            .map(|message| (message.role, message.content))
            .collect();
        Ok((messages, continue_last))
    }

    #[test]
    fn system_messages_are_joined_and_developers_are_the_system() {
        let (messages, continue_last) =
            prompt(&[("system", "a"), ("developer", "b"), ("user", "c")]).unwrap();
        let expected = [("system", "a\n\nb"), ("user", "c")];
        assert_eq!(
            messages,
            expected.map(|(role, text)| (role.into(), text.into()))
        );
        assert!(!continue_last);
    }

    #[test]
    fn an_answer_that_is_begun_is_written_on() {
        assert!(prompt(&[("user", "a"), ("assistant", "b")]).unwrap().1);
        let (messages, continue_last) = prompt(&[("user", "a"), ("assistant", "")]).unwrap();
        assert_eq!((messages.len(), continue_last), (1, false));
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_name() {
        let fault = prompt(&[]).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("messages"));
        for role in ["function", "narrator"] {
            let fault = prompt(&[(role, "a")]).unwrap_err();
            assert!(fault.message.contains(role), "{fault:?}");
            assert_eq!(fault.field.as_deref(), Some("messages[0].role"));
        }
    }

    #[test]
    fn the_result_of_a_call_says_whose_it_is_and_a_call_is_not_written_on() {
        let calling = ChatMessage {
            role: "assistant".into(),
            tool_calls: vec![crate::tools::earlier_call("1", "wind", "{}")],
            ..ChatMessage::default()
        };
        let result = |id: &str| result("sirocco".into(), Some(id.into()), None);
        let Ok(Prompt::Chat { messages, .. }) = chat(
            vec![calling.clone(), result("1"), result("2")],
            Map::new(),
            Vec::new(),
        ) else {
            unreachable!("it is a chat");
        };
        let names: Vec<_> = messages
            .iter()
            .map(|message| message.tool_name.as_deref())
            .collect();
        assert_eq!(names, [None, Some("wind"), None]);
        let prompt = chat(vec![calling], Map::new(), Vec::new()).unwrap();
        assert!(
            matches!(prompt, Prompt::Chat { continue_last: false, messages, .. } if messages.len() == 1)
        );
    }
}
