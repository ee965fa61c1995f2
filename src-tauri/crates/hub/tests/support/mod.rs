//! A web server on the loopback that answers by script, and what the transfer tests share.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use sirocco_hub::network::{Network, NetworkConfiguration, NoLog};
use sirocco_hub::{ContentHash, FetchRequest, Policy, Source, Transfer};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// An authority made for these tests; its key is gone.
pub const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBiDCCAS2gAwIBAgIUDz2ipKyK+Q1/dmZjlmC1IYPwuT0wCgYIKoZIzj0EAwIw\n\
GDEWMBQGA1UEAwwNcHJveHkuZXhhbXBsZTAgFw0yNjExMjUyMzQwMDFaGA8yMTI2\n\
MTEwMTIzNDAwMVowGDEWMBQGA1UEAwwNcHJveHkuZXhhbXBsZTBZMBMGByqGSM49\n\
AgEGCCqGSM49AwEHA0IABFy56IQeH7mY76OFb2CyMZBaO3xpeU2ZbZzN2aK3Gg1N\n\
DzAshBaAnbt79q2EggEFnKhNJVetBIJT6++R3pTntAujUzBRMB0GA1UdDgQWBBQ0\n\
hhPGMgIPBJ9foAOEwhkKWvnayzAfBgNVHSMEGDAWgBQ0hhPGMgIPBJ9foAOEwhkK\n\
WvnayzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDY5fgaJ9EE\n\
gLDnFOUEgjoOw+GyDmCOXCMoeLRIXc0CNwIhALfOTIrqwuMXsySex2fHw44gyhZC\n\
txFajQY52y6SEUnU\n\
-----END CERTIFICATE-----\n";

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many came before it.
    pub number: usize,
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first byte of `Range: bytes=5-` and of `bytes=5-9`.
    pub fn range(&self) -> Option<usize> {
        self.bytes().map(|(start, _)| start)
    }

    /// The first byte, and the last if it is named.
    pub fn bytes(&self) -> Option<(usize, Option<usize>)> {
        let range = self.header("range")?.strip_prefix("bytes=")?;
        let (start, last) = range.split_once('-')?;
        Some((start.parse().ok()?, last.parse().ok()))
    }
}

/// How a body ends.
#[derive(Clone, Debug)]
pub enum End {
    /// As announced.
    Proper,
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    /// Nothing comes any more after so many bytes, and the connection stays.
    Stall(usize),
    /// It never ends.
    Endless,
    /// A byte every few milliseconds.
    Trickle,
    /// So many bytes every few milliseconds.
    Paced(usize),
}

/// An answer to give.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub end: End,
    /// Send `Content-Length`.
    pub length: bool,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            end: End::Proper,
            length: true,
        }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub fn without_length(mut self) -> Self {
        self.length = false;
        self
    }

    /// What a good server answers: 206 from the asked byte, or 200.
    pub fn serve(asked: &Asked, content: &[u8]) -> Self {
        match asked.bytes() {
            Some((start, last)) if start < content.len() => {
                let last = last.unwrap_or(content.len() - 1).min(content.len() - 1);
                Self::new(206, &content[start..=last]).with(
                    "content-range",
                    format!("bytes {start}-{last}/{}", content.len()),
                )
            }
            Some(_) => {
                Self::new(416, "").with("content-range", format!("bytes */{}", content.len()))
            }
            None => Self::new(200, content),
        }
    }

    pub fn redirect(to: impl Into<String>) -> Self {
        Self::new(302, "").with("location", to)
    }
}

type Script = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// The server; it ends with the test.
pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, log): (Script, _) = (Arc::new(script), asked.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, script.clone(), log.clone()));
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    pub fn source(&self) -> Source {
        Source::Http {
            url: format!("{}/model.gguf", self.address)
                .parse()
                .expect("a URL"),
        }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics with it").clone()
    }

    /// First bytes asked for, request by request.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.asked().iter().map(Asked::range).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, script: Script, log: Arc<Mutex<Vec<Asked>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(mut asked) = read_request(&mut stream).await {
        {
            let mut log = log.lock().expect("no test panics with it");
            asked.number = log.len();
            log.push(asked.clone());
        }
        if send(&mut stream, script(&asked)).await.is_none() {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut line = String::new();
    stream
        .read_line(&mut line)
        .await
        .ok()
        .filter(|&read| read > 0)?;
    asked.path = line.split(' ').nth(1)?.to_owned();
    loop {
        line.clear();
        stream
            .read_line(&mut line)
            .await
            .ok()
            .filter(|&read| read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Some(asked);
        };
        asked
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// None if the connection is not to be used again.
async fn send(stream: &mut BufReader<TcpStream>, answer: Answer) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &if answer.length {
        format!("content-length: {}\r\n\r\n", answer.body.len())
    } else {
        "connection: close\r\n\r\n".to_owned()
    };
    stream.write_all(head.as_bytes()).await.ok()?;
    match answer.end {
        End::Proper => {
            stream.write_all(&answer.body).await.ok()?;
            return answer.length.then_some(());
        }
        End::Cut(after) => stream.write_all(&answer.body[..after]).await.ok()?,
        End::Stall(after) => {
            stream.write_all(&answer.body[..after]).await.ok()?;
            // Until the client gives up.
            let _ = stream.read(&mut [0; 1]).await;
        }
        End::Endless => loop {
            stream.write_all(&answer.body).await.ok()?;
        },
        End::Paced(bytes) => {
            for piece in answer.body.chunks(bytes) {
                stream.write_all(piece).await.ok()?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            return answer.length.then_some(());
        }
        End::Trickle => {
            for byte in answer.body {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    None
}

/// Bytes that look random and are always the same.
pub fn content(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A folder, a target in it, and patience in milliseconds.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub target: PathBuf,
    pub policy: Policy,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("model.gguf");
        let waits: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let log = waits.clone();
        let policy = Policy {
            tries: 4,
            progress_bytes: 1,
            idle_timeout: Duration::from_millis(300),
            reserve_bytes: 0,
            lock_wait: Duration::from_millis(500),
            jitter: || 1.0,
            wait: Arc::new(move |duration| {
                log.lock().expect("no test panics with it").push(duration);
                Box::pin(std::future::ready(())) as Pin<Box<dyn Future<Output = ()> + Send>>
            }),
            ..Policy::default()
        };
        Self {
            folder,
            target,
            policy,
            waits,
        }
    }

    /// For the content, with its size and hash known from elsewhere.
    pub fn request(&self, sources: Vec<Source>, content: &[u8]) -> FetchRequest {
        FetchRequest {
            sources,
            target: self.target.clone(),
            place_at: None,
            expected_size: Some(content.len() as u64),
            sha256: Some(ContentHash::of(content)),
        }
    }

    pub fn start(&self, request: FetchRequest) -> Transfer {
        self.start_over(NetworkConfiguration::default(), request)
    }

    pub fn start_over(
        &self,
        configuration: NetworkConfiguration,
        request: FetchRequest,
    ) -> Transfer {
        let network = Network::new(configuration, None, Arc::new(NoLog));
        Transfer::start(network, request, self.policy.clone())
    }

    /// Waits asked for, in seconds.
    pub fn waits(&self) -> Vec<u64> {
        self.waits
            .lock()
            .expect("no test panics with it")
            .iter()
            .map(Duration::as_secs)
            .collect()
    }

    /// Names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Waits until so many bytes are kept.
pub async fn kept(transfer: &Transfer, bytes: u64) {
    let mut progress = transfer.progress();
    progress
        .wait_for(|progress| progress.done_bytes >= bytes)
        .await
        .expect("the transfer lives");
}
