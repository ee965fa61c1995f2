//! Texts to be turned into vectors, and the vectors.

use serde::{Deserialize, Serialize};

/// A text to embed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EmbedInput {
    /// Made tokens by the model's own vocabulary, with those that begin and end a text.
    Text {
        /// The text.
        text: String,
    },
    /// Tokens as they are: nothing is put before or behind them.
    Tokens {
        /// Their ids.
        tokens: Vec<u32>,
    },
}

/// Texts to embed. A worker answers one request at a time; the app queues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbedRequest {
    /// Chosen by the app, unique for the life of the worker.
    pub id: u64,
    /// The texts.
    pub inputs: Vec<EmbedInput>,
    /// Cut off what is longer than the model reads at once, instead of refusing the request.
    #[serde(default)]
    pub truncate: bool,
    /// So many numbers a vector, the first ones, scaled to length 1 again; none is all that the model gives.
    #[serde(default)]
    pub dimensions: Option<u32>,
}

/// What a text became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    /// Of the request.
    pub id: u64,
    /// Tokens that were read.
    pub tokens: u32,
    /// Of length 1.
    pub values: Vec<f32>,
}
