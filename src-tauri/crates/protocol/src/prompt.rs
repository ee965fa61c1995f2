//! The prompt library.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PromptId;

/// A prompt that is used again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LibraryPrompt {
    /// Its id; none for one that comes with the app and cannot be changed.
    pub id: Option<PromptId>,
    /// Never blank.
    pub title: String,
    /// What is inserted; `{{name}}` stands for a value that is asked for first.
    pub text: String,
}
