//! How many tokens an answer took.

use serde::Serialize;
use sirocco_core::completions::Finish;

/// Of all answers to one request together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    pub total_tokens: u32,
    pub prompt_tokens_details: PromptDetails,
    pub completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PromptDetails {
    /// Taken from the cache.
    pub cached_tokens: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompletionDetails {
    pub reasoning_tokens: u32,
}

impl Usage {
    /// Adds an answer; a further one to the same prompt does not count the prompt again.
    pub fn add(&mut self, finish: &Finish, is_new_prompt: bool) {
        if is_new_prompt {
            self.prompt_tokens += finish.usage.prompt_tokens;
            self.prompt_tokens_details.cached_tokens += finish.usage.cached_tokens;
        }
        self.completion_tokens += finish.usage.completion_tokens;
        self.completion_tokens_details.reasoning_tokens += finish.reasoning_tokens;
        self.total_tokens = self.prompt_tokens + self.completion_tokens;
    }
}
