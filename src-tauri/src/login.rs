//! Starting when the person logs in. The system keeps whether it does, nothing of ours.

use sirocco_protocol::{ErrorCode, ErrorReport};
use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;

/// Whether it does.
pub fn is_on(handle: &AppHandle) -> Option<bool> {
    match handle.autolaunch().is_enabled() {
        Ok(is_on) => Some(is_on),
        Err(error) => {
            tracing::warn!(%error, "the system does not tell what starts at login");
            None
        }
    }
}

/// Makes it so, or not.
pub fn set(handle: &AppHandle, on: bool) -> Result<(), ErrorReport> {
    let start = handle.autolaunch();
    if start.is_enabled().is_ok_and(|is_on| is_on == on) {
        return Ok(());
    }
    let set = if on { start.enable() } else { start.disable() };
    set.map_err(|error| {
        let message = format!("could not change what starts at login: {error}");
        ErrorReport::new(ErrorCode::FileProblem, message)
    })
}
