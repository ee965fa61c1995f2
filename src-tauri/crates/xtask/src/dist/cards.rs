//! Workers for graphics cards: a package of each that was built, to be added to any installation.
//!
//! They are apart because of their size, and because few can use them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::stage::{Stage, file_name};
use super::{binaries, portable};
use crate::{engine, paths};

/// Packs what `cargo xtask engine --backend` has made, if anything.
pub fn pack(stage: &Stage, packages: &Path) -> Result<Vec<PathBuf>> {
    let folder = engine::Backend::Cuda.folder();
    let workers = if folder.is_dir() {
        engine::found_in(&folder)?
    } else {
        Vec::new()
    };
    let release = stage.root.join("release");
    workers
        .iter()
        .map(|worker| {
            let name = format!(
                "{}-{}-linux-{}",
                file_name(worker),
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH
            );
            let folder = release.join(&name);
            let licences = folder.join("licences");
            fs::create_dir_all(&licences)
                .with_context(|| format!("could not make {}", licences.display()))?;
            binaries::stripped(worker, &folder)?;
            let note = paths::root().join("src-tauri/package/cards.txt");
            for (file, place) in std::iter::once((&note, &folder))
                .chain(stage.licences.iter().map(|file| (file, &licences)))
            {
                fs::copy(file, place.join(file_name(file)))
                    .with_context(|| format!("could not copy {}", file.display()))?;
            }
            portable::archive(&release, &name, packages)
        })
        .collect()
}
