//! `sirocco rm`: takes a model out of the library.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelDelete, ModelForget, Nothing};
use sirocco_protocol::{ErrorCode, ErrorReport, Model, ModelVerdict, TrashedModel};

use crate::models;
use crate::session::Session;

#[derive(Args)]
pub struct Rm {
    /// Key or name of the model.
    model: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(home: Home, rm: Rm) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let removed = remove(&session, &rm.model).await;
    session.close().await;
    let (model, is_in_trash) = removed?;
    if rm.json {
        println!("{}", json!({"model": model.key, "in_trash": is_in_trash}));
    } else if is_in_trash {
        println!(
            "{} is in the trash, from where the window can restore it",
            model.key
        );
    } else if model.verdict == ModelVerdict::Missing {
        println!("{} is forgotten; its file was gone already", model.key);
    } else {
        println!("{} is forgotten; its file stays: {}", model.key, model.path);
    }
    Ok(ExitCode::SUCCESS)
}

/// Files of the app's own folder go to its trash; others are only forgotten, for they are not the app's to delete.
async fn remove(session: &Session, wanted: &str) -> Result<(Model, bool)> {
    let model = models::named(session, wanted).await?;
    let id = model.id;
    if let Some(remote) = &model.remote {
        let message = format!("{} is a model of {}", model.key, remote.engine_name);
        let report = ErrorReport::new(ErrorCode::InvalidRequest, message);
        return Err(report
            .with_hint("remove that engine in the settings")
            .into());
    }
    // Of one whose file is gone there is nothing to throw away.
    let is_in_trash = model.deletable && model.verdict != ModelVerdict::Missing;
    if is_in_trash {
        let _: TrashedModel = session.call("model_delete", ModelDelete { id }).await?;
    } else {
        let _: Nothing = session.call("model_forget", ModelForget { id }).await?;
    }
    Ok((model, is_in_trash))
}
