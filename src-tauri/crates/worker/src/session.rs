//! One generation over a loaded model: prefix reuse, chunked prefill, sampling, stop.
//!
//! The cache belongs to the session and survives between generations. A new prompt keeps the common
//! prefix and drops the rest, so a follow-up turn pays only for what is new and memory is bounded by
//! one context, however long the chat.

mod shift;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sirocco_engine_wire::{
    ChatMessage, FinishReason, FromWorker, GenerateRequest, Prompt, TokenChunk, TokenProbability,
    Usage, WorkerError, WorkerErrorKind,
};

use crate::constraint::{ConstraintError, Forms, Guide};
use crate::engine::{Engine, EngineError, Pieces, Watch};
use crate::heap;
use crate::images::{IMAGE_TOKEN, PlacedImage};
use crate::language::{CALL_TOKENS, Encoded, Language};
use crate::sampler::{Sampled, Sampler, SamplerError};
use crate::stop::StopStrings;
use crate::tokenizer::StreamDecoder;

/// First chunk, before the speed is known.
const FIRST_CHUNK: usize = 16;
/// Progress within a chunk is told no more often.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// A loaded model that generates.
pub struct Session<E> {
    engine: E,
    language: Arc<Language>,
    /// The tokens whose keys and values the cache holds.
    cached: Vec<u32>,
    /// The images among them.
    seen: Vec<PlacedImage>,
    /// How many of the tokens came with a prompt; the others were written one by one.
    read: usize,
    /// How many of the first tokens are as a prompt makes them; the others saw what is forgotten.
    intact: usize,
    /// How many stay where this answer makes the context shift; none where it cannot.
    kept: Option<usize>,
    chunk: usize,
    /// What a draft model guessed behind the tokens that were chosen, and the logits after each of those.
    ahead: VecDeque<(u32, Vec<f32>)>,
    /// Made for the first answer that is held to a form.
    forms: Option<Forms>,
}

/// How a generation failed.
#[derive(Debug)]
pub enum GenerateError {
    /// The request cannot be served; the model is fine.
    Request(WorkerError),
    /// The engine broke; the worker must end.
    Engine(EngineError),
}

impl From<EngineError> for GenerateError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<ConstraintError> for GenerateError {
    fn from(error: ConstraintError) -> Self {
        Self::Request(WorkerError {
            kind: WorkerErrorKind::InvalidRequest,
            message: error.to_string(),
        })
    }
}

impl From<SamplerError> for GenerateError {
    fn from(error: SamplerError) -> Self {
        match error {
            SamplerError::Range(_) | SamplerError::AllForbidden => Self::Request(WorkerError {
                kind: WorkerErrorKind::InvalidRequest,
                message: error.to_string(),
            }),
            SamplerError::Length { .. } | SamplerError::NoFiniteLogit => {
                Self::Engine(EngineError(error.to_string()))
            }
        }
    }
}

impl<E: Engine> Session<E> {
    /// A session with an empty cache.
    pub fn new(engine: E, language: Arc<Language>) -> Self {
        Self {
            chunk: FIRST_CHUNK.max(engine.pieces().shortest),
            engine,
            language,
            cached: Vec::new(),
            seen: Vec::new(),
            read: 0,
            intact: usize::MAX,
            kept: None,
            ahead: VecDeque::new(),
            forms: None,
        }
    }

    /// Answers one request, handing frames to `emit`, until it ends or `stop` is set. Returns what
    /// ended it and its numbers.
    ///
    /// # Errors
    /// [`GenerateError`].
    pub fn generate(
        &mut self,
        request: &GenerateRequest,
        stop: &AtomicBool,
        emit: &mut dyn FnMut(FromWorker),
    ) -> Result<(FinishReason, Usage), GenerateError> {
        // The cache holds what was guessed last time; it is a prefix as good as another.
        self.ahead.clear();
        let begun = Instant::now();
        let refuse = |kind, message: String| GenerateError::Request(WorkerError { kind, message });
        let language = Arc::clone(&self.language);
        let encoded = language
            .encode(&request.prompt)
            .map_err(GenerateError::Request)?;
        let context_length = self.engine.context_length();
        // An image cannot be moved.
        let shifts = self.engine.shifts() && encoded.images.is_empty();
        let lasting = || language.lasting(&request.prompt, &encoded);
        self.kept = shifts.then(|| lasting().min(context_length / 2));
        let Encoded {
            text,
            tokens: prompt,
            images,
        } = encoded;
        if prompt.is_empty() {
            return Err(refuse(
                WorkerErrorKind::InvalidRequest,
                "the prompt is empty".into(),
            ));
        }
        if prompt.len() >= context_length {
            return Err(refuse(
                WorkerErrorKind::ContextFull,
                format!(
                    "the prompt has {} tokens, the context holds {context_length}",
                    prompt.len()
                ),
            ));
        }
        let breakers = &request.sampling.dry_sequence_breakers;
        let mut sampler = Sampler::new(&request.sampling, language.tokenizer.vocabulary_size())?;
        if request.sampling.dry_multiplier > 0.0 {
            sampler = sampler.with_sequence_breakers(
                breakers
                    .iter()
                    .flat_map(|breaker| language.tokenizer.sequences_containing(breaker))
                    .collect(),
            );
        }

        let mut guide = self.guide(request, &text)?;

        emit(FromWorker::Started {
            id: request.id,
            prompt_end: last_characters(&text),
        });
        let mut usage = Usage {
            prompt_tokens: count(prompt.len()),
            ..Usage::default()
        };
        let room = match self.kept {
            None => context_length - prompt.len(),
            Some(_) => shift::LONGEST_IN_CONTEXTS * context_length,
        };
        let (longest, at_longest) = match request.max_tokens {
            Some(asked) if (asked as usize) < room => (asked as usize, FinishReason::MaxTokens),
            _ => (room, FinishReason::ContextFull),
        };

        let prefill = self.prefill(request.id, &prompt, &images, stop, &mut usage, emit)?;
        let Some(mut logits) = prefill else {
            return Ok((FinishReason::Stopped, usage));
        };
        usage.prefill_ms = milliseconds(begun.elapsed());

        // Of what was said, for the penalties: an image repeats no word.
        let mut history = prompt;
        history.retain(|token| *token != IMAGE_TOKEN);
        let prompt_length = history.len();
        let mut writer = Writer::new(request, &language);
        let mut first_token_at = None;
        // Chosen, and computed when the logits behind them are needed.
        let mut pending = Vec::new();
        let reason = loop {
            if stop.load(Ordering::Relaxed) {
                break FinishReason::Stopped;
            }
            if history.len() - prompt_length >= longest {
                break at_longest;
            }
            let forced = guide.as_mut().filter(|_| !writer.with_logprobs);
            let sampled = match forced.and_then(Guide::forced) {
                Some(id) => Sampled::without_choice(id),
                None => {
                    if !pending.is_empty() {
                        let most = longest - (history.len() - prompt_length);
                        logits = self.forward_and_guess(&pending, most, stop, &mut usage)?;
                        pending.clear();
                    }
                    let allowed = guide.as_mut().map(Guide::allowed).transpose()?;
                    let allowed = allowed.as_ref().map(|allowed| allowed.as_slice());
                    sampler.sample_among(&logits, &history, allowed)?
                }
            };
            let now = Instant::now();
            let first = *first_token_at.get_or_insert_with(|| {
                usage.time_to_first_token_ms = milliseconds(now - begun);
                now
            });
            if language.tokenizer.is_end_of_generation(sampled.id) {
                break FinishReason::EndOfTurn;
            }
            usage.decode_ms = milliseconds(now - first);
            history.push(sampled.id);
            match self.ahead.pop_front() {
                Some((guess, after)) if guess == sampled.id => {
                    usage.accepted_tokens += 1;
                    logits = after;
                }
                Some(_) => {
                    self.take_back_guesses()?;
                    pending.push(sampled.id);
                }
                None => pending.push(sampled.id),
            }
            usage.completion_tokens += 1;
            if writer.write(&sampled, emit) {
                break FinishReason::StopString;
            }
            if let Some(guide) = &mut guide {
                guide.take(sampled.id)?;
                if guide.is_over() {
                    break FinishReason::EndOfTurn;
                }
            }
        };
        writer.finish(reason, emit);
        Ok((reason, usage))
    }

    /// What holds the answer to its form.
    fn guide(
        &mut self,
        request: &GenerateRequest,
        prompt: &str,
    ) -> Result<Option<Guide>, ConstraintError> {
        let Some(constraint) = &request.constraint else {
            return Ok(None);
        };
        let forms = match &mut self.forms {
            Some(forms) => forms,
            none => none.insert(Forms::new(&self.language)?),
        };
        forms.guide(constraint, request, prompt).map(Some)
    }

    /// Brings the cache to hold `prompt` and returns the logits after it; `None` if stopped.
    fn prefill(
        &mut self,
        id: u64,
        prompt: &[u32],
        images: &[PlacedImage],
        stop: &AtomicBool,
        usage: &mut Usage,
        emit: &mut dyn FnMut(FromWorker),
    ) -> Result<Option<Vec<f32>>, EngineError> {
        // The last tokens run again: the logits of the last are needed, and pieces have two tokens at least.
        let mut common = common_prefix(&self.cached, prompt).min(prompt.len().saturating_sub(2));
        common = common.min(self.intact);
        let changed = self.seen.iter().zip(images).find(|(old, new)| old != new);
        if let Some((_, changed)) = changed {
            common = common.min(changed.at);
        }
        let step = self.engine.step();
        if common < self.read {
            common -= common % step;
        }
        let cut = images.iter().find(|image| image.end() > common);
        if let Some(cut) = cut {
            common = common.min(cut.at);
        }
        if common < self.cached.len() {
            common = self.engine.cut_back(common)?;
            self.cached.truncate(common);
            self.seen.retain(|image| image.end() <= common);
            self.read = self.read.min(common);
        }
        self.intact = usize::MAX;
        usage.cached_tokens = count(common);
        let mut at = common;
        let mut logits = Vec::new();
        while at < prompt.len() {
            emit(FromWorker::Prefill {
                id,
                done: count(at),
                total: count(prompt.len()),
            });
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let ahead = images.iter().find(|image| image.at >= at);
            if let Some(image) = ahead.filter(|image| image.at == at) {
                self.engine.look(&image.base64)?;
                self.cached
                    .extend(std::iter::repeat_n(IMAGE_TOKEN, image.tokens));
                self.seen.push(image.clone());
                at = image.end();
                continue;
            }
            let longest = if step > 1 {
                step - at % step
            } else {
                self.chunk
            };
            let last = ahead.map_or(prompt.len(), |image| image.at);
            let mut end = last.min(at + longest);
            // A token alone is computed another way by some engines, and the same prompt has to give the
            // same logits however it is cut.
            if step == 1 && last - end == 1 {
                end = last;
            }
            let begun = Instant::now();
            let tokens = &prompt[at..end];
            let told = Cell::new(begun);
            let tell = RefCell::new(&mut *emit);
            let progress = |share: f32| {
                if told.get().elapsed() >= TOLD_EVERY {
                    told.set(Instant::now());
                    (tell.borrow_mut())(FromWorker::Prefill {
                        id,
                        done: count(at + (share * tokens.len() as f32) as usize).min(count(end)),
                        total: count(prompt.len()),
                    });
                }
            };
            let watch = Watch {
                stop,
                progress: &progress,
            };
            let Some(after) = self.engine.forward_watched(tokens, &watch)? else {
                return Ok(None);
            };
            // A cache that has grown leaves its former room behind, layer by layer.
            heap::give_back();
            self.cached.extend_from_slice(tokens);
            logits = after;
            if end - at >= self.chunk {
                self.chunk = next_chunk(self.chunk, begun.elapsed(), self.engine.pieces());
            }
            at = end;
        }
        self.read = prompt.len();
        emit(FromWorker::Prefill {
            id,
            done: count(at),
            total: count(at),
        });
        Ok(Some(logits))
    }

    /// Computes the tokens that were chosen, and with them what the draft model guesses behind: `most` tokens may
    /// still be written. Returns the logits after the chosen ones.
    fn forward_and_guess(
        &mut self,
        chosen: &[u32],
        most: usize,
        stop: &AtomicBool,
        usage: &mut Usage,
    ) -> Result<Vec<f32>, EngineError> {
        let mut chosen = chosen;
        // The last that may be written is not computed, so a guess of it helps nobody.
        let mut most = most.saturating_sub(1);
        if let Some(keep) = self.kept {
            let mut room = self.make_room(keep, usage)?;
            // A form may have dictated more than fits at once.
            while chosen.len() > room {
                let (first, others) = chosen.split_at(room);
                self.forward_chosen(first)?;
                chosen = others;
                room = self.make_room(keep, usage)?;
            }
            most = most.min(room - chosen.len());
        }
        let guesses = match self.seen.is_empty() {
            true => {
                let before = self.cached.len();
                self.cached.extend_from_slice(chosen);
                let guesses = self.engine.guess(&self.cached, most, stop);
                self.cached.truncate(before);
                guesses?
            }
            false => Vec::new(),
        };
        if guesses.is_empty() {
            return self.forward_chosen(chosen);
        }
        let mut tokens = chosen.to_vec();
        tokens.extend_from_slice(&guesses);
        let mut after = self.engine.forward_each(&tokens)?;
        self.cached.extend_from_slice(&tokens);
        usage.drafted_tokens += count(guesses.len());
        let of_guesses = after.split_off(chosen.len());
        self.ahead = guesses.into_iter().zip(of_guesses).collect();
        after
            .pop()
            .ok_or_else(|| EngineError("no logits came back".into()))
    }

    fn forward_chosen(&mut self, chosen: &[u32]) -> Result<Vec<f32>, EngineError> {
        let mut logits = Vec::new();
        for piece in chosen.chunks(self.engine.pieces().longest) {
            logits = self.engine.forward(piece)?;
            self.cached.extend_from_slice(piece);
        }
        Ok(logits)
    }

    /// Forgets a guess that was not chosen, which is out of `ahead` already, and what was guessed behind it.
    fn take_back_guesses(&mut self) -> Result<(), EngineError> {
        let refuted = self.ahead.len() + 1;
        self.ahead.clear();
        self.cached.truncate(self.cached.len() - refuted);
        self.engine.truncate(self.cached.len())
    }
}

/// Turns sampled tokens into frames of text.
struct Writer<'a> {
    id: u64,
    language: &'a Language,
    decoder: StreamDecoder,
    stops: StopStrings,
    with_logprobs: bool,
    /// The marks of calls are shown, though some vocabularies have them as no text; so are those in a form.
    with_calls: bool,
}

impl<'a> Writer<'a> {
    fn new(request: &GenerateRequest, language: &'a Language) -> Self {
        Self {
            id: request.id,
            language,
            // An answer follows a special token, where some vocabularies write a space that means nothing.
            decoder: language
                .tokenizer
                .stream_decoder(continues_at_a_special_token(request)),
            stops: StopStrings::new(&request.stop),
            with_logprobs: request.sampling.top_logprobs.is_some(),
            with_calls: request.constraint.is_some()
                || matches!(&request.prompt, Prompt::Chat { tools, .. } if !tools.is_empty()),
        }
    }

    /// Emits the token; true if it completed a stop string.
    fn write(&mut self, sampled: &Sampled, emit: &mut dyn FnMut(FromWorker)) -> bool {
        let tokenizer = &self.language.tokenizer;
        let text = tokenizer.token_bytes(sampled.id);
        let is_shown = !tokenizer.is_control(sampled.id)
            || self.with_calls && CALL_TOKENS.iter().any(|token| token.as_bytes() == text);
        let bytes = if is_shown { text } else { &[] };
        let released = self.stops.push(&self.decoder.push(bytes));
        let logprobs = if self.with_logprobs {
            vec![self.logprobs(sampled)]
        } else {
            Vec::new()
        };
        emit(FromWorker::Tokens(TokenChunk {
            id: self.id,
            text: released.text,
            count: 1,
            tokens: vec![sampled.id],
            logprobs,
        }));
        released.stopped
    }

    /// Emits what is still held back, unless a stop string was being completed by it.
    fn finish(mut self, reason: FinishReason, emit: &mut dyn FnMut(FromWorker)) {
        if reason == FinishReason::StopString {
            return;
        }
        let released = self.stops.push(&self.decoder.finish());
        let text = if released.stopped {
            released.text
        } else {
            released.text + &self.stops.finish()
        };
        if !text.is_empty() {
            emit(FromWorker::Tokens(TokenChunk {
                id: self.id,
                text,
                ..TokenChunk::default()
            }));
        }
    }

    fn logprobs(&self, sampled: &Sampled) -> (TokenProbability, Vec<TokenProbability>) {
        let one = |id, logprob| TokenProbability {
            id,
            text: self.language.tokenizer.token_text(id),
            logprob,
        };
        let top = sampled
            .top_logprobs
            .iter()
            .map(|(id, logprob)| one(*id, *logprob))
            .collect();
        (one(sampled.id, sampled.logprob), top)
    }
}

fn continues_at_a_special_token(request: &GenerateRequest) -> bool {
    let Prompt::Chat {
        messages,
        continue_last,
        ..
    } = &request.prompt
    else {
        return false;
    };
    let is_begun = |message: &ChatMessage| {
        !message.content.is_empty()
            || message
                .reasoning_content
                .as_deref()
                .is_some_and(|thoughts| !thoughts.is_empty())
    };
    !continue_last || !messages.last().is_some_and(is_begun)
}

/// Grows or shrinks the chunk, so that the next one takes about as long as is wanted.
fn next_chunk(chunk: usize, took: Duration, pieces: Pieces) -> usize {
    let share = pieces.time.as_secs_f64() / took.as_secs_f64().max(1e-6);
    let wanted = (chunk as f64 * share.clamp(0.25, 4.0)) as usize;
    wanted.clamp(pieces.shortest, pieces.longest)
}

/// Enough of a prompt's end to hold any opening tag of thoughts.
fn last_characters(text: &str) -> String {
    let start = text.char_indices().rev().nth(63).map_or(0, |(at, _)| at);
    text[start..].to_owned()
}

/// As many as two rows begin with alike.
pub(crate) fn common_prefix(a: &[u32], b: &[u32]) -> usize {
    a.iter()
        .zip(b)
        .take_while(|(left, right)| left == right)
        .count()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
