//! Downloads that programs ask for. They are the App's own: a program that goes away leaves them running, and the window
//! shows them.

use std::sync::Arc;

use futures_util::{Stream, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sirocco_core::completions::Completions;
use sirocco_core::wanted::{Wanted, WantedError};
use sirocco_protocol::commands::{DownloadList, DownloadStart, HubModelGet};
use sirocco_protocol::{Download, DownloadId, DownloadState, ErrorReport, Event, HubModel};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::fault::Fault;

impl From<WantedError> for Fault {
    fn from(error: WantedError) -> Self {
        Self::field("model", error.to_string())
    }
}

/// Runs a command of the App's table.
pub async fn call<T: DeserializeOwned>(
    completions: &dyn Completions,
    command: &str,
    request: impl Serialize,
) -> Result<T, Fault> {
    let payload = serde_json::to_value(request).expect("requests have string keys");
    let answer = completions.call(command, payload).await?;
    Ok(serde_json::from_value(answer).expect("a command answers what the table says"))
}

/// Starts the download of the model with this name, or resumes the one there is.
pub async fn start(
    completions: &dyn Completions,
    name: &str,
    quantization: Option<String>,
) -> Result<Download, Fault> {
    let mut wanted = Wanted::read(name)?;
    wanted.quantization = quantization.or(wanted.quantization);
    let (commit, path, projector) = match &wanted.path {
        Some(path) => (wanted.commit.clone(), path.clone(), None),
        None => {
            let repository = wanted.repository.clone();
            let model: HubModel =
                call(completions, "hub_model", HubModelGet { repository }).await?;
            let variant = wanted.choose(&model)?;
            let projector = variant.projector.as_ref().map(|file| file.path.clone());
            let path = variant.path.clone();
            (Some(model.commit), path, projector)
        }
    };
    let start = DownloadStart {
        repository: wanted.repository,
        commit,
        path,
        projector,
    };
    call(completions, "download_start", start).await
}

/// How a download stands; none if there is none of this id, or it was cancelled.
pub async fn state(
    completions: &dyn Completions,
    id: DownloadId,
) -> Result<Option<Download>, Fault> {
    let list: Vec<Download> = call(completions, "download_list", DownloadList {}).await?;
    Ok(list.into_iter().find(|download| download.id == id))
}

/// Each change of a download, from how it stands now until it rests: what rests it is the last. `events` were listened
/// to before it was started, so that no change is missed.
pub fn follow(
    completions: Arc<dyn Completions>,
    events: Receiver<Event>,
    download: Download,
) -> impl Stream<Item = Result<Download, Fault>> + Send {
    let following = Following {
        completions,
        events,
        id: download.id,
        first: Some(download),
    };
    stream::unfold(Some(following), |following| async move {
        let mut following = following?;
        let next = following.next().await;
        let goes_on = next.as_ref().is_ok_and(|download| rest(download).is_none());
        Some((next, goes_on.then_some(following)))
    })
}

/// How a download ended, or why it does not go on by itself; none while it does.
pub fn rest(download: &Download) -> Option<Result<(), Fault>> {
    let paused = "the download was paused; the same request goes on where it was";
    match &download.state {
        DownloadState::Finished { .. } => Some(Ok(())),
        DownloadState::Failed { error } | DownloadState::Paused { error: Some(error) } => {
            Some(Err(error.clone().into()))
        }
        DownloadState::Paused { error: None } => Some(Err(ended(paused))),
        _ => None,
    }
}

struct Following {
    completions: Arc<dyn Completions>,
    events: Receiver<Event>,
    id: DownloadId,
    first: Option<Download>,
}

impl Following {
    async fn next(&mut self) -> Result<Download, Fault> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            match self.events.recv().await {
                Ok(Event::DownloadChanged { download }) if download.id == self.id => {
                    return Ok(download);
                }
                Ok(Event::DownloadRemoved { download_id }) if download_id == self.id => {
                    return Err(ended("the download was cancelled"));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    let download = state(self.completions.as_ref(), self.id).await?;
                    return download.ok_or_else(|| ended("the download was cancelled"));
                }
                Err(RecvError::Closed) => return Err(ended("Sirocco is being closed")),
            }
        }
    }
}

fn ended(message: &str) -> Fault {
    ErrorReport::new(sirocco_protocol::ErrorCode::Conflict, message).into()
}
