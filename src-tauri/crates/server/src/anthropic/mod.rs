//! Anthropic's API: messages and the counting of their tokens.

mod frames;
mod request;
mod response;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::answers::{Answers, frames as stream_frames, server_sent};
use crate::body::Body;
use crate::fault::{Dialect, Fault};
use crate::names::Call;
use crate::routes::{Routes, Served, Shared};

use frames::MessageFrames;
use response::AnswerMessage;

pub fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/messages", messages)
        .post("/v1/messages/count_tokens", count_tokens)
}

async fn messages(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::Anthropic))
}

async fn count_tokens(State(served): Shared, body: Body) -> Response {
    count(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::Anthropic))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = request::read_messages(&body, &defaults)?;
    let stop_sequences = asked.request.stop.clone();
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, vec![asked.request]);
    if !asked.stream {
        let whole = answers.only().await?;
        let message = AnswerMessage::whole(model.key, whole, &stop_sequences);
        return Ok(Json(message).into_response());
    }
    answers.begin().await?;
    let writer = MessageFrames::new(model.key, stop_sequences);
    let ping = frames::ping();
    Ok(server_sent(
        stream_frames(answers, writer, &served.stop),
        ping,
    ))
}

async fn count(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let mut prompt = request::read_prompt(&body)?;
    defaults.begin(&mut prompt);
    let tokens = served.completions.count_tokens(model.id, prompt).await?;
    Ok(Json(json!({"input_tokens": tokens})).into_response())
}
