//! Open WebUI's export: a list of chats, each with a `history` of messages that know their
//! `parentId` and `childrenIds`; in older ones the chat itself is the item. Thoughts stand within
//! the text, in a fold or in tags. Times are seconds. After its document on import and export.

use serde_json::Value;
use sirocco_protocol::{ExchangeFormat, LeftOutKind, Role};

use super::Problem;
use super::draft::Draft;
use super::field::{id, list, object, text, time_ms};
use super::tree::{Node, Said, order_by_lists};
use super::words::{paragraphs, parts, split_thoughts, with_attachments};

pub fn is_one(value: &Value) -> bool {
    let chat = value.get("chat").unwrap_or(value);
    chat.get("history").is_some_and(Value::is_object)
        || (value.get("chat").is_some() && chat.get("messages").is_some())
}

pub fn read(value: &Value) -> Result<Draft, Problem> {
    let chat = value.get("chat").unwrap_or(value);
    let mut draft = Draft::new(ExchangeFormat::Openwebui);
    draft.id = id(value, "id")?.or(id(chat, "id")?);
    let title = text(chat, "title").or(text(value, "title"));
    draft.title = title.map(str::to_owned);
    draft.created_at_ms = time_ms(value, "created_at").or(time_ms(chat, "timestamp"));
    draft.updated_at_ms = time_ms(value, "updated_at");
    draft.pinned = value.get("pinned") == Some(&Value::Bool(true));
    draft.archived = value.get("archived") == Some(&Value::Bool(true));
    draft.tags = tags(value, chat);
    if id(value, "folder_id")?.is_some() {
        draft.left_out.count(LeftOutKind::Folders, 1);
    }
    let parameters = chat.get("params").unwrap_or(&Value::Null);
    if sets_more_than_a_prompt(parameters) {
        draft.left_out.count(LeftOutKind::Parameters, 1);
    }
    let system = text(parameters, "system").or(text(chat, "system"));
    draft.take_system(system.unwrap_or_default());
    match chat.get("history") {
        Some(history) => read_history(history, &mut draft)?,
        None => read_list(list(chat, "messages")?, &mut draft)?,
    }
    Ok(draft)
}

/// Beside the chat, and within it in older exports.
fn tags(value: &Value, chat: &Value) -> Vec<String> {
    let beside = value.get("meta").and_then(|meta| meta.get("tags"));
    let lists = [beside, chat.get("tags")].into_iter().flatten();
    let mut tags: Vec<String> = Vec::new();
    for tag in lists.filter_map(Value::as_array).flatten() {
        let name = tag.as_str().or(text(tag, "name"));
        if let Some(name) = name.filter(|name| tags.iter().all(|one| one != name)) {
            tags.push(name.to_owned());
        }
    }
    tags
}

fn sets_more_than_a_prompt(parameters: &Value) -> bool {
    let fields = parameters.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| *name != "system" && !value.is_null())
        .count()
        > 0
}

fn read_history(history: &Value, draft: &mut Draft) -> Result<(), Problem> {
    let messages = object(history, "messages")?;
    draft.head = id(history, "currentId")?;
    for (key, message) in messages {
        let node = Node {
            id: key.clone(),
            parent: id(message, "parentId")?,
            said: read_message(message, draft)?,
        };
        draft.nodes.push(node);
    }
    order_by_lists(&mut draft.nodes, messages, "childrenIds");
    Ok(())
}

/// Exports of long ago have no tree.
fn read_list(messages: &[Value], draft: &mut Draft) -> Result<(), Problem> {
    for (number, message) in messages.iter().enumerate() {
        let node = Node {
            id: number.to_string(),
            parent: number.checked_sub(1).map(|before| before.to_string()),
            said: read_message(message, draft)?,
        };
        draft.nodes.push(node);
    }
    Ok(())
}

fn read_message(message: &Value, draft: &mut Draft) -> Result<Option<Said>, Problem> {
    let (words, other) = parts(message.get("content"))?;
    let Some(role) = draft.speaker(text(message, "role"), &words) else {
        return Ok(None);
    };
    let attachments = other + list(message, "files")?.len();
    draft.left_out.count(LeftOutKind::Attachments, attachments);
    let mut said = Said::new(role, with_attachments(words, attachments));
    said.created_at_ms = time_ms(message, "timestamp");
    if role == Role::Assistant {
        let unfolded = unfold(&said.content);
        draft.left_out.count(LeftOutKind::Tools, unfolded.tools);
        let (content, tagged) = split_thoughts(&unfolded.content);
        let thoughts = [unfolded.reasoning.as_deref(), tagged.as_deref()];
        said.content = content;
        said.reasoning = paragraphs(thoughts.into_iter().flatten());
        let rating = message.get("annotation").and_then(|of| of.get("rating"));
        said.good = rating.and_then(Value::as_i64) == Some(1);
        let model = text(message, "model").or(text(message, "modelName"));
        said.model_name = model.map(str::to_owned);
    }
    Ok(said.unless_blank())
}

#[derive(Default)]
struct Unfolded {
    content: String,
    reasoning: Option<String>,
    tools: usize,
}

/// Takes folds of thoughts and of calls of tools out of an answer; other folds stay.
fn unfold(answer: &str) -> Unfolded {
    const CLOSE: &str = "</details>";
    let mut unfolded = Unfolded::default();
    let mut thoughts: Vec<String> = Vec::new();
    let mut rest = answer;
    while let Some(start) = rest.find("<details type=\"") {
        let fold = &rest[start..];
        let kind = fold.split('"').nth(1).unwrap_or_default();
        if kind == "code_interpreter" {
            let past = start + "<details".len();
            unfolded.content.push_str(&rest[..past]);
            rest = &rest[past..];
            continue;
        }
        // Where one is not closed, none behind it is.
        let Some(end) = fold.find(CLOSE) else { break };
        match kind {
            "reasoning" => thoughts.push(quoted(&fold[..end])),
            _ => unfolded.tools += 1,
        }
        unfolded.content.push_str(&rest[..start]);
        rest = fold[end + CLOSE.len()..].trim_start_matches('\n');
    }
    unfolded.content.push_str(rest);
    unfolded.reasoning = paragraphs(thoughts.iter().map(String::as_str));
    unfolded
}

/// What a fold of thoughts quotes, a line each; its summary says only how long was thought.
fn quoted(fold: &str) -> String {
    let body = match (fold.find("</summary>"), fold.find('>')) {
        (Some(at), _) => &fold[at + "</summary>".len()..],
        (None, Some(at)) => &fold[at + 1..],
        (None, None) => "",
    };
    let lines: Vec<&str> = body
        .trim()
        .lines()
        .map(|line| {
            line.strip_prefix("> ")
                .or(line.strip_prefix('>'))
                .unwrap_or(line)
        })
        .collect();
    // The ampersand last, or `&amp;lt;` would become a sign.
    lines
        .join("\n")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
