//! Runtimes that a person adds to those that came with the program, and removes again.
//!
//! Their workers lie in a folder of the data folder. What is added is taken out of its archive into a scratch folder
//! first, and started there once: only workers that say hello on this machine go on into their place, where models are
//! loaded with them at once. A worker of the same name that came with the program is left out for as long.

mod error;
mod unpack;

use std::path::{Path, PathBuf};

use sirocco_engine::{Runtime, WorkerHello, discover, with_added};
use sirocco_protocol::{ErrorReport, Event, PathHandle, RuntimeReport};

use self::error::RuntimeError;
use crate::App;
use crate::app::Inner;
use crate::home::Home;
use crate::library::blocking;
use crate::machine::runtime_report;

/// The workers that came with the program.
#[derive(Debug)]
pub struct Runtimes {
    installed: Vec<Runtime>,
    /// Held while others come or go.
    changing: tokio::sync::Mutex<()>,
}

impl Runtimes {
    pub fn installed(installed: Vec<Runtime>) -> Self {
        Self {
            installed,
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// With those of the data folder.
    pub fn with_added(&self, home: &Home) -> Vec<Runtime> {
        with_added(discover(&[home.workers()]), &self.installed)
    }
}

impl App {
    pub(crate) async fn list_runtimes(&self) -> Vec<RuntimeReport> {
        let hellos = self.inner.residency.hellos().await;
        let folder = self.inner.home.workers();
        let reports = hellos
            .iter()
            .map(|one| runtime_report(one, one.0.program.starts_with(&folder)));
        reports.collect()
    }

    pub(crate) async fn add_runtime(
        &self,
        handle: PathHandle,
    ) -> Result<Vec<RuntimeReport>, ErrorReport> {
        let source = self.inner.picked.resolve(handle)?;
        let _alone = self.inner.runtimes.changing.lock().await;
        let folder = self.inner.home.scratch().join("added");
        let result = self.add_by_way_of(source, &folder).await;
        let left = blocking(move || std::fs::remove_dir_all(&folder)).await?;
        if let Err(error) = left {
            tracing::warn!(%error, "what a runtime was unpacked into was not removed");
        }
        result
    }

    async fn add_by_way_of(
        &self,
        source: PathBuf,
        folder: &Path,
    ) -> Result<Vec<RuntimeReport>, ErrorReport> {
        let to = folder.to_path_buf();
        let from = source.clone();
        let workers = blocking(move || unpack::workers(&from, &to)).await??;
        let mut hellos = Vec::new();
        for worker in workers {
            let hello = self.greeted(&worker).await?;
            hellos.push((worker, Ok(hello)));
        }
        let places = self.inner.home.workers();
        // No load begins meanwhile.
        let deciding = self.inner.loading.lock().await;
        let mut moves = Vec::new();
        for (worker, _) in &hellos {
            let place = Runtime {
                program: places.join(worker.program.file_name().unwrap_or_default()),
                ..worker.clone()
            };
            self.refuse_if_used(&place)?;
            moves.push((worker.program.clone(), place.program));
        }
        let moved = blocking(move || keep(&places, &moves)).await?;
        self.take_runtimes();
        drop(deciding);
        moved?;
        tracing::info!(source = %source.display(), workers = hellos.len(), "a runtime was added");
        let reports = hellos.iter().map(|one| runtime_report(one, true));
        Ok(reports.collect())
    }

    /// What a worker says of itself, if that is what its name says.
    async fn greeted(&self, worker: &Runtime) -> Result<WorkerHello, RuntimeError> {
        let hello = self.inner.residency.hello_of(worker).await;
        let hello = hello.map_err(|error| RuntimeError::does_not_run(worker, &error))?;
        if hello
            .backend
            .eq_ignore_ascii_case(&worker.backend.to_string())
        {
            return Ok(hello);
        }
        Err(RuntimeError::OtherBackend {
            worker: worker.key(),
            backend: hello.backend,
        })
    }

    pub(crate) async fn remove_runtime(&self, key: String) -> Result<(), ErrorReport> {
        let _alone = self.inner.runtimes.changing.lock().await;
        let _deciding = self.inner.loading.lock().await;
        let is_meant = |one: &Runtime| {
            let rest = one.key();
            let rest = rest.strip_prefix(&key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let folder = self.inner.home.workers();
        let mut added = blocking(move || unpack::workers_in(&folder)).await??;
        added.retain(|one| is_meant(one));
        if added.is_empty() {
            let came_with_us = self.inner.runtimes.installed.iter().any(is_meant);
            return Err(RuntimeError::not_added(key, came_with_us).into());
        }
        for one in &added {
            self.refuse_if_used(one)?;
        }
        let removed = blocking(move || {
            added.iter().try_for_each(|one| {
                std::fs::remove_file(&one.program)
                    .map_err(|source| RuntimeError::remove(&one.program, source))
            })
        })
        .await?;
        self.take_runtimes();
        tracing::info!(key, "a runtime was removed");
        Ok(removed?)
    }

    fn refuse_if_used(&self, worker: &Runtime) -> Result<(), RuntimeError> {
        if self.inner.residency.uses(worker) {
            return Err(RuntimeError::InUse {
                worker: worker.key(),
            });
        }
        Ok(())
    }

    /// Looks again which workers there are. What models can run here may change with it.
    fn take_runtimes(&self) {
        let Inner {
            runtimes,
            residency,
            store,
            home,
            ..
        } = &*self.inner;
        residency.set_runtimes(runtimes.with_added(home));
        store.judge_for(&residency.installed());
        self.emit(Event::Lagged);
    }
}

/// Moves workers into their place.
fn keep(folder: &Path, moves: &[(PathBuf, PathBuf)]) -> Result<(), RuntimeError> {
    std::fs::create_dir_all(folder).map_err(|source| RuntimeError::write(folder, source))?;
    moves.iter().try_for_each(|(from, to)| {
        std::fs::rename(from, to).map_err(|source| RuntimeError::write(to, source))
    })
}
