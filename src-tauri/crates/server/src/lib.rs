//! The models for other programs, in the words of four APIs: OpenAI's, Anthropic's, Ollama's and LM Studio's.
//!
//! Requests are read tolerantly and answered strictly: unknown fields are passed over, a field that asks for something
//! that there is not yet is refused by name. A model is loaded by the first request for it, and requests to one model
//! are answered in the order they came. A client that goes away ends its answer. All of this is asked of
//! [`Completions`]; this crate keeps nothing but its last responses, in memory.
//!
//! | Route | Dialect |
//! |---|---|
//! | `GET /v1/models`, `/v1/models/{id}`, `POST /v1/chat/completions`, `/v1/completions`, `/v1/embeddings` | OpenAI |
//! | `POST /v1/responses`, `GET` and `DELETE` `/v1/responses/{id}`, `GET /v1/responses/{id}/input_items` | OpenAI |
//! | `POST /v1/messages`, `/v1/messages/count_tokens` | Anthropic |
//! | `GET /`, `/api/version`, `/api/tags`, `/api/ps`, `POST /api/show`, `/api/chat`, `/api/generate` | Ollama |
//! | `POST /api/embed`, `/api/embeddings`, `/api/pull`, `/api/copy`, `/api/create`, `DELETE /api/delete` | Ollama |
//! | `GET /api/v0/models`, `/api/v0/models/{id}`, `POST /api/v0/chat/completions`, `/api/v0/embeddings` | LM Studio |
//! | `GET /api/v1/models`, `POST /api/v1/models/load`, `…/unload`, `…/download`, `GET …/download/status/{id}` | LM Studio |
//! | `POST /api/v1/chat` | LM Studio |
//! | `GET /openapi.json`, the document of all of them | |
//!
//! `/api/copy` and `/api/create` give a model a further name, with a system prompt and parameters that hold where a
//! request has none of its own. All four APIs list such names and answer under them.
//!
//! On the loopback interface everybody is let in whose `Host` is this machine, and no page whose origin is not listed.
//! On any other interface every request needs one of the [`Tokens`].

mod answers;
mod anthropic;
mod body;
pub mod connections;
mod embeddings;
mod fault;
mod follow;
mod form;
mod guard;
mod inside;
mod lm_studio;
mod models;
mod names;
mod note;
mod ollama;
mod openai;
pub mod openapi;
mod prompt;
mod pulls;
mod routes;
mod tools;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sirocco_core::completions::Completions;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use connections::Patience;
pub use follow::Following;
pub use sirocco_core::tokens::{TokenError, TokenLimits, Tokens};

/// How long requests may take to finish when the server closes.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// How to serve.
#[derive(Debug)]
pub struct ServerOptions {
    /// The interface; any but the loopback one needs tokens.
    pub address: IpAddr,
    /// 0 for any that is free.
    pub port: u16,
    /// Origins of pages that may ask; `*` is any.
    pub cors_origins: Vec<String>,
    /// Who may ask from the network.
    pub tokens: Tokens,
    /// With clients that take their time.
    pub patience: Patience,
    /// Whether what is asked and answered is kept.
    pub keep: Keep,
}

/// Whether what is asked and answered is kept; all clones are one switch, which is off at first.
#[derive(Clone, Debug, Default)]
pub struct Keep(Arc<AtomicBool>);

impl Keep {
    /// Switches it, and answers how it stood.
    pub fn set(&self, on: bool) -> bool {
        self.0.swap(on, Ordering::Relaxed)
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts serving.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub async fn serve(
        completions: Arc<dyn Completions>,
        options: ServerOptions,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((options.address, options.port)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let router = routes::router(Arc::new(routes::Served {
            completions,
            guard: guard::Guard::new(options.address, options.cors_origins, options.tokens),
            responses: Arc::default(),
            chats: Arc::default(),
            body_time: options.patience.body,
            keep: options.keep,
            stop: stop.clone(),
        }));
        let task = tokio::spawn(connections::serve(
            listener,
            router,
            options.patience.head,
            stop.clone(),
        ));
        tracing::info!(%address, "the API server listens");
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Such as `http://127.0.0.1:1234`; for all interfaces, that by which others reach this machine.
    #[must_use]
    pub fn address(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified()
            && let Some(ip) = own_address()
        {
            address.set_ip(ip);
        }
        format!("http://{address}")
    }

    /// Ends streams, finishes requests, and lets go of the port.
    pub async fn close(mut self) {
        self.stop.cancel();
        match timeout(CLOSING_TIME, &mut self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the API server panicked"),
            // A client that sends half a request, or reads no answer, or an answer that takes long.
            Err(_) => self.task.abort(),
        }
    }
}

/// The address of this machine in its network: that from which it would send something to another one. Nothing is sent;
/// the address asked for is one of documentation.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_unspecified()).then_some(own)
}
