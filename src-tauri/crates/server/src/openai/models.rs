//! `/v1/models`.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use sirocco_protocol::Model;

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
}

impl From<&Model> for OneModel {
    fn from(model: &Model) -> Self {
        Self {
            id: model.key.clone(),
            object: "model",
            created: model.added_at_ms / 1000,
            owned_by: publisher(model).to_owned(),
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
