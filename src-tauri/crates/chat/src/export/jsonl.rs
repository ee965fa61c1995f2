//! One line of JSON for a conversation, as trainers of chat models take it:
//! `{"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},…]}`.
//!
//! The turns are put together as a model is sent them: neighbours of the same role are joined,
//! attached files stand in front of the words, and what was thought stays out. The last one is an
//! answer, since that is what is learned. Where only answers that are marked as good are asked for,
//! each branch that has one is a line up to the last of them.

use std::collections::{HashMap, HashSet};

use super::{Outgoing, shown_branch};
use crate::documents::{Document, with_documents};
use crate::prompt::{PromptRole, PromptTurn, assemble};
use serde::Serialize;
use sirocco_protocol::{Message, MessageId};

#[derive(Serialize)]
struct Line<'a> {
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: &'a str,
}

/// The lines with their ends; none if the model has said nothing, or nothing that is marked as good
/// where only that is asked for.
pub fn write(outgoing: &Outgoing, only_good: bool) -> Option<String> {
    if !only_good {
        return line(outgoing, &outgoing.branch());
    }
    let lines = good_ends(&outgoing.tree).into_iter();
    let lines: String = lines
        .filter_map(|end| line(outgoing, &shown_branch(Some(end), &outgoing.tree)))
        .collect();
    (!lines.is_empty()).then_some(lines)
}

/// Good answers with none below them: those above are part of the same line.
fn good_ends(tree: &[Message]) -> Vec<MessageId> {
    let is_taught =
        |message: &Message| message.good && !message.left_out && !message.content.trim().is_empty();
    let above: HashMap<MessageId, Option<MessageId>> = tree
        .iter()
        .map(|message| (message.id, message.parent_id))
        .collect();
    let mut covered = HashSet::new();
    // What answers a message stands behind it, so from the end each is seen after all below it.
    for message in tree.iter().rev() {
        if covered.contains(&message.id) || is_taught(message) {
            covered.extend(above.get(&message.id).copied().flatten());
        }
    }
    tree.iter()
        .filter(|message| is_taught(message) && !covered.contains(&message.id))
        .map(|message| message.id)
        .collect()
}

fn line(outgoing: &Outgoing, branch: &[&Message]) -> Option<String> {
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
            write(&outgoing, false).unwrap(),
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
        let line = write(&outgoing, false).unwrap();
        assert!(
            line.contains(r"sirocco,south\n</document>\n\nWhich?"),
            "{line}"
        );
    }

    #[test]
    fn without_an_answer_there_is_no_line() {
        let question = message(Role::User, "2 + 2?", None);
        assert_eq!(write(&outgoing([question]), false), None);
        assert_eq!(write(&outgoing([]), false), None);
    }

    #[test]
    fn only_good_answers_end_a_line_on_whatever_branch() {
        let mut first = message(Role::Assistant, "a1", None);
        first.good = true;
        let mut last = message(Role::Assistant, "a3", None);
        last.good = true;
        let mut outgoing = outgoing([
            message(Role::User, "q1", None),
            first,
            message(Role::User, "q2", None),
            message(Role::Assistant, "a2", None),
            message(Role::User, "q3", None),
        ]);
        outgoing.effective.system_prompt = None;
        let words = |outgoing: &Outgoing| -> Vec<String> {
            let lines = write(outgoing, true).unwrap_or_default();
            lines
                .lines()
                .map(|line| {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    let turns = line["messages"].as_array().unwrap().iter();
                    let words = turns.filter_map(|turn| turn["content"].as_str());
                    words.collect::<Vec<_>>().join(" ")
                })
                .collect()
        };
        assert_eq!(words(&outgoing), ["q1 a1"], "what follows it is not good");

        last.parent_id = Some(outgoing.tree[2].id);
        outgoing.tree.push(last);
        assert_eq!(words(&outgoing), ["q1 a1 q2 a3"], "one line for both");

        outgoing.tree[5].left_out = true;
        assert_eq!(words(&outgoing), ["q1 a1"], "no model is sent the other");
        outgoing.tree[1].good = false;
        assert_eq!(write(&outgoing, true), None);
        assert!(write(&outgoing, false).is_some());
    }
}
