//! Becoming the owner of the data folder, or showing the window of the one that is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sirocco_core::home::Home;
use sirocco_core::instance::{Acquired, Ownership, acquire, wait_until_free};
use sirocco_protocol::HostKind;
use sirocco_web::{LaunchError, OwnedApp, ask_for_focus};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};

use crate::{host::WindowHost, window};

/// How long to wait for a command in a terminal to give the folder back.
const WAIT: Duration = Duration::from_secs(30);

/// What [`focus_running`] did.
pub enum Running {
    /// A window was running and shows itself now.
    Focused,
    /// None was, and the folder is ours.
    No(Ownership),
}

/// Shows the window that is running, if one is, and has it open what was asked for. A command of the terminal that has the folder is
/// waited for.
pub async fn focus_running(home: &Home, asked: &[String]) -> Result<Running> {
    let deadline = Instant::now() + WAIT;
    let unusable = || format!("could not use data folder `{}`", home.path().display());
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match acquire(home, left).await.with_context(unusable)? {
            Acquired::Mine(ownership) => return Ok(Running::No(ownership)),
            Acquired::Taken(Some(owner)) if owner.host != HostKind::Terminal => {
                if owner.host == HostKind::Browser {
                    println!("{}/#token={}", owner.address, owner.token);
                }
                ask_for_focus(&owner, asked.to_vec())
                    .await
                    .context("Sirocco is running but does not answer")?;
                return Ok(Running::Focused);
            }
            Acquired::Taken(_) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if !wait_until_free(home, left).await.with_context(unusable)? {
                    bail!(
                        "a sirocco command in a terminal is using {}",
                        home.path().display()
                    )
                }
            }
        }
    }
}

/// Opens the App for the window.
pub fn open(handle: &AppHandle, ownership: Ownership) -> Result<OwnedApp, LaunchError> {
    let host = Arc::new(WindowHost::new(handle.clone()));
    let shown = handle.clone();
    let on_focus = Arc::new(move || window::show(&shown));
    tauri::async_runtime::block_on(OwnedApp::open(ownership, host, 0, on_focus))
}

/// Says in a dialog why there is no window, and ends.
pub fn explain_and_exit(handle: &AppHandle, error: LaunchError) {
    let hint = error.hint();
    let error = anyhow::Error::from(error);
    tracing::error!(error = format!("{error:#}"), "the app did not open");
    eprintln!("error: {error:#}");
    let mut message = format!("Sirocco could not start: {error:#}.\n\nNothing was changed.");
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
        message.push_str(&format!("\n\nWhat to do: {hint}."));
    }
    let app = handle.clone();
    handle
        .dialog()
        .message(message)
        .title("Sirocco")
        .kind(MessageDialogKind::Error)
        .show(move |_| app.exit(1));
}
