//! `/api/version`, `/api/tags`, `/api/ps`, `/api/show`.

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sirocco_protocol::{HeaderReport, Model};
use time::OffsetDateTime;

use super::VERSION;
use super::frames::timestamp;
use super::parameters::Kept;
use crate::body::{self, Body, read};
use crate::fault::{Dialect, Fault, found};
use crate::models::{embeds, list, look_up, of_library, ready};
use crate::routes::{Served, Shared};

/// When a loaded model is ejected: not until its memory is needed. Its clients expect a date.
const NEVER: &str = "9999-12-31T23:59:59Z";

#[derive(Serialize)]
struct Details {
    /// Of a further name, the model beneath.
    parent_model: String,
    format: &'static str,
    family: String,
    families: Vec<String>,
    parameter_size: String,
    quantization_level: String,
}

#[derive(Serialize)]
struct Tag {
    name: String,
    model: String,
    modified_at: String,
    size: u64,
    /// Hash of the file; empty until it is known.
    digest: String,
    details: Details,
    #[serde(flatten)]
    remote: Option<Remote>,
}

/// Where a model is that is not on this machine.
#[derive(Serialize)]
struct Remote {
    remote_model: String,
    remote_host: String,
}

#[derive(Serialize)]
struct Running {
    name: String,
    model: String,
    size: u64,
    digest: String,
    details: Details,
    expires_at: &'static str,
    size_vram: u64,
    context_length: u32,
}

#[derive(Serialize)]
struct Shown {
    license: &'static str,
    modelfile: String,
    /// A line each.
    parameters: String,
    template: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    details: Details,
    model_info: Map<String, Value>,
    capabilities: &'static [&'static str],
    modified_at: String,
    #[serde(flatten)]
    remote: Option<Remote>,
}

#[derive(Deserialize)]
struct Which {
    model: Option<String>,
    /// Older clients call it so.
    name: Option<String>,
}

pub async fn version() -> Response {
    Json(json!({"version": VERSION})).into_response()
}

pub async fn tags(State(served): Shared) -> Response {
    let models = list(served.completions.as_ref()).await;
    let tags = models.map(|models| {
        let tags: Vec<_> = models.iter().map(Tag::from).collect();
        json!({"models": tags})
    });
    found(tags, Dialect::Ollama)
}

pub async fn ps(State(served): Shared) -> Response {
    let completions = served.completions.as_ref();
    // A model runs once, whatever else it is called.
    let models = of_library(completions).await;
    let running = models.map(|models| {
        let running: Vec<_> = models
            .iter()
            .filter_map(|model| Some((model, ready(completions, model)?)))
            .map(|(model, loaded)| Running {
                name: model.key.clone(),
                model: model.key.clone(),
                size: loaded.memory_bytes.unwrap_or(model.size_bytes),
                digest: model.sha256.clone().unwrap_or_default(),
                details: Details::from(model),
                expires_at: NEVER,
                size_vram: 0,
                context_length: loaded.context_length,
            })
            .collect();
        json!({"models": running})
    });
    found(running, Dialect::Ollama)
}

pub async fn show(State(served): Shared, body: Body) -> Response {
    found(read_header(&served, body).await, Dialect::Ollama)
}

async fn read_header(served: &Served, body: Body) -> Result<Shown, Fault> {
    let which: Which = read(&body::json(body)?)?;
    let name = which.model.or(which.name);
    let (model, named) = look_up(served.completions.as_ref(), name.as_deref()).await?;
    let (template, model_info) = match &model.remote {
        Some(_) => (String::new(), Map::new()),
        None => {
            let header = served.completions.header(model.id).await?;
            let template = header.chat_template.clone().unwrap_or_default();
            (template, model_info(&header))
        }
    };
    let parameters = named.as_ref().map(Kept::of).unwrap_or_default();
    let system = named
        .as_ref()
        .and_then(|named| named.values.system_prompt.clone());
    let mut details = Details::from(&model);
    if let Some(named) = &named {
        details.parent_model.clone_from(&named.model_key);
    }
    Ok(Shown {
        license: "",
        modelfile: modelfile(&model, system.as_deref(), &parameters),
        parameters: parameters.lines(),
        template,
        system: system.unwrap_or_default(),
        details,
        model_info,
        capabilities: if embeds(&model) {
            &["embedding"]
        } else if model.sees_images {
            &["completion", "tools", "vision"]
        } else {
            &["completion", "tools"]
        },
        modified_at: added_at(&model),
        remote: Remote::of(&model),
    })
}

/// What would make this model, in Ollama's words.
fn modelfile(model: &Model, system: Option<&str>, parameters: &Kept) -> String {
    let mut text = format!("FROM {}\n", model.path);
    if let Some(system) = system {
        text.push_str(&format!("SYSTEM \"\"\"{system}\"\"\"\n"));
    }
    for (name, value) in parameters.pairs() {
        text.push_str(&format!("PARAMETER {name} {value}\n"));
    }
    text
}

fn model_info(header: &HeaderReport) -> Map<String, Value> {
    let architecture = &header.architecture;
    let mut info: Map<String, Value> = header
        .metadata
        .iter()
        .map(|(key, text)| (key.clone(), typed(text)))
        .collect();
    info.insert("general.architecture".into(), architecture.clone().into());
    info.insert(
        "general.parameter_count".into(),
        header.parameter_count.into(),
    );
    info.insert(
        format!("{architecture}.context_length"),
        header.context_length.into(),
    );
    info
}

/// A number or a truth value where the text is one.
fn typed(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => text.into(),
    }
}

impl Remote {
    fn of(model: &Model) -> Option<Self> {
        let remote = model.remote.as_ref()?;
        let address = model.path.split_once('#').map(|(address, _)| address);
        Some(Self {
            remote_model: remote.name.clone(),
            remote_host: address.unwrap_or(&model.path).to_owned(),
        })
    }
}

impl From<&Model> for Details {
    fn from(model: &Model) -> Self {
        Self {
            parent_model: String::new(),
            format: "gguf",
            family: model.architecture.clone(),
            families: vec![model.architecture.clone()],
            parameter_size: parameter_size(model.parameter_count),
            quantization_level: model.quantization.clone(),
        }
    }
}

impl From<&Model> for Tag {
    fn from(model: &Model) -> Self {
        Self {
            name: model.key.clone(),
            model: model.key.clone(),
            modified_at: added_at(model),
            size: model.size_bytes,
            digest: model.sha256.clone().unwrap_or_default(),
            details: Details::from(model),
            remote: Remote::of(model),
        }
    }
}

fn added_at(model: &Model) -> String {
    let nanoseconds = i128::from(model.added_at_ms) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds);
    timestamp(time.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

/// `7.6B`, `494.0M`.
pub fn parameter_size(count: u64) -> String {
    let count = count as f64;
    if count >= 1e9 {
        format!("{:.1}B", count / 1e9)
    } else {
        format!("{:.1}M", count / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(parameter_size(494_032_768), "494.0M");
        assert_eq!(parameter_size(7_615_616_512), "7.6B");
    }

    #[test]
    fn metadata_has_types_again() {
        assert_eq!(typed("24"), 24);
        assert_eq!(typed("true"), true);
        assert_eq!(typed("qwen2"), "qwen2");
        assert_eq!(typed("[1, 2]"), "[1, 2]");
    }
}
