//! What the tests of all forms share.

use sirocco_protocol::Role;

use super::{ForeignConversation, ForeignMessage, Reading, read_json};

pub const CHATGPT: &[u8] = include_bytes!("../../tests/fixtures/exchange/conversations.json");
pub const OPENWEBUI: &[u8] = include_bytes!("../../tests/fixtures/exchange/openwebui.json");
pub const OWN: &[u8] = include_bytes!("../../tests/fixtures/exchange/sirocco.json");
pub const LMSTUDIO_NAME: &str = "1720000000000.conversation.json";
pub const LMSTUDIO: &[u8] = include_bytes!(
    "../../tests/fixtures/exchange/lmstudio/Kitchen/1720000000000.conversation.json"
);
pub const JAN_THREAD: &[u8] =
    include_bytes!("../../tests/fixtures/exchange/jan/threads/01hq-tides/thread.json");
pub const JAN_MESSAGES: &[u8] =
    include_bytes!("../../tests/fixtures/exchange/jan/threads/01hq-tides/messages.jsonl");

/// The time of what has none.
pub const NOW_MS: i64 = 1_750_000_000_000;

pub fn reading(name: &str, bytes: impl AsRef<[u8]>) -> Reading {
    read_json(name, bytes.as_ref(), NOW_MS).unwrap()
}

/// The reason why the only conversation is refused.
pub fn refusal(json: &serde_json::Value) -> String {
    let mut reading = reading("file.json", json.to_string());
    assert!(reading.conversations.is_empty(), "{reading:?}");
    reading.refused.remove(0).reason
}

/// The tree in one line a message: indented by depth, `>` on the shown branch.
pub fn drawn(conversation: &ForeignConversation) -> Vec<String> {
    let messages = &conversation.messages;
    let above = |at: usize| {
        std::iter::successors(Some(at), |at| messages[*at].parent).collect::<Vec<usize>>()
    };
    let shown = above(conversation.head);
    let draw = |(at, message): (usize, &ForeignMessage)| {
        let mark = if shown.contains(&at) { '>' } else { ' ' };
        let role = match message.role {
            Role::User => 'u',
            Role::Assistant => 'a',
        };
        let indent = "  ".repeat(above(at).len() - 1);
        format!("{mark}{indent}{role}: {}", message.content)
    };
    messages.iter().enumerate().map(draw).collect()
}
