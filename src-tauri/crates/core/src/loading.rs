//! Loading and ejecting models: which context, which threads, and whether it fits.

use std::path::Path;

use sirocco_engine::{LlamaCpp, Load};
use sirocco_gguf::memory;
use sirocco_hub::report::gate;
use sirocco_protocol::commands::ModelFit;
use sirocco_protocol::{
    CacheType, ErrorCode, ErrorReport, Event, FlashAttention, LlamaCppOptions, LoadOptions,
    LoadState, LoadedModel, MemoryFit, ModelId, ModelVerdict, RuntimeName,
};
use sirocco_store::{Absence, StoredModel};

use crate::App;
use crate::clock::now_ms;
use crate::completions::Needs;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::load_memory::{CardMemory, Decision, Need, decide};
use crate::machine;

/// No context is shorter.
const SHORTEST_CONTEXT: u32 = 512;

impl App {
    /// What loading would take.
    pub(crate) async fn fit(&self, request: ModelFit) -> Result<MemoryFit, ErrorReport> {
        let stored = self.inner.store.model(request.id).await.report()?;
        if let Some(remote) = &stored.model.remote {
            let message = format!("{} takes no memory here", remote.name);
            return Err(refuse(ErrorCode::InvalidRequest, message));
        }
        let runtime = request.runtime.unwrap_or_else(|| serving(&stored));
        let context_length = self.context_length(&stored, request.context_length).await?;
        let kept = || {
            stored
                .defaults
                .llamacpp
                .as_ref()
                .map(|kept| kept.cache_type)
        };
        let cache_type = request.cache_type.or_else(kept).unwrap_or_default();
        let kept = stored.defaults.llamacpp.as_ref();
        let kept = kept
            .and_then(|kept| kept.draft.as_ref())
            .map(|draft| &draft.key);
        let draft = match request.draft.as_ref().or(kept) {
            Some(key) if !key.is_empty() && runtime == RuntimeName::LlamaCpp => {
                Some(self.draft_for(&stored, key).await?.model.path)
            }
            _ => None,
        };
        let way = Way {
            runtime,
            context_length,
            cache_type: cache_in_worker(runtime, cache_type),
            draft,
        };
        self.measure(&stored, &way).await.map(|(fit, _)| fit)
    }

    /// Starts loading, unless the model is loaded that way already: then its file is not looked at,
    /// for the worker has all it needs in memory. Other models that nobody uses make room if they
    /// must.
    pub(crate) async fn load(
        &self,
        id: ModelId,
        options: LoadOptions,
    ) -> Result<LoadedModel, ErrorReport> {
        let _turn = self.inner.loading.lock().await;
        if let Some(loaded) = self.loaded(id)
            && serves(
                &loaded,
                self.inner.residency.context_asked_for(id),
                &options,
            )
        {
            return Ok(loaded);
        }
        let stored = self.inner.store.model(id).await.report()?;
        if let Some(remote) = &stored.model.remote {
            // One that failed, or has other options, makes way.
            self.inner.residency.eject(id).await;
            return self
                .load_elsewhere(&stored, remote, options.context_length)
                .await;
        }
        let stored = self.look_again(stored).await?;
        match &stored.model.verdict {
            ModelVerdict::Runs { .. } | ModelVerdict::Embeds => {}
            ModelVerdict::Refused { reasons } => {
                return Err(refuse(ErrorCode::ModelRefused, reasons.join("; ")));
            }
            ModelVerdict::Missing | ModelVerdict::Offline => {
                return Err(gone(&stored));
            }
        }
        let runtime = match options.runtime {
            Some(wanted) => self.able(&stored, wanted)?,
            None => serving(&stored),
        };
        let llamacpp = self
            .for_llamacpp(&stored, runtime, options.llamacpp)
            .await?;
        let context_length = self.context_length(&stored, options.context_length).await?;
        let settings = self.inner.store.settings().await.report()?;
        let threads = options
            .threads
            .or(stored.defaults.threads)
            .or(settings.threads)
            .unwrap_or_else(machine::physical_cores)
            .clamp(1, 512);
        // A load that failed, or one with other options, makes way.
        self.inner.residency.eject(id).await;
        if !options.load_anyway {
            let options = llamacpp.as_ref().map(|one| &one.options);
            let cache_type = options.map_or_else(CacheType::default, |one| one.cache_type);
            let way = Way {
                runtime,
                context_length,
                cache_type: cache_in_worker(runtime, cache_type),
                draft: llamacpp.as_ref().and_then(draft_file),
            };
            self.make_room(&stored, &way).await?;
        }
        // Only llama.cpp sees by it.
        let projector = stored.model.projector.clone();
        let projector = projector.filter(|_| runtime == RuntimeName::LlamaCpp);
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
            runtime,
            projector,
            files: stored.files,
            context_length,
            threads,
            llamacpp,
        }))
    }

    /// What llama.cpp is told: what was asked for, or what is kept for the model. No other runtime is told anything.
    async fn for_llamacpp(
        &self,
        stored: &StoredModel,
        runtime: RuntimeName,
        asked: Option<LlamaCppOptions>,
    ) -> Result<Option<LlamaCpp>, ErrorReport> {
        if runtime != RuntimeName::LlamaCpp {
            let says_something = asked.is_some_and(|asked| asked != LlamaCppOptions::default());
            return if says_something {
                let message = format!("the {runtime} runtime has none of the options of llama.cpp");
                Err(refuse(ErrorCode::InvalidRequest, message)
                    .with_hint("choose llama.cpp as the runtime, or leave them out"))
            } else {
                Ok(None)
            };
        }
        let options = asked.or_else(|| stored.defaults.llamacpp.clone());
        let options = options.unwrap_or_default();
        check_llamacpp(&options)?;
        let chosen = options.adapter.as_ref();
        let adapter_file = chosen.map(|chosen| self.adapter_for(stored, &chosen.key));
        let draft_files = match &options.draft {
            Some(draft) => Some(self.draft_for(stored, &draft.key).await?.files),
            None => None,
        };
        Ok(Some(LlamaCpp {
            adapter_file: adapter_file.transpose()?,
            draft_files,
            options,
        }))
    }

    /// The runtime that was asked for, if it is here and can serve the model.
    pub(crate) fn able(
        &self,
        stored: &StoredModel,
        wanted: RuntimeName,
    ) -> Result<RuntimeName, ErrorReport> {
        if !self.inner.residency.installed().contains(&wanted) {
            let message = format!("the {wanted} runtime is not installed here");
            return Err(refuse(ErrorCode::ModelRefused, message));
        }
        let verdict = stored
            .model
            .runtimes
            .iter()
            .find(|one| one.runtime == wanted);
        match verdict.filter(|verdict| !verdict.runs()) {
            None => Ok(wanted),
            Some(verdict) => Err(refuse(
                ErrorCode::ModelRefused,
                format!(
                    "the {wanted} runtime cannot serve it: {}",
                    verdict.reasons.join("; ")
                ),
            )),
        }
    }

    /// Loads a model for somebody who needs it a certain way. More context is as good; a model that others wait for is
    /// not taken from them to be loaded anew.
    pub(crate) async fn load_for(
        &self,
        id: ModelId,
        needs: Needs,
    ) -> Result<LoadedModel, ErrorReport> {
        if needs == Needs::default() {
            return self.load(id, LoadOptions::default()).await;
        }
        let stored = self.inner.store.model(id).await.report()?;
        if stored.model.remote.is_some() {
            // Its engine has what it has.
            return self.load(id, LoadOptions::default()).await;
        }
        let loaded = self
            .loaded(id)
            .filter(|loaded| !matches!(loaded.state, LoadState::Failed { .. }));
        let mut options = LoadOptions::default();
        if needs.context_length.is_some() {
            let wanted = self.context_length(&stored, needs.context_length).await?;
            let has = loaded.as_ref().map_or(0, |loaded| loaded.context_length);
            options.context_length = Some(wanted).filter(|wanted| has < *wanted);
        }
        let runtime = loaded.as_ref().and_then(|loaded| loaded.served_by);
        if runtime.unwrap_or_else(|| serving(&stored)) == RuntimeName::LlamaCpp {
            let has = match &loaded {
                Some(loaded) => &loaded.llamacpp,
                None => &stored.defaults.llamacpp,
            };
            let has = has.clone().unwrap_or_default();
            let wanted = told(&has, needs);
            if wanted != has {
                options.llamacpp = Some(wanted);
                options.runtime = Some(RuntimeName::LlamaCpp);
            }
        }
        if let Some(loaded) = loaded
            && loaded.queue_length > 0
            && options != LoadOptions::default()
        {
            let what = match options.context_length {
                Some(wanted) => format!("{wanted}"),
                None => "other options".to_owned(),
            };
            let message = format!(
                "{} is loaded with {} tokens of context and in use, so it cannot be loaded with {what} now",
                stored.model.name, loaded.context_length
            );
            return Err(refuse(ErrorCode::Conflict, message));
        }
        self.load(id, options).await
    }

    pub(crate) async fn eject(&self, id: ModelId) {
        self.inner.residency.eject(id).await;
    }

    /// Ejects a model unless somebody waits for it; whether it is gone now.
    pub(crate) async fn eject_if_idle(&self, id: ModelId) -> bool {
        let _turn = self.inner.loading.lock().await;
        let is_idle = self
            .loaded(id)
            .is_none_or(|loaded| loaded.queue_length == 0);
        if is_idle {
            self.eject(id).await;
        }
        is_idle
    }

    pub(crate) fn loaded(&self, id: ModelId) -> Option<LoadedModel> {
        self.inner
            .residency
            .list()
            .into_iter()
            .find(|loaded| loaded.model_id == id)
    }

    /// Ejects idle models, the least recently used first, until the estimate fits.
    async fn make_room(&self, stored: &StoredModel, way: &Way) -> Result<(), ErrorReport> {
        loop {
            let (fit, decision) = self.measure(stored, way).await?;
            if fit.fits {
                return Ok(());
            }
            if let Some(idle) = self.least_recently_used_idle(decision.on_card).await? {
                tracing::info!(model = %idle, "ejected to make room");
                self.inner.residency.eject(idle).await;
                continue;
            }
            if decision.falls_back {
                tracing::warn!(model = %stored.model.id, "the graphics card is full, the processor may take over");
                return Ok(());
            }
            let gigabytes = |bytes: u64| bytes as f64 / 1e9;
            let place = fit.card.as_ref().map(|name| format!(" on {name}"));
            let message = format!(
                "{} needs about {:.1} GB with {} tokens of context, and {:.1} GB are free{}",
                stored.model.name,
                gigabytes(fit.total_bytes),
                way.context_length,
                gigabytes(fit.available_bytes),
                place.unwrap_or_default(),
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

    /// One that has its weights in the memory that is short.
    async fn least_recently_used_idle(
        &self,
        on_card: bool,
    ) -> Result<Option<ModelId>, ErrorReport> {
        let mut idle = Vec::new();
        for loaded in self.inner.residency.list() {
            // One that answers elsewhere gives nothing back.
            let is_here = loaded.served_by.is_some();
            let is_loading = matches!(loaded.state, LoadState::Loading { .. });
            let is_in_that_memory = self.is_on_card(loaded.model_id) == on_card;
            if is_here && is_in_that_memory && loaded.queue_length == 0 && !is_loading {
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

    fn is_on_card(&self, id: ModelId) -> bool {
        let ready = self.inner.residency.ready(id);
        ready.is_some_and(|loaded| !loaded.worker.hello().devices.is_empty())
    }

    /// The card that this load is tried on first. Of what is on it already the files' sizes are known.
    async fn card_for(
        &self,
        stored: &StoredModel,
        runtime: RuntimeName,
    ) -> Result<Option<CardMemory>, ErrorReport> {
        let id = stored.model.id;
        let Some(devices) = self.inner.residency.card_for(id, runtime).await else {
            return Ok(None);
        };
        let mut used_bytes = 0_u64;
        for loaded in self.inner.residency.list() {
            if loaded.model_id != id && self.is_on_card(loaded.model_id) {
                let other = self.inner.store.model(loaded.model_id).await.report()?;
                used_bytes = used_bytes.saturating_add(other.model.size_bytes);
            }
        }
        Ok(Some(CardMemory::of(&devices, used_bytes)))
    }

    /// What a load takes where it would go to, and where that is.
    async fn measure(
        &self,
        stored: &StoredModel,
        way: &Way,
    ) -> Result<(MemoryFit, Decision), ErrorReport> {
        let card = self.card_for(stored, way.runtime).await?;
        let Way {
            runtime,
            context_length,
            cache_type,
            draft,
        } = way.clone();
        let path = stored.model.path.clone();
        let projector = stored.model.projector.clone();
        let projector = projector.filter(|_| runtime == RuntimeName::LlamaCpp);
        let fit = blocking(move || {
            let model =
                sirocco_gguf::Model::open(Path::new(&path)).map_err(|error| error.to_string())?;
            let runtime = gate(runtime);
            let tokens = u64::from(context_length);
            let estimate = |cache_type| {
                memory::estimate_with(&model, runtime, tokens, cache_type)
                    .ok_or("its header does not say how large it is")
            };
            // Its weights are read as they are; what it computes with is small beside them.
            let projector_bytes = projector
                .and_then(|path| std::fs::metadata(path).ok())
                .map_or(0, |metadata| metadata.len());
            // A draft model reads the same text beside it.
            let draft = draft.map(|path| {
                let model = sirocco_gguf::Model::open(Path::new(&path)).ok()?;
                memory::estimate_with(&model, runtime, tokens, memory::CacheType::F16)
            });
            let draft = draft.flatten().unwrap_or_default();
            let beside_bytes = projector_bytes.saturating_add(draft.total_bytes);
            let free_bytes = machine::available_bytes();
            let cache_on_card = on_card(cache_type);
            let total = |cache_type| {
                estimate(cache_type).map(|one| one.total_bytes.saturating_add(beside_bytes))
            };
            let need = Need {
                on_card: total(cache_on_card)?,
                in_memory: total(cache_type)?,
            };
            let decision = decide(need, card.as_ref(), free_bytes);
            let (card, available_bytes) = match card {
                Some(CardMemory::Known(card)) if decision.on_card => {
                    let free = card.total_bytes.saturating_sub(card.used_bytes);
                    (Some(card.name), free)
                }
                _ => (None, free_bytes),
            };
            let cache_type = if decision.on_card {
                cache_on_card
            } else {
                cache_type
            };
            let estimate = estimate(cache_type)?;
            let room = available_bytes.saturating_sub(beside_bytes);
            let largest = memory::largest_context_with(&model, runtime, room, cache_type);
            let fit = MemoryFit {
                context_length,
                weights_bytes: estimate.weights_bytes
                    + estimate.embedding_bytes
                    + projector_bytes
                    + draft.weights_bytes
                    + draft.embedding_bytes,
                kv_bytes: estimate.kv_bytes + draft.kv_bytes,
                compute_bytes: estimate.compute_bytes + draft.compute_bytes,
                total_bytes: estimate.total_bytes.saturating_add(beside_bytes),
                available_bytes,
                fits: decision.fits,
                card,
                largest_context_length: largest.and_then(|length| u32::try_from(length).ok()),
            };
            Ok::<_, String>((fit, decision))
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

/// Whether a model that is loaded, or about to be, is what these options ask for. One that has less context than it was
/// loaded for would have no more if it were loaded again.
fn serves(loaded: &LoadedModel, asked_before: Option<u32>, options: &LoadOptions) -> bool {
    let differs = |asked: Option<u32>, has: u32| asked.is_some_and(|asked| asked != has);
    !matches!(loaded.state, LoadState::Failed { .. })
        && (!differs(options.context_length, loaded.context_length)
            || options.context_length == asked_before)
        && !differs(options.threads, loaded.threads)
        && (options.llamacpp.is_none() || options.llamacpp == loaded.llamacpp)
        && options
            .runtime
            .is_none_or(|asked| loaded.served_by.is_none_or(|serves| asked == serves))
}

/// How a model is to be loaded, as far as it takes memory.
#[derive(Clone)]
struct Way {
    runtime: RuntimeName,
    context_length: u32,
    cache_type: memory::CacheType,
    /// The first file of the draft model.
    draft: Option<String>,
}

fn draft_file(llamacpp: &LlamaCpp) -> Option<String> {
    llamacpp.draft_files.as_ref()?.first().cloned()
}

/// What llama.cpp is told where this is needed.
fn told(has: &LlamaCppOptions, needs: Needs) -> LlamaCppOptions {
    let mut told = has.clone();
    told.memory_map = needs.memory_map.unwrap_or(told.memory_map);
    match needs.flash_attention {
        // A quantized cache cannot do without.
        Some(false) if told.cache_type == CacheType::F16 => {
            told.flash_attention = FlashAttention::Off;
        }
        // Where llama.cpp can do it by itself, it does.
        Some(true) if told.flash_attention == FlashAttention::Off => {
            told.flash_attention = FlashAttention::On;
        }
        _ => {}
    }
    told
}

/// Refuses what llama.cpp cannot be told.
pub(crate) fn check_llamacpp(options: &LlamaCppOptions) -> Result<(), ErrorReport> {
    let refused = |message| refuse(ErrorCode::InvalidRequest, message);
    options.validate().map_err(refused)
}

/// How the worker of this runtime keeps keys and values.
fn cache_in_worker(runtime: RuntimeName, wanted: CacheType) -> memory::CacheType {
    match (runtime, wanted) {
        (RuntimeName::MistralRs, _) => memory::CacheType::F32,
        (RuntimeName::LlamaCpp, CacheType::F16) => memory::CacheType::F16,
        (RuntimeName::LlamaCpp, CacheType::Q8_0) => memory::CacheType::Q8_0,
        (RuntimeName::LlamaCpp, CacheType::Q4_0) => memory::CacheType::Q4_0,
    }
}

/// How it keeps them on a graphics card: mistral.rs computes with 16 bits there.
fn on_card(cache_type: memory::CacheType) -> memory::CacheType {
    match cache_type {
        memory::CacheType::F32 => memory::CacheType::F16,
        other => other,
    }
}

/// The runtime that serves a model; the preferred one where nothing is known of it or none can.
fn serving(stored: &StoredModel) -> RuntimeName {
    stored.model.runtime.unwrap_or(RuntimeName::ALL[0])
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
