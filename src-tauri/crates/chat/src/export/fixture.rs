//! What the tests of all formats write.

use super::{AttachmentTexts, Outgoing};
use sirocco_protocol::{
    Attachment, AttachmentId, AttachmentKind, Conversation, ConversationId, ConversationSettings,
    ConversationSummary, LayerValues, Message, MessageId, Parameters, Role,
};

pub fn conversation() -> Conversation {
    Conversation {
        summary: ConversationSummary {
            id: ConversationId::fresh(),
            title: "Sums\nand more".into(),
            created_at_ms: 1_700_000_000_999,
            updated_at_ms: 1_700_000_001_000,
            pinned: false,
            running: false,
            unread: false,
            folder_id: None,
            tags: Vec::new(),
            archived: false,
            temporary: false,
            blind: false,
        },
        model_id: None,
        settings: ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: Some("Be brief.\n".into()),
                parameters: Parameters::default(),
            },
        },
        draft: String::new(),
        draft_attachments: Vec::new(),
        queue: Vec::new(),
        notes: String::new(),
        head: None,
    }
}

/// A conversation with these messages, each of which answers the one before it.
pub fn outgoing(branch: impl IntoIterator<Item = Message>) -> Outgoing {
    let mut conversation = conversation();
    let mut tree: Vec<Message> = Vec::new();
    for mut message in branch {
        message.parent_id = tree.last().map(|before| before.id);
        tree.push(message);
    }
    conversation.head = tree.last().map(|last| last.id);
    Outgoing {
        effective: conversation.settings.values.clone(),
        conversation,
        tree,
        texts: AttachmentTexts::new(),
        preset: None,
        folder: Vec::new(),
    }
}

pub fn message(role: Role, content: &str, reasoning: Option<&str>) -> Message {
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
        left_out: false,
        good: false,
        attachments: Vec::new(),
        summary: None,
    }
}

pub fn attachment(name: &str) -> Attachment {
    Attachment {
        id: AttachmentId::fresh(),
        name: name.into(),
        kind: AttachmentKind::Csv,
        size_bytes: 26,
        characters: 13,
        pixels: None,
    }
}
