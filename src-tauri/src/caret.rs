//! The caret stands still while nobody types, as in GTK's own fields.
//!
//! WebKitGTK knows no end of blinking, and each blink has its display timer run for a third of a second: a window at
//! rest then costs 1.3 % of a core, and 0.2 % with a caret that stands. Where the user's desktop wants no blinking at
//! all it is worse, 4.5 %: there an interval of nothing is waited for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use gtk::glib::{self, Propagation};
use gtk::prelude::*;
use tauri::WebviewWindow;

const INTERVAL: &str = "gtk-cursor-blink-time";
/// An interval of 12 days: the caret stands.
const NEVER: i32 = i32::MAX;
/// Begins the blinking anew, with the caret shown, once the page knows of the interval.
const SHOW: &str = "setTimeout(() => {
    const field = document.activeElement;
    if (field?.selectionStart != null)
        field.setSelectionRange(field.selectionStart, field.selectionEnd, field.selectionDirection);
}, 700)";

thread_local! {
    /// When somebody last typed or clicked, in whichever window; windows live on one thread.
    static STIRRED: Cell<Option<Instant>> = const { Cell::new(None) };
    static IS_WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Stills and wakes the caret of this window from now on.
pub fn follow(window: &WebviewWindow) -> tauri::Result<()> {
    let owner = window.clone();
    window.with_webview(move |webview| {
        let Some(settings) = gtk::Settings::default() else {
            return;
        };
        if !settings.is_gtk_cursor_blink() {
            settings.set_gtk_cursor_blink(true);
            settings.set_property(INTERVAL, NEVER);
            return;
        }
        let view = webview.inner();
        let [by_key, by_click] = [owner.clone(), owner.clone()];
        view.connect_key_press_event(move |_, _| stir(&by_key));
        view.connect_button_press_event(move |_, _| stir(&by_click));
        view.connect_focus_in_event(move |_, _| stir(&owner));
    })
}

fn stir(window: &WebviewWindow) -> Propagation {
    STIRRED.set(Some(Instant::now()));
    if !IS_WAITING.replace(true)
        && let Some(settings) = gtk::Settings::default()
    {
        settings.reset_property(INTERVAL);
        let rest = u64::try_from(settings.gtk_cursor_blink_timeout()).unwrap_or_default();
        still_after(Duration::from_secs(rest), window.clone());
    }
    Propagation::Proceed
}

/// Stills the caret once nothing has stirred for so long.
fn still_after(rest: Duration, window: WebviewWindow) {
    let waited = STIRRED.get().map_or(rest, |stirred| stirred.elapsed());
    match rest.checked_sub(waited) {
        Some(left) if !left.is_zero() => {
            glib::timeout_add_local_once(left, move || still_after(rest, window));
        }
        _ => {
            IS_WAITING.set(false);
            if let Some(settings) = gtk::Settings::default() {
                settings.set_property(INTERVAL, NEVER);
            }
            if let Err(error) = window.eval(SHOW) {
                tracing::debug!(%error, "a caret may have stopped while it was off");
            }
        }
    }
}
