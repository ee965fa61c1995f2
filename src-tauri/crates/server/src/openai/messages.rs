//! Messages of a chat.

use serde::Deserialize;
use serde_json::Value;
use sirocco_core::completions::ChatMessage;

use crate::body::{Content, refuse};
use crate::fault::Fault;
use crate::prompt::message;

/// A message as it comes.
#[derive(Debug, Deserialize)]
pub struct Message {
    role: String,
    content: Option<Content>,
    #[serde(alias = "reasoning")]
    reasoning_content: Option<String>,
}

/// In the words of chat templates. `body` is the whole request, for what these messages hold besides.
pub fn read(messages: &[Message], body: &Value) -> Result<Vec<ChatMessage>, Fault> {
    let mut read = Vec::with_capacity(messages.len());
    for (at, one) in messages.iter().enumerate() {
        let place = format!("messages[{at}]");
        refuse(
            &body["messages"][at],
            &["tool_calls", "function_call", "audio"],
        )
        .map_err(|fault| {
            let field = format!("{place}.{}", fault.field.unwrap_or_default());
            Fault::unsupported(&field)
        })?;
        let content = match &one.content {
            Some(content) => content.text(&format!("{place}.content"))?,
            None => String::new(),
        };
        read.push(message(
            &one.role,
            content,
            one.reasoning_content.clone(),
            &format!("{place}.role"),
        )?);
    }
    Ok(read)
}
