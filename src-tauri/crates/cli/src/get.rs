//! `sirocco get`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sirocco_core::home::Home;
use sirocco_protocol::commands::{DownloadPause, Nothing, StarterDownload, StarterGet};
use sirocco_protocol::{Download, DownloadState, Event, ModelVerdict, StarterModel};

use crate::output::bytes;
use crate::session::Session;
use crate::{INTERRUPTED, models};

#[derive(Args)]
pub struct Get {
    /// A first model that runs on any computer.
    #[arg(long, required = true)]
    starter: bool,
    /// Only if no model of the library runs here.
    #[arg(long)]
    if_empty: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

pub async fn run(home: Home, get: Get) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = starter(&session, &get).await;
    session.close().await;
    outcome
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
    let mut events = session.events().await?;
    let mut download: Download = session.call("starter_download", StarterDownload {}).await?;
    let bar = ProgressBar::new(download.total_bytes);
    bar.set_style(ProgressStyle::with_template(
        "{msg} {bar:30} {bytes} of {total_bytes}, {eta} left",
    )?);
    bar.set_message(download.name.clone());
    loop {
        match &download.state {
            DownloadState::Finished { .. } => {
                bar.finish_and_clear();
                println!("{} is in the library", model.name);
                return Ok(ExitCode::SUCCESS);
            }
            DownloadState::Failed { error } => {
                bar.abandon();
                return Err(error.clone().into());
            }
            DownloadState::Paused { error: Some(error) } => {
                bar.abandon();
                return Err(error.clone().into());
            }
            DownloadState::Paused { error: None } => {
                bar.abandon();
                eprintln!("paused; the same command goes on where it was");
                return Ok(ExitCode::from(INTERRUPTED));
            }
            DownloadState::Verifying => bar.set_message("checking the hash"),
            DownloadState::Queued { .. } | DownloadState::Resolving => {}
            DownloadState::Downloading => bar.set_position(download.done_bytes),
        }
        tokio::select! {
            event = events.recv() => match event.context("the running Sirocco ended")? {
                Event::DownloadChanged { download: changed } if changed.id == download.id => download = changed,
                _ => {}
            },
            _ = tokio::signal::ctrl_c() => {
                let _: Nothing = session.call("download_pause", DownloadPause { id: Some(download.id) }).await?;
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
