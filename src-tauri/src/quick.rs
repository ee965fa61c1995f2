//! The small window for a quick question, and the keys that open it from anywhere.

use std::sync::mpsc;

use sirocco_protocol::{ErrorCode, ErrorReport};
use tauri::{AppHandle, Manager, State, WebviewUrl, WindowEvent, Wry};
use tauri_plugin_global_shortcut::{GlobalShortcut, ShortcutState};

use crate::window::{bring_to_front, guarded};

const LABEL: &str = "quick";

/// Shows it, or hides it if it is shown.
fn toggle(handle: &AppHandle) {
    let window = handle.get_webview_window(LABEL);
    let done = match window {
        Some(window) if window.is_visible().unwrap_or(false) => window.hide(),
        Some(window) => bring_to_front(&window),
        None => open(handle),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "the window for a quick question does not show or hide");
    }
}

/// It stays in memory once it was opened, so that it is there at once the next time.
fn open(handle: &AppHandle) -> tauri::Result<()> {
    let page = WebviewUrl::App("index.html#quick".into());
    let window = guarded(handle, LABEL, page)
        .inner_size(640.0, 420.0)
        .min_inner_size(400.0, 280.0)
        .always_on_top(true)
        .skip_taskbar(true)
        .maximizable(false)
        .center()
        .build()?;
    #[cfg(target_os = "linux")]
    crate::caret::follow(&window)?;
    let hidden = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            if let Err(error) = hidden.hide() {
                tracing::warn!(%error, "the window for a quick question stays");
            }
        }
    });
    window.set_focus()
}

/// Hides it, if there is one.
pub fn hide(handle: &AppHandle) -> tauri::Result<()> {
    match handle.get_webview_window(LABEL) {
        Some(window) => window.hide(),
        None => Ok(()),
    }
}

/// Ends it, if there is one.
pub fn close(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(LABEL)
        && let Err(error) = window.destroy()
    {
        tracing::warn!(%error, "the window for a quick question does not close");
    }
}

/// Has these keys open it from now on and no others, or none if they are empty.
pub fn take_keys(handle: &AppHandle, keys: &str) -> Result<(), ErrorReport> {
    if let Some(shortcuts) = taken(handle)
        && let Err(error) = shortcuts.unregister_all()
    {
        tracing::warn!(%error, "the keys of the quick question were not given back");
    }
    if keys.is_empty() {
        return Ok(());
    }
    if on_wayland() {
        let message = "Wayland gives a program no keys that are pressed in other windows";
        let hint = "log in with an X11 session to use them";
        return Err(ErrorReport::new(ErrorCode::InvalidRequest, message).with_hint(hint));
    }
    let failed = |error: String| {
        let message = format!("the keys {keys} could not be taken: {error}");
        ErrorReport::new(ErrorCode::InvalidRequest, message)
            .with_hint("another program may have them: choose others")
    };
    let words = keys.replace("Mod", "CmdOrCtrl");
    let shortcuts = begin(handle).map_err(failed)?;
    let registered = shortcuts.on_shortcut(words.as_str(), |handle, _, event| {
        if event.state() == ShortcutState::Pressed {
            toggle(handle);
        }
    });
    registered.map_err(|error| failed(error.to_string()))
}

/// What takes keys, once it was begun.
fn taken(handle: &AppHandle) -> Option<State<'_, GlobalShortcut<Wry>>> {
    handle.try_state()
}

/// Begins it with the first keys: on X11 a thread of it looks for pressed keys twenty times a second from then on.
fn begin(handle: &AppHandle) -> Result<State<'_, GlobalShortcut<Wry>>, String> {
    if taken(handle).is_none() {
        let (done, begun) = mpsc::channel();
        let owner = handle.clone();
        // Systems tie the keys to the thread of the windows.
        let asked = handle.run_on_main_thread(move || {
            let plugin = tauri_plugin_global_shortcut::Builder::new().build();
            let _ = done.send(owner.plugin(plugin));
        });
        asked.map_err(|error| error.to_string())?;
        let answer = begun.recv().map_err(|error| error.to_string())?;
        answer.map_err(|error| error.to_string())?;
    }
    taken(handle).ok_or_else(|| "nothing takes keys".to_owned())
}

/// There the library believes that it has the keys, and hears nothing of them.
fn on_wayland() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "linux") && (is_set("WAYLAND_DISPLAY") || !is_set("DISPLAY"))
}
