//! Holds an answer to a form: says before each token which ones keep to it.
//!
//! The forms are those of [`Constraint`]; llguidance parses them and walks the vocabulary. A form that cannot be held
//! to is refused before anything is generated. What the form leaves no choice about is not sampled but written, in the
//! tokens that the tokenizer would have chosen, and computed in one pass.
//!
//! Thoughts in front of an answer are free. A form begins behind them, and a model may open them as long as its prompt
//! has not closed them already.

mod grammar;
mod numbers;
mod thoughts;
mod times;
mod vocabulary;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use llguidance::{Matcher, ParserFactory};
use sirocco_engine_wire::{Constraint, GenerateRequest};
use toktrie::{InferenceCapabilities, SimpleVob, TokEnv, TokTrie};

use crate::language::Language;
use numbers::Numbers;
use thoughts::{CLOSE, Start, start_of, words_of};
use vocabulary::Vocabulary;

/// Why an answer cannot be held to a form, in words for who asked for it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be held to this form: {0}")]
pub struct ConstraintError(String);

impl ConstraintError {
    fn new(error: impl std::fmt::Display) -> Self {
        let text = format!("{error:#}");
        Self(text.lines().next().unwrap_or_default().trim().to_owned())
    }
}

/// What is needed for every form over one vocabulary; making it takes a moment.
pub struct Forms {
    factory: ParserFactory,
    language: Arc<Language>,
    /// The token that opens thoughts, in vocabularies that have one.
    opening: Option<u32>,
    beginning_with_digits: Arc<SimpleVob>,
}

impl Forms {
    /// Builds the tables.
    ///
    /// # Errors
    /// If llguidance cannot use the vocabulary.
    pub fn new(language: &Arc<Language>) -> Result<Self, ConstraintError> {
        let tokenizer = &language.tokenizer;
        let opening = (0..)
            .take(tokenizer.vocabulary_size())
            .find(|id| tokenizer.token_bytes(*id) == thoughts::OPEN.as_bytes());
        let vocabulary: TokEnv = Arc::new(Vocabulary::new(Arc::clone(language)));
        let capabilities = InferenceCapabilities {
            ff_tokens: true,
            ..InferenceCapabilities::default()
        };
        let slices = llguidance::earley::SlicedBiasComputer::general_slices();
        let mut factory =
            ParserFactory::new(&vocabulary, capabilities, &slices).map_err(ConstraintError::new)?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        let beginning_with_digits = numbers::beginning_with_digits(vocabulary.tok_trie());
        Ok(Self {
            factory,
            language: Arc::clone(language),
            opening,
            beginning_with_digits: Arc::new(beginning_with_digits),
        })
    }

    /// A guide for the answer to this request, whose prompt ends so.
    ///
    /// # Errors
    /// If its form makes no sense, or is too large.
    pub fn guide(
        &self,
        constraint: &Constraint,
        request: &GenerateRequest,
        prompt: &str,
    ) -> Result<Guide, ConstraintError> {
        let grammar = grammar::of(constraint)?;
        // It reads what strangers wrote, and a panic here would be taken for one of the engine.
        let parser = catch_unwind(AssertUnwindSafe(|| self.factory.create_parser(grammar)))
            .map_err(|_| ConstraintError::new("it is not understood"))?
            .map_err(ConstraintError::new)?;
        let mut matcher = Matcher::new(Ok(parser));
        let mut numbers = match constraint {
            Constraint::Json { .. } | Constraint::Rows { .. } => {
                Some(Numbers::new(&self.beginning_with_digits))
            }
            // What these ask for is what they get.
            Constraint::Lark { .. } | Constraint::Regex { .. } => None,
        };
        if !matches!(constraint, Constraint::Rows { .. }) {
            let words = words_of(request);
            if let Some(numbers) = &mut numbers {
                numbers.take(words.as_bytes());
            }
            let begun = self.factory.tok_env().tokenize_bytes(words.as_bytes());
            let taken = matcher
                .try_consume_tokens(&begun)
                .map_err(ConstraintError::new)?;
            if taken < begun.len() {
                return Err(ConstraintError::new("what it begins with has another one"));
            }
        }
        let place = match start_of(request, prompt) {
            Start::Answer => Place::Form,
            Start::Thoughts => Place::Thoughts(Vec::new()),
            Start::Either => self.opening.map_or(Place::Form, Place::Before),
        };
        Ok(Guide {
            matcher,
            vocabulary: self.factory.tok_env().clone(),
            language: Arc::clone(&self.language),
            place,
            numbers,
            forced: VecDeque::new(),
        })
    }
}

/// Where an answer is.
enum Place {
    /// It has not begun; this token would open thoughts.
    Before(u32),
    /// In the thoughts, with their last bytes.
    Thoughts(Vec<u8>),
    /// In its form.
    Form,
}

/// Follows one answer.
pub struct Guide {
    matcher: Matcher,
    vocabulary: TokEnv,
    language: Arc<Language>,
    place: Place,
    /// Of an answer in JSON.
    numbers: Option<Numbers>,
    /// Tokens that follow without a choice.
    forced: VecDeque<u32>,
}

impl Guide {
    /// The next token, if the form leaves no choice; [`take`](Self::take) it like any other.
    pub fn forced(&mut self) -> Option<u32> {
        if !matches!(self.place, Place::Form) {
            return None;
        }
        if self.forced.is_empty() {
            self.forced = self.matcher.compute_ff_tokens().into();
        }
        self.forced.pop_front()
    }

    /// The tokens that may come next; of token n, bit n % 32 of word n / 32.
    ///
    /// # Errors
    /// If the form turns out to be too complex, or leaves nothing.
    pub fn allowed(&mut self) -> Result<SimpleVob, ConstraintError> {
        let tokens = self.vocabulary.tok_trie();
        let mut allowed = match &self.place {
            Place::Thoughts(_) => {
                let mut all = tokens.alloc_token_set();
                all.set_all(true);
                all.sub(&ends(tokens));
                return Ok(all);
            }
            Place::Before(_) | Place::Form => {
                let mask = self.matcher.compute_mask_or_eos();
                mask.map_err(ConstraintError::new)?
            }
        };
        if let Some(numbers) = &self.numbers {
            numbers.limit(&mut allowed);
        }
        if let Place::Before(opening) = self.place {
            allowed.allow_token(opening);
        }
        Ok(allowed)
    }

    /// The answer goes on with this token.
    ///
    /// # Errors
    /// If the form turns out to be too complex.
    pub fn take(&mut self, id: u32) -> Result<(), ConstraintError> {
        match &mut self.place {
            Place::Before(opening) if *opening == id => self.place = Place::Thoughts(Vec::new()),
            Place::Thoughts(last) => {
                last.extend(self.language.tokenizer.token_bytes(id));
                if last
                    .windows(CLOSE.len())
                    .any(|part| part == CLOSE.as_bytes())
                {
                    self.place = Place::Form;
                } else {
                    last.drain(..last.len().saturating_sub(CLOSE.len()));
                }
            }
            Place::Before(_) | Place::Form => {
                self.place = Place::Form;
                if let Some(numbers) = &mut self.numbers {
                    numbers.take(self.language.tokenizer.token_bytes(id));
                }
                self.matcher
                    .consume_token(id)
                    .map_err(ConstraintError::new)?;
            }
        }
        Ok(())
    }

    /// The form is complete, and nothing can follow.
    pub fn is_over(&self) -> bool {
        self.forced.is_empty() && self.matcher.is_stopped()
    }
}

/// The tokens that end an answer.
fn ends(tokens: &TokTrie) -> SimpleVob {
    let mut ends = tokens.alloc_token_set();
    for id in tokens.eos_tokens() {
        if (*id as usize) < tokens.vocab_size() {
            ends.allow_token(*id);
        }
    }
    ends
}

#[cfg(test)]
mod tests;
