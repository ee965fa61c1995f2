//! ChatGPT's export: `conversations.json`, a list of conversations.
//!
//! Each has a `mapping` of nodes that know their `parent` and `children`, and a `current_node`. A
//! node may be empty, or hold a message of the system or of a tool; thoughts are nodes in front of
//! the answer. Times are seconds. The shape is that of public converters; there is no document.

use serde_json::Value;
use sirocco_protocol::{ExchangeFormat, LeftOutKind, Role};

use super::draft::Draft;
use super::field::{id, list, object, text, time_ms};
use super::tree::{Node, Said, order_by_lists};
use super::words::{paragraphs, with_attachments};
use super::{LeftOutCounts, Problem};

pub fn is_one(value: &Value) -> bool {
    value.get("mapping").is_some()
}

pub fn read(value: &Value) -> Result<Draft, Problem> {
    let mapping = object(value, "mapping")?;
    let mut draft = Draft::new(ExchangeFormat::Chatgpt);
    draft.id = id(value, "id")?.or(id(value, "conversation_id")?);
    draft.title = text(value, "title").map(str::to_owned);
    draft.created_at_ms = time_ms(value, "create_time");
    draft.updated_at_ms = time_ms(value, "update_time");
    draft.pinned = value.get("is_starred") == Some(&Value::Bool(true));
    draft.archived = value.get("is_archived") == Some(&Value::Bool(true));
    draft.head = id(value, "current_node")?;
    // A project is a template whose id says so; what it is called is nowhere in the export.
    let templates = ["conversation_template_id", "gizmo_id"];
    let mut templates = templates.iter().filter_map(|field| text(value, field));
    if templates.any(|template| template.starts_with("g-p-")) {
        draft.left_out.count(LeftOutKind::Folders, 1);
    }
    let model = text(value, "default_model_slug");
    for (key, entry) in mapping {
        let said = match entry.get("message") {
            None | Some(Value::Null) => None,
            Some(message) => read_message(message, model, &mut draft)?,
        };
        draft.nodes.push(Node {
            id: key.clone(),
            parent: id(entry, "parent")?,
            said: said.and_then(Said::unless_blank),
        });
    }
    order_by_lists(&mut draft.nodes, mapping, "children");
    Ok(draft)
}

fn read_message(
    message: &Value,
    model: Option<&str>,
    draft: &mut Draft,
) -> Result<Option<Said>, Problem> {
    let author = object(message, "author")?;
    let role = author.get("role").and_then(Value::as_str);
    let system = match role {
        Some("system") => content(message, &mut LeftOutCounts::default())?.0,
        _ => String::new(),
    };
    let Some(role) = draft.speaker(role, &system) else {
        return Ok(None);
    };
    let metadata = message.get("metadata").unwrap_or(&Value::Null);
    if metadata.get("is_visually_hidden_from_conversation") == Some(&Value::Bool(true)) {
        draft.left_out.count(LeftOutKind::Hidden, 1);
        return Ok(None);
    }
    let is_for_a_tool = text(message, "recipient").is_some_and(|to| to != "all");
    if role == Role::Assistant && is_for_a_tool {
        draft.left_out.count(LeftOutKind::Tools, 1);
        return Ok(None);
    }
    let (content, reasoning) = content(message, &mut draft.left_out)?;
    let attachments = list(metadata, "attachments")?.len();
    let images = images(message);
    let attachments = attachments.max(images);
    draft.left_out.count(LeftOutKind::Attachments, attachments);
    let mut said = Said::new(role, with_attachments(content, attachments));
    said.reasoning = reasoning;
    said.created_at_ms = time_ms(message, "create_time");
    if role == Role::Assistant {
        let slug = text(metadata, "model_slug").or(model);
        said.model_name = slug.map(str::to_owned);
    }
    Ok(Some(said))
}

/// Parts that are files.
fn images(message: &Value) -> usize {
    let parts = message
        .get("content")
        .and_then(|content| content.get("parts")?.as_array());
    parts.map_or(0, |parts| {
        let is_file = |part: &&Value| part.get("asset_pointer").is_some();
        parts.iter().filter(is_file).count()
    })
}

/// The words of a message and what was thought.
fn content(
    message: &Value,
    left_out: &mut LeftOutCounts,
) -> Result<(String, Option<String>), Problem> {
    let content = match message.get("content") {
        None | Some(Value::Null) => return Ok((String::new(), None)),
        Some(content) => content,
    };
    let words = match text(content, "content_type") {
        Some("text" | "multimodal_text") => {
            let parts = list(content, "parts")?;
            // A part of a spoken message has what was heard as its text.
            let words = parts
                .iter()
                .filter_map(|part| part.as_str().or_else(|| text(part, "text")));
            without_marks(&paragraphs(words).unwrap_or_default())
        }
        Some("code") => {
            let language = text(content, "language").filter(|language| *language != "unknown");
            let code = text(content, "text").unwrap_or_default();
            format!("```{}\n{code}\n```", language.unwrap_or_default())
        }
        Some("thoughts") => {
            let thoughts = list(content, "thoughts")?.iter();
            let thoughts =
                thoughts.flat_map(|thought| [text(thought, "summary"), text(thought, "content")]);
            return Ok((String::new(), paragraphs(thoughts.flatten())));
        }
        // Says only how long was thought.
        Some("reasoning_recap") => String::new(),
        _ => match text(content, "text") {
            Some(words) => words.to_owned(),
            None => {
                left_out.count(LeftOutKind::Unknown, 1);
                String::new()
            }
        },
    };
    Ok((words, None))
}

/// Takes out references to search results, which mean something to ChatGPT only: they stand between
/// two private characters.
fn without_marks(text: &str) -> String {
    const OPEN: char = '\u{e200}';
    const CLOSE: char = '\u{e201}';
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once(OPEN) {
        plain.push_str(before);
        // One without an end is the last one.
        rest = mark.split_once(CLOSE).map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests;
