//! Windows beside the main one, and what the desktop is told.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationId, ErrorReport};

/// Whether keys that are pressed anywhere open the small window for a quick question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuickAsk {
    /// They can be chosen: only the window host can take keys.
    pub is_possible: bool,
    /// Why the chosen keys do nothing.
    pub problem: Option<ErrorReport>,
}

/// A long answer that ended, for whoever is told who does not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Notice {
    /// Where it is.
    pub conversation_id: ConversationId,
    /// Title of the conversation.
    pub title: String,
    /// How the answer begins, or why there is none.
    pub text: String,
}
