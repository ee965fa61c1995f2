//! LM Studio's conversations: `*.conversation.json`, a list of messages with versions each.
//!
//! The versions of a message hang on the version chosen of the message before, since the file does
//! not say which of them was answered. It has no id of its own: the name of the file is the id.
//! Times are those of the conversation only, in milliseconds. The shape is that of public files.

use serde_json::Value;
use sirocco_protocol::{ExchangeFormat, LeftOutKind, Role};

use super::draft::Draft;
use super::field::{list, text, time_ms};
use super::tree::{Node, Said};
use super::words::{paragraphs, with_attachments};
use super::{LeftOutCounts, Problem};

const ENDING: &str = ".conversation.json";
/// Where the app keeps all of them; the folders in it are those of its list.
const ALL: &str = "conversations";

pub fn is_one(value: &Value) -> bool {
    let messages = value.get("messages").and_then(Value::as_array);
    messages.is_some_and(|messages| match messages.first() {
        Some(first) => first.get("versions").is_some(),
        None => value.get("usePerChatPredictionConfig").is_some(),
    })
}

/// `name` is that of the file.
pub fn read(name: &str, value: &Value) -> Result<Draft, Problem> {
    let mut draft = Draft::new(ExchangeFormat::Lmstudio);
    let mut path: Vec<&str> = name.split(['/', '\\']).collect();
    let file = path.pop().unwrap_or(name);
    let first = path.iter().position(|folder| *folder == ALL);
    let path = &path[first.map_or(0, |all| all + 1)..];
    draft.folder = path.iter().map(|folder| (*folder).to_owned()).collect();
    draft.id = file.strip_suffix(ENDING).map(str::to_owned);
    draft.title = text(value, "name").map(str::to_owned);
    draft.created_at_ms = time_ms(value, "createdAt");
    let last = ["userLastMessagedAt", "assistantLastMessagedAt"];
    draft.updated_at_ms = last.iter().filter_map(|field| time_ms(value, field)).max();
    draft.pinned = value.get("pinned") == Some(&Value::Bool(true));
    draft.take_system(text(value, "systemPrompt").unwrap_or_default());
    let own = value.get("perChatPredictionConfig").unwrap_or(&Value::Null);
    let is_used = value.get("usePerChatPredictionConfig") == Some(&Value::Bool(true));
    if is_used && !list(own, "fields")?.is_empty() {
        draft.left_out.count(LeftOutKind::Parameters, 1);
    }
    let mut parent: Option<String> = None;
    for (at, message) in list(value, "messages")?.iter().enumerate() {
        let versions = list(message, "versions")?;
        let chosen = message.get("currentlySelected").and_then(Value::as_u64);
        let chosen = chosen.and_then(|chosen| usize::try_from(chosen).ok());
        // One that is not there: the last.
        let chosen = chosen.filter(|chosen| *chosen < versions.len());
        let chosen = chosen.unwrap_or(versions.len().saturating_sub(1));
        let above = parent.clone();
        for (number, version) in versions.iter().enumerate() {
            let id = format!("{at}.{number}");
            if number == chosen {
                parent = Some(id.clone());
            }
            let said = read_version(version, &mut draft)?;
            draft.nodes.push(Node {
                id,
                parent: above.clone(),
                said,
            });
        }
    }
    draft.head = parent;
    Ok(draft)
}

fn read_version(version: &Value, draft: &mut Draft) -> Result<Option<Said>, Problem> {
    let mut words = Words::default();
    match text(version, "role") {
        Some("user") => {
            words.take(list(version, "content")?);
            draft.left_out.add(&words.left_out);
            let content = with_attachments(words.content(), words.attachments);
            Ok(Said::new(Role::User, content).unless_blank())
        }
        Some("assistant") => {
            let mut said = Said::new(Role::Assistant, String::new());
            words.take(list(version, "content")?);
            for step in list(version, "steps")? {
                words.take_step(step)?;
                let generation = step.get("genInfo").unwrap_or(&Value::Null);
                let model = text(generation, "identifier");
                let model = model.or(text(generation, "indexedModelIdentifier"));
                said.model_name = model.map(str::to_owned).or(said.model_name);
            }
            let sender = version.get("senderInfo").unwrap_or(&Value::Null);
            let sender = text(sender, "senderName").map(str::to_owned);
            said.model_name = said.model_name.or(sender);
            said.content = words.content();
            said.reasoning = paragraphs(words.thoughts.iter().map(String::as_str));
            draft.left_out.add(&words.left_out);
            Ok(said.unless_blank())
        }
        Some("system") => {
            words.take(list(version, "content")?);
            draft.take_system(&words.content());
            Ok(None)
        }
        _ => {
            draft.left_out.count(LeftOutKind::Unknown, 1);
            Ok(None)
        }
    }
}

/// What the blocks of a version say.
#[derive(Default)]
struct Words {
    texts: Vec<String>,
    thoughts: Vec<String>,
    attachments: usize,
    left_out: LeftOutCounts,
}

impl Words {
    fn content(&self) -> String {
        paragraphs(self.texts.iter().map(String::as_str)).unwrap_or_default()
    }

    fn take_step(&mut self, step: &Value) -> Result<(), Problem> {
        // Other steps are notes of the app about what it does.
        if text(step, "type") != Some("contentBlock") {
            return Ok(());
        }
        let style = step.get("style").unwrap_or(&Value::Null);
        let before = self.texts.len();
        self.take(list(step, "content")?);
        if text(style, "type") == Some("thinking") {
            self.thoughts.extend(self.texts.drain(before..));
        }
        Ok(())
    }

    /// The texts of one block are pieces of one text.
    fn take(&mut self, pieces: &[Value]) {
        let mut whole = String::new();
        for piece in pieces {
            match text(piece, "type") {
                // Such as the tags around thoughts.
                Some("text") if piece.get("isStructural") == Some(&Value::Bool(true)) => {}
                Some("text") => whole.push_str(text(piece, "text").unwrap_or_default()),
                Some("file") => {
                    self.attachments += 1;
                    self.left_out.count(LeftOutKind::Attachments, 1);
                }
                Some("toolCallRequest") => self.left_out.count(LeftOutKind::Tools, 1),
                // Counted with its request.
                Some("toolCallResult") => {}
                _ => self.left_out.count(LeftOutKind::Unknown, 1),
            }
        }
        self.texts.push(whole);
    }
}

#[cfg(test)]
mod tests;
