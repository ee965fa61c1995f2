//! `sirocco runtime`: the workers that are installed, and those that are added to the data folder.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use sirocco_core::home::Home;
use sirocco_protocol::RuntimeReport;
use sirocco_protocol::commands::{Nothing, RuntimeAdd, RuntimeList, RuntimeRemove};

use crate::models::pick;
use crate::output::table;
use crate::session::Session;

#[derive(Subcommand)]
pub enum Command {
    /// List them, the preferred one first, and why one cannot be used here.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add the runtime in an archive, once its programs were started and said what they are.
    Add {
        /// `sirocco-runtime-….tar.gz`, a folder with workers, or one of them.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove what was added; what came with Sirocco stays.
    Remove {
        /// As `list` calls it, or how several begin, such as `llamacpp`.
        name: String,
    },
}

pub async fn run(home: Home, command: Command) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let done = run_in(&session, command).await;
    session.close().await;
    done?;
    Ok(ExitCode::SUCCESS)
}

async fn run_in(session: &Session, command: Command) -> Result<()> {
    match command {
        Command::List { json } => {
            let runtimes: Vec<RuntimeReport> = session.call("runtime_list", RuntimeList {}).await?;
            print(&runtimes, json)
        }
        Command::Add { file, json } => {
            let handle = pick(session, &file).await?.handle;
            let added: Vec<RuntimeReport> =
                session.call("runtime_add", RuntimeAdd { handle }).await?;
            print(&added, json)
        }
        Command::Remove { name } => {
            let request = RuntimeRemove { key: name };
            let Nothing {} = session.call("runtime_remove", request).await?;
            Ok(())
        }
    }
}

fn print(runtimes: &[RuntimeReport], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(runtimes)?);
        return Ok(());
    }
    let head = ["NAME", "RUNTIME", "VERSION", "DEVICE", "FROM", "STATE"].map(str::to_owned);
    let rows = runtimes.iter().map(row);
    table(
        &std::iter::once(head.to_vec())
            .chain(rows)
            .collect::<Vec<_>>(),
    );
    Ok(())
}

fn row(runtime: &RuntimeReport) -> Vec<String> {
    let devices: Vec<&str> = runtime
        .devices
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let device = match devices.as_slice() {
        [] => runtime.backend.clone(),
        devices => devices.join(", "),
    };
    vec![
        runtime.key.clone(),
        runtime.name.to_string(),
        runtime.version.clone().unwrap_or_default(),
        device,
        if runtime.is_added { "added" } else { "Sirocco" }.to_owned(),
        match &runtime.problem {
            Some(problem) => format!("cannot be used: {problem}"),
            None => "runs here".to_owned(),
        },
    ]
}
