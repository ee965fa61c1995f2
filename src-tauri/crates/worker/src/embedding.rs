//! One request for vectors: its texts made tokens, in batches, and their vectors brought to length 1.
//!
//! The same for every runtime, as everything is that people notice; what tokens mean is for the engine to say, because
//! the vocabularies of models that embed are others than those of models that write.

use std::sync::atomic::{AtomicBool, Ordering};

use sirocco_engine_wire::{EmbedInput, EmbedRequest, Vector, WorkerError, WorkerErrorKind};

use crate::engine::{Embedder, EngineError};
use crate::session::GenerateError;

/// Texts of one forward pass.
pub const BATCH_TEXTS: usize = 16;
/// Tokens of one forward pass, unless a single text has more. Short texts gain from company; long ones would only keep a
/// request that is to stop.
const BATCH_TOKENS: usize = 256;

/// Embeds the texts in order, handing each vector to `emit`, until it has all or `stop` is set.
///
/// # Errors
/// [`GenerateError`]; what is wrong with a request is said before the first vector.
pub fn embed(
    embedder: &mut dyn Embedder,
    request: &EmbedRequest,
    stop: &AtomicBool,
    emit: &mut dyn FnMut(Vector),
) -> Result<(), GenerateError> {
    let dimensions = dimensions(embedder, request.dimensions)?;
    let texts: Vec<Vec<u32>> = request
        .inputs
        .iter()
        .enumerate()
        .map(|(at, input)| tokens(embedder, input, at, request.truncate))
        .collect::<Result<_, _>>()
        .map_err(GenerateError::Request)?;
    let mut rest = texts.as_slice();
    while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
        let (batch, after) = rest.split_at(batch_length(rest, embedder.context_length()));
        let batch: Vec<&[u32]> = batch.iter().map(Vec::as_slice).collect();
        for (text, values) in batch.iter().zip(embedder.embed(&batch)?) {
            emit(Vector {
                id: request.id,
                tokens: u32::try_from(text.len()).unwrap_or(u32::MAX),
                values: unit(&values, dimensions)?,
            });
        }
        rest = after;
    }
    Ok(())
}

/// How many numbers are wanted of each vector.
fn dimensions(embedder: &dyn Embedder, wanted: Option<u32>) -> Result<usize, GenerateError> {
    let all = embedder.dimensions();
    match wanted.map(|wanted| wanted as usize) {
        None => Ok(all),
        Some(wanted) if (1..=all).contains(&wanted) => Ok(wanted),
        Some(wanted) => Err(GenerateError::Request(refusal(
            WorkerErrorKind::InvalidRequest,
            format!("{wanted} dimensions were asked for, and this model gives 1 to {all}"),
        ))),
    }
}

/// The tokens of one text; `at` is its place.
fn tokens(
    embedder: &dyn Embedder,
    input: &EmbedInput,
    at: usize,
    truncate: bool,
) -> Result<Vec<u32>, WorkerError> {
    let invalid = |message| refusal(WorkerErrorKind::InvalidRequest, message);
    let (mut tokens, has_end) = match input {
        EmbedInput::Text { text } => (embedder.tokenize(text), embedder.has_end()),
        EmbedInput::Tokens { tokens } => (tokens.clone(), false),
    };
    if tokens.is_empty() {
        return Err(invalid(format!("input {at} is empty")));
    }
    let count = embedder.vocabulary_size();
    if let Some(beyond) = tokens.iter().find(|token| **token as usize >= count) {
        return Err(invalid(format!(
            "input {at} has the token {beyond}, and the vocabulary ends at {}",
            count.saturating_sub(1)
        )));
    }
    let longest = embedder.context_length();
    if tokens.len() > longest {
        if !truncate {
            return Err(refusal(
                WorkerErrorKind::ContextFull,
                format!(
                    "input {at} has {} tokens, and the model reads {longest} at once",
                    tokens.len()
                ),
            ));
        }
        let end = tokens.last().copied().filter(|_| has_end);
        tokens.truncate(longest - usize::from(end.is_some()));
        tokens.extend(end);
    }
    Ok(tokens)
}

/// How many of these texts go together.
fn batch_length(texts: &[Vec<u32>], context_length: usize) -> usize {
    let room = BATCH_TOKENS.min(context_length);
    let mut sum = 0;
    let fitting = texts.iter().take(BATCH_TEXTS).take_while(|text| {
        sum += text.len();
        sum <= room
    });
    fitting.count().max(1)
}

/// The first numbers of a vector, scaled to length 1.
fn unit(values: &[f32], dimensions: usize) -> Result<Vec<f32>, EngineError> {
    let first = values
        .get(..dimensions)
        .ok_or_else(|| EngineError(format!("a vector of {} numbers came back", values.len())))?;
    let square: f64 = first.iter().map(|value| f64::from(*value).powi(2)).sum();
    if !square.is_finite() {
        return Err(EngineError("the vector has no finite length".into()));
    }
    // A vector of zeros has no direction, and stays what it is.
    let scale = if square > 0.0 {
        square.sqrt().recip()
    } else {
        0.0
    };
    Ok(first
        .iter()
        .map(|value| (f64::from(*value) * scale) as f32)
        .collect())
}

fn refusal(kind: WorkerErrorKind, message: String) -> WorkerError {
    WorkerError { kind, message }
}

#[cfg(test)]
mod tests;
