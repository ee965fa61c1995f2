//! Panics of this process become reports.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::report::{Report, SYSTEM};
use super::shelf::Shelf;
use crate::home::Home;

/// What breaks again and again would push the other reports off the shelf.
const MOST_A_RUN: u32 = 5;

/// Keeps a report of every panic of this process in the data folder from now on, beside what is done about it anyway.
/// Programs call it once, when they begin.
pub fn watch(home: &Home) {
    LazyLock::force(&SYSTEM);
    let shelf = Shelf::in_home(home);
    let count = AtomicU32::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        if is_a_mistake(panic) && count.fetch_add(1, Ordering::Relaxed) < MOST_A_RUN {
            keep(&shelf, panic);
        }
    }));
}

fn keep(shelf: &Shelf, panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    let report = Report::of_panic(
        message,
        place.as_deref().unwrap_or("unknown"),
        thread.name(),
        &Backtrace::force_capture().to_string(),
    );
    if let Err(error) = shelf.put(&report) {
        // Nothing may panic here, so nobody minds if this cannot be written either.
        let _ = writeln!(std::io::stderr(), "warning: no report was kept: {error}");
    }
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic for reasons that are no mistake of ours, and is caught by the caller or inside. No report is
/// made of that.
pub fn expecting_panics<T>(work: impl FnOnce() -> T) -> T {
    /// Ends it also when the work unwinds.
    struct Until;
    impl Drop for Until {
        fn drop(&mut self) {
            EXPECTED.set(false);
        }
    }
    EXPECTED.set(true);
    let _until = Until;
    work()
}

fn is_a_mistake(panic: &PanicHookInfo<'_>) -> bool {
    // Who reads our output may leave, as `head` does.
    let is_output = |message: &str| message.starts_with("failed printing to std");
    !EXPECTED.get() && !panic.payload_as_str().is_some_and(is_output)
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn panics_are_expected_only_while_the_work_lasts() {
        assert!(expecting_panics(|| EXPECTED.get()));
        assert!(!EXPECTED.get());
        let caught = catch_unwind(|| expecting_panics(|| std::panic::resume_unwind(Box::new(()))));
        assert!(caught.is_err() && !EXPECTED.get());
    }
}
