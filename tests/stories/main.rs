//! Stories: what happens to a person, told through the commands of an App that runs a scripted
//! worker. Those of the real one are in `tests/real_model.rs`. What looks at processes, and at what links to a file, is
//! told on Linux.

#[cfg(target_os = "linux")]
mod added_runtimes;
mod answers;
mod attachments;
mod branches;
mod comparisons;
mod context;
#[cfg(target_os = "linux")]
mod crash_reports;
#[cfg(target_os = "linux")]
mod crashes;
mod database_copies;
mod download_failures;
mod downloads;
mod embeddings;
#[cfg(target_os = "linux")]
mod endings;
mod exchange;
mod exports;
mod follow;
mod hub;
mod hub_page;
mod hub_scene;
mod images;
#[cfg(target_os = "linux")]
mod library;
#[cfg(target_os = "linux")]
mod library_import;
#[cfg(target_os = "linux")]
mod library_keeping;
mod library_roots;
mod llamacpp_options;
#[cfg(target_os = "linux")]
mod loading;
mod measuring;
mod message_queue;
mod network;
mod openapi;
mod openings;
mod organise;
mod presets;
mod prompts;
mod queue;
mod remote_engines;
mod remote_scene;
#[cfg(target_os = "linux")]
mod runtimes;
mod search;
mod server_access;
mod server_anthropic;
mod server_exchanges;
mod server_forms;
mod server_fuzz;
mod server_hostile;
mod server_images;
mod server_lm_studio;
mod server_log;
mod server_manage;
mod server_names;
mod server_ollama;
mod server_openai;
mod server_queue;
mod server_responses;
mod server_scene;
mod server_tools;
mod structured;
mod summaries;
mod temporary;
mod titles;
mod updates;
mod versions;
mod windows;

use sirocco_protocol::{ErrorCode, ErrorReport};
use sirocco_testkit::{Script, TempApp};

/// The worker of all these stories.
const WORKER: &str = env!("CARGO_BIN_EXE_scripted-worker");

async fn app(script: &Script) -> anyhow::Result<TempApp> {
    TempApp::open(WORKER, script).await
}

/// The code of what must be refused.
fn code<T: std::fmt::Debug>(result: Result<T, ErrorReport>) -> ErrorCode {
    result.expect_err("this must be refused").code
}
