//! The model library on disk and what is fetched into it.

pub mod account;
mod error;
mod hash;
pub mod library;
mod locate;
mod names;
pub mod network;
pub mod remote;
pub mod report;
mod starter;
mod transfer;

pub use error::HubError;
pub use hash::{ContentHash, NotAHash};
pub use locate::{Located, locate, shards};
pub use names::{NameProblem, target_in};
pub use network::{Network, RedirectProblem};
pub use starter::{StarterEnvironment, starter, starter_cache, starter_request};
pub use transfer::{
    Disk, FetchRequest, Pip, Policy, Progress, Source, SystemDisk, Traffic, Transfer,
    TransferState, Wait, Wheel, held_bytes, kept_bytes, remove_unfinished,
};

/// Bytes that can still be written in a folder.
///
/// # Errors
/// Whatever the system says.
pub fn available_bytes(folder: &std::path::Path) -> std::io::Result<u64> {
    fs4::available_space(folder)
}
