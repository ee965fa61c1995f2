//! Where everything is kept.

use std::path::{Path, PathBuf};

/// A file of this name beside the program says that its data is to lie there too.
const PORTABLE: &str = "portable.txt";

/// The folders and files of a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// A data folder at this path; it need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `SIROCCO_HOME`, `data` beside a portable program, or the platform's folder for the data of applications.
    /// None if none is known.
    #[must_use]
    pub fn of_this_user() -> Option<Self> {
        if let Some(path) = variable("SIROCCO_HOME") {
            return Some(Self(path));
        }
        let program = std::env::current_exe().ok();
        let portable = program.as_deref().and_then(Self::beside);
        portable.or_else(Self::of_platform)
    }

    /// `data` beside a program that is marked as portable, if it can be written to: on read-only media the
    /// program runs too, with its data in the usual place.
    fn beside(program: &Path) -> Option<Self> {
        let folder = program.parent()?;
        if !folder.join(PORTABLE).is_file() {
            return None;
        }
        let data = folder.join("data");
        std::fs::create_dir_all(&data).ok()?;
        let probe = data.join(format!("probe-{}", std::process::id()));
        std::fs::write(&probe, "").ok()?;
        std::fs::remove_file(&probe).ok()?;
        Some(Self(data))
    }

    /// The platform's folder for the data of applications. On Windows `Sirocco` itself is where the installer puts the
    /// program.
    fn of_platform() -> Option<Self> {
        let folder = if cfg!(windows) {
            variable("LOCALAPPDATA")?.join(r"Sirocco\Data")
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

    /// Where the main window was.
    #[must_use]
    pub fn window(&self) -> PathBuf {
        self.0.join("window.json")
    }

    /// Log files.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Reports of crashes.
    #[must_use]
    pub fn crashes(&self) -> PathBuf {
        self.0.join("crashes")
    }

    /// Lies there while the app runs, and is left behind if it was not closed.
    #[must_use]
    pub fn running(&self) -> PathBuf {
        self.0.join("running.json")
    }

    /// A newer version of the app, on its way into the place of this one.
    #[must_use]
    pub fn update(&self) -> PathBuf {
        self.0.join("update.package")
    }

    /// Workers that were added to the program's own, such as those for a graphics card.
    #[must_use]
    pub fn workers(&self) -> PathBuf {
        self.0.join("workers")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_program_keeps_its_data_beside_itself() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("sirocco");
        assert_eq!(Home::beside(&program), None);
        std::fs::write(folder.path().join(PORTABLE), "").unwrap();
        let data = folder.path().join("data");
        assert_eq!(Home::beside(&program), Some(Home::at(&data)));
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
    }

    #[test]
    fn where_it_cannot_write_a_marked_program_keeps_its_data_in_the_usual_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PORTABLE), "").unwrap();
        // Root may write to read-only folders, but nobody to a folder that is a file.
        std::fs::write(folder.path().join("data"), "").unwrap();
        assert_eq!(Home::beside(&folder.path().join("sirocco")), None);
    }
}
