//! `POST /api/copy` and `/api/create`: further names of models.
//!
//! A name made here has a system prompt and parameters, and no file: what it stands for stays one model, loaded once.
//! Requests that say something themselves are heeded before it. What would need another file, another template or
//! messages of its own is refused.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use sirocco_core::completions::NamedModel;
use sirocco_protocol::LayerValues;
use time::OffsetDateTime;

use super::frames::{json_line, streamed};
use super::parameters::Kept;
use crate::body::{self, Body, asks, read};
use crate::fault::{Dialect, Fault};
use crate::models::{embeds, look_up, plain};
use crate::routes::{Served, Shared};

/// What a name cannot have.
const REFUSED: [&str; 16] = [
    "adapters",
    "draft_files",
    "draft_quantize",
    "files",
    "info",
    "license",
    "messages",
    "modelfile",
    "parser",
    "path",
    "quantization",
    "quantize",
    "remote_host",
    "renderer",
    "requires",
    "template",
];

#[derive(Deserialize)]
struct Copy {
    source: Option<String>,
    destination: Option<String>,
}

#[derive(Deserialize)]
struct Create {
    model: Option<String>,
    /// Older clients call it so.
    name: Option<String>,
    from: Option<String>,
    system: Option<String>,
    parameters: Option<Kept>,
    stream: Option<bool>,
}

pub async fn copy(State(served): Shared, body: Body) -> Response {
    match copy_named(&served, body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => fault.response(Dialect::Ollama),
    }
}

async fn copy_named(served: &Served, body: Body) -> Result<(), Fault> {
    let asked: Copy = read(&body::json(body)?)?;
    let (copy, _) = over(served, "source", asked.source.as_deref()).await?;
    give(served, copy, "destination", asked.destination.as_deref()).await
}

pub async fn create(State(served): Shared, body: Body) -> Response {
    make(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::Ollama))
}

async fn make(served: &Served, body: Body) -> Result<Response, Fault> {
    let body = body::json(body)?;
    refuse(&body)?;
    let asked: Create = read(&body)?;
    let (mut named, writes) = over(served, "from", asked.from.as_deref()).await?;
    // One that is empty takes away what the name beneath has.
    if let Some(system) = asked.system {
        named.values.system_prompt = Some(system).filter(|system| !system.is_empty());
    }
    if let Some(parameters) = asked.parameters {
        parameters.keep_in(&mut named)?;
    }
    if !writes && named.values != LayerValues::default() {
        let message = format!(
            "`{}` is an embedding model, and heeds neither a system prompt nor parameters",
            named.model_key
        );
        return Err(Fault::field("from", message));
    }
    give(
        served,
        named,
        "model",
        asked.model.or(asked.name).as_deref(),
    )
    .await?;
    let success = json!({"status": "success"});
    if !asked.stream.unwrap_or(true) {
        return Ok(Json(success).into_response());
    }
    let lines = [json!({"status": "writing manifest"}), success];
    Ok(streamed(stream::iter(lines.map(|line| json_line(&line)))))
}

fn refuse(body: &Value) -> Result<(), Fault> {
    let Some(field) = REFUSED.iter().find(|field| asks(&body[**field])) else {
        return Ok(());
    };
    let message = format!(
        "`{field}` cannot be honoured: a name made here gives a model of the library a system prompt and parameters; \
         a GGUF file is added with `sirocco add FILE`"
    );
    Err(Fault::field(*field, message))
}

/// A name, still to be given, that stands for what this one stands for; and whether that writes text.
async fn over(
    served: &Served,
    field: &str,
    name: Option<&str>,
) -> Result<(NamedModel, bool), Fault> {
    let found = look_up(served.completions.as_ref(), name).await;
    let (model, named) = found.map_err(|fault| Fault {
        message: fault.message.replace("`model`", &format!("`{field}`")),
        field: Some(field.into()),
        ..fault
    })?;
    let writes = !embeds(&model);
    let fresh = || NamedModel {
        name: String::new(),
        model_id: model.id,
        model_key: model.key.clone(),
        values: LayerValues::default(),
        context_length: None,
        created_at_ms: 0,
    };
    Ok((named.unwrap_or_else(fresh), writes))
}

async fn give(
    served: &Served,
    named: NamedModel,
    field: &str,
    name: Option<&str>,
) -> Result<(), Fault> {
    let name = plain(name.unwrap_or_default());
    if name.is_empty() {
        let message = format!("`{field}` must be the name that the model is to have");
        return Err(Fault::field(field, message));
    }
    let given = NamedModel {
        name,
        created_at_ms: OffsetDateTime::now_utc().unix_timestamp() * 1000,
        ..named
    };
    Ok(served.completions.name_model(given).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name() {
        for (field, value) in [
            ("files", json!({"a.gguf": "sha256:0"})),
            ("adapters", json!({"a.gguf": "sha256:0"})),
            ("quantize", json!("q4_K_M")),
            ("template", json!("{{ .Prompt }}")),
            ("messages", json!([{"role": "user", "content": "a"}])),
            ("license", json!("MIT")),
            ("modelfile", json!("FROM tiny")),
        ] {
            let fault = refuse(&json!({"model": "a", "from": "b", field: value})).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field));
            assert_eq!(fault.status, StatusCode::BAD_REQUEST);
        }
        let nothing =
            json!({"model": "a", "from": "b", "files": {}, "template": "", "license": null});
        assert!(refuse(&nothing).is_ok());
    }
}
