//! What will be imperfect about a model that runs.

use std::fmt;

use crate::display::Grouped;

/// Something to know before running a model. `Display` says it to the user.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Caution {
    /// The model stretches its positions for long contexts and the runtime does not.
    RopeScalingIgnored {
        /// The context it was stretched from, if the file says so.
        original_context_length: Option<u64>,
    },
    /// The model was trained to look at a window of tokens and the runtime lets it look at all.
    SlidingWindowIgnored {
        /// The window in tokens.
        window: u64,
    },
    /// A mixture of experts, which this runtime runs slowly and loads with much memory.
    SlowExperts {
        /// The number of experts.
        experts: u64,
    },
    /// The file does not say how to write a conversation.
    NoChatTemplate,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RopeScalingIgnored { original_context_length: Some(length) } => write!(
                f,
                "the mistral.rs runtime ignores this model's position scaling: expect weaker answers, \
                 above all in conversations longer than {} tokens",
                Grouped(*length)
            ),
            Self::RopeScalingIgnored { original_context_length: None } => f.write_str(
                "the mistral.rs runtime ignores this model's position scaling: expect weaker answers, \
                 above all in long conversations",
            ),
            Self::SlidingWindowIgnored { window } => write!(
                f,
                "this model was trained to look back {} tokens, which the mistral.rs runtime ignores: \
                 longer conversations take more memory and may read worse",
                Grouped(*window)
            ),
            Self::SlowExperts { experts } => write!(
                f,
                "this is a mixture of {experts} experts, which the mistral.rs runtime handles slowly; \
                 loading it takes much more memory for a while"
            ),
            Self::NoChatTemplate => f.write_str(
                "this file does not say how conversations are written: it may be a base model, \
                 which continues text rather than answers",
            ),
        }
    }
}
