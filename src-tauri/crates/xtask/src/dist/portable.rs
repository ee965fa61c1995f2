//! The portable folder: everything in one place, data beside the programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::stage::{Stage, file_name};
use crate::{paths, shell};

/// Packs the folder as `.tar.gz` into `packages`.
pub fn pack(stage: &Stage, packages: &Path) -> Result<PathBuf> {
    let name = format!(
        "Sirocco-{}-linux-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH
    );
    let folder = stage.root.join("release").join(&name);
    let root = paths::root();
    let mut files = vec![
        (stage.window.clone(), ""),
        (stage.command.clone(), ""),
        (root.join("src-tauri/package/portable.txt"), ""),
        (root.join("LICENSE"), ""),
        (root.join("assets/icons/icon.svg"), ""),
    ];
    files.extend(stage.workers.iter().map(|file| (file.clone(), "workers")));
    files.extend(stage.manual.iter().map(|file| (file.clone(), "manual")));
    files.extend(stage.licences.iter().map(|file| (file.clone(), "licences")));
    for entry in fs::read_dir(&stage.completions)? {
        files.push((entry?.path(), "completions"));
    }
    for (file, place) in files {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        fs::copy(&file, place.join(file_name(&file)))
            .with_context(|| format!("could not copy {}", file.display()))?;
    }
    archive(&stage.root.join("release"), &name, packages)
}

/// Packs a folder of `parent` as `.tar.gz`. Who made it, and when, is not in it.
pub fn archive(parent: &Path, name: &str, packages: &Path) -> Result<PathBuf> {
    let package = packages.join(format!("{name}.tar.gz"));
    shell::run(
        Command::new("tar")
            .args(["--create", "--gzip", "--sort=name"])
            .args(["--owner=0", "--group=0", "--numeric-owner"])
            .arg("--file")
            .arg(&package)
            .arg("--directory")
            .arg(parent)
            .arg(name),
    )?;
    Ok(package)
}
