//! Conversations in and out: the forms of other apps, and the files of our own.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationId, FolderId};

/// A form that conversations come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeFormat {
    /// Our own JSON.
    Sirocco,
    /// `conversations.json` of ChatGPT's export, also inside its zip.
    Chatgpt,
    /// `*.conversation.json` of LM Studio.
    Lmstudio,
    /// The JSON export of Open WebUI.
    Openwebui,
    /// The thread folders of Jan.
    Jan,
}

impl ExchangeFormat {
    /// The word on the wire, which begins the origin of an imported conversation in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sirocco => "sirocco",
            Self::Chatgpt => "chatgpt",
            Self::Lmstudio => "lmstudio",
            Self::Openwebui => "openwebui",
            Self::Jan => "jan",
        }
    }
}

/// A form that conversations go out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// The shown branch, for people.
    Markdown,
    /// The shown branch as a page that needs nothing else.
    Html,
    /// Everything, all branches; can be imported again.
    Json,
    /// The shown branch as trainers take it: one conversation a line.
    Jsonl,
}

/// Which conversations go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ExportScope {
    /// All, archived ones included.
    All,
    /// These.
    Conversations {
        /// At least one.
        ids: Vec<ConversationId>,
    },
    /// Those of a folder and of the folders in it, archived ones included.
    Folder {
        /// Which.
        id: FolderId,
    },
}

/// What an import does not bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutKind {
    /// Conversations without a message.
    EmptyConversations,
    /// Images and other files: only their text is in the export, if anything.
    Attachments,
    /// Calls of tools and what they answered.
    Tools,
    /// Messages the other app does not show either.
    Hidden,
    /// System messages after the first one, which becomes the system prompt.
    System,
    /// Messages of a kind that is not known.
    Unknown,
    /// Folders and projects of which the export has only an id, each counted with every conversation in it.
    Folders,
    /// Conversations with sampling parameters of their own, which are set in the other app's words.
    Parameters,
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeftOut {
    /// Of what.
    pub kind: LeftOutKind,
    /// How many.
    pub count: u32,
}

/// A conversation, or a whole file, that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RefusedConversation {
    /// Its title, or the file's name.
    pub name: String,
    /// Why; lower-case start, no period.
    pub reason: String,
}

/// What a picked file or folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExchangePreview {
    /// The forms recognised; more than one only in a folder or zip.
    pub formats: Vec<ExchangeFormat>,
    /// Conversations that can be imported, those that are here already included.
    pub conversation_count: u32,
    /// Of these, how many are here already.
    pub known_count: u32,
    /// Of these, how many lie in the trash, out of which an import takes them.
    pub trashed_count: u32,
    /// Messages of all these conversations.
    pub message_count: u32,
    /// Branches of all these conversations: ends of their trees.
    pub branch_count: u32,
    /// What of them stays behind.
    pub left_out: Vec<LeftOut>,
    /// What cannot be imported.
    pub refused: Vec<RefusedConversation>,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExchangeReport {
    /// The new conversations, that with the latest message first.
    pub added: Vec<ConversationId>,
    /// Those that lay in the trash, as they were there.
    pub restored: Vec<ConversationId>,
    /// How many were here already; nothing of them was changed.
    pub known_count: u32,
    /// What could not be imported.
    pub refused: Vec<RefusedConversation>,
}

/// Where an export goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExportTarget {
    /// A file that the person chooses in a native dialog; only the window has one.
    Ask,
    /// The answer, for a client that keeps it itself.
    Answer,
}

/// What became of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Exported {
    /// The dialog was closed without a choice.
    Cancelled,
    /// It lies where the person chose.
    Saved {
        /// For display.
        path: String,
        /// How many conversations are in it.
        conversation_count: u32,
        /// How many have messages, but no answer that the format asks for.
        left_out_count: u32,
    },
    /// A text.
    Text {
        /// A name for its file.
        name: String,
        /// Such as `text/markdown`.
        media_type: String,
        /// How many conversations are in it.
        conversation_count: u32,
        /// How many have messages, but no answer that the format asks for.
        left_out_count: u32,
        /// The content of the file.
        text: String,
    },
    /// A zip with one file for each conversation.
    Archive {
        /// A name for its file.
        name: String,
        /// How many conversations are in it.
        conversation_count: u32,
        /// The content of the file in base64.
        base64: String,
    },
}
