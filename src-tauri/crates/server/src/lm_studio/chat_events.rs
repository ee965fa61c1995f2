//! What is answered to a chat of version 1, whole and in events.

use std::sync::Arc;

use axum::response::sse::Event;
use serde_json::{Value, json};
use sirocco_core::completions::{ChatMessage, Finish, Piece};

use super::v0::tokens_per_second;
use crate::answers::{Frames, Whole, data};
use crate::fault::{Dialect, Fault, fresh_id};
use crate::openai::{Responses, Stored};

/// What is kept of a chat.
pub struct Kept {
    pub messages: Vec<ChatMessage>,
    pub store: bool,
}

/// Which part is being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    None,
    Loading,
    Reasoning,
    Message,
}

/// The answer to one request.
pub struct ChatEvents {
    model: String,
    kept: Kept,
    chats: Arc<Responses>,
    part: Part,
    begun: bool,
    content: String,
    reasoning: String,
}

impl ChatEvents {
    /// An answer that begins now, by the model of this key.
    pub fn begin(model: String, kept: Kept, chats: Arc<Responses>) -> Self {
        Self {
            model,
            kept,
            chats,
            part: Part::None,
            begun: false,
            content: String::new(),
            reasoning: String::new(),
        }
    }

    /// All at once.
    pub fn whole(mut self, whole: Whole) -> Value {
        self.content = whole.content;
        self.reasoning = whole.reasoning;
        self.result(&whole.finish)
    }

    fn result(&mut self, finish: &Finish) -> Value {
        let usage = &finish.usage;
        let mut output = Vec::new();
        if !self.reasoning.is_empty() {
            output.push(json!({"type": "reasoning", "content": self.reasoning}));
        }
        output.push(json!({"type": "message", "content": self.content}));
        let mut result = json!({
            "model_instance_id": self.model,
            "output": output,
            "stats": {
                "input_tokens": usage.prompt_tokens,
                "total_output_tokens": usage.completion_tokens,
                "reasoning_output_tokens": finish.reasoning_tokens,
                "tokens_per_second": tokens_per_second(finish),
                "time_to_first_token_seconds": usage.time_to_first_token_ms / 1000.0,
            },
        });
        if !finish.load.is_zero() {
            result["stats"]["model_load_time_seconds"] = json!(finish.load.as_secs_f64());
        }
        if self.kept.store {
            let id = fresh_id("resp_");
            result["response_id"] = json!(id);
            let mut messages = std::mem::take(&mut self.kept.messages);
            messages.push(ChatMessage {
                role: "assistant".into(),
                content: std::mem::take(&mut self.content),
                ..ChatMessage::default()
            });
            let stored = Stored {
                response: result.clone(),
                input: Vec::new(),
                messages,
                previous: None,
            };
            self.chats.keep(id, stored);
        }
        result
    }

    /// The first event, before any other.
    fn start(&mut self, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.push(event(
                "chat.start",
                json!({"model_instance_id": self.model}),
            ));
        }
    }

    /// Ends the part that is being told, and begins another.
    fn turn_to(&mut self, part: Part, out: &mut Vec<Event>) {
        if self.part == part {
            return;
        }
        match self.part {
            Part::None => {}
            Part::Loading => {
                out.push(event(
                    "model_load.end",
                    json!({"model_instance_id": self.model}),
                ));
            }
            Part::Reasoning => out.push(event("reasoning.end", json!({}))),
            Part::Message => out.push(event("message.end", json!({}))),
        }
        match part {
            Part::None => {}
            Part::Loading => {
                out.push(event(
                    "model_load.start",
                    json!({"model_instance_id": self.model}),
                ));
            }
            Part::Reasoning => out.push(event("reasoning.start", json!({}))),
            Part::Message => out.push(event("message.start", json!({}))),
        }
        self.part = part;
    }
}

impl Frames for ChatEvents {
    type Frame = Event;

    fn piece(&mut self, _: u32, piece: Piece, out: &mut Vec<Event>) {
        self.start(out);
        match piece {
            Piece::Waiting {
                load_progress: Some(progress),
                ..
            } => {
                self.turn_to(Part::Loading, out);
                let progress = json!({"model_instance_id": self.model, "progress": progress});
                out.push(event("model_load.progress", progress));
            }
            // Calls come only to those who gave tools, and this route takes none.
            Piece::Waiting { .. } | Piece::Call(_) => {}
            Piece::Started { .. } => {
                self.turn_to(Part::None, out);
                out.push(event("prompt_processing.start", json!({})));
                out.push(event("prompt_processing.end", json!({})));
            }
            Piece::Text {
                content, reasoning, ..
            } => {
                for (part, name, text) in [
                    (Part::Reasoning, "reasoning.delta", &reasoning),
                    (Part::Message, "message.delta", &content),
                ] {
                    if !text.is_empty() {
                        self.turn_to(part, out);
                        out.push(event(name, json!({"content": text})));
                    }
                }
                self.content.push_str(&content);
                self.reasoning.push_str(&reasoning);
            }
            Piece::Finished(finish) => {
                self.turn_to(Part::None, out);
                let result = self.result(&finish);
                out.push(event("chat.end", json!({"result": result})));
            }
        }
    }

    fn end(&mut self, _: &mut Vec<Event>) {}

    fn fault(&mut self, fault: &Fault, out: &mut Vec<Event>) {
        out.push(event("error", fault.body(Dialect::LmStudioV1)));
    }
}

fn event(kind: &str, mut fields: Value) -> Event {
    fields["type"] = kind.into();
    data(Event::default().event(kind), &fields)
}
