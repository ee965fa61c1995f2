//! The App over loopback HTTP and server-sent events.
//!
//! The same interface and the same App as in the window: a browser on this machine shows the page
//! (headless mode and end-to-end tests), and other processes of this user run commands in the App
//! that owns the data folder (see `sirocco_core::instance`). It never listens beyond the loopback
//! interface, and every request but those for the page's files carries a token.
//!
//! | Route | Answer |
//! |---|---|
//! | `POST /api/call/{command}` | the command's answer as JSON, or an error report |
//! | `POST /api/stream/{stream}` | its messages as `text/event-stream` |
//! | `GET /api/events` | events as `text/event-stream` |
//! | `POST /api/focus` | asks the owner to show its window, and to open paths and links |
//! | `GET /…` | the page |

mod assets;
mod guard;
mod owned;
mod routes;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sirocco_core::App;
use sirocco_server::connections::{self, Patience};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use assets::page_file;
pub use owned::{LaunchError, OwnedApp, ask_for_focus, loopback_client};

/// Content security policy of the page, for every host.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' \
    'unsafe-inline'; font-src 'self'; script-src 'self'; connect-src 'self' ipc: http://ipc.localhost; \
    object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long requests may take to finish when the server closes.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// How to serve.
pub struct WebOptions {
    /// On 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Every request carries it.
    pub token: String,
    /// Called when another process asks for the window.
    pub on_focus: Arc<dyn Fn() + Send + Sync>,
}

/// A running server.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Web {
    /// Starts serving.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub async fn serve(app: App, options: WebOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let state = routes::Served {
            app,
            guard: guard::Guard::new(options.token, address.port()),
            on_focus: options.on_focus,
            stop: stop.clone(),
        };
        let router = routes::router(Arc::new(state));
        let task = tokio::spawn(connections::serve(
            listener,
            router,
            Patience::default().head,
            stop.clone(),
        ));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends streams, finishes requests, and lets go of the port.
    pub async fn close(mut self) {
        self.stop.cancel();
        match timeout(CLOSING_TIME, &mut self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the loopback server panicked"),
            // A client that sends half a request, or reads no answer.
            Err(_) => self.task.abort(),
        }
    }
}
