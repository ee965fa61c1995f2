//! How the web view draws on a machine without a graphics card.
//!
//! It hands its pictures to the window through the card's memory, and where there is none, as in many virtual machines,
//! a stand-in on the processor puts each picture together: a blinking caret then keeps a fifth of a core busy. Told not
//! to, it draws what changed into ordinary memory. The bench `frame-speed` shows the difference.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What WebKitGTK reads when it begins.
const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts this program once more in its own place, with the switch set: a process that may have threads cannot set it
/// for itself. Comes back where there is nothing to set.
pub fn choose() {
    if has_card() || std::env::var_os(SWITCH).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).env(SWITCH, "1").exec();
    eprintln!("warning: the window draws slowly: {error}");
}

/// Whether the system has a card that programs may draw with.
fn has_card() -> bool {
    let Ok(devices) = std::fs::read_dir("/dev/dri") else {
        return false;
    };
    let mut names = devices.flatten().map(|device| device.file_name());
    names.any(|name| name.as_encoded_bytes().starts_with(b"renderD"))
}
