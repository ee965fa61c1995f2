//! `sirocco status`: whether a Sirocco is open, and what it does.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{AppStatusRequest, ModelLoaded, ServerStatusGet};
use sirocco_protocol::{AppStatus, HostKind, LoadedModel, ServerState, ServerStatus};

use crate::session::Session;

/// What is told of an open one.
#[derive(Serialize)]
struct Open {
    pid: u32,
    version: String,
    host: HostKind,
    server: ServerState,
    loaded: Vec<LoadedModel>,
}

#[derive(Serialize)]
struct Told {
    data_folder: String,
    /// None if no Sirocco is open.
    open: Option<Open>,
}

/// Exits with 0 if one is open and 1 if not, so that scripts can ask.
pub async fn run(home: Home, json: bool) -> Result<ExitCode> {
    let open = match Session::of_other(&home).await? {
        Some(session) => Some(look(&session).await?),
        None => None,
    };
    let told = Told {
        data_folder: home.path().display().to_string(),
        open,
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        lines(&told).iter().for_each(|line| println!("{line}"));
    }
    Ok(match told.open {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    })
}

async fn look(session: &Session) -> Result<Open> {
    let app: AppStatus = session.call("app_status", AppStatusRequest {}).await?;
    let server: ServerStatus = session.call("server_status", ServerStatusGet {}).await?;
    Ok(Open {
        pid: session.pid(),
        version: app.version,
        host: app.host,
        server: server.state,
        loaded: session.call("model_loaded", ModelLoaded {}).await?,
    })
}

fn lines(told: &Told) -> Vec<String> {
    let folder = format!("data folder: {}", told.data_folder);
    let Some(open) = &told.open else {
        return vec!["no Sirocco is open".to_owned(), folder];
    };
    let host = match open.host {
        HostKind::Window => "window",
        HostKind::Browser => "browser",
        HostKind::Terminal => "terminal",
    };
    let server = match &open.server {
        ServerState::Off => "server: off".to_owned(),
        ServerState::Listening { addresses, problem } => {
            let problem = problem.as_ref().map(|problem| format!(" ({problem})"));
            let problem = problem.unwrap_or_default();
            format!("server: {}{problem}", addresses.join(", "))
        }
        ServerState::Failed { message } => format!("server: failed, {message}"),
    };
    vec![
        format!(
            "Sirocco {} is open ({host}, process {})",
            open.version, open.pid
        ),
        folder,
        server,
        format!("models loaded: {}", open.loaded.len()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_told_in_a_few_lines() {
        let mut told = Told {
            data_folder: "/data".into(),
            open: None,
        };
        assert_eq!(lines(&told), ["no Sirocco is open", "data folder: /data"]);
        told.open = Some(Open {
            pid: 7,
            version: "0.1.0".into(),
            host: HostKind::Window,
            server: ServerState::Listening {
                addresses: vec!["http://127.0.0.1:1234".into()],
                problem: None,
            },
            loaded: Vec::new(),
        });
        assert_eq!(
            lines(&told),
            [
                "Sirocco 0.1.0 is open (window, process 7)",
                "data folder: /data",
                "server: http://127.0.0.1:1234",
                "models loaded: 0",
            ]
        );
    }
}
