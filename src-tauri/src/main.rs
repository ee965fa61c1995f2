//! The desktop window. It opens the App, shows the page, and passes commands, streams and events
//! between the two; what it decides itself is only what needs a window.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

#[cfg(target_os = "linux")]
mod caret;
#[cfg(target_os = "linux")]
mod drawing;
#[cfg(unix)]
mod farewell;
mod host;
mod ipc;
mod launch;
mod login;
mod notices;
mod opening;
mod place;
mod quick;
mod tray;
mod updates;
mod window;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use sirocco_core::home::Home;
use sirocco_web::OwnedApp;
use tauri::webview::PageLoadEvent;
use tauri::{AppHandle, Manager, RunEvent};

/// The App, until it is closed at the end.
struct Opened(Mutex<Option<OwnedApp>>);

fn main() -> ExitCode {
    if std::env::args_os().any(|argument| argument == "--version") {
        println!("sirocco-desktop {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    #[cfg(target_os = "linux")]
    drawing::choose();
    let Some(home) = Home::of_this_user() else {
        eprintln!("error: this user has no home folder; set SIROCCO_HOME");
        return ExitCode::FAILURE;
    };
    let _log = sirocco_core::logging::start(&home);
    sirocco_core::crashes::watch(&home);
    let asked = opening::asked();
    let launched = launch::focus_running(&home, &asked);
    let ownership = match tauri::async_runtime::block_on(launched) {
        Ok(launch::Running::Focused) => return ExitCode::SUCCESS,
        Ok(launch::Running::No(ownership)) => ownership,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let mut context = tauri::generate_context!();
    let app = updates::prepare(tauri::Builder::default(), &mut context)
        .plugin(tauri_plugin_autostart::Builder::new().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .manage(ipc::Streams::default())
        .manage(place::Place::default())
        .invoke_handler(tauri::generate_handler![
            ipc::rpc,
            ipc::rpc_stream,
            ipc::rpc_stream_next,
            ipc::rpc_stream_close
        ])
        .on_page_load(|page, load| {
            // A page that is loaded anew knows nothing of what it followed.
            if load.event() == PageLoadEvent::Started {
                ipc::forget_page(page.app_handle(), page.label());
            }
        })
        .setup(move |tauri| {
            match launch::open(tauri.handle(), ownership) {
                Ok(owned) => {
                    tauri.manage(owned.app.clone());
                    owned.app.open_from_outside(&asked);
                    ipc::forward_events(tauri.handle(), &owned.app);
                    notices::follow(tauri.handle(), &owned.app);
                    let app = owned.app.clone();
                    tauri.manage(Opened(Mutex::new(Some(owned))));
                    window::open(tauri.handle())?;
                    tray::open(tauri.handle());
                    login::repair(tauri.handle());
                    tauri::async_runtime::spawn(async move { app.begin_quick_ask().await });
                    #[cfg(unix)]
                    farewell::end_when_told(tauri.handle());
                }
                Err(error) => launch::explain_and_exit(tauri.handle(), error),
            }
            Ok(())
        })
        .build(context);
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            eprintln!("error: could not start the window: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = app.run_return(|handle, event| {
        #[cfg(target_os = "macos")]
        if let RunEvent::Opened { urls } = &event {
            opening::opened(handle, urls);
        }
        if matches!(event, RunEvent::Exit) {
            place::keep(handle);
            close(handle);
        }
    });
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Ends runs with their text, stops workers and downloads, and lets the folder go.
fn close(handle: &AppHandle) {
    let Some(opened) = handle.try_state::<Opened>() else {
        return;
    };
    let owned = opened
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(owned) = owned {
        tauri::async_runtime::block_on(owned.close());
    }
}
