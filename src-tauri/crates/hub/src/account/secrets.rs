//! Where secrets are kept: the key store of the system, or a file where there is none.
//!
//! Secrets have names, such as `token https://huggingface.co`. All methods block: the key store may ask the person.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sirocco_protocol::SecretPlace;

const SERVICE: &str = "sirocco";
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Why a secret could not be kept or removed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file could not be read or written.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// The verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key store holds it and does not let it go.
    #[error("the key store of the system did not remove the secret")]
    KeyStore {
        /// What it said.
        source: Box<keyring::Error>,
    },
}

/// The secrets of a data folder.
#[derive(Debug)]
pub struct Secrets {
    file: PathBuf,
    uses_key_store: bool,
    /// Held while the file is rewritten.
    writing: Mutex<()>,
}

impl Secrets {
    /// Kept in the key store of the system, and in `file` while that does not work.
    #[must_use]
    pub fn of_this_user(file: PathBuf) -> Self {
        Self {
            file,
            uses_key_store: true,
            writing: Mutex::default(),
        }
    }

    /// Kept in `file` only, so that they go with the folder it lies in.
    #[must_use]
    pub fn in_file(file: PathBuf) -> Self {
        Self {
            uses_key_store: false,
            ..Self::of_this_user(file)
        }
    }

    /// A secret and where it is kept. None if there is none, or nothing can be read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(String, SecretPlace)> {
        if let Some(entry) = self.entry(name) {
            match entry.get_password() {
                Ok(secret) => return Some((secret, SecretPlace::KeyStore)),
                Err(keyring::Error::NoEntry) => {}
                Err(error) => tracing::info!(%error, "the key store cannot be read"),
            }
        }
        let mut secrets = self.read().unwrap_or_else(|error| {
            tracing::warn!(%error, "secrets cannot be read");
            BTreeMap::new()
        });
        let secret = secrets.remove(name)?;
        Some((secret, SecretPlace::File))
    }

    /// Keeps a secret under this name, and tells where.
    ///
    /// # Errors
    /// [`SecretError`] if it could be kept nowhere.
    pub fn set(&self, name: &str, secret: &str) -> Result<SecretPlace, SecretError> {
        if let Some(entry) = self.entry(name) {
            match entry.set_password(secret) {
                Ok(()) => {
                    self.change_file(|secrets| secrets.remove(name).is_some())?;
                    return Ok(SecretPlace::KeyStore);
                }
                Err(error) => tracing::info!(%error, "the key store cannot be written"),
            }
        }
        self.change_file(|secrets| {
            secrets.insert(name.to_owned(), secret.to_owned());
            true
        })?;
        Ok(SecretPlace::File)
    }

    /// Forgets a secret, wherever it is.
    ///
    /// # Errors
    /// [`SecretError`] if it is still there.
    pub fn remove(&self, name: &str) -> Result<(), SecretError> {
        self.change_file(|secrets| secrets.remove(name).is_some())?;
        let Some(entry) = self.entry(name) else {
            return Ok(());
        };
        match entry.delete_credential() {
            Ok(()) => Ok(()),
            // A store that cannot be read does not show the secret to us again either.
            Err(_) if entry.get_password().is_err() => Ok(()),
            Err(source) => Err(SecretError::KeyStore {
                source: Box::new(source),
            }),
        }
    }

    fn entry(&self, name: &str) -> Option<keyring::Entry> {
        if !self.uses_key_store {
            return None;
        }
        keyring::Entry::new(SERVICE, name).ok()
    }

    fn change_file(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> bool,
    ) -> Result<(), SecretError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = self.read()?;
        if !change(&mut secrets) {
            return Ok(());
        }
        let text = serde_json::to_string(&secrets).expect("texts are JSON");
        replace(&self.file, text.as_bytes()).map_err(|source| SecretError::File {
            action: "write",
            path: self.file.clone(),
            source,
        })
    }

    fn read(&self) -> Result<BTreeMap<String, String>, SecretError> {
        let read = || -> io::Result<BTreeMap<String, String>> {
            let mut text = String::new();
            match std::fs::File::open(&self.file) {
                Ok(file) => file.take(MAX_FILE_BYTES).read_to_string(&mut text)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(BTreeMap::new());
                }
                Err(error) => return Err(error),
            };
            serde_json::from_str(&text).map_err(io::Error::from)
        };
        read().map_err(|source| SecretError::File {
            action: "read",
            path: self.file.clone(),
            source,
        })
    }
}

/// Writes the file anew so that nobody else can read it at any time, and a crash leaves the old one or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("fresh");
    // One that a crash left may be readable by others.
    let _ = std::fs::remove_file(&fresh);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_file_is_for_this_user_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.json");
        let secrets = Secrets::in_file(path.clone());
        assert_eq!(secrets.get("token a"), None);
        assert_eq!(
            secrets.set("token a", "one").expect("kept"),
            SecretPlace::File
        );
        secrets.set("token b", "two").expect("kept");
        secrets.set("token a", "three").expect("kept");
        assert_eq!(
            secrets.get("token a"),
            Some(("three".to_owned(), SecretPlace::File))
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("a file").permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        secrets.remove("token a").expect("removed");
        secrets.remove("token a").expect("gone already");
        assert_eq!(secrets.get("token a"), None);
        assert!(secrets.get("token b").is_some());
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1
        );
    }

    #[test]
    fn a_broken_file_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.json");
        std::fs::write(&path, "not JSON").expect("a file");
        let secrets = Secrets::in_file(path.clone());
        assert_eq!(secrets.get("token a"), None);
        assert!(secrets.set("token a", "one").is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "not JSON");
    }
}
