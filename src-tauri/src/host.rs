//! Native dialogs.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use sirocco_core::Host;
use sirocco_protocol::{ErrorCode, ErrorReport, HostKind, PickKind};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FilePath};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::oneshot;

/// Sends all paths that were chosen.
fn send_all(sender: oneshot::Sender<Vec<PathBuf>>) -> impl FnOnce(Option<Vec<FilePath>>) + Send {
    move |paths| {
        let paths = paths.into_iter().flatten();
        let paths = paths.filter_map(|path| path.into_path().ok());
        let _: Result<(), Vec<PathBuf>> = sender.send(paths.collect());
    }
}

/// The window as the App's host.
pub struct WindowHost {
    handle: AppHandle,
}

impl WindowHost {
    pub fn new(handle: AppHandle) -> Self {
        Self { handle }
    }
}

impl Host for WindowHost {
    fn kind(&self) -> HostKind {
        HostKind::Window
    }

    fn pick(&self, kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> {
        let (sender, receiver) = oneshot::channel();
        let dialog = self.handle.dialog().file();
        match kind {
            PickKind::ModelFiles => dialog
                .add_filter("Models (GGUF)", &["gguf"])
                .pick_files(send_all(sender)),
            PickKind::Presets => dialog
                .add_filter("Presets (JSON)", &["json"])
                .pick_files(send_all(sender)),
            PickKind::Certificates => dialog
                .add_filter("Certificates (PEM)", &["pem", "crt", "cer"])
                .pick_file(move |path| {
                    let paths = path
                        .into_iter()
                        .filter_map(|path| path.into_path().ok())
                        .collect();
                    let _: Result<(), Vec<PathBuf>> = sender.send(paths);
                }),
            PickKind::Folder => dialog.pick_folder(move |path| {
                let paths = path
                    .into_iter()
                    .filter_map(|path| path.into_path().ok())
                    .collect();
                let _: Result<(), Vec<PathBuf>> = sender.send(paths);
            }),
        }
        // A dialog that goes away without an answer was cancelled.
        Box::pin(async move { receiver.await.unwrap_or_default() })
    }

    fn reveal(&self, path: &Path) -> Result<(), ErrorReport> {
        self.handle
            .opener()
            .reveal_item_in_dir(path)
            .map_err(|error| {
                let message = format!("could not show `{}`: {error}", path.display());
                ErrorReport::new(ErrorCode::FileProblem, message)
            })
    }
}
