//! LM Studio's REST API, version 0: its models, OpenAI's chat with numbers, OpenAI's embeddings.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use serde_json::{Value, json};
use sirocco_core::completions::{Completions, Finish, FinishReason};
use sirocco_protocol::Model;

use crate::answers::{Answers, frames, server_sent};
use crate::body::Body;
use crate::fault::{Dialect, Fault, found};
use crate::models::{embeds, find, list, publisher, ready};
use crate::names::Call;
use crate::openai::{Chat, ChatCompletion, ChatFrames, embeddings, read_chat};
use crate::routes::{Routes, Served, Shared, not_served};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/v0/models", models)
        .get("/api/v0/models/{id}", model)
        .post("/api/v0/chat/completions", chat)
        .post("/api/v0/completions", not_served)
        .post("/api/v0/embeddings", embeddings)
}

#[derive(Serialize)]
struct OneModel {
    id: String,
    object: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    publisher: String,
    arch: String,
    compatibility_type: &'static str,
    quantization: String,
    state: &'static str,
    max_context_length: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    loaded_context_length: Option<u32>,
}

impl OneModel {
    fn new(completions: &dyn Completions, model: &Model) -> Self {
        let loaded = ready(completions, model);
        Self {
            id: model.key.clone(),
            object: "model",
            kind: if embeds(model) { "embeddings" } else { "llm" },
            publisher: publisher(model).to_owned(),
            arch: model.architecture.clone(),
            compatibility_type: "gguf",
            quantization: model.quantization.clone(),
            state: if loaded.is_some() {
                "loaded"
            } else {
                "not-loaded"
            },
            max_context_length: model.context_length,
            loaded_context_length: loaded.map(|loaded| loaded.context_length),
        }
    }
}

#[derive(Serialize)]
struct Completion {
    #[serde(flatten)]
    chat: ChatCompletion,
    #[serde(flatten)]
    further: Value,
}

async fn models(State(served): Shared) -> Response {
    let completions = served.completions.as_ref();
    let models = list(completions).await.map(|models| {
        let data: Vec<_> = models
            .iter()
            .map(|model| OneModel::new(completions, model))
            .collect();
        json!({"object": "list", "data": data})
    });
    found(models, Dialect::LmStudio)
}

async fn model(State(served): Shared, Path(id): Path<String>) -> Response {
    let completions = served.completions.as_ref();
    let model = find(completions, Some(&id)).await;
    let model = model.map(|model| OneModel::new(completions, &model));
    found(model, Dialect::LmStudio)
}

async fn chat(State(served): Shared, body: Body) -> Response {
    answer_chat(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::LmStudio))
}

async fn answer_chat(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = read_chat(&body, &defaults)?;
    let completions = Arc::clone(&served.completions);
    let chat = Chat::begin(model.key.clone());
    let mut answers = Answers::new(Arc::clone(&completions), model.id, asked.requests);
    if !asked.stream {
        let whole = answers.collect().await?;
        let last = whole.last().map(|whole| whole.finish.clone());
        let completion = Completion {
            chat: chat.complete(whole),
            further: last.map_or(Value::Null, |finish| {
                numbers(completions.as_ref(), &model, &finish)
            }),
        };
        return Ok(Json(completion).into_response());
    }
    answers.begin().await?;
    let writer = ChatFrames::new(chat, asked.include_usage)
        .with_fields_at_end(move |finish| numbers(completions.as_ref(), &model, finish));
    let alive = Event::default().comment("alive");
    Ok(server_sent(frames(answers, writer, &served.stop), alive))
}

/// What LM Studio tells beside OpenAI's fields. Times are in seconds.
fn numbers(completions: &dyn Completions, model: &Model, finish: &Finish) -> Value {
    let usage = &finish.usage;
    let loaded = ready(completions, model);
    json!({
        "stats": {
            "tokens_per_second": tokens_per_second(finish),
            "time_to_first_token": usage.time_to_first_token_ms / 1000.0,
            "generation_time": usage.decode_ms / 1000.0,
            "stop_reason": stop_reason(finish),
        },
        "model_info": {
            "arch": model.architecture,
            "quant": model.quantization,
            "format": "gguf",
            "context_length": loaded.as_ref().map(|loaded| loaded.context_length),
        },
        "runtime": {
            "name": loaded.map(|loaded| loaded.runtime),
            "version": env!("CARGO_PKG_VERSION"),
            "supported_formats": ["gguf"],
        },
    })
}

/// The first token is not decoded but comes with the prompt.
pub fn tokens_per_second(finish: &Finish) -> f64 {
    let decoded = f64::from(finish.usage.completion_tokens.saturating_sub(1));
    let seconds = finish.usage.decode_ms / 1000.0;
    if seconds > 0.0 {
        decoded / seconds
    } else {
        0.0
    }
}

fn stop_reason(finish: &Finish) -> &'static str {
    match finish.reason {
        FinishReason::MaxTokens => "maxPredictedTokensReached",
        FinishReason::ContextFull => "contextLengthReached",
        _ if finish.calls > 0 => "toolCalls",
        FinishReason::EndOfTurn => "eosFound",
        FinishReason::StopString => "stopStringFound",
        FinishReason::Stopped => "userStopped",
    }
}
