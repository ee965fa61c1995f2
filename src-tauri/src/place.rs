//! Where the main window is: noted as it moves, kept when the app ends, taken again at the next start.
//!
//! `tauri-plugin-window-state` does the same, but keeps it in the folder of the system's configuration, where a
//! portable app leaves nothing.

use std::sync::{Mutex, PoisonError};

use sirocco_core::App;
use sirocco_core::place::{Screen, WindowPlace};
use tauri::{AppHandle, Manager, Monitor, PhysicalPosition, WebviewWindow, WindowEvent};

/// Logical pixels.
const WANTED: (f64, f64) = (1280.0, 820.0);

/// Where the main window is; none until it opens.
#[derive(Default)]
pub struct Place(Mutex<Option<WindowPlace>>);

/// Where the main window is or was last, on the screens of now.
pub fn last(handle: &AppHandle) -> WindowPlace {
    let now = *handle.state::<Place>().lock();
    let place = now.or_else(|| handle.state::<App>().window_place());
    let place = place.unwrap_or(WindowPlace {
        position: None,
        size: WANTED,
        maximised: false,
    });
    place.on(&screens(handle))
}

/// Puts a window there that is not shown yet, and shows it.
pub fn restore(window: &WebviewWindow, place: WindowPlace) -> tauri::Result<()> {
    if let Some((x, y)) = place.position {
        window.set_position(PhysicalPosition::new(x, y))?;
    }
    if place.maximised {
        window.maximize()?;
    }
    window.show()
}

/// Notes where a window goes from here.
pub fn follow(window: &WebviewWindow, from: WindowPlace) {
    *window.state::<Place>().lock() = Some(from);
    let followed = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => {
            if let Err(error) = note(&followed) {
                tracing::debug!(%error, "where the window is was not noted");
            }
        }
        WindowEvent::CloseRequested { .. } => keep(followed.app_handle()),
        _ => {}
    });
}

/// Keeps it in the data folder.
pub fn keep(handle: &AppHandle) {
    let (Some(app), Some(place)) = (handle.try_state::<App>(), handle.try_state::<Place>()) else {
        return;
    };
    let place = *place.lock();
    if let Some(place) = place {
        app.keep_window_place(&place);
    }
}

/// A window that is maximised or away keeps the place that it goes back to.
fn note(window: &WebviewWindow) -> tauri::Result<()> {
    if window.is_minimized()? || window.is_fullscreen()? || !window.is_visible()? {
        return Ok(());
    }
    let maximised = window.is_maximized()?;
    let there = if maximised {
        None
    } else {
        let position = window.outer_position()?;
        let size = window
            .inner_size()?
            .to_logical::<f64>(window.scale_factor()?);
        Some(((position.x, position.y), (size.width, size.height)))
    };
    let place = window.state::<Place>();
    if let Some(place) = &mut *place.lock() {
        place.maximised = maximised;
        if let Some((position, size)) = there {
            place.position = Some(position);
            place.size = size;
        }
    }
    Ok(())
}

/// The main one first.
fn screens(handle: &AppHandle) -> Vec<Screen> {
    let main = handle.primary_monitor().ok().flatten();
    let all = handle.available_monitors().unwrap_or_default();
    main.iter().chain(&all).map(screen).collect()
}

fn screen(monitor: &Monitor) -> Screen {
    let room = monitor.work_area();
    Screen {
        position: (room.position.x, room.position.y),
        size: (room.size.width, room.size.height),
        scale: monitor.scale_factor(),
    }
}

impl Place {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<WindowPlace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
