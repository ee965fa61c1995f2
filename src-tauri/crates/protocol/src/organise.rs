//! Where conversations are kept: folders, tags, the archive and the trash.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ConversationSummary, FolderId};

/// A folder of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Folder {
    /// Its id.
    pub id: FolderId,
    /// The folder it lies in; none at the top.
    pub parent_id: Option<FolderId>,
    /// Not blank, at most 200 characters.
    pub name: String,
}

/// A tag that conversations have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TagUse {
    /// The tag, as it was written first.
    pub tag: String,
    /// How many conversations that are not deleted have it.
    pub conversation_count: u32,
}

/// Which conversations a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Shelf {
    /// Those that are neither archived nor deleted.
    #[default]
    List,
    /// The archived ones.
    Archive,
}

/// What is done with several conversations at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Organising {
    /// Put them into a folder, or into none.
    Move {
        /// Which.
        folder_id: Option<FolderId>,
    },
    /// Give them a tag; those that have it keep it.
    Tag {
        /// Not blank, at most 50 characters. Case does not tell tags apart.
        tag: String,
    },
    /// Take a tag away from them.
    Untag {
        /// In any case.
        tag: String,
    },
    /// Take them off the list.
    Archive,
    /// Put archived ones back on the list.
    Unarchive,
    /// Put them into the trash; their runs are stopped.
    Delete,
    /// Take them out of the trash.
    Restore,
}

/// A conversation in the trash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TrashedConversation {
    /// Its row.
    pub conversation: ConversationSummary,
    /// Unix time in milliseconds.
    pub deleted_at_ms: i64,
    /// When it is removed for good, Unix time in milliseconds.
    pub removed_at_ms: i64,
}
