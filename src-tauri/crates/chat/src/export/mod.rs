//! A conversation as a file: Markdown and a page for people, JSON for programs and for coming back,
//! JSONL for trainers.
//!
//! JSON holds the whole tree; the others hold the shown branch.

mod html;
mod jsonl;
mod markdown;
mod rendered;

use std::collections::HashMap;

use sirocco_protocol::{
    AttachedImage, AttachmentId, Conversation, ExportFormat, LayerValues, Message, MessageId,
    Preset, Role,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::exchange::write_own;

/// What is kept of everything that is attached to messages of a tree.
pub type AttachmentTexts = HashMap<AttachmentId, AttachedContent>;

/// What is kept of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachedContent {
    /// Its text; none of an image.
    pub text: String,
    /// Of an image.
    pub image: Option<AttachedImage>,
}

/// A conversation on its way out, with what its file needs from around it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The conversation.
    pub conversation: Conversation,
    /// Every message that is not hidden.
    pub tree: Vec<Message>,
    /// What is attached to them.
    pub texts: AttachmentTexts,
    /// What holds in it: its own values over those of the layers below.
    pub effective: LayerValues,
    /// The preset it is based on.
    pub preset: Option<Preset>,
    /// Names of the folders it lies in, the outermost first.
    pub folder: Vec<String>,
}

impl Outgoing {
    fn branch(&self) -> Vec<&Message> {
        shown_branch(self.conversation.head, &self.tree)
    }

    /// What models are told before everything else, whoever set it.
    fn system_prompt(&self) -> &str {
        self.effective.system_prompt_or_empty().trim()
    }
}

/// The text of the file. None if there is nothing for this format in it: JSONL wants an answer, and
/// one that is marked as good if `only_good`, which only JSONL heeds.
#[must_use]
pub fn export(format: ExportFormat, only_good: bool, outgoing: &Outgoing) -> Option<String> {
    match format {
        ExportFormat::Markdown => Some(markdown::write(outgoing)),
        ExportFormat::Html => Some(html::write(outgoing)),
        ExportFormat::Json => Some(write_own(outgoing)),
        ExportFormat::Jsonl => jsonl::write(outgoing, only_good),
    }
}

/// How files of a format end.
#[must_use]
pub fn export_extension(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Markdown => "md",
        ExportFormat::Html => "html",
        ExportFormat::Json => "json",
        ExportFormat::Jsonl => "jsonl",
    }
}

/// From the first message to the head.
fn shown_branch(head: Option<MessageId>, tree: &[Message]) -> Vec<&Message> {
    let by_id: HashMap<MessageId, &Message> =
        tree.iter().map(|message| (message.id, message)).collect();
    let mut branch = Vec::new();
    let mut at = head;
    while let Some(message) = at.and_then(|id| by_id.get(&id)) {
        branch.push(*message);
        at = message.parent_id;
    }
    branch.reverse();
    branch
}

/// What a reader sees as the name of who speaks.
fn speaker(message: &Message) -> &str {
    match (message.role, &message.model_name) {
        (Role::User, _) => "You",
        (Role::Assistant, Some(model)) => model,
        (Role::Assistant, None) => "Assistant",
    }
}

fn reasoning(message: &Message) -> Option<&str> {
    let reasoning = message.reasoning.as_deref()?.trim();
    (!reasoning.is_empty()).then_some(reasoning)
}

/// `winds.csv, notes.md`; none if nothing is attached.
fn attached(message: &Message) -> Option<String> {
    let names: Vec<String> = message
        .attachments
        .iter()
        .map(|attachment| one_line(&attachment.name))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time as programs read it, and as people do.
struct Date {
    machine: String,
    human: String,
}

/// Seconds are enough; none for a time outside the years 0 to 9999.
fn date(unix_ms: i64) -> Option<Date> {
    let time = OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000)).ok()?;
    let human = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    Some(Date {
        machine: time.format(&Rfc3339).ok()?,
        human: time.format(human).ok()?,
    })
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use super::fixture::{message, outgoing};
    use super::*;

    #[test]
    fn the_shown_branch_goes_from_the_first_message_to_the_head() {
        let question = message(Role::User, "q", None);
        let mut first = message(Role::Assistant, "a1", None);
        let mut second = message(Role::Assistant, "a2", None);
        first.parent_id = Some(question.id);
        second.parent_id = Some(question.id);
        let tree = [question, first.clone(), second.clone()];
        let words = |head| -> Vec<&str> {
            let branch = shown_branch(head, &tree);
            branch.into_iter().map(|m| m.content.as_str()).collect()
        };
        assert_eq!(words(Some(first.id)), ["q", "a1"]);
        assert_eq!(words(Some(second.id)), ["q", "a2"]);
        assert!(words(None).is_empty());
    }

    #[test]
    fn every_format_but_that_of_trainers_takes_a_conversation_without_an_answer() {
        let outgoing = outgoing([message(Role::User, "q", None)]);
        for (format, writes) in [
            (ExportFormat::Markdown, true),
            (ExportFormat::Html, true),
            (ExportFormat::Json, true),
            (ExportFormat::Jsonl, false),
        ] {
            assert_eq!(
                export(format, false, &outgoing).is_some(),
                writes,
                "{format:?}"
            );
        }
    }

    #[test]
    fn the_system_prompt_of_a_preset_is_told_to_readers_and_trainers() {
        let mut outgoing = outgoing([
            message(Role::User, "q", None),
            message(Role::Assistant, "a", None),
        ]);
        outgoing.conversation.settings.values.system_prompt = None;
        outgoing.effective.system_prompt = Some("You are a sailor.".into());
        for format in [
            ExportFormat::Markdown,
            ExportFormat::Html,
            ExportFormat::Jsonl,
        ] {
            let text = export(format, false, &outgoing).unwrap();
            assert!(text.contains("You are a sailor."), "{format:?}: {text}");
        }
    }
}
