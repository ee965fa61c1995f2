//! Which model a client means. An unknown name is never served by another model.

use axum::http::StatusCode;
use sirocco_core::completions::Completions;
use sirocco_protocol::{LoadState, LoadedModel, Model, ModelVerdict};

use crate::fault::Fault;
use crate::note::Note;

/// The models that can be asked for answers or vectors, by their keys.
pub async fn list(completions: &dyn Completions) -> Result<Vec<Model>, Fault> {
    let mut models = completions.library().await?;
    models.retain(runs);
    models.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(models)
}

/// The model of this name.
pub async fn find(completions: &dyn Completions, name: Option<&str>) -> Result<Model, Fault> {
    let models = completions.library().await?;
    let name = name.map(str::trim).unwrap_or_default();
    if let Some(model) = named(&models, name) {
        if let Some(note) = Note::current() {
            note.model(&model.key);
        }
        return Ok(model.clone());
    }
    let mut keys: Vec<&str> = models
        .iter()
        .filter(|model| runs(model))
        .map(|model| model.key.as_str())
        .collect();
    keys.sort_unstable();
    let known = if keys.is_empty() {
        "the library is empty".to_owned()
    } else {
        format!("there are: {}", keys.join(", "))
    };
    Err(if name.is_empty() {
        Fault::field("model", format!("`model` must name a model; {known}"))
    } else {
        Fault {
            field: Some("model".into()),
            code: Some("model_not_found"),
            ..Fault::new(
                StatusCode::NOT_FOUND,
                format!("no model is called `{name}`; {known}"),
            )
        }
    })
}

/// How a model stands, if it is loaded and answers.
pub fn ready(completions: &dyn Completions, model: &Model) -> Option<LoadedModel> {
    completions
        .loaded_models()
        .into_iter()
        .find(|loaded| loaded.model_id == model.id && loaded.state == LoadState::Ready)
}

/// The publisher: whose repository it came from, or the engine that has it.
pub fn publisher(model: &Model) -> &str {
    if let Some(remote) = &model.remote {
        return &remote.engine_name;
    }
    model
        .source
        .as_ref()
        .and_then(|source| source.repository.split_once('/'))
        .map_or("local", |(owner, _)| owner)
}

/// It turns texts into vectors and does not answer.
pub fn embeds(model: &Model) -> bool {
    model.verdict == ModelVerdict::Embeds
}

fn runs(model: &Model) -> bool {
    embeds(model) || matches!(model.verdict, ModelVerdict::Runs { .. })
}

/// By key, else by file name, with or without its ending, or by what its engine calls it, if only one has it. Ollama's clients write `:latest`
/// behind names that have no tag.
fn named<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    let name = name.strip_suffix(":latest").unwrap_or(name).to_lowercase();
    if name.is_empty() {
        return None;
    }
    if let Some(model) = models.iter().find(|model| model.key == name) {
        return Some(model);
    }
    let mut same_file = models.iter().filter(|model| {
        if let Some(remote) = &model.remote {
            return remote.name.to_lowercase() == name;
        }
        let path = model.path.to_lowercase();
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        file == name || file.strip_suffix(".gguf") == Some(&name)
    });
    match (same_file.next(), same_file.next()) {
        (Some(model), None) => Some(model),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_protocol::ModelId;

    use super::*;

    fn model(key: &str, path: &str) -> Model {
        serde_json::from_value(json!({
            "id": ModelId::fresh(), "name": key, "key": key, "path": path, "architecture": "llama",
            "quantization": "Q8_0", "size_bytes": 1, "parameter_count": 1, "context_length": 1,
            "has_chat_template": true, "verdict": {"type": "runs", "cautions": []}, "runtime": "mistralrs", "runtimes": [], "added_at_ms": 0,
            "used_at_ms": null, "root_id": null, "origin": "folder", "source": null, "sha256": null,
            "verified_at_ms": null, "favourite": false, "notes": "", "newer_on_hub": false, "deletable": false,
        }))
        .unwrap()
    }

    #[test]
    fn a_model_is_found_by_key_or_by_a_file_name_of_its_own() {
        let models = [
            model("tiny", "/models/tiny-q8.gguf"),
            model("a", "/models/a/weights.gguf"),
            model("b", "/models/b/weights.gguf"),
        ];
        let key = |name| named(&models, name).map(|model| model.key.as_str());
        for name in ["tiny", "TINY", "tiny:latest", "tiny-q8.gguf", "Tiny-Q8"] {
            assert_eq!(key(name), Some("tiny"), "{name}");
        }
        // Two files of one name: neither is guessed at.
        for name in ["weights", "weights.gguf", "tin", "gpt-4o", "", ":latest"] {
            assert_eq!(key(name), None, "{name}");
        }
    }
}
