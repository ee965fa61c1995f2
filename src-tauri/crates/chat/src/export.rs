//! A conversation as a file: Markdown for people, JSON for programs. Both hold the shown branch.

use std::fmt::Write;

use serde::Serialize;
use sirocco_protocol::{Conversation, Message, Role};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Of the JSON; a reader refuses what it does not know.
const VERSION: u32 = 1;

/// The branch as Markdown. The messages' own Markdown stays as it is, so the headings between
/// them are of the second level, and thoughts are folded away.
#[must_use]
pub fn export_markdown(conversation: &Conversation, branch: &[Message]) -> String {
    let system_prompt = conversation.settings.values.system_prompt_or_empty().trim();
    let mut text = format!("# {}\n", one_line(&conversation.summary.title));
    if let Some(created) = date(conversation.summary.created_at_ms) {
        let _ = write!(text, "\n*{created}*\n");
    }
    if !system_prompt.is_empty() {
        let _ = write!(text, "\n## System\n\n{system_prompt}\n");
    }
    for message in branch {
        let speaker = match (message.role, &message.model_name) {
            (Role::User, _) => "You",
            (Role::Assistant, Some(model)) => model,
            (Role::Assistant, None) => "Assistant",
        };
        let _ = write!(text, "\n## {}\n", one_line(speaker));
        if let Some(reasoning) = message.reasoning.as_deref().map(str::trim)
            && !reasoning.is_empty()
        {
            let _ = write!(
                text,
                "\n<details>\n<summary>Reasoning</summary>\n\n{reasoning}\n\n</details>\n"
            );
        }
        let content = message.content.trim();
        if !content.is_empty() {
            let _ = write!(text, "\n{content}\n");
        }
    }
    text
}

#[derive(Serialize)]
struct Export<'a> {
    format: &'static str,
    version: u32,
    conversation: &'a Conversation,
    messages: &'a [Message],
}

/// The branch as indented JSON, in the types of the wire.
#[must_use]
pub fn export_json(conversation: &Conversation, branch: &[Message]) -> String {
    let export = Export {
        format: "sirocco-conversation",
        version: VERSION,
        conversation,
        messages: branch,
    };
    serde_json::to_string_pretty(&export)
        .expect("protocol types have string keys and no failing serializer")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Seconds are enough; none for a time outside the years 0 to 9999.
fn date(unix_ms: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000))
        .ok()?
        .format(&Rfc3339)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::{
        ConversationId, ConversationSettings, ConversationSummary, LayerValues, MessageId,
    };

    fn conversation() -> Conversation {
        Conversation {
            summary: ConversationSummary {
                id: ConversationId::fresh(),
                title: "Sums\nand more".into(),
                created_at_ms: 1_700_000_000_999,
                updated_at_ms: 1_700_000_001_000,
                pinned: false,
                running: false,
                unread: false,
            },
            model_id: None,
            settings: ConversationSettings {
                preset_id: None,
                values: LayerValues {
                    system_prompt: Some("Be brief.\n".into()),
                    ..LayerValues::default()
                },
            },
            draft: String::new(),
            head: None,
        }
    }

    fn message(role: Role, content: &str, reasoning: Option<&str>) -> Message {
        let id = MessageId::fresh();
        Message {
            id,
            conversation_id: ConversationId::fresh(),
            parent_id: None,
            role,
            content: content.into(),
            reasoning: reasoning.map(str::to_owned),
            created_at_ms: 0,
            model_name: (role == Role::Assistant).then(|| "Tiny 1B".into()),
            run: None,
            versions: vec![id],
        }
    }

    #[test]
    fn markdown_reads_like_the_transcript() {
        let branch = [
            message(Role::User, "2 + 2?", None),
            message(Role::Assistant, "# Four\n", Some("two and two\n")),
            message(Role::Assistant, "", Some(" ")),
        ];
        let expected = "\
# Sums and more

*2023-11-14T22:13:20Z*

## System

Be brief.

## You

2 + 2?

## Tiny 1B

<details>
<summary>Reasoning</summary>

two and two

</details>

# Four

## Tiny 1B
";
        assert_eq!(export_markdown(&conversation(), &branch), expected);
    }

    #[test]
    fn a_time_that_is_no_date_is_left_out() {
        let mut odd = conversation();
        odd.settings = ConversationSettings::default();
        for time in [i64::MAX, i64::MIN] {
            odd.summary.created_at_ms = time;
            assert_eq!(export_markdown(&odd, &[]), "# Sums and more\n");
        }
    }

    #[test]
    fn json_gives_back_what_went_in() {
        let conversation = conversation();
        let branch = [message(Role::User, "\"quoted\" \u{1f980}\n", None)];
        let json = export_json(&conversation, &branch);
        let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["format"], "sirocco-conversation");
        assert_eq!(value["version"], VERSION);
        let again: Conversation = serde_json::from_value(value["conversation"].take()).unwrap();
        assert_eq!(again, conversation);
        let again: Vec<Message> = serde_json::from_value(value["messages"].take()).unwrap();
        assert_eq!(again, branch);
    }
}
