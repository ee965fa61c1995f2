//! A worker's log: passed on to ours, and its last lines kept for when it dies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;

use super::lock;

/// Lines that are kept.
const MOST_LINES: usize = 20;
/// Characters of a line that are kept.
const LONGEST_LINE: usize = 300;

/// The last lines of a log.
///
/// The message of a panic may quote the text that the program was busy with, over many lines. Its first line is kept,
/// the rest is dropped.
#[derive(Debug, Default)]
pub(super) struct LastLines {
    lines: VecDeque<String>,
    panic: PanicPart,
}

/// Where in the words of a panic a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PanicPart {
    /// Not in one.
    #[default]
    None,
    /// The place was told, the message comes next.
    Place,
    /// Behind the first line of the message.
    Rest,
}

impl LastLines {
    fn add(&mut self, line: &str) {
        let is_place = line.contains(" panicked at ");
        // What the standard library says behind every message of a panic.
        let is_after =
            line.starts_with("note: run with `RUST_BACKTRACE") || line == "stack backtrace:";
        let before = self.panic;
        self.panic = match before {
            _ if is_place => PanicPart::Place,
            _ if is_after => PanicPart::None,
            PanicPart::None => PanicPart::None,
            PanicPart::Place | PanicPart::Rest => PanicPart::Rest,
        };
        if (before, self.panic) == (PanicPart::Rest, PanicPart::Rest) {
            return;
        }
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines
            .push_back(line.chars().take(LONGEST_LINE).collect());
    }

    /// What is kept, oldest first; nothing is afterwards.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines).into()
    }
}

/// Reads the log to its end.
pub(super) async fn follow(log: ChildStderr, last: Arc<Mutex<LastLines>>) {
    // Bytes, not text: a worker whose log nobody reads any more would fail to write it.
    let mut lines = BufReader::new(log).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        tracing::debug!(target: "sirocco_worker", "{line}");
        lock(&last).add(line.trim_end_matches('\r'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[&str]) -> Vec<String> {
        let mut last = LastLines::default();
        lines.iter().for_each(|line| last.add(line));
        last.take()
    }

    #[test]
    fn the_last_lines_are_kept_and_none_is_long() {
        let mut last = LastLines::default();
        (0..30).for_each(|number| last.add(&number.to_string()));
        last.add(&"é".repeat(1_000));
        let lines = last.take();
        assert_eq!((lines.len(), lines[0].as_str()), (MOST_LINES, "11"));
        assert_eq!(lines[MOST_LINES - 1].chars().count(), LONGEST_LINE);
        assert!(last.take().is_empty());
    }

    #[test]
    fn of_the_message_of_a_panic_only_the_first_line_is_kept() {
        let lines = kept(&[
            "loading",
            "thread 'main' panicked at src/session.rs:3:7:",
            "byte index 3 is not a char boundary of `Dear diary,",
            "nobody must know.",
            "Yours`",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "ended",
        ]);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(!lines.concat().contains("nobody must know"));
        assert_eq!(lines[4], "ended");
    }

    #[test]
    fn two_panics_one_behind_the_other_both_say_their_first_line() {
        let lines = kept(&[
            "thread 'a' panicked at a.rs:1:1:",
            "first",
            "more",
            "thread 'b' panicked at b.rs:1:1:",
            "second",
            "more",
        ]);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!((lines[1].as_str(), lines[3].as_str()), ("first", "second"));
    }
}
