//! The task of a run, from the queue to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sirocco_chat::{Coalescer, Delta, ReasoningSplitter, Split, start_of};
use sirocco_engine::{EngineError, Turn};
use sirocco_engine_wire::{FinishReason, FromWorker, GenerateRequest, Usage};
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, LayerValues, LoadOptions, Message, MessageId, ModelId, Run,
    RunId, RunState, RunUpdate, Statistics, StopReason,
};
use sirocco_store::{NewMessage, RunEnd, Store, StoreError, StoredModel};
use tokio::time::MissedTickBehavior;

use super::line::Place;
use super::prompt::Wanted;
use super::thought::ThoughtTime;
use super::{ActiveRun, Sent, prompt};
use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

/// Unsaved text is saved this often; at most twice this much is lost when the process is killed.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How long a worker may take to end its answer when the app closes.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// Between two tries to write the end of a run to a full disk.
const FULL_DISK_WAIT: Duration = Duration::from_secs(2);

/// What a run is to do.
pub(super) struct Work {
    pub run_id: RunId,
    pub message_id: MessageId,
    pub model_id: ModelId,
    /// The message has words already, and the model writes on.
    pub continues: bool,
    /// How long it was thought about before, in milliseconds.
    pub thought_ms: Option<f64>,
    /// The run belongs to a comparison.
    pub compared: Option<Compared>,
}

/// What is different for an answer that is compared with others.
pub(super) struct Compared {
    /// What it is written with, instead of what holds in the conversation.
    pub values: LayerValues,
    /// Its place among the others.
    pub place: Place,
}

impl Work {
    pub fn new(answer: &NewMessage, model: &StoredModel, continues: bool) -> Self {
        Self {
            run_id: RunId::fresh(),
            message_id: answer.id,
            model_id: model.model.id,
            continues,
            thought_ms: None,
            compared: None,
        }
    }
}

/// How a run ended.
struct Outcome {
    state: RunState,
    statistics: Option<Statistics>,
    error: Option<ErrorReport>,
}

impl Outcome {
    fn failed(error: ErrorReport) -> Self {
        Self {
            state: RunState::Failed,
            statistics: None,
            error: Some(error),
        }
    }

    fn stopped() -> Self {
        let statistics = Statistics {
            stop_reason: Some(StopReason::User),
            ..Statistics::default()
        };
        Self {
            state: RunState::Stopped,
            statistics: Some(statistics),
            error: None,
        }
    }
}

impl App {
    /// Runs the run and ends it, whatever happens.
    pub(super) async fn drive(self, active: Arc<ActiveRun>, work: Work) {
        let outcome = match self.generate(&active, &work).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // Not the message: an engine elsewhere may repeat in it what the person wrote.
                tracing::warn!(run = %active.id, code = ?error.code, "a run failed");
                Outcome::failed(error)
            }
        };
        let is_whole = outcome.state == RunState::Completed;
        self.end(&active, outcome).await;
        self.inner.runs.remove(active.id);
        // The answers of a comparison have other things to wait for than a title or another question.
        if is_whole && work.compared.is_none() {
            let conversation_id = active.live().run.conversation_id;
            if !self.go_on_with_queue(conversation_id).await {
                self.begin_title(conversation_id, work.model_id, active.store.clone());
            }
        }
    }

    async fn generate(&self, active: &Arc<ActiveRun>, work: &Work) -> Result<Outcome, ErrorReport> {
        let waiting = |load_progress, ahead| {
            active.publish_phase(RunUpdate::Waiting {
                load_progress,
                ahead,
            })
        };
        let queue = async {
            match &work.compared {
                None => drop(self.load(work.model_id, LoadOptions::default()).await?),
                Some(compared) => {
                    self.load_in_turn(work.model_id, &compared.place, waiting)
                        .await?;
                }
            }
            self.inner
                .residency
                .turn(work.model_id, waiting)
                .await
                .report()
        };
        let turn = tokio::select! {
            turn = queue => turn?,
            () = active.stop.cancelled() => return Ok(Outcome::stopped()),
            () = self.inner.closing.cancelled() => return Ok(interrupted()),
        };
        let (conversation_id, leaf) = {
            let live = active.live();
            let leaf = if work.continues {
                Some(live.message.id)
            } else {
                live.message.parent_id
            };
            (live.run.conversation_id, leaf)
        };
        let values = match &work.compared {
            Some(compared) => compared.values.clone(),
            None => {
                let conversation = active.store.conversation(conversation_id);
                let conversation = conversation.await.report()?;
                self.effective(&conversation, Some(work.model_id)).await?
            }
        };
        let wanted = Wanted {
            values: &values,
            leaf,
            draft: None,
            continue_last: work.continues,
        };
        let Some(prepared) = self.prepare_run(active, &turn, wanted).await? else {
            let closes = self.inner.closing.is_cancelled();
            return Ok(if closes {
                interrupted()
            } else {
                Outcome::stopped()
            });
        };
        let prepared = Arc::new(prepared);
        if let Some(error) = prepared.too_long {
            return Err(refuse(
                ErrorCode::ContextFull,
                format!("this does not fit into the context: {error}"),
            )
            .with_hint("shorten the message, or load the model with more context"));
        }
        let constraint = prompt::constraint(&values.parameters)?;
        let schema = values.parameters.structured_output.clone();
        active.live().run.structured_output = Some(schema.unwrap_or_default());
        let request = GenerateRequest {
            id: 0,
            prompt: prepared.prompt.clone(),
            sampling: prompt::sampling(&values.parameters),
            max_tokens: values.parameters.max_tokens,
            stop: values.parameters.stop.unwrap_or_default(),
            constraint,
        };
        let left_out = prepared.left_out;
        self.inner.runs.keep_sent(Sent {
            conversation: conversation_id,
            answer: work.message_id,
            prepared,
        });
        let thought = ThoughtTime::after(work.thought_ms);
        let outcome = self.follow_worker(active, &turn, request, thought).await;
        if work.compared.is_some() {
            let memory_bytes = *turn.loaded.worker.memory_bytes().borrow();
            self.note_memory(work.message_id, memory_bytes).await;
        }
        let mut outcome = outcome?;
        if let Some(statistics) = &mut outcome.statistics {
            statistics.left_out = left_out;
        }
        Ok(outcome)
    }

    /// Loads a model when it is this place's turn. What does not fit beside those that go first waits for them.
    async fn load_in_turn(
        &self,
        model_id: ModelId,
        place: &Place,
        waiting: impl Fn(Option<f32>, u32),
    ) -> Result<(), ErrorReport> {
        place.turn(|ahead| waiting(None, ahead)).await;
        loop {
            let ahead = place.ahead();
            match self.load(model_id, LoadOptions::default()).await {
                Err(error) if error.code == ErrorCode::DoesNotFit && ahead > 0 => {
                    waiting(None, ahead);
                    place.fewer_than(ahead).await;
                }
                loaded => return loaded.map(drop),
            }
        }
    }

    /// A number for the table of a comparison; an answer is not lost for the want of it.
    async fn note_memory(&self, message_id: MessageId, memory_bytes: u64) {
        if memory_bytes == 0 {
            return;
        }
        let noted = self.inner.store.note_memory(message_id, memory_bytes);
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the memory of a worker was not kept");
        }
    }

    /// Starts the generation and reads frames until it ends.
    async fn follow_worker(
        &self,
        active: &Arc<ActiveRun>,
        turn: &Turn,
        request: GenerateRequest,
        thought: ThoughtTime,
    ) -> Result<Outcome, ErrorReport> {
        let mut generation = turn.loaded.worker.generate(request).await.report()?;
        // While the worker reads the prompt: the disk may take as long as the first words.
        self.advance(active, RunState::Prefilling).await?;
        let mut text = TextFlow::new(active, thought);
        let mut save = tokio::time::interval(SAVE_EVERY);
        save.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = false;
        let mut closing = false;
        let mut give_up = None;
        let ended = loop {
            let due = text.coalescer.due();
            tokio::select! {
                // Stop before tokens, tokens before saving.
                biased;
                () = active.stop.cancelled(), if !stopping => {
                    stopping = true;
                    generation.stop().await;
                }
                () = self.inner.closing.cancelled(), if !closing => {
                    closing = true;
                    give_up = Some(Instant::now() + CLOSING_TIME);
                    generation.stop().await;
                }
                frame = generation.next() => match frame {
                    Some(Ok(FromWorker::Started { prompt_end, .. })) => text.starts_after(&prompt_end),
                    Some(Ok(FromWorker::Prefill { done, total, .. })) => {
                        active.publish_phase(RunUpdate::Prefill { done, total });
                    }
                    Some(Ok(FromWorker::Tokens(chunk))) => {
                        let is_first = text.is_first();
                        text.push(&chunk.text, Instant::now());
                        // The words first, then the books.
                        if is_first {
                            self.advance(active, RunState::Generating).await?;
                        }
                    }
                    Some(Ok(FromWorker::Finished { reason, usage, .. })) => break Ok((reason, usage)),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break Err(error),
                    None => break Err(EngineError::NotLoaded),
                },
                () = sleep_until(due), if due.is_some() => text.flush(),
                // A worker that is stuck must not keep the app from closing.
                () = sleep_until(give_up), if give_up.is_some() => {
                    text.finish();
                    return Ok(interrupted());
                }
                _ = save.tick(), if text.unsaved => self.save_text(active, &mut text).await?,
            }
        };
        text.finish();
        match ended {
            Ok(_) if closing && !stopping => Ok(interrupted()),
            Ok((reason, usage)) => {
                let state = if stopping {
                    RunState::Stopped
                } else {
                    RunState::Completed
                };
                let statistics = Statistics {
                    reasoning_ms: text.thought.ms(),
                    ..statistics(reason, &usage)
                };
                Ok(Outcome {
                    state,
                    statistics: Some(statistics),
                    error: None,
                })
            }
            // An eject in the middle of an answer is a person's doing.
            Err(EngineError::Crashed { .. }) if stopping || turn.is_ejected() => {
                Ok(Outcome::stopped())
            }
            Err(error) => Err(error.report()),
        }
    }

    /// Moves on to a state that is not terminal.
    async fn advance(&self, active: &ActiveRun, to: RunState) -> Result<(), ErrorReport> {
        let from = [RunState::Queued, RunState::Prefilling];
        let moved = active.store.transition(active.id, to, &from, now_ms());
        match moved.await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            // A full disk must not cost the answer.
            Err(error) if error.is_disk_full() => return Ok(()),
            Err(error) => return Err(error).report(),
        }
        let run = {
            let mut live = active.live();
            live.run.state = to;
            live.run.clone()
        };
        self.emit(Event::RunChanged { run });
        Ok(())
    }

    async fn save_text(
        &self,
        active: &ActiveRun,
        text: &mut TextFlow<'_>,
    ) -> Result<(), ErrorReport> {
        text.flush();
        let (content, reasoning) = {
            let live = active.live();
            (live.message.content.clone(), live.message.reasoning.clone())
        };
        text.unsaved = false;
        match active
            .store
            .save_text(active.id, &content, reasoning.as_deref())
            .await
            .report()
        {
            Ok(_) => Ok(()),
            // A full disk must not cost the answer: it stays on the screen and is tried again.
            Err(error) if error.code == ErrorCode::DiskFull => {
                text.unsaved = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the end into the store. On a full disk it is tried again until there is room, or the app closes: until then
    /// the answer stays on the screen.
    async fn finish_when_there_is_room(
        &self,
        store: &Store,
        end: &RunEnd,
    ) -> Result<Option<(Run, Message)>, StoreError> {
        loop {
            match store.finish_run(end, now_ms()).await {
                Err(error) if error.is_disk_full() && !self.inner.closing.is_cancelled() => {
                    tracing::warn!(run = %end.run_id, "the disk is full: the end of a run is tried again");
                }
                ended => return ended,
            }
            tokio::select! {
                () = tokio::time::sleep(FULL_DISK_WAIT) => {}
                () = self.inner.closing.cancelled() => {}
            }
        }
    }

    /// Writes the end into the store and tells everyone.
    async fn end(&self, active: &ActiveRun, outcome: Outcome) {
        let (content, reasoning, structured_output) = {
            let live = active.live();
            let schema = live.run.structured_output.clone();
            (
                live.message.content.clone(),
                live.message.reasoning.clone(),
                schema,
            )
        };
        let end = RunEnd {
            run_id: active.id,
            state: outcome.state,
            statistics: outcome.statistics,
            error: outcome.error,
            content,
            reasoning,
            unread: true,
            structured_output,
        };
        let ended = match self.finish_when_there_is_room(&active.store, &end).await {
            Ok(Some(ended)) => ended,
            Ok(None) => return tracing::warn!(run = %active.id, "a run had ended already"),
            Err(error) => {
                tracing::error!(run = %active.id, error = %crate::error::with_causes(&error), "the end of a run was not saved");
                let mut live = active.live();
                live.run.state = end.state;
                live.run.error = end.error;
                (live.run.clone(), live.message.clone())
            }
        };
        let (run, message) = ended;
        self.emit(Event::RunChanged { run: run.clone() });
        active.publish(|live| {
            live.run = run.clone();
            live.message = message.clone();
            live.phase = None;
            RunUpdate::Finished {
                run: run.clone(),
                message: message.clone(),
            }
        });
        if let Ok(conversation) = active.store.conversation(run.conversation_id).await {
            let conversation = conversation.summary;
            self.emit(Event::ConversationChanged {
                conversation: conversation.clone(),
            });
            self.tell_of_end(&run, &message, &conversation).await;
        }
    }
}

fn interrupted() -> Outcome {
    Outcome {
        state: RunState::Interrupted,
        statistics: None,
        error: None,
    }
}

async fn sleep_until(instant: Option<Instant>) {
    if let Some(instant) = instant {
        tokio::time::sleep_until(instant.into()).await;
    }
}

fn statistics(reason: FinishReason, usage: &Usage) -> Statistics {
    let per_second = |tokens: u32, milliseconds: f64| {
        if milliseconds > 0.0 {
            f64::from(tokens) * 1000.0 / milliseconds
        } else {
            0.0
        }
    };
    Statistics {
        prompt_tokens: usage.prompt_tokens,
        cached_tokens: usage.cached_tokens,
        completion_tokens: usage.completion_tokens,
        time_to_first_token_ms: usage.time_to_first_token_ms,
        prefill_tokens_per_second: per_second(
            usage.prompt_tokens - usage.cached_tokens.min(usage.prompt_tokens),
            usage.prefill_ms,
        ),
        decode_tokens_per_second: per_second(
            usage.completion_tokens.saturating_sub(1),
            usage.decode_ms,
        ),
        stop_reason: Some(match reason {
            FinishReason::EndOfTurn => StopReason::EndOfTurn,
            FinishReason::MaxTokens => StopReason::MaxTokens,
            FinishReason::ContextFull => StopReason::ContextFull,
            FinishReason::StopString => StopReason::StopString,
            FinishReason::Stopped => StopReason::User,
        }),
        left_out: None,
        drafted_tokens: usage.drafted_tokens,
        accepted_tokens: usage.accepted_tokens,
        shifted_tokens: usage.shifted_tokens,
        reasoning_ms: None,
    }
}

/// Text on its way from the worker to followers and the store.
struct TextFlow<'a> {
    active: &'a ActiveRun,
    splitter: ReasoningSplitter,
    coalescer: Coalescer,
    /// The answer has words or thoughts already, and goes on behind them.
    resumes: bool,
    started: bool,
    /// Something was shown: from then on words are joined.
    shown: bool,
    unsaved: bool,
    thought: ThoughtTime,
}

impl<'a> TextFlow<'a> {
    fn new(active: &'a ActiveRun, thought: ThoughtTime) -> Self {
        let live = active.live();
        let content = live.message.content.as_str();
        let reasoning = live.message.reasoning.as_deref().unwrap_or_default();
        let splitter = ReasoningSplitter::resume(content, reasoning);
        let resumes = !(content.is_empty() && reasoning.is_empty());
        drop(live);
        Self {
            active,
            splitter,
            coalescer: Coalescer::default(),
            resumes,
            started: false,
            shown: false,
            unsaved: false,
            thought,
        }
    }

    /// The rendered prompt ends so: perhaps it opens the model's thoughts.
    fn starts_after(&mut self, prompt_end: &str) {
        if !self.resumes {
            self.splitter = ReasoningSplitter::new(start_of(prompt_end));
        }
    }

    fn is_first(&mut self) -> bool {
        !std::mem::replace(&mut self.started, true)
    }

    fn push(&mut self, text: &str, now: Instant) {
        let split = self.splitter.push(text);
        self.take(split, now);
    }

    fn take(&mut self, split: Split, now: Instant) {
        self.thought.hear(&split, now);
        if let Some(delta) = self.coalescer.push(split, now) {
            self.publish(delta);
        } else if !self.shown {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if let Some(delta) = self.coalescer.flush() {
            self.publish(delta);
        }
    }

    fn finish(&mut self) {
        let split = self.splitter.finish();
        let now = Instant::now();
        self.take(split, now);
        self.thought.end(now);
        self.flush();
    }

    fn publish(&mut self, delta: Delta) {
        self.shown = true;
        self.unsaved = true;
        self.active.publish(|live| {
            live.message.content.push_str(&delta.content);
            if !delta.reasoning.is_empty() {
                live.message
                    .reasoning
                    .get_or_insert_default()
                    .push_str(&delta.reasoning);
            }
            live.next = delta.sequence + 1;
            live.phase = None;
            RunUpdate::Delta {
                sequence: delta.sequence,
                content: delta.content,
                reasoning: delta.reasoning,
            }
        });
    }
}
