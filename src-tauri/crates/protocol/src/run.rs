//! A generation is a run: a row with a state that outlives the window that asked for it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationId, ErrorReport, LeftOutTurns, Message, MessageId, ModelId, RunId};

/// Where a run stands. The last four are terminal and never change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for the model: another run goes first, or it is being loaded.
    Queued,
    /// The prompt is being processed.
    Prefilling,
    /// Tokens arrive.
    Generating,
    /// The model ended it, or a limit did.
    Completed,
    /// The person stopped it.
    Stopped,
    /// It broke; the words so far are kept.
    Failed,
    /// The app ended while it ran; the words so far are kept.
    Interrupted,
}

impl RunState {
    /// Whether the state is final.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Stopped | Self::Failed | Self::Interrupted
        )
    }

    /// The word used on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Prefilling => "prefilling",
            Self::Generating => "generating",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why the model's text ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model ended its turn.
    EndOfTurn,
    /// The answer reached `max_tokens`.
    MaxTokens,
    /// The context is full.
    ContextFull,
    /// A stop string appeared.
    StopString,
    /// The person stopped it.
    User,
}

/// What an answer cost. Times are measured in the worker, so they hold no window or network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Statistics {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Of those, how many were still in the cache.
    pub cached_tokens: u32,
    /// Tokens written.
    pub completion_tokens: u32,
    /// From the request to the first token, in milliseconds, as the worker saw it.
    pub time_to_first_token_ms: f64,
    /// Prompt tokens processed per second, cached ones left out.
    pub prefill_tokens_per_second: f64,
    /// Tokens written per second after the first.
    pub decode_tokens_per_second: f64,
    /// Why it ended.
    pub stop_reason: Option<StopReason>,
    /// What was not sent because there was no room for it.
    pub left_out: Option<LeftOutTurns>,
    /// Tokens that a draft model guessed.
    pub drafted_tokens: u32,
    /// Of those, how many were what the model itself chose.
    pub accepted_tokens: u32,
    /// Tokens that the model had to forget while it wrote, because its context was full.
    pub shifted_tokens: u32,
    /// From the first word of the model's thoughts to the first of its answer, in milliseconds; none without thoughts.
    pub reasoning_ms: Option<f64>,
}

/// One generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it writes.
    pub conversation_id: ConversationId,
    /// The message it writes.
    pub message_id: MessageId,
    /// The model asked.
    pub model_id: Option<ModelId>,
    /// Where it stands.
    pub state: RunState,
    /// Unix time in milliseconds.
    pub started_at_ms: i64,
    /// Unix time in milliseconds, once terminal.
    pub ended_at_ms: Option<i64>,
    /// Once it ended with numbers.
    pub statistics: Option<Statistics>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// The JSON schema, as text, that the answer was held to, once ended; empty for none, and none if it is not known.
    #[serde(default)]
    pub structured_output: Option<String>,
}

/// What a follower of a run receives. The first is always a snapshot; then deltas whose `cursor`
/// counts the characters (UTF-16 units, as JavaScript counts) of content written so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunUpdate {
    /// The whole text so far: replaces what the follower has.
    Snapshot {
        /// The run.
        run: Run,
        /// The message with its text so far.
        message: Message,
        /// Sequence number of the next delta.
        #[ts(type = "number")]
        next: u64,
    },
    /// More text.
    Delta {
        /// One more than that of the delta before; a gap means: follow again.
        #[ts(type = "number")]
        sequence: u64,
        /// Appended to the answer.
        content: String,
        /// Appended to the reasoning.
        reasoning: String,
    },
    /// The prompt is being processed.
    Prefill {
        /// Tokens done, cached ones included.
        done: u32,
        /// Tokens of the prompt.
        total: u32,
    },
    /// The model is being loaded, or another run goes first.
    Waiting {
        /// Share of the load done, 0 to 1; none while others go first.
        load_progress: Option<f32>,
        /// How many runs go first.
        ahead: u32,
    },
    /// The oldest turns have no room: the model writes a summary of them first.
    Summarising {
        /// Messages it will stand for.
        message_count: u32,
    },
    /// The end; the message is complete and saved.
    Finished {
        /// The run, terminal.
        run: Run,
        /// The message as saved.
        message: Message,
    },
}
