//! `sirocco get` and `sirocco downloads`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use sirocco_core::home::Home;
use sirocco_core::wanted::Wanted;
use sirocco_protocol::commands::{
    DownloadList, DownloadPause, DownloadStart, HubModelGet, Nothing, StarterDownload, StarterGet,
};
use sirocco_protocol::{Download, DownloadState, Event, HubModel, ModelVerdict, StarterModel};

use crate::output::{bytes, table};
use crate::progress::{Bars, describe};
use crate::session::Session;
use crate::{INTERRUPTED, models};

#[derive(Args)]
pub struct Get {
    /// owner/name, owner/name:Q4_K_M, owner/name/file.gguf, or an address of the Hub.
    #[arg(required_unless_present = "starter", conflicts_with = "starter")]
    model: Option<String>,
    /// A first model that runs on any computer.
    #[arg(long)]
    starter: bool,
    /// Only if no model of the library runs here.
    #[arg(long, requires = "starter")]
    if_empty: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Print each change as a line of JSON instead of a bar.
    #[arg(long)]
    json: bool,
}

pub async fn run(home: Home, get: Get) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = match &get.model {
        Some(model) => model_of_hub(&session, &get, model).await,
        None => starter(&session, &get).await,
    };
    session.close().await;
    outcome
}

/// `sirocco downloads`.
pub async fn list(home: Home, json: bool) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let downloads = session
        .call::<Vec<Download>>("download_list", DownloadList {})
        .await;
    session.close().await;
    let downloads = downloads?;
    if json {
        println!("{}", serde_json::to_string_pretty(&downloads)?);
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["DOWNLOAD", "FROM", "DONE", "SIZE", "STATE"]
        .map(str::to_owned)
        .to_vec();
    let rows = downloads.iter().map(|download| {
        vec![
            download.name.clone(),
            download.repository.clone(),
            bytes(download.done_bytes),
            bytes(download.total_bytes),
            describe(download),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}

async fn model_of_hub(session: &Session, get: &Get, text: &str) -> Result<ExitCode> {
    let wanted = Wanted::read(text)?;
    let (commit, path, projector) = match wanted.path.clone() {
        Some(path) => (wanted.commit.clone(), path, None),
        None => {
            let repository = wanted.repository.clone();
            let model: HubModel = session
                .call("hub_model", HubModelGet { repository })
                .await?;
            let variant = wanted.choose(&model)?;
            let projector = variant.projector.as_ref().map(|file| file.path.clone());
            (Some(model.commit.clone()), variant.path.clone(), projector)
        }
    };
    let events = session.events().await?;
    let start = DownloadStart {
        repository: wanted.repository,
        commit,
        path,
        projector,
    };
    let download: Download = session.call("download_start", start).await?;
    follow(session, get, events, download).await
}

async fn starter(session: &Session, get: &Get) -> Result<ExitCode> {
    let library = models::library(session).await?;
    if get.if_empty
        && library
            .iter()
            .any(|model| matches!(model.verdict, ModelVerdict::Runs { .. }))
    {
        return Ok(ExitCode::SUCCESS);
    }
    let model: StarterModel = session.call("starter_get", StarterGet {}).await?;
    if !get.yes && std::io::stdin().is_terminal() && !agreed(&model)? {
        return Ok(ExitCode::SUCCESS);
    }
    let events = session.events().await?;
    let download: Download = session.call("starter_download", StarterDownload {}).await?;
    follow(session, get, events, download).await
}

/// Shows a download until it rests. Ctrl+C pauses it.
async fn follow(
    session: &Session,
    get: &Get,
    mut events: tokio::sync::mpsc::Receiver<Event>,
    mut download: Download,
) -> Result<ExitCode> {
    let id = download.id;
    let mut bars = Bars::new()?;
    loop {
        match get.json {
            true => println!("{}", serde_json::to_string(&download)?),
            false => bars.show(&download),
        }
        match &download.state {
            DownloadState::Finished { .. } => {
                bars.clear();
                if !get.json {
                    println!("{} is in the library", download.name);
                }
                return Ok(ExitCode::SUCCESS);
            }
            DownloadState::Failed { error } | DownloadState::Paused { error: Some(error) } => {
                bars.clear();
                return Err(error.clone().into());
            }
            DownloadState::Paused { error: None } => {
                bars.clear();
                eprintln!("paused; the same command goes on where it was");
                return Ok(ExitCode::from(INTERRUPTED));
            }
            _ => {}
        }
        tokio::select! {
            event = events.recv() => match event.context("the running Sirocco ended")? {
                Event::DownloadChanged { download: changed } if changed.id == id => download = changed,
                Event::DownloadRemoved { download_id } if download_id == id => {
                    bars.clear();
                    eprintln!("the download was cancelled");
                    return Ok(ExitCode::FAILURE);
                }
                Event::Lagged => {
                    let list: Vec<Download> = session.call("download_list", DownloadList {}).await?;
                    let found = list.into_iter().find(|download| download.id == id);
                    download = found.context("the download was cancelled")?;
                }
                _ => {}
            },
            _ = tokio::signal::ctrl_c() => {
                let _: Nothing = session.call("download_pause", DownloadPause { id: Some(id) }).await?;
            }
        }
    }
}

fn agreed(model: &StarterModel) -> Result<bool> {
    print!(
        "Download {} ({})? [Y/n] ",
        model.name,
        bytes(model.size_bytes)
    );
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}
