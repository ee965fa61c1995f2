//! What every worker executable shares: tokenizer, chat template, sampler, frame loop.

pub mod sampler;
pub mod template;
pub mod tokenizer;
