//! The three wire kinds over Tauri's IPC: commands, streams, events.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::RawValue;
use sirocco_core::App;
use sirocco_protocol::{ErrorReport, Event, RunUpdate};
use tauri::ipc::Channel;
use tauri::{AppHandle, Emitter, State, Webview};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// What pages listen to.
const EVENT: &str = "sirocco";

/// The streams that are open, by their window and the id of their channel, which other windows may have too.
#[derive(Default)]
pub struct Streams(Mutex<Open>);

type Open = HashMap<(String, u32), CancellationToken>;

/// Runs a command.
#[tauri::command]
pub async fn rpc(
    app: State<'_, App>,
    command: String,
    payload: Value,
) -> Result<Box<RawValue>, ErrorReport> {
    app.call_json(&command, payload).await
}

/// Opens a stream; answers when it has ended.
#[tauri::command]
pub async fn rpc_stream(
    app: State<'_, App>,
    streams: State<'_, Streams>,
    page: Webview,
    command: String,
    payload: Value,
    channel: Channel<RunUpdate>,
) -> Result<(), ErrorReport> {
    let mut updates = app.stream(&command, payload).await?;
    let closed = CancellationToken::new();
    let key = (page.label().to_owned(), channel.id());
    streams.lock().insert(key.clone(), closed.clone());
    loop {
        let update = tokio::select! {
            update = updates.recv() => update,
            () = closed.cancelled() => None,
        };
        let Some(update) = update else { break };
        if channel.send(update).is_err() {
            break;
        }
    }
    streams.lock().remove(&key);
    Ok(())
}

/// Closes a stream early.
#[tauri::command]
pub fn rpc_stream_close(streams: State<'_, Streams>, page: Webview, id: u32) {
    if let Some(closed) = streams.lock().remove(&(page.label().to_owned(), id)) {
        closed.cancel();
    }
}

impl Streams {
    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
