//! Ending as the person does, when the system asks for it: at the end of a session, or by `kill`. Else the process would
//! be gone in the middle of things, and the next start would tell of a crash.

use tauri::AppHandle;
use tokio::signal::unix::{SignalKind, signal};

/// Closes the app at the first such signal.
pub fn end_when_told(handle: &AppHandle) {
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        match told().await {
            Ok(()) => handle.exit(0),
            Err(error) => tracing::warn!(%error, "the system cannot ask this process to end"),
        }
    });
}

async fn told() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
