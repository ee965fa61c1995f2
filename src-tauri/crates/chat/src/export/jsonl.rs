//! One line of JSON for a conversation, as trainers of chat models take it:
//! `{"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},…]}`.
//!
//! The turns are put together as a model is sent them: neighbours of the same role are joined, and
//! what was thought stays out. The last one is an answer, since that is what is learned.

use serde::Serialize;
use sirocco_protocol::{Conversation, Message};

use crate::prompt::{PromptRole, PromptTurn, assemble};

#[derive(Serialize)]
struct Line<'a> {
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: &'a str,
}

/// The line with its end; none if the model has said nothing.
pub fn write(conversation: &Conversation, branch: &[&Message]) -> Option<String> {
    let turns = branch.iter().map(|message| PromptTurn {
        role: message.role,
        content: &message.content,
        reasoning: None,
        left_out: message.left_out,
    });
    let messages = assemble(
        conversation.settings.values.system_prompt_or_empty(),
        turns,
        false,
    );
    let last = messages
        .iter()
        .rposition(|message| message.role == PromptRole::Assistant)?;
    let line = Line {
        messages: messages[..=last]
            .iter()
            .map(|message| Turn {
                role: message.role.as_str(),
                content: &message.content,
            })
            .collect(),
    };
    let mut json =
        serde_json::to_string(&line).expect("the line has string keys and no failing serializer");
    json.push('\n');
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{conversation, message};
    use super::*;
    use sirocco_protocol::Role;

    #[test]
    fn a_line_has_the_system_prompt_and_ends_with_an_answer() {
        let branch = [
            message(Role::User, "\"2\n+ 2\"?", None),
            message(Role::Assistant, "Four.", Some("two and two")),
            message(Role::User, "And 3 + 3?", None),
            message(Role::Assistant, "", Some("stopped while thinking")),
        ];
        let branch: Vec<&Message> = branch.iter().collect();
        let mut conversation = conversation();
        conversation.settings.values.system_prompt = Some("Be brief.".into());
        assert_eq!(
            write(&conversation, &branch).unwrap(),
            concat!(
                r#"{"messages":[{"role":"system","content":"Be brief."},"#,
                r#"{"role":"user","content":"\"2\n+ 2\"?"},{"role":"assistant","content":"Four."}]}"#,
                "\n"
            )
        );
    }

    #[test]
    fn without_an_answer_there_is_no_line() {
        let question = message(Role::User, "2 + 2?", None);
        assert_eq!(write(&conversation(), &[&question]), None);
        assert_eq!(write(&conversation(), &[]), None);
    }
}
