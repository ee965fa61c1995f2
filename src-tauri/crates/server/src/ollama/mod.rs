//! Ollama's API: models, their downloads and further names, chats, plain generation, embeddings.

mod chat;
mod create;
mod duration;
mod embed;
mod frames;
mod generate;
mod manage;
mod models;
mod options;
mod parameters;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

pub use frames::timestamp;
pub use models::parameter_size;

use crate::routes::Served;

/// The fields in which a request names its model; older clients use the second one.
const NAMES: [&str; 2] = ["model", "name"];

/// The version whose routes these are: clients refuse to talk to older ones.
const VERSION: &str = "0.12.6";

pub fn router() -> Router<Arc<Served>> {
    Router::new()
        // The words that its clients look for; `get` answers `HEAD`, too.
        .route("/", get(|| async { "Ollama is running" }))
        .route("/api/version", get(models::version))
        .route("/api/tags", get(models::tags))
        .route("/api/ps", get(models::ps))
        .route("/api/show", post(models::show))
        .route("/api/chat", post(chat::chat))
        .route("/api/generate", post(generate::generate))
        .route("/api/embed", post(embed::embed))
        .route("/api/embeddings", post(embed::embed_one))
        .route("/api/pull", post(manage::pull))
        .route("/api/delete", delete(manage::delete))
        .route("/api/copy", post(create::copy))
        .route("/api/create", post(create::create))
        .route("/api/push", post(manage::push))
}
