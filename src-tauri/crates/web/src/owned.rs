//! Opening the App as the owner of a data folder: what the window and the command line have in common.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sirocco_core::instance::{Owner, Ownership, fresh_token};
use sirocco_core::{App, AppOptions, Host, HubEnvironment, OpenError, installed_runtimes};
use sirocco_protocol::HostKind;
use sirocco_server::Following;

use crate::{Web, WebOptions};

/// How long an owner may take to show its window.
const FOCUS_TIME: Duration = Duration::from_secs(5);

/// An App whose data folder is ours, reachable by other processes of this user.
pub struct OwnedApp {
    /// The App.
    pub app: App,
    /// How it is reached.
    pub owner: Owner,
    web: Web,
    /// None for a command, which ends as soon as it is done.
    server: Option<Following>,
    ownership: Ownership,
}

/// Why no App was opened.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The folder cannot be used.
    #[error("could not use data folder `{folder}`")]
    Folder {
        /// Which.
        folder: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The loopback server did not start.
    #[error("could not listen on 127.0.0.1:{port}")]
    Listen {
        /// Asked for; 0 for any.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The App.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl LaunchError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Open(error) => error.hint(),
            _ => None,
        }
    }
}

impl OwnedApp {
    /// Opens the App over a folder that is ours, serves it on the loopback interface and announces that.
    ///
    /// # Errors
    /// [`LaunchError`].
    pub async fn open(
        mut ownership: Ownership,
        host: Arc<dyn Host>,
        port: u16,
        on_focus: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, LaunchError> {
        let home = ownership.home().clone();
        let folder = home.path().to_path_buf();
        let failed = |source| LaunchError::Folder {
            folder: folder.clone(),
            source,
        };
        let kind = host.kind();
        let app = App::open(AppOptions {
            runtimes: installed_runtimes(),
            home,
            host,
            environment: HubEnvironment::from_process(),
        })
        .await?;
        let token = fresh_token().map_err(failed)?;
        let web = Web::serve(
            app.clone(),
            WebOptions {
                port,
                token: token.clone(),
                on_focus,
            },
        )
        .await
        .map_err(|source| LaunchError::Listen { port, source })?;
        let owner = Owner {
            pid: std::process::id(),
            host: kind,
            address: web.address(),
            token,
        };
        ownership.announce(&owner).map_err(failed)?;
        let server =
            (kind != HostKind::Terminal).then(|| Following::begin(app.clone(), app.tokens()));
        Ok(Self {
            app,
            owner,
            web,
            server,
            ownership,
        })
    }

    /// Waits until no other process runs commands here, and lets no new one in; [`Self::close`] comes next.
    pub async fn wait_for_guests(&mut self) {
        if let Err(error) = self.ownership.wait_for_guests().await {
            tracing::warn!(%error, "it is not known who else uses this process");
        }
    }

    /// Ends everything; the folder is free afterwards. Who asks for the owner meanwhile waits until then.
    pub async fn close(mut self) {
        if let Err(error) = self.ownership.withdraw().await {
            tracing::warn!(%error, "others may try to reach this process though it ends");
        }
        // What takes long ends now; a request that waits for it would keep the server from closing.
        self.app.begin_to_close();
        if let Some(server) = self.server {
            server.close().await;
        }
        self.web.close().await;
        self.app.close().await;
    }
}

/// The body of `POST /api/focus`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FocusRequest {
    /// Absolute paths and links to open.
    pub open: Vec<String>,
}

/// A client for the owner of a data folder, who is on this machine: it goes through no proxy, and trusts no certificate,
/// so that those of the system are not read, which takes time, and need not be there.
///
/// # Errors
/// If the TLS library cannot be set up.
pub fn loopback_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
}

/// Asks the owner of the data folder to show its window, and to open these absolute paths and links there.
///
/// # Errors
/// If it does not answer.
pub async fn ask_for_focus(owner: &Owner, open: Vec<String>) -> Result<(), reqwest::Error> {
    loopback_client()?
        .post(format!("{}/api/focus", owner.address))
        .timeout(FOCUS_TIME)
        .bearer_auth(&owner.token)
        .json(&FocusRequest { open })
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}
