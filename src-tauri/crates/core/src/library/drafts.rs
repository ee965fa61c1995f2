//! Models that guess what another one will write. They need the same vocabulary, so that a guess can be checked.

use std::path::Path;

use sirocco_gguf::{HeaderError, Vocabulary, open, open_vocabulary};
use sirocco_protocol::{DraftModel, ErrorCode, ErrorReport, ModelId, ModelVerdict, RuntimeName};
use sirocco_store::StoredModel;

use super::blocking;
use crate::App;
use crate::error::{Report, refuse};

/// So many headers are read at most, of the smallest models.
const MOST_CANDIDATES: usize = 100;

impl App {
    /// Those that can guess for a model, the smallest first.
    pub(crate) async fn drafts(&self, id: ModelId) -> Result<Vec<DraftModel>, ErrorReport> {
        let store = &self.inner.store;
        let stored = store.model(id).await.report()?;
        if stored.model.remote.is_some() {
            return Ok(Vec::new());
        }
        let mut candidates: Vec<_> = store.list_local_models().await.report()?;
        candidates.retain(|one| {
            one.model.id != id && one.model.size_bytes < stored.model.size_bytes && can_guess(one)
        });
        candidates.sort_by_key(|one| one.model.size_bytes);
        candidates.truncate(MOST_CANDIDATES);
        let drafts = blocking(move || {
            let Ok(own) = vocabulary(&stored) else {
                return Vec::new();
            };
            candidates.retain(|one| vocabulary(one).is_ok_and(|other| other.speaks_like(&own)));
            candidates
        })
        .await?;
        let drafts = drafts.into_iter().map(|stored| DraftModel {
            key: stored.model.key,
            name: stored.model.name,
            quantization: stored.model.quantization,
            size_bytes: stored.model.size_bytes,
        });
        Ok(drafts.collect())
    }

    /// The model with this key, if it can guess for another.
    pub(crate) async fn draft_for(
        &self,
        stored: &StoredModel,
        key: &str,
    ) -> Result<StoredModel, ErrorReport> {
        let known = self.inner.store.list_local_models().await.report()?;
        let Some(draft) = known.into_iter().find(|one| one.model.key == key) else {
            let message = format!("no model of the library is called `{key}`");
            return Err(refuse(ErrorCode::FileProblem, message)
                .with_hint("choose another draft model, or none"));
        };
        let refused = |why: &str| {
            let message = format!(
                "{} cannot guess for {}: {why}",
                draft.model.name, stored.model.name
            );
            Err(refuse(ErrorCode::ModelRefused, message)
                .with_hint("choose another draft model, or none"))
        };
        if draft.model.id == stored.model.id {
            return refused("it is the same model");
        }
        if !can_guess(&draft) {
            return refused("llama.cpp cannot run it");
        }
        let (one, other) = (stored.clone(), draft.clone());
        let pair = blocking(move || Ok::<_, HeaderError>((vocabulary(&one)?, vocabulary(&other)?)));
        match pair.await? {
            Err(error) => refused(&crate::error::with_causes(&error)),
            Ok((one, other)) if !one.speaks_like(&other) => refused("it has another vocabulary"),
            Ok(_) => Ok(draft),
        }
    }
}

/// It writes text, and llama.cpp runs it.
fn can_guess(stored: &StoredModel) -> bool {
    let mut runtimes = stored.model.runtimes.iter();
    matches!(stored.model.verdict, ModelVerdict::Runs { .. })
        && runtimes.any(|verdict| verdict.runtime == RuntimeName::LlamaCpp && verdict.runs())
}

fn vocabulary(stored: &StoredModel) -> Result<Vocabulary, HeaderError> {
    let path = Path::new(&stored.model.path);
    open_vocabulary(path, &open(path)?)
}
