//! The windows with the whole interface: the main one, and one for each conversation that was put into its own.

use std::sync::atomic::{AtomicU32, Ordering};

use sirocco_core::App;
use sirocco_core::place::WindowPlace;
use sirocco_protocol::ConversationId;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, DragDropEvent, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent, Wry,
};
use tauri_plugin_opener::OpenerExt;

use crate::{ipc, place, quick};

const MAIN: &str = "main";
/// Followed by a number.
const OTHER: &str = "window-";

/// Opens the main window where it was last.
pub fn open(handle: &AppHandle) -> tauri::Result<()> {
    let there = place::last(handle);
    let window = full(handle, MAIN, WebviewUrl::default(), there)?;
    place::follow(&window, there);
    place::restore(&window, there)
}

/// Opens a conversation in a window of its own, as large as the main one was when it opened.
pub fn open_conversation(handle: &AppHandle, id: ConversationId) -> tauri::Result<()> {
    static OPENED: AtomicU32 = AtomicU32::new(1);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    let label = format!("{OTHER}{number}");
    let page = WebviewUrl::App(format!("index.html#conversation={}", id.0).into());
    let size = WindowPlace {
        position: None,
        maximised: false,
        ..place::last(handle)
    };
    let window = full(handle, &label, page, size)?;
    window.show()?;
    window.set_focus()
}

/// A window with the whole interface, not shown yet.
fn full(
    handle: &AppHandle,
    label: &str,
    page: WebviewUrl,
    place: WindowPlace,
) -> tauri::Result<WebviewWindow> {
    let (width, height) = place.size;
    let window = guarded(handle, label, page)
        .inner_size(width, height)
        .min_inner_size(480.0, 560.0)
        .visible(false)
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::warn!(%error, "a window keeps its title");
            }
        })
        .build()?;
    #[cfg(target_os = "linux")]
    crate::caret::follow(&window)?;
    let (app, label) = (handle.clone(), label.to_owned());
    window.on_window_event(move |event| match event {
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            if let Some(event) = app.state::<App>().dropped(paths) {
                ipc::tell(&app, &label, &event);
            }
        }
        WindowEvent::Destroyed => {
            ipc::forget_page(&app, &label);
            end_with_last(&app, &label);
        }
        _ => {}
    });
    Ok(window)
}

/// A window whose page leads nowhere else: links open in the browser.
pub fn guarded<'a>(
    handle: &'a AppHandle,
    label: &str,
    page: WebviewUrl,
) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    let (navigating, opening) = (handle.clone(), handle.clone());
    WebviewWindowBuilder::new(handle, label, page)
        .title("Sirocco")
        .on_navigation(move |url| {
            let stays = is_page(url);
            if !stays {
                open_outside(&navigating, url);
            }
            stays
        })
        .on_new_window(move |url, _| {
            open_outside(&opening, &url);
            NewWindowResponse::Deny
        })
}

/// The window of the quick question may be hidden, and the app ends with the last window that can be seen.
fn end_with_last(handle: &AppHandle, closed: &str) {
    let windows = handle.webview_windows();
    let is_full = |label: &String| label != closed && (label == MAIN || label.starts_with(OTHER));
    if !windows.keys().any(is_full) {
        quick::close(handle);
    }
}

/// Brings the main window to the front, and opens it if it was closed while others stayed.
pub fn show(handle: &AppHandle) {
    let shown = match handle.get_webview_window(MAIN) {
        Some(window) => bring_to_front(&window),
        None => open(handle),
    };
    if let Err(error) = shown {
        tracing::warn!(%error, "the window could not be brought to the front");
    }
}

/// Shows a window before all others and gives it the keys.
pub fn bring_to_front(window: &WebviewWindow) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// The page itself, as opposed to what it links to, and what it writes into a frame to print it.
fn is_page(url: &Url) -> bool {
    url.scheme() == "tauri"
        || (url.scheme() == "http" && url.host_str() == Some("tauri.localhost"))
        || url.as_str() == "about:srcdoc"
}

/// Links open in the browser, and nothing but web addresses opens at all.
fn open_outside(handle: &AppHandle, url: &Url) {
    if matches!(url.scheme(), "http" | "https" | "mailto")
        && let Err(error) = handle.opener().open_url(url.as_str(), None::<&str>)
    {
        tracing::warn!(%error, "a link could not be opened");
    }
}
