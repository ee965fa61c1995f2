//! `POST /v1/chat/completions`: what is answered.

use axum::response::sse::Event;
use serde::Serialize;
use serde_json::Value;
use sirocco_core::completions::{CallPiece, Finish, Piece, Token};
use time::OffsetDateTime;

use super::logprobs::{ChatLogprobs, of_chat};
use super::usage::Usage;
use crate::answers::{Frames, Whole, data, waiting_comment};
use crate::fault::{Dialect, Fault, finish_word, fresh_id};
use crate::tools::{Call, Calls};

/// What answers of the same model and program have in common.
pub const FINGERPRINT: &str = concat!("sirocco-", env!("CARGO_PKG_VERSION"));

/// What all that is sent for one request has in common.
#[derive(Clone, Debug, Serialize)]
pub struct Chat {
    id: String,
    created: i64,
    model: String,
    system_fingerprint: &'static str,
}

/// A whole answer.
#[derive(Debug, Serialize)]
pub struct ChatCompletion {
    #[serde(flatten)]
    chat: Chat,
    object: &'static str,
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Choice {
    index: usize,
    message: Message,
    logprobs: Option<ChatLogprobs>,
    finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    /// None if there are calls and nothing else.
    content: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning_content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    refusal: Option<()>,
}

/// A call, or a piece of one.
#[derive(Debug, Default, Serialize)]
struct ToolCall {
    /// In pieces only.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function,
}

#[derive(Debug, Default, Serialize)]
struct Function {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    arguments: String,
}

#[derive(Debug, Serialize)]
struct Chunk<'a> {
    #[serde(flatten)]
    chat: &'a Chat,
    object: &'static str,
    choices: Vec<ChunkChoice>,
    /// Absent unless it was asked for, and null but in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<&'a Usage>>,
    /// LM Studio's numbers, in the last chunk.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    further: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
struct ChunkChoice {
    index: u32,
    delta: Delta,
    logprobs: Option<ChatLogprobs>,
    finish_reason: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
}

impl From<&Call> for ToolCall {
    fn from(call: &Call) -> Self {
        Self {
            index: None,
            id: Some(format!("call_{}", call.id)),
            kind: Some("function"),
            function: Function {
                name: Some(call.name.clone()),
                arguments: call.arguments.clone(),
            },
        }
    }
}

impl Chat {
    /// A chat that begins now, with the model of this key.
    pub fn begin(model: String) -> Self {
        Self {
            id: fresh_id("chatcmpl-"),
            created: OffsetDateTime::now_utc().unix_timestamp(),
            model,
            system_fingerprint: FINGERPRINT,
        }
    }

    /// The whole answer.
    pub fn complete(self, answers: Vec<Whole>) -> ChatCompletion {
        let mut usage = Usage::default();
        let mut choices = Vec::with_capacity(answers.len());
        for (index, whole) in answers.into_iter().enumerate() {
            usage.add(&whole.finish, index == 0);
            choices.push(Choice {
                index,
                logprobs: of_chat(&whole.tokens),
                finish_reason: finish_word(&whole.finish),
                message: Message {
                    role: "assistant",
                    content: Some(whole.content)
                        .filter(|text| whole.calls.is_empty() || !text.is_empty()),
                    reasoning_content: whole.reasoning,
                    tool_calls: whole.calls.iter().map(ToolCall::from).collect(),
                    refusal: None,
                },
            });
        }
        ChatCompletion {
            chat: self,
            object: "chat.completion",
            choices,
            usage,
        }
    }
}

/// Adds something to the end of a stream, from how the last answer ended.
type AtEnd = Box<dyn Fn(&Finish) -> Value + Send>;

/// The answer in chunks.
pub struct ChatFrames {
    chat: Chat,
    include_usage: bool,
    usage: Usage,
    /// Of the current answer.
    calls: Calls,
    at_end: Option<AtEnd>,
    further: Option<Value>,
}

impl ChatFrames {
    pub fn new(chat: Chat, include_usage: bool) -> Self {
        Self {
            chat,
            include_usage,
            usage: Usage::default(),
            calls: Calls::default(),
            at_end: None,
            further: None,
        }
    }

    /// The last chunk carries these fields, too.
    pub fn with_fields_at_end(
        mut self,
        fields: impl Fn(&Finish) -> Value + Send + 'static,
    ) -> Self {
        self.at_end = Some(Box::new(fields));
        self
    }

    /// What is sent for a piece of a call; of its end, nothing.
    fn call(&mut self, piece: CallPiece) -> Option<ToolCall> {
        self.calls.push(&piece);
        let call = match piece {
            CallPiece::Begin { .. } => self.calls.last().map(ToolCall::from)?,
            CallPiece::Arguments(more) => ToolCall {
                function: Function {
                    name: None,
                    arguments: more,
                },
                ..ToolCall::default()
            },
            CallPiece::End => return None,
        };
        Some(ToolCall {
            index: Some(self.calls.0.len() - 1),
            ..call
        })
    }

    fn chunk(
        &self,
        index: u32,
        delta: Delta,
        tokens: &[Token],
        finish_reason: Option<&'static str>,
    ) -> Event {
        let choice = ChunkChoice {
            index,
            delta,
            logprobs: of_chat(tokens),
            finish_reason,
        };
        self.event(vec![choice], None, None)
    }

    fn event(
        &self,
        choices: Vec<ChunkChoice>,
        usage: Option<&Usage>,
        further: Option<&Value>,
    ) -> Event {
        let chunk = Chunk {
            chat: &self.chat,
            object: "chat.completion.chunk",
            choices,
            usage: self.include_usage.then_some(usage),
            further,
        };
        data(Event::default(), &chunk)
    }
}

impl Frames for ChatFrames {
    type Frame = Event;

    fn piece(&mut self, index: u32, piece: Piece, out: &mut Vec<Event>) {
        let given = |text: String| (!text.is_empty()).then_some(text);
        match piece {
            Piece::Waiting {
                load_progress,
                ahead,
            } => out.push(waiting_comment(load_progress, ahead)),
            Piece::Started { .. } => {
                self.calls = Calls::default();
                let delta = Delta {
                    role: Some("assistant"),
                    content: Some(String::new()),
                    ..Delta::default()
                };
                out.push(self.chunk(index, delta, &[], None));
            }
            Piece::Text {
                content,
                reasoning,
                tokens,
            } => {
                let delta = Delta {
                    content: given(content),
                    reasoning_content: given(reasoning),
                    ..Delta::default()
                };
                out.push(self.chunk(index, delta, &tokens, None));
            }
            Piece::Call(piece) => {
                if let Some(call) = self.call(piece) {
                    let delta = Delta {
                        tool_calls: vec![call],
                        ..Delta::default()
                    };
                    out.push(self.chunk(index, delta, &[], None));
                }
            }
            Piece::Finished(finish) => {
                self.usage.add(&finish, index == 0);
                self.further = self.at_end.as_ref().map(|at_end| at_end(&finish));
                let reason = Some(finish_word(&finish));
                out.push(self.chunk(index, Delta::default(), &[], reason));
            }
        }
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        if self.include_usage || self.further.is_some() {
            out.push(self.event(Vec::new(), Some(&self.usage), self.further.as_ref()));
        }
        out.push(Event::default().data("[DONE]"));
    }

    fn fault(&mut self, fault: &Fault, out: &mut Vec<Event>) {
        out.push(data(Event::default(), &fault.body(Dialect::OpenAi)));
    }
}
