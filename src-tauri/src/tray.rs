//! The tray: what goes on, and the few things one does without the window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::json;
use sirocco_core::App;
use sirocco_core::crashes::expecting_panics;
use sirocco_core::glance::{Glance, is_changed_by};
use sirocco_protocol::{Event, LoadOptions};
use tauri::menu::{
    CheckMenuItemBuilder, Menu, MenuBuilder, MenuEvent, MenuItem, MenuItemBuilder, SubmenuBuilder,
};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};
use tokio::sync::broadcast::error::RecvError;

use crate::window;

const SHOW: &str = "show";
const PAUSE: &str = "pause";
const RESUME: &str = "resume";
const QUIT: &str = "quit";
/// Followed by the id of the model.
const EJECT: &str = "eject:";
const LOAD: &str = "load:";
/// As `EJECT`, in the menu of models to load: no two entries may have one id.
const UNLOAD: &str = "unload:";

/// A download moves many times a second; nobody reads so fast.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Puts the icon into the tray, where the system has one.
pub fn open(handle: &AppHandle) {
    // On Linux the library that does it is looked for now, and where it is missing that is a panic.
    let tray = match expecting_panics(|| catch_unwind(AssertUnwindSafe(|| build(handle)))) {
        Ok(Ok(tray)) => tray,
        Ok(Err(error)) => return tracing::warn!(%error, "there is no tray"),
        Err(_) => return tracing::warn!("there is no tray: its library is not installed"),
    };
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move { follow(&handle, &tray).await });
}

fn build(handle: &AppHandle) -> tauri::Result<TrayIcon> {
    let (menu, _) = menu(handle, &Glance::default())?;
    let mut tray = TrayIconBuilder::with_id("sirocco")
        .menu(&menu)
        .tooltip("Sirocco")
        // On macOS the menu is what a click on such an icon is for.
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(chosen)
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
                && !cfg!(target_os = "macos")
            {
                window::show(tray.app_handle());
            }
        });
    if let Some(icon) = handle.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(handle)
}

/// The menu, and its line about the downloads, which changes more often than the rest.
fn menu(handle: &AppHandle, glance: &Glance) -> tauri::Result<(Menu<Wry>, MenuItem<Wry>)> {
    let words = glance.language.words();
    let line = MenuItemBuilder::new(glance.downloads.as_deref().unwrap_or_default())
        .enabled(false)
        .build(handle)?;
    let mut menu = MenuBuilder::new(handle).text(SHOW, words.show).separator();
    if glance.downloads.is_some() {
        menu = menu.item(&line);
        if glance.pausable {
            menu = menu.text(PAUSE, words.pause);
        }
        if glance.resumable {
            menu = menu.text(RESUME, words.resume);
        }
        menu = menu.separator();
    }
    for (model, name) in &glance.loaded {
        menu = menu.text(
            format!("{EJECT}{}", model.0),
            format!("{} {name}", words.eject),
        );
    }
    if !glance.offered.is_empty() {
        let mut load = SubmenuBuilder::new(handle, words.load);
        for (model, name) in &glance.offered {
            // Only what is loaded has a mark: it would stay on one whose load is refused.
            load = if glance.loaded.iter().any(|(loaded, _)| loaded == model) {
                let id = format!("{UNLOAD}{}", model.0);
                let item = CheckMenuItemBuilder::with_id(id, name).checked(true);
                load.item(&item.build(handle)?)
            } else {
                load.text(format!("{LOAD}{}", model.0), name)
            };
        }
        menu = menu.item(&load.build()?);
    }
    if !glance.loaded.is_empty() || !glance.offered.is_empty() {
        menu = menu.separator();
    }
    Ok((menu.text(QUIT, words.quit).build()?, line))
}

fn chosen(handle: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        SHOW => window::show(handle),
        QUIT => handle.exit(0),
        PAUSE => call(handle, "download_pause", json!({ "id": null })),
        RESUME => call(handle, "download_resume", json!({ "id": null })),
        other => {
            let eject = other
                .strip_prefix(EJECT)
                .or_else(|| other.strip_prefix(UNLOAD));
            if let Some(model) = eject {
                call(handle, "model_eject", json!({ "id": model }));
            } else if let Some(model) = other.strip_prefix(LOAD) {
                let options = LoadOptions::default();
                call(
                    handle,
                    "model_load",
                    json!({ "id": model, "options": options }),
                );
            }
        }
    }
}

fn call(handle: &AppHandle, command: &'static str, payload: serde_json::Value) {
    let app = handle.state::<App>().inner().clone();
    tauri::async_runtime::spawn(async move {
        // What is refused is in the log, and the window shows how things stand.
        let _ = app.call(command, payload).await;
    });
}

/// Keeps the menu as things are, until the App ends.
async fn follow(handle: &AppHandle, tray: &TrayIcon) {
    let mut events = handle.state::<App>().events();
    let mut shown: Option<(Glance, MenuItem<Wry>)> = None;
    loop {
        let glance = handle.state::<App>().glance().await;
        match glance.map(|glance| show(handle, tray, glance, &mut shown)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the tray shows what was"),
            Err(error) => tracing::warn!(%error, "the tray shows what was"),
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        loop {
            let event = match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => Event::Lagged,
                Err(RecvError::Closed) => return,
            };
            if is_changed_by(&event) {
                break;
            }
        }
        // All that came meanwhile is in the next look.
        events = events.resubscribe();
    }
}

/// A menu that is open would close if it were replaced, so only words change where words are enough.
fn show(
    handle: &AppHandle,
    tray: &TrayIcon,
    glance: Glance,
    shown: &mut Option<(Glance, MenuItem<Wry>)>,
) -> tauri::Result<()> {
    if let Some((before, line)) = shown {
        let only_words = Glance {
            downloads: before.downloads.clone(),
            ..glance.clone()
        } == *before;
        if only_words && before.downloads.is_some() == glance.downloads.is_some() {
            if before.downloads != glance.downloads {
                line.set_text(glance.downloads.as_deref().unwrap_or_default())?;
                before.downloads = glance.downloads;
            }
            return Ok(());
        }
    }
    let (menu, line) = menu(handle, &glance)?;
    tray.set_menu(Some(menu))?;
    *shown = Some((glance, line));
    Ok(())
}
