//! `sirocco ps` and `sirocco unload`: what the Sirocco that is open has in memory.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelEject, ModelList, ModelLoaded, Nothing};
use sirocco_protocol::{ErrorCode, ErrorReport, LoadState, LoadedModel, Model};

use crate::models;
use crate::output::{bytes, table};
use crate::session::Session;

#[derive(Args)]
pub struct Unload {
    /// Key or name of the model.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    model: Option<String>,
    /// All that are loaded.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// `sirocco ps`. With no Sirocco open nothing is loaded.
pub async fn list(home: Home, json: bool) -> Result<ExitCode> {
    let (loaded, models) = match Session::of_other(&home).await? {
        Some(session) => look(&session).await?,
        None => (Vec::new(), Vec::new()),
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&loaded)?);
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["MODEL", "STATE", "CONTEXT", "MEMORY", "QUEUE", "RUNTIME"];
    let rows = loaded.iter().map(|one| row(one, &models));
    let head = head.map(str::to_owned).to_vec();
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}

pub async fn unload(home: Home, unload: Unload) -> Result<ExitCode> {
    let Some(session) = Session::of_other(&home).await? else {
        bail!("no Sirocco is open, so no model is loaded");
    };
    let (loaded, models) = look(&session).await?;
    let gone = match &unload.model {
        Some(wanted) => vec![loaded_as(wanted, &loaded, &models)?],
        None => loaded,
    };
    for one in &gone {
        let eject = ModelEject { id: one.model_id };
        let _: Nothing = session.call("model_eject", eject).await?;
        if !unload.json {
            println!("{} is unloaded", name_of(one, &models));
        }
    }
    if unload.json {
        println!("{}", serde_json::to_string_pretty(&gone)?);
    }
    Ok(ExitCode::SUCCESS)
}

async fn look(session: &Session) -> Result<(Vec<LoadedModel>, Vec<Model>)> {
    let loaded = session.call("model_loaded", ModelLoaded {}).await?;
    Ok((loaded, session.call("model_list", ModelList {}).await?))
}

/// The loaded model a person means: by its key or name, or the beginning of one key only.
fn loaded_as(wanted: &str, loaded: &[LoadedModel], models: &[Model]) -> Result<LoadedModel> {
    let lower = wanted.to_lowercase();
    let known: Vec<&Model> = loaded
        .iter()
        .filter_map(|one| model_of(one, models))
        .collect();
    let meant = models::meant(known.iter().copied(), &lower);
    let found = meant.and_then(|model| loaded.iter().find(|one| one.model_id == model.id));
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = loaded.iter().map(|one| name_of(one, models)).collect();
        let hint = match names.as_slice() {
            [] => "nothing is loaded".to_owned(),
            names => format!("loaded are: {}", names.join(", ")),
        };
        let message = format!("no model that is loaded is called `{wanted}`");
        ErrorReport::new(ErrorCode::NotFound, message)
            .with_hint(hint)
            .into()
    })
}

fn row(one: &LoadedModel, models: &[Model]) -> Vec<String> {
    let state = match &one.state {
        LoadState::Loading { progress } => format!("loading, {:.0}%", progress * 100.0),
        LoadState::Ready => "ready".to_owned(),
        LoadState::Failed { error } => format!("failed: {}", error.message),
    };
    vec![
        name_of(one, models),
        state,
        one.context_length.to_string(),
        one.memory_bytes.map_or_else(|| "-".to_owned(), bytes),
        one.queue_length.to_string(),
        one.runtime.clone(),
    ]
}

fn model_of<'a>(one: &LoadedModel, models: &'a [Model]) -> Option<&'a Model> {
    models.iter().find(|model| model.id == one.model_id)
}

/// Its key; a model that left the library meanwhile has only its id.
fn name_of(one: &LoadedModel, models: &[Model]) -> String {
    model_of(one, models).map_or_else(|| one.model_id.to_string(), |model| model.key.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_protocol::ModelId;

    use super::*;

    fn model(key: &str) -> Model {
        serde_json::from_value(json!({
            "id": ModelId::fresh(), "name": key.to_uppercase(), "key": key, "path": "/m", "architecture": "llama",
            "quantization": "Q8_0", "size_bytes": 1, "parameter_count": 1, "context_length": 1,
            "has_chat_template": true, "verdict": {"type": "runs", "cautions": []}, "runtime": "mistralrs", "runtimes": [], "added_at_ms": 0,
            "used_at_ms": null, "root_id": null, "origin": "folder", "source": null, "sha256": null,
            "verified_at_ms": null, "favourite": false, "notes": "", "newer_on_hub": false, "deletable": false,
        }))
        .unwrap()
    }

    fn loaded(model: &Model) -> LoadedModel {
        LoadedModel {
            model_id: model.id,
            state: LoadState::Ready,
            context_length: 4096,
            threads: 8,
            runtime: "mistral.rs 0.8.1 · CPU (native)".into(),
            served_by: model.runtime,
            llamacpp: None,
            fallback: None,
            memory_bytes: Some(491_000_000),
            queue_length: 1,
        }
    }

    #[test]
    fn a_name_that_two_models_have_means_neither() {
        let mut models = [model("a-q4"), model("a-q8")];
        for one in &mut models {
            one.name = "A".into();
        }
        let all: Vec<_> = models.iter().map(loaded).collect();
        assert!(loaded_as("a", &all, &models).is_err());
        let by_key = loaded_as("a-q8", &all, &models).unwrap();
        assert_eq!(by_key.model_id, models[1].id);
    }

    #[test]
    fn a_loaded_model_is_meant_by_key_name_or_an_unambiguous_beginning() {
        let models = [model("tiny"), model("tinier"), model("big")];
        let all: Vec<_> = models[..2].iter().map(loaded).collect();
        let meant = |wanted| {
            loaded_as(wanted, &all, &models)
                .map(|one| one.model_id)
                .ok()
        };
        assert_eq!(meant("TINY"), Some(models[0].id));
        assert_eq!(meant("tini"), Some(models[1].id));
        for unclear in ["tin", "big", "x"] {
            assert_eq!(meant(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn a_row_says_how_a_model_stands() {
        let tiny = model("tiny");
        let row = row(&loaded(&tiny), &[tiny]);
        let expected = [
            "tiny",
            "ready",
            "4096",
            "491 MB",
            "1",
            "mistral.rs 0.8.1 · CPU (native)",
        ];
        assert_eq!(row, expected);
    }
}
