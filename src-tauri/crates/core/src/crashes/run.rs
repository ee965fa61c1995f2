//! A run of the app: a file in the data folder, there for as long as it lasts. Who finds one at its start knows that
//! the run before was not closed. Only the owner of a folder comes here, see [`crate::instance`].

use std::io;

use serde::{Deserialize, Serialize};
use sirocco_hub::account::replace_privately;
use sirocco_protocol::{Crash, CrashKind};

use super::report::program;
use crate::clock::now_ms;
use crate::home::Home;

/// A run, as its file tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    pub program: String,
    pub version: String,
    /// Unix milliseconds.
    pub since_ms: i64,
}

impl Run {
    /// Notes that a run begins; answers the one before, if that was not closed.
    pub fn begin(home: &Home) -> io::Result<Option<Self>> {
        let path = home.running();
        // One that was cut off while it was written says nothing more than that it is there.
        let before = std::fs::read(&path).ok().map(|text| {
            serde_json::from_slice(&text).unwrap_or_else(|_| Self {
                since_ms: 0,
                ..Self::now()
            })
        });
        let text = serde_json::to_vec(&Self::now()).expect("texts and numbers are JSON");
        replace_privately(&path, &text)?;
        Ok(before)
    }

    /// Notes that it was closed.
    pub fn end(home: &Home) -> io::Result<()> {
        match std::fs::remove_file(home.running()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether this crash is a panic of this run, which it therefore ended with.
    pub fn was_ended_by(&self, crash: &Crash) -> bool {
        crash.at_ms >= self.since_ms
            && matches!(&crash.kind, CrashKind::Panic { program } if *program == self.program)
    }

    fn now() -> Self {
        Self {
            program: program(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since_ms: now_ms(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::CrashId;

    use super::*;

    #[test]
    fn only_a_run_that_was_not_closed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(Run::begin(&home).unwrap(), None);
        Run::end(&home).unwrap();
        Run::end(&home).unwrap();
        assert_eq!(Run::begin(&home).unwrap(), None);
        let found = Run::begin(&home).unwrap().unwrap();
        assert!(found.since_ms > 0 && found.version == env!("CARGO_PKG_VERSION"));
        std::fs::write(home.running(), "{\"progr").unwrap();
        assert_eq!(Run::begin(&home).unwrap().unwrap().since_ms, 0);
    }

    #[test]
    fn a_run_was_ended_by_the_panic_of_its_own_program_and_time() {
        let run = Run::now();
        let ended_by = |at_ms, program: &str| {
            run.was_ended_by(&Crash {
                id: CrashId::fresh(),
                at_ms,
                version: String::new(),
                kind: CrashKind::Panic {
                    program: program.to_owned(),
                },
            })
        };
        assert!(ended_by(run.since_ms, &run.program));
        assert!(!ended_by(run.since_ms - 1, &run.program));
        assert!(!ended_by(run.since_ms, "another"));
    }
}
