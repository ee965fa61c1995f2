//! Words as other apps keep them: several parts in one message, thoughts within the text.

use serde_json::Value;

use super::Problem;
use super::field::text;
use crate::{ReasoningSplitter, Start};

/// Stands for a message that was nothing but files.
const ATTACHMENT: &str = "[attachment]";

/// The text of a message that may have been nothing but files.
pub fn with_attachments(text: String, attachments: usize) -> String {
    if attachments > 0 && text.trim().is_empty() {
        ATTACHMENT.to_owned()
    } else {
        text
    }
}

/// A content that is one text, or a list of parts of which those of the type `text` have some.
/// Answers the text and how many parts are something else.
pub fn parts(content: Option<&Value>) -> Result<(String, usize), Problem> {
    match content {
        None | Some(Value::Null) => Ok((String::new(), 0)),
        Some(Value::String(text)) => Ok((text.clone(), 0)),
        Some(Value::Array(parts)) => {
            let words = |part: &Value| {
                let value = part.get("text")?;
                // Jan's texts are objects with a value.
                let words = value.as_str().or_else(|| text(value, "value"));
                words.map(str::to_owned)
            };
            let found: Vec<String> = parts.iter().filter_map(words).collect();
            let other = parts.len() - found.len();
            Ok((found.join("\n\n"), other))
        }
        Some(_) => Err(Problem::WrongType {
            field: "content",
            expected: "a text or a list",
        }),
    }
}

/// Thoughts in `<think>` tags in front of an answer, and the answer.
pub fn split_thoughts(text: &str) -> (String, Option<String>) {
    let mut splitter = ReasoningSplitter::new(Start::Content);
    let mut split = splitter.push(text);
    split += splitter.finish();
    let reasoning = (!split.reasoning.trim().is_empty()).then_some(split.reasoning);
    (split.content, reasoning)
}

/// Joins paragraphs, without those that are blank; none if all are.
pub fn paragraphs<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts
        .into_iter()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_are_joined_and_what_is_no_text_is_counted() {
        let of = |content: Value| parts(Some(&content)).unwrap();
        assert_eq!(of(json!("a")), ("a".to_owned(), 0));
        assert_eq!(of(json!(null)), (String::new(), 0));
        let mixed =
            json!([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": {"value": "b"}}]);
        assert_eq!(of(mixed), ("a\n\nb".to_owned(), 1));
        assert!(parts(Some(&json!(7))).is_err());
    }

    #[test]
    fn only_a_message_of_nothing_but_files_gets_a_word_for_them() {
        assert_eq!(with_attachments(String::new(), 1), ATTACHMENT);
        assert_eq!(with_attachments("look".into(), 1), "look");
        assert_eq!(with_attachments(String::new(), 0), "");
    }
}
