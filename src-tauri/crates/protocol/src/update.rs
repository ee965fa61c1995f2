//! Newer versions of the app itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ErrorReport;

/// A newer version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Release {
    /// Such as `0.2.0`.
    pub version: String,
    /// What its authors say about it; plain text, maybe none.
    pub notes: String,
    /// Where its package for this system lies, if there is one.
    pub package: Option<String>,
    /// The app can download it and put it in its own place. If not, it came in a package of the system or in a folder,
    /// and the person replaces that.
    pub installs_itself: bool,
}

/// What is known of newer versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UpdateState {
    /// Nobody asked since the start.
    #[default]
    Unknown,
    /// It is being asked for.
    Checking,
    /// This is the newest version.
    Newest {
        /// When that was known (Unix milliseconds).
        checked_at_ms: i64,
    },
    /// There is a newer one.
    Found {
        /// Which.
        release: Release,
    },
    /// It is on its way here.
    Downloading {
        /// Which.
        release: Release,
        /// Bytes that are here.
        done_bytes: u64,
        /// Bytes in all, if that is known.
        total_bytes: Option<u64>,
    },
    /// It is here, and signed by its authors: it can take the place of this one.
    Downloaded {
        /// Which.
        release: Release,
    },
    /// Something of this failed.
    Failed {
        /// Why.
        error: ErrorReport,
        /// The version that was found before.
        release: Option<Release>,
    },
}

/// Whether newer versions can be looked for, and what is known of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct UpdateStatus {
    /// This program was built with an address of releases and the key they are signed with, and its window runs.
    pub is_possible: bool,
    /// What is known.
    pub state: UpdateState,
}
