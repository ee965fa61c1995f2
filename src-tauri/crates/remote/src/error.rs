//! What can go wrong with an engine on another machine, in sentences that name it.

use std::error::Error;

use sirocco_engine_wire::{WorkerError, WorkerErrorKind};
use sirocco_hub::HubError;

/// An error of this crate. `engine` is what the person calls it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// Not the address of an engine.
    #[error("`{address}` is not the address of an engine")]
    Address {
        /// As given.
        address: String,
    },
    /// The person wants no connection.
    #[error("the network is switched off in the settings, so `{engine}` is not asked")]
    Offline {
        /// Who.
        engine: String,
    },
    /// No connection, or one that broke.
    #[error("`{engine}` does not answer")]
    Unreachable {
        /// Who.
        engine: String,
        /// Why.
        source: HubError,
    },
    /// 401 or 403.
    #[error("`{engine}` {}", if *had_token { "does not accept its token" } else { "wants a token" })]
    Token {
        /// Who.
        engine: String,
        /// One was shown.
        had_token: bool,
    },
    /// It does not know the model.
    #[error("`{engine}` has no model `{model}` any more")]
    ModelGone {
        /// Who.
        engine: String,
        /// Its name there.
        model: String,
    },
    /// It refused for a reason of its own.
    #[error("`{engine}` refused (status {status}): {message}")]
    Refused {
        /// Who.
        engine: String,
        /// Of the answer.
        status: u16,
        /// In its own words.
        message: String,
        /// The prompt is longer than its context.
        too_long: bool,
    },
    /// The answer ended in the middle.
    #[error("`{engine}` cut its answer off")]
    Cut {
        /// Who.
        engine: String,
    },
    /// Nothing came for long.
    #[error("`{engine}` has said nothing for {seconds} s")]
    Silent {
        /// Who.
        engine: String,
        /// How long.
        seconds: u64,
    },
    /// Not OpenAI's API.
    #[error("`{engine}` does not speak OpenAI's API: {problem}")]
    Nonsense {
        /// Who.
        engine: String,
        /// What is wrong.
        problem: String,
    },
    /// The form of the answer is a grammar, which that API has no words for.
    #[error("answers of `{engine}` can be held to JSON, not to a grammar")]
    Grammar {
        /// Who.
        engine: String,
    },
    /// Only answers are asked of it.
    #[error("texts are not turned into vectors by `{engine}`, only by models of this machine")]
    NoVectors {
        /// Who.
        engine: String,
    },
    /// Images are for models of this machine.
    #[error("images are not sent to `{engine}`, only to models of this machine")]
    NoImages {
        /// Who.
        engine: String,
    },
    /// Prompts are put together there.
    #[error("`{engine}` puts its prompts together itself and does not show them")]
    NoPrompt {
        /// Who.
        engine: String,
    },
}

impl RemoteError {
    fn kind(&self) -> WorkerErrorKind {
        match self {
            Self::Offline { .. } => WorkerErrorKind::Offline,
            Self::ModelGone { .. } => WorkerErrorKind::Load,
            Self::Refused { too_long: true, .. } => WorkerErrorKind::ContextFull,
            Self::Refused {
                status: 400 | 404 | 405 | 413 | 422,
                ..
            }
            | Self::Address { .. }
            | Self::Grammar { .. }
            | Self::NoImages { .. }
            | Self::NoPrompt { .. }
            | Self::NoVectors { .. } => WorkerErrorKind::InvalidRequest,
            Self::Unreachable { .. }
            | Self::Token { .. }
            | Self::Refused { .. }
            | Self::Cut { .. }
            | Self::Silent { .. }
            | Self::Nonsense { .. } => WorkerErrorKind::Network,
        }
    }
}

/// As a worker would say it, with all causes.
impl From<RemoteError> for WorkerError {
    fn from(error: RemoteError) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message.push_str(": ");
            message.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self {
            kind: error.kind(),
            message,
        }
    }
}
