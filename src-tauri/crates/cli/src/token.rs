//! `sirocco token`: who may use the served models over the network.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use sirocco_core::home::Home;
use sirocco_server::Tokens;

#[derive(Subcommand)]
pub enum Command {
    /// Make a token and print it, this once.
    Add {
        /// Whose it is, or what for.
        name: String,
    },
    /// List the names of all tokens.
    List,
    /// Remove a token; who uses it is refused from then on.
    Remove {
        /// Which.
        name: String,
    },
}

/// A server that runs reads the tokens anew for each request, so this needs no running one.
pub fn run(home: &Home, command: Command) -> Result<ExitCode> {
    let folder = home.path();
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make data folder `{}`", folder.display()))?;
    let tokens = Tokens::in_file(home.server_tokens());
    match command {
        Command::Add { name } => println!("{}", tokens.add(&name)?),
        Command::List => {
            for token in tokens.list()? {
                println!("{}", token.name);
            }
        }
        Command::Remove { name } => tokens.remove(&name)?,
    }
    Ok(ExitCode::SUCCESS)
}
