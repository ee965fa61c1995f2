//! One process owns a data folder; the others talk to it.
//!
//! The owner holds a lock on a file for as long as it lives, so the lock goes with the process
//! however that ends. Beside it lies the owner's loopback address with a token, readable by this
//! user only; a second launch uses it to show the first one's window, and the command line to run
//! its commands there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sirocco_protocol::HostKind;

use crate::home::Home;

/// How to reach the owner of a data folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// Which host it is.
    pub host: HostKind,
    /// On the loopback interface, such as `http://127.0.0.1:40123`.
    pub address: String,
    /// To be sent as bearer token.
    pub token: String,
}

/// Ownership of a data folder; given up when dropped or when the process ends.
#[derive(Debug)]
pub struct Ownership {
    _lock: File,
    home: Home,
}

/// What [`acquire`] found.
#[derive(Debug)]
pub enum Acquired {
    /// The folder is ours.
    Mine(Ownership),
    /// Another process has it. Its address is not known while it starts.
    Taken(Option<Owner>),
}

/// Tries to become the owner; creates the folder if it does not exist.
///
/// # Errors
/// If the folder or the lock file cannot be created.
pub fn acquire(home: &Home) -> io::Result<Acquired> {
    std::fs::create_dir_all(home.path())?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(home.lock())?;
    match lock.try_lock() {
        Ok(()) => {
            // Left by an owner that was killed: its address is nobody's now.
            let _ = std::fs::remove_file(home.owner());
            Ok(Acquired::Mine(Ownership {
                _lock: lock,
                home: home.clone(),
            }))
        }
        Err(TryLockError::WouldBlock) => Ok(Acquired::Taken(read_owner(&home.owner()))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Ownership {
    /// Tells other processes of this user how to reach us.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn announce(&self, owner: &Owner) -> io::Result<()> {
        let partial = self.home.owner().with_extension("part");
        let _ = std::fs::remove_file(&partial);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&partial)?;
        file.write_all(serde_json::to_string(owner)?.as_bytes())?;
        drop(file);
        std::fs::rename(&partial, self.home.owner())
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.home.owner());
    }
}

/// 128 random bits as hexadecimal digits.
///
/// # Errors
/// If the system has no randomness.
pub fn fresh_token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read_owner(path: &Path) -> Option<Owner> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_process_finds_the_first() {
        let folder = std::env::temp_dir().join(format!("sirocco-instance-{}", std::process::id()));
        let home = Home::at(&folder);
        let Acquired::Mine(first) = acquire(&home).unwrap() else {
            panic!("the folder is new")
        };
        assert!(
            matches!(acquire(&home).unwrap(), Acquired::Taken(None)),
            "not announced yet"
        );
        let owner = Owner {
            pid: 1,
            host: HostKind::Window,
            address: "http://127.0.0.1:1".into(),
            token: fresh_token().unwrap(),
        };
        first.announce(&owner).unwrap();
        let Acquired::Taken(found) = acquire(&home).unwrap() else {
            panic!("the first one lives")
        };
        assert_eq!(found, Some(owner));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(home.owner())
                    .unwrap()
                    .permissions()
                    .mode()
                    & 0o777,
                0o600
            );
        }
        drop(first);
        assert!(
            matches!(acquire(&home).unwrap(), Acquired::Mine(_)),
            "the first one is gone"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
