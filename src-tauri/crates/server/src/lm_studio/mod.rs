//! LM Studio's REST APIs: version 0, which is OpenAI's with numbers, and version 1.

mod chat;
mod chat_events;
mod v0;
mod v1;

use std::sync::Arc;

use axum::Router;

use crate::routes::Served;

pub fn router() -> Router<Arc<Served>> {
    v0::router().merge(v1::router())
}
