//! Conversations and the messages of their trees.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    Attachment, ConversationId, FolderId, LayerValues, MessageId, ModelId, PresetId,
    QueuedMessageId, Run, SummaryId,
};

/// A row of the conversation list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ConversationSummary {
    /// Its id.
    pub id: ConversationId,
    /// Never empty; "New conversation" until there is a first message.
    pub title: String,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Time of the last message, Unix time in milliseconds.
    pub updated_at_ms: i64,
    /// Kept on top of the list.
    pub pinned: bool,
    /// A run of it has not ended.
    pub running: bool,
    /// It has an answer that was not looked at.
    pub unread: bool,
    /// The folder it lies in.
    pub folder_id: Option<FolderId>,
    /// In alphabetical order.
    pub tags: Vec<String>,
    /// It is off the list, in the archive.
    pub archived: bool,
    /// It is kept in memory only and on no list: gone when it is deleted or the app ends, unless it is kept before.
    pub temporary: bool,
    /// A blind comparison in it waits for its vote: no model is named there until then.
    pub blind: bool,
}

/// A place in the conversation list: pinned ones come first, then the newest, then the largest id.
/// It stays where it is when the row it came from moves or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ConversationCursor {
    /// Whether the row is pinned.
    pub pinned: bool,
    /// Its time, Unix time in milliseconds.
    pub updated_at_ms: i64,
    /// Its id.
    pub id: ConversationId,
}

impl From<&ConversationSummary> for ConversationCursor {
    fn from(row: &ConversationSummary) -> Self {
        Self {
            pinned: row.pinned,
            updated_at_ms: row.updated_at_ms,
            id: row.id,
        }
    }
}

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Conversation {
    /// What the list shows.
    pub summary: ConversationSummary,
    /// The model it talks to, if one was chosen.
    pub model_id: Option<ModelId>,
    /// What it sets itself.
    pub settings: ConversationSettings,
    /// The draft of the next message.
    pub draft: String,
    /// Files that go with it, in their order.
    pub draft_attachments: Vec<Attachment>,
    /// Messages that wait for the end of an answer, in the order they will be sent.
    pub queue: Vec<QueuedMessage>,
    /// What the person wrote beside it; no model sees it.
    pub notes: String,
    /// The leaf of the branch being shown.
    pub head: Option<MessageId>,
}

/// A message that was written while an answer was. It is sent when that has ended by itself, and otherwise waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct QueuedMessage {
    /// Its id.
    pub id: QueuedMessageId,
    /// Its words.
    pub content: String,
    /// Files that go with it, in their order.
    pub attachments: Vec<Attachment>,
}

/// What a conversation sets itself; the rest comes from the layers below, see [`Layer`](crate::Layer).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// The preset it is based on. One that was deleted since is named too, and its values hold.
    pub preset_id: Option<PresetId>,
    /// Its own values.
    pub values: LayerValues,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The word used in chat templates and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message, as it stands on the branch being shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it belongs.
    pub conversation_id: ConversationId,
    /// The message it answers; none for the first.
    pub parent_id: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// Markdown as written by the person or the model.
    pub content: String,
    /// What the model thought before answering, if it says so.
    pub reasoning: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// The name of the model that wrote it, kept even if the model is gone.
    pub model_name: Option<String>,
    /// The latest generation that wrote it; none for people's messages.
    pub run: Option<Run>,
    /// The versions next to it (same parent), oldest first, itself included.
    pub versions: Vec<MessageId>,
    /// It stays in the conversation, but the model is not sent it.
    pub left_out: bool,
    /// The person marked it as a good answer.
    pub good: bool,
    /// Files that are sent with it, in their order.
    pub attachments: Vec<Attachment>,
    /// What can stand for the branch up to here, this message included.
    pub summary: Option<Summary>,
}

/// What a model is sent in the place of the oldest messages of a branch, under
/// [`ContextOverflow::Summarise`](crate::ContextOverflow::Summarise). The messages stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Summary {
    /// Its id.
    pub id: SummaryId,
    /// Its words.
    pub text: String,
    /// Messages it stands for.
    pub message_count: u32,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// The model that wrote it.
    pub model_name: Option<String>,
    /// The person changed its words.
    pub edited: bool,
}

/// A page of the shown branch, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// There are older ones.
    pub has_older: bool,
    /// There are newer ones.
    pub has_newer: bool,
}

/// Which page of the shown branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PagePlace {
    /// The one that ends before this message.
    Before(MessageId),
    /// The one that begins after this message, which must be on the branch.
    After(MessageId),
    /// One with this message in its middle, or as near to it as the ends of the branch allow. The
    /// message must be on the branch.
    Around(MessageId),
}

/// The whole tree of a conversation, in outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MessageOutline {
    /// The leaf of the branch being shown.
    pub head: Option<MessageId>,
    /// Every message that is not deleted, of all branches: a parent before its answers, older versions before newer ones.
    pub messages: Vec<OutlineMessage>,
}

/// A message as an outline shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutlineMessage {
    /// Its id.
    pub id: MessageId,
    /// The message it answers; none for a first one.
    pub parent_id: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// Its first words on one line, 80 characters at most; empty where it has none, only files.
    pub beginning: String,
}

/// What a started generation consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Started {
    /// The person's message, when one was added.
    pub user_message: Option<Message>,
    /// The answer being written; its run carries the id to follow.
    pub assistant_message: Message,
}
