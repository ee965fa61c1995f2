//! Texts turned into vectors.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What texts became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Embeddings {
    /// One for each text, in their order; each has length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens that were read.
    pub tokens: u32,
}
