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

pub use frames::timestamp;
pub use models::parameter_size;

use crate::routes::Routes;

/// The fields in which a request names its model; older clients use the second one.
const NAMES: [&str; 2] = ["model", "name"];

/// The version whose routes these are: clients refuse to talk to older ones.
const VERSION: &str = "0.12.6";

pub fn routes(routes: Routes) -> Routes {
    routes
        // The words that its clients look for; this answers `HEAD`, too.
        .get("/", || async { "Ollama is running" })
        .get("/api/version", models::version)
        .get("/api/tags", models::tags)
        .get("/api/ps", models::ps)
        .post("/api/show", models::show)
        .post("/api/chat", chat::chat)
        .post("/api/generate", generate::generate)
        .post("/api/embed", embed::embed)
        .post("/api/embeddings", embed::embed_one)
        .post("/api/pull", manage::pull)
        .delete("/api/delete", manage::delete)
        .post("/api/copy", create::copy)
        .post("/api/create", create::create)
        .post("/api/push", manage::push)
}
