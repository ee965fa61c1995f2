//! The starter model for tests that need a real one.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{paths, shell};

/// The model's path: `SIROCCO_TEST_MODEL` if that is set, otherwise the file in the user's cache,
/// fetched and verified once. The hub crate knows the file, its sources and its hash.
pub fn model() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("SIROCCO_TEST_MODEL").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let folder = cache()
        .context("the environment names no home folder to keep the starter model in")?
        .join("models");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    let mut fetch = shell::cargo();
    fetch
        .current_dir(paths::root())
        .args([
            "run",
            "--quiet",
            "--package",
            "sirocco-hub",
            "--example",
            "fetch",
            "--",
            "starter",
        ])
        .arg(&folder);
    let printed = shell::output(&mut fetch)?;
    let last = printed.lines().last().unwrap_or_default();
    eprintln!("{last}");
    let path = finished(last).with_context(|| format!("the download names no file in `{last}`"))?;
    anyhow::ensure!(
        path.is_file(),
        "{} was fetched but is not there",
        path.display()
    );
    Ok(path)
}

/// The path in the line that the download ends with: `PATH in 1.23 s`.
fn finished(line: &str) -> Option<PathBuf> {
    let (path, seconds) = line.rsplit_once(" in ")?;
    seconds.strip_suffix(" s")?.parse::<f64>().ok()?;
    Some(PathBuf::from(path))
}

/// The user's cache; the app shares starter models through `models` in it.
pub fn cache() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = if cfg!(windows) {
        folder("LOCALAPPDATA").map(|local| local.join(r"Sirocco\Cache"))
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    cache.map(|cache| cache.join("sirocco"))
}

#[cfg(test)]
mod tests {
    use super::finished;

    #[test]
    fn the_path_is_read_from_the_downloads_last_line() {
        let path = finished("/home/a b in c/x.gguf in 0.52 s").expect("a path");
        assert_eq!(path, std::path::Path::new("/home/a b in c/x.gguf"));
        assert_eq!(finished("   12 MiB   30.0 MB/s"), None);
    }
}
