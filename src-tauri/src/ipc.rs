//! The three wire kinds over Tauri's IPC: commands, streams, events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use serde_json::value::RawValue;
use sirocco_core::App;
use sirocco_protocol::{ErrorReport, Event, RunUpdate};
use tauri::{AppHandle, Emitter, Manager, State, Webview};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What pages listen to.
const EVENT: &str = "sirocco";

/// A page is given so many updates at once.
const MOST: usize = 256;

/// The streams that are open, by their number.
#[derive(Default)]
pub struct Streams(Mutex<Open>);

#[derive(Default)]
struct Open {
    opened: u32,
    by_id: HashMap<u32, Arc<Stream>>,
}

struct Stream {
    /// The label of the window whose page reads it.
    page: String,
    updates: tokio::sync::Mutex<mpsc::Receiver<RunUpdate>>,
    closed: CancellationToken,
}

/// Runs a command.
#[tauri::command]
pub async fn rpc(
    app: State<'_, App>,
    command: String,
    payload: Value,
) -> Result<Box<RawValue>, ErrorReport> {
    app.call_json(&command, payload).await
}

/// Opens a stream; answers its number. The page asks for what comes: a message that is sent to it would be a script that the
/// web view compiles for each token.
#[tauri::command]
pub async fn rpc_stream(
    app: State<'_, App>,
    streams: State<'_, Streams>,
    page: Webview,
    command: String,
    payload: Value,
) -> Result<u32, ErrorReport> {
    let updates = app.stream(&command, payload).await?;
    let stream = Arc::new(Stream {
        page: page.label().to_owned(),
        updates: updates.into(),
        closed: CancellationToken::new(),
    });
    let mut open = streams.lock();
    open.opened += 1;
    let id = open.opened;
    open.by_id.insert(id, stream);
    Ok(id)
}

/// The next updates of a stream, as soon as there is one; none once it has ended.
#[tauri::command]
pub async fn rpc_stream_next(
    streams: State<'_, Streams>,
    page: Webview,
    id: u32,
) -> Result<Vec<RunUpdate>, ErrorReport> {
    let Some(stream) = streams.of_page(&page, id) else {
        return Ok(Vec::new());
    };
    let mut next = Vec::new();
    let mut updates = stream.updates.lock().await;
    tokio::select! {
        _ = updates.recv_many(&mut next, MOST) => {}
        () = stream.closed.cancelled() => {}
    }
    if next.is_empty() {
        streams.lock().by_id.remove(&id);
    }
    Ok(next)
}

/// Closes a stream early.
#[tauri::command]
pub fn rpc_stream_close(streams: State<'_, Streams>, page: Webview, id: u32) {
    if let Some(stream) = streams.of_page(&page, id) {
        stream.closed.cancel();
        streams.lock().by_id.remove(&id);
    }
}

/// Closes the streams of a page that goes.
pub fn forget_page(handle: &AppHandle, label: &str) {
    let streams = handle.state::<Streams>();
    streams.lock().by_id.retain(|_, stream| {
        let stays = stream.page != label;
        if !stays {
            stream.closed.cancel();
        }
        stays
    });
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_page(&self, page: &Webview, id: u32) -> Option<Arc<Stream>> {
        let open = self.lock();
        let stream = open.by_id.get(&id)?;
        (stream.page == page.label()).then(|| stream.clone())
    }
}

/// Tells one window of an event that is not for the others.
pub fn tell(handle: &AppHandle, label: &str, event: &Event) {
    if let Err(error) = handle.emit_to(label, EVENT, event) {
        tracing::warn!(%error, "an event did not reach its page");
    }
}

/// Passes the App's events to every page until the App ends.
pub fn forward_events(handle: &AppHandle, app: &App) {
    let mut events = app.events();
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            let event = match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => Event::Lagged,
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = handle.emit(EVENT, event) {
                tracing::warn!(%error, "an event did not reach the pages");
            }
        }
    });
}
