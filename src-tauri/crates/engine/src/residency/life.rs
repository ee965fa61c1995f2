//! The life of a slot: its workers are started, watched and ended here.

use std::path::Path;
use std::sync::Arc;

use sirocco_engine_wire::LoadRequest;

use super::slot::{Slot, State};
use super::{Load, Plan, Residency};
use crate::worker::LoadedFacts;
use crate::{EngineError, Runtime, Worker};

impl Residency {
    /// The life of a slot: load, then wait for the worker to end, and once more if others wait for it.
    pub(super) async fn live(self, slot: Arc<Slot>, plan: Plan) {
        let _over = slot.over.clone().drop_guard();
        let error = loop {
            let (worker, facts) = match self.start_and_load(&slot, &plan).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::warn!(model = %slot.model_id, %error, "a model was not loaded");
                    break error;
                }
            };
            slot.state.send_replace(State::Ready {
                worker: worker.clone(),
                facts,
            });
            self.announce(&slot);
            let Some(reason) = self.watch(&slot, &worker).await else {
                break EngineError::NotLoaded;
            };
            if !slot.is_to_start_again() {
                break EngineError::Crashed { reason };
            }
            tracing::warn!(model = %slot.model_id, %reason, "a worker is started again for those who wait");
            slot.state.send_replace(State::Loading { progress: 0.0 });
            self.announce(&slot);
        };
        // In this order: who waits for a turn finds the reason when the queue closes.
        slot.state.send_replace(State::Failed(error));
        slot.turns.close();
        self.announce(&slot);
    }

    /// Waits until the worker has ended and says why; none if it was ejected.
    async fn watch(&self, slot: &Slot, worker: &Worker) -> Option<String> {
        let mut memory = worker.memory_bytes();
        loop {
            tokio::select! {
                reason = worker.ended() => return Some(reason),
                () = slot.cancel.cancelled() => {
                    worker.shutdown().await;
                    return None;
                }
                changed = memory.changed() => {
                    if changed.is_ok() {
                        self.announce(slot);
                    }
                }
            }
        }
    }

    async fn start_and_load(
        &self,
        slot: &Slot,
        plan: &Plan,
    ) -> Result<(Worker, LoadedFacts), EngineError> {
        let (worker, request) = match plan {
            Plan::Here(load) => self.start_here(slot, load).await?,
            Plan::Elsewhere(elsewhere) => {
                let request = LoadRequest {
                    files: Vec::new(),
                    context_length: elsewhere.context_length,
                    threads: 0,
                    scratch_folder: String::new(),
                };
                (Worker::within(Arc::clone(&elsewhere.engine)), request)
            }
        };
        let progress = |progress| {
            slot.state.send_replace(State::Loading { progress });
            self.announce(slot);
        };
        let loaded = tokio::select! {
            loaded = worker.load(request, progress) => loaded,
            () = slot.cancel.cancelled() => Err(EngineError::Cancelled),
        };
        if loaded.is_err() {
            // Its memory is back before anybody hears of it.
            worker.shutdown().await;
        }
        Ok((worker, loaded?))
    }

    /// A worker in a folder of its own, and what it is to load.
    async fn start_here(
        &self,
        slot: &Slot,
        load: &Load,
    ) -> Result<(Worker, LoadRequest), EngineError> {
        let scratch = self.inner.scratch.join(load.model_id.to_string());
        std::fs::create_dir_all(&scratch).map_err(|error| EngineError::Start {
            program: scratch.display().to_string(),
            reason: format!("could not create its folder: {error}"),
        })?;
        let worker = tokio::select! {
            worker = self.start(&scratch, load) => worker?,
            // Dropped, it is killed; it has read nothing of the model.
            () = slot.cancel.cancelled() => return Err(EngineError::Cancelled),
        };
        let request = LoadRequest {
            files: load.files.clone(),
            context_length: load.context_length,
            threads: load.threads,
            scratch_folder: scratch.display().to_string(),
        };
        Ok((worker, request))
    }

    /// The first worker of the wanted runtime that starts here.
    async fn start(&self, scratch: &Path, load: &Load) -> Result<Worker, EngineError> {
        let mut details = String::new();
        let wanted = |runtime: &&Runtime| runtime.name == load.runtime;
        for runtime in self.inner.runtimes.iter().filter(wanted) {
            match Worker::start(&runtime.program, scratch, load.threads).await {
                Ok(worker) => return Ok(worker),
                Err(error) => {
                    tracing::warn!(%error, "a runtime does not start, the next one is tried");
                    details.push_str(&format!("; {error}"));
                }
            }
        }
        Err(EngineError::NoRuntime {
            runtime: load.runtime,
            details,
        })
    }
}
