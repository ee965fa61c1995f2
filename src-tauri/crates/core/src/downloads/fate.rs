//! What becomes of a download after an error.

use std::time::Duration;

use sirocco_hub::HubError;
use sirocco_protocol::QueueReason;

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on by itself, after a while.
    Later {
        /// What it waits for.
        reason: QueueReason,
        /// How long it waits at least.
        at_least: Duration,
    },
    /// Somebody must do something first.
    Pause,
    /// It is over, unless somebody tries again.
    Fail,
}

/// How long to wait before another process may have let go of a file.
const BUSY_WAIT: Duration = Duration::from_secs(30);

pub(super) fn fate(error: &HubError) -> Fate {
    let later = |reason, at_least| Fate::Later { reason, at_least };
    match error {
        HubError::Offline | HubError::Unreachable { .. } | HubError::Reconfigured { .. } => {
            later(QueueReason::Offline, Duration::ZERO)
        }
        HubError::RateLimited { retry_after, .. } => {
            later(QueueReason::RateLimit, retry_after.unwrap_or_default())
        }
        HubError::Server { retry_after, .. } => {
            later(QueueReason::Retry, retry_after.unwrap_or_default())
        }
        HubError::Stalled { .. } | HubError::Broken { .. } | HubError::Cut { .. } => {
            later(QueueReason::Retry, Duration::ZERO)
        }
        HubError::Busy { .. } => later(QueueReason::Retry, BUSY_WAIT),
        HubError::DiskFull { .. }
        | HubError::FileTooLarge { .. }
        | HubError::Gated { .. }
        | HubError::TokenNeeded { .. }
        | HubError::Forbidden { .. }
        | HubError::Proxy
        | HubError::Blocked { .. } => Fate::Pause,
        _ => Fate::Fail,
    }
}

/// The wait after so many troubles in a row: from one second to a minute, half of it by chance (0 to 1).
pub(super) fn backoff(failures: u32, chance: f64, at_least: Duration) -> Duration {
    let doubled = Duration::from_secs(1 << failures.saturating_sub(1).min(6));
    let ours = doubled
        .min(Duration::from_secs(60))
        .mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0));
    ours.max(at_least)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_may_pass_is_waited_for() {
        let unreachable = HubError::Unreachable {
            host: "hub.example".into(),
            source: None,
        };
        assert!(matches!(
            fate(&unreachable),
            Fate::Later {
                reason: QueueReason::Offline,
                ..
            }
        ));
        let limited = HubError::RateLimited {
            host: "hub.example".into(),
            retry_after: Some(Duration::from_secs(90)),
        };
        assert_eq!(
            fate(&limited),
            Fate::Later {
                reason: QueueReason::RateLimit,
                at_least: Duration::from_secs(90)
            }
        );
    }

    #[test]
    fn what_a_person_can_put_right_pauses() {
        let full = HubError::DiskFull {
            path: PathBuf::from("/x"),
            needed_bytes: 1,
        };
        let gated = HubError::Gated {
            page: "https://hub.example/o/n".into(),
        };
        assert_eq!([fate(&full), fate(&gated)], [Fate::Pause, Fate::Pause]);
        assert_eq!(fate(&HubError::NoSource), Fate::Fail);
    }

    #[test]
    fn waits_grow_from_a_second_to_a_minute() {
        let seconds = |failures| backoff(failures, 1.0, Duration::ZERO).as_secs();
        assert_eq!([1, 2, 3, 7, 100].map(seconds), [1, 2, 4, 60, 60]);
        assert_eq!(backoff(1, 0.0, Duration::ZERO), Duration::from_millis(500));
        let asked = Duration::from_secs(90);
        assert_eq!(backoff(1, 1.0, asked), asked);
    }
}
