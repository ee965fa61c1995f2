//! Downloads: for now the starter model. The transfer itself is the hub's.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sirocco_hub::{
    Policy, Progress, StarterEnvironment, Transfer, TransferState, starter, starter_cache,
    starter_request,
};
use sirocco_protocol::commands::{DownloadMove, DownloadStart};
use sirocco_protocol::{Download, DownloadId, DownloadState, ErrorCode, ErrorReport, Event};

use crate::App;
use crate::error::{Report, refuse};

/// Downloads of this session.
#[derive(Default)]
pub(crate) struct Downloads {
    items: Mutex<HashMap<DownloadId, Item>>,
}

#[derive(Clone)]
struct Item {
    transfer: Arc<Transfer>,
    download: Download,
}

impl Downloads {
    /// Stops all and keeps the bytes.
    pub async fn close(&self) {
        let items: Vec<Item> = self.lock().drain().map(|(_, item)| item).collect();
        for item in items {
            if let Some(transfer) = Arc::into_inner(item.transfer) {
                transfer.close().await;
            }
        }
    }

    fn list(&self) -> Vec<Download> {
        let mut list: Vec<_> = self
            .lock()
            .values()
            .map(|item| item.download.clone())
            .collect();
        list.sort_by_key(|download| download.id);
        list
    }

    fn transfer(&self, id: DownloadId) -> Result<Arc<Transfer>, ErrorReport> {
        let items = self.lock();
        let item = items
            .get(&id)
            .ok_or_else(|| refuse(ErrorCode::NotFound, "no download has this id"))?;
        Ok(Arc::clone(&item.transfer))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DownloadId, Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    pub(crate) fn download_list(&self) -> Vec<Download> {
        self.inner.downloads.list()
    }

    pub(crate) async fn pause_download(&self, id: Option<DownloadId>) -> Result<(), ErrorReport> {
        for id in self.ids(id) {
            self.inner.downloads.transfer(id)?.pause();
        }
        Ok(())
    }

    pub(crate) async fn resume_download(&self, id: Option<DownloadId>) -> Result<(), ErrorReport> {
        for id in self.ids(id) {
            self.inner.downloads.transfer(id)?.resume();
        }
        Ok(())
    }

    fn ids(&self, id: Option<DownloadId>) -> Vec<DownloadId> {
        match id {
            Some(id) => vec![id],
            None => self
                .download_list()
                .iter()
                .map(|download| download.id)
                .collect(),
        }
    }

    pub(crate) async fn start_download(&self, _: DownloadStart) -> Result<Download, ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    pub(crate) async fn cancel_download(&self, _: DownloadId) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    pub(crate) async fn move_download(
        &self,
        _: DownloadMove,
    ) -> Result<Vec<Download>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    pub(crate) async fn clear_downloads(&self) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    /// Starts the download of the starter model, or resumes the one there is.
    pub(crate) async fn download_starter(&self) -> Result<Download, ErrorReport> {
        let model = starter();
        let known = self
            .inner
            .downloads
            .list()
            .into_iter()
            .find(|download| download.name == model.file);
        if let Some(known) =
            known.filter(|download| !matches!(download.state, DownloadState::Finished { .. }))
        {
            self.resume_download(Some(known.id)).await?;
            return Ok(known);
        }
        let cache = starter_cache();
        let request = starter_request(
            &self.inner.home.models(),
            cache.as_deref(),
            &StarterEnvironment::from_process(),
        )
        .report()?;
        let transfer = Arc::new(Transfer::start(
            self.inner.network.clone(),
            request,
            Policy::default(),
        ));
        let download = Download {
            id: DownloadId::fresh(),
            name: model.file,
            repository: model.repository,
            commit: String::new(),
            quantization: "Q4_K_M".into(),
            position: Some(0),
            files: Vec::new(),
            done_bytes: 0,
            total_bytes: model.size_bytes,
            bytes_per_second: 0.0,
            seconds_left: None,
            added_at_ms: crate::clock::now_ms(),
            state: DownloadState::Downloading,
        };
        let item = Item {
            transfer: Arc::clone(&transfer),
            download: download.clone(),
        };
        self.inner.downloads.lock().insert(download.id, item);
        let (app, id, progress) = (self.clone(), download.id, transfer.progress());
        drop(transfer);
        self.spawn(async move { app.watch_download(id, progress).await });
        Ok(download)
    }

    async fn watch_download(
        &self,
        id: DownloadId,
        mut progress: tokio::sync::watch::Receiver<Progress>,
    ) {
        loop {
            let now = progress.borrow_and_update().clone();
            let is_over = matches!(
                now.state,
                TransferState::Finished { .. } | TransferState::Cancelled
            );
            let state = self.download_state(&now.state).await;
            let download = {
                let mut items = self.inner.downloads.lock();
                let Some(item) = items.get_mut(&id) else {
                    return;
                };
                item.download.done_bytes = now.done_bytes;
                item.download.total_bytes = now.total_bytes.unwrap_or(item.download.total_bytes);
                item.download.bytes_per_second = now.bytes_per_second;
                item.download.state = state;
                item.download.clone()
            };
            self.emit(Event::DownloadChanged { download });
            if is_over || progress.changed().await.is_err() {
                return;
            }
        }
    }

    async fn download_state(&self, state: &TransferState) -> DownloadState {
        match state {
            TransferState::Verifying => DownloadState::Verifying,
            TransferState::Paused { error: None } | TransferState::Cancelled => {
                DownloadState::Paused { error: None }
            }
            TransferState::Paused { error: Some(error) } | TransferState::Failed { error } => {
                DownloadState::Failed {
                    error: error.report(),
                }
            }
            TransferState::Finished { path } => self.finished(path.clone()).await,
            _ => DownloadState::Downloading,
        }
    }

    /// The file is whole: it belongs to the library now.
    async fn finished(&self, path: PathBuf) -> DownloadState {
        let own = self
            .inner
            .store
            .list_roots()
            .await
            .ok()
            .into_iter()
            .flatten()
            .find(|root| root.is_own);
        match self.import_file(path, own.map(|root| root.id)).await {
            Ok(outcome) => match outcome.models.into_iter().next() {
                Some(model) => DownloadState::Finished { model_id: model.id },
                None => DownloadState::Failed {
                    error: refuse(ErrorCode::FileProblem, outcome.problems.join("; ")),
                },
            },
            Err(error) => DownloadState::Failed { error },
        }
    }
}
