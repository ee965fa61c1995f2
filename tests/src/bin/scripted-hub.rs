//! A Hugging Face Hub on the loopback, for clients in other processes and for the app by hand.
//!
//! ```text
//! cargo run -p sirocco-tests --bin scripted-hub
//! HF_ENDPOINT=http://127.0.0.1:PORT sirocco …
//! ```
//!
//! Prints its addresses as one line of JSON: `hub`, `cdn` and `control`. What it serves and what the control
//! address takes is in `sirocco_testkit::hub`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use serde_json::json;
use sirocco_testkit::hub::{Account, ScriptedHub, repositories_in};

/// A Hugging Face Hub on the loopback, for tests.
#[derive(Parser)]
struct Arguments {
    /// Serve the repositories of this folder (`owner/name/files…`) instead of the built-in sample.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Port of the hub; any free one if not given.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of the CDN; any free one if not given.
    #[arg(long, default_value_t = 0)]
    cdn_port: u16,
    /// Let a token sign in as a user who may see everything.
    #[arg(long, value_name = "NAME=TOKEN", value_parser = account)]
    account: Vec<(String, String)>,
    /// End when standard input does, so that this never outlives who started it.
    #[arg(long)]
    end_with_stdin: bool,
}

fn account(text: &str) -> Result<(String, String), &'static str> {
    let (name, token) = text
        .split_once('=')
        .ok_or("a name and a token, with `=` between")?;
    Ok((name.to_owned(), token.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut hub = ScriptedHub::start_on(arguments.port, arguments.cdn_port).await?;
    let repositories = arguments
        .folder
        .as_deref()
        .map(repositories_in)
        .transpose()?;
    let ids: Vec<String> = repositories
        .iter()
        .flatten()
        .map(|repository| repository.id.clone())
        .collect();
    match repositories {
        Some(repositories) => repositories
            .into_iter()
            .for_each(|repository| hub.put(repository)),
        None => hub.put_sample(),
    }
    for (name, token) in arguments.account {
        let account = ids.iter().fold(Account::new(name), Account::admitted_to);
        hub.set_account(token, account);
    }
    let control = hub.serve_control().await?;
    let addresses = json!({"hub": hub.address(), "cdn": hub.cdn_address(), "control": control});
    writeln!(std::io::stdout(), "{addresses}").context("could not print the addresses")?;
    if arguments.end_with_stdin {
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
            .await??;
    } else {
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}
