//! One report: what its file holds, and the text that is shown of it.

use std::sync::LazyLock;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use sirocco_engine::Breakdown;
use sirocco_protocol::{Crash, CrashId, CrashKind, WorkerDeed};
use sysinfo::System;

use super::redact::{redact, redact_quoting};
use super::run::Run;
use crate::clock::now_ms;

/// Characters of a message that are kept.
const LONGEST_MESSAGE: usize = 1_000;
/// Bytes of a backtrace or log that are kept. Written as JSON they may become twice as many, which with the rest stays
/// below what the shelf reads.
const MOST_OF_LINES: usize = 24 << 10;

/// A report, as it lies in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    #[serde(flatten)]
    pub crash: Crash,
    /// Such as `Debian GNU/Linux 12 (x86_64)`.
    pub system: String,
    /// What happened.
    pub message: String,
    /// Where in the source.
    pub place: Option<String>,
    /// The name of the thread.
    pub thread: Option<String>,
    /// What ran the model.
    pub runtime: Option<String>,
    /// A backtrace, or the end of a log.
    pub lines: Vec<String>,
}

impl Report {
    /// Of a panic in this process.
    pub fn of_panic(message: &str, place: &str, thread: Option<&str>, backtrace: &str) -> Self {
        let kind = CrashKind::Panic { program: program() };
        Self {
            place: Some(redact(place)),
            thread: thread.map(redact),
            lines: bounded(backtrace.lines().map(redact)),
            ..Self::new(kind, &redact_quoting(message))
        }
    }

    /// Of a worker that ended by itself.
    pub fn of_worker(breakdown: &Breakdown) -> Self {
        let end = &breakdown.end;
        let kind = CrashKind::Worker {
            model: redact(&breakdown.file),
            deed: end.deed,
        };
        let said = end.engine_error.as_deref().map(redact_quoting);
        let message = match said {
            Some(said) => format!("{} ({said})", end.status),
            None => end.status.clone(),
        };
        Self {
            runtime: Some(redact(&breakdown.runtime)),
            lines: bounded(end.log.iter().map(|line| redact_quoting(line))),
            ..Self::new(kind, &message)
        }
    }

    /// Of a run that was not closed.
    pub fn unclosed(run: &Run) -> Self {
        let kind = CrashKind::Unclosed {
            since_ms: run.since_ms,
        };
        let mut report = Self::new(
            kind,
            "it was killed, or the machine went off; nothing more is known",
        );
        report.crash.version.clone_from(&run.version);
        report
    }

    fn new(kind: CrashKind, message: &str) -> Self {
        Self {
            crash: Crash {
                id: CrashId::fresh(),
                at_ms: now_ms(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                kind,
            },
            system: SYSTEM.clone(),
            message: message.chars().take(LONGEST_MESSAGE).collect(),
            place: None,
            thread: None,
            runtime: None,
            lines: Vec::new(),
        }
    }

    /// All of it, for people.
    pub fn text(&self) -> String {
        let crash = &self.crash;
        let mut text = format!(
            "Sirocco {} on {}\n{}\n\n{}: {}\n",
            crash.version,
            self.system,
            time(crash.at_ms),
            headline(&crash.kind),
            self.message
        );
        let facts = [
            ("Place", &self.place),
            ("Thread", &self.thread),
            ("Runtime", &self.runtime),
        ];
        for (name, fact) in facts {
            if let Some(fact) = fact {
                text.push_str(&format!("{name}: {fact}\n"));
            }
        }
        if !self.lines.is_empty() {
            text.push_str(&format!("\n{}\n", self.lines.join("\n")));
        }
        text
    }
}

fn headline(kind: &CrashKind) -> String {
    match kind {
        CrashKind::Panic { program } => format!("{program} came upon a mistake in itself"),
        CrashKind::Worker { model, deed } => {
            let deed = match deed {
                WorkerDeed::Loading => "read it",
                WorkerDeed::Answering => "answered",
                WorkerDeed::Waiting => "waited to be asked",
            };
            format!("the process of {model} ended by itself while it {deed}")
        }
        CrashKind::Unclosed { since_ms: 0 } => "the app was not closed".to_owned(),
        CrashKind::Unclosed { since_ms } => {
            format!(
                "the app that was opened on {} was not closed",
                time(*since_ms)
            )
        }
    }
}

fn time(at_ms: i64) -> String {
    match DateTime::from_timestamp_millis(at_ms) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => format!("{at_ms} ms"),
    }
}

/// As many lines from the first as there is room for.
fn bounded(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut room = MOST_OF_LINES;
    lines
        .take_while(|line| {
            let fits = line.len() < room;
            room = room.saturating_sub(line.len() + 1);
            fits
        })
        .collect()
}

/// The name of this program's file.
pub(super) fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Looked at once, and not in the middle of a panic.
pub(super) static SYSTEM: LazyLock<String> = LazyLock::new(|| {
    let system = System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned());
    format!("{} ({})", system.trim(), std::env::consts::ARCH)
});

#[cfg(test)]
pub(super) mod tests {
    use sirocco_engine::WorkerEnd;

    use super::super::shelf::LONGEST_BYTES;
    use super::*;

    pub fn panic_report(message: &str) -> Report {
        Report::of_panic(message, "src/a.rs:1:2", Some("main"), "0: main")
    }

    fn worker_report(end: WorkerEnd) -> Report {
        Report::of_worker(&Breakdown {
            file: "tiny.gguf".into(),
            runtime: "mistral.rs 0.8.1 · CPU (native)".into(),
            end,
        })
    }

    #[test]
    fn the_text_says_what_broke_where_and_when() {
        let mut report = panic_report("index out of bounds");
        report.crash.at_ms = 1_796_000_000_000;
        let text = report.text();
        for part in [
            "Sirocco ",
            SYSTEM.as_str(),
            "2026-11-30 ",
            " came upon a mistake in itself: index out of bounds",
            "Place: src/a.rs:1:2",
            "Thread: main",
            "\n0: main\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }

    #[test]
    fn a_report_of_a_worker_has_its_end_and_its_last_words() {
        let report = worker_report(WorkerEnd {
            status: "exit status: 1".into(),
            engine_error: Some("out of memory".into()),
            deed: WorkerDeed::Answering,
            log: vec!["CUDA error 2".into(), "said `Dear diary`".into()],
        });
        let text = report.text();
        assert!(text.contains(
            "the process of tiny.gguf ended by itself while it answered: exit status: 1 (out of memory)"
        ));
        assert!(text.contains("Runtime: mistral.rs 0.8.1") && text.contains("CUDA error 2"));
        assert!(!text.contains("diary"), "{text}");
    }

    #[test]
    fn no_report_is_longer_than_the_shelf_reads() {
        let reports = [
            Report::of_panic(
                &"\"".repeat(100_000),
                "a.rs:1:1",
                None,
                &"\"\\ frame\n".repeat(100_000),
            ),
            worker_report(WorkerEnd {
                status: "signal: 6".into(),
                engine_error: Some("𝄞".repeat(100_000)),
                deed: WorkerDeed::Loading,
                log: vec!["\u{1}".repeat(300); 20],
            }),
        ];
        for report in reports {
            let length = serde_json::to_vec_pretty(&report).unwrap().len();
            assert!((length as u64) < LONGEST_BYTES, "{length}");
        }
    }
}
