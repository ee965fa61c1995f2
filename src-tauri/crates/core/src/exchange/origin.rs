//! By what a conversation of elsewhere is known again.

use sirocco_chat::exchange::ForeignConversation;
use sirocco_hub::ContentHash;
use sirocco_protocol::ExchangeFormat;
use sirocco_store::Origin;

/// Longer ids are not kept; what is said stands for them.
const LONGEST_ID: usize = 200;

/// Its form with its id there, or with what is said in it if it has none.
pub fn of(conversation: &ForeignConversation) -> Origin {
    let form = conversation.format.as_str();
    let id = conversation.id.as_deref();
    match id.filter(|id| id.len() <= LONGEST_ID) {
        Some(id) => Origin {
            key: format!("{form}:{id}"),
            id: match conversation.format {
                ExchangeFormat::Sirocco => id.parse().ok(),
                _ => None,
            },
        },
        None => Origin {
            key: format!("{form}:sha256:{}", ContentHash::of(&said(conversation))),
            id: None,
        },
    }
}

/// Titles and times may be those of the import, so they do not count. The lengths keep one text
/// from running into the next.
fn said(conversation: &ForeignConversation) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut take = |text: &str| {
        bytes.extend(text.len().to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    take(conversation.own.system_prompt_or_empty());
    for message in &conversation.messages {
        take(&message.parent.map_or_else(String::new, |at| at.to_string()));
        take(message.role.as_str());
        take(&message.content);
        take(message.reasoning.as_deref().unwrap_or_default());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_chat::exchange::read_json;

    fn conversation(id: &str, words: &str, now_ms: i64) -> ForeignConversation {
        let json = format!(
            r#"{{ "id": "{id}", "mapping": {{ "a": {{ "parent": null, "message": {{
                "author": {{ "role": "user" }},
                "content": {{ "content_type": "text", "parts": ["{words}"] }} }} }} }} }}"#
        );
        let mut reading = read_json("conversations.json", json.as_bytes(), now_ms).unwrap();
        reading.conversations.remove(0)
    }

    #[test]
    fn an_id_is_what_a_conversation_is_known_by() {
        let first = of(&conversation("7f", "hello", 1));
        assert_eq!(first.key, "chatgpt:7f");
        assert_eq!(first, of(&conversation("7f", "other", 2)));
    }

    #[test]
    fn without_an_id_it_is_what_is_said() {
        let first = of(&conversation("", "hello", 1));
        assert!(first.key.starts_with("chatgpt:sha256:"), "{first:?}");
        assert_eq!(first, of(&conversation("", "hello", 2)), "at whatever time");
        assert_ne!(first, of(&conversation("", "other", 1)));
        let long = of(&conversation(&"7".repeat(10_000), "hello", 1));
        assert_eq!(long, first);
    }

    #[test]
    fn our_own_file_names_the_conversation_it_was() {
        let mut own = conversation("0190f5c8-0000-7000-8000-000000000001", "hello", 1);
        assert_eq!(of(&own).id, None);
        own.format = ExchangeFormat::Sirocco;
        assert_eq!(
            of(&own).id,
            own.id.as_deref().and_then(|id| id.parse().ok())
        );
        assert!(of(&own).id.is_some());
    }
}
