//! The event stream.

use axum::response::sse::Event;
use serde_json::{Value, json};
use sirocco_core::completions::{CallPiece, Piece};

use super::response::{AnswerMessage, Stop, Usage, tool_use_id};
use crate::answers::{Frames, data};
use crate::fault::{Dialect, Fault};
use crate::tools::Calls;

/// Which block is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    None,
    Thinking,
    Text,
    ToolUse,
}

/// One message in events.
pub struct MessageFrames {
    model: String,
    stop_sequences: Vec<String>,
    open: Open,
    calls: Calls,
    /// Of the block that is open or comes next.
    index: u32,
}

/// Says that the connection lives.
pub fn ping() -> Event {
    event("ping", &json!({"type": "ping"}))
}

impl MessageFrames {
    pub fn new(model: String, stop_sequences: Vec<String>) -> Self {
        Self {
            model,
            stop_sequences,
            open: Open::None,
            calls: Calls::default(),
            index: 0,
        }
    }

    /// A delta of this block, which is opened first if another is open, or none.
    fn delta(&mut self, block: Open, text: &str, out: &mut Vec<Event>) {
        if self.open != block {
            let empty = match block {
                Open::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
                _ => json!({"type": "text", "text": ""}),
            };
            self.start(block, &empty, out);
        }
        if text.is_empty() {
            return;
        }
        self.push_delta(
            match block {
                Open::Thinking => json!({"type": "thinking_delta", "thinking": text}),
                _ => json!({"type": "text_delta", "text": text}),
            },
            out,
        );
    }

    fn start(&mut self, block: Open, empty: &Value, out: &mut Vec<Event>) {
        self.close(out);
        out.push(event(
            "content_block_start",
            &json!({"type": "content_block_start", "index": self.index, "content_block": empty}),
        ));
        self.open = block;
    }

    fn call(&mut self, piece: &CallPiece, out: &mut Vec<Event>) {
        self.calls.push(piece);
        match piece {
            CallPiece::Begin { name } => {
                let id = self.calls.last().map(tool_use_id);
                let empty = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                self.start(Open::ToolUse, &empty, out);
            }
            CallPiece::Arguments(more) => {
                let delta = json!({"type": "input_json_delta", "partial_json": more});
                self.push_delta(delta, out);
            }
            CallPiece::End => self.close(out),
        }
    }

    fn push_delta(&self, delta: Value, out: &mut Vec<Event>) {
        out.push(event(
            "content_block_delta",
            &json!({"type": "content_block_delta", "index": self.index, "delta": delta}),
        ));
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        if self.open == Open::None {
            return;
        }
        if self.open == Open::Thinking {
            self.push_delta(json!({"type": "signature_delta", "signature": ""}), out);
        }
        out.push(event(
            "content_block_stop",
            &json!({"type": "content_block_stop", "index": self.index}),
        ));
        self.open = Open::None;
        self.index += 1;
    }
}

impl Frames for MessageFrames {
    type Frame = Event;

    fn piece(&mut self, _: u32, piece: Piece, out: &mut Vec<Event>) {
        match piece {
            Piece::Waiting { .. } => out.push(ping()),
            Piece::Started { prompt_tokens } => {
                let message = AnswerMessage::begun(self.model.clone(), prompt_tokens);
                out.push(event(
                    "message_start",
                    &json!({"type": "message_start", "message": message}),
                ));
            }
            Piece::Text {
                content, reasoning, ..
            } => {
                if !reasoning.is_empty() {
                    self.delta(Open::Thinking, &reasoning, out);
                }
                if !content.is_empty() {
                    self.delta(Open::Text, &content, out);
                }
            }
            Piece::Call(piece) => self.call(&piece, out),
            Piece::Finished(finish) => {
                // A message has a text, even an empty one, or a call.
                if self.open != Open::Text && finish.calls == 0 {
                    self.delta(Open::Text, "", out);
                }
                self.close(out);
                let stop = Stop::new(&finish, &self.stop_sequences);
                let usage = Usage::from(&finish);
                out.push(event(
                    "message_delta",
                    &json!({"type": "message_delta", "delta": stop, "usage": usage}),
                ));
            }
        }
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        out.push(event("message_stop", &json!({"type": "message_stop"})));
    }

    fn fault(&mut self, fault: &Fault, out: &mut Vec<Event>) {
        out.push(event("error", &fault.body(Dialect::Anthropic)));
    }
}

fn event(name: &str, value: &Value) -> Event {
    data(Event::default().event(name), value)
}
