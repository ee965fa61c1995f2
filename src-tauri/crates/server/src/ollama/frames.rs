//! Lines of JSON: one for each piece, or a single one for all.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{CallPiece, Finish, Piece, Token};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::answers::{Frames, Whole};
use crate::fault::{Dialect, Fault, finish_word};
use crate::openai::{ChatToken, chat_tokens};
use crate::tools::{Call, Calls};

/// Where the text of a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// In `message`.
    Chat,
    /// In `response`.
    Generate,
}

/// The answer to one request.
pub struct Lines {
    shape: Shape,
    model: String,
    begun: Instant,
    calls: Calls,
}

/// A line.
#[derive(Debug, Serialize)]
pub struct Line {
    model: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logprobs: Vec<ChatToken>,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics>,
}

#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<MadeCall>,
}

#[derive(Debug, Serialize)]
struct MadeCall {
    id: String,
    function: Function,
}

#[derive(Debug, Serialize)]
struct Function {
    index: usize,
    name: String,
    arguments: Map<String, Value>,
}

impl MadeCall {
    /// None if the model wrote what is no call.
    fn new(index: usize, call: &Call) -> Option<Self> {
        Some(Self {
            id: format!("call_{}", call.id),
            function: Function {
                index,
                name: call.name.clone(),
                arguments: call.object()?,
            },
        })
    }
}

/// Durations are in nanoseconds.
#[derive(Debug, Serialize)]
struct Metrics {
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u32,
    prompt_eval_duration: u64,
    eval_count: u32,
    eval_duration: u64,
}

impl Lines {
    /// An answer that begins now, by the model of this key.
    pub fn begin(shape: Shape, model: String) -> Self {
        Self {
            shape,
            model,
            begun: Instant::now(),
            calls: Calls::default(),
        }
    }

    /// All in one line.
    pub fn whole(&self, whole: Whole) -> Line {
        let mut line = self.line(whole.content, whole.reasoning, &whole.tokens);
        for (index, call) in whole.calls.iter().enumerate() {
            line.add(index, call);
        }
        Line {
            done: true,
            done_reason: Some(done_reason(&whole.finish)),
            metrics: Some(self.metrics(&whole.finish)),
            ..line
        }
    }

    /// Nothing was written, for this reason.
    pub fn without_answer(&self, reason: &'static str) -> Line {
        Line {
            done: true,
            done_reason: Some(reason),
            ..self.line(String::new(), String::new(), &[])
        }
    }

    fn line(&self, content: String, thoughts: String, tokens: &[Token]) -> Line {
        let (message, response, thinking) = match self.shape {
            Shape::Chat => {
                let message = Message {
                    role: "assistant",
                    content,
                    thinking: thoughts,
                    tool_calls: Vec::new(),
                };
                (Some(message), None, String::new())
            }
            Shape::Generate => (None, Some(content), thoughts),
        };
        Line {
            model: self.model.clone(),
            created_at: timestamp(OffsetDateTime::now_utc()),
            message,
            response,
            thinking,
            logprobs: chat_tokens(tokens),
            done: false,
            done_reason: None,
            metrics: None,
        }
    }

    fn metrics(&self, finish: &Finish) -> Metrics {
        let usage = &finish.usage;
        Metrics {
            total_duration: nanoseconds(self.begun.elapsed()),
            load_duration: nanoseconds(finish.load),
            prompt_eval_count: usage.prompt_tokens,
            prompt_eval_duration: of_milliseconds(usage.prefill_ms),
            eval_count: usage.completion_tokens,
            eval_duration: of_milliseconds(usage.decode_ms),
        }
    }
}

impl Line {
    /// Adds a call; as text if the model wrote what is none.
    fn add(&mut self, index: usize, call: &Call) {
        let Some(message) = &mut self.message else {
            return;
        };
        match MadeCall::new(index, call) {
            Some(made) => message.tool_calls.push(made),
            None => message.content.push_str(&call.in_words()),
        }
    }
}

/// An answer that ends with calls has ended like any other.
fn done_reason(finish: &Finish) -> &'static str {
    match finish_word(finish) {
        "length" => "length",
        _ => "stop",
    }
}

impl Frames for Lines {
    type Frame = String;

    fn piece(&mut self, _: u32, piece: Piece, out: &mut Vec<String>) {
        let line = match piece {
            // There is no line that says so, and clients read every line.
            Piece::Waiting { .. } | Piece::Started { .. } => return,
            Piece::Call(piece) => {
                self.calls.push(&piece);
                let mut line = self.line(String::new(), String::new(), &[]);
                // A call is told whole: there are no pieces of an object.
                match (piece, self.calls.last()) {
                    (CallPiece::End, Some(call)) => line.add(self.calls.0.len() - 1, call),
                    _ => return,
                }
                line
            }
            Piece::Text {
                content,
                reasoning,
                tokens,
            } => self.line(content, reasoning, &tokens),
            Piece::Finished(finish) => Line {
                done: true,
                done_reason: Some(done_reason(&finish)),
                metrics: Some(self.metrics(&finish)),
                ..self.line(String::new(), String::new(), &[])
            },
        };
        out.push(json_line(&line));
    }

    fn end(&mut self, _: &mut Vec<String>) {}

    fn fault(&mut self, fault: &Fault, out: &mut Vec<String>) {
        out.push(json_line(&fault.body(Dialect::Ollama)));
    }
}

/// The lines as they are written.
pub fn streamed(lines: impl Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(lines.map(Ok::<_, std::convert::Infallible>));
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// RFC 3339.
pub fn timestamp(time: OffsetDateTime) -> String {
    time.format(&Rfc3339)
        .expect("years of four digits can be written so")
}

/// JSON with the end of its line.
pub fn json_line(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).expect("wire types have string keys");
    text.push('\n');
    text
}

fn of_milliseconds(milliseconds: f64) -> u64 {
    (milliseconds.max(0.0) * 1e6) as u64
}

pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
