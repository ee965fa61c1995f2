//! Models that mistral.rs does not load, for the tests of the second runtime: one of a foreign architecture, and one that
//! embeds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{shell, starter};

/// Something that a script of ours fetches: each checks hashes.
struct Fetched {
    /// Names a copy that is there already.
    variable: &'static str,
    /// In the user's cache.
    name: &'static str,
    script: &'static str,
}

const TEXT: Fetched = Fetched {
    variable: "SIROCCO_TEST_FOREIGN_MODEL",
    name: "gemma-3-270m-q4_k_m.gguf",
    script: include_str!("foreign_model.py"),
};
const EMBEDDING: Fetched = Fetched {
    variable: "SIROCCO_TEST_EMBEDDING_MODEL",
    name: "all-MiniLM-L6-v2",
    script: include_str!("embedding_model.py"),
};

/// What tests find in the environment: the variables that name the models, each fetched once.
pub fn models() -> Result<[(&'static str, PathBuf); 2]> {
    Ok([
        (TEXT.variable, TEXT.path()?),
        (EMBEDDING.variable, EMBEDDING.path()?),
    ])
}

impl Fetched {
    fn path(&self) -> Result<PathBuf> {
        let given = std::env::var_os(self.variable);
        if let Some(path) = given.filter(|path| !path.is_empty()) {
            return Ok(PathBuf::from(path));
        }
        // Not among the starter models: it is none to talk to.
        let folder = starter::cache()
            .context("the environment names no home folder to keep a test model in")?
            .join("tests");
        let path = folder.join(self.name);
        if !path.exists() {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("could not make {}", folder.display()))?;
            let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
            shell::run(Command::new(python).args(["-c", self.script]).arg(&path))?;
        }
        Ok(path)
    }
}
