//! What a model says aside: asked for as the next thing the person says, and no part of the conversation.
//!
//! The worker has read what was said before already, and what it keeps of that is good for the next message too.

use sirocco_chat::{ReasoningSplitter, Start, start_of, thinking_variables};
use sirocco_engine::Turn;
use sirocco_engine_wire::{FinishReason, FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_protocol::{ErrorReport, Reasoning};

use crate::error::Report;

/// What it said.
pub(super) struct Aside {
    /// Without its thoughts.
    pub words: String,
    /// It would have said more.
    pub is_cut: bool,
}

/// Has the model answer a prompt with its likeliest words, at most so many tokens. Dropped, it ends at once.
pub(super) async fn ask_aside(
    turn: &Turn,
    mut prompt: Prompt,
    most_tokens: u32,
) -> Result<Aside, ErrorReport> {
    if let Prompt::Chat { variables, .. } = &mut prompt {
        // Models that can do without thinking would have no words left for the answer.
        *variables = thinking_variables(Reasoning::Off);
    }
    let request = GenerateRequest {
        id: 0,
        prompt,
        sampling: SamplingParameters {
            temperature: 0.0,
            ..SamplingParameters::default()
        },
        max_tokens: Some(most_tokens),
        stop: Vec::new(),
        constraint: None,
    };
    let mut generation = turn.loaded.worker.generate(request).await.report()?;
    let mut splitter = ReasoningSplitter::new(Start::default());
    let mut aside = Aside {
        words: String::new(),
        is_cut: true,
    };
    while let Some(frame) = generation.next().await {
        match frame.report()? {
            FromWorker::Started { prompt_end, .. } => {
                splitter = ReasoningSplitter::new(start_of(&prompt_end));
            }
            FromWorker::Tokens(chunk) => {
                aside.words.push_str(&splitter.push(&chunk.text).content);
            }
            FromWorker::Finished { reason, .. } => {
                aside.is_cut = reason == FinishReason::MaxTokens;
                break;
            }
            _ => {}
        }
    }
    aside.words.push_str(&splitter.finish().content);
    Ok(aside)
}
