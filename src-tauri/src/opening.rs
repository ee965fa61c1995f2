//! What the system hands over to be opened: on the command line, or on macOS as an event.

use std::path::PathBuf;

use sirocco_core::is_link;
use tauri::Url;

/// Links and absolute paths of this command line. Desktops write paths as they are or as `file:` addresses.
pub fn asked() -> Vec<String> {
    let mut words = std::env::args_os();
    // The first is the program itself.
    words.next();
    words
        .filter_map(|word| word.into_string().ok())
        .filter(|word| !word.starts_with('-'))
        .filter_map(|word| readable(&word))
        .collect()
}

/// Opens what macOS says was opened.
#[cfg(target_os = "macos")]
pub fn opened(handle: &tauri::AppHandle, urls: &[Url]) {
    use tauri::Manager;

    let words: Vec<_> = urls
        .iter()
        .filter_map(|url| readable(url.as_str()))
        .collect();
    // Without an App there is a dialog that says why.
    if let Some(app) = handle.try_state::<sirocco_core::App>() {
        app.open_from_outside(&words);
    }
    crate::window::show(handle);
}

fn readable(word: &str) -> Option<String> {
    if is_link(word) {
        return Some(word.to_owned());
    }
    let path = match Url::parse(word) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().ok()?,
        _ => PathBuf::from(word),
    };
    let path = std::path::absolute(path).ok()?;
    path.into_os_string().into_string().ok()
}
