//! OpenAI's API: models, chat completions, completions, responses, embeddings.

mod chat;
mod chat_frames;
mod completions;
mod embeddings;
mod logprobs;
mod messages;
mod models;
mod responses;
mod sampling;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use chat::read_chat;
pub use chat_frames::{Chat, ChatCompletion, ChatFrames};
pub use embeddings::embeddings;
pub use logprobs::{ChatToken, chat_tokens};
pub use responses::{Responses, Stored};
pub use sampling::{Sampling, check};

use crate::routes::Served;

pub fn router() -> Router<Arc<Served>> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{id}", get(models::one))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(completions::complete))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .merge(responses::router())
}
