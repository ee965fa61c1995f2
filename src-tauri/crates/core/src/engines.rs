//! Engines on other machines: which there are, and how their models come to answer here.

use std::sync::Arc;

use sirocco_engine::{Elsewhere, EngineError};
use sirocco_hub::library::slug;
use sirocco_hub::network::Token;
use sirocco_protocol::commands::EngineAdd;
use sirocco_protocol::{
    EngineId, ErrorCode, ErrorReport, Event, LoadedModel, ModelId, RemoteEngine, RemoteModel,
};
use sirocco_remote::{Endpoint, RemoteError, address};
use sirocco_store::{NewEngine, NewRemoteModel, StoredModel};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};

/// Engines in a rack answer many at once; more of ours than this would be no courtesy to their other guests.
const AT_ONCE: usize = 16;
const LONGEST_NAME: usize = 100;

impl App {
    pub(crate) async fn engines(&self) -> Result<Vec<RemoteEngine>, ErrorReport> {
        self.inner.store.list_engines().await.report()
    }

    /// Adds an engine if it answers.
    pub(crate) async fn add_engine(&self, request: EngineAdd) -> Result<RemoteEngine, ErrorReport> {
        let address = address(&request.address).report()?;
        let token = match request.token.trim() {
            "" => None,
            text => Some(Token::new(text).ok_or_else(|| {
                refuse(ErrorCode::InvalidRequest, "this cannot be a token")
                    .with_hint("it is one word of letters, digits and signs")
            })?),
        };
        let name: String = match request.name.trim() {
            "" => address.authority().to_owned(),
            name => name.chars().take(LONGEST_NAME).collect(),
        };
        let known = self.inner.store.engine_at(address.as_str()).await;
        let known = known.report()?;
        let new = NewEngine {
            id: known.map_or_else(EngineId::fresh, |engine| engine.id),
            name,
            address: address.to_string(),
            has_token: token.is_some(),
        };
        let endpoint = Endpoint {
            network: self.inner.network.clone(),
            name: new.name.clone(),
            address,
            token: token.clone(),
        };
        let models = endpoint.models().await.report()?;
        self.inner.access.keep_engine_token(new.id, token).await?;
        let engine = self.save_engine(&new, models).await?;
        // What is loaded would go on with the token that was there before.
        for model in self.models().await?.iter() {
            if matches!(&model.remote, Some(remote) if remote.engine_id == engine.id) {
                self.inner.residency.eject(model.id).await;
            }
        }
        Ok(engine)
    }

    /// Asks an engine for its models once more.
    pub(crate) async fn test_engine(&self, id: EngineId) -> Result<RemoteEngine, ErrorReport> {
        let known = self.inner.store.engine(id).await.report()?;
        let models = self.endpoint(&known).await?.models().await.report()?;
        let new = NewEngine {
            id,
            name: known.name,
            address: known.address,
            has_token: known.has_token,
        };
        self.save_engine(&new, models).await
    }

    /// Forgets an engine with all that was known of it.
    pub(crate) async fn remove_engine(&self, id: EngineId) -> Result<(), ErrorReport> {
        let models = self.inner.store.remove_engine(id).await.report()?;
        // First: nothing leads to it any more.
        let forgotten = self.inner.access.keep_engine_token(id, None).await;
        for model_id in models {
            self.emit(Event::ModelRemoved { model_id });
            self.inner.residency.eject(model_id).await;
        }
        forgotten
    }

    async fn save_engine(
        &self,
        new: &NewEngine,
        models: Vec<sirocco_remote::Listed>,
    ) -> Result<RemoteEngine, ErrorReport> {
        let models: Vec<_> = models
            .into_iter()
            .map(|listed| NewRemoteModel {
                key: slug(&listed.name),
                name: listed.name,
                context_length: listed.context_length.unwrap_or_default(),
            })
            .collect();
        let store = &self.inner.store;
        let changed = store.save_engine(new, &models, now_ms()).await.report()?;
        for stored in &changed {
            self.model_changed(stored);
        }
        store.engine(new.id).await.report()
    }

    /// Has a model of an engine answer from now on; whether the engine is there is found out meanwhile. It takes no memory
    /// here, so nothing makes room for it.
    pub(crate) async fn load_elsewhere(
        &self,
        stored: &StoredModel,
        remote: &RemoteModel,
        context_length: Option<u32>,
    ) -> Result<LoadedModel, ErrorReport> {
        let engine = self.inner.store.engine(remote.engine_id).await.report()?;
        let endpoint = self.endpoint(&engine).await?;
        let model = sirocco_remote::RemoteModel::new(endpoint, remote.name.clone());
        let used = self.inner.store.mark_model_used(stored.model.id, now_ms());
        self.model_changed(&used.await.report()?);
        Ok(self.inner.residency.begin_load(Elsewhere {
            model_id: stored.model.id,
            engine: Arc::new(model),
            context_length: context_length
                .or(stored.defaults.context_length)
                .unwrap_or(stored.model.context_length),
            at_once: AT_ONCE,
        }))
    }

    /// Whether a model is on another machine.
    pub(crate) async fn model_is_remote(&self, id: ModelId) -> Result<bool, ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        Ok(stored.model.remote.is_some())
    }

    async fn endpoint(&self, engine: &RemoteEngine) -> Result<Endpoint, ErrorReport> {
        let token = match engine.has_token {
            true => self.inner.access.engine_token(engine.id).await,
            false => None,
        };
        Ok(Endpoint {
            network: self.inner.network.clone(),
            name: engine.name.clone(),
            address: address(&engine.address).report()?,
            token,
        })
    }
}

impl<T> Report<T> for Result<T, RemoteError> {
    fn report(self) -> Result<T, ErrorReport> {
        self.map_err(|error| EngineError::Refused(error.into()).report())
    }
}
