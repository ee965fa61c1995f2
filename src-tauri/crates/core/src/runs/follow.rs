//! Following a run.

use std::sync::Arc;

use sirocco_protocol::{ErrorReport, RunId, RunUpdate};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::ActiveRun;
use crate::App;
use crate::error::Report;

/// Updates that wait for a slow follower inside its own channel.
const WAITING: usize = 64;

impl App {
    pub(crate) async fn follow_run(
        &self,
        id: RunId,
    ) -> Result<mpsc::Receiver<RunUpdate>, ErrorReport> {
        let (sender, receiver) = mpsc::channel(WAITING);
        if let Some(active) = self.inner.runs.get(id) {
            self.inner
                .tasks
                .spawn(forward(active, sender, self.inner.closing.clone()));
        } else {
            let store = self.store_with_run(id).await;
            let run = store.run(id).await.report()?;
            let message = store.message(run.message_id).await.report()?;
            // The channel is empty and has room for both.
            let _ = sender.try_send(RunUpdate::Snapshot {
                run: run.clone(),
                message: message.clone(),
                next: 0,
            });
            let _ = sender.try_send(RunUpdate::Finished { run, message });
        }
        Ok(receiver)
    }
}

/// Passes updates on until the run ends or the follower goes away; one that lags starts over.
async fn forward(
    active: Arc<ActiveRun>,
    sender: mpsc::Sender<RunUpdate>,
    closing: CancellationToken,
) {
    loop {
        let (first, phase, mut updates) = {
            let live = active.live();
            let snapshot = RunUpdate::Snapshot {
                run: live.run.clone(),
                message: live.message.clone(),
                next: live.next,
            };
            (snapshot, live.phase.clone(), active.updates.subscribe())
        };
        let ended = match &first {
            RunUpdate::Snapshot { run, message, .. } if run.state.is_terminal() => {
                Some(RunUpdate::Finished {
                    run: run.clone(),
                    message: message.clone(),
                })
            }
            _ => None,
        };
        for update in [Some(first), phase, ended.clone()].into_iter().flatten() {
            if !send(&sender, update, &closing).await {
                return;
            }
        }
        if ended.is_some() {
            return;
        }
        loop {
            match updates.recv().await {
                Ok(update) => {
                    let is_last = matches!(update, RunUpdate::Finished { .. });
                    if !send(&sender, update, &closing).await || is_last {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

/// Passes one update on. Once the app closes, a follower that does not read is not waited for.
async fn send(
    sender: &mpsc::Sender<RunUpdate>,
    update: RunUpdate,
    closing: &CancellationToken,
) -> bool {
    tokio::select! {
        biased;
        sent = sender.send(update) => sent.is_ok(),
        () = closing.cancelled() => false,
    }
}
