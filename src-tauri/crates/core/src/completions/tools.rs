//! Calls of tools: the beginning of one that has to come.

use sirocco_chat::ToolFormat;
use sirocco_engine_wire::{ChatMessage, Prompt};
use sirocco_protocol::{ErrorReport, ModelId};

use super::ToolChoice;
use crate::App;

impl App {
    /// Begins the answer with a call, in the way of the model, if one has to come.
    pub(super) async fn force_call(
        &self,
        model: ModelId,
        choice: &ToolChoice,
        prompt: &mut Prompt,
    ) -> Result<(), ErrorReport> {
        let name = match choice {
            ToolChoice::Free => return Ok(()),
            ToolChoice::Required => None,
            ToolChoice::Named(name) => Some(name.as_str()),
        };
        let header = self.local_header(model).await?;
        let format = ToolFormat::of_template(header.chat_template.as_deref());
        begin_call(prompt, format, name);
        Ok(())
    }
}

/// Of a single tool the name is known, too.
fn begin_call(prompt: &mut Prompt, format: ToolFormat, name: Option<&str>) {
    let Prompt::Chat {
        messages,
        continue_last,
        tools,
        ..
    } = prompt
    else {
        return;
    };
    let names = names_of(tools);
    let only = match names.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    };
    let opening = format.opening(name.or(only));
    match messages.last_mut() {
        Some(last) if *continue_last => last.content.push_str(&opening),
        _ => messages.push(ChatMessage {
            role: "assistant".into(),
            content: opening,
            ..ChatMessage::default()
        }),
    }
    *continue_last = true;
}

/// The names of tools, as templates are given them.
pub(super) fn names_of(tools: &[serde_json::Value]) -> Vec<String> {
    tools
        .iter()
        .filter_map(|tool| tool["function"]["name"].as_str())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn begun(tools: &[&str], name: Option<&str>, answer: Option<&str>) -> (usize, String) {
        let message = |role: &str, content: &str| ChatMessage {
            role: role.into(),
            content: content.into(),
            ..ChatMessage::default()
        };
        let question = message("user", "which wind?");
        let answer = answer.map(|answer| message("assistant", answer));
        let mut prompt = Prompt::Chat {
            continue_last: answer.is_some(),
            messages: std::iter::once(question).chain(answer).collect(),
            variables: serde_json::Map::new(),
            tools: tools
                .iter()
                .map(|name| json!({"type": "function", "function": {"name": name}}))
                .collect(),
            now_s: 0,
        };
        begin_call(&mut prompt, ToolFormat::Hermes, name);
        let Prompt::Chat {
            messages,
            continue_last,
            ..
        } = prompt
        else {
            unreachable!("it is a chat");
        };
        assert!(continue_last);
        let last = messages.last().map(|last| last.content.clone());
        (messages.len(), last.unwrap_or_default())
    }

    #[test]
    fn an_answer_is_begun_with_as_much_of_a_call_as_is_known() {
        let any = "<tool_call>\n{\"name\": \"";
        let wind = "<tool_call>\n{\"name\": \"wind\", \"arguments\": ";
        assert_eq!(begun(&["wind", "tide"], None, None), (2, any.into()));
        assert_eq!(
            begun(&["wind", "tide"], Some("wind"), None),
            (2, wind.into())
        );
        assert_eq!(begun(&["wind"], None, None), (2, wind.into()));
        assert_eq!(
            begun(&["wind"], None, Some("I look. ")),
            (2, format!("I look. {wind}"))
        );
    }
}
