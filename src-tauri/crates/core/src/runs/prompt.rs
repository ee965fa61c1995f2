//! From a branch of the store to the prompt of a worker.

use serde_json::Map;
use sirocco_chat::{PromptTurn, assemble};
use sirocco_engine_wire::{ChatMessage, Prompt, SamplingParameters};
use sirocco_protocol::{ErrorReport, MessageId, Parameters};

use crate::App;
use crate::clock::now_ms;
use crate::error::Report;

impl App {
    /// The prompt for the branch that ends with `leaf`; with `continue_last` the leaf is an answer to
    /// be written on. `draft` is a further message of the person's.
    pub(crate) async fn prompt(
        &self,
        system_prompt: &str,
        leaf: Option<MessageId>,
        draft: Option<&str>,
        continue_last: bool,
    ) -> Result<Prompt, ErrorReport> {
        let branch = match leaf {
            Some(leaf) => self.inner.store.branch(leaf).await.report()?,
            None => Vec::new(),
        };
        let turns = branch
            .iter()
            .map(|message| PromptTurn {
                role: message.role,
                content: &message.content,
                reasoning: message.reasoning.as_deref(),
                left_out: message.left_out,
            })
            .chain(draft.map(|content| PromptTurn {
                role: sirocco_protocol::Role::User,
                content,
                reasoning: None,
                left_out: false,
            }));
        let messages = assemble(system_prompt, turns, continue_last)
            .into_iter()
            .map(|message| ChatMessage {
                role: message.role.as_str().to_owned(),
                content: message.content,
                reasoning_content: message.reasoning,
                ..ChatMessage::default()
            })
            .collect();
        Ok(Prompt::Chat {
            messages,
            continue_last,
            variables: Map::new(),
            tools: Vec::new(),
            now_s: now_ms() / 1000,
        })
    }
}

/// What the worker is told about sampling. The engine's defaults are among the layers, so only what
/// has no default is missing here.
pub(super) fn sampling(parameters: &Parameters) -> SamplingParameters {
    let mut sampling = SamplingParameters::default();
    macro_rules! take {
        ($($field:ident),+) => {$(if let Some(value) = parameters.$field { sampling.$field = value; })+};
    }
    take!(
        temperature,
        top_k,
        top_p,
        min_p,
        typical_p,
        xtc_probability,
        xtc_threshold,
        dry_multiplier,
        dry_base,
        dry_allowed_length,
        repeat_penalty,
        presence_penalty,
        frequency_penalty
    );
    if let Some(last_n) = parameters.repeat_last_n {
        sampling.repeat_last_n = i32::try_from(last_n).unwrap_or(i32::MAX);
    }
    sampling.seed = parameters.seed;
    sampling
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::engine;

    #[test]
    fn the_lowest_layer_is_what_a_worker_does_by_itself() {
        let lowest = sampling(&engine().parameters);
        assert_eq!(lowest, SamplingParameters::default());
    }
}
