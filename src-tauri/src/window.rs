//! The one window.

use sirocco_core::App;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, DragDropEvent, Manager, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent,
};
use tauri_plugin_opener::OpenerExt;

const LABEL: &str = "main";
/// Logical pixels.
const WANTED: (f64, f64) = (1280.0, 820.0);
/// About the height of what a window manager puts above.
const TITLE_BAR: f64 = 40.0;

/// Opens the window.
pub fn open(handle: &AppHandle) -> tauri::Result<()> {
    let (navigating, opening) = (handle.clone(), handle.clone());
    let (width, height) = size(handle);
    let window = WebviewWindowBuilder::new(handle, LABEL, WebviewUrl::default())
        .title("Sirocco")
        .inner_size(width, height)
        .min_inner_size(480.0, 560.0)
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
        .build()?;
    let app = handle.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
            app.state::<App>().paths_dropped(paths);
        }
    });
    Ok(())
}

/// What we like, but for screens that are smaller than that with their panels.
fn size(handle: &AppHandle) -> (f64, f64) {
    let room = handle.primary_monitor().ok().flatten().map(|monitor| {
        let room = monitor
            .work_area()
            .size
            .to_logical::<f64>(monitor.scale_factor());
        (room.width, room.height - TITLE_BAR)
    });
    let (widest, highest) = room.unwrap_or(WANTED);
    (WANTED.0.min(widest), WANTED.1.min(highest))
}

/// Brings the window to the front.
pub fn show(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(LABEL) {
        let shown = window
            .unminimize()
            .and_then(|()| window.show())
            .and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be brought to the front");
        }
    }
}

/// The page itself, as opposed to what it links to.
fn is_page(url: &Url) -> bool {
    url.scheme() == "tauri" || (url.scheme() == "http" && url.host_str() == Some("tauri.localhost"))
}

/// Links open in the browser, and nothing but web addresses opens at all.
fn open_outside(handle: &AppHandle, url: &Url) {
    if matches!(url.scheme(), "http" | "https" | "mailto")
        && let Err(error) = handle.opener().open_url(url.as_str(), None::<&str>)
    {
        tracing::warn!(%error, "a link could not be opened");
    }
}
