//! One process owns a data folder; the others talk to it.
//!
//! The owner holds a lock on a file for as long as it lives, so the lock goes with the process
//! however that ends. Beside it lies the owner's loopback address with a token, readable by this
//! user only; a second launch uses it to show the first one's window, and the command line to run
//! its commands there.
//!
//! While the owner starts or ends, nobody can reach it. For that time it holds a second lock, and
//! who wants to know the owner takes that first: so the system wakes those who wait, when there is
//! an address or the folder is free.
//!
//! A third lock is shared by the guests, who run more than one command in the owner's App: an owner
//! that lives for one command of its own waits for them before it ends.

mod lock;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sirocco_protocol::HostKind;

use crate::home::Home;
use lock::{lock_now, lock_within, share_now};

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
    home: Home,
    // Let go in this order: who is woken by the second lock finds the folder free.
    _folder: File,
    change: Option<File>,
}

/// What [`acquire`] found.
#[derive(Debug)]
pub enum Acquired {
    /// The folder is ours, and others wait until we [announce](Ownership::announce) ourselves.
    Mine(Ownership),
    /// Another process has it. Its address is not known if it did not start or end in time.
    Taken(Option<Owner>),
}

/// Becomes the owner, or finds out who is; creates the folder if it does not exist. An owner that is
/// just starting or ending is waited for.
///
/// # Errors
/// If the folder or a lock file cannot be created.
pub async fn acquire(home: &Home, patience: Duration) -> io::Result<Acquired> {
    std::fs::create_dir_all(home.path())?;
    let Some(change) = lock_within(&home.change(), patience).await? else {
        return Ok(Acquired::Taken(None));
    };
    let folder = match lock_now(&home.lock())? {
        Some(folder) => folder,
        None => match read_owner(&home.owner()) {
            Some(owner) => return Ok(Acquired::Taken(Some(owner))),
            // No owner, but one who waited for the folder's end and has not let go yet.
            None => match lock_within(&home.lock(), patience).await? {
                Some(folder) => folder,
                None => return Ok(Acquired::Taken(None)),
            },
        },
    };
    // Left by an owner that was killed: its address is nobody's now.
    let _ = std::fs::remove_file(home.owner());
    Ok(Acquired::Mine(Ownership {
        home: home.clone(),
        _folder: folder,
        change: Some(change),
    }))
}

/// Waits for the owner of a folder to end; false if it has not in this time.
///
/// # Errors
/// If the lock file cannot be created.
pub async fn wait_until_free(home: &Home, patience: Duration) -> io::Result<bool> {
    Ok(lock_within(&home.lock(), patience).await?.is_some())
}

/// Being a guest of an owner, until dropped.
#[derive(Debug)]
pub struct Visit(#[expect(dead_code, reason = "held for its lock")] File);

/// Becomes a guest of the owner that [`acquire`] found; none if that one has begun to end meanwhile.
///
/// # Errors
/// If a lock file cannot be used.
pub async fn visit(home: &Home, owner: &Owner, patience: Duration) -> io::Result<Option<Visit>> {
    let Some(_change) = lock_within(&home.change(), patience).await? else {
        return Ok(None);
    };
    if read_owner(&home.owner()).as_ref() != Some(owner) {
        return Ok(None);
    }
    Ok(share_now(&home.guests())?.map(Visit))
}

impl Ownership {
    /// The folder.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Tells other processes of this user how to reach us.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn announce(&mut self, owner: &Owner) -> io::Result<()> {
        let partial = self.home.owner().with_extension("part");
        let _ = std::fs::remove_file(&partial);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&partial)?;
        file.write_all(serde_json::to_string(owner)?.as_bytes())?;
        drop(file);
        std::fs::rename(&partial, self.home.owner())?;
        self.change = None;
        Ok(())
    }

    /// Waits until there are no guests, and lets no new ones in: [`Self::withdraw`] comes next.
    ///
    /// # Errors
    /// If a lock file cannot be used.
    pub async fn wait_for_guests(&mut self) -> io::Result<()> {
        loop {
            self.change = lock_within(&self.home.change(), WITHDRAW_TIME).await?;
            if lock_now(&self.home.guests())?.is_some() {
                return Ok(());
            }
            self.change = None;
            drop(lock_within(&self.home.guests(), GUESTS_TIME).await?);
        }
    }

    /// We are about to end: from now on others wait until the folder is free.
    ///
    /// # Errors
    /// If the lock file cannot be used.
    pub async fn withdraw(&mut self) -> io::Result<()> {
        if self.change.is_none() {
            self.change = lock_within(&self.home.change(), WITHDRAW_TIME).await?;
        }
        match std::fs::remove_file(self.home.owner()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Others hold the second lock for as long as it takes to read a file.
const WITHDRAW_TIME: Duration = Duration::from_secs(2);

/// Guests are looked for again after this, whatever the system said.
const GUESTS_TIME: Duration = Duration::from_secs(60);

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
mod tests;
