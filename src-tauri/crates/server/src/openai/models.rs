//! `/v1/models`.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use sirocco_protocol::{Model, ModelVerdict};

use crate::fault::{Dialect, found};
use crate::models::{find, list as list_models, publisher};
use crate::routes::Shared;

#[derive(Serialize)]
struct ModelList {
    object: &'static str,
    data: Vec<OneModel>,
}

#[derive(Serialize)]
struct OneModel {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: String,
    /// The most tokens it takes, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u32>,
    /// `embedding` where it does not write.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// It answers on another machine. A Sirocco that takes models from this one passes over it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    remote: bool,
}

impl From<&Model> for OneModel {
    fn from(model: &Model) -> Self {
        Self {
            id: model.key.clone(),
            object: "model",
            created: model.added_at_ms / 1000,
            owned_by: publisher(model).to_owned(),
            context_length: Some(model.context_length).filter(|tokens| *tokens > 0),
            kind: (model.verdict == ModelVerdict::Embeds).then_some("embedding"),
            remote: model.remote.is_some(),
        }
    }
}

pub async fn list(State(served): Shared) -> Response {
    let models = list_models(served.completions.as_ref()).await;
    let list = models.map(|models| ModelList {
        object: "list",
        data: models.iter().map(OneModel::from).collect(),
    });
    found(list, Dialect::OpenAi)
}

pub async fn one(State(served): Shared, Path(id): Path<String>) -> Response {
    let model = find(served.completions.as_ref(), Some(&id)).await;
    found(model.map(|model| OneModel::from(&model)), Dialect::OpenAi)
}
