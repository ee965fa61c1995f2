//! Copies of the database, which a person can go back to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why there is a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseCopyReason {
    /// A newer version of the app changed the database.
    Upgrade,
    /// The person wanted one.
    Asked,
    /// The person went back to another copy; this is what there was then.
    WentBack,
}

/// What can be done with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseCopyUse {
    /// This version can go on from it.
    Usable,
    /// Only a newer version can.
    Newer,
    /// It cannot be read.
    Unreadable,
}

/// A copy of the whole database: conversations, settings, the library's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DatabaseCopy {
    /// Names it.
    pub id: String,
    /// When it was made (Unix milliseconds).
    pub at_ms: i64,
    /// Its size.
    pub size_bytes: u64,
    /// Why it was made.
    pub reason: DatabaseCopyReason,
    /// The version of the app that had written it; none if that was not kept yet.
    pub version: Option<String>,
    /// What can be done with it.
    pub usable: DatabaseCopyUse,
}

/// The copies there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DatabaseCopies {
    /// Newest first.
    pub copies: Vec<DatabaseCopy>,
    /// The one that takes the place of the database when the app starts next.
    pub planned: Option<String>,
    /// Why the last start did not go back to the copy that was chosen.
    pub problem: Option<String>,
    /// Whether `app_restart` can start the app again.
    pub can_restart: bool,
}
