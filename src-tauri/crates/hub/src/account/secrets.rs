//! Where secrets are kept: the key store of the system, or a file where there is none.
//!
//! Secrets have names, such as `token https://huggingface.co`. All methods block: the key store may ask the person.
//!
//! A key store may be locked today and open tomorrow. What it could not be told stands in the file, also that a secret
//! was removed, and the file goes before the key store: it only says what the key store does not know yet. So no older
//! secret comes back when the key store is unlocked.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
    key_store: Option<Arc<dyn KeyStore>>,
    /// Held while the file is rewritten.
    writing: Mutex<()>,
}

/// What the file says: a secret of a name, or that there is none.
type InFile = BTreeMap<String, Option<String>>;

/// A key store, as far as it is used here.
trait KeyStore: fmt::Debug + Send + Sync {
    fn get(&self, name: &str) -> keyring::Result<String>;
    fn set(&self, name: &str, secret: &str) -> keyring::Result<()>;
    fn delete(&self, name: &str) -> keyring::Result<()>;
}

/// That of the system.
#[derive(Debug)]
struct SystemKeyStore;

impl KeyStore for SystemKeyStore {
    fn get(&self, name: &str) -> keyring::Result<String> {
        keyring::Entry::new(SERVICE, name)?.get_password()
    }

    fn set(&self, name: &str, secret: &str) -> keyring::Result<()> {
        keyring::Entry::new(SERVICE, name)?.set_password(secret)
    }

    fn delete(&self, name: &str) -> keyring::Result<()> {
        keyring::Entry::new(SERVICE, name)?.delete_credential()
    }
}

impl Secrets {
    /// Kept in the key store of the system, and in `file` while that does not work.
    #[must_use]
    pub fn of_this_user(file: PathBuf) -> Self {
        Self {
            key_store: Some(Arc::new(SystemKeyStore)),
            ..Self::in_file(file)
        }
    }

    /// Kept in `file` only, so that they go with the folder it lies in.
    #[must_use]
    pub fn in_file(file: PathBuf) -> Self {
        Self {
            file,
            key_store: None,
            writing: Mutex::default(),
        }
    }

    /// A secret and where it is kept. None if there is none, or nothing can be read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(String, SecretPlace)> {
        let mut in_file = self.read().unwrap_or_else(|error| {
            tracing::warn!(%error, "secrets cannot be read");
            InFile::new()
        });
        match in_file.remove(name) {
            Some(Some(secret)) => return Some((secret, SecretPlace::File)),
            Some(None) => {
                // The key store may be open by now.
                if let Err(error) = self.remove(name) {
                    tracing::info!(%error, "a secret is still to be removed");
                }
                return None;
            }
            None => {}
        }
        match self.key_store.as_ref()?.get(name) {
            Ok(secret) => Some((secret, SecretPlace::KeyStore)),
            Err(keyring::Error::NoEntry) => None,
            Err(error) => {
                tracing::info!(%error, "the key store cannot be read");
                None
            }
        }
    }

    /// Keeps a secret under this name, and tells where.
    ///
    /// # Errors
    /// [`SecretError`] if it could be kept nowhere.
    pub fn set(&self, name: &str, secret: &str) -> Result<SecretPlace, SecretError> {
        if let Some(key_store) = &self.key_store {
            match key_store.set(name, secret) {
                Ok(()) => {
                    self.change_file(|secrets| secrets.remove(name).is_some())?;
                    return Ok(SecretPlace::KeyStore);
                }
                Err(error) => tracing::info!(%error, "the key store cannot be written"),
            }
        }
        self.change_file(|secrets| {
            secrets.insert(name.to_owned(), Some(secret.to_owned()));
            true
        })?;
        Ok(SecretPlace::File)
    }

    /// Forgets a secret, wherever it is. One in a key store that is locked goes when that is open.
    ///
    /// # Errors
    /// [`SecretError`] if it is still there.
    pub fn remove(&self, name: &str) -> Result<(), SecretError> {
        if self.is_gone_from_key_store(name)? {
            self.change_file(|secrets| secrets.remove(name).is_some())
        } else {
            self.change_file(|secrets| secrets.insert(name.to_owned(), None) != Some(None))
        }
    }

    /// Removes it from the key store; false if that cannot be opened.
    fn is_gone_from_key_store(&self, name: &str) -> Result<bool, SecretError> {
        let Some(key_store) = &self.key_store else {
            return Ok(true);
        };
        let source = match key_store.delete(name) {
            Ok(()) | Err(keyring::Error::NoEntry) => return Ok(true),
            Err(source) => Box::new(source),
        };
        match key_store.get(name) {
            Err(keyring::Error::NoEntry) => Ok(true),
            Err(_) => Ok(false),
            Ok(_) => Err(SecretError::KeyStore { source }),
        }
    }

    fn change_file(&self, change: impl FnOnce(&mut InFile) -> bool) -> Result<(), SecretError> {
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

    fn read(&self) -> Result<InFile, SecretError> {
        let read = || -> io::Result<InFile> {
            let mut text = String::new();
            match std::fs::File::open(&self.file) {
                Ok(file) => file.take(MAX_FILE_BYTES).read_to_string(&mut text)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(InFile::new());
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

/// Writes a file anew so that nobody else can read it at any time, and a crash leaves the old one or the new one.
///
/// # Errors
/// Those of the disk.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A key store in memory that can be locked.
    #[derive(Debug, Default)]
    struct Double {
        is_locked: AtomicBool,
        secrets: Mutex<BTreeMap<String, String>>,
    }

    impl Double {
        fn lock(&self, is_locked: bool) {
            self.is_locked.store(is_locked, Ordering::Relaxed);
        }

        fn open<T>(
            &self,
            work: impl FnOnce(&mut BTreeMap<String, String>) -> Option<T>,
        ) -> keyring::Result<T> {
            if self.is_locked.load(Ordering::Relaxed) {
                return Err(keyring::Error::NoStorageAccess("it is locked".into()));
            }
            let mut secrets = self.secrets.lock().expect("no test panics with it");
            work(&mut secrets).ok_or(keyring::Error::NoEntry)
        }
    }

    impl KeyStore for Double {
        fn get(&self, name: &str) -> keyring::Result<String> {
            self.open(|secrets| secrets.get(name).cloned())
        }

        fn set(&self, name: &str, secret: &str) -> keyring::Result<()> {
            self.open(|secrets| {
                secrets.insert(name.to_owned(), secret.to_owned());
                Some(())
            })
        }

        fn delete(&self, name: &str) -> keyring::Result<()> {
            self.open(|secrets| secrets.remove(name).map(drop))
        }
    }

    /// Secrets of a key store that holds `token a`, and is locked now.
    fn locked(folder: &Path) -> (Secrets, Arc<Double>) {
        let double = Arc::new(Double::default());
        let secrets = Secrets {
            key_store: Some(double.clone()),
            ..Secrets::in_file(folder.join("secrets.json"))
        };
        let kept = secrets.set("token a", "old").expect("kept");
        assert_eq!(kept, SecretPlace::KeyStore);
        double.lock(true);
        (secrets, double)
    }

    #[test]
    fn a_secret_replaced_while_the_key_store_is_locked_stays_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (secrets, double) = locked(folder.path());
        assert_eq!(secrets.get("token a"), None);
        let kept = secrets.set("token a", "new").expect("kept");
        assert_eq!(kept, SecretPlace::File);
        for is_locked in [true, false] {
            double.lock(is_locked);
            let found = secrets.get("token a");
            assert_eq!(found, Some(("new".to_owned(), SecretPlace::File)));
        }
        secrets.set("token a", "newest").expect("kept");
        let found = secrets.get("token a");
        assert_eq!(found, Some(("newest".to_owned(), SecretPlace::KeyStore)));
        secrets.remove("token a").expect("removed");
        assert_eq!(secrets.get("token a"), None);
    }

    #[test]
    fn a_secret_removed_while_the_key_store_is_locked_stays_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (secrets, double) = locked(folder.path());
        secrets.remove("token a").expect("removed");
        assert_eq!(secrets.get("token a"), None);
        double.lock(false);
        assert_eq!(secrets.get("token a"), None);
        let left = double.open(|secrets| Some(secrets.len()));
        assert_eq!(left.expect("it is open"), 0, "it is gone from there too");
        assert_eq!(secrets.get("token a"), None);
        secrets.set("token a", "new").expect("kept");
        let found = secrets.get("token a");
        assert_eq!(found, Some(("new".to_owned(), SecretPlace::KeyStore)));
    }

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
