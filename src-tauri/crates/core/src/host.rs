//! What only the host can do.

use std::path::PathBuf;
use std::pin::Pin;

use sirocco_protocol::{HostKind, PickKind};

/// The side of the App that faces the person.
pub trait Host: Send + Sync + 'static {
    /// Which host this is.
    fn kind(&self) -> HostKind;

    /// Opens a native dialog and waits for it; empty if it was cancelled or there is none.
    fn pick(&self, kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>>;
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
