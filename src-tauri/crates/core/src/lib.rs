//! The App: everything Sirocco does, without a window.
//!
//! A host (the Tauri shell, the loopback web server, the command line) opens one [`App`] over a data
//! folder and hands it commands by name; answers, events and the updates of runs come back as the
//! types of the protocol crate. The App owns the database, the workers and the downloads, and knows
//! nothing about Tauri, HTTP or terminals.
//!
//! One process owns a data folder at a time, see [`instance`].

mod app;
mod attachments;
mod branches;
mod clock;
mod comparisons;
pub mod completions;
mod conversations;
pub mod crashes;
mod database_copies;
pub mod desktop_entry;
mod discover;
mod downloads;
mod engines;
mod error;
mod exchange;
pub mod glance;
mod handler;
pub mod home;
mod host;
pub mod instance;
mod keeping;
mod layers;
mod library;
mod load_memory;
mod loading;
pub mod logging;
mod machine;
mod measuring;
mod names;
mod network;
mod notices;
mod open_error;
mod openings;
mod organise;
mod picked;
pub mod place;
mod presets;
mod prompts;
mod reasoning;
mod runs;
mod runtimes;
mod search;
mod serving;
mod temporary;
pub mod tokens;
mod trash;
mod updates;
pub mod wanted;
mod windows;

/// The minute of the local day now, which the hours of downloads are compared with.
#[must_use]
pub fn local_minute() -> u32 {
    clock::tell_minute().minute
}

pub use app::{App, AppOptions};
pub use host::{Host, NoHost};
pub use open_error::OpenError;
pub use openings::is_link;
pub use sirocco_hub::account::HubEnvironment;
pub use updates::Releases;

/// The workers that came with the program, of those this machine can run: in `SIROCCO_WORKER_DIR`, then where packages
/// put them. The App finds those that were added to its data folder.
#[must_use]
pub fn installed_runtimes() -> Vec<sirocco_engine::Runtime> {
    let mut folders: Vec<_> = std::env::var_os("SIROCCO_WORKER_DIR")
        .map(std::path::PathBuf::from)
        .into_iter()
        .collect();
    folders.extend(sirocco_engine::worker_folders(
        std::env::current_exe().ok().as_deref(),
    ));
    sirocco_engine::discover(&folders)
}
