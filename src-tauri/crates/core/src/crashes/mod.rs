//! What broke: reports that lie in the data folder and are shown there. Nothing of them is ever sent.
//!
//! Three things make one: a panic in a program of ours ([`watch`]), the process of a model that ended by itself, and a
//! start that finds that the app was not closed before it. They hold no conversation, no token, and paths below the
//! person's own folder begin with `~`; [`redact`] says how.

mod panics;
mod redact;
mod report;
mod run;
mod shelf;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sirocco_engine::Breakdown;
use sirocco_protocol::{Crash, CrashId, CrashReports, ErrorCode, ErrorReport, Event, HostKind};

pub use self::panics::{expecting_panics, watch};
use self::report::Report;
use self::run::Run;
use self::shelf::Shelf;
use crate::App;
use crate::app::Inner;
use crate::error::refuse;
use crate::home::Home;
use crate::library::blocking;

/// The reports, and what nobody was told of yet.
#[derive(Debug)]
pub(crate) struct Crashes {
    shelf: Shelf,
    news: Mutex<Option<Crash>>,
}

impl Crashes {
    pub fn in_home(home: &Home) -> Self {
        Self {
            shelf: Shelf::in_home(home),
            news: Mutex::default(),
        }
    }

    /// How the run before this one ended, if it was not closed; nothing the second time.
    pub fn take_news(&self) -> Option<Crash> {
        self.news().take()
    }

    fn news(&self) -> MutexGuard<'_, Option<Crash>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Notes that the app runs, and how the run before ended. A command of the terminal is ended as people like:
    /// that says nothing.
    pub fn note_beginning(&self) {
        if self.host.kind() == HostKind::Terminal {
            return;
        }
        let before = Run::begin(&self.home).unwrap_or_else(|error| {
            tracing::warn!(%error, "it will not be known whether this run was closed");
            None
        });
        let news = before.and_then(|run| self.look_into(&run));
        *self.crashes.news() = news;
    }

    /// What is known of a run that was not closed: the panic that ended it, or nothing but that.
    fn look_into(&self, run: &Run) -> Option<Crash> {
        let shelf = &self.crashes.shelf;
        if let Some(panic) = shelf
            .list()
            .into_iter()
            .find(|crash| run.was_ended_by(crash))
        {
            return Some(panic);
        }
        let report = Report::unclosed(run);
        match shelf.put(&report) {
            Ok(()) => Some(report.crash),
            Err(error) => {
                tracing::warn!(%error, "no report tells that the app was not closed");
                None
            }
        }
    }

    /// Notes that the app was closed.
    pub fn note_end(&self) {
        if self.host.kind() != HostKind::Terminal
            && let Err(error) = Run::end(&self.home)
        {
            tracing::warn!(%error, "the next start will say that this run was not closed");
        }
    }

    /// Keeps a report of a worker that ended by itself.
    pub async fn report_breakdown(self: &Arc<Self>, breakdown: Breakdown) -> Event {
        let inner = Arc::clone(self);
        let kept = blocking(move || {
            let shelf = &inner.crashes.shelf;
            (shelf.put(&Report::of_worker(&breakdown)), shelf.list())
        });
        match kept.await {
            Ok((Ok(()), crashes)) => Event::CrashesChanged { crashes },
            Ok((Err(error), crashes)) => {
                tracing::warn!(%error, "no report tells that a worker ended by itself");
                Event::CrashesChanged { crashes }
            }
            Err(_) => Event::Lagged,
        }
    }
}

impl App {
    pub(crate) async fn crash_reports(&self) -> Result<CrashReports, ErrorReport> {
        let inner = Arc::clone(&self.inner);
        blocking(move || CrashReports {
            folder: inner.home.crashes().display().to_string(),
            crashes: inner.crashes.shelf.list(),
        })
        .await
    }

    pub(crate) async fn read_crash(&self, id: CrashId) -> Result<String, ErrorReport> {
        let inner = Arc::clone(&self.inner);
        let report = blocking(move || inner.crashes.shelf.read(id)).await?;
        report.map(|report| report.text()).ok_or_else(gone)
    }

    pub(crate) async fn reveal_crash(&self, id: CrashId) -> Result<(), ErrorReport> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let path = inner.crashes.shelf.path(id);
            if !path.exists() {
                return Err(gone());
            }
            inner.host.reveal(&path)
        })
        .await?
    }

    /// Deletes one report, or all. One that is gone already is what was wished for.
    pub(crate) async fn delete_crashes(&self, id: Option<CrashId>) -> Result<(), ErrorReport> {
        let inner = Arc::clone(&self.inner);
        let crashes = blocking(move || {
            let shelf = &inner.crashes.shelf;
            shelf.remove(id)?;
            Ok::<_, io::Error>(shelf.list())
        });
        let crashes = crashes.await?.map_err(|error| {
            let folder = self.inner.home.crashes();
            let message = format!("could not delete from `{}`: {error}", folder.display());
            refuse(ErrorCode::FileProblem, message)
        })?;
        self.emit(Event::CrashesChanged { crashes });
        Ok(())
    }
}

fn gone() -> ErrorReport {
    refuse(ErrorCode::NotFound, "this report is not there any more")
}
