//! Starting when the person logs in. The system keeps whether it does, nothing of ours.

#[cfg(target_os = "linux")]
use sirocco_core::desktop_entry;
use sirocco_protocol::{ErrorCode, ErrorReport};
use tauri::AppHandle;
#[cfg(target_os = "linux")]
use tauri::Manager;
use tauri_plugin_autostart::ManagerExt;

/// Sees that what starts at login is this program, where it lies now. The plugin writes its path as it is, and of a path
/// with spaces Linux would take the first word for the program; and a portable folder may have been moved.
#[cfg(target_os = "linux")]
pub fn repair(handle: &AppHandle) {
    let package = handle.env().appimage.map(std::path::PathBuf::from);
    let program = package.or_else(|| std::env::current_exe().ok());
    // As the plugin has it, which asks for no other folder.
    let name = format!(".config/autostart/{}.desktop", handle.package_info().name);
    if let (Some(program), Ok(home)) = (program, handle.path().home_dir())
        && let Err(error) = desktop_entry::repair(&home.join(name), &program)
    {
        tracing::warn!(%error, "what starts at login may not be this program");
    }
}

/// Other systems keep the path as it is.
#[cfg(not(target_os = "linux"))]
pub fn repair(_: &AppHandle) {}

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
    if on && set.is_ok() {
        repair(handle);
    }
    set.map_err(|error| {
        let message = format!("could not change what starts at login: {error}");
        ErrorReport::new(ErrorCode::FileProblem, message)
    })
}
