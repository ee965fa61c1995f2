//! Connections: taken in, answered, and given up when their client does not say what it wants.
//!
//! `axum::serve` knows no limit of time, so that a client which sends half a request, or nothing, would keep its
//! connection for as long as it likes.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a client may take to say what it wants. An answer may take as long as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the connection, or from the end of the last answer on it, to the end of the next request's head.
    pub head: Duration,
    /// For the whole body.
    pub body: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            // The longest prompt over a slow line.
            body: Duration::from_secs(300),
        }
    }
}

/// Answers whoever connects until `stop`, and then until all requests have their answers. Dropping this ends them.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    head: Duration,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            (stream, _) = Listener::accept(&mut listener) => {
                connections.spawn(answer(http.clone(), stream, router.clone(), stop.clone()));
            }
            Some(ended) = connections.join_next() => note_panic(ended),
        }
    }
    // Nobody else gets in while the last ones are answered.
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        note_panic(ended);
    }
}

async fn answer(http: http1::Builder, stream: TcpStream, router: Router, stop: CancellationToken) {
    // A token is a small packet, and is not to wait for the next one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets may wait");
    }
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn note_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection panicked");
    }
}
