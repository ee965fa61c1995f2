//! What is answered.

use serde::Serialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{Finish, FinishReason};

use crate::answers::Whole;
use crate::fault::fresh_id;
use crate::tools::Call;

/// A message of the model's.
#[derive(Debug, Serialize)]
pub struct AnswerMessage {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: String,
    content: Vec<Block>,
    stop_reason: Option<&'static str>,
    stop_sequence: Option<String>,
    usage: Usage,
}

/// A part of it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Thinking {
        thinking: String,
        /// Nobody signs here; clients want the field.
        signature: String,
    },
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Map<String, Value>,
    },
}

impl Block {
    /// A call; as text if the model wrote what is none.
    fn of_call(call: &Call) -> Self {
        match call.object() {
            Some(input) => Self::ToolUse {
                id: tool_use_id(call),
                name: call.name.clone(),
                input,
            },
            None => Self::Text {
                text: call.in_words(),
            },
        }
    }
}

/// The id of a call, as clients look for it.
pub fn tool_use_id(call: &Call) -> String {
    format!("toolu_{}", call.id)
}

/// Tokens; those of the cache are counted apart.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Usage {
    pub input_tokens: u32,
    pub cache_creation_input_tokens: u32,
    pub cache_read_input_tokens: u32,
    pub output_tokens: u32,
}

/// Why the model stopped.
#[derive(Clone, Debug, Serialize)]
pub struct Stop {
    pub stop_reason: &'static str,
    pub stop_sequence: Option<String>,
}

impl From<&Finish> for Usage {
    fn from(finish: &Finish) -> Self {
        let usage = &finish.usage;
        Self {
            input_tokens: usage.prompt_tokens.saturating_sub(usage.cached_tokens),
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: usage.cached_tokens,
            output_tokens: usage.completion_tokens,
        }
    }
}

impl Stop {
    /// Of several sequences it is not known which one ended the answer.
    pub fn new(finish: &Finish, sequences: &[String]) -> Self {
        let stop_reason = match finish.reason {
            FinishReason::MaxTokens | FinishReason::ContextFull => "max_tokens",
            _ if finish.calls > 0 => "tool_use",
            FinishReason::StopString => "stop_sequence",
            FinishReason::EndOfTurn | FinishReason::Stopped => "end_turn",
        };
        let only = match sequences {
            [only] if stop_reason == "stop_sequence" => Some(only.clone()),
            _ => None,
        };
        Self {
            stop_reason,
            stop_sequence: only,
        }
    }
}

impl AnswerMessage {
    /// A message that begins, for the first event of a stream.
    pub fn begun(model: String, input_tokens: u32) -> Self {
        Self {
            id: fresh_id("msg_"),
            kind: "message",
            role: "assistant",
            model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: Usage {
                input_tokens,
                ..Usage::default()
            },
        }
    }

    /// A whole message.
    pub fn whole(model: String, whole: Whole, sequences: &[String]) -> Self {
        let stop = Stop::new(&whole.finish, sequences);
        let thinking = (!whole.reasoning.is_empty()).then_some(Block::Thinking {
            thinking: whole.reasoning,
            signature: String::new(),
        });
        // A message has a text, even an empty one, or a call.
        let has_text = !whole.content.is_empty() || whole.calls.is_empty();
        let text = has_text.then_some(Block::Text {
            text: whole.content,
        });
        let calls = whole.calls.iter().map(Block::of_call);
        Self {
            content: thinking.into_iter().chain(text).chain(calls).collect(),
            stop_reason: Some(stop.stop_reason),
            stop_sequence: stop.stop_sequence,
            usage: Usage::from(&whole.finish),
            ..Self::begun(model, 0)
        }
    }
}
