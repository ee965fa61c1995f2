//! Copies of the database: kept, made, and gone back to at the next start.

use std::sync::Arc;

use sirocco_protocol::{
    DatabaseCopies as Listed, DatabaseCopyUse, ErrorCode, ErrorReport, HostKind,
};
use sirocco_store::{DatabaseCopies, Store, StoreError};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse, with_causes};
use crate::home::Home;
use crate::library::blocking;

/// The copies beside the database of this App.
#[derive(Debug)]
pub(crate) struct OpenedCopies {
    files: DatabaseCopies,
    /// Why what was planned was not done when the App was opened.
    problem: Option<String>,
    /// Held while one is made: two at once would only take longer.
    making: tokio::sync::Mutex<()>,
}

impl OpenedCopies {
    /// Goes back to the copy that was chosen, if one was. Call it before the database is opened.
    pub async fn open(home: &Home) -> Result<Self, StoreError> {
        let files = DatabaseCopies::beside(home.database());
        let problem = files.go_back().await?;
        if let Some(problem) = &problem {
            tracing::warn!(error = with_causes(problem), "did not go back to a copy");
        }
        Ok(Self {
            files,
            problem: problem.as_ref().map(|problem| with_causes(problem)),
            making: tokio::sync::Mutex::default(),
        })
    }

    /// Lets old copies go, and has those to come say which version they are of.
    pub async fn prune(&self, store: &Store) {
        if let Err(error) = self.files.prune(now_ms()) {
            tracing::warn!(%error, "old copies of the database were not looked for");
        }
        if let Err(error) = store.note_version(env!("CARGO_PKG_VERSION")).await {
            tracing::warn!(%error, "the database does not say which version it is of");
        }
    }
}

impl App {
    pub(crate) async fn list_database_copies(&self) -> Result<Listed, ErrorReport> {
        let copies = &self.inner.copies;
        Ok(Listed {
            copies: copies.files.list().await.report()?,
            planned: copies.files.planned(),
            problem: copies.problem.clone(),
            can_restart: self.inner.host.kind() == HostKind::Window,
        })
    }

    pub(crate) async fn make_database_copy(&self) -> Result<Listed, ErrorReport> {
        let copies = &self.inner.copies;
        let making = copies.making.lock().await;
        copies
            .files
            .make(&self.inner.store, now_ms())
            .await
            .report()?;
        drop(making);
        self.list_database_copies().await
    }

    pub(crate) async fn plan_database_copy(
        &self,
        id: Option<String>,
    ) -> Result<Listed, ErrorReport> {
        let files = &self.inner.copies.files;
        let Some(id) = id else {
            files.forget_plan().report()?;
            return self.list_database_copies().await;
        };
        let copies = files.list().await.report()?;
        let problem = match copies.iter().find(|copy| copy.id == id) {
            Some(copy) if copy.usable == DatabaseCopyUse::Newer => {
                Some("this copy is of a newer version of Sirocco")
            }
            Some(copy) if copy.usable == DatabaseCopyUse::Unreadable => {
                Some("this copy cannot be read")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(refuse(ErrorCode::Conflict, problem));
        }
        files.plan_to_go_back(&id, now_ms()).report()?;
        self.list_database_copies().await
    }

    pub(crate) async fn delete_database_copy(&self, id: &str) -> Result<Listed, ErrorReport> {
        self.inner.copies.files.delete(id).report()?;
        self.list_database_copies().await
    }

    pub(crate) async fn restart(&self) -> Result<(), ErrorReport> {
        let host = Arc::clone(&self.inner.host);
        blocking(move || host.restart()).await?
    }
}
