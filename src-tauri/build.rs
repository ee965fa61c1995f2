//! Embeds the window's configuration, capabilities and icons.

fn main() {
    tauri_build::build();
}
