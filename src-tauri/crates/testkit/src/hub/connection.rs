//! Connections that a test can break: reset instead of closed, bytes behind the announced end, a host that is away.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Accepts connections unless the hub is away.
pub(super) struct Door {
    pub listener: TcpListener,
    pub away: Arc<AtomicBool>,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            let connection = Connection {
                stream,
                lever: Lever::default(),
            };
            if self.away.load(Ordering::SeqCst) {
                connection.lever.reset();
                continue;
            }
            return (connection, address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection, with a [`Lever`] for those who answer on it.
pub(super) struct Connection {
    stream: TcpStream,
    lever: Lever,
}

/// What an answer can do to its connection beside being sent.
#[derive(Clone, Debug)]
pub(super) struct Lever(Arc<Pulled>);

#[derive(Debug)]
struct Pulled {
    reset: AtomicBool,
    trailing: Mutex<Bytes>,
    flushes: watch::Sender<u64>,
}

impl Default for Lever {
    fn default() -> Self {
        Self(Arc::new(Pulled {
            reset: AtomicBool::new(false),
            trailing: Mutex::default(),
            flushes: watch::Sender::new(0),
        }))
    }
}

impl Lever {
    /// When the connection ends, it is by a reset.
    pub(super) fn reset(&self) {
        self.0.reset.store(true, Ordering::SeqCst);
    }

    /// These bytes follow the next that are sent, outside of any answer.
    pub(super) fn trail(&self, bytes: Bytes) {
        *self
            .0
            .trailing
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = bytes;
    }

    /// Waits until everything that was given to the connection is with the system.
    pub(super) async fn flushed(&self) {
        // The sender lives in `self`.
        let _ = self.0.flushes.subscribe().changed().await;
    }
}

impl Connected<IncomingStream<'_, Door>> for Lever {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().lever.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.lever.0.reset.load(Ordering::SeqCst) {
            // A connection that is gone already needs no reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all that was to be written is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lever = self.lever.clone();
        let mut trailing = lever
            .0
            .trailing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while !trailing.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &trailing))?;
            let _ = trailing.split_to(written);
        }
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        lever.0.flushes.send_modify(|flushes| *flushes += 1);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
