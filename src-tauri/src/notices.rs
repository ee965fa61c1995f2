//! Tells the desktop of long answers that end while no window of ours is in front.

use serde_json::Value;
use sirocco_core::App;
use sirocco_protocol::{Event, Notice};
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::{ActionPerformed, NotificationExt};
use tokio::sync::broadcast::error::RecvError;

use crate::window;

/// What a notification carries to find its conversation again.
const CONVERSATION: &str = "conversation_id";

/// Tells of them until the App ends.
pub fn follow(handle: &AppHandle, app: &App) {
    let clicked = handle.clone();
    let listening = handle
        .notification()
        .on_action(move |action| open(&clicked, action));
    if let Err(error) = listening {
        tracing::warn!(%error, "a click on a notification does nothing");
    }
    let mut events = app.events();
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                Ok(Event::LongAnswerEnded { notice }) if !is_in_front(&handle) => {
                    tell(&handle, notice);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn is_in_front(handle: &AppHandle) -> bool {
    let mut windows = handle.webview_windows().into_values();
    windows.any(|window| window.is_focused().unwrap_or(false))
}

fn tell(handle: &AppHandle, notice: Notice) {
    let shown = handle
        .notification()
        .builder()
        .title(notice.title)
        .body(notice.text)
        .extra(CONVERSATION, notice.conversation_id)
        .show();
    if let Err(error) = shown {
        tracing::warn!(%error, "nobody was told of a long answer");
    }
}

fn open(handle: &AppHandle, action: &ActionPerformed) {
    let extra = action.notification().map(|shown| shown.extra());
    let id: Option<Value> = extra.and_then(|extra| extra.get(CONVERSATION).cloned());
    let Some(Ok(id)) = id.map(serde_json::from_value) else {
        return;
    };
    handle.state::<App>().open_conversation(id);
    window::show(handle);
}
