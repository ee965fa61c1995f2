//! How a worker ended.

use sirocco_protocol::WorkerDeed;

/// Lines of its log in the words that people read.
const LINES_IN_WORDS: usize = 5;

/// The end of a worker, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEnd {
    /// Its exit status or signal, or that it was silent for too long.
    pub status: String,
    /// What its engine said before, if that broke.
    pub engine_error: Option<String>,
    /// What it was doing.
    pub deed: WorkerDeed,
    /// The last lines of its log. Of the messages of panics only the first line: they may quote texts.
    pub log: Vec<String>,
}

/// In one line: `signal: 9 (SIGKILL); its last words`.
impl std::fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.status)?;
        let before = self.log.len().saturating_sub(LINES_IN_WORDS);
        self.log[before..]
            .iter()
            .try_for_each(|line| write!(f, "; {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_words_are_the_status_and_the_end_of_the_log() {
        let end = WorkerEnd {
            status: "exit status: 7".into(),
            engine_error: None,
            deed: WorkerDeed::Waiting,
            log: (1..=7).map(|number| number.to_string()).collect(),
        };
        assert_eq!(end.to_string(), "exit status: 7; 3; 4; 5; 6; 7");
    }
}
