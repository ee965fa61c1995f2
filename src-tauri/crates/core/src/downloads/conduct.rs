//! The task that looks after the queue: starts and stops downloads as the plan says, whenever something changes or a
//! time has come.

use std::time::Duration;

use sirocco_protocol::{DownloadSettings, DownloadState, ErrorReport, Event, QueueReason};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::hours;
use super::item::{Item, Work};
use super::plan::{Duty, Weather, plan};
use crate::App;
use crate::clock::{now_ms, tell_minute};
use crate::error::Report;

/// A timer of the system may be late after the machine slept, so nobody waits longer than this for an hour.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl App {
    /// Looks after the queue until the App closes.
    pub(crate) async fn conduct(&self) {
        let mut events = self.events();
        loop {
            let sleep = match self.look_at_queue().await {
                Ok(sleep) => sleep,
                Err(error) => {
                    tracing::warn!(%error, "the download queue was not looked at");
                    Some(LONGEST_SLEEP)
                }
            };
            let timer = async {
                match sleep {
                    Some(sleep) => tokio::time::sleep(sleep).await,
                    None => std::future::pending().await,
                }
            };
            tokio::pin!(timer);
            loop {
                tokio::select! {
                    () = &mut timer => break,
                    () = self.inner.downloads.changed.notified() => break,
                    event = events.recv() => match event {
                        Ok(Event::SettingsChanged { .. })
                        | Err(RecvError::Lagged(_)) => break,
                        Ok(_) => {}
                        Err(RecvError::Closed) => return,
                    },
                }
            }
        }
    }

    /// Starts and stops what the plan says; answers after which time to look again.
    async fn look_at_queue(&self) -> Result<Option<Duration>, ErrorReport> {
        let settings = self.inner.store.settings().await.report()?;
        let downloads = &self.inner.downloads;
        let traffic = &downloads.policy.traffic;
        traffic.set_limit(settings.downloads.speed_limit);
        traffic.set_streams(settings.downloads.streams);
        let weather = weather(&settings.downloads, settings.network.offline);
        let (mut changed, mut started, mut wake_ms) = (Vec::new(), Vec::new(), None::<i64>);
        {
            let mut items = downloads.lock();
            let candidates: Vec<_> = items.iter().map(Item::candidate).collect();
            for (item, duty) in items.iter_mut().zip(plan(&candidates, &weather)) {
                let before = item.stored.state.clone();
                match (duty, &item.work) {
                    (Duty::Run, Some(_)) => {}
                    (Duty::Run, None) => {
                        item.stored.state = match item.is_resolved() {
                            true => DownloadState::Downloading,
                            false => DownloadState::Resolving,
                        };
                        let work = Work {
                            stop: self.inner.closing.child_token(),
                            ended: CancellationToken::new(),
                        };
                        item.work = Some(work.clone());
                        started.push((item.stored.id, work));
                    }
                    (Duty::Wait { reason, until_ms }, work) => {
                        if let Some(work) = work {
                            work.stop.cancel();
                        }
                        if let Some(until_ms) = until_ms {
                            wake_ms = Some(wake_ms.map_or(until_ms, |wake| wake.min(until_ms)));
                        }
                        let trouble = item.trouble.as_ref();
                        item.stored.state = DownloadState::Queued {
                            reason,
                            until_ms,
                            error: trouble.map(|trouble| trouble.error.clone()),
                        };
                    }
                    (Duty::Rest, work) => {
                        if let Some(work) = work {
                            work.stop.cancel();
                        }
                    }
                }
                if item.stored.state != before {
                    changed.push(item.stored.id);
                }
            }
        }
        for (id, work) in started {
            self.inner.tasks.spawn(self.clone().work_on(id, work));
        }
        self.publish(&changed).await?;
        let until = wake_ms.map(|wake| u64::try_from(wake - now_ms()).unwrap_or(0));
        Ok(until.map(|ms| Duration::from_millis(ms + 1).min(LONGEST_SLEEP)))
    }
}

/// What holds for all downloads now.
fn weather(settings: &DownloadSettings, is_offline: bool) -> Weather {
    let now_ms = now_ms();
    let clock = tell_minute();
    let barrier = if is_offline {
        Some((QueueReason::Offline, None))
    } else if hours::is_open(settings.hours, clock.minute) {
        None
    } else {
        let minutes = hours::until_change(settings.hours, clock.minute).unwrap_or(1);
        let until = now_ms + i64::from(minutes) * 60_000 - i64::from(clock.second) * 1_000;
        Some((QueueReason::Schedule, Some(until)))
    };
    Weather {
        now_ms,
        barrier,
        parallel: settings.parallel.clamp(1, 8) as usize,
    }
}
