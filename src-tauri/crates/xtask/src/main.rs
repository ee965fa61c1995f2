//! `cargo xtask`: everything one does with a checkout, in one place.
//!
//! `run` and `test` are the two commands of the README; the rest are their parts.

mod bench;
mod build;
mod check;
mod cuda;
mod dist;
mod driver;
mod engine;
mod fingerprint;
mod generate;
mod house;
mod icons;
mod llamacpp;
mod node;
mod paths;
mod run;
mod setup;
mod shell;
mod starter;
mod test;
mod test_models;

use std::process::ExitCode;

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
    /// Install, or name, what this machine lacks.
    Setup {
        /// What for.
        #[arg(long = "for", value_enum, default_value = "run")]
        purpose: setup::Purpose,
    },
    /// Build everything, fetch the starter model if there is none, and open the app.
    Run {
        /// Fetch no model.
        #[arg(long)]
        no_model: bool,
        /// Serve the interface to a browser instead of opening a window.
        #[arg(long)]
        no_window: bool,
        /// Build without optimisations; the worker always has them.
        #[arg(long)]
        debug: bool,
    },
    /// Run every test, from formatting to the real window.
    Test {
        /// Run only these suites.
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// Leave out these suites.
        #[arg(long, value_name = "NAME")]
        skip: Vec<String>,
    },
    /// Check formatting, lints, house rules and generated files.
    Check {
        /// Lint the worker too, whose dependencies take minutes.
        #[arg(long)]
        engine: bool,
    },
    /// Build interface, worker and app.
    Build {
        /// Build without optimisations; the worker always has them.
        #[arg(long)]
        debug: bool,
    },
    /// Build the workers: that of mistral.rs, and that of llama.cpp if this machine can.
    Engine {
        /// CPU to compile for.
        #[arg(long, value_enum, default_value = "native")]
        target: engine::Target,
        /// Build only the worker of this runtime, and fail if that cannot be.
        #[arg(long, value_enum)]
        only: Option<engine::Worker>,
        /// Build the worker that computes on this: that of mistral.rs, or that of llama.cpp for Vulkan; it runs on any CPU.
        #[arg(long, value_enum, conflicts_with = "target")]
        backend: Option<engine::Backend>,
    },
    /// Make release packages for this system, into `dist/packages` of the build folder.
    Dist {
        /// Take the workers of this folder, whatever CPU they are for, to try the packages out on this machine.
        #[arg(long, value_name = "FOLDER")]
        workers: Option<std::path::PathBuf>,
        /// Build without optimisations, to try the packages out sooner.
        #[arg(long)]
        debug: bool,
        /// Build and pack only the runtime for cards of NVIDIA's, with the CUDA toolkit of this machine or one from PyPI.
        #[arg(long, conflicts_with_all = ["workers", "debug"])]
        cuda: bool,
    },
    /// Write the file that tells the app of a newer version, `latest.json`, beside signed packages.
    Latest {
        /// Folder of the packages, with their signatures.
        folder: std::path::PathBuf,
        /// Where they will lie.
        #[arg(long)]
        address: String,
        /// File with what is new, as plain text.
        #[arg(long, value_name = "FILE")]
        notes: Option<std::path::PathBuf>,
    },
    /// Build the interface into `ui/dist`.
    Ui,
    /// Write what is generated from the protocol: the interface's types.
    Generate {
        /// Only compare, and fail on a difference.
        #[arg(long)]
        check: bool,
    },
    /// Draw the app's icons from `assets/icons/icon.svg`, with Chromium.
    Icons,
    /// Measure, against the bars we hold ourselves to.
    Bench {
        /// What to measure.
        #[arg(value_parser = bench::names())]
        name: String,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
        /// Write the engine's speeds into the README.
        #[arg(long)]
        readme: bool,
    },
}

fn main() -> ExitCode {
    match run_command(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_command(command: Command) -> Result<()> {
    match command {
        Command::Setup { purpose } => setup::ensure(purpose),
        Command::Run {
            no_model,
            no_window,
            debug,
        } => run::run(&run::Options {
            no_model,
            no_window,
            profile: build::Profile::new(debug),
        }),
        Command::Test { only, skip } => test::run(&only, &skip),
        Command::Check { engine } => check::run(engine),
        Command::Build { debug } => {
            build::everything(build::Profile::new(debug), build::Host::Window)
        }
        Command::Engine {
            target,
            only,
            backend,
        } => {
            let workers = match backend {
                None | Some(engine::Backend::Cpu) => engine::workers(target, only)?,
                Some(backend) => vec![engine::for_cards(backend, only)?],
            };
            for worker in workers {
                println!("{}", worker.display());
            }
            Ok(())
        }
        Command::Dist { cuda: true, .. } => dist::run_for_cards(),
        Command::Dist { workers, debug, .. } => {
            dist::run(workers.as_deref(), build::Profile::new(debug))
        }
        Command::Latest {
            folder,
            address,
            notes,
        } => dist::latest::write(&folder, &address, notes.as_deref()),
        Command::Ui => build::interface(),
        Command::Generate { check: true } => generate::check(),
        Command::Generate { check: false } => generate::write(),
        Command::Icons => icons::draw(),
        Command::Bench { name, json, readme } => bench::run(&name, json, readme),
    }
}
