//! A smaller model that guesses what the model will write.
//!
//! What it guesses goes through the model together, which takes little longer than a token alone where memory is what
//! it waits for; the session keeps of it what the model chooses itself. So a guess costs time if it is wrong, and never
//! changes an answer.

use std::sync::atomic::{AtomicBool, Ordering};

use sirocco_engine_wire::{self as wire, LlamaCppOptions, LoadRequest};
use sirocco_worker::engine::{Engine, EngineError};

use crate::file::failed;
use crate::model::{LONGEST_PASS, Model};

/// How sure it must be of a token: one that is wrong costs as much as one that is right saves.
const SURE: f32 = 0.75;

/// The smaller model, with the tokens in its cache.
pub struct Draft {
    model: Box<Model>,
    tokens: Vec<u32>,
    most: usize,
    /// Ids of the model that it guesses for lie below this.
    vocabulary_size: u32,
}

impl Draft {
    /// Loads it the way the model was, which has a vocabulary of this size.
    pub fn load(
        request: &LoadRequest,
        draft: &wire::Draft,
        vocabulary_size: u32,
    ) -> Result<Self, EngineError> {
        let options = request.llamacpp.clone().unwrap_or_default();
        let request = LoadRequest {
            files: draft.files.clone(),
            projector: None,
            llamacpp: Some(LlamaCppOptions {
                memory_map: options.memory_map,
                keep_in_memory: options.keep_in_memory,
                ..LlamaCppOptions::default()
            }),
            ..request.clone()
        };
        let model = Model::load(&request, &|_| {})
            .map_err(|EngineError(reason)| failed(format!("the draft model: {reason}")))?;
        Ok(Self {
            model: Box::new(model),
            tokens: Vec::new(),
            most: draft.tokens as usize,
            vocabulary_size,
        })
    }

    /// What it expects behind these tokens, `most` at most; nothing from where it is not sure.
    pub fn guess(
        &mut self,
        tokens: &[u32],
        most: usize,
        stop: &AtomicBool,
    ) -> Result<Vec<u32>, EngineError> {
        let most = most.min(self.most);
        if most == 0 || tokens.len() + most > self.model.context_length() {
            return Ok(Vec::new());
        }
        let same = self.tokens.iter().zip(tokens).take_while(|(a, b)| a == b);
        // The last is computed anew: its logits are what is asked for.
        let common = same.count().min(tokens.len().saturating_sub(1));
        let common = self.model.cut_back(common)?;
        self.tokens.truncate(common);
        let mut logits = Vec::new();
        for piece in tokens[common..].chunks(LONGEST_PASS) {
            if stop.load(Ordering::Relaxed) {
                return Ok(Vec::new());
            }
            logits = self.forward(piece)?;
        }
        let mut guesses = Vec::new();
        while let Some(guess) = sure_of(&logits).filter(|id| *id < self.vocabulary_size) {
            guesses.push(guess);
            if guesses.len() == most {
                break;
            }
            logits = self.forward(&[guess])?;
        }
        Ok(guesses)
    }

    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        let logits = self.model.forward(tokens)?;
        self.tokens.extend_from_slice(tokens);
        Ok(logits)
    }
}

/// The likeliest token, if it is likely enough.
fn sure_of(logits: &[f32]) -> Option<u32> {
    let (best, highest) = logits
        .iter()
        .enumerate()
        .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    (1.0 / sum >= SURE).then_some(u32::try_from(best).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_likely_is_guessed() {
        assert_eq!(sure_of(&[0.0, 5.0, 1.0]), Some(1));
        assert_eq!(sure_of(&[0.0, 1.0, 1.0]), None);
        assert_eq!(sure_of(&[f32::NEG_INFINITY, 0.0]), Some(1));
        assert_eq!(sure_of(&[]), None);
    }
}
