//! Loading and ejecting models: which context, which threads, and whether it fits.

use std::path::Path;

use sirocco_engine::Load;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, LoadOptions, LoadState, LoadedModel, MemoryFit, ModelId,
    ModelVerdict,
};
use sirocco_store::{Absence, StoredModel};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::machine;

/// mistral.rs computes and keeps its cache in f32 on a CPU.
const KV_BYTES_PER_ELEMENT: u64 = 4;
/// No context is shorter.
const SHORTEST_CONTEXT: u32 = 512;

impl App {
    /// What loading would take.
    pub(crate) async fn fit(
        &self,
        id: ModelId,
        context_length: Option<u32>,
    ) -> Result<MemoryFit, ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        let context_length = self.context_length(&stored, context_length).await?;
        self.measure(&stored, context_length).await
    }

    /// Starts loading, unless the model is loaded that way already. Other models that nobody uses
    /// make room if they must.
    pub(crate) async fn load(
        &self,
        id: ModelId,
        options: LoadOptions,
    ) -> Result<LoadedModel, ErrorReport> {
        let _turn = self.inner.loading.lock().await;
        let stored = self
            .look_again(self.inner.store.model(id).await.report()?)
            .await?;
        match &stored.model.verdict {
            ModelVerdict::Runs { .. } => {}
            ModelVerdict::Refused { reasons } => {
                return Err(refuse(ErrorCode::ModelRefused, reasons.join("; ")));
            }
            ModelVerdict::Missing | ModelVerdict::Offline => {
                return Err(gone(&stored));
            }
        }
        let context_length = self.context_length(&stored, options.context_length).await?;
        let settings = self.inner.store.settings().await.report()?;
        let threads = options
            .threads
            .or(stored.defaults.threads)
            .or(settings.threads)
            .unwrap_or_else(machine::physical_cores)
            .clamp(1, 512);
        if let Some(loaded) = self.loaded(id) {
            let asked_otherwise = options
                .context_length
                .is_some_and(|length| length != loaded.context_length)
                || options
                    .threads
                    .is_some_and(|threads| threads != loaded.threads);
            match loaded.state {
                LoadState::Loading { .. } | LoadState::Ready if !asked_otherwise => {
                    return Ok(loaded);
                }
                _ => self.inner.residency.eject(id).await,
            }
        }
        if !options.load_anyway {
            self.make_room(&stored, context_length).await?;
        }
        let stored = self
            .inner
            .store
            .mark_model_used(id, now_ms())
            .await
            .report()?;
        self.emit(Event::ModelChanged {
            model: stored.model,
        });
        Ok(self.inner.residency.begin_load(Load {
            model_id: id,
            files: stored.files,
            context_length,
            threads,
        }))
    }

    pub(crate) async fn eject(&self, id: ModelId) {
        self.inner.residency.eject(id).await;
    }

    fn loaded(&self, id: ModelId) -> Option<LoadedModel> {
        self.inner
            .residency
            .list()
            .into_iter()
            .find(|loaded| loaded.model_id == id)
    }

    /// Ejects idle models, the least recently used first, until the estimate fits.
    async fn make_room(
        &self,
        stored: &StoredModel,
        context_length: u32,
    ) -> Result<(), ErrorReport> {
        loop {
            let fit = self.measure(stored, context_length).await?;
            if fit.fits {
                return Ok(());
            }
            if let Some(idle) = self.least_recently_used_idle().await? {
                tracing::info!(model = %idle, "ejected to make room");
                self.inner.residency.eject(idle).await;
                continue;
            }
            let gigabytes = |bytes: u64| bytes as f64 / 1e9;
            let message = format!(
                "{} needs about {:.1} GB with {context_length} tokens of context, and {:.1} GB are free",
                stored.model.name,
                gigabytes(fit.total_bytes),
                gigabytes(fit.available_bytes),
            );
            let hint = match fit.largest_context_length {
                Some(length) if length >= SHORTEST_CONTEXT => {
                    format!("{length} tokens of context would fit")
                }
                _ => "close other programs, take a smaller quantization, or load it anyway"
                    .to_owned(),
            };
            return Err(refuse(ErrorCode::DoesNotFit, message).with_hint(hint));
        }
    }

    async fn least_recently_used_idle(&self) -> Result<Option<ModelId>, ErrorReport> {
        let mut idle = Vec::new();
        for loaded in self.inner.residency.list() {
            if loaded.queue_length == 0 && !matches!(loaded.state, LoadState::Loading { .. }) {
                let used = self
                    .inner
                    .store
                    .model(loaded.model_id)
                    .await
                    .report()?
                    .model
                    .used_at_ms;
                idle.push((used, loaded.model_id));
            }
        }
        Ok(idle.into_iter().min().map(|(_, id)| id))
    }

    async fn context_length(
        &self,
        stored: &StoredModel,
        asked: Option<u32>,
    ) -> Result<u32, ErrorReport> {
        let wanted = match asked.or(stored.defaults.context_length) {
            Some(length) => length,
            None => {
                self.inner
                    .store
                    .settings()
                    .await
                    .report()?
                    .default_context_length
            }
        };
        let native = stored.model.context_length.max(SHORTEST_CONTEXT);
        Ok(wanted.clamp(SHORTEST_CONTEXT, native))
    }

    async fn measure(
        &self,
        stored: &StoredModel,
        context_length: u32,
    ) -> Result<MemoryFit, ErrorReport> {
        let path = stored.model.path.clone();
        let fit = blocking(move || {
            let model =
                sirocco_gguf::Model::open(Path::new(&path)).map_err(|error| error.to_string())?;
            let estimate = sirocco_gguf::memory::estimate(
                &model,
                u64::from(context_length),
                KV_BYTES_PER_ELEMENT,
            )
            .ok_or("its header does not say how large it is")?;
            let available_bytes = machine::available_bytes();
            let largest = sirocco_gguf::memory::largest_context_that_fits(
                &model,
                available_bytes,
                KV_BYTES_PER_ELEMENT,
            );
            Ok::<_, String>(MemoryFit {
                context_length,
                weights_bytes: estimate.weights_bytes + estimate.embedding_bytes,
                kv_bytes: estimate.kv_bytes,
                compute_bytes: estimate.compute_bytes,
                total_bytes: estimate.total_bytes,
                available_bytes,
                fits: estimate.total_bytes <= available_bytes,
                largest_context_length: largest.and_then(|length| u32::try_from(length).ok()),
            })
        })
        .await?;
        fit.map_err(|reason| {
            refuse(
                ErrorCode::FileProblem,
                format!(
                    "could not estimate the memory of {}: {reason}",
                    stored.model.name
                ),
            )
        })
    }
}

/// Why a model whose files are not there cannot be loaded.
fn gone(stored: &StoredModel) -> ErrorReport {
    let (what, hint) = match stored.absence {
        Some(Absence::Offline) => (
            "cannot be reached now",
            "connect the drive or share it lies on",
        ),
        _ => ("is gone", "put it back, or forget the model"),
    };
    refuse(
        ErrorCode::FileProblem,
        format!("the file `{}` {what}", stored.model.path),
    )
    .with_hint(hint)
}
