//! `cargo xtask run`: from a checkout to a window that is ready to answer.

use std::io::IsTerminal;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, Host, Profile};
use crate::{paths, setup, shell};

/// What was asked for.
pub struct Options {
    /// Fetch no model.
    pub no_model: bool,
    /// Serve a browser.
    pub no_window: bool,
    /// How to build.
    pub profile: Profile,
}

/// Sets up, builds, fetches the starter model if there is none, and becomes the app.
pub fn run(options: &Options) -> Result<()> {
    let host = if options.no_window || !has_display() {
        Host::Browser
    } else {
        Host::Window
    };
    setup::ensure(match host {
        Host::Window => setup::Purpose::Run,
        Host::Browser => setup::Purpose::Serve,
    })?;
    build::everything(options.profile, host)?;
    if !options.no_model {
        fetch_starter(options.profile);
    }
    let mut app = match host {
        Host::Window => Command::new(options.profile.program("sirocco-desktop")),
        Host::Browser => {
            let mut command = Command::new(options.profile.program("sirocco"));
            command.arg("serve-ui");
            command
        }
    };
    app.env("SIROCCO_WORKER_DIR", paths::engines().join("bin"));
    become_program(app)
}

/// The app is of use without a model too, so a refusal or a failure here is told and passed over.
fn fetch_starter(profile: Profile) {
    let mut command = Command::new(profile.program("sirocco"));
    command.args(["get", "--starter", "--if-empty"]);
    // The command asks whoever sits at a terminal.
    if !std::io::stdin().is_terminal() {
        command.arg("--yes");
    }
    command.env("SIROCCO_WORKER_DIR", paths::engines().join("bin"));
    if let Err(error) = shell::run(&mut command) {
        eprintln!("going on without the starter model: {error}");
    }
}

fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Replaces this process, so that Ctrl-C and the exit code are the app's.
#[cfg(unix)]
fn become_program(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    let program = command.get_program().to_owned();
    Err(command.exec()).with_context(|| format!("could not start {}", program.display()))
}

/// Waits for the app; the console sends Ctrl-C to both.
#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<()> {
    shell::run(&mut command).context("the app ended badly")
}
