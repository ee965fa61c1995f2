//! What goes into the packages, made ready in one folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};

use super::{binaries, licences};
use crate::build::Profile;
use crate::{paths, shell};

/// The shells, and what their files of completions are called.
pub const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "sirocco"),
    ("zsh", "_sirocco"),
    ("fish", "sirocco.fish"),
    ("powershell", "_sirocco.ps1"),
];

/// The folder that the packages are made from.
pub struct Stage {
    /// Tauri takes the window's program from `release` in this folder.
    pub root: PathBuf,
    /// The program of the window.
    pub window: PathBuf,
    /// The command.
    pub command: PathBuf,
    /// The workers.
    pub workers: Vec<PathBuf>,
    /// Pages of the manual, packed.
    pub manual: Vec<PathBuf>,
    /// The folder of completions, each in a file of its own.
    pub completions: PathBuf,
    /// Licences of the parts made by others.
    pub licences: Vec<PathBuf>,
    /// What is new in which version, as Debian writes it, packed.
    pub changelog: PathBuf,
}

impl Stage {
    /// Gathers everything below `root`; what lay there of an earlier time is removed.
    pub fn fill(root: &Path, profile: Profile, workers: &[PathBuf]) -> Result<Self> {
        let release = root.join("release");
        let _ = fs::remove_dir_all(&release);
        let folder = |name: &str| -> Result<PathBuf> {
            let path = release.join(name);
            fs::create_dir_all(&path)
                .with_context(|| format!("could not make {}", path.display()))?;
            Ok(path)
        };
        let (bin, worker_folder) = (folder("bin")?, folder("workers")?);
        let window = binaries::stripped(&profile.program("sirocco-desktop"), &release)?;
        let command = binaries::stripped(&profile.program("sirocco"), &bin)?;
        let workers = workers
            .iter()
            .map(|worker| binaries::stripped(worker, &worker_folder))
            .collect::<Result<Vec<_>>>()?;
        let completions = folder("completions")?;
        for (shell, file) in COMPLETIONS {
            let text = shell::output(Command::new(&command).args(["completions", shell]))?;
            fs::write(completions.join(file), text)?;
        }
        let manual = manual(&command, &folder("manual")?)?;
        let changelog = paths::root().join("src-tauri/package/changelog");
        let changelog = packed(&changelog, &folder("doc")?)?;
        let licences = licences::write(&folder("licences")?, &workers)?;
        Ok(Self {
            root: root.to_path_buf(),
            window,
            command,
            workers,
            manual,
            completions,
            licences,
            changelog,
        })
    }
}

/// Writes the pages and packs them, as manuals are kept.
fn manual(command: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    shell::run(Command::new(command).arg("manual").arg(folder))?;
    // Whoever looks up the window finds the command's page.
    fs::write(folder.join("sirocco-desktop.1"), ".so man1/sirocco.1\n")?;
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let page = entry?.path();
        pages.push(packed(&page, folder)?);
        fs::remove_file(&page)?;
    }
    pages.sort();
    Ok(pages)
}

/// The file in gzip's form in `folder`. It has no time stamp: the same text is the same file.
fn packed(file: &Path, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(format!("{}.gz", file_name(file)));
    let text = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut gzip = GzBuilder::new().write(fs::File::create(&path)?, Compression::best());
    gzip.write_all(&text)?;
    gzip.finish()?;
    Ok(path)
}

/// The last part of a path that has one.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
