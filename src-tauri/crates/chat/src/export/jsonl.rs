//! One line of JSON for a conversation, as trainers of chat models take it:
//! `{"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},…]}`.
//!
//! The turns are put together as a model is sent them: neighbours of the same role are joined,
//! attached files stand in front of the words, and what was thought stays out. The last one is an answer, since that is what is learned.

use serde::Serialize;
use super::Outgoing;
use crate::documents::{Document, with_documents};
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
pub fn write(outgoing: &Outgoing) -> Option<String> {
    let branch = outgoing.branch();
    let contents: Vec<String> = branch
        .iter()
        .map(|message| {
            let attached = message.attachments.iter();
            let documents = attached.filter_map(|attachment| {
                let content = outgoing.texts.get(&attachment.id)?;
                // Trainers of text have no use for an image.
                content.image.is_none().then_some(Document {
                    name: &attachment.name,
                    kind: attachment.kind,
                    text: &content.text,
                })
            });
            with_documents(&message.content, documents)
        })
        .collect();
    let turns = branch
        .iter()
        .zip(&contents)
        .map(|(message, content)| PromptTurn {
            role: message.role,
            content,
            images: &[],
            reasoning: None,
            left_out: message.left_out,
        });
    let system_prompt = outgoing.effective.system_prompt_or_empty();
    let messages = assemble(system_prompt, turns, false);
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
    use super::super::fixture::{attachment, message, outgoing};
    use super::super::{AttachedContent, AttachmentTexts};
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
        let mut outgoing = outgoing(branch);
        outgoing.effective.system_prompt = Some("Be brief.".into());
        assert_eq!(
            write(&outgoing).unwrap(),
            concat!(
                r#"{"messages":[{"role":"system","content":"Be brief."},"#,
                r#"{"role":"user","content":"\"2\n+ 2\"?"},{"role":"assistant","content":"Four."}]}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_is_attached_stands_in_front_as_a_model_is_sent_it() {
        let mut question = message(Role::User, "Which?", None);
        let attached = attachment("winds.csv");
        let content = AttachedContent {
            text: "sirocco,south".to_owned(),
            image: None,
        };
        let texts = AttachmentTexts::from([(attached.id, content)]);
        question.attachments = vec![attached];
        let answer = message(Role::Assistant, "That one.", None);
        let mut outgoing = outgoing([question, answer]);
        outgoing.texts = texts;
        let line = write(&outgoing).unwrap();
        assert!(
            line.contains(r"sirocco,south\n</document>\n\nWhich?"),
            "{line}"
        );
    }

    #[test]
    fn without_an_answer_there_is_no_line() {
        let question = message(Role::User, "2 + 2?", None);
        assert_eq!(write(&outgoing([question])), None);
        assert_eq!(write(&outgoing([])), None);
    }
}
