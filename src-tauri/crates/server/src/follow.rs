//! A server that is as the settings say, from then on.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::json;
use sirocco_core::App;
use sirocco_protocol::{Event, OLLAMA_PORT, ServerSettings, ServerState, Settings};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::connections::Patience;
use crate::{Keep, Server, ServerOptions, Tokens, inside};

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
        tokio::spawn(inside::answer(
            Arc::new(app.clone()),
            tokens.clone(),
            app.server_inside(),
            stop.clone(),
        ));
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
    let keep = Keep::default();
    let mut wanted = settings(&app)
        .await
        .map(|settings| rest(settings, &app, &keep));
    loop {
        let servers = match &wanted {
            Some(settings) if settings.enabled => {
                let options = |port| options(settings, port, &tokens, &keep);
                start_all(&app, settings, options).await
            }
            _ => Vec::new(),
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
            let changed = changed.map(|settings| rest(settings, &app, &keep));
            if changed.is_some() && changed != wanted {
                break changed;
            }
        };
        for server in servers {
            server.close().await;
        }
        app.server_changed(ServerState::Off);
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

/// What servers must start again for; the rest holds from now on.
fn rest(mut settings: ServerSettings, app: &App, keep: &Keep) -> ServerSettings {
    let on = std::mem::take(&mut settings.keep_exchanges);
    if keep.set(on) && !on {
        app.forget_exchanges();
    }
    settings
}

/// Every server of the settings, and none if the first one does not start; the rest of the app goes on.
async fn start_all(
    app: &App,
    settings: &ServerSettings,
    options: impl Fn(u16) -> ServerOptions,
) -> Vec<Server> {
    let first = match start(app, options(settings.port)).await {
        Ok(server) => server,
        Err(error) => {
            let message = failure(settings.port, &error);
            tracing::error!(message, "the API server did not start");
            app.server_changed(ServerState::Failed { message });
            return Vec::new();
        }
    };
    let mut addresses = vec![first.address()];
    let mut servers = vec![first];
    let mut problem = None;
    if settings.ollama_port && settings.port != OLLAMA_PORT {
        match start(app, options(OLLAMA_PORT)).await {
            Ok(server) => {
                addresses.push(server.address());
                servers.push(server);
            }
            Err(error) => {
                let message = failure(OLLAMA_PORT, &error);
                tracing::error!(message, "the API server listens at one port only");
                problem = Some(message);
            }
        }
    }
    app.server_changed(ServerState::Listening { addresses, problem });
    servers
}

async fn start(app: &App, options: ServerOptions) -> std::io::Result<Server> {
    Server::serve(Arc::new(app.clone()), options).await
}

fn options(settings: &ServerSettings, port: u16, tokens: &Tokens, keep: &Keep) -> ServerOptions {
    let address = if settings.lan {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    ServerOptions {
        address: IpAddr::V4(address),
        port,
        cors_origins: settings.cors_origins.clone(),
        tokens: tokens.clone(),
        patience: Patience::default(),
        keep: keep.clone(),
    }
}

fn failure(port: u16, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} is taken by another program"),
        _ => format!("port {port} cannot be had: {error}"),
    }
}
