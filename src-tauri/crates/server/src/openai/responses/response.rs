//! A response on its way to its end.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use sirocco_core::completions::{ChatMessage, Finish, FinishReason, Piece};
use time::OffsetDateTime;

use super::items::append;
use super::output::{Event, Kind, Output};
use super::store::{Responses, Stored};
use crate::answers::Answers;
use crate::fault::{Dialect, Fault, fresh_id};

/// What a response has of its request.
pub struct Frame {
    /// The fields that it repeats.
    pub asked: Map<String, Value>,
    pub input: Vec<Value>,
    /// What the model is sent, but its instructions.
    pub messages: Vec<ChatMessage>,
    pub previous: Option<Arc<Stored>>,
    pub store: bool,
}

/// The response being written.
pub struct Writing {
    id: String,
    created_at: i64,
    model: String,
    frame: Frame,
    output: Output,
    responses: Arc<Responses>,
}

impl Writing {
    /// One that begins now, by the model of this key.
    pub fn begin(model: String, frame: Frame, responses: Arc<Responses>) -> Self {
        Self {
            id: fresh_id("resp_"),
            created_at: OffsetDateTime::now_utc().unix_timestamp(),
            model,
            frame,
            output: Output::default(),
            responses,
        }
    }

    /// All at once.
    pub async fn complete(mut self, mut answers: Answers) -> Result<Value, Fault> {
        let mut events = Vec::new();
        while let Some(piece) = answers.next().await {
            self.piece(piece?.1, &mut events);
            if let Some(last) = events
                .pop()
                .filter(|last| last["response"]["usage"].is_object())
            {
                return Ok(last["response"].clone());
            }
            events.clear();
        }
        let message = "the answer has no end; the log says more";
        Err(Fault::new(StatusCode::INTERNAL_SERVER_ERROR, message))
    }

    /// The events of a piece.
    pub fn piece(&mut self, piece: Piece, events: &mut Vec<Event>) {
        match piece {
            Piece::Waiting { .. } => {}
            Piece::Started { .. } => {
                for kind in ["response.created", "response.in_progress"] {
                    let response = self.response("in_progress", Value::Null);
                    events.push(json!({"type": kind, "response": response}));
                }
            }
            Piece::Text {
                content,
                reasoning,
                tokens,
            } => {
                if !reasoning.is_empty() {
                    self.output.text(Kind::Reasoning, &reasoning, &[], events);
                }
                if !(content.is_empty() && tokens.is_empty()) {
                    self.output.text(Kind::Message, &content, &tokens, events);
                }
            }
            Piece::Call(piece) => self.output.call(piece, events),
            Piece::Finished(finish) => self.finish(&finish, events),
        }
    }

    fn finish(&mut self, finish: &Finish, events: &mut Vec<Event>) {
        self.output.close(events);
        // An answer has a message, even an empty one, or a call.
        if self
            .output
            .items
            .iter()
            .all(|item| item["type"] == "reasoning")
        {
            self.output.text(Kind::Message, "", &[], events);
            self.output.close(events);
        }
        let is_cut = matches!(
            finish.reason,
            FinishReason::MaxTokens | FinishReason::ContextFull
        );
        let status = if is_cut { "incomplete" } else { "completed" };
        let mut response = self.response(status, usage(finish));
        if is_cut {
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
        }
        self.keep(&response);
        events.push(json!({"type": format!("response.{status}"), "response": response}));
    }

    /// A failure after the beginning.
    pub fn failed(&self, fault: &Fault) -> Event {
        let mut response = self.response("failed", Value::Null);
        let error = &fault.body(Dialect::OpenAi)["error"];
        response["error"] = json!({"code": "server_error", "message": error["message"]});
        json!({"type": "response.failed", "response": response})
    }

    fn response(&self, status: &str, usage: Value) -> Value {
        let mut fields = self.frame.asked.clone();
        let own = json!({
            "id": self.id, "object": "response", "created_at": self.created_at, "status": status, "model": self.model,
            "error": null, "incomplete_details": null, "output": self.output.items, "usage": usage,
        });
        if let Value::Object(own) = own {
            fields.extend(own);
        }
        Value::Object(fields)
    }

    fn keep(&mut self, response: &Value) {
        if !self.frame.store {
            return;
        }
        let mut messages = std::mem::take(&mut self.frame.messages);
        if let Err(fault) = append(&self.output.items, &mut messages) {
            tracing::error!(message = %fault.message, "a response could not be kept");
            return;
        }
        let stored = Stored {
            response: response.clone(),
            input: std::mem::take(&mut self.frame.input),
            messages,
            previous: self.frame.previous.take(),
        };
        self.responses.keep(self.id.clone(), stored);
    }
}

fn usage(finish: &Finish) -> Value {
    let usage = &finish.usage;
    json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": finish.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    })
}
