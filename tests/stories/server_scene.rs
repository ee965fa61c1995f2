//! A server over an App with a scripted worker, and a client that reads its streams.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::{Context, ensure};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use sirocco_protocol::Event;
use sirocco_server::connections::Patience;
use sirocco_server::{Keep, Server, ServerOptions, TokenLimits, Tokens};
use sirocco_testkit::{Events, Script, TempApp, within};

use crate::app;
use crate::openapi::Asked;

/// Of a token that ended long ago.
pub const EXPIRED: TokenLimits = TokenLimits {
    expires_at_ms: Some(1),
    requests_per_minute: None,
};

/// An App, its server, and a client of it.
pub struct Scene {
    pub app: TempApp,
    pub server: Server,
    pub tokens: Tokens,
    /// The name of the only model.
    pub key: String,
    client: Client,
    port: u16,
}

impl Scene {
    /// On the loopback interface, for nobody's pages.
    pub async fn open(script: &Script) -> anyhow::Result<Self> {
        Self::on(Ipv4Addr::LOCALHOST, &[], script).await
    }

    pub async fn on(address: Ipv4Addr, origins: &[&str], script: &Script) -> anyhow::Result<Self> {
        let app = app(script).await?;
        let key = app.model().await?.key;
        Self::over(app, key, address, origins).await
    }

    /// On the loopback interface, with so much patience.
    pub async fn hurried(patience: Patience, script: &Script) -> anyhow::Result<Self> {
        let app = app(script).await?;
        let key = app.model().await?.key;
        Self::serving(app, key, Ipv4Addr::LOCALHOST, &[], patience).await
    }

    /// Of this App, whose model has this key; empty if there is none yet.
    pub async fn over(
        app: TempApp,
        key: String,
        address: Ipv4Addr,
        origins: &[&str],
    ) -> anyhow::Result<Self> {
        Self::serving(app, key, address, origins, Patience::default()).await
    }

    async fn serving(
        app: TempApp,
        key: String,
        address: Ipv4Addr,
        origins: &[&str],
        patience: Patience,
    ) -> anyhow::Result<Self> {
        let tokens = Tokens::in_file(app.outside().join("tokens.json"));
        let options = ServerOptions {
            address: IpAddr::V4(address),
            port: 0,
            cors_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            tokens: tokens.clone(),
            patience,
            keep: Keep::default(),
        };
        let server = Server::serve(Arc::new(app.app().clone()), options).await?;
        let port = server
            .address()
            .rsplit(':')
            .next()
            .context("an address has a port")?
            .parse()?;
        Ok(Self {
            key,
            client: Client::builder().no_proxy().build()?,
            app,
            server,
            tokens,
            port,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.request(method, url)
    }

    /// Status and JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        told(self.request(Method::GET, path)).await
    }

    /// Status and JSON.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
        told(self.request(Method::POST, path).json(&body)).await
    }

    /// JSON of what must be answered.
    pub async fn ask(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let (status, answer) = self.post(path, body).await?;
        ensure!(status == 200, "{status}: {answer}");
        Ok(answer)
    }

    /// An answer in pieces.
    pub async fn stream(&self, path: &str, body: Value) -> anyhow::Result<Stream> {
        let (client, request) = self.request(Method::POST, path).json(&body).build_split();
        let request = request?;
        let asked = Asked::of(&request);
        let response = within("the head of an answer", client.execute(request)).await??;
        ensure!(response.status() == 200, "{}", response.status());
        asked.served()?;
        Ok(Stream {
            asked,
            response,
            read: Vec::new(),
        })
    }

    /// Waits until so many requests are waiting, the one being answered included.
    pub async fn until_waiting(&self, events: &mut Events, count: u32) -> anyhow::Result<()> {
        events.drain();
        let is_so = |loaded: &sirocco_protocol::LoadedModel| loaded.queue_length == count;
        if self.app.loaded().await?.iter().any(is_so) {
            return Ok(());
        }
        events
            .wait("the queue to change", |event| match event {
                Event::LoadedChanged { loaded } if is_so(&loaded) => Some(()),
                _ => None,
            })
            .await
    }

    pub async fn close(self) -> anyhow::Result<()> {
        within("the server to close", self.server.close()).await?;
        self.app.close().await
    }
}

/// Status and JSON of a request; both are as the server's own document says.
pub async fn told(request: RequestBuilder) -> anyhow::Result<(u16, Value)> {
    let (client, request) = request.build_split();
    let request = request?;
    let asked = Asked::of(&request);
    let response = within("an answer", client.execute(request)).await??;
    let status = response.status().as_u16();
    let answer = within("its body", response.json()).await??;
    asked.told(status, &answer)?;
    Ok((status, answer))
}

/// An answer that is read as it comes.
pub struct Stream {
    asked: Asked,
    response: Response,
    read: Vec<u8>,
}

/// A server-sent event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub name: String,
    pub data: String,
    pub comment: String,
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

impl Stream {
    pub fn header(&self, name: &str) -> &str {
        let value = self.response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The next line, without its end; none after the last.
    pub async fn line(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.truncate(end);
                return Ok(Some(String::from_utf8(line)?));
            }
            match within("more of an answer", self.response.chunk()).await?? {
                Some(bytes) => self.read.extend_from_slice(&bytes),
                None => {
                    ensure!(self.read.is_empty(), "the answer ends inside a line");
                    return Ok(None);
                }
            }
        }
    }

    /// The next event; none after the last.
    pub async fn event(&mut self) -> anyhow::Result<Option<Sent>> {
        let mut sent = Sent::default();
        while let Some(line) = self.line().await? {
            if line.is_empty() {
                if !matches!(sent.data.as_str(), "" | "[DONE]") {
                    self.asked.event(&sent.json())?;
                }
                return Ok(Some(sent));
            }
            let (field, value) = line.split_once(':').context("a line without a colon")?;
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" => sent.comment = value,
                "event" => sent.name = value,
                "data" => sent.data = value,
                other => anyhow::bail!("an event has a field `{other}`"),
            }
        }
        ensure!(sent == Sent::default(), "the answer ends inside an event");
        Ok(None)
    }

    /// All events from here that are not only comments.
    pub async fn events(mut self) -> anyhow::Result<Vec<Sent>> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await? {
            if !event.data.is_empty() {
                events.push(event);
            }
        }
        Ok(events)
    }

    /// All lines from here, as JSON.
    pub async fn lines(mut self) -> anyhow::Result<Vec<Value>> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await? {
            let line = serde_json::from_str(&line)?;
            self.asked.line(&line)?;
            lines.push(line);
        }
        Ok(lines)
    }

    /// Reads on until an event carries data.
    pub async fn until_data(&mut self) -> anyhow::Result<Sent> {
        loop {
            let event = self.event().await?.context("the answer has ended")?;
            if !event.data.is_empty() {
                return Ok(event);
            }
        }
    }
}
