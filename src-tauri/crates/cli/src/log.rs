//! `sirocco log`: what other programs have asked of the models.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use sirocco_core::home::Home;
use sirocco_protocol::commands::ServerStatusGet;
use sirocco_protocol::{Event, ServedRequest, ServerStatus};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::session::Session;

#[derive(Args)]
pub struct Log {
    /// Go on with what is asked from now on, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// Print each request as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// Only the Sirocco that is open knows; it remembers the last 200.
pub async fn run(home: Home, log: Log) -> Result<ExitCode> {
    let Some(mut session) = Session::of_other(&home).await? else {
        bail!("no Sirocco is open, so nothing is served");
    };
    // Listened to first, so that nothing is missed between.
    let mut events = session.events().await?;
    let known: ServerStatus = session.call("server_status", ServerStatusGet {}).await?;
    let mut told = HashSet::new();
    tell(known.requests.iter().rev(), &mut told, log.json)?;
    if !log.follow {
        return Ok(ExitCode::SUCCESS);
    }
    // Who watches for hours is not to be waited for.
    session.leave();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = tokio::signal::ctrl_c() => break,
        };
        match event {
            Some(Event::RequestChanged { request }) => tell([&request], &mut told, log.json)?,
            Some(Event::Lagged) => {
                let known: ServerStatus = session.call("server_status", ServerStatusGet {}).await?;
                tell(known.requests.iter().rev(), &mut told, log.json)?;
            }
            Some(_) => {}
            None => bail!("the Sirocco that was open has ended"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints those that are over, each once. One whose client went away has no status.
fn tell<'a>(
    requests: impl IntoIterator<Item = &'a ServedRequest>,
    told: &mut HashSet<u64>,
    json: bool,
) -> Result<()> {
    for request in requests {
        if request.duration_ms.is_some() && told.insert(request.id) {
            print(request, json)?;
        }
    }
    Ok(())
}

fn print(request: &ServedRequest, json: bool) -> Result<()> {
    match json {
        true => println!("{}", serde_json::to_string(request)?),
        false => println!("{}", line(request)),
    }
    Ok(())
}

fn line(request: &ServedRequest) -> String {
    let at = OffsetDateTime::from_unix_timestamp(request.at_ms / 1000);
    let at = at.ok().and_then(|at| at.format(&Rfc3339).ok());
    let mut words = vec![
        at.unwrap_or_default(),
        request
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string()),
        request.route.clone(),
    ];
    words.extend(request.model.clone());
    if let (Some(read), Some(written)) = (request.prompt_tokens, request.completion_tokens) {
        words.push(format!("{read}+{written} tokens"));
    }
    words.extend(request.duration_ms.map(|duration| format!("{duration} ms")));
    words.extend(request.client.as_ref().map(|client| format!("({client})")));
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line() {
        let request = ServedRequest {
            id: 1,
            at_ms: 1_700_000_000_000,
            route: "POST /v1/chat/completions".into(),
            model: Some("tiny".into()),
            client: Some("laptop".into()),
            status: Some(200),
            prompt_tokens: Some(12),
            completion_tokens: Some(3),
            duration_ms: Some(40),
            is_kept: false,
        };
        assert_eq!(
            line(&request),
            "2023-11-14T22:13:20Z  200  POST /v1/chat/completions  tiny  12+3 tokens  40 ms  (laptop)"
        );
    }
}
