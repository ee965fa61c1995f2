//! What the system asks the app to open: files that belong to it, links that start with `sirocco://`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationId, PickedPath};

/// Something to open. It only names what is wanted: the person is asked before anything of it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Opening {
    /// Files and folders, as if they were dropped onto the window.
    Paths {
        /// With handles to give back.
        paths: Vec<PickedPath>,
    },
    /// The page of a model of the Hub.
    Model {
        /// `owner/name`.
        repository: String,
    },
    /// A download from the Hub.
    Download {
        /// `owner/name`.
        repository: String,
        /// The commit; none is the newest.
        commit: Option<String>,
        /// Path of the file.
        path: String,
    },
    /// A conversation of ours, which the main window is to show.
    Conversation {
        /// Which.
        conversation_id: ConversationId,
    },
    /// It cannot be opened.
    Refused {
        /// Why.
        message: String,
    },
}

/// Whether the app starts when the person logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoginStart {
    /// It can be chosen: only the window can.
    pub is_possible: bool,
    /// It does.
    pub is_on: bool,
}
