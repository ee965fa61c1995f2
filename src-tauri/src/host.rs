//! Native dialogs.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use sirocco_core::{Host, Releases};
use sirocco_protocol::{ConversationId, ErrorCode, ErrorReport, HostKind, PickKind};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FilePath};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::oneshot;

use crate::{login, quick, updates, window};

/// Sends all paths that were chosen.
fn send_all(sender: oneshot::Sender<Vec<PathBuf>>) -> impl FnOnce(Option<Vec<FilePath>>) + Send {
    move |paths| {
        let paths = paths.into_iter().flatten();
        let paths = paths.filter_map(|path| path.into_path().ok());
        let _: Result<(), Vec<PathBuf>> = sender.send(paths.collect());
    }
}

/// Sends the one path that was chosen, or none.
fn send_one(sender: oneshot::Sender<Vec<PathBuf>>) -> impl FnOnce(Option<FilePath>) + Send {
    let send_all = send_all(sender);
    move |path| send_all(path.map(|path| vec![path]))
}

fn refused(error: tauri::Error) -> ErrorReport {
    let message = format!("the desktop refused: {error}");
    ErrorReport::new(ErrorCode::Internal, message)
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
            PickKind::Attachments => dialog.pick_files(send_all(sender)),
            PickKind::Certificates => dialog
                .add_filter("Certificates (PEM)", &["pem", "crt", "cer"])
                .pick_file(send_one(sender)),
            PickKind::Conversations => dialog
                .add_filter("Conversations (JSON, zip)", &["json", "jsonl", "zip"])
                .pick_file(send_one(sender)),
            // A worker's file has no ending.
            PickKind::Runtime => dialog
                .add_filter("Runtimes (tar.gz)", &["gz"])
                .add_filter("*", &["*"])
                .pick_file(send_one(sender)),
            PickKind::Folder => dialog.pick_folder(send_one(sender)),
        }
        // A dialog that goes away without an answer was cancelled.
        Box::pin(async move { receiver.await.unwrap_or_default() })
    }

    fn save(&self, name: &str) -> Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>> {
        let (sender, receiver) = oneshot::channel();
        let dialog = self.handle.dialog().file().set_file_name(name);
        dialog.save_file(move |path| {
            let path = path.and_then(|path| path.into_path().ok());
            let _: Result<(), Option<PathBuf>> = sender.send(path);
        });
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

    fn open_window(&self, id: ConversationId) -> Result<(), ErrorReport> {
        window::open_conversation(&self.handle, id).map_err(refused)
    }

    fn show_window(&self) -> Result<(), ErrorReport> {
        window::show(&self.handle);
        Ok(())
    }

    fn take_quick_ask_keys(&self, keys: &str) -> Result<(), ErrorReport> {
        quick::take_keys(&self.handle, keys)
    }

    fn hide_quick_ask(&self) -> Result<(), ErrorReport> {
        quick::hide(&self.handle).map_err(refused)
    }

    fn releases(&self) -> Option<Arc<dyn Releases>> {
        updates::releases(&self.handle)
    }

    fn restart(&self) -> Result<(), ErrorReport> {
        self.handle.request_restart();
        Ok(())
    }

    fn starts_at_login(&self) -> Option<bool> {
        login::is_on(&self.handle)
    }

    fn start_at_login(&self, on: bool) -> Result<(), ErrorReport> {
        login::set(&self.handle, on)
    }
}
