//! `POST /api/embed`, and the older `/api/embeddings` for one text.

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use sirocco_core::completions::{EmbedInput, EmbedRequest, Embedded};

use super::duration::{KeepAlive, keep_alive};
use super::frames::nanoseconds;
use crate::body::{self, Body, read};
use crate::embeddings::{self, texts};
use crate::fault::{Dialect, Fault, found};
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Fields {
    model: Option<String>,
    /// Older clients call it so.
    name: Option<String>,
    truncate: Option<bool>,
    dimensions: Option<u32>,
    /// Of the older route.
    prompt: Option<String>,
}

pub async fn embed(State(served): Shared, body: Body) -> Response {
    found(several(&served, body).await, Dialect::Ollama)
}

pub async fn embed_one(State(served): Shared, body: Body) -> Response {
    found(one(&served, body).await, Dialect::Ollama)
}

async fn several(served: &Served, body: Body) -> Result<Value, Fault> {
    let begun = Instant::now();
    let body = body::json(body)?;
    // Nothing to embed has the model loaded.
    let inputs = match &body["input"] {
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        input => texts(input)?,
    };
    let (key, embedded) = answer(served, &body, inputs).await?;
    let tokens = embedded.tokens();
    let load = embedded.load;
    let vectors: Vec<Vec<f32>> = values(embedded).collect();
    Ok(json!({
        "model": key, "embeddings": vectors, "prompt_eval_count": tokens,
        "total_duration": nanoseconds(begun.elapsed()), "load_duration": nanoseconds(load),
    }))
}

async fn one(served: &Served, body: Body) -> Result<Value, Fault> {
    let body = body::json(body)?;
    let fields: Fields = read(&body)?;
    let text = fields.prompt.filter(|text| !text.is_empty());
    let inputs = text.into_iter().map(|text| EmbedInput::Text { text });
    let (_, embedded) = answer(served, &body, inputs.collect()).await?;
    let vector = values(embedded).next().unwrap_or_default();
    Ok(json!({"embedding": vector}))
}

/// The key of the model, and what it made of the texts.
async fn answer(
    served: &Served,
    body: &Value,
    inputs: Vec<EmbedInput>,
) -> Result<(String, Embedded), Fault> {
    let fields: Fields = read(body)?;
    let keep_alive = keep_alive(&body["keep_alive"])?;
    let request = EmbedRequest {
        id: 0,
        inputs,
        truncate: fields.truncate.unwrap_or(true),
        dimensions: fields.dimensions,
    };
    let name = fields.model.or(fields.name);
    let (model, embedded) = embeddings::embed(served, name.as_deref(), request).await?;
    if keep_alive == KeepAlive::Eject {
        served.completions.let_go(model.id).await?;
    }
    Ok((model.key, embedded))
}

fn values(embedded: Embedded) -> impl Iterator<Item = Vec<f32>> {
    embedded.vectors.into_iter().map(|vector| vector.values)
}
