//! The items of an answer while they are written, and the events that tell of it.

use serde_json::{Value, json};
use sirocco_core::completions::{CallPiece, Token};

use crate::fault::fresh_id;
use crate::openai::chat_tokens;

/// An event without its number: its type is in it.
pub type Event = Value;

/// What a text item is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Reasoning,
    Message,
}

impl Kind {
    fn part(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning_text",
            Self::Message => "output_text",
        }
    }

    fn part_with(self, text: &str, logprobs: &[Value]) -> Value {
        match self {
            Self::Reasoning => json!({"type": self.part(), "text": text}),
            Self::Message => {
                json!({"type": self.part(), "text": text, "annotations": [], "logprobs": logprobs})
            }
        }
    }
}

#[derive(Debug)]
enum Open {
    Text {
        kind: Kind,
        id: String,
        text: String,
        /// Of its tokens, if they were asked for.
        logprobs: Vec<Value>,
    },
    Call {
        id: String,
        call_id: String,
        name: String,
        arguments: String,
    },
}

/// The output so far.
#[derive(Debug, Default)]
pub struct Output {
    /// Complete items.
    pub items: Vec<Value>,
    open: Option<Open>,
}

impl Output {
    /// More text of an item of this kind, which is opened if another is open, or none; and its tokens, if they were asked
    /// for.
    pub fn text(&mut self, kind: Kind, more: &str, tokens: &[Token], events: &mut Vec<Event>) {
        if !matches!(&self.open, Some(Open::Text { kind: open, .. }) if *open == kind) {
            self.close(events);
            let id = fresh_id(if kind == Kind::Message { "msg_" } else { "rs_" });
            let item = text_item(kind, &id, "in_progress", Vec::new());
            events.push(self.event("response.output_item.added", json!({"item": item})));
            events.push(self.event(
                "response.content_part.added",
                json!({"item_id": id, "content_index": 0, "part": kind.part_with("", &[])}),
            ));
            self.open = Some(Open::Text {
                kind,
                id,
                text: String::new(),
                logprobs: Vec::new(),
            });
        }
        let output_index = self.items.len();
        let Some(Open::Text {
            id, text, logprobs, ..
        }) = &mut self.open
        else {
            return;
        };
        if more.is_empty() && tokens.is_empty() {
            return;
        }
        let told: Vec<Value> = chat_tokens(tokens).iter().map(|one| json!(one)).collect();
        text.push_str(more);
        let mut event = json!({
            "type": format!("response.{}.delta", kind.part()), "output_index": output_index, "item_id": id,
            "content_index": 0, "delta": more,
        });
        if kind == Kind::Message {
            event["logprobs"] = json!(told);
            logprobs.extend(told);
        }
        events.push(event);
    }

    /// More of a call.
    pub fn call(&mut self, piece: CallPiece, events: &mut Vec<Event>) {
        match piece {
            CallPiece::Begin { name } => {
                self.close(events);
                let (id, call_id) = (fresh_id("fc_"), fresh_id("call_"));
                let item = call_item(&id, &call_id, &name, "", "in_progress");
                events.push(self.event("response.output_item.added", json!({"item": item})));
                let arguments = String::new();
                self.open = Some(Open::Call {
                    id,
                    call_id,
                    name,
                    arguments,
                });
            }
            CallPiece::Arguments(more) => {
                let output_index = self.items.len();
                if let Some(Open::Call { id, arguments, .. }) = &mut self.open {
                    arguments.push_str(&more);
                    events.push(json!({
                        "type": "response.function_call_arguments.delta", "output_index": output_index, "item_id": id,
                        "delta": more,
                    }));
                }
            }
            CallPiece::End => self.close(events),
        }
    }

    /// Completes the open item.
    pub fn close(&mut self, events: &mut Vec<Event>) {
        let item = match self.open.take() {
            None => return,
            Some(Open::Text {
                kind,
                id,
                text,
                logprobs,
            }) => {
                let part = kind.part_with(&text, &logprobs);
                let mut done = json!({"item_id": id, "content_index": 0, "text": text});
                if kind == Kind::Message {
                    done["logprobs"] = json!(logprobs);
                }
                events.push(self.event(&format!("response.{}.done", kind.part()), done));
                events.push(self.event(
                    "response.content_part.done",
                    json!({"item_id": id, "content_index": 0, "part": part}),
                ));
                text_item(kind, &id, "completed", vec![part])
            }
            Some(Open::Call {
                id,
                call_id,
                name,
                arguments,
            }) => {
                events.push(self.event(
                    "response.function_call_arguments.done",
                    json!({"item_id": id, "name": name, "arguments": arguments}),
                ));
                call_item(&id, &call_id, &name, &arguments, "completed")
            }
        };
        events.push(self.event("response.output_item.done", json!({"item": item})));
        self.items.push(item);
    }

    fn event(&self, kind: &str, mut fields: Value) -> Event {
        fields["type"] = kind.into();
        fields["output_index"] = self.items.len().into();
        fields
    }
}

fn text_item(kind: Kind, id: &str, status: &str, content: Vec<Value>) -> Value {
    match kind {
        Kind::Reasoning => {
            json!({"type": "reasoning", "id": id, "status": status, "summary": [], "content": content})
        }
        Kind::Message => json!({
            "type": "message", "id": id, "status": status, "role": "assistant", "content": content,
        }),
    }
}

fn call_item(id: &str, call_id: &str, name: &str, arguments: &str, status: &str) -> Value {
    json!({
        "type": "function_call", "id": id, "call_id": call_id, "name": name, "arguments": arguments, "status": status,
    })
}
