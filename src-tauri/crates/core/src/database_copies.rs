//! Copies of the database: kept, made, and gone back to at the next start.

use std::sync::Arc;

use sirocco_protocol::{
    DatabaseCopies as Listed, DatabaseCopyUse, ErrorCode, ErrorReport, HostKind,
};
use sirocco_store::{DatabaseCopies, GoingBack, Store, StoreError};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse, with_causes};
use crate::home::Home;
use crate::library::blocking;

/// The copies beside the database of this App.
#[derive(Debug)]
pub(crate) struct OpenedCopies {
    files: DatabaseCopies,
    /// What became of the plan when the App was opened.
    gone: GoingBack,
    /// Held while one is made: two at once would only take longer.
    making: tokio::sync::Mutex<()>,
}

impl OpenedCopies {
    /// Goes back to the copy that was chosen, if one was. Call it before the database is opened.
    pub async fn open(home: &Home) -> Result<Self, StoreError> {
        let files = DatabaseCopies::beside(home.database());
        let gone = files.go_back(now_ms()).await?;
        if let GoingBack::NotDone(problem) = &gone {
            tracing::warn!(error = with_causes(problem), "did not go back to a copy");
        }
        Ok(Self {
            files,
            gone,
            making: tokio::sync::Mutex::default(),
        })
    }

    /// Opens the database.
    pub async fn open_store(&self, home: &Home) -> Result<Store, StoreError> {
        match self.gone {
            GoingBack::Done => Store::open_gone_back(home.database()).await,
            GoingBack::NotPlanned | GoingBack::NotDone(_) => Store::open(home.database()).await,
        }
    }

    /// Why what was planned was not done when the App was opened.
    fn problem(&self) -> Option<String> {
        match &self.gone {
            GoingBack::NotDone(problem) => Some(with_causes(problem)),
            GoingBack::NotPlanned | GoingBack::Done => None,
        }
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
            problem: copies.problem(),
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
