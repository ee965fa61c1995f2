//! The database: every SQL statement of the app, one file per table.
//!
//! A [`Store`] is a handle that is cheap to clone. It writes over one connection and reads over a
//! few others, so writers queue instead of colliding and a reader never waits for a writer. Each
//! method is one transaction: what it returns `Ok` for is on the disk, what it fails in did not
//! happen. Times and ids come from the caller, but for the ids of messages that are copied.
//!
//! It is not the place for rules: what a title is made of, when a run may start or what belongs in
//! a prompt is decided by others. It keeps only what must hold of the rows themselves: the head of
//! a conversation is a visible leaf, a run that ended stays ended, a conversation has at most one
//! run that has not, or one for each answer of a comparison.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), sirocco_store::StoreError> {
//! use sirocco_protocol::{ConversationId, ConversationSettings};
//! use sirocco_store::{NewConversation, Store};
//!
//! let store = Store::open_in_memory().await?;
//! let created = store
//!     .create_conversation(
//!         NewConversation {
//!             id: ConversationId::fresh(),
//!             title: "New conversation".into(),
//!             model_id: None,
//!             settings: ConversationSettings::default(),
//!         },
//!         1_700_000_000_000,
//!     )
//!     .await?;
//! assert_eq!(store.conversation(created.summary.id).await?, created);
//! # Ok(())
//! # }
//! ```

mod attachments;
mod comparisons;
mod connections;
mod conversations;
mod copies;
mod database_copies;
mod downloads;
mod engines;
mod error;
mod exchange;
mod folders;
mod messages;
mod models;
mod names;
mod newer;
mod open;
mod organise;
mod outline;
mod presets;
mod prompts;
mod queue;
mod roots;
mod runs;
mod search;
mod settings;
mod speeds;
mod summaries;
mod temporary;
mod titles;
mod trash;
mod tree;
mod turns;
mod value;

use std::sync::{Arc, PoisonError, RwLock};

use sirocco_protocol::RuntimeName;
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

pub use attachments::{AttachedText, KeptContent, NewAttachment, NewImage};
pub use comparisons::{NewComparedAnswer, NewComparison, StoredComparedAnswer, StoredComparison};
pub use connections::ConnectionChange;
pub use conversations::NewConversation;
pub use copies::ConversationCopy;
pub use database_copies::{DatabaseCopies, GoingBack};
pub use downloads::{StoredDownload, StoredDownloadFile};
pub use engines::{NewEngine, NewRemoteModel};
pub use error::{CopyAsideError, StoreError};
pub use exchange::{
    Import, ImportedConversation, ImportedMessage, ImportedPreset, ImportedRun, KnownConversation,
    Origin,
};
pub use messages::BranchMessage;
pub use models::{Absence, LibraryChanges, NewModel, StoredModel, StoredTrash, library_order};
pub use names::NamedModel;
pub use queue::NewQueuedMessage;
pub use roots::{RootContent, StoredRoot};
pub use runs::{NewRun, RunEnd};
pub use search::{FoundConversation, FoundText, TextQuery};
pub use summaries::NewSummary;
pub use turns::{NewMessage, Turn};

use error::Attempt;

/// The open database.
#[derive(Clone, Debug)]
pub struct Store {
    reader: SqlitePool,
    writer: SqlitePool,
    /// The runtimes there are, for the verdict on models.
    runtimes: Arc<RwLock<Arc<[RuntimeName]>>>,
}

impl Store {
    /// From now on models are judged for these runtimes, through all copies of this store; until then as if there were
    /// all.
    pub fn judge_for(&self, runtimes: &[RuntimeName]) {
        let mut judged = self
            .runtimes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *judged = runtimes.into();
    }

    /// The runtimes that models are judged for.
    fn runtimes(&self) -> Arc<[RuntimeName]> {
        let judged = self.runtimes.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&judged)
    }

    /// A transaction that sees one state of the database throughout.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.reader.begin().await.attempt("begin to read")
    }

    /// A transaction that writes. It takes the write lock at once: one that first reads and then
    /// writes could fail with `SQLITE_BUSY` in the middle.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer
            .begin_with("begin immediate")
            .await
            .attempt("begin to write")
    }
}

#[cfg(test)]
mod fixture;
