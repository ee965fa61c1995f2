//! Embeds the window's configuration, capabilities and icons, and sees that the address of releases is sound.

const ADDRESS: &str = "SIROCCO_RELEASE_ADDRESS";
const KEY: &str = "SIROCCO_RELEASE_KEY";

fn main() {
    check_releases();
    tauri_build::build();
}

/// Both are given or none, and nobody on the way may change what the address answers.
fn check_releases() {
    let [address, key] = [ADDRESS, KEY].map(|name| {
        println!("cargo::rerun-if-env-changed={name}");
        std::env::var(name).unwrap_or_default()
    });
    if address.is_empty() != key.is_empty() {
        println!("cargo::error={ADDRESS} and {KEY} belong together");
    }
    if !address.is_empty() && !address.starts_with("https://") {
        println!("cargo::error={ADDRESS} must begin with https://");
    }
}
