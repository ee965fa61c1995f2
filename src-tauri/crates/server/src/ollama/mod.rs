//! Ollama's API: models, chats, plain generation.

mod chat;
mod duration;
mod frames;
mod generate;
mod models;
mod options;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::routes::{Served, not_served};

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
        .route("/api/embed", post(not_served))
        .route("/api/embeddings", post(not_served))
}
