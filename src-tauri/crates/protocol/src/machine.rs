//! What the app knows about where it runs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The machine in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Machine {
    /// Such as `AMD Ryzen 7 7840U`.
    pub cpu: String,
    /// Physical cores.
    pub physical_cores: u32,
    /// `x86-64-v4`, `aarch64`, ...: what the CPU can do, as far as workers are built for it.
    pub cpu_level: String,
    /// Installed memory.
    pub memory_bytes: u64,
    /// Free for a new model now.
    pub available_bytes: u64,
    /// Such as `Debian GNU/Linux 12`.
    pub system: String,
}

/// Which host shows the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// The desktop window: native dialogs, drag and drop of paths.
    Window,
    /// A browser on the loopback interface: paths are typed.
    Browser,
    /// The command line.
    Terminal,
}

/// What the interface asks first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AppStatus {
    /// Of the app.
    pub version: String,
    /// Where everything is kept, for display.
    pub data_folder: String,
    /// Which host this is.
    pub host: HostKind,
    /// The machine.
    pub machine: Machine,
    /// Workers found beside the app, such as `mistral.rs 0.8.1 · CPU (native)`; empty: nothing can run.
    pub runtimes: Vec<String>,
    /// Which runtimes those are, each once, the preferred one first.
    pub installed: Vec<crate::RuntimeName>,
}

/// What to pick in a native dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PickKind {
    /// GGUF files, several at once.
    ModelFiles,
    /// A folder.
    Folder,
    /// A file with certificates.
    Certificates,
    /// A file with conversations.
    Conversations,
    /// Preset files, several at once.
    Presets,
    /// Files to attach to a message, several at once.
    Attachments,
    /// An archive with a runtime, or the file of a worker.
    Runtime,
}

/// A path a person chose, as the page may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PickedPath {
    /// To be given back with the command that uses it.
    pub handle: crate::PathHandle,
    /// For display.
    pub path: String,
    /// It is a folder.
    pub is_folder: bool,
}
