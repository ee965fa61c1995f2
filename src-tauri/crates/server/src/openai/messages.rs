//! Messages of a chat.

use serde::Deserialize;
use serde_json::Value;
use sirocco_core::completions::{ChatMessage, ToolCall};

use crate::body::{Content, Said, refuse};
use crate::fault::Fault;
use crate::prompt::{illustrated, result};
use crate::tools::earlier_call;

/// A message as it comes.
#[derive(Debug, Deserialize)]
pub struct Message {
    role: String,
    content: Option<Content>,
    #[serde(alias = "reasoning")]
    reasoning_content: Option<String>,
    tool_calls: Option<Vec<Value>>,
    tool_call_id: Option<String>,
    name: Option<String>,
}

/// In the words of chat templates. `body` is the whole request, for what these messages hold besides.
pub fn read(messages: &[Message], body: &Value) -> Result<Vec<ChatMessage>, Fault> {
    let mut read = Vec::with_capacity(messages.len());
    for (at, one) in messages.iter().enumerate() {
        let place = format!("messages[{at}]");
        refuse(&body["messages"][at], &["function_call", "audio"]).map_err(|fault| {
            let field = format!("{place}.{}", fault.field.unwrap_or_default());
            Fault::unsupported(&field)
        })?;
        let field = format!("{place}.content");
        if one.role == "tool" {
            let content = one.content.as_ref().map(|content| content.text(&field));
            let content = content.transpose()?.unwrap_or_default();
            read.push(result(content, one.tool_call_id.clone(), one.name.clone()));
            continue;
        }
        let said = match &one.content {
            Some(content) => content.said(&field)?,
            None => Said::default(),
        };
        let reasoning = one.reasoning_content.clone();
        read.push(ChatMessage {
            tool_calls: read_calls(one.tool_calls.as_deref().unwrap_or_default(), &place)?,
            ..illustrated(&one.role, said, reasoning, &place)?
        });
    }
    Ok(read)
}

fn read_calls(calls: &[Value], place: &str) -> Result<Vec<ToolCall>, Fault> {
    let mut read = Vec::with_capacity(calls.len());
    for (at, call) in calls.iter().enumerate() {
        let function = &call["function"];
        let Some(name) = function["name"].as_str() else {
            let field = format!("{place}.tool_calls[{at}]");
            let message = format!("`{field}` must name a function");
            return Err(Fault::field(field, message));
        };
        let id = call["id"].as_str().unwrap_or_default();
        let arguments = function["arguments"].as_str().unwrap_or_default();
        read.push(earlier_call(id, name, arguments));
    }
    Ok(read)
}
