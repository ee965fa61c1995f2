//! `sirocco load`, and the wish for a runtime that other commands take too.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelLoad, ModelLoaded};
use sirocco_protocol::{Event, LoadOptions, LoadState, LoadedModel, Model, ModelId, RuntimeName};
use tokio::sync::mpsc;

use crate::models;
use crate::session::Session;

#[derive(Args)]
pub struct Load {
    /// Key, name or file of the model.
    model: String,
    #[command(flatten)]
    with: With,
    /// Tokens of context.
    #[arg(long, value_name = "TOKENS")]
    context: Option<u32>,
    /// Threads.
    #[arg(long)]
    threads: Option<u32>,
    /// Load it although the estimate exceeds the free memory.
    #[arg(long)]
    anyway: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which runtime is wanted.
#[derive(Args, Clone, Copy)]
pub struct With {
    /// The runtime to serve the model, `mistralrs` or `llamacpp`; otherwise the one chosen for it, or mistral.rs
    /// wherever that can.
    #[arg(long)]
    runtime: Option<RuntimeName>,
}

pub async fn run(home: Home, load: Load) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = match &session {
        // The model would be gone with this command.
        Session::Own(_) => Err(anyhow::anyhow!(
            "nothing is open that could keep the model: open the window, or run `sirocco serve`"
        )),
        Session::Other { .. } => load_and_tell(&session, &load).await,
    };
    session.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn load_and_tell(session: &Session, load: &Load) -> Result<()> {
    let model = models::find(session, &load.model).await?;
    let options = LoadOptions {
        context_length: load.context,
        threads: load.threads,
        runtime: load.with.runtime,
        load_anyway: load.anyway,
    };
    let loaded = until_ready(session, model.id, options).await?;
    if load.json {
        println!("{}", serde_json::to_string_pretty(&loaded)?);
        return Ok(());
    }
    println!(
        "{} is loaded: {}, {} tokens of context, {} threads",
        model.name, loaded.runtime, loaded.context_length, loaded.threads
    );
    Ok(())
}

/// Has the model loaded with the wanted runtime, if one is wanted.
pub async fn prepare(session: &Session, model: &Model, with: With) -> Result<()> {
    if with.runtime.is_some() {
        let options = LoadOptions {
            runtime: with.runtime,
            ..LoadOptions::default()
        };
        until_ready(session, model.id, options).await?;
    }
    Ok(())
}

async fn until_ready(session: &Session, id: ModelId, options: LoadOptions) -> Result<LoadedModel> {
    // Listened to before it begins, so that its end is not missed.
    let events = session.events().await?;
    let begun: LoadedModel = session
        .call("model_load", ModelLoad { id, options })
        .await?;
    settled(session, begun, events).await
}

async fn settled(
    session: &Session,
    mut loaded: LoadedModel,
    mut events: mpsc::Receiver<Event>,
) -> Result<LoadedModel> {
    loop {
        match &loaded.state {
            LoadState::Ready => return Ok(loaded),
            LoadState::Failed { error } => return Err(error.clone().into()),
            LoadState::Loading { .. } => {}
        }
        if events.recv().await.is_none() {
            bail!("the connection ended while the model was loading");
        }
        let id = loaded.model_id;
        let all: Vec<LoadedModel> = session.call("model_loaded", ModelLoaded {}).await?;
        let Some(now) = all.into_iter().find(|one| one.model_id == id) else {
            bail!("the model was ejected while it was loading");
        };
        loaded = now;
    }
}
