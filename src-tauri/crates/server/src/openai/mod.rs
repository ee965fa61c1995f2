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

pub use chat::read_chat;
pub use chat_frames::{Chat, ChatCompletion, ChatFrames};
pub use embeddings::embeddings;
pub use logprobs::{ChatToken, chat_tokens};
pub use responses::{Responses, Stored};
pub use sampling::{Sampling, check};

use crate::routes::Routes;

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/v1/models", models::list)
        .get("/v1/models/{id}", models::one)
        .post("/v1/chat/completions", chat::chat)
        .post("/v1/completions", completions::complete)
        .post("/v1/embeddings", embeddings::embeddings);
    responses::routes(routes)
}
