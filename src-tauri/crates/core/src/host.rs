//! What only the host can do.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use sirocco_protocol::{ConversationId, ErrorCode, ErrorReport, HostKind, PickKind};

use crate::Releases;

/// The side of the App that faces the person.
pub trait Host: Send + Sync + 'static {
    /// Which host this is.
    fn kind(&self) -> HostKind;

    /// Opens a native dialog and waits for it; empty if it was cancelled or there is none.
    fn pick(&self, kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>>;

    /// Asks in a native dialog where to save a file and waits for it; none if it was cancelled or
    /// there is no dialog. The name is what it is called unless the person chooses otherwise.
    fn save(&self, _name: &str) -> Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>> {
        Box::pin(std::future::ready(None))
    }

    /// Shows a file in the file manager. Blocks.
    ///
    /// # Errors
    /// Why it cannot be shown; without a window, that it cannot.
    fn reveal(&self, path: &Path) -> Result<(), ErrorReport> {
        let report = ErrorReport::new(
            ErrorCode::InvalidRequest,
            "files can be shown only by the window of the app",
        );
        Err(report.with_hint(format!("the file is `{}`", path.display())))
    }

    /// Opens a conversation in a window of its own. Blocks.
    ///
    /// # Errors
    /// Why it cannot be opened; without a window, that it cannot.
    fn open_window(&self, _id: ConversationId) -> Result<(), ErrorReport> {
        Err(no_windows())
    }

    /// Shows the main window before all others. Blocks.
    ///
    /// # Errors
    /// Why it cannot be shown; without a window, that it cannot.
    fn show_window(&self) -> Result<(), ErrorReport> {
        Err(no_windows())
    }

    /// Has these keys, pressed anywhere, open the window for a quick question; none do if they are empty. Keys taken
    /// before are given back. Blocks.
    ///
    /// # Errors
    /// Why they cannot be taken.
    fn take_quick_ask_keys(&self, _keys: &str) -> Result<(), ErrorReport> {
        Err(no_windows())
    }

    /// Hides the window for a quick question. Blocks.
    ///
    /// # Errors
    /// Why it stays; without a window, that there is none.
    fn hide_quick_ask(&self) -> Result<(), ErrorReport> {
        Err(no_windows())
    }

    /// Where newer versions of this program come from; none if it was built without knowing, or is not for this host to
    /// replace.
    fn releases(&self) -> Option<Arc<dyn Releases>> {
        None
    }

    /// Ends this program and starts it again, once what asks for it has been answered. Blocks.
    ///
    /// # Errors
    /// Why it goes on; without a window, that only the window can.
    fn restart(&self) -> Result<(), ErrorReport> {
        Err(ErrorReport::new(
            ErrorCode::InvalidRequest,
            "only the desktop app can start itself again",
        ))
    }

    /// Whether this program starts when the person logs in; none if that is not for this host to say.
    /// Blocks.
    fn starts_at_login(&self) -> Option<bool> {
        None
    }

    /// Makes it start then, or no more. Blocks.
    ///
    /// # Errors
    /// Why that cannot be; without a window, that it cannot.
    fn start_at_login(&self, _on: bool) -> Result<(), ErrorReport> {
        Err(ErrorReport::new(
            ErrorCode::InvalidRequest,
            "only the window of the app can be started at login",
        ))
    }
}

fn no_windows() -> ErrorReport {
    ErrorReport::new(
        ErrorCode::InvalidRequest,
        "only the desktop app has windows of its own",
    )
}

/// A host without dialogs.
#[derive(Clone, Copy, Debug)]
pub struct NoHost(
    /// What it calls itself.
    pub HostKind,
);

impl Host for NoHost {
    fn kind(&self) -> HostKind {
        self.0
    }

    fn pick(&self, _kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}
