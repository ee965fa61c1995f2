//! Work shared out by a counter: who is done takes the next chunk, so no thread waits for a slow one.

use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Cursor {
    next: AtomicUsize,
    count: usize,
}

impl Cursor {
    pub fn new(count: usize) -> Self {
        Self {
            next: AtomicUsize::new(0),
            count,
        }
    }

    /// The next chunk, from 0; none when all are taken.
    pub fn take(&self) -> Option<usize> {
        let chunk = self.next.fetch_add(1, Ordering::Relaxed);
        (chunk < self.count).then_some(chunk)
    }
}
