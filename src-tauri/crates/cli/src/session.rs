//! An App to talk to: our own, or that of the process that owns the data folder.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use reqwest::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sirocco_core::NoHost;
use sirocco_core::home::Home;
use sirocco_core::instance::{Acquired, Owner, Visit, acquire, visit};
use sirocco_protocol::{ErrorReport, Event, HostKind, RunUpdate};
use sirocco_web::{OwnedApp, loopback_client};
use tokio::sync::mpsc;

/// How long an owner that is just starting, or just ending, may take.
const OWNER_TIME: Duration = Duration::from_secs(10);

/// An App.
pub enum Session {
    /// Opened by us.
    Own(Box<OwnedApp>),
    /// Of another process.
    Other {
        /// How to reach it.
        owner: Owner,
        /// Speaks to this machine only.
        client: reqwest::Client,
        /// It does not end before we do, as far as that is for it to decide, unless we have left.
        visit: Option<Visit>,
    },
}

impl Session {
    /// Opens the App, or reaches the one that is open.
    pub async fn open(home: &Home) -> Result<Self> {
        loop {
            match owner_of(home).await? {
                Acquired::Mine(ownership) => {
                    let host = Arc::new(NoHost(HostKind::Terminal));
                    let owned = OwnedApp::open(ownership, host, 0, Arc::new(|| {})).await?;
                    return Ok(Self::Own(Box::new(owned)));
                }
                Acquired::Taken(owner) => {
                    if let Some(session) = Self::reach(home, owner).await? {
                        return Ok(session);
                    }
                }
            }
        }
    }

    /// Reaches the App that is open, if one is; opens none.
    pub async fn of_other(home: &Home) -> Result<Option<Self>> {
        loop {
            match owner_of(home).await? {
                Acquired::Mine(_) => return Ok(None),
                Acquired::Taken(owner) => {
                    if let Some(session) = Self::reach(home, owner).await? {
                        return Ok(Some(session));
                    }
                }
            }
        }
    }

    /// None if the owner has begun to end meanwhile: it is to be waited for, or followed.
    async fn reach(home: &Home, owner: Option<Owner>) -> Result<Option<Self>> {
        let Some(owner) = owner else {
            bail!(
                "another process uses `{}` and does not say how to reach it",
                home.path().display()
            );
        };
        let Some(visit) = visit(home, &owner, OWNER_TIME).await? else {
            return Ok(None);
        };
        Ok(Some(Self::Other {
            owner,
            client: loopback_client()?,
            visit: Some(visit),
        }))
    }

    /// The process whose App it is.
    pub fn pid(&self) -> u32 {
        match self {
            Self::Own(_) => std::process::id(),
            Self::Other { owner, .. } => owner.pid,
        }
    }

    /// The App of another process may end from now on; what is asked of it then fails.
    pub fn leave(&mut self) {
        if let Self::Other { visit, .. } = self {
            drop(visit.take());
        }
    }

    /// Runs a command.
    pub async fn call<T: DeserializeOwned>(
        &self,
        command: &str,
        request: impl Serialize,
    ) -> Result<T> {
        let payload = serde_json::to_value(request)?;
        let answer = match self {
            Self::Own(owned) => owned.app.call(command, payload).await?,
            Self::Other { owner, client, .. } => {
                let url = format!("{}/api/call/{command}", owner.address);
                checked(
                    client
                        .post(url)
                        .bearer_auth(&owner.token)
                        .json(&payload)
                        .send()
                        .await,
                )
                .await?
                .json()
                .await?
            }
        };
        Ok(serde_json::from_value(answer)?)
    }

    /// Follows a run.
    pub async fn follow(&self, request: impl Serialize) -> Result<mpsc::Receiver<RunUpdate>> {
        let payload = serde_json::to_value(request)?;
        match self {
            Self::Own(owned) => Ok(owned.app.stream("run_follow", payload).await?),
            Self::Other { owner, client, .. } => {
                let url = format!("{}/api/stream/run_follow", owner.address);
                let response = checked(
                    client
                        .post(url)
                        .bearer_auth(&owner.token)
                        .json(&payload)
                        .send()
                        .await,
                )
                .await?;
                Ok(server_sent(response))
            }
        }
    }

    /// Listens to events.
    pub async fn events(&self) -> Result<mpsc::Receiver<Event>> {
        match self {
            Self::Own(owned) => {
                let mut events = owned.app.events();
                let (sender, receiver) = mpsc::channel(64);
                tokio::spawn(async move {
                    loop {
                        let event = match events.recv().await {
                            Ok(event) => event,
                            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                                Event::Lagged
                            }
                            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                        };
                        if sender.send(event).await.is_err() {
                            return;
                        }
                    }
                });
                Ok(receiver)
            }
            Self::Other { owner, client, .. } => {
                let url = format!("{}/api/events", owner.address);
                Ok(server_sent(
                    checked(client.get(url).bearer_auth(&owner.token).send().await).await?,
                ))
            }
        }
    }

    /// Closes the App, if it is ours, once no other command uses it any more; Ctrl-C ends those too.
    pub async fn close(self) {
        if let Self::Own(mut owned) = self {
            tokio::select! {
                () = owned.wait_for_guests() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            owned.close().await;
        }
    }
}

/// Becomes the owner of the data folder, or finds it.
pub async fn owner_of(home: &Home) -> Result<Acquired> {
    let acquired = acquire(home, OWNER_TIME).await;
    acquired.with_context(|| format!("could not use data folder `{}`", home.path().display()))
}

async fn checked(response: reqwest::Result<Response>) -> Result<Response> {
    let response = response.context("could not reach the running Sirocco")?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<ErrorReport>().await {
        Ok(report) => Err(report.into()),
        Err(_) => bail!("the running Sirocco answered {status}"),
    }
}

/// The messages of a `text/event-stream`, one JSON object per event.
fn server_sent<T: DeserializeOwned + Send + 'static>(response: Response) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        let mut bytes = response.bytes_stream();
        let mut line = Vec::new();
        while let Some(Ok(chunk)) = bytes.next().await {
            for byte in chunk {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                let message = line
                    .strip_prefix(b"data: ")
                    .and_then(|data| serde_json::from_slice(data).ok());
                line.clear();
                if let Some(message) = message
                    && sender.send(message).await.is_err()
                {
                    return;
                }
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use sirocco_core::instance::fresh_token;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_has_left_keeps_no_app_open() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let home = Home::at(folder.path().to_path_buf());
        let Acquired::Mine(mut ownership) = owner_of(&home).await? else {
            bail!("nobody else has this folder");
        };
        ownership.announce(&Owner {
            pid: std::process::id(),
            host: HostKind::Terminal,
            address: "http://127.0.0.1:9".into(),
            token: fresh_token()?,
        })?;
        let mut session = Session::of_other(&home).await?.context("it is there")?;
        let moment = Duration::from_millis(50);
        let stays = timeout(moment, ownership.wait_for_guests()).await;
        assert!(stays.is_err(), "a guest is waited for");
        session.leave();
        timeout(OWNER_TIME, ownership.wait_for_guests()).await??;
        Ok(())
    }
}
