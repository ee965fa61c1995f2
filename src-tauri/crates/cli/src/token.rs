//! `sirocco token`: who may use the served models over the network.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Subcommand;
use sirocco_core::home::Home;
use sirocco_protocol::TokenScope;
use sirocco_server::{TokenLimits, Tokens};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Subcommand)]
pub enum Command {
    /// Make a token and print it, this once.
    Add {
        /// Whose it is, or what for.
        name: String,
        /// It may load, eject, download and delete models, too.
        #[arg(long)]
        manage: bool,
        /// It only sees which models there are.
        #[arg(long, conflicts_with = "manage")]
        read_only: bool,
        /// Requests that it opens within any minute.
        #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
        /// Days after which it opens nothing.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
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
        Command::Add {
            name,
            manage,
            read_only,
            limit,
            days,
        } => {
            let scopes: &[TokenScope] = match (read_only, manage) {
                (true, _) => &[TokenScope::Read],
                (false, true) => &[TokenScope::Generate, TokenScope::Manage],
                (false, false) => &[TokenScope::Generate],
            };
            let end = days.map(|days| SystemTime::now() + DAY * u32::from(days));
            let limits = TokenLimits {
                expires_at_ms: end.map(unix_ms).transpose()?,
                requests_per_minute: limit,
            };
            println!("{}", tokens.add(&name, scopes, limits)?.secret);
        }
        Command::List => {
            for token in tokens.list()? {
                println!("{}", token.name);
            }
        }
        Command::Remove { name } => tokens.remove(&name)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn unix_ms(time: SystemTime) -> Result<i64> {
    let since = time.duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}
