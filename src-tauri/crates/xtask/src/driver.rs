//! tauri-driver, through which tests drive our window: it speaks WebDriver and starts the system's own
//! driver for web views (`setup` sees to that one), with the permission that the window asks for.
//!
//! And the display for that window, so that it opens on no developer's.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, shell};

/// Written out to the end: a bare look-up answers with an alpha of the next line.
const VERSION: &str = "2.1.0";

/// Installs this version beside our builds and says where. Cargo itself leaves it alone if it is there.
pub fn program() -> Result<PathBuf> {
    let root = paths::target().join("tools");
    // It only passes requests on: without optimisations it is there sooner and as quick.
    shell::run(
        shell::cargo()
            .args(["install", "tauri-driver", "--version", VERSION])
            .args(["--locked", "--debug", "--quiet", "--root"])
            .arg(&root),
    )?;
    let name = format!("tauri-driver{}", std::env::consts::EXE_SUFFIX);
    Ok(root.join("bin").join(name))
}

/// Runs a program with a display and a session bus of its own.
pub fn on_display(program: &str) -> Command {
    let mut command = Command::new("dbus-run-session");
    command.args([
        "--",
        "xvfb-run",
        "--auto-servernum",
        "--server-args",
        "-screen 0 1280x800x24",
        program,
    ]);
    command
        .env("GDK_BACKEND", "x11")
        .env_remove("WAYLAND_DISPLAY");
    command
}
