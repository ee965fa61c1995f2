//! A server that is as the settings say, from then on.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::json;
use sirocco_core::App;
use sirocco_protocol::{Event, ServerSettings, Settings};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Server, ServerOptions, Tokens};

/// Starts and stops a server as the settings change, until it is closed.
#[derive(Debug)]
pub struct Following {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Following {
    /// Begins to follow the settings of this App.
    #[must_use]
    pub fn begin(app: App, tokens: Tokens) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(follow(app, tokens, stop.clone()));
        Self { stop, task }
    }

    /// Stops the server, if one runs.
    pub async fn close(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the API server was not closed");
        }
    }
}

async fn follow(app: App, tokens: Tokens, stop: CancellationToken) {
    // Before the settings are read, so that no change is missed between the two.
    let mut events = app.events();
    let mut wanted = settings(&app).await;
    loop {
        let server = match &wanted {
            Some(settings) if settings.enabled => start(&app, settings, &tokens).await,
            _ => None,
        };
        // Until they are others.
        let next = loop {
            let changed = tokio::select! {
                () = stop.cancelled() => break None,
                event = events.recv() => match event {
                    Ok(Event::SettingsChanged { settings }) => Some(settings.server),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(_)) => settings(&app).await,
                    Err(RecvError::Closed) => break None,
                },
            };
            if changed.is_some() && changed != wanted {
                break changed;
            }
        };
        if let Some(server) = server {
            server.close().await;
        }
        if next.is_none() {
            return;
        }
        wanted = next;
    }
}

async fn settings(app: &App) -> Option<ServerSettings> {
    let answer = app.call("settings_get", json!({})).await.ok()?;
    let settings: Settings = serde_json::from_value(answer).ok()?;
    Some(settings.server)
}

/// A port that is taken is told in the log; the rest of the app goes on.
async fn start(app: &App, settings: &ServerSettings, tokens: &Tokens) -> Option<Server> {
    let address = if settings.lan {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    let options = ServerOptions {
        address: IpAddr::V4(address),
        port: settings.port,
        cors_origins: settings.cors_origins.clone(),
        tokens: tokens.clone(),
    };
    match Server::serve(Arc::new(app.clone()), options).await {
        Ok(server) => Some(server),
        Err(error) => {
            tracing::error!(port = settings.port, %error, "the API server did not start");
            None
        }
    }
}
