//! What can go wrong with the database.

use std::path::PathBuf;

/// A failure of the store, saying what was attempted.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer app wrote the file. It was not touched.
    #[error(
        "database `{path}` has schema {found}, and this version of the app knows only up to {known}"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest this app knows.
        known: i64,
    },
    /// The file is a database, but of something else. It was not touched.
    #[error("`{path}` is a database of another program")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or is no database.
    #[error("could not open database `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// There is no copy, so nothing was migrated or replaced.
    #[error("could not copy the database aside to `{path}`")]
    CopyAside {
        /// Of the copy.
        path: PathBuf,
        /// Why.
        source: CopyAsideError,
    },
    /// A file beside the database stands in the way.
    #[error("could not {attempt} `{path}`")]
    Copies {
        /// Such as `delete`.
        attempt: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A migration failed, or an applied one was changed.
    #[error("could not migrate database `{path}`")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// No such row, or it is deleted.
    #[error("no {what} has the id {id}")]
    NotFound {
        /// Such as `conversation`.
        what: &'static str,
        /// As text.
        id: String,
    },
    /// A second run in one conversation.
    #[error("conversation {conversation} has a run that has not ended")]
    RunInProgress {
        /// Which.
        conversation: sirocco_protocol::ConversationId,
    },
    /// A folder would lie in itself.
    #[error("folder {folder} cannot be moved into itself or a folder inside it")]
    FolderInItself {
        /// Which.
        folder: sirocco_protocol::FolderId,
    },
    /// A stored value cannot be read back.
    #[error("could not read the stored {what} `{value}`")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// Its text.
        value: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value is larger than SQLite's numbers.
    #[error("{what} {value} is too large to be stored")]
    TooLarge {
        /// Which value.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// A statement failed.
    #[error("could not {attempt}")]
    Query {
        /// Such as `list conversations`.
        attempt: &'static str,
        /// Why.
        source: sqlx::Error,
    },
}

/// Why a copy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyAsideError {
    /// SQLite says so.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file system says so.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl StoreError {
    /// Whether the disk has no room left, which a person can do something about.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let error = match self {
            Self::Query { source, .. } | Self::Open { source, .. } => source,
            Self::CopyAside { source, .. } => match source {
                CopyAsideError::Database(error) => error,
                CopyAsideError::File(error) => {
                    return error.kind() == std::io::ErrorKind::StorageFull;
                }
            },
            Self::Copies { source, .. } => {
                return source.kind() == std::io::ErrorKind::StorageFull;
            }
            Self::Migrate { source, .. } => match source.as_ref() {
                sqlx::migrate::MigrateError::Execute(error)
                | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => error,
                _ => return false,
            },
            _ => return false,
        };
        // SQLITE_FULL is 13; the low byte of an extended code is its primary code.
        code(error).is_some_and(|code| code & 0xff == 13)
    }

    pub(crate) fn not_found(what: &'static str, id: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }
}

/// SQLite's extended result code.
pub(crate) fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Names the attempt in a failed statement.
pub(crate) trait Attempt<T> {
    fn attempt(self, attempt: &'static str) -> Result<T, StoreError>;
}

impl<T> Attempt<T> for Result<T, sqlx::Error> {
    fn attempt(self, attempt: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Query { attempt, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::fixture::{conversation, message, say, shown};
    use sirocco_protocol::Role;

    #[tokio::test]
    async fn a_full_disk_is_told_apart_and_loses_nothing_saved() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        say(&store, id, &[message(None, Role::User, "kept")]).await;
        // As far as SQLite is concerned, a file that may not grow is a disk without room.
        let pages: i64 = sqlx::query_scalar("pragma page_count")
            .fetch_one(&store.writer)
            .await
            .unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "pragma max_page_count = {pages}"
        )))
        .execute(&store.writer)
        .await
        .unwrap();
        let long = crate::Turn {
            conversation_id: id,
            messages: vec![message(None, Role::User, &"long ".repeat(100_000))],
            run: None,
            automatic_title: None,
            clear_draft: false,
        };
        let error = store.add_turn(&long, 5).await.unwrap_err();
        assert!(error.is_disk_full(), "{error:?}");
        assert!(!StoreError::not_found("message", 1).is_disk_full());
        assert_eq!(shown(&store, id).await.len(), 1);
    }
}
