//! Jan's threads: a folder each, with `thread.json` and `messages.jsonl`.
//!
//! A message names the one it answers in its metadata, in newer versions of Jan; otherwise it
//! answers the line before. The last line is what is shown. Thoughts stand within the text, in
//! tags. After Jan's document on its data folder, and what is public of its branches.

use serde_json::Value;
use sirocco_protocol::{ExchangeFormat, LeftOutKind, Role};

use super::draft::Draft;
use super::field::{id, list, text, time_ms};
use super::tree::{Node, Said};
use super::words::{parts, split_thoughts, with_attachments};
use super::{Problem, Reading};

/// The names that the answered message has been given.
const PARENT: [&str; 3] = ["parent_id", "parentId", "parent"];

pub fn is_one(value: &Value) -> bool {
    text(value, "object") == Some("thread")
}

/// Reads a thread from its two files. `name` is what it is called if it is refused. None if the
/// first file is that of no thread.
#[must_use]
pub fn read_thread(name: &str, thread: &[u8], messages: &[u8], now_ms: i64) -> Option<Reading> {
    let mut reading = Reading::default();
    let read = match serde_json::from_slice::<Value>(thread) {
        Ok(thread) if is_one(&thread) => {
            let title = text(&thread, "title").unwrap_or(name).to_owned();
            reading.formats.insert(ExchangeFormat::Jan);
            reading.take(&title, read(&thread, messages), now_ms);
            return Some(reading);
        }
        Ok(_) => return None,
        Err(error) => Err(Problem::Shape(error)),
    };
    reading.take(name, read, now_ms);
    Some(reading)
}

fn read(thread: &Value, messages: &[u8]) -> Result<Draft, Problem> {
    let mut draft = Draft::new(ExchangeFormat::Jan);
    draft.id = id(thread, "id")?;
    draft.title = text(thread, "title").map(str::to_owned);
    draft.created_at_ms = time_ms(thread, "created");
    draft.updated_at_ms = time_ms(thread, "updated");
    let assistant = list(thread, "assistants")?.first().unwrap_or(&Value::Null);
    draft.take_system(text(assistant, "instructions").unwrap_or_default());
    let model = model(thread).or_else(|| model(assistant));
    let mut before: Option<String> = None;
    for (number, line) in messages.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let message: Value = serde_json::from_slice(line).map_err(|source| Problem::Line {
            line: number + 1,
            source,
        })?;
        let own = id(&message, "id")?.unwrap_or_else(|| format!("line {}", number + 1));
        let parent = parent(&message)?.or(before);
        let said = read_message(&message, model, &mut draft)?;
        draft.nodes.push(Node {
            id: own.clone(),
            parent,
            said,
        });
        before = Some(own);
    }
    draft.head = before;
    Ok(draft)
}

/// The id of the model that a thread or an assistant uses.
fn model(value: &Value) -> Option<&str> {
    let model = value.get("model")?;
    model.as_str().or_else(|| text(model, "id"))
}

fn parent(message: &Value) -> Result<Option<String>, Problem> {
    let metadata = message.get("metadata").unwrap_or(&Value::Null);
    for place in [metadata, message] {
        for field in PARENT {
            if let Some(parent) = id(place, field)? {
                return Ok(Some(parent));
            }
        }
    }
    Ok(None)
}

fn read_message(
    message: &Value,
    model_of_thread: Option<&str>,
    draft: &mut Draft,
) -> Result<Option<Said>, Problem> {
    let (words, attachments) = parts(message.get("content"))?;
    let Some(role) = draft.speaker(text(message, "role"), &words) else {
        return Ok(None);
    };
    draft.left_out.count(LeftOutKind::Attachments, attachments);
    let mut said = Said::new(role, with_attachments(words, attachments));
    said.created_at_ms = time_ms(message, "created_at");
    if role == Role::Assistant {
        (said.content, said.reasoning) = split_thoughts(&said.content);
        let assistant = message
            .get("metadata")
            .and_then(|metadata| metadata.get("assistant"));
        let model = assistant.and_then(model).or(model_of_thread);
        said.model_name = model.map(str::to_owned);
    }
    Ok(said.unless_blank())
}

#[cfg(test)]
mod tests;
