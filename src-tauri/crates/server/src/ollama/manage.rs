//! `/api/pull`, `/api/delete`, and what is not done here: `/api/push`.

use std::pin::pin;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use sirocco_protocol::commands::ModelDelete;
use sirocco_protocol::{Download, DownloadState, TrashedModel};

use super::frames::{json_line, streamed};
use crate::body::{self, Body, read};
use crate::fault::{Dialect, Fault};
use crate::models::{find, plain};
use crate::pulls::{call, follow, rest, start};
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Which {
    model: Option<String>,
    /// Older clients call it so.
    name: Option<String>,
    stream: Option<bool>,
}

pub async fn pull(State(served): Shared, body: Body) -> Response {
    begin_pull(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::Ollama))
}

async fn begin_pull(served: &Served, body: Body) -> Result<Response, Fault> {
    let which: Which = read(&body::json(body)?)?;
    let name = which.model.or(which.name).unwrap_or_default();
    let completions = Arc::clone(&served.completions);
    let events = completions.events();
    let download = start(completions.as_ref(), &name, None).await?;
    let changes = follow(completions, events, download);
    if which.stream.unwrap_or(true) {
        let lines = lines(changes).map(|line| json_line(&line));
        return Ok(streamed(
            lines.take_until(served.stop.clone().cancelled_owned()),
        ));
    }
    let mut changes = pin!(changes);
    while let Some(change) = changes.next().await {
        if let Some(Err(fault)) = rest(&change?) {
            return Err(fault);
        }
    }
    Ok(Json(json!({"status": "success"})).into_response())
}

fn lines(
    changes: impl Stream<Item = Result<Download, Fault>> + Send,
) -> impl Stream<Item = Value> + Send {
    let first = stream::iter([json!({"status": "pulling manifest"})]);
    first.chain(changes.flat_map(|change| {
        let lines = match change {
            Ok(download) => match rest(&download) {
                None => vec![progress(&download)],
                Some(Ok(())) => vec![json!({"status": "success"})],
                Some(Err(fault)) => vec![fault.body(Dialect::Ollama)],
            },
            Err(fault) => vec![fault.body(Dialect::Ollama)],
        };
        stream::iter(lines)
    }))
}

/// One download is one layer; its name stands for the hash, which is not known until it is asked for.
fn progress(download: &Download) -> Value {
    let status = match &download.state {
        DownloadState::Verifying => "verifying sha256 digest".to_owned(),
        DownloadState::Queued { .. } | DownloadState::Resolving => "pulling manifest".to_owned(),
        _ => format!("pulling {}", download.name),
    };
    match &download.state {
        DownloadState::Downloading => json!({
            "status": status, "digest": download.name, "total": download.total_bytes, "completed": download.done_bytes,
        }),
        _ => json!({"status": status}),
    }
}

/// Moves a model to the trash, from where the window can bring it back. A further name is taken back, and its model
/// stays.
pub async fn delete(State(served): Shared, body: Body) -> Response {
    match delete_named(&served, body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => fault.response(Dialect::Ollama),
    }
}

async fn delete_named(served: &Served, body: Body) -> Result<(), Fault> {
    let which: Which = read(&body::json(body)?)?;
    let completions = served.completions.as_ref();
    let name = which.model.or(which.name);
    // Also one whose model is gone.
    if completions
        .remove_name(&plain(name.as_deref().unwrap_or_default()))
        .await?
    {
        return Ok(());
    }
    let model = find(completions, name.as_deref()).await?;
    let _: TrashedModel = call(completions, "model_delete", ModelDelete { id: model.id }).await?;
    Ok(())
}

pub async fn push() -> Response {
    let message = "models are not uploaded from here";
    Fault::new(StatusCode::BAD_REQUEST, message).response(Dialect::Ollama)
}
