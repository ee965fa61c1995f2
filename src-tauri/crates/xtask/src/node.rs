//! The folders with a `package.json`: the interface, and the tests that are written for Node.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{self, NPM};

/// Installs exactly what the lock file says, if that has changed since the last time.
pub fn install(folder: &Path) -> Result<()> {
    let lock_path = folder.join("package-lock.json");
    let lock = std::fs::read_to_string(&lock_path)
        .with_context(|| format!("could not read {}", lock_path.display()))?;
    // Inside the folder that a new installation removes, so that half of one is never taken for whole.
    let stamp = folder.join("node_modules/.sirocco-installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    shell::run(
        Command::new(NPM)
            .current_dir(folder)
            .arg("ci")
            .args(quiet)
            .stdout(std::io::stderr()),
    )?;
    std::fs::create_dir_all(folder.join("node_modules"))?;
    std::fs::write(&stamp, lock).with_context(|| format!("could not write {}", stamp.display()))
}

/// A script of the folder's `package.json`.
pub fn script(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(NPM);
    command.current_dir(folder).args(["run", "--silent", name]);
    command
}
