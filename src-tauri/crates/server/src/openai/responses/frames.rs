//! The event stream.

use axum::response::sse::Event;
use serde_json::{Value, json};
use sirocco_core::completions::Piece;

use super::response::Writing;
use crate::answers::{Frames, data, waiting_comment};
use crate::fault::Fault;

/// One response in events, which are numbered.
pub struct ResponseFrames {
    writing: Writing,
    next: u64,
}

impl ResponseFrames {
    pub fn new(writing: Writing) -> Self {
        Self { writing, next: 0 }
    }

    fn event(&mut self, mut event: Value) -> Event {
        event["sequence_number"] = json!(self.next);
        self.next += 1;
        let name = event["type"].as_str().unwrap_or_default().to_owned();
        data(Event::default().event(name), &event)
    }
}

impl Frames for ResponseFrames {
    type Frame = Event;

    fn piece(&mut self, _: u32, piece: Piece, out: &mut Vec<Event>) {
        if let Piece::Waiting {
            load_progress,
            ahead,
        } = piece
        {
            return out.push(waiting_comment(load_progress, ahead));
        }
        let mut events = Vec::new();
        self.writing.piece(piece, &mut events);
        for event in events {
            let event = self.event(event);
            out.push(event);
        }
    }

    fn end(&mut self, _: &mut Vec<Event>) {}

    fn fault(&mut self, fault: &Fault, out: &mut Vec<Event>) {
        let event = self.writing.failed(fault);
        let event = self.event(event);
        out.push(event);
    }
}
