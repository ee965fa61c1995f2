//! What every worker executable shares: tokenizer, chat template, sampler, the forms answers are held to, frame loop.
//!
//! An inference runtime implements [`engine::Runtime`] and [`engine::Engine`] (token ids in, logits
//! out) and calls [`process::run`]; the rest is the same for all of them. One that also turns texts into vectors
//! makes an [`engine::Embedder`].

pub mod constraint;
pub mod embedding;
pub mod engine;
mod heap;
pub mod images;
mod language;
pub mod process;
pub mod sampler;
mod session;
pub mod stop;
pub mod template;
pub mod tokenizer;

pub use language::{Encoded, Language};
pub use session::{GenerateError, Session};
