//! What a search answers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationId, ConversationSummary, MessageId, Role};

/// A stretch of a text, in UTF-16 units, as JavaScript counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TextRange {
    /// Its first unit.
    pub start: u32,
    /// The unit after its last.
    pub end: u32,
}

/// A place among the results of a search: titles come first, then the newest, then the largest id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SearchCursor {
    /// The title has the words.
    pub titled: bool,
    /// Of the newest message with the words, or of the conversation whose title or notes have them; Unix time
    /// in milliseconds.
    pub at_ms: i64,
    /// The conversation.
    pub id: ConversationId,
}

/// A conversation with the words that were looked for, in its title, its notes or messages of any branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SearchResult {
    /// Its row.
    pub conversation: ConversationSummary,
    /// The words in its title.
    pub title_marks: Vec<TextRange>,
    /// The newest message with the words; none if no message has them.
    pub message: Option<FoundMessage>,
    /// How many messages have them, up to the limit of the search.
    pub message_count: u32,
    /// The notes beside it, if they have them.
    pub notes: Option<FoundNotes>,
    /// Its place, for the next page.
    pub place: SearchCursor,
}

/// Notes with the words that were looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct FoundNotes {
    /// The part of them that has the most of the words, in one line.
    pub snippet: String,
    /// The words in the snippet.
    pub marks: Vec<TextRange>,
}

/// A message with the words that were looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct FoundMessage {
    /// Its id.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// The model that wrote it.
    pub model_name: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// The part of it that has the most of the words, in one line.
    pub snippet: String,
    /// The words in the snippet.
    pub marks: Vec<TextRange>,
}
