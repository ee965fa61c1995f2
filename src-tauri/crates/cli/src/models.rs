//! `sirocco models` and `sirocco add`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelImport, ModelList, ModelScan, PathType};
use sirocco_protocol::{
    ErrorCode, ErrorReport, ImportMode, ImportOutcome, Model, ModelVerdict, PickedPath, RuntimeName,
};

use crate::output::{bytes, table};
use crate::session::Session;

pub async fn list(home: Home, json: bool) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let models = library(&session).await;
    session.close().await;
    print(&models?, json)?;
    Ok(ExitCode::SUCCESS)
}

pub async fn add(home: Home, path: &Path, json: bool) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = import(&session, path).await;
    session.close().await;
    let outcome = outcome?;
    print(&outcome.models, json)?;
    for problem in &outcome.problems {
        eprintln!("warning: {problem}");
    }
    Ok(if outcome.models.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The library, looked through again.
pub async fn library(session: &Session) -> Result<Vec<Model>> {
    let _: ImportOutcome = session.call("model_scan", ModelScan {}).await?;
    session.call("model_list", ModelList {}).await
}

/// The handle of a path on the command line.
pub async fn pick(session: &Session, path: &Path) -> Result<PickedPath> {
    let path = std::path::absolute(path)
        .with_context(|| format!("could not resolve `{}`", path.display()))?;
    let path = path.display().to_string();
    session.call("path_type", PathType { path }).await
}

/// Adds a file or folder in place.
async fn import(session: &Session, path: &Path) -> Result<ImportOutcome> {
    let picked = pick(session, path).await?;
    session
        .call(
            "model_import",
            ModelImport {
                handle: picked.handle,
                mode: ImportMode::InPlace,
            },
        )
        .await
}

/// The model a person means: its key, its name, the beginning of one key only, or a file, which is added then.
pub async fn find(session: &Session, wanted: &str) -> Result<Model> {
    match named(session, wanted).await {
        Err(_) if Path::new(wanted).is_file() => {
            let outcome = import(session, Path::new(wanted)).await?;
            outcome.models.into_iter().next().ok_or_else(|| {
                ErrorReport::new(ErrorCode::ModelRefused, outcome.problems.join("; ")).into()
            })
        }
        found => found,
    }
}

/// The model of the library with this key or name, or the only one whose key begins so.
pub async fn named(session: &Session, wanted: &str) -> Result<Model> {
    let models = library(session).await?;
    let lower = wanted.to_lowercase();
    if let Some(model) = meant(&models, &lower) {
        return Ok(model.clone());
    }
    let keys: Vec<_> = models.iter().map(|model| model.key.as_str()).collect();
    let hint = if keys.is_empty() {
        "the library is empty: `sirocco get --starter` downloads a first model".to_owned()
    } else {
        format!("there are: {}", keys.join(", "))
    };
    Err(ErrorReport::new(
        ErrorCode::NotFound,
        format!("no model is called `{wanted}`"),
    )
    .with_hint(hint)
    .into())
}

/// The model with this key; else the only one of this name, for files of one repository have the same; else the only
/// one whose key begins so.
pub fn meant<'a>(
    models: impl IntoIterator<Item = &'a Model> + Clone,
    lower: &str,
) -> Option<&'a Model> {
    let all = || models.clone().into_iter();
    let only = |fits: &dyn Fn(&Model) -> bool| {
        let mut fitting = all().filter(|model| fits(model));
        (fitting.next(), fitting.next())
    };
    if let Some(model) = all().find(|model| model.key == lower) {
        return Some(model);
    }
    match only(&|model| model.name.to_lowercase() == lower) {
        (Some(model), None) => Some(model),
        (Some(_), Some(_)) => None,
        (None, _) => match only(&|model| model.key.starts_with(lower)) {
            (Some(model), None) => Some(model),
            _ => None,
        },
    }
}

fn print(models: &[Model], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(models)?);
        return Ok(());
    }
    let head = [
        "MODEL",
        "ARCHITECTURE",
        "QUANTIZATION",
        "SIZE",
        "CONTEXT",
        "STATE",
    ]
    .map(str::to_owned)
    .to_vec();
    let rows = models.iter().map(|model| {
        let state = match (&model.remote, &model.verdict) {
            (Some(remote), ModelVerdict::Runs { .. }) => {
                format!("answers on {}", remote.engine_name)
            }
            (Some(remote), _) => format!("gone from {}", remote.engine_name),
            (None, verdict) => state_of(model, verdict),
        };
        vec![
            model.key.clone(),
            model.architecture.clone(),
            model.quantization.clone(),
            bytes(model.size_bytes),
            model.context_length.to_string(),
            state,
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    Ok(())
}

fn state_of(model: &Model, verdict: &ModelVerdict) -> String {
    match verdict {
        ModelVerdict::Runs { .. } => served("runs", model.runtime),
        ModelVerdict::Embeds => served("embeds", model.runtime),
        ModelVerdict::Refused { reasons } => format!("cannot run: {}", reasons.join("; ")),
        ModelVerdict::Missing => "file is missing".to_owned(),
        ModelVerdict::Offline => "its folder is offline".to_owned(),
    }
}

fn served(does: &str, runtime: Option<RuntimeName>) -> String {
    match runtime {
        Some(runtime) => format!("{does} here with {runtime}"),
        None => format!("{does} here"),
    }
}
