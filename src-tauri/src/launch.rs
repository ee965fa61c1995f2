//! Becoming the owner of the data folder, or showing the window of the one that is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sirocco_core::home::Home;
use sirocco_core::instance::{Acquired, acquire};
use sirocco_protocol::HostKind;
use sirocco_web::{Opened, OwnedApp, ask_for_focus};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};

use crate::{host::WindowHost, window};

/// How long to wait for a command in a terminal to give the folder back.
const WAIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What [`focus_running`] did.
pub enum Running {
    /// A window was running and shows itself now.
    Focused,
    /// None was.
    No,
}

/// Shows the window that is running, if one is. A command of the terminal that has the folder is
/// waited for.
pub async fn focus_running(home: &Home) -> Result<Running> {
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        match acquire(home).with_context(|| unusable(home.path()))? {
            // Let go again at once: it is taken for good when the App opens.
            Acquired::Mine(_) => return Ok(Running::No),
            Acquired::Taken(Some(owner)) if owner.host != HostKind::Terminal => {
                if owner.host == HostKind::Browser {
                    println!("{}/#token={}", owner.address, owner.token);
                }
                ask_for_focus(&owner)
                    .await
                    .context("Sirocco is running but does not answer")?;
                return Ok(Running::Focused);
            }
            Acquired::Taken(_) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(LOOK_AGAIN).await
            }
            Acquired::Taken(_) => bail!(
                "a sirocco command in a terminal is using {}",
                home.path().display()
            ),
        }
    }
}

/// Opens the App for the window.
pub fn open(handle: &AppHandle, home: Home) -> Result<OwnedApp> {
    let host = Arc::new(WindowHost::new(handle.clone()));
    let shown = handle.clone();
    let on_focus = Arc::new(move || window::show(&shown));
    let folder = home.path().to_path_buf();
    match tauri::async_runtime::block_on(OwnedApp::open(home, host, 0, on_focus))? {
        Opened::Mine(owned) => Ok(*owned),
        Opened::Taken(_) => bail!("another Sirocco has just taken {}", folder.display()),
    }
}

/// Says in a dialog why there is no window, and ends.
pub fn explain_and_exit(handle: &AppHandle, error: &anyhow::Error) {
    tracing::error!(error = format!("{error:#}"), "the app did not open");
    eprintln!("error: {error:#}");
    let app = handle.clone();
    handle
        .dialog()
        .message(format!(
            "Sirocco could not start: {error:#}.\n\nNothing was changed."
        ))
        .title("Sirocco")
        .kind(MessageDialogKind::Error)
        .show(move |_| app.exit(1));
}

fn unusable(folder: &Path) -> String {
    format!("could not use data folder `{}`", folder.display())
}
