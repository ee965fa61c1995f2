//! `sirocco serve-ui`: the interface in a browser, for machines without a display.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use sirocco_core::NoHost;
use sirocco_core::home::Home;
use sirocco_core::instance::{Acquired, Owner};
use sirocco_protocol::HostKind;
use sirocco_web::OwnedApp;

use crate::session::owner_of;

pub async fn run(home: Home, port: u16) -> Result<ExitCode> {
    match owner_of(&home).await? {
        Acquired::Taken(Some(owner)) => {
            println!("Sirocco is running already: {}", address(&owner));
            Ok(ExitCode::SUCCESS)
        }
        Acquired::Taken(None) => {
            bail!("another Sirocco is starting or ending; try again in a moment")
        }
        Acquired::Mine(ownership) => {
            let host = Arc::new(NoHost(HostKind::Browser));
            let owned = OwnedApp::open(ownership, host, port, Arc::new(|| {})).await?;
            println!("{}", address(&owned.owner));
            eprintln!("Open this address in a browser on this machine. Ctrl-C ends.");
            until_told_to_end().await;
            owned.close().await;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The token stays behind the `#`, which browsers do not send.
fn address(owner: &Owner) -> String {
    format!("{}/#token={}", owner.address, owner.token)
}

/// Waits for Ctrl-C, or for the system to end this process.
pub async fn until_told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
