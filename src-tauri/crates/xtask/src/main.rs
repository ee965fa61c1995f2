//! `cargo xtask`: everything one does with a checkout, in one place.
//!
//! `run` and `test` are the two commands of the README; the rest are their parts.

mod engine;
mod paths;
mod shell;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set up, run, test and measure Sirocco.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the mistral.rs worker.
    Engine {
        /// CPU to compile for.
        #[arg(long, value_enum, default_value = "native")]
        target: engine::Target,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Engine { target } => engine::build(target).map(|_| ()),
    }
}
