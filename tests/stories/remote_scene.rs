//! An engine on another machine that says what a test wants, byte for byte.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered to a request for the models, and to any other.
type Script = Arc<Mutex<(String, String)>>;

/// A server on loopback; its connections end with each answer, whatever that holds.
pub struct Engine {
    pub address: String,
    script: Script,
    task: JoinHandle<()>,
}

impl Engine {
    /// One that lists these models, and answers everything else with `answer`.
    pub async fn with(models: &[&str], answer: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let script: Script = Arc::new(Mutex::new((list(models), answer)));
        let task = tokio::spawn(serve(listener, Arc::clone(&script)));
        Ok(Self {
            address,
            script,
            task,
        })
    }

    /// Lists others from now on.
    pub fn has_now(&self, models: &[&str]) {
        self.lists(list(models));
    }

    /// Answers this when it is asked for its models.
    pub fn lists(&self, answer: String) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.0 = answer;
    }

    /// Answers nothing any more.
    pub async fn shut(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A whole answer.
pub fn whole(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A stream of these pieces of data; its end is that of the connection.
pub fn stream(data: &[&str]) -> String {
    let events = data.iter().map(|data| format!("data: {data}\n\n"));
    let head = "HTTP/1.1 200 -\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    format!("{head}{}", events.collect::<String>())
}

/// The chunk of a chat.
pub fn delta(content: &str, finish_reason: Option<&str>) -> String {
    json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}]})
        .to_string()
}

fn list(models: &[&str]) -> String {
    let data: Vec<Value> = models.iter().map(|id| json!({"id": id})).collect();
    let list = json!({"object": "list", "data": data}).to_string();
    whole(200, "application/json", &list)
}

async fn serve(listener: TcpListener, script: Script) {
    while let Ok((connection, _)) = listener.accept().await {
        // A client that went away is its own affair.
        let _ = answer(connection, &script).await;
    }
}

async fn answer(mut connection: TcpStream, script: &Script) -> anyhow::Result<()> {
    let path = read_request(&mut connection).await?;
    let answer = {
        let script = script.lock().unwrap_or_else(PoisonError::into_inner);
        let (models, other) = &*script;
        match path.as_str() {
            "/v1/models" => models.clone(),
            _ => other.clone(),
        }
    };
    connection.write_all(answer.as_bytes()).await?;
    Ok(connection.shutdown().await?)
}

/// The path of a request, when its body has been read, too.
async fn read_request(connection: &mut TcpStream) -> anyhow::Result<String> {
    let mut read = Vec::new();
    loop {
        if connection.read_buf(&mut read).await? == 0 {
            bail!("the request ends in the middle");
        }
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or_default() {
            let path = head.split(' ').nth(1).context("a request has a path")?;
            return Ok(path.to_owned());
        }
    }
}
