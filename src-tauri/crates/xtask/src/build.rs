//! `cargo xtask build`: the interface, the workers for this machine's CPU, and the app around them.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{engine, fingerprint, node, paths, shell};

/// With or without optimisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As users get it.
    Release,
    /// As one measures with it: nearly as users get it, and linked sooner.
    Measuring,
    /// As one works on it.
    Debug,
}

/// What shows the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A window of our own; needs the system's web view.
    Window,
    /// The user's browser.
    Browser,
}

impl Profile {
    /// From the flag.
    pub fn new(debug: bool) -> Self {
        if debug { Self::Debug } else { Self::Release }
    }

    /// What cargo is told.
    pub fn flag(self) -> Option<&'static str> {
        match self {
            Self::Release => Some("--release"),
            Self::Measuring => Some("--profile=measuring"),
            Self::Debug => None,
        }
    }

    /// A program of the workspace built with this profile.
    pub fn program(self, name: &str) -> PathBuf {
        let folder = match self {
            Self::Release => "release",
            Self::Measuring => "measuring",
            Self::Debug => "debug",
        };
        paths::target()
            .join(folder)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// Builds everything that the host needs.
pub fn everything(profile: Profile, host: Host) -> Result<()> {
    interface()?;
    engine::workers(engine::Target::Native, None)?;
    programs(profile, host)
}

/// Builds the command, and the window where the host is one; the interface is there.
pub fn programs(profile: Profile, host: Host) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo
        .current_dir(paths::root())
        .args(["build", "--package", "sirocco-cli"]);
    if host == Host::Window {
        cargo.args(["--package", "sirocco"]);
    }
    cargo.args(profile.flag());
    shell::run(&mut cargo)
}

/// Builds the interface into `ui/dist`, unless that was made from the same sources: the app holds a
/// copy of it and would be linked anew.
pub fn interface() -> Result<()> {
    let folder = paths::ui();
    node::install(&folder)?;
    let sources = fingerprint::of_files(std::slice::from_ref(&folder))?;
    let stamp = folder.join("node_modules/.sirocco-built");
    let is_built = folder.join("dist/index.html").is_file();
    if is_built && std::fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    // Standard output belongs to whoever wants the interface, a bench for example.
    shell::run(node::script(&folder, "build").stdout(std::io::stderr()))?;
    std::fs::write(&stamp, sources).with_context(|| format!("could not write {}", stamp.display()))
}
