//! What a model is sent, and how much of its context that takes.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ContextOverflow, MessageId, Role, SummaryId};

/// How full the context is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContextUse {
    /// Tokens of the prompt as it would be sent now, the draft included.
    pub prompt_tokens: u32,
    /// Tokens of the draft alone.
    pub draft_tokens: u32,
    /// What the loaded model takes.
    pub context_length: u32,
    /// Turns of the branch that do not fit any more and would be left out.
    pub left_out: u32,
    /// Tokens of each file attached to the draft, in their order; the draft's own are apart.
    pub attachment_tokens: Vec<u32>,
}

/// The turns of a branch that were left out because there was no room for them, by their places on
/// it, the first message being 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeftOutTurns {
    /// The first of them.
    pub from: u32,
    /// The first behind them.
    pub until: u32,
}

/// What a part of a prompt is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContextPartKind {
    /// The system prompt.
    SystemPrompt,
    /// A summary that stands for messages of the branch.
    Summary {
        /// Which.
        id: SummaryId,
        /// Messages it stands for.
        message_count: u32,
    },
    /// A message of the branch.
    Message {
        /// Which.
        id: MessageId,
        /// Who speaks.
        role: Role,
    },
    /// The message being written.
    Draft,
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The person keeps it from the model.
    Person,
    /// It does not fit the context.
    NoRoom,
    /// A summary stands for it.
    Summarised,
    /// It has no words.
    Blank,
    /// It is an answer, and no question that is sent stands before it.
    NoQuestion,
}

/// A part of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContextPart {
    /// What it is.
    pub kind: ContextPartKind,
    /// How it begins, at most 160 characters.
    pub excerpt: String,
    /// Tokens of its text, without the marks of the chat template.
    pub tokens: u32,
    /// Why it is not sent; none if it is.
    pub left_out: Option<LeftOutReason>,
}

/// A prompt, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContextReport {
    /// In the order of the prompt.
    pub parts: Vec<ContextPart>,
    /// The exact text that the model reads, marks of the chat template included.
    pub text: String,
    /// Its tokens.
    pub prompt_tokens: u32,
    /// What of them the chat template adds around the parts.
    pub template_tokens: u32,
    /// Tokens that are kept free for the answer.
    pub reserved_tokens: u32,
    /// What the model takes.
    pub context_length: u32,
    /// What is done when it does not fit.
    pub overflow: ContextOverflow,
    /// Why this prompt cannot be sent, in words; none if it can.
    pub too_long: Option<String>,
    /// It is what was sent, to the letter. Otherwise it is made of the messages and settings of now.
    pub as_sent: bool,
}
