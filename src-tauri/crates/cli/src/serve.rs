//! `sirocco serve`: the models to other programs.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use sirocco_core::NoHost;
use sirocco_core::home::Home;
use sirocco_core::instance::Acquired;
use sirocco_protocol::commands::SettingsGet;
use sirocco_protocol::{ErrorCode, ErrorReport, HostKind, ServerState, Settings};
use sirocco_server::connections::Patience;
use sirocco_server::{Keep, Server, ServerOptions, Tokens};
use sirocco_web::OwnedApp;

use crate::serve_ui::until_told_to_end;
use crate::session::owner_of;

#[derive(Args)]
pub struct Serve {
    /// Port, instead of that of the settings (1234); 0 for any that is free.
    #[arg(long)]
    port: Option<u16>,
    /// Address to listen on; all but those of this machine need tokens.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
}

pub async fn run(home: Home, serve: Serve) -> Result<ExitCode> {
    let tokens = Tokens::in_file(home.server_tokens());
    if !serve.host.is_loopback() && tokens.list()?.is_empty() {
        let message = format!("nobody could use a server on {}", serve.host);
        return Err(ErrorReport::new(ErrorCode::Unauthorized, message)
            .with_hint("make a token first, with `sirocco token add NAME`")
            .into());
    }
    match owner_of(&home).await? {
        Acquired::Taken(Some(owner)) => {
            let message = format!(
                "another Sirocco (process {}) uses `{}`",
                owner.pid,
                home.path().display()
            );
            Err(ErrorReport::new(ErrorCode::Conflict, message)
                .with_hint("end it first, or name another data folder with --home")
                .into())
        }
        Acquired::Taken(None) => {
            bail!("another Sirocco is starting or ending; try again in a moment")
        }
        Acquired::Mine(ownership) => {
            let host = Arc::new(NoHost(HostKind::Terminal));
            let owned = OwnedApp::open(ownership, host, 0, Arc::new(|| {})).await?;
            let served = until_the_end(&owned, serve, tokens).await;
            owned.close().await;
            served.map(|()| ExitCode::SUCCESS)
        }
    }
}

async fn until_the_end(owned: &OwnedApp, serve: Serve, tokens: Tokens) -> Result<()> {
    let payload = serde_json::to_value(SettingsGet {})?;
    let settings = owned.app.call("settings_get", payload).await?;
    let settings = serde_json::from_value::<Settings>(settings)?.server;
    let port = serve.port.unwrap_or(settings.port);
    let options = ServerOptions {
        address: serve.host,
        port,
        cors_origins: settings.cors_origins,
        tokens,
        patience: Patience::default(),
        keep: Keep::default(),
    };
    let server = Server::serve(Arc::new(owned.app.clone()), options)
        .await
        .with_context(|| {
            format!(
                "could not listen on {}:{port} (--port names another port)",
                serve.host
            )
        })?;
    owned.app.server_changed(ServerState::Listening {
        addresses: vec![server.address()],
        problem: None,
    });
    println!("{}", server.address());
    eprintln!(
        "OpenAI at /v1, Anthropic at /v1/messages, Ollama at /api, LM Studio at /api/v0. Ctrl-C ends."
    );
    until_told_to_end().await;
    // Answers that are being written end now, rather than hold up the end.
    owned.app.begin_to_close();
    server.close().await;
    Ok(())
}
