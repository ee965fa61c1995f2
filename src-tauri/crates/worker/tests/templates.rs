//! Real chat templates, rendered as Python's Jinja renders them in the set-up of `transformers`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic as the tests themselves do"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};
use sirocco_worker::template::{ChatTemplate, Message, RenderRequest, TemplateError};
use time::OffsetDateTime;

#[derive(Deserialize)]
struct Golden {
    template: String,
    case: String,
    messages: Vec<GoldenMessage>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default = "yes")]
    add_generation_prompt: bool,
    #[serde(default)]
    variables: Map<String, Value>,
    prompt: Option<String>,
    error: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct GoldenMessage {
    role: String,
    content: Option<String>,
    reasoning_content: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Value>,
    name: Option<String>,
    tool_call_id: Option<String>,
}

impl From<GoldenMessage> for Message {
    fn from(message: GoldenMessage) -> Self {
        let GoldenMessage {
            role,
            content,
            reasoning_content,
            tool_calls,
            name,
            tool_call_id,
        } = message;
        Self {
            role,
            content,
            reasoning_content,
            tool_calls,
            name,
            tool_call_id,
        }
    }
}

/// The fixtures, or another folder made by the same script.
fn folder() -> PathBuf {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/templates");
    std::env::var_os("SIROCCO_TEST_TEMPLATES")
        .map_or_else(|| PathBuf::from(fixtures), PathBuf::from)
}

#[test]
fn real_templates_render_as_in_python() {
    let text = std::fs::read_to_string(folder().join("golden.json")).unwrap();
    let rows: Vec<Golden> = serde_json::from_str(&text).unwrap();
    let mut templates = BTreeSet::new();
    let mut differences = Vec::new();
    for row in rows {
        let source = std::fs::read_to_string(folder().join(&row.template)).unwrap();
        let name = format!("{}, {}", row.template, row.case);
        templates.insert(row.template);
        let messages: Vec<Message> = row.messages.into_iter().map(Message::from).collect();
        let request = RenderRequest {
            tools: &row.tools,
            add_generation_prompt: row.add_generation_prompt,
            bos_token: "<s>",
            eos_token: "</s>",
            variables: row.variables,
            now: OffsetDateTime::from_unix_timestamp(1_767_618_429).unwrap(),
            ..RenderRequest::new(&messages)
        };
        let result = ChatTemplate::new(&source).and_then(|template| template.render(&request));
        let has_system = messages
            .first()
            .is_some_and(|message| message.role == "system");
        let is_same = match (&result, &row.prompt, &row.error) {
            (Ok(ours), Some(theirs), _) => {
                ours == theirs || (has_system && !theirs.contains("Be brief."))
            }
            (Err(TemplateError::Refused { reason }), _, Some(theirs)) => reason == theirs,
            (Err(TemplateError::Failed { .. }), _, Some(_)) => true,
            // The template refuses system messages and ours went to the user's.
            (Ok(ours), _, Some(_)) => has_system && ours.contains("Be brief.\n\n\n"),
            _ => false,
        };
        if !is_same {
            differences.push(format!(
                "{name}\n  ours:   {result:?}\n  theirs: {:?} {:?}",
                row.prompt, row.error
            ));
        }
    }
    assert!(templates.len() >= 10, "{templates:?}");
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Every template of the folder, with its file name.
fn each_template(mut check: impl FnMut(&str, &ChatTemplate)) {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jinja")
        {
            let source = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            check(&name, &ChatTemplate::new(&source).unwrap());
        }
    }
}

fn continued(template: &ChatTemplate, messages: &[Message]) -> String {
    let request = RenderRequest {
        continue_final_message: true,
        ..RenderRequest::new(messages)
    };
    template.render(&request).unwrap()
}

#[test]
fn each_template_can_leave_the_last_message_open() {
    let messages = [
        Message::new("user", "Count to four."),
        Message::new("assistant", "One, two"),
    ];
    each_template(|name, template| {
        let prompt = continued(template, &messages);
        assert!(
            prompt.contains("Count to four.") && prompt.ends_with("One, two"),
            "{name}: {prompt}"
        );
    });
}

#[test]
fn each_template_can_leave_the_thoughts_of_the_last_message_open() {
    let messages = [
        Message::new("user", "Count to four."),
        Message {
            reasoning_content: Some("One is first, then".to_owned()),
            ..Message::new("assistant", "")
        },
    ];
    each_template(|name, template| {
        let asked = template
            .render(&RenderRequest::new(&messages[..1]))
            .unwrap();
        let prompt = continued(template, &messages);
        let expected = match asked.strip_suffix("<think>\n") {
            Some(opened) => format!("{opened}<think>\nOne is first, then"),
            None => format!("{asked}<think>\nOne is first, then"),
        };
        assert_eq!(prompt, expected, "{name}");
    });
}

#[test]
fn an_answer_without_a_word_begins_as_it_would_have() {
    let messages = [
        Message::new("user", "Count to four."),
        Message::new("assistant", ""),
    ];
    each_template(|name, template| {
        let asked = template
            .render(&RenderRequest::new(&messages[..1]))
            .unwrap();
        assert_eq!(continued(template, &messages), asked, "{name}");
    });
}
