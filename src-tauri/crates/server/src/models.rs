//! Which model a client means. An unknown name is never served by another model.

use axum::http::StatusCode;
use sirocco_core::completions::{Completions, NamedModel};
use sirocco_protocol::{LoadState, LoadedModel, Model, ModelVerdict};

use crate::fault::Fault;
use crate::note::Note;

/// The models that can be asked for answers or vectors, by their keys.
pub async fn of_library(completions: &dyn Completions) -> Result<Vec<Model>, Fault> {
    let mut models = completions.library().await?;
    models.retain(runs);
    models.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(models)
}

/// Those models, and behind them those under their further names.
pub async fn list(completions: &dyn Completions) -> Result<Vec<Model>, Fault> {
    let mut models = of_library(completions).await?;
    let named = completions.named_models().await?;
    let further: Vec<_> = named
        .iter()
        .filter_map(|named| Some(under(named, beneath(&models, named)?)))
        .collect();
    models.extend(further);
    Ok(models)
}

/// The model of this name.
pub async fn find(completions: &dyn Completions, name: Option<&str>) -> Result<Model, Fault> {
    Ok(look_up(completions, name).await?.0)
}

/// The model of this name, and what the name has of its own if a program gave it.
pub async fn look_up(
    completions: &dyn Completions,
    name: Option<&str>,
) -> Result<(Model, Option<NamedModel>), Fault> {
    let models = completions.library().await?;
    let name = name.map(str::trim).unwrap_or_default();
    let found = match of_key(&models, name) {
        Some(model) => Some((model.clone(), None)),
        None => match further(completions, name).await? {
            Some(named) => {
                let model = beneath(&models, &named).ok_or_else(|| is_gone(&named))?;
                Some((under(&named, model), Some(named)))
            }
            None => of_file(&models, name).map(|model| (model.clone(), None)),
        },
    };
    let Some(found) = found else {
        return Err(unknown(name, &list(completions).await?));
    };
    if let Some(note) = Note::current() {
        note.model(&found.0.key);
    }
    Ok(found)
}

/// A further name that a program gave to a model, which may be gone.
async fn further(completions: &dyn Completions, name: &str) -> Result<Option<NamedModel>, Fault> {
    let name = plain(name);
    let mut all = completions.named_models().await?.into_iter();
    Ok(all.find(|named| named.name == name))
}

/// A name as it is kept and compared. Ollama's clients write `:latest` behind names that have no tag.
pub fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.strip_suffix(":latest").unwrap_or(&name).to_owned()
}

fn beneath<'a>(models: &'a [Model], named: &NamedModel) -> Option<&'a Model> {
    models.iter().find(|model| model.id == named.model_id)
}

/// The model as it is listed under its further name.
fn under(named: &NamedModel, model: &Model) -> Model {
    Model {
        key: named.name.clone(),
        added_at_ms: named.created_at_ms,
        ..model.clone()
    }
}

fn is_gone(named: &NamedModel) -> Fault {
    let message = format!(
        "`{}` stands for `{}`, which is not in the library any more",
        named.name, named.model_key
    );
    Fault {
        field: Some("model".into()),
        code: Some("model_not_found"),
        ..Fault::new(StatusCode::NOT_FOUND, message)
    }
}

fn unknown(name: &str, models: &[Model]) -> Fault {
    let keys: Vec<&str> = models.iter().map(|model| model.key.as_str()).collect();
    let known = if keys.is_empty() {
        "the library is empty".to_owned()
    } else {
        format!("there are: {}", keys.join(", "))
    };
    if name.is_empty() {
        return Fault::field("model", format!("`model` must name a model; {known}"));
    }
    Fault {
        field: Some("model".into()),
        code: Some("model_not_found"),
        ..Fault::new(
            StatusCode::NOT_FOUND,
            format!("no model is called `{name}`; {known}"),
        )
    }
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

fn of_key<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    let name = plain(name);
    models.iter().find(|model| model.key == name)
}

/// By file name, with or without its ending, or by what its engine calls it, if only one has it.
fn of_file<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    let name = plain(name);
    if name.is_empty() {
        return None;
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
        let key = |name| {
            let found = of_key(&models, name).or_else(|| of_file(&models, name));
            found.map(|model| model.key.as_str())
        };
        for name in ["tiny", "TINY", "tiny:latest", "tiny-q8.gguf", "Tiny-Q8"] {
            assert_eq!(key(name), Some("tiny"), "{name}");
        }
        // Two files of one name: neither is guessed at.
        for name in ["weights", "weights.gguf", "tin", "gpt-4o", "", ":latest"] {
            assert_eq!(key(name), None, "{name}");
        }
    }
}
