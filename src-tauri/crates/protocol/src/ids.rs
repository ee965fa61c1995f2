//! Newtype ids. All are UUID version 7 (they sort by creation time) written as text.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl $name {
            /// A fresh id: 48 bits of the current time in milliseconds, the rest random.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }
    )+};
}

ids! {
    /// A conversation.
    ConversationId,
    /// A folder of conversations.
    FolderId,
    /// One message of a conversation's tree.
    MessageId,
    /// One generation.
    RunId,
    /// A summary of the beginning of a branch.
    SummaryId,
    /// A comparison of answers.
    ComparisonId,
    /// A model of the library (one file, or all shards of one).
    ModelId,
    /// An engine on another machine.
    EngineId,
    /// A folder the library watches.
    RootId,
    /// One download.
    DownloadId,
    /// A file that was attached to a message, or is going to be.
    AttachmentId,
    /// A message that waits for the end of an answer.
    QueuedMessageId,
    /// A preset.
    PresetId,
    /// A prompt of the prompt library.
    PromptId,
    /// The report of a crash.
    CrashId,
    /// A path the backend minted a handle for; paths themselves never come from the page.
    PathHandle,
}
