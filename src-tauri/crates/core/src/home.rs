//! Where everything is kept.

use std::path::{Path, PathBuf};

/// The folders and files of a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// A data folder at this path; it need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `SIROCCO_HOME`, or the platform's folder for the data of applications. None if neither is known.
    #[must_use]
    pub fn of_this_user() -> Option<Self> {
        if let Some(path) = variable("SIROCCO_HOME") {
            return Some(Self(path));
        }
        Self::of_platform()
    }

    /// The platform's folder for the data of applications.
    fn of_platform() -> Option<Self> {
        let folder = if cfg!(windows) {
            variable("LOCALAPPDATA")?.join("Sirocco")
        } else if cfg!(target_os = "macos") {
            variable("HOME")?.join("Library/Application Support/Sirocco")
        } else {
            variable("XDG_DATA_HOME")
                .filter(|path| path.is_absolute())
                .or_else(|| Some(variable("HOME")?.join(".local/share")))?
                .join("sirocco")
        };
        Some(Self(folder))
    }

    /// Secrets of this folder go into the key store of the system: not if somebody carries it about.
    pub(crate) fn uses_key_store(&self) -> bool {
        Self::of_platform().is_some_and(|folder| folder == *self)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("sirocco.db")
    }

    /// Models that were downloaded.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// Secrets, where the system has no key store.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets.json")
    }

    /// Tokens of the API server, as hashes.
    #[must_use]
    pub fn server_tokens(&self) -> PathBuf {
        self.0.join("server-tokens.json")
    }

    /// Models that were deleted, each in a folder named by its id.
    #[must_use]
    pub fn trash(&self) -> PathBuf {
        self.0.join("trash")
    }

    /// Log files.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Folders of the workers; may be removed whenever the app does not run.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    /// Held by the process that owns the folder.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("sirocco.lock")
    }

    /// Held by that process, too, while it starts or ends.
    #[must_use]
    pub fn change(&self) -> PathBuf {
        self.0.join("sirocco.change.lock")
    }

    /// Held, shared, by those who run commands in that process.
    #[must_use]
    pub fn guests(&self) -> PathBuf {
        self.0.join("sirocco.guests.lock")
    }

    /// How to reach that process.
    #[must_use]
    pub fn owner(&self) -> PathBuf {
        self.0.join("owner.json")
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
