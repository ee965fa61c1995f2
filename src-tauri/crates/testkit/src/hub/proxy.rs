//! A proxy on the loopback, to see who goes through it and with what.
//!
//! It speaks HTTP (absolute addresses and `CONNECT`) and SOCKS 5 on one port, and may ask for a name and a password.
//! Each connection carries one request.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Longest head of a request.
const HEAD_BYTES: u64 = 64 << 10;
/// First byte of SOCKS 5 (RFC 1928); no method of HTTP begins so.
const SOCKS: u8 = 5;

/// What somebody wanted from the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxiedRequest {
    /// `GET` and so on, `CONNECT`, or `SOCKS`.
    pub method: String,
    /// An address, or host and port.
    pub target: String,
    /// Name and password were right, or none are needed.
    pub admitted: bool,
}

/// A proxy; it ends when this is dropped.
pub struct ScriptedProxy {
    host: String,
    seen: Arc<Mutex<Vec<ProxiedRequest>>>,
    task: JoinHandle<()>,
}

/// What all connections share.
struct Rules {
    /// Name and password.
    login: Option<(String, String)>,
    seen: Arc<Mutex<Vec<ProxiedRequest>>>,
}

impl ScriptedProxy {
    /// A proxy for everybody.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(None).await
    }

    /// A proxy that asks for a name and a password.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start_for(name: &str, password: &str) -> anyhow::Result<Self> {
        Self::with(Some((name.to_owned(), password.to_owned()))).await
    }

    async fn with(login: Option<(String, String)>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("could not listen")?;
        let host = listener.local_addr()?.to_string();
        let seen: Arc<Mutex<Vec<ProxiedRequest>>> = Arc::default();
        let rules = Arc::new(Rules {
            login,
            seen: Arc::clone(&seen),
        });
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let rules = Arc::clone(&rules);
                // A connection that fails is the client's affair.
                connections.spawn(async move { rules.converse(stream).await.ok() });
            }
        });
        Ok(Self { host, seen, task })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.host)
    }

    /// `socks5h://127.0.0.1:PORT`.
    #[must_use]
    pub fn socks_address(&self) -> String {
        format!("socks5h://{}", self.host)
    }

    /// What was wanted, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<ProxiedRequest> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for ScriptedProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rules {
    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let mut client = BufReader::new(stream);
        match client.fill_buf().await?.first() {
            Some(&SOCKS) => self.socks(client).await,
            Some(_) => self.http(client).await,
            None => Ok(()),
        }
    }

    fn note(&self, method: &str, target: &str, admitted: bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(ProxiedRequest {
            method: method.to_owned(),
            target: target.to_owned(),
            admitted,
        });
    }

    async fn http(&self, mut client: BufReader<TcpStream>) -> io::Result<()> {
        let head = read_head(&mut client).await?;
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return answer(&mut client, "400 Bad Request", "").await;
        };
        let headers: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let admitted = self.login.as_ref().is_none_or(|(name, password)| {
            let right = BASE64_STANDARD.encode(format!("{name}:{password}"));
            let given = headers
                .iter()
                .find_map(|line| header(line, "proxy-authorization"));
            given.is_some_and(|given| given == format!("Basic {right}"))
        });
        self.note(method, target, admitted);
        if !admitted {
            let challenge = "Proxy-Authenticate: Basic realm=\"scripted\"\r\n";
            return answer(&mut client, "407 Proxy Authentication Required", challenge).await;
        }
        if method == "CONNECT" {
            let mut server = TcpStream::connect(target).await?;
            client
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            copy_bidirectional(&mut client, &mut server).await?;
            return Ok(());
        }
        let Some((host, path)) = target.strip_prefix("http://").and_then(split_host) else {
            return answer(&mut client, "400 Bad Request", "").await;
        };
        let mut server = TcpStream::connect(host).await?;
        let kept = headers.iter().filter(|line| {
            let name = line
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            !name.starts_with("proxy-") && name != "connection"
        });
        let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
        let head = format!("{method} {path} HTTP/1.1\r\n{kept}Connection: close\r\n\r\n");
        server.write_all(head.as_bytes()).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        Ok(())
    }

    /// RFC 1928, and RFC 1929 for name and password.
    async fn socks(&self, mut client: BufReader<TcpStream>) -> io::Result<()> {
        client.read_u8().await?;
        let methods = read_counted(&mut client).await?;
        let wanted = if self.login.is_some() { 2 } else { 0 };
        if !methods.contains(&wanted) {
            self.note("SOCKS", "", false);
            return client.write_all(&[SOCKS, 0xff]).await;
        }
        client.write_all(&[SOCKS, wanted]).await?;
        if let Some((name, password)) = &self.login {
            client.read_u8().await?;
            let given = (
                read_counted(&mut client).await?,
                read_counted(&mut client).await?,
            );
            let is_right = given.0 == name.as_bytes() && given.1 == password.as_bytes();
            client.write_all(&[1, u8::from(!is_right)]).await?;
            if !is_right {
                self.note("SOCKS", "", false);
                return Ok(());
            }
        }
        let mut request = [0; 4];
        client.read_exact(&mut request).await?;
        let host = match request[3] {
            1 => {
                let mut address = [0; 4];
                client.read_exact(&mut address).await?;
                std::net::Ipv4Addr::from(address).to_string()
            }
            3 => String::from_utf8_lossy(&read_counted(&mut client).await?).into_owned(),
            _ => return client.write_all(&[SOCKS, 8, 0, 1, 0, 0, 0, 0, 0, 0]).await,
        };
        let target = format!("{host}:{}", client.read_u16().await?);
        self.note("SOCKS", &target, true);
        let mut server = TcpStream::connect(target).await?;
        client
            .write_all(&[SOCKS, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await?;
        copy_bidirectional(&mut client, &mut server).await?;
        Ok(())
    }
}

async fn read_head(client: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut head = String::new();
    let mut limited = client.take(HEAD_BYTES);
    while !head.ends_with("\r\n\r\n") {
        if limited.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// A byte that says how many follow, and those.
async fn read_counted(client: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn answer(client: &mut BufReader<TcpStream>, status: &str, headers: &str) -> io::Result<()> {
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).await
}

fn header<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then_some(value.trim())
}

fn split_host(rest: &str) -> Option<(&str, &str)> {
    let at = rest.find('/')?;
    Some(rest.split_at(at))
}
