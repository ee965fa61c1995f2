//! OpenAI's API: models, chat completions, completions.

mod chat;
mod chat_frames;
mod completions;
mod logprobs;
mod messages;
mod models;
mod sampling;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use chat::read_chat;
pub use chat_frames::{Chat, ChatCompletion, ChatFrames};
pub use logprobs::{ChatToken, chat_tokens};
pub use sampling::check;

use crate::routes::{Served, not_served};

pub fn router() -> Router<Arc<Served>> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{id}", get(models::one))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(completions::complete))
        .route("/v1/embeddings", post(not_served))
        .route("/v1/responses", post(not_served))
}
