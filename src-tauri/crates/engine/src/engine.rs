//! What answers without a process of ours.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use sirocco_engine_wire::{FromWorker, ToWorker};
use tokio::sync::mpsc;

use crate::WorkerHello;

/// The life of an engine.
pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An engine that has one model and answers the frames of a worker in a task of the app, because what computes is on
/// another machine. For everybody else it is a worker: it is loaded, waits, is stopped and ejected as one.
///
/// It answers every [`ToWorker::Load`], [`ToWorker::Count`], [`ToWorker::Render`] and [`ToWorker::Generate`] with the
/// frames that a worker would, several generations at once if it is asked so, and a failure with
/// [`FromWorker::Failed`]: one of the kind `Engine` would mean that it is broken.
pub trait Engine: fmt::Debug + Send + Sync + 'static {
    /// What it says about itself.
    fn hello(&self) -> WorkerHello;

    /// Answers until there are no more requests, or [`ToWorker::Shutdown`] comes.
    fn serve(
        self: Arc<Self>,
        requests: mpsc::Receiver<ToWorker>,
        answers: mpsc::Sender<FromWorker>,
    ) -> Serving;
}
