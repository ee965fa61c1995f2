//! Version 1: models, loading them, downloading them.

use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use sirocco_core::completions::{Completions, Needs};
use sirocco_protocol::{Download, DownloadId, DownloadState, FlashAttention, LoadedModel, Model};
use time::OffsetDateTime;

use super::chat;
use crate::body::{self, Body, read};
use crate::fault::{Dialect, Fault, found};
use crate::models::{embeds, find, list, look_up, publisher, ready};
use crate::ollama::{parameter_size, timestamp};
use crate::pulls::{start, state};
use crate::routes::{Routes, Served, Shared};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/v1/models", models)
        .post("/api/v1/models/load", load)
        .post("/api/v1/models/unload", unload)
        .post("/api/v1/models/download", download)
        .get("/api/v1/models/download/status/{id}", status)
        .post("/api/v1/chat", chat::chat)
}

async fn models(State(served): Shared) -> Response {
    let completions = served.completions.as_ref();
    let models = list(completions).await.map(|models| {
        let models: Vec<_> = models
            .iter()
            .map(|model| describe(completions, model))
            .collect();
        json!({"models": models})
    });
    found(models, Dialect::LmStudioV1)
}

fn describe(completions: &dyn Completions, model: &Model) -> Value {
    // A model has one worker, and so one instance, of its own name.
    let instances: Vec<_> = ready(completions, model)
        .into_iter()
        .map(|loaded| json!({"id": model.key, "config": config(&loaded)}))
        .collect();
    let bits = model.size_bytes as f64 * 8.0 / model.parameter_count.max(1) as f64;
    json!({
        "type": kind(model), "publisher": publisher(model), "key": model.key, "display_name": model.name,
        "architecture": model.architecture,
        "quantization": {"name": model.quantization, "bits_per_weight": (bits * 100.0).round() / 100.0},
        "size_bytes": model.size_bytes, "params_string": parameter_size(model.parameter_count),
        "loaded_instances": instances, "max_context_length": model.context_length, "format": "gguf",
        "capabilities": {"vision": model.sees_images, "trained_for_tool_use": !embeds(model)}, "description": null,
    })
}

/// What the model is loaded with; what llama.cpp decides by itself is left out.
fn config(loaded: &LoadedModel) -> Value {
    let mut config = json!({"context_length": loaded.context_length});
    let told = loaded.llamacpp.as_ref().map(|told| told.flash_attention);
    if let Some(told @ (FlashAttention::On | FlashAttention::Off)) = told {
        config["flash_attention"] = json!(told == FlashAttention::On);
    }
    config
}

fn kind(model: &Model) -> &'static str {
    if embeds(model) { "embedding" } else { "llm" }
}

#[derive(Deserialize)]
struct Load {
    model: Option<String>,
    context_length: Option<u32>,
    /// Of the llama.cpp runtime; the other has nothing of the kind.
    flash_attention: Option<bool>,
    #[serde(default)]
    echo_load_config: bool,
}

async fn load(State(served): Shared, body: Body) -> Response {
    found(load_named(&served, body).await, Dialect::LmStudioV1)
}

async fn load_named(served: &Served, body: Body) -> Result<Value, Fault> {
    let asked: Load = read(&body::json(body)?)?;
    let completions = served.completions.as_ref();
    let (model, named) = look_up(completions, asked.model.as_deref()).await?;
    let named = named.and_then(|named| named.context_length);
    let begun = Instant::now();
    let needs = Needs {
        context_length: asked.context_length.or(named),
        flash_attention: asked.flash_attention,
        ..Needs::default()
    };
    let loaded = completions.warm_up(model.id, needs).await?;
    let mut answer = json!({
        "type": kind(&model), "instance_id": model.key, "status": "loaded",
        "load_time_seconds": begun.elapsed().as_secs_f64(),
    });
    if asked.echo_load_config {
        answer["load_config"] = config(&loaded);
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Unload {
    instance_id: Option<String>,
}

async fn unload(State(served): Shared, body: Body) -> Response {
    found(unload_named(&served, body).await, Dialect::LmStudioV1)
}

async fn unload_named(served: &Served, body: Body) -> Result<Value, Fault> {
    let asked: Unload = read(&body::json(body)?)?;
    let completions = served.completions.as_ref();
    let model = find(completions, asked.instance_id.as_deref()).await?;
    if ready(completions, &model).is_none() {
        let message = format!("`{}` is not loaded", model.key);
        return Err(Fault::new(StatusCode::NOT_FOUND, message));
    }
    if !completions.let_go(model.id).await? {
        let message = format!("`{}` is in use and stays loaded", model.key);
        return Err(Fault::new(StatusCode::CONFLICT, message));
    }
    Ok(json!({"instance_id": model.key}))
}

#[derive(Deserialize)]
struct Fetch {
    model: Option<String>,
    quantization: Option<String>,
}

async fn download(State(served): Shared, body: Body) -> Response {
    found(begin_download(&served, body).await, Dialect::LmStudioV1)
}

async fn begin_download(served: &Served, body: Body) -> Result<Value, Fault> {
    let asked: Fetch = read(&body::json(body)?)?;
    let name = asked.model.unwrap_or_default();
    let download = start(served.completions.as_ref(), &name, asked.quantization).await?;
    Ok(job(&download))
}

async fn status(State(served): Shared, Path(id): Path<String>) -> Response {
    found(job_of(&served, &id).await, Dialect::LmStudioV1)
}

async fn job_of(served: &Served, id: &str) -> Result<Value, Fault> {
    let download = match id.parse::<DownloadId>() {
        Ok(id) => state(served.completions.as_ref(), id).await?,
        Err(_) => None,
    };
    download.as_ref().map(job).ok_or_else(|| Fault {
        code: Some("job_not_found"),
        ..Fault::new(
            StatusCode::NOT_FOUND,
            format!("there is no download `{id}`"),
        )
    })
}

fn job(download: &Download) -> Value {
    let status = match &download.state {
        DownloadState::Finished { .. } => "completed",
        DownloadState::Paused { .. } => "paused",
        DownloadState::Failed { .. } => "failed",
        _ => "downloading",
    };
    let mut job = json!({
        "job_id": download.id, "status": status, "total_size_bytes": download.total_bytes,
        "downloaded_bytes": download.done_bytes, "started_at": at_ms(download.added_at_ms),
    });
    if matches!(download.state, DownloadState::Downloading) {
        job["bytes_per_second"] = json!(download.bytes_per_second);
    }
    job
}

fn at_ms(milliseconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    timestamp(time.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}
