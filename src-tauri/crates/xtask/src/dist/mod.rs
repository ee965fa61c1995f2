//! `cargo xtask dist`: release packages of what this machine can build.
//!
//! Tauri's bundler makes `.deb`, `.rpm`, `.dmg` and the NSIS installer; what is to lie in them beside the
//! window is gathered in a [`Stage`] and handed to it. The portable folder is packed from the same stage, and so is an
//! archive of each runtime, which can be added to any installation; [`runtimes`] says why installers hold them too.
//!
//! Packages hold no worker for the CPU of the machine that made them: which one a user's CPU runs is
//! decided where it is started, so there are one for any CPU and one for those of the last ten years.

mod binaries;
mod bundler;
pub mod latest;
mod licences;
mod portable;
mod runtimes;
mod stage;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build::{self, Host, Profile};
use crate::{engine, paths};
use stage::Stage;

/// Where everything of this command lies.
pub fn folder() -> PathBuf {
    paths::target().join("dist")
}

/// Where the finished packages lie.
pub fn packages() -> PathBuf {
    folder().join("packages")
}

/// Builds, gathers and packs. With `workers`, those of that folder are taken as they are, whatever CPU
/// they are for: such packages are for a look at them on this machine.
pub fn run(workers: Option<&Path>, profile: Profile) -> Result<()> {
    let workers = match workers {
        Some(folder) => engine::found_in(folder)?,
        None => portable_workers()?,
    };
    if workers.is_empty() {
        bail!("there is no worker to pack");
    }
    build::interface()?;
    build::programs(profile, Host::Window)?;
    let stage = Stage::fill(&folder(), profile, &workers)?;
    let packages = emptied(packages())?;
    let mut made = Vec::new();
    // First: the bundler writes into the window's program which kind of package it came in.
    if cfg!(target_os = "linux") {
        made.push(portable::pack(&stage, &packages)?);
    }
    let mut all = stage.workers.clone();
    all.extend(runtimes::built_for_cards(&folder().join("release"))?);
    made.extend(runtimes::pack(&all, &stage.licences, &packages)?);
    made.extend(bundler::bundle(&stage, &packages)?);
    print(&made);
    Ok(())
}

/// Builds the runtime for graphics cards and packs it alone. That takes no card.
pub fn run_for_cards() -> Result<()> {
    engine::for_cards(engine::Backend::Cuda, None)?;
    let release = emptied(folder().join("release"))?;
    let workers = runtimes::built_for_cards(&release)?;
    let licences = licences::write(&emptied(release.join("licences"))?, &workers)?;
    print(&runtimes::pack(&workers, &licences, &emptied(packages())?)?);
    Ok(())
}

/// A folder with nothing in it.
fn emptied(folder: PathBuf) -> Result<PathBuf> {
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    Ok(folder)
}

fn print(packages: &[PathBuf]) {
    for package in packages {
        println!("{}", package.display());
    }
}

/// Workers for any machine: built if need be, and those of other engines that were built before.
fn portable_workers() -> Result<Vec<PathBuf>> {
    engine::workers(engine::Target::Baseline, None)?;
    if cfg!(target_arch = "x86_64") {
        engine::workers(engine::Target::X86V3, None)?;
    }
    let mut workers = engine::found_in(&paths::engines().join("bin"))?;
    workers.retain(|worker| !engine::is_for_this_machine(worker));
    Ok(workers)
}
