//! Which downloads run now, and what the others wait for. Pure: what is and what is wished go in, what is to be done
//! comes out.

use sirocco_protocol::QueueReason;

/// What a download wants, in the order of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What it wants.
    pub wish: Wish,
    /// It is being worked on.
    pub is_running: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Paused, failed or finished.
    Rest,
    /// To run.
    Run,
    /// To run, but not before this time.
    Later {
        /// Why not.
        reason: QueueReason,
        /// Unix milliseconds.
        until_ms: i64,
    },
}

/// What holds for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weather {
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Nothing may run, because of this, until then at the latest.
    pub barrier: Option<(QueueReason, Option<i64>)>,
    /// So many may run at once.
    pub parallel: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Work on it.
    Run,
    /// Leave it for now.
    Wait {
        /// Why.
        reason: QueueReason,
        /// Unix milliseconds, if that is known.
        until_ms: Option<i64>,
    },
    /// Leave it.
    Rest,
}

/// One duty for each candidate. What runs goes on running before others begin.
pub(super) fn plan(candidates: &[Candidate], weather: &Weather) -> Vec<Duty> {
    let mut duties: Vec<Duty> = candidates
        .iter()
        .map(|candidate| match candidate.wish {
            Wish::Rest => Duty::Rest,
            _ if weather.barrier.is_some() => {
                let (reason, until_ms) = weather.barrier.unwrap_or((QueueReason::Turn, None));
                Duty::Wait { reason, until_ms }
            }
            Wish::Later { reason, until_ms } if until_ms > weather.now_ms => Duty::Wait {
                reason,
                until_ms: Some(until_ms),
            },
            _ => Duty::Wait {
                reason: QueueReason::Turn,
                until_ms: None,
            },
        })
        .collect();
    let turn = Duty::Wait {
        reason: QueueReason::Turn,
        until_ms: None,
    };
    // One that was told to stop still has its place until it has stopped.
    let stopping = candidates
        .iter()
        .zip(&duties)
        .filter(|(candidate, duty)| candidate.is_running && **duty != turn)
        .count();
    let mut places = weather.parallel.max(1).saturating_sub(stopping);
    for first in [true, false] {
        for (candidate, duty) in candidates.iter().zip(&mut duties) {
            if *duty == turn && candidate.is_running == first && places > 0 {
                *duty = Duty::Run;
                places -= 1;
            }
        }
    }
    duties
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duty = Duty::Wait {
        reason: QueueReason::Turn,
        until_ms: None,
    };
    const WEATHER: Weather = Weather {
        now_ms: 1_000,
        barrier: None,
        parallel: 2,
    };

    fn candidates(list: &[(Wish, bool)]) -> Vec<Candidate> {
        let candidate = |&(wish, is_running): &(Wish, bool)| Candidate { wish, is_running };
        list.iter().map(candidate).collect()
    }

    #[test]
    fn as_many_run_as_may_the_first_first() {
        let queue = candidates(&[
            (Wish::Rest, false),
            (Wish::Run, false),
            (Wish::Run, false),
            (Wish::Run, false),
        ]);
        assert_eq!(
            plan(&queue, &WEATHER),
            [Duty::Rest, Duty::Run, Duty::Run, TURN]
        );
    }

    #[test]
    fn what_runs_is_not_pushed_aside() {
        let queue = candidates(&[(Wish::Run, false), (Wish::Run, true), (Wish::Run, true)]);
        assert_eq!(plan(&queue, &WEATHER), [TURN, Duty::Run, Duty::Run]);
    }

    #[test]
    fn a_lower_limit_stops_the_last() {
        let queue = candidates(&[(Wish::Run, true), (Wish::Run, true)]);
        let weather = Weather {
            parallel: 1,
            ..WEATHER
        };
        assert_eq!(plan(&queue, &weather), [Duty::Run, TURN]);
    }

    #[test]
    fn one_that_is_stopping_keeps_its_place_until_it_has_stopped() {
        let queue = candidates(&[(Wish::Rest, true), (Wish::Run, true), (Wish::Run, false)]);
        assert_eq!(plan(&queue, &WEATHER), [Duty::Rest, Duty::Run, TURN]);
    }

    #[test]
    fn one_that_waits_lets_the_next_one_go_first() {
        let later = |until_ms| Wish::Later {
            reason: QueueReason::RateLimit,
            until_ms,
        };
        let weather = Weather {
            parallel: 1,
            ..WEATHER
        };
        let queue = candidates(&[(later(1_001), false), (Wish::Run, false)]);
        let waits = Duty::Wait {
            reason: QueueReason::RateLimit,
            until_ms: Some(1_001),
        };
        assert_eq!(plan(&queue, &weather), [waits, Duty::Run]);
        let queue = candidates(&[(later(1_000), false), (Wish::Run, false)]);
        assert_eq!(
            plan(&queue, &weather),
            [Duty::Run, TURN],
            "its time has come"
        );
    }

    #[test]
    fn behind_a_barrier_nothing_runs_and_all_say_why() {
        let weather = Weather {
            barrier: Some((QueueReason::Schedule, Some(5_000))),
            ..WEATHER
        };
        let waits = Duty::Wait {
            reason: QueueReason::Schedule,
            until_ms: Some(5_000),
        };
        let queue = candidates(&[(Wish::Run, true), (Wish::Rest, false), (Wish::Run, false)]);
        assert_eq!(plan(&queue, &weather), [waits, Duty::Rest, waits]);
    }
}
