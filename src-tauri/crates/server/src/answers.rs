//! Answers on their way from the App to a client: one after another, whole or in pieces.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use sirocco_core::completions::{Completion, Completions, Finish, Piece, Request, Token};
use sirocco_protocol::{ErrorReport, ModelId};
use tokio_util::sync::CancellationToken;

use crate::fault::Fault;
use crate::note::Note;
use crate::tools::{Call, Calls};

/// Between two signs of life while nothing else is sent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// Answers to several requests to one model. Each begins when the one before it has ended; dropping this stops the
/// one that is being written.
pub struct Answers {
    completions: Arc<dyn Completions>,
    model: ModelId,
    waiting: VecDeque<Request>,
    current: Option<Completion>,
    /// Of the current answer, from 0.
    index: u32,
    /// Read ahead, to know how to begin.
    first: Option<Piece>,
    note: Option<Note>,
}

impl Answers {
    pub fn new(completions: Arc<dyn Completions>, model: ModelId, requests: Vec<Request>) -> Self {
        let mut waiting = VecDeque::from(requests);
        let current = waiting
            .pop_front()
            .map(|request| completions.complete(model, request));
        Self {
            completions,
            model,
            waiting,
            current,
            index: 0,
            first: None,
            note: Note::current(),
        }
    }

    /// Reads the first piece ahead: what cannot be answered at all is known before anything is sent.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        match self.next().await {
            Some(Err(report)) => Err(report.into()),
            Some(Ok((_, piece))) => {
                self.first = Some(piece);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The next piece with the index of its answer; none after the end of all, or after an error.
    pub async fn next(&mut self) -> Option<Result<(u32, Piece), ErrorReport>> {
        if let Some(first) = self.first.take() {
            return Some(Ok((self.index, first)));
        }
        loop {
            match self.current.as_mut()?.next().await {
                Some(Ok(piece)) => {
                    if let Some(note) = &self.note {
                        note.piece(&piece);
                    }
                    return Some(Ok((self.index, piece)));
                }
                Some(Err(report)) => {
                    self.current = None;
                    return Some(Err(report));
                }
                None => {
                    self.current = self
                        .waiting
                        .pop_front()
                        .map(|request| self.completions.complete(self.model, request));
                    self.index += 1;
                }
            }
        }
    }

    /// All answers to their ends.
    pub async fn collect(mut self) -> Result<Vec<Whole>, Fault> {
        let mut all = Vec::new();
        let (mut content, mut reasoning, mut tokens) = (String::new(), String::new(), Vec::new());
        let mut calls = Calls::default();
        while let Some(next) = self.next().await {
            match next?.1 {
                Piece::Waiting { .. } | Piece::Started { .. } => {}
                Piece::Text {
                    content: more_content,
                    reasoning: more_reasoning,
                    tokens: more_tokens,
                } => {
                    content.push_str(&more_content);
                    reasoning.push_str(&more_reasoning);
                    tokens.extend(more_tokens);
                }
                Piece::Call(piece) => calls.push(&piece),
                Piece::Finished(finish) => all.push(Whole {
                    content: std::mem::take(&mut content),
                    reasoning: std::mem::take(&mut reasoning),
                    tokens: std::mem::take(&mut tokens),
                    calls: std::mem::take(&mut calls).0,
                    finish,
                }),
            }
        }
        Ok(all)
    }

    /// The one answer, where one was asked for.
    pub async fn only(self) -> Result<Whole, Fault> {
        let mut all = self.collect().await?;
        all.pop().ok_or_else(|| {
            Fault::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the answer has no end; the log says more",
            )
        })
    }
}

/// An answer that is complete.
pub struct Whole {
    pub content: String,
    pub reasoning: String,
    pub tokens: Vec<Token>,
    pub calls: Vec<Call>,
    pub finish: Finish,
}

/// Turns pieces into what a dialect sends for them.
pub trait Frames: Send + 'static {
    /// An event or a line.
    type Frame: Send;

    /// For a piece of the answer with this index.
    fn piece(&mut self, index: u32, piece: Piece, out: &mut Vec<Self::Frame>);

    /// For the end of all answers.
    fn end(&mut self, out: &mut Vec<Self::Frame>);

    /// For a failure after the beginning; nothing follows.
    fn fault(&mut self, fault: &Fault, out: &mut Vec<Self::Frame>);
}

/// All frames of the answers, until `stop`.
pub fn frames<F: Frames>(
    answers: Answers,
    frames: F,
    stop: &CancellationToken,
) -> impl Stream<Item = F::Frame> + Send + use<F> {
    let batches = stream::unfold(Some((answers, frames)), |state| async move {
        let (mut answers, mut frames) = state?;
        let mut out = Vec::new();
        let state = match answers.next().await {
            Some(Ok((index, piece))) => {
                frames.piece(index, piece, &mut out);
                Some((answers, frames))
            }
            Some(Err(report)) => {
                frames.fault(&report.into(), &mut out);
                None
            }
            None => {
                frames.end(&mut out);
                None
            }
        };
        Some((stream::iter(out), state))
    });
    batches.flatten().take_until(stop.clone().cancelled_owned())
}

/// The answer as server-sent events. While nothing is to be said, `alive` is sent every few seconds: clients and
/// proxies give up on a connection that is silent while a model is loaded.
pub fn server_sent(events: impl Stream<Item = Event> + Send + 'static, alive: Event) -> Response {
    Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE).event(alive))
        .into_response()
}

/// An event that is a comment: what a request waits for, for people who look at it with curl.
pub fn waiting_comment(load_progress: Option<f32>, ahead: u32) -> Event {
    Event::default().comment(match load_progress {
        Some(progress) => format!("the model is loaded to {:.0}%", progress * 100.0),
        None => format!("waiting, {ahead} ahead"),
    })
}

/// An event with JSON.
pub fn data(event: Event, data: &impl Serialize) -> Event {
    event.data(serde_json::to_string(data).expect("wire types have string keys"))
}
