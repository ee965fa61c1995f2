//! Chooses the next token from a model's logits.
//!
//! The steps run in llama.cpp's order, over the tokens that the form of the answer allows: logit bias, penalties (repeat, frequency, presence), DRY, top-k, typical,
//! top-p, min-p, XTC, temperature; then one random number decides. Each filter looks at the probabilities of what the
//! ones before it left, at temperature 1. At temperature 0 the likeliest token after bias, penalties and DRY is taken.
//!
//! Equal seeds, logits and histories give equal tokens on every platform up to rounding in the exponential.
//!
//! ```
//! use sirocco_engine_wire::SamplingParameters;
//! use sirocco_worker::sampler::Sampler;
//! let greedy = SamplingParameters { temperature: 0.0, ..SamplingParameters::default() };
//! let mut sampler = Sampler::new(&greedy, 3)?;
//! assert_eq!(sampler.sample(&[0.0, 2.0, 1.0], &[])?.id, 1);
//! # Ok::<(), sirocco_worker::sampler::SamplerError>(())
//! ```

mod distribution;
mod dry;
mod filters;
mod penalties;
mod random;

use sirocco_engine_wire::{SamplingParameters, SamplingRangeError};

use distribution::{greatest, log_sum_exp};
use dry::Dry;
use filters::Candidate;
use penalties::Penalties;
use random::Random;

/// Why no token can be chosen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamplerError {
    /// A parameter is out of its range.
    #[error(transparent)]
    Range(#[from] SamplingRangeError),
    /// The model gave fewer logits than it has tokens.
    #[error("the model gave {found} logits for a vocabulary of {expected}")]
    Length {
        /// Logits there are.
        found: usize,
        /// Size of the vocabulary.
        expected: usize,
    },
    /// Every logit is infinite or no number.
    #[error("the model gave no finite logit")]
    NoFiniteLogit,
    /// The logit bias forbids every token, or all that the form of the answer allows.
    #[error("the logit bias forbids every token that may come")]
    AllForbidden,
}

/// A chosen token.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// Its id.
    pub id: u32,
    /// Natural logarithm of its probability in the model's own distribution, before any step.
    pub logprob: f32,
    /// The likeliest tokens of that distribution, as many as were asked for, likeliest first.
    pub top_logprobs: Vec<(u32, f32)>,
}

impl Sampled {
    /// A token in whose place none else could have come; nothing is known of its probability.
    pub(crate) fn without_choice(id: u32) -> Self {
        Self {
            id,
            logprob: 0.0,
            top_logprobs: Vec::new(),
        }
    }
}

/// Chooses tokens for one generation.
#[derive(Clone, Debug)]
pub struct Sampler {
    parameters: SamplingParameters,
    penalties: Penalties,
    dry: Dry,
    random: Random,
    vocabulary_size: usize,
    /// Memory that is used again for each token.
    logits: Vec<f32>,
    candidates: Vec<Candidate>,
}

impl Sampler {
    /// A sampler for a vocabulary of `vocabulary_size` tokens; logits beyond that are never chosen.
    ///
    /// # Errors
    /// If a parameter is out of its range.
    pub fn new(
        parameters: &SamplingParameters,
        vocabulary_size: usize,
    ) -> Result<Self, SamplerError> {
        parameters.validate()?;
        let last_n = |count: i32| usize::try_from(count).ok();
        let dry_last_n = last_n(parameters.dry_penalty_last_n);
        let allowed_length = parameters.dry_allowed_length as usize;
        Ok(Self {
            penalties: Penalties::new(parameters, last_n(parameters.repeat_last_n)),
            dry: Dry::new(
                parameters.dry_multiplier,
                parameters.dry_base,
                allowed_length,
                dry_last_n,
            ),
            random: parameters.seed.map_or_else(Random::unseeded, Random::new),
            parameters: parameters.clone(),
            vocabulary_size,
            logits: Vec::new(),
            candidates: Vec::new(),
        })
    }

    /// Adds token sequences over which DRY follows no repetition, from
    /// [`Tokenizer::sequences_containing`](crate::tokenizer::Tokenizer::sequences_containing) for each of
    /// `dry_sequence_breakers`.
    #[must_use]
    pub fn with_sequence_breakers(mut self, breakers: Vec<Vec<u32>>) -> Self {
        self.dry.add_breakers(breakers);
        self
    }

    /// Chooses the token that follows `history`, which is the whole sequence: prompt and answer so far.
    ///
    /// # Errors
    /// If there are too few logits or none may be chosen. Single logits that are infinite or no number are skipped.
    pub fn sample(&mut self, logits: &[f32], history: &[u32]) -> Result<Sampled, SamplerError> {
        self.sample_among(logits, history, None)
    }

    /// The same, among the tokens that are allowed: of token n, bit n % 32 of word n / 32. Probabilities stay those of
    /// the model's own distribution.
    ///
    /// # Errors
    /// As of [`sample`](Self::sample).
    pub fn sample_among(
        &mut self,
        logits: &[f32],
        history: &[u32],
        allowed: Option<&[u32]>,
    ) -> Result<Sampled, SamplerError> {
        let expected = self.vocabulary_size;
        let own = logits.get(..expected).ok_or(SamplerError::Length {
            found: logits.len(),
            expected,
        })?;
        let peak = greatest(own).ok_or(SamplerError::NoFiniteLogit)?;
        let id = self.choose(own, history, allowed)?;
        let total = log_sum_exp(own, peak);
        let top_logprobs = match self.parameters.top_logprobs.unwrap_or(0) as usize {
            0 => Vec::new(),
            count => {
                filters::top_k(own, count, &mut self.candidates);
                self.candidates
                    .iter()
                    .take(count)
                    .map(|candidate| (candidate.id, candidate.logit - total))
                    .collect()
            }
        };
        Ok(Sampled {
            id,
            logprob: own[id as usize] - total,
            top_logprobs,
        })
    }

    fn choose(
        &mut self,
        own: &[f32],
        history: &[u32],
        allowed: Option<&[u32]>,
    ) -> Result<u32, SamplerError> {
        self.logits.clear();
        self.logits.extend_from_slice(own);
        let logits = &mut self.logits;
        if let Some(allowed) = allowed {
            forbid_others(logits, allowed);
        }
        for (id, bias) in &self.parameters.logit_bias {
            if let Some(logit) = logits.get_mut(*id as usize) {
                *logit += bias;
            }
        }
        self.penalties.apply(logits, history);
        self.dry.apply(logits, history);
        let parameters = &self.parameters;
        if parameters.temperature == 0.0 {
            let best = greatest(logits).ok_or(SamplerError::AllForbidden)?;
            let at = logits
                .iter()
                .position(|logit| *logit == best)
                .ok_or(SamplerError::AllForbidden)?;
            return u32::try_from(at).map_err(|_| SamplerError::AllForbidden);
        }
        let candidates = &mut self.candidates;
        filters::top_k(logits, parameters.top_k as usize, candidates);
        filters::typical(candidates, parameters.typical_p);
        let may_exclude = parameters.xtc_probability > 0.0 && parameters.xtc_threshold <= 0.5;
        if parameters.top_p < 1.0 || parameters.min_p > 0.0 || may_exclude {
            filters::top_p_and_min_p(candidates, parameters.top_p, parameters.min_p);
        }
        if may_exclude && self.random.fraction() < f64::from(parameters.xtc_probability) {
            filters::exclude_top_choices(candidates, parameters.xtc_threshold);
        }
        draw(candidates, parameters.temperature, self.random.fraction())
            .ok_or(SamplerError::AllForbidden)
    }
}

/// Takes all chance from the tokens whose bit is not set.
fn forbid_others(logits: &mut [f32], allowed: &[u32]) {
    let words = allowed.iter().copied().chain(std::iter::repeat(0));
    for (logits, word) in logits.chunks_mut(32).zip(words) {
        for (bit, logit) in logits.iter_mut().enumerate() {
            if word >> bit & 1 == 0 {
                *logit = f32::NEG_INFINITY;
            }
        }
    }
}

/// The candidate on which `fraction` of all probability, at `temperature`, falls.
fn draw(candidates: &[Candidate], temperature: f32, fraction: f64) -> Option<u32> {
    let peak = filters::peak(candidates);
    let weight = |candidate: &Candidate| f64::from((candidate.logit - peak) / temperature).exp();
    let total: f64 = candidates.iter().map(weight).sum();
    let mut left = fraction * total;
    for candidate in candidates {
        left -= weight(candidate);
        if left < 0.0 {
            return Some(candidate.id);
        }
    }
    // Rounding may leave a crumb; the likeliest token is then as good as any.
    candidates.first().map(|candidate| candidate.id)
}

#[cfg(test)]
mod tests;
