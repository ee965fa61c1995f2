//! What an inference runtime must offer to become a worker.
//!
//! Deliberately small: token ids in, logits out, and a cache that can be cut back. Everything people
//! notice (tokens, templates, sampling, stop strings, statistics) is done by this crate, the same
//! way for every runtime.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sirocco_engine_wire::{Device, LoadRequest};

use crate::images::Sight;

/// An engine failed in a way that leaves the model unusable; the worker reports it and ends.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(
    /// In the engine's own words.
    pub String,
);

/// In what pieces a prompt is read.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    /// The fewest tokens, however long they take: fewer cost as much where weights are unpacked for each piece.
    pub shortest: usize,
    /// The most tokens that are worth computing at once. On a CPU longer pieces only make the attention mask larger,
    /// which the engine may materialise.
    pub longest: usize,
    /// What a piece aims at in between: an engine that cannot stop in the middle is stopped in time.
    pub time: Duration,
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            shortest: 2,
            longest: 256,
            time: Duration::from_millis(750),
        }
    }
}

/// What a pass over many tokens asks and tells while it runs.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Set once nobody wants the result.
    pub stop: &'a AtomicBool,
    /// Told what share of the pass is done, as often as the engine likes.
    pub progress: &'a dyn Fn(f32),
}

/// A model in memory with one key-value cache.
pub trait Engine: Send {
    /// Appends `tokens` to the cache and returns the logits after the last of them, one per entry of
    /// the vocabulary.
    ///
    /// # Errors
    /// When the forward pass fails; the engine is not used again.
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError>;

    /// Like [`forward`](Self::forward), but says how far it is, and comes to an end soon after it is stopped: with
    /// `None`, and the cache as it was. An engine that cannot do that goes through with it.
    ///
    /// # Errors
    /// Those of `forward`.
    fn forward_watched(
        &mut self,
        tokens: &[u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        let _ = watch;
        self.forward(tokens).map(Some)
    }

    /// Like [`forward`](Self::forward), and returns the logits after each of the tokens.
    ///
    /// # Errors
    /// Those of `forward`.
    fn forward_each(&mut self, tokens: &[u32]) -> Result<Vec<Vec<f32>>, EngineError> {
        tokens.iter().map(|token| self.forward(&[*token])).collect()
    }

    /// What a draft model, if there is one, expects behind these tokens, which are all there are: at most as many as
    /// `most`, and none where it is not sure or `stop` is set. Not asked for behind images.
    ///
    /// # Errors
    /// Those of `forward`.
    fn guess(
        &mut self,
        tokens: &[u32],
        most: usize,
        stop: &AtomicBool,
    ) -> Result<Vec<u32>, EngineError> {
        let _ = (tokens, most, stop);
        Ok(Vec::new())
    }

    /// Cuts the cache back to its first `length` positions.
    ///
    /// # Errors
    /// When the engine cannot; it is not used again.
    fn truncate(&mut self, length: usize) -> Result<(), EngineError>;

    /// Cuts the cache back to its first `length` positions or, where a model can only forget everything, to none,
    /// and returns how many are left.
    ///
    /// # Errors
    /// When the engine cannot; it is not used again.
    fn cut_back(&mut self, length: usize) -> Result<usize, EngineError> {
        self.truncate(length)?;
        Ok(length)
    }

    /// It was loaded to go on where its context is full, by [`shift`](Self::shift).
    fn shifts(&self) -> bool {
        false
    }

    /// Drops `count` positions of the cache behind the first `keep` and moves up what is behind them. Asked only of an
    /// engine that [`shifts`](Self::shifts), and never while an image is in the cache.
    ///
    /// # Errors
    /// When the engine cannot; it is not used again.
    fn shift(&mut self, keep: usize, count: usize) -> Result<(), EngineError> {
        let _ = (keep, count);
        Err(EngineError("its cache cannot be shifted".into()))
    }

    /// Prompts are cut at multiples of this, so that the same prompt gives the same logits; 1 where it does not matter
    /// how they are cut.
    fn step(&self) -> usize {
        1
    }

    /// How prompts are cut where [`step`](Self::step) leaves it open.
    fn pieces(&self) -> Pieces {
        Pieces::default()
    }

    /// Positions the cache can hold.
    fn context_length(&self) -> usize;

    /// How it sees images, if it does.
    fn sight(&self) -> Option<Arc<dyn Sight>> {
        None
    }

    /// Appends an image (a PNG or JPEG file, base64) to the cache: as many positions as [`Sight::tokens`] says. Asked
    /// only of an engine with a sight, for an image that was measured. The cache is never cut inside of one.
    ///
    /// # Errors
    /// When the forward pass fails; the engine is not used again.
    fn look(&mut self, image: &str) -> Result<(), EngineError> {
        let _ = image;
        Err(EngineError("it sees no images".into()))
    }
}

/// A model in memory that turns texts into vectors.
pub trait Embedder: Send {
    /// The tokens of a text, with those that begin and end one.
    fn tokenize(&self, text: &str) -> Vec<u32>;

    /// The last token of a text is one that ends texts, and stays when a text is cut.
    fn has_end(&self) -> bool;

    /// Tokens there are: ids lie below this.
    fn vocabulary_size(&self) -> usize;

    /// Tokens of the longest text.
    fn context_length(&self) -> usize;

    /// Numbers of a vector.
    fn dimensions(&self) -> usize;

    /// The vectors of these texts, none of which is empty, of any length. Together they have at most as many tokens as
    /// `context_length` says.
    ///
    /// # Errors
    /// When the forward pass fails; the engine is not used again.
    fn embed(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EngineError>;
}

/// How a worker executable names itself and loads a model.
pub trait Runtime: Send + 'static {
    /// What it makes.
    type Engine: Engine;

    /// Such as `mistral.rs`.
    fn name(&self) -> &'static str;
    /// Of the engine.
    fn version(&self) -> &'static str;
    /// `cpu`, `cuda`, `metal` or `vulkan`.
    fn backend(&self) -> &'static str;
    /// What it was compiled for, such as `x86-64-v3` or `native`.
    fn target(&self) -> &'static str;

    /// What it computes on besides the CPU, once that was seen to work. Asked once, before anything is loaded.
    ///
    /// # Errors
    /// In words for a person, where a backend finds no device that it can use; the worker ends.
    fn devices(&self) -> Result<Vec<Device>, EngineError> {
        Ok(Vec::new())
    }

    /// Loads the model, reporting progress from 0 to 1.
    ///
    /// # Errors
    /// In words for a person; the worker ends.
    fn load(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Self::Engine, EngineError>;

    /// Loads a model that embeds. Not every runtime has such models.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_embedder(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Box<dyn Embedder>, EngineError> {
        let _ = (request, progress);
        Err(EngineError(format!(
            "{} writes text and cannot embed",
            self.name()
        )))
    }
}
