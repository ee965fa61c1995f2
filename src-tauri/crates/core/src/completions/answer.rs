//! The task of one answer: the queue, the worker, the end.

use std::time::{Duration, Instant};

use sirocco_engine::{EngineError, Generation, Turn};
use sirocco_engine_wire::{FromWorker, GenerateRequest};
use sirocco_protocol::{ErrorCode, ErrorReport, ModelId};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::flow::Flow;
use super::{Finish, Needs, Piece, Request};
use crate::App;
use crate::error::{Report, refuse};

/// How long a worker may take to end an answer that nobody wants any more.
const STOPPING_TIME: Duration = Duration::from_secs(2);

type Pieces = UnboundedSender<Result<Piece, ErrorReport>>;

impl App {
    /// Answers, and says how that ended, unless nobody listens any more.
    pub(super) async fn answer(self, model: ModelId, request: Request, pieces: &Pieces) {
        let last = match self.answer_until_left(model, request, pieces).await {
            Ok(Some(finish)) => Ok(Piece::Finished(finish)),
            Ok(None) => return,
            Err(error) => {
                // Not the message: an engine elsewhere may repeat in it what the person wrote.
                tracing::warn!(%model, code = ?error.code, "a completion failed");
                Err(error)
            }
        };
        // Who went away meanwhile misses nothing.
        let _ = pieces.send(last);
    }

    /// The end of the answer; none if its reader went away first.
    async fn answer_until_left(
        &self,
        model: ModelId,
        mut request: Request,
        pieces: &Pieces,
    ) -> Result<Option<Finish>, ErrorReport> {
        self.check_writes(model).await?;
        self.read_images(model, &mut request.prompt).await?;
        self.form_calls(model, &mut request).await?;
        let mut load = LoadTime::begin();
        let turn = tokio::select! {
            turn = self.turn(model, request.needs, |load_progress, ahead| {
                load.note(load_progress);
                let _ = pieces.send(Ok(Piece::Waiting { load_progress, ahead }));
            }) => turn?,
            () = pieces.closed() => return Ok(None),
            () = self.inner.closing.cancelled() => return Err(closing()),
        };
        let load = load.end();
        let eject_after = request.eject_after;
        let mut flow = Flow::new(&request.prompt, request.one_call);
        let request = GenerateRequest {
            id: 0,
            prompt: request.prompt,
            sampling: request.sampling,
            max_tokens: request.max_tokens,
            stop: request.stop,
            constraint: request.constraint,
        };
        let mut generation = turn.loaded.worker.generate(request).await.report()?;
        let ended = tokio::select! {
            biased;
            () = pieces.closed() => None,
            () = self.inner.closing.cancelled() => None,
            ended = relay(&mut generation, &mut flow, pieces) => Some(ended),
        };
        let Some(ended) = ended else {
            end(generation).await;
            return if pieces.is_closed() {
                Ok(None)
            } else {
                Err(closing())
            };
        };
        let (reason, usage) = ended.map_err(|error| explain(&turn, &error))?;
        drop(turn);
        if eject_after {
            self.eject_if_idle(model).await;
        }
        Ok(Some(Finish {
            reason,
            usage,
            reasoning_tokens: flow.reasoning_tokens,
            calls: flow.calls,
            load,
        }))
    }

    /// A turn at a model, for who does not care what is waited for.
    pub(super) async fn turn_of(&self, model: ModelId, needs: Needs) -> Result<Turn, ErrorReport> {
        tokio::select! {
            turn = self.turn(model, needs, |_, _| {}) => turn,
            () = self.inner.closing.cancelled() => Err(closing()),
        }
    }

    pub(super) async fn turn(
        &self,
        model: ModelId,
        needs: Needs,
        waiting: impl FnMut(Option<f32>, u32),
    ) -> Result<Turn, ErrorReport> {
        self.inner.titles.cancel();
        self.load_for(model, needs).await?;
        self.inner.residency.turn(model, waiting).await.report()
    }
}

/// Passes on what the worker says until it has finished.
async fn relay(
    generation: &mut Generation,
    flow: &mut Flow,
    pieces: &Pieces,
) -> Result<(super::FinishReason, super::Usage), EngineError> {
    let show = |more: Vec<Piece>| {
        for piece in more {
            // The caller notices when nobody listens.
            let _ = pieces.send(Ok(piece));
        }
    };
    let mut started = false;
    while let Some(frame) = generation.next().await {
        match frame? {
            FromWorker::Started { prompt_end, .. } => flow.starts_after(&prompt_end),
            FromWorker::Prefill { total, .. } if !started => {
                started = true;
                show(vec![Piece::Started {
                    prompt_tokens: total,
                }]);
                show(flow.begin());
            }
            FromWorker::Tokens(chunk) => {
                show(flow.push(chunk));
                if flow.is_done() {
                    generation.stop().await;
                }
            }
            FromWorker::Finished { reason, usage, .. } => {
                show(flow.finish());
                return Ok((reason, usage));
            }
            _ => {}
        }
    }
    Err(EngineError::NotLoaded)
}

/// Stops the worker and waits until it has: who is next finds it idle.
async fn end(mut generation: Generation) {
    generation.stop().await;
    let drained = async { while let Some(Ok(_)) = generation.next().await {} };
    if timeout(STOPPING_TIME, drained).await.is_err() {
        tracing::warn!("a worker takes long to stop");
    }
}

/// An eject in the middle of an answer is a person's doing, not a crash.
pub(crate) fn explain(turn: &Turn, error: &EngineError) -> ErrorReport {
    if matches!(error, EngineError::Crashed { .. }) && turn.is_ejected() {
        return refuse(
            ErrorCode::Conflict,
            "the model was ejected before it had answered",
        );
    }
    error.report()
}

pub(super) fn closing() -> ErrorReport {
    refuse(ErrorCode::Conflict, "Sirocco is being closed")
}

/// Measures how long a model was loaded for a request.
pub(super) struct LoadTime {
    begun: Instant,
    loading: bool,
    took: Option<Duration>,
}

impl LoadTime {
    pub fn begin() -> Self {
        Self {
            begun: Instant::now(),
            loading: false,
            took: None,
        }
    }

    /// While there is progress the model is loaded; what is waited for after that is a turn.
    pub fn note(&mut self, progress: Option<f32>) {
        if progress.is_some() {
            self.loading = true;
        } else if self.loading && self.took.is_none() {
            self.took = Some(self.begun.elapsed());
        }
    }

    pub fn end(self) -> Duration {
        match self.took {
            Some(took) => took,
            None if self.loading => self.begun.elapsed(),
            None => Duration::ZERO,
        }
    }
}
