//! Requests of the app's own window: they go through the same routes, without a connection.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use futures_util::StreamExt;
use sirocco_core::completions::{Completions, Inside};
use sirocco_protocol::commands::ServerSend;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::guard::Guard;
use crate::note::next_id;
use crate::routes::{Served, router};
use crate::{Keep, Patience, Tokens};

/// Marks a request from inside, with the id that it was given. No client can: it is no header.
#[derive(Clone, Copy, Debug)]
pub struct FromInside(pub u64);

/// Answers what comes from inside until `stop`, which ends the answers, too.
pub async fn answer(
    completions: Arc<dyn Completions>,
    tokens: Tokens,
    mut asked: mpsc::Receiver<Inside>,
    stop: CancellationToken,
) {
    let router = router(Arc::new(Served {
        completions,
        guard: Guard::of_this_machine(tokens),
        responses: Arc::default(),
        chats: Arc::default(),
        body_time: Patience::default().body,
        keep: Keep::default(),
        stop: stop.clone(),
    }));
    let mut running: HashMap<u64, AbortHandle> = HashMap::new();
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => None,
            message = asked.recv() => message,
        };
        running.retain(|_, task| !task.is_finished());
        match message {
            Some(Inside::Send { request, reply }) => {
                let id = next_id();
                let task = tokio::spawn(follow(router.clone(), id, request));
                running.insert(id, task.abort_handle());
                // Whoever asked may have gone; the answer is in the log.
                let _ = reply.send(id);
            }
            Some(Inside::Stop(id)) => {
                if let Some(task) = running.remove(&id) {
                    task.abort();
                }
            }
            None => break,
        }
    }
    running.values().for_each(AbortHandle::abort);
}

/// Asks, and reads the answer to its end: what it says is kept on its way.
async fn follow(router: Router, id: u64, asked: ServerSend) {
    let request = Request::builder()
        .method(asked.method.as_str())
        .uri(asked.path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .extension(FromInside(id))
        .body(Body::from(asked.body));
    let Ok(request) = request else {
        tracing::warn!(id, "a request from inside has no path or method");
        return;
    };
    let Ok(answer) = router.oneshot(request).await;
    let mut parts = answer.into_body().into_data_stream();
    while let Some(part) = parts.next().await {
        if let Err(error) = part {
            tracing::warn!(id, %error, "the answer to a request from inside broke off");
        }
    }
}
