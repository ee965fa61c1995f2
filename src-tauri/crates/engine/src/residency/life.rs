//! The life of a slot: its workers are started, watched and ended here.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, MutexGuard, PoisonError};

use sirocco_engine_wire::LoadRequest;
use sirocco_protocol::ModelId;

use super::slot::{Ready, Slot, State};
use super::{Breakdown, Change, Load, Plan, Residency};
use crate::worker::LoadedFacts;
use crate::{Backend, EngineError, LlamaCpp, Runtime, Worker, WorkerEnd};

impl Residency {
    /// The life of a slot: load, then wait for the worker to end, and once more if others wait for it.
    pub(super) async fn live(self, slot: Arc<Slot>, plan: Plan) {
        let _over = slot.over.clone().drop_guard();
        let error = loop {
            let ready = match self.start_and_load(&slot, &plan).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::warn!(model = %slot.model_id, %error, "a model was not loaded");
                    break error;
                }
            };
            let worker = ready.worker.clone();
            let is_on_a_card = !worker.hello().devices.is_empty();
            slot.state.send_replace(State::Ready(ready));
            self.announce(&slot);
            let Some(end) = self.watch(&slot, &worker).await else {
                break EngineError::NotLoaded;
            };
            let reason = end.to_string();
            if let Plan::Here(load) = &plan {
                self.tell_of_breakdown(&slot, load, &worker, end);
            }
            if is_on_a_card {
                let mut broke = self.broke_on_a_card();
                broke.insert(slot.model_id);
            }
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

    /// Waits until the worker has ended and says how; none if it was ejected.
    async fn watch(&self, slot: &Slot, worker: &Worker) -> Option<WorkerEnd> {
        let mut memory = worker.memory_bytes();
        loop {
            tokio::select! {
                end = worker.ended() => return Some(end),
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

    fn tell_of_breakdown(&self, slot: &Slot, load: &Load, worker: &Worker, end: WorkerEnd) {
        if slot.cancel.is_cancelled() {
            return;
        }
        let first = load.files.first().map(Path::new).and_then(Path::file_name);
        let breakdown = Breakdown {
            file: first.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            runtime: worker.hello().to_string(),
            end,
        };
        let _ = self.inner.changes.send(Change::Broke(breakdown));
    }

    async fn start_and_load(&self, slot: &Slot, plan: &Plan) -> Result<Ready, EngineError> {
        match plan {
            Plan::Here(load) => self.load_here(slot, load).await,
            Plan::Elsewhere(elsewhere) => {
                let request = LoadRequest {
                    files: Vec::new(),
                    projector: None,
                    context_length: elsewhere.context_length,
                    threads: 0,
                    scratch_folder: String::new(),
                    llamacpp: None,
                };
                let worker = Worker::within(Arc::clone(&elsewhere.engine));
                let facts = self.load_into(&worker, request, slot).await?;
                Ok(Ready {
                    worker,
                    program: None,
                    facts,
                    fallback: None,
                })
            }
        }
    }

    pub(super) fn broke_on_card(&self, model_id: ModelId) -> bool {
        self.broke_on_a_card().contains(&model_id)
    }

    fn broke_on_a_card(&self) -> MutexGuard<'_, HashSet<ModelId>> {
        let broke = self.inner.broke_on_a_card.lock();
        broke.unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads with the first worker of the wanted runtime that can. If that is one for a graphics card and the card
    /// cannot take the model, the next one is tried; what the processor's own makes of it is final.
    async fn load_here(&self, slot: &Slot, load: &Load) -> Result<Ready, EngineError> {
        let scratch = self.inner.scratch.join(load.model_id.to_string());
        std::fs::create_dir_all(&scratch).map_err(|error| EngineError::Start {
            program: scratch.display().to_string(),
            reason: format!("could not create its folder: {error}"),
        })?;
        let mut passed_over: Vec<(Backend, EngineError)> = Vec::new();
        let wanted = |runtime: &&Runtime| runtime.name == load.runtime;
        for runtime in self.runtimes().iter().filter(wanted) {
            if runtime.backend != Backend::Cpu && self.broke_on_a_card().contains(&load.model_id) {
                let reason = "it broke in the middle of an answer".to_owned();
                passed_over.push((runtime.backend, EngineError::Crashed { reason }));
                continue;
            }
            let error = match self.load_with(runtime, &scratch, slot, load).await {
                Ok((worker, facts)) => {
                    return Ok(Ready {
                        worker,
                        program: Some(runtime.program.clone()),
                        facts,
                        fallback: fallback(runtime.backend, &passed_over),
                    });
                }
                Err(error) => error,
            };
            let may_be_the_device = runtime.backend != Backend::Cpu
                && matches!(error, EngineError::Load(_) | EngineError::Crashed { .. });
            if !may_be_the_device && !matches!(error, EngineError::Start { .. }) {
                return Err(error);
            }
            tracing::warn!(%error, "a worker cannot be used, the next one is tried");
            passed_over.push((runtime.backend, error));
        }
        let details = passed_over.iter().map(|(_, error)| format!("; {error}"));
        Err(EngineError::NoRuntime {
            runtime: load.runtime,
            details: details.collect(),
        })
    }

    async fn load_with(
        &self,
        runtime: &Runtime,
        scratch: &Path,
        slot: &Slot,
        load: &Load,
    ) -> Result<(Worker, LoadedFacts), EngineError> {
        let worker = tokio::select! {
            worker = Worker::start(&runtime.program, scratch, load.threads) => worker?,
            // Dropped, it is killed; it has read nothing of the model.
            () = slot.cancel.cancelled() => return Err(EngineError::Cancelled),
        };
        let request = LoadRequest {
            files: load.files.clone(),
            projector: load.projector.clone(),
            context_length: load.context_length,
            threads: load.threads,
            scratch_folder: scratch.display().to_string(),
            llamacpp: load.llamacpp.as_ref().map(LlamaCpp::to_wire),
        };
        let loaded = self.load_into(&worker, request, slot).await;
        if let Err(EngineError::Crashed { .. }) = loaded {
            self.tell_of_breakdown(slot, load, &worker, worker.ended().await);
        }
        Ok((worker, loaded?))
    }

    async fn load_into(
        &self,
        worker: &Worker,
        request: LoadRequest,
        slot: &Slot,
    ) -> Result<LoadedFacts, EngineError> {
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
        loaded
    }
}

/// Why a model does not run on the graphics card there is a worker for; none if it does, or if there is no such worker.
fn fallback(served: Backend, passed_over: &[(Backend, EngineError)]) -> Option<String> {
    let (backend, error) = passed_over
        .iter()
        .find(|(backend, _)| *backend != Backend::Cpu && served == Backend::Cpu)?;
    let reason = match error {
        EngineError::Start { reason, .. }
        | EngineError::Crashed { reason }
        | EngineError::Load(reason) => reason.clone(),
        other => other.to_string(),
    };
    Some(format!("{backend} was not used: {reason}"))
}
