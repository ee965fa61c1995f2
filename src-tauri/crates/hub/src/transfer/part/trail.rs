//! The hash of a file that is still being written.
//!
//! sha256 must see the bytes in order, and streams bring them out of order. So a thread follows the writer: it reads
//! back, from the page cache, the bytes that lie without a hole behind the last ones it has seen. When the last byte is
//! written the hash is nearly ready, and bytes kept from an earlier run are hashed beside the fetching of new ones.

use std::{
    fs::File,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use sha2::{Digest, Sha256};

use super::at::read_up_to_at;
use crate::hash::ContentHash;

/// Small enough to stay in a core's cache between the read and the hash.
const STEP_BYTES: usize = 256 << 10;

/// A hash that follows a file. It ends with its owner.
pub(super) struct Trail {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes that may be read.
    reachable: u64,
    /// Bytes that are hashed, with the hash of them once somebody waits for it.
    hashed: u64,
    digest: Option<ContentHash>,
    error: Option<io::Error>,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trail {
    pub fn start(file: Arc<File>) -> Self {
        let shared: Arc<Shared> = Arc::default();
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || follow(&file, &shared)
        });
        Self {
            shared,
            thread: Some(thread),
        }
    }

    /// Bytes up to here are in the file, without a hole.
    pub fn advance(&self, reachable: u64) {
        let mut state = self.shared.lock();
        if state.reachable < reachable {
            state.reachable = reachable;
            self.shared.changed.notify_all();
        }
    }

    /// Bytes not hashed yet.
    pub fn behind(&self) -> u64 {
        let state = self.shared.lock();
        state.reachable - state.hashed
    }

    /// Waits for the hash of all reachable bytes; none if `goes_on`, which is asked after each step, ends the waiting.
    pub fn digest(&self, goes_on: impl Fn() -> bool) -> io::Result<Option<ContentHash>> {
        let mut state = self.shared.lock();
        loop {
            if let Some(error) = state.error.take() {
                return Err(error);
            }
            match state.digest {
                Some(digest) if state.hashed == state.reachable => return Ok(Some(digest)),
                _ if state.is_over => return Err(io::ErrorKind::Interrupted.into()),
                _ if !goes_on() => return Ok(None),
                _ => state = self.shared.wait(state),
            }
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked leaves no hash, which its owner has not waited for.
            let _ = thread.join();
        }
    }
}

fn follow(file: &File, shared: &Shared) {
    let mut hasher = Sha256::new();
    let mut hashed = 0;
    let mut buffer = vec![0; STEP_BYTES];
    let outcome = loop {
        let reachable = {
            let mut state = shared.lock();
            if hashed == state.reachable && state.digest.is_none() {
                state.digest = Some(ContentHash::new(hasher.clone().finalize().into()));
                shared.changed.notify_all();
            }
            while hashed == state.reachable && !state.is_over {
                state = shared.wait(state);
            }
            if state.is_over {
                break Ok(());
            }
            state.digest = None;
            state.reachable
        };
        let want = buffer
            .len()
            .min(usize::try_from(reachable - hashed).unwrap_or(usize::MAX));
        match read_up_to_at(file, &mut buffer[..want], hashed) {
            Ok(read) if read == want => {}
            Ok(_) => break Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) => break Err(error),
        }
        hasher.update(&buffer[..want]);
        hashed += want as u64;
        shared.lock().hashed = hashed;
        // Who waits for the end is also to notice that nobody wants it any more.
        shared.changed.notify_all();
    };
    let mut state = shared.lock();
    state.error = outcome.err();
    state.is_over = true;
    shared.changed.notify_all();
}

#[cfg(test)]
mod tests {
    use super::{super::at::write_all_at, *};

    #[test]
    fn the_hash_is_that_of_the_file_however_it_grows() {
        let file = Arc::new(tempfile::tempfile().expect("a file"));
        let bytes: Vec<u8> = (0..STEP_BYTES * 2 + 77).map(|n| (n % 251) as u8).collect();
        let trail = Trail::start(file.clone());
        let digest = || trail.digest(|| true).expect("it is read");
        assert_eq!(digest(), Some(ContentHash::of(b"")));
        let mut at = 0;
        for step in [1, 1_000, STEP_BYTES, bytes.len()] {
            let end = (at + step).min(bytes.len());
            write_all_at(&file, &bytes[at..end], at as u64).expect("it is written");
            trail.advance(end as u64);
            at = end;
        }
        assert_eq!(digest(), Some(ContentHash::of(&bytes)));
        assert_eq!(trail.behind(), 0);
    }

    #[test]
    fn who_waits_can_give_up_between_two_steps() {
        let file = Arc::new(tempfile::tempfile().expect("a file"));
        // Holes: they take no disk, and a minute to hash.
        let length = 1 << 36;
        file.set_len(length).expect("holes");
        let trail = Trail::start(file);
        trail.advance(length);
        let asked = std::cell::Cell::new(0);
        let digest = trail.digest(|| {
            asked.set(asked.get() + 1);
            asked.get() < 3
        });
        assert_eq!(digest.expect("it is read"), None);
        assert!(trail.behind() > 0);
    }

    #[test]
    fn bytes_that_are_not_there_are_an_error() {
        let trail = Trail::start(Arc::new(tempfile::tempfile().expect("a file")));
        trail.advance(10);
        assert_eq!(
            trail.digest(|| true).expect_err("too short").kind(),
            io::ErrorKind::UnexpectedEof
        );
    }
}
