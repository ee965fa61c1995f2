//! `cargo xtask build`: the interface, the worker for this machine's CPU, and the app around them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::fingerprint::Fingerprint;
use crate::{engine, node, paths, shell};

/// With or without optimisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As users get it.
    Release,
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

    /// A program of the workspace built with this profile.
    pub fn program(self, name: &str) -> PathBuf {
        let folder = match self {
            Self::Release => "release",
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
    engine::build(engine::Target::Native)?;
    let mut cargo = shell::cargo();
    cargo
        .current_dir(paths::root())
        .args(["build", "--package", "sirocco-cli"]);
    if host == Host::Window {
        cargo.args(["--package", "sirocco"]);
    }
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    shell::run(&mut cargo)
}

/// Builds the interface into `ui/dist`, unless that was made from the same sources: the app holds a
/// copy of it and would be linked anew.
pub fn interface() -> Result<()> {
    let folder = paths::ui();
    node::install(&folder)?;
    let sources = fingerprint(&folder)?;
    let stamp = folder.join("node_modules/.sirocco-built");
    let is_built = folder.join("dist/index.html").is_file();
    if is_built && std::fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    shell::run(&mut node::script(&folder, "build"))?;
    std::fs::write(&stamp, sources).with_context(|| format!("could not write {}", stamp.display()))
}

/// Changes with the name or content of any source file of the interface.
fn fingerprint(folder: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut hash = Fingerprint::default();
    for path in files {
        hash.add_part(
            path.strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .as_bytes(),
        );
        hash.add_part(
            &std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?,
        );
    }
    Ok(hash.to_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?
    {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if name != "node_modules" && name != "dist" {
                collect(&entry.path(), files)?;
            }
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn the_interface_is_built_again_when_a_file_changes_but_not_for_what_is_built() {
        let folder = std::env::temp_dir().join(format!("sirocco-xtask-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        std::fs::write(folder.join("src/a.ts"), "1").unwrap();
        let before = fingerprint(&folder).unwrap();
        std::fs::write(folder.join("dist/a.js"), "1").unwrap();
        assert_eq!(fingerprint(&folder).unwrap(), before);
        std::fs::write(folder.join("src/a.ts"), "2").unwrap();
        let changed = fingerprint(&folder).unwrap();
        assert_ne!(changed, before);
        std::fs::rename(folder.join("src/a.ts"), folder.join("src/b.ts")).unwrap();
        assert_ne!(fingerprint(&folder).unwrap(), changed);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
