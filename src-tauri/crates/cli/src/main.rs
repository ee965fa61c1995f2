//! The `sirocco` command: the same App, store and models as the window, in a terminal.
//!
//! If a window (or another command) owns the data folder, commands run in that process; otherwise
//! this one opens the App for as long as it needs it.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such model or conversation, 4 the model cannot
//! run here or does not fit, 130 interrupted.

mod bench;
mod chat;
mod doctor;
mod embed;
mod export;
mod get;
mod import_chats;
mod load;
mod loaded;
mod log;
mod models;
mod output;
mod progress;
mod rm;
mod runtime;
mod serve;
mod serve_ui;
mod session;
mod status;
mod token;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use sirocco_core::home::Home;
use sirocco_protocol::{ErrorCode, ErrorReport};
use sirocco_web::LaunchError;

/// Exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

#[derive(Parser)]
#[command(
    name = "sirocco",
    version,
    about = "Chat with language models on your own machine."
)]
struct Arguments {
    /// Data folder, instead of the user's own.
    #[arg(long, global = true, value_name = "FOLDER")]
    home: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Data(DataCommand),
    /// Print what a shell needs to complete this command: `sirocco completions bash > FILE`.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write the pages of the manual into a folder.
    #[command(hide = true)]
    Manual {
        /// Which; it exists.
        folder: PathBuf,
    },
}

/// What needs a data folder.
#[derive(Subcommand)]
enum DataCommand {
    /// Ask a model and print its answer as it is written.
    Chat(chat::Chat),
    /// Turn texts into vectors with an embedding model.
    Embed(embed::Embed),
    /// List the models of the library.
    #[command(visible_alias = "ls")]
    Models(Json),
    /// List what is loaded in the window or server that is open.
    Ps(Json),
    /// Load a model in the window or server that is open, or say what it is loaded with.
    Load(load::Load),
    /// Measure how fast a model is here: reading a prompt, writing an answer, loading, and the memory it takes.
    Bench(bench::Bench),
    /// Eject a model there, so that its memory comes back.
    Unload(loaded::Unload),
    /// Take a model out of the library: a file of the app's own goes to the trash, any other stays.
    Rm(rm::Rm),
    /// Add a GGUF file, or all in a folder, where they lie.
    #[command(visible_alias = "import")]
    Add {
        /// File or folder.
        path: PathBuf,
        #[command(flatten)]
        json: Json,
    },
    /// Download a model of Hugging Face into the library.
    Get(get::Get),
    /// List the downloads: the queue, then what is finished.
    Downloads(Json),
    /// Serve the models to other programs, in the words of OpenAI, Anthropic, Ollama and LM Studio.
    Serve(serve::Serve),
    /// Say whether a Sirocco is open, and what it does; exits with 1 if none is.
    Status(Json),
    /// List what other programs asked of the models.
    Log(log::Log),
    /// Tokens of those who may use the served models over the network.
    Token {
        #[command(subcommand)]
        command: token::Command,
    },
    /// Runtimes that models run with: those that came with Sirocco, and those that were added.
    Runtime {
        #[command(subcommand)]
        command: runtime::Command,
    },
    /// Write one conversation, or all, as a file.
    Export(export::Export),
    /// Import conversations of other apps, or exported ones: a file, a folder or a zip.
    ImportChats(import_chats::ImportChats),
    /// Say what keeps models from running here, and what to do about it.
    Doctor(Json),
    /// Serve the interface to a browser on this machine.
    ServeUi {
        /// Port on 127.0.0.1; 0 for any that is free.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
}

#[derive(Args, Clone, Copy)]
struct Json {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Data(command) => run(arguments.home, command),
        Command::Completions { shell } => print_completions(shell),
        Command::Manual { folder } => write_manual(&folder),
    }
}

fn run(home: Option<PathBuf>, command: DataCommand) -> ExitCode {
    let Some(home) = home.map(Home::at).or_else(Home::of_this_user) else {
        eprintln!("error: this user has no home folder; name a data folder with --home");
        return ExitCode::FAILURE;
    };
    let _log = sirocco_core::logging::start(&home);
    sirocco_core::crashes::watch(&home);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match command {
            DataCommand::Chat(chat) => chat::run(home, chat).await,
            DataCommand::Embed(embed) => embed::run(home, embed).await,
            DataCommand::Models(json) => models::list(home, json.json).await,
            DataCommand::Ps(json) => loaded::list(home, json.json).await,
            DataCommand::Load(load) => load::run(home, load).await,
            DataCommand::Bench(bench) => bench::run(home, bench).await,
            DataCommand::Unload(unload) => loaded::unload(home, unload).await,
            DataCommand::Rm(rm) => rm::run(home, rm).await,
            DataCommand::Add { path, json } => models::add(home, &path, json.json).await,
            DataCommand::Get(get) => get::run(home, get).await,
            DataCommand::Downloads(json) => get::list(home, json.json).await,
            DataCommand::Serve(serve) => serve::run(home, serve).await,
            DataCommand::Status(json) => status::run(home, json.json).await,
            DataCommand::Log(log) => log::run(home, log).await,
            DataCommand::Token { command } => token::run(&home, command),
            DataCommand::Runtime { command } => runtime::run(home, command).await,
            DataCommand::Export(export) => export::run(home, export).await,
            DataCommand::ImportChats(import) => import_chats::run(home, import).await,
            DataCommand::Doctor(json) => doctor::run(home, json.json).await,
            DataCommand::ServeUi { port } => serve_ui::run(home, port).await,
        }
    });
    outcome.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    let report = error.downcast_ref::<ErrorReport>();
    let hint = match (report, error.downcast_ref::<LaunchError>()) {
        (Some(report), _) => report.hint.clone(),
        (None, Some(launch)) => launch.hint(),
        (None, None) => None,
    };
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
    }
    report.map_or(ExitCode::FAILURE, |report| {
        ExitCode::from(exit_code(report.code))
    })
}

fn print_completions(shell: Shell) -> ExitCode {
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "sirocco", &mut std::io::stdout());
    ExitCode::SUCCESS
}

fn write_manual(folder: &Path) -> ExitCode {
    match clap_mangen::generate_to(Arguments::command(), folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "error: could not write the manual into `{}`: {error}",
                folder.display()
            );
            ExitCode::FAILURE
        }
    }
}

fn exit_code(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::NotFound | ErrorCode::NoModel => 3,
        ErrorCode::ModelRefused | ErrorCode::DoesNotFit => 4,
        _ => 1,
    }
}
