//! What a scripted worker does: a JSON file beside the model.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How a scripted worker behaves. It is read when the model is loaded; no file means the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// What it answers; `{question}` stands for the last thing a person said, `{system}` for the system prompt.
    pub answer: String,
    /// How long each token takes, in milliseconds.
    pub token_ms: f64,
    /// How long each token of a prompt takes, in milliseconds.
    pub prefill_token_ms: f64,
    /// How long a load takes, in milliseconds.
    pub load_ms: f64,
    /// Loading fails with these words.
    pub load_error: Option<String>,
    /// Something goes wrong in an answer.
    pub fault: Option<Fault>,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When so many tokens of an answer are written.
    pub after_tokens: usize,
    /// What.
    pub death: Death,
}

/// How a worker dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Death {
    /// As of a failed assertion in C++: the signal `SIGABRT`.
    Abort,
    /// As of a library that calls `exit`.
    Exit,
    /// A panic inside the forward pass.
    Panic,
    /// The forward pass reports an error.
    Error,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            answer: "The name of this wind is sirocco.".into(),
            token_ms: 0.0,
            prefill_token_ms: 0.0,
            load_ms: 0.0,
            load_error: None,
            fault: None,
        }
    }
}

impl Script {
    /// The default script with this answer.
    #[must_use]
    pub fn answering(answer: impl Into<String>) -> Self {
        Self {
            answer: answer.into(),
            ..Self::default()
        }
    }

    /// An answer of `tokens` tokens that takes `token_ms` for each: `one one one …`.
    #[must_use]
    pub fn slow(tokens: usize, token_ms: f64) -> Self {
        Self {
            token_ms,
            ..Self::answering(" one".repeat(tokens))
        }
    }

    /// The file beside the model that holds the script.
    #[must_use]
    pub fn path_for(model: &Path) -> PathBuf {
        let mut name = model.as_os_str().to_owned();
        name.push(".script.json");
        name.into()
    }

    /// Puts the script beside the model; the next load reads it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write_for(&self, model: &Path) -> std::io::Result<()> {
        std::fs::write(Self::path_for(model), serde_json::to_vec(self)?)
    }

    /// The script beside the model.
    ///
    /// # Errors
    /// If there is a file that is no script.
    pub fn read_for(model: &Path) -> std::io::Result<Self> {
        match std::fs::read(Self::path_for(model)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }
}
