//! A worker that is a task of the app: the same frames, without a process.

use std::sync::{Arc, Weak};

use sirocco_engine_wire::FromWorker;
use tokio::sync::{mpsc, oneshot};

use super::{FRAMES, Input, Shared, Worker, dispatch};
use crate::engine::{Engine, Serving};

impl Worker {
    /// Starts the task of an engine.
    pub(crate) fn within(engine: Arc<dyn Engine>) -> Self {
        let (requests, asked) = mpsc::channel(FRAMES);
        let (answers, answered) = mpsc::channel(FRAMES);
        let (kill, killed) = oneshot::channel();
        let input = Some(Input::Task(requests));
        let shared = Arc::new(Shared::new(engine.hello(), None, input, kill));
        let serving = engine.serve(asked, answers);
        tokio::spawn(relay(Arc::downgrade(&shared), serving, answered, killed));
        Self { shared }
    }
}

/// Runs the engine and hands its frames out until it ends. Dropping the last handle ends its requests, and with them the
/// engine.
async fn relay(
    shared: Weak<Shared>,
    mut serving: Serving,
    mut answers: mpsc::Receiver<FromWorker>,
    mut killed: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            () = &mut serving => break,
            Some(frame) = answers.recv() => {
                if let Some(shared) = shared.upgrade() {
                    dispatch(&shared, frame).await;
                }
            }
            _ = &mut killed => break,
        }
    }
    // What it has said is still heard.
    answers.close();
    while let Some(frame) = answers.recv().await {
        if let Some(shared) = shared.upgrade() {
            dispatch(&shared, frame).await;
        }
    }
    if let Some(shared) = shared.upgrade() {
        shared.end("it was let go".into(), Vec::new()).await;
    }
}
