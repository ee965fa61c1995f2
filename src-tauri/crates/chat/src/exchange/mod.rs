//! Conversations of other apps, and our own files, as trees that are sound.
//!
//! [`read_json`] takes the text of one file, recognises the form of what is in it, and answers the
//! conversations together with those it refuses and with what it leaves out. [`read_thread`] does
//! the same for Jan, which keeps a conversation in two files. Where the files come from (a folder,
//! a zip) is the caller's part.
//!
//! A conversation is read whole or refused with a reason: a message that answers one that is not
//! there, two with the same id, or answers in a circle, and none of it is taken. Text is never
//! trusted to be short, nested little, or of the type one expects.
//!
//! ```
//! use sirocco_chat::exchange::read_json;
//!
//! let export = br#"[{"title": "Sums", "current_node": "b", "mapping": {
//!     "a": {"parent": null, "children": ["b"], "message": {"author": {"role": "user"},
//!           "content": {"content_type": "text", "parts": ["2 + 2?"]}}},
//!     "b": {"parent": "a", "children": [], "message": {"author": {"role": "assistant"},
//!           "content": {"content_type": "text", "parts": ["Four."]}}}}}]"#;
//! let reading = read_json("conversations.json", export, 0).unwrap();
//! let sums = &reading.conversations[0];
//! assert_eq!((sums.title.as_str(), sums.messages.len()), ("Sums", 2));
//! assert_eq!(sums.messages[1].parent, Some(0));
//! ```

mod chatgpt;
mod draft;
mod field;
mod file;
mod jan;
mod lmstudio;
mod openwebui;
mod own;
mod tree;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use sirocco_protocol::{
    AttachmentKind, ErrorReport, ExchangeFormat, LayerValues, LeftOut, LeftOutKind,
    RefusedConversation, Role, RunState, Statistics,
};

pub use file::{Unreadable, read_json};
pub use jan::read_thread;
pub(crate) use own::write as write_own;

/// A conversation of elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignConversation {
    /// Where it comes from.
    pub format: ExchangeFormat,
    /// What it is called there; none if the form has no ids.
    pub id: Option<String>,
    /// One line, never empty.
    pub title: String,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Time of the last message, Unix time in milliseconds.
    pub updated_at_ms: i64,
    /// Kept on top of the list.
    pub pinned: bool,
    /// Off the list, in the archive.
    pub archived: bool,
    /// Names of the folders it lies in, the outermost first.
    pub folder: Vec<String>,
    /// In the order of its file.
    pub tags: Vec<String>,
    /// What the person wrote beside it.
    pub notes: String,
    /// What it sets itself; parameters only our own files have.
    pub own: LayerValues,
    /// The preset it is based on; only our own files have it.
    pub preset: Option<ForeignPreset>,
    /// What all layers came to where it was written; only our own files have it.
    pub effective: Option<LayerValues>,
    /// Each behind the one it answers; versions in their order.
    pub messages: Vec<ForeignMessage>,
    /// The leaf of the branch being shown.
    pub head: usize,
}

/// One message of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignMessage {
    /// Index of the message it answers.
    pub parent: Option<usize>,
    /// Who speaks.
    pub role: Role,
    /// Markdown.
    pub content: String,
    /// What the model thought.
    pub reasoning: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// The model that wrote it.
    pub model_name: Option<String>,
    /// The generation that wrote it; only our own files have it.
    pub run: Option<ForeignRun>,
    /// No model is sent it; only our own files say so.
    pub left_out: bool,
    /// The person marked it as a good answer.
    pub good: bool,
    /// What can stand for the branch up to here; only our own files have it.
    pub summary: Option<ForeignSummary>,
    /// What is attached to it; only our own files have it.
    pub attachments: Vec<ForeignAttachment>,
}

/// A file that is attached to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignAttachment {
    /// Of the file, one line and not empty.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// What was taken from it.
    pub text: String,
    /// Of an image, a PNG or JPEG file, base64. Whoever wrote the file wrote it: it is read as any other image.
    pub image_base64: Option<String>,
}

/// A preset as a conversation has it with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignPreset {
    /// One line, never empty.
    pub name: String,
    /// What it sets.
    pub values: LayerValues,
}

/// A summary as its message has it with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignSummary {
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

/// A generation that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRun {
    /// A terminal state.
    pub state: RunState,
    /// Unix time in milliseconds.
    pub started_at_ms: i64,
    /// Unix time in milliseconds.
    pub ended_at_ms: i64,
    /// What it cost.
    pub statistics: Option<Statistics>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// The schema that the answer was held to, if it is known.
    pub structured_output: Option<String>,
}

impl ForeignConversation {
    /// How many branches its tree has: messages that nothing answers.
    #[must_use]
    pub fn branch_count(&self) -> usize {
        let answered: BTreeSet<usize> = self.messages.iter().filter_map(|m| m.parent).collect();
        self.messages.len() - answered.len()
    }
}

/// What was found in one file, or in many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The forms recognised.
    pub formats: BTreeSet<ExchangeFormat>,
    /// What can be imported.
    pub conversations: Vec<ForeignConversation>,
    /// What cannot.
    pub refused: Vec<RefusedConversation>,
    left_out: LeftOutCounts,
}

impl Reading {
    /// Takes in what was found in another file.
    pub fn add(&mut self, mut more: Self) {
        self.formats.append(&mut more.formats);
        self.conversations.append(&mut more.conversations);
        self.refused.append(&mut more.refused);
        self.left_out.add(&more.left_out);
    }

    /// What stays behind of the conversations that can be imported.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        let counts = self.left_out.0.iter();
        counts
            .map(|(kind, count)| LeftOut {
                kind: *kind,
                count: *count,
            })
            .collect()
    }

    /// Takes in one conversation as it was read. `name` is what it is called if it is refused.
    fn take(&mut self, name: &str, read: Result<draft::Draft, Problem>, now_ms: i64) {
        let finished = read.and_then(|draft| draft.finish(now_ms));
        match finished {
            Ok((Some(conversation), left_out)) => {
                self.conversations.push(conversation);
                self.left_out.add(&left_out);
            }
            Ok((None, _)) => self.left_out.count(LeftOutKind::EmptyConversations, 1),
            Err(problem) => self.refused.push(RefusedConversation {
                name: draft::title_line(name).unwrap_or_else(|| "(without a title)".to_owned()),
                reason: problem.to_string(),
            }),
        }
    }
}

/// How much is left out, by kind.
#[derive(Clone, Debug, Default, PartialEq)]
struct LeftOutCounts(BTreeMap<LeftOutKind, u32>);

impl LeftOutCounts {
    fn count(&mut self, kind: LeftOutKind, more: usize) {
        if more > 0 {
            let count = self.0.entry(kind).or_default();
            *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        }
    }

    fn add(&mut self, more: &Self) {
        for (kind, count) in &more.0 {
            self.count(*kind, *count as usize);
        }
    }
}

/// Why a conversation is refused.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("`{field}` is not {expected}")]
    WrongType {
        field: &'static str,
        expected: &'static str,
    },
    #[error("two messages have the id `{id}`")]
    DuplicateId { id: String },
    #[error("message `{id}` answers `{parent}`, which is not there")]
    MissingParent { id: String, parent: String },
    #[error("messages answer each other in a circle")]
    Cycle,
    #[error("it has more than {} messages", tree::MOST_MESSAGES)]
    TooManyMessages,
    #[error("it has more than {} MiB of text", tree::MOST_BYTES >> 20)]
    TooMuchText,
    #[error("version {found} of this form is newer than this app, which knows up to {known}")]
    NewerVersion { found: u64, known: u32 },
    #[error("line {line} of its messages is not sound JSON")]
    Line {
        line: usize,
        source: serde_json::Error,
    },
    #[error("it is not as expected: {0}")]
    Shape(#[from] serde_json::Error),
    /// Of its parameters, one is out of range.
    #[error("{0}")]
    Parameters(String),
    #[error("it has a form that is not known")]
    UnknownForm,
}

#[cfg(test)]
mod fixture;
