//! How fast a model is on this machine: it is loaded anew with each runtime and asked a few things through the same
//! queue as everybody's requests, so what is measured is what people get.
//!
//! One model is measured at a time. Whatever becomes of the measurement, the model is afterwards as it was before.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sirocco_engine::Turn;
use sirocco_engine_wire::{
    ChatMessage, FromWorker, GenerateRequest, Prompt, SamplingParameters, Usage,
};
use sirocco_protocol::commands::ModelMeasure;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, LoadOptions, LoadState, LoadedModel, MeasureProblem,
    MeasureStep, Measured, ModelId, ModelSpeed, RuntimeName, RuntimeVerdict,
};
use sirocco_store::StoredModel;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::clock::now_ms;
use crate::completions::explain;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::machine;

/// Answers that count, of each length of prompt. The one before them finds the model cold.
const REPEATS: u32 = 3;
/// Tokens of a prompt, and of an answer.
const PROMPTS: std::ops::RangeInclusive<u32> = 64..=131_072;
const ANSWERS: std::ops::RangeInclusive<u32> = 16..=4096;
/// Lengths of prompts that are measured at once.
const MOST_LENGTHS: usize = 16;
/// From fewer tokens no speed of writing can be told.
const SHORTEST_ANSWER: u32 = 8;
/// Prompts of one length have a number in them, which takes more tokens or fewer.
const SLACK_TOKENS: u32 = 16;

/// The measurement that is going on, if one is.
#[derive(Default)]
pub(crate) struct Measuring(Mutex<Option<(ModelId, CancellationToken)>>);

impl Measuring {
    fn current(&self) -> MutexGuard<'_, Option<(ModelId, CancellationToken)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: ModelId, token: &CancellationToken) -> Result<(), ErrorReport> {
        let mut current = self.current();
        if current.is_some() {
            let message = "a model is being measured already";
            return Err(refuse(ErrorCode::Conflict, message).with_hint("wait for it or stop it"));
        }
        *current = Some((id, token.clone()));
        Ok(())
    }

    /// Ends the measurement of this model, if there is one.
    pub fn stop(&self, model_id: ModelId) {
        if let Some((id, token)) = &*self.current()
            && *id == model_id
        {
            token.cancel();
        }
    }
}

/// Lets another measurement begin, however this one ends.
struct Over<'a>(&'a App);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *self.0.inner.measuring.current() = None;
    }
}

impl App {
    pub(crate) async fn measure_speed(
        &self,
        request: ModelMeasure,
    ) -> Result<Measured, ErrorReport> {
        let id = request.id;
        let stored = self.inner.store.model(id).await.report()?;
        if let Some(remote) = &stored.model.remote {
            let message = format!("{} does not run on this machine", remote.name);
            return Err(refuse(ErrorCode::InvalidRequest, message));
        }
        self.check_writes(id).await?;
        check(&request, &stored)?;
        let runtimes = self.measurable(&stored, &request.runtimes)?;
        let token = self.inner.closing.child_token();
        self.inner.measuring.begin(id, &token)?;
        // Who does not wait for the end any more ends it, and the model is still left as it was.
        let _ends = token.clone().drop_guard();
        let app = self.clone();
        let measuring = self.inner.tasks.spawn(async move {
            let _over = Over(&app);
            app.measure_each(&request, runtimes, &token).await
        });
        measuring.await.map_err(|error| {
            let message = format!("the measurement was cut off: {error}");
            refuse(ErrorCode::Internal, message)
        })?
    }

    /// The runtimes to measure with: those asked for, or all that are here and can serve the model.
    fn measurable(
        &self,
        stored: &StoredModel,
        wanted: &[RuntimeName],
    ) -> Result<Vec<RuntimeName>, ErrorReport> {
        if !wanted.is_empty() {
            let each = wanted.iter().map(|wanted| self.able(stored, *wanted));
            return each.collect();
        }
        let installed = self.inner.residency.installed();
        let able = |one: &&RuntimeVerdict| one.runs() && installed.contains(&one.runtime);
        let runtimes = stored.model.runtimes.iter().filter(able);
        let runtimes: Vec<_> = runtimes.map(|one| one.runtime).collect();
        if runtimes.is_empty() {
            // The load knows the reason.
            return Ok(vec![stored.model.runtime.unwrap_or(RuntimeName::ALL[0])]);
        }
        Ok(runtimes)
    }

    async fn measure_each(
        &self,
        request: &ModelMeasure,
        runtimes: Vec<RuntimeName>,
        token: &CancellationToken,
    ) -> Result<Measured, ErrorReport> {
        let before = self.loaded(request.id);
        let mut measured = Measured::default();
        for runtime in runtimes {
            let outcome = tokio::select! {
                outcome = self.measure_with(request, runtime, &mut measured.speeds) => outcome,
                () = token.cancelled() => Err(stopped()),
            };
            if let Err(error) = outcome {
                measured.problems.push(MeasureProblem { runtime, error });
            }
            if token.is_cancelled() {
                break;
            }
        }
        self.leave_as_it_was(request.id, before).await;
        match measured.problems.first() {
            Some(problem) if measured.speeds.is_empty() => Err(problem.error.clone()),
            _ => Ok(measured),
        }
    }

    async fn leave_as_it_was(&self, id: ModelId, before: Option<LoadedModel>) {
        // Somebody who waits for it has it as it is.
        if !self.eject_if_idle(id).await || self.inner.closing.is_cancelled() {
            return;
        }
        let before = before.filter(|one| !matches!(one.state, LoadState::Failed { .. }));
        let Some(before) = before else { return };
        let options = LoadOptions {
            context_length: Some(before.context_length),
            threads: Some(before.threads),
            runtime: before.served_by,
            llamacpp: before.llamacpp,
            load_anyway: true,
        };
        if let Err(error) = self.load(id, options).await {
            tracing::warn!(model = %id, %error, "a model is not loaded again after it was measured");
        }
    }

    async fn measure_with(
        &self,
        request: &ModelMeasure,
        runtime: RuntimeName,
        speeds: &mut Vec<ModelSpeed>,
    ) -> Result<(), ErrorReport> {
        let id = request.id;
        let tell = |step| {
            self.emit(Event::MeasuringMoved {
                model_id: id,
                runtime,
                step,
            });
        };
        tell(MeasureStep::Loading { progress: 0.0 });
        self.inner.titles.cancel();
        if !self.eject_if_idle(id).await {
            let message = "the model is in use, so it cannot be measured now";
            return Err(refuse(ErrorCode::Conflict, message)
                .with_hint("wait until it has answered, or stop that"));
        }
        let longest = request.prompt_tokens.iter().copied().max().unwrap_or(0);
        let options = LoadOptions {
            context_length: Some(longest + request.generate_tokens + SLACK_TOKENS),
            runtime: Some(runtime),
            ..LoadOptions::default()
        };
        let begun = Instant::now();
        self.load(id, options).await?;
        let waiting = |progress: Option<f32>, _| {
            if let Some(progress) = progress {
                tell(MeasureStep::Loading { progress });
            }
        };
        let turn = self.inner.residency.turn(id, waiting).await.report()?;
        let load_ms = milliseconds(begun);
        let cpu = blocking(machine::look).await?.cpu;
        let threads = self.loaded(id).map_or(0, |loaded| loaded.threads);

        let lengths = u32::try_from(request.prompt_tokens.len()).unwrap_or(u32::MAX);
        let total = lengths.saturating_mul(REPEATS + 1);
        let (mut done, mut found) = (0, Vec::new());
        for &prompt_tokens in &request.prompt_tokens {
            let words = words_of(&turn, prompt_tokens).await?;
            let mut seen = Vec::new();
            for repeat in 0..=REPEATS {
                tell(MeasureStep::Answering {
                    prompt_tokens,
                    done,
                    total,
                });
                done += 1;
                let usage = answer(&turn, question(words, done), request.generate_tokens).await?;
                if repeat > 0 {
                    seen.push(usage);
                }
            }
            found.push(ModelSpeed {
                model_id: id,
                runtime,
                engine: turn.loaded.worker.hello().to_string(),
                cpu: cpu.clone(),
                threads,
                prompt_tokens,
                generate_tokens: request.generate_tokens,
                prefill_per_second: median(seen.iter().map(prefill_per_second)).unwrap_or(0.0),
                decode_per_second: median(seen.iter().filter_map(decode_per_second))
                    .ok_or_else(too_short)?,
                load_ms,
                peak_memory_bytes: None,
                measured_at_ms: now_ms(),
            });
        }
        let worker = turn.loaded.worker.clone();
        let peak = blocking(move || worker.peak_memory_bytes()).await?;
        for mut speed in found {
            speed.peak_memory_bytes = peak;
            self.inner.store.keep_speed(&speed).await.report()?;
            speeds.push(speed);
        }
        Ok(())
    }
}

fn check(request: &ModelMeasure, stored: &StoredModel) -> Result<(), ErrorReport> {
    let refused = |message: String| Err(refuse(ErrorCode::InvalidRequest, message));
    let lengths = &request.prompt_tokens;
    if lengths.is_empty() || lengths.len() > MOST_LENGTHS {
        return refused(format!(
            "1 to {MOST_LENGTHS} lengths of prompts are measured at once"
        ));
    }
    let (shortest, most) = (PROMPTS.start(), PROMPTS.end());
    if !lengths.iter().all(|length| PROMPTS.contains(length)) {
        return refused(format!("a prompt has {shortest} to {most} tokens"));
    }
    if !ANSWERS.contains(&request.generate_tokens) {
        let (shortest, most) = (ANSWERS.start(), ANSWERS.end());
        return refused(format!("an answer has {shortest} to {most} tokens"));
    }
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let needed = longest + request.generate_tokens + SLACK_TOKENS;
    let known = stored.model.context_length;
    if known > 0 && needed > known {
        return refused(format!(
            "{} knows {known} tokens, too few for a prompt of {longest} and an answer of {}",
            stored.model.name, request.generate_tokens
        ));
    }
    Ok(())
}

fn stopped() -> ErrorReport {
    refuse(ErrorCode::Conflict, "the measurement was stopped")
}

fn too_short() -> ErrorReport {
    let message = "the model ended its answers after a few tokens, too few to tell its speed";
    refuse(ErrorCode::ModelRefused, message)
}

/// The most words whose prompt has at most so many tokens.
async fn words_of(turn: &Turn, tokens: u32) -> Result<u32, ErrorReport> {
    let (mut fits, mut may_fit) = (0, tokens);
    while fits < may_fit {
        let words = fits + (may_fit - fits).div_ceil(2);
        let counted = turn.loaded.worker.count(asked(question(words, 1))).await;
        if counted.report()? <= tokens {
            fits = words;
        } else {
            may_fit = words - 1;
        }
    }
    Ok(fits)
}

/// One answer, the likeliest one, and what it took.
async fn answer(turn: &Turn, question: String, tokens: u32) -> Result<Usage, ErrorReport> {
    let request = GenerateRequest {
        id: 0,
        prompt: asked(question),
        sampling: SamplingParameters {
            temperature: 0.0,
            ..SamplingParameters::default()
        },
        max_tokens: Some(tokens),
        stop: Vec::new(),
        constraint: None,
    };
    let mut generation = turn.loaded.worker.generate(request).await.report()?;
    while let Some(frame) = generation.next().await {
        let frame = frame.map_err(|error| explain(turn, &error))?;
        if let FromWorker::Finished { usage, .. } = frame {
            return Ok(usage);
        }
    }
    Err(stopped())
}

/// A question, and the beginning of its answer: numbers, which have no end.
fn asked(question: String) -> Prompt {
    let message = |role: &str, content: String| ChatMessage {
        role: role.to_owned(),
        content,
        ..ChatMessage::default()
    };
    Prompt::Chat {
        messages: vec![
            message("user", question),
            message("assistant", "1, 2, 3, 4, 5, 6, 7,".to_owned()),
        ],
        continue_last: true,
        variables: serde_json::Map::new(),
        tools: Vec::new(),
        now_s: now_ms() / 1000,
    }
}

/// So many words behind a number, so that next to nothing of it is in the cache.
fn question(words: u32, number: u32) -> String {
    const WORDS: [&str; 16] = [
        "river", "stone", "wind", "light", "paper", "garden", "winter", "engine", "music",
        "bridge", "harbour", "table", "forest", "letter", "window", "silver",
    ];
    let mut text = format!("{number}. note.");
    for at in 0..words {
        text.push(' ');
        text.push_str(WORDS[((at * 7 + at / 5 + number * 3) % 16) as usize]);
    }
    text + "\n\nCount from 1 to 5000, and write nothing else."
}

fn prefill_per_second(usage: &Usage) -> f64 {
    let new = usage.prompt_tokens.saturating_sub(usage.cached_tokens);
    per_second(new, usage.prefill_ms)
}

/// None if the model ended its answer too early.
fn decode_per_second(usage: &Usage) -> Option<f64> {
    let is_enough = usage.completion_tokens >= SHORTEST_ANSWER;
    // The first token belongs to the prompt.
    is_enough.then(|| per_second(usage.completion_tokens - 1, usage.decode_ms))
}

fn per_second(tokens: u32, took_ms: f64) -> f64 {
    f64::from(tokens) * 1e3 / took_ms.max(1e-3)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_count_what_was_computed() {
        let usage = Usage {
            prompt_tokens: 520,
            cached_tokens: 20,
            completion_tokens: 101,
            time_to_first_token_ms: 2600.0,
            prefill_ms: 2500.0,
            decode_ms: 4000.0,
            ..Usage::default()
        };
        assert_eq!(prefill_per_second(&usage), 200.0);
        assert_eq!(decode_per_second(&usage), Some(25.0));
        let short = Usage {
            completion_tokens: SHORTEST_ANSWER - 1,
            ..usage
        };
        assert_eq!(decode_per_second(&short), None);
    }

    #[test]
    fn one_odd_value_does_not_move_the_median() {
        assert_eq!(median([3.0, 900.0, 2.0].into_iter()), Some(3.0));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn prompts_differ_from_their_first_character() {
        let (first, second) = (question(8, 1), question(8, 2));
        assert_ne!(first.chars().next(), second.chars().next());
        assert_eq!(first.split_whitespace().count(), 8 + 2 + 9);
    }
}
