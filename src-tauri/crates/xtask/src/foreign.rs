//! A model of an architecture that mistral.rs does not load, for the tests of the second runtime.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{shell, starter};

const NAME: &str = "gemma-3-270m-q4_k_m.gguf";
/// Fetches the file named to it; checks its hash.
const FETCH: &str = include_str!("foreign_model.py");

/// The model's path: `SIROCCO_TEST_FOREIGN_MODEL` if that is set, otherwise the file in the user's cache, fetched once.
pub fn model() -> Result<PathBuf> {
    let given = std::env::var_os("SIROCCO_TEST_FOREIGN_MODEL");
    if let Some(path) = given.filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    // Not among the starter models: it is none to talk to.
    let folder = starter::cache()
        .context("the environment names no home folder to keep a test model in")?
        .join("tests");
    let path = folder.join(NAME);
    if !path.is_file() {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        shell::run(Command::new(python).args(["-c", FETCH]).arg(&path))?;
    }
    Ok(path)
}
