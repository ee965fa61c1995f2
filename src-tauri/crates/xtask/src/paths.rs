//! Where things are.

use std::path::PathBuf;

/// Root of the checkout. Asked of cargo at run time: a build folder that several checkouts share
/// may run a program that another one built.
pub fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
        .ancestors()
        .nth(3)
        .expect("the crate lies three folders below the root")
        .to_path_buf()
}

/// The interface's folder.
pub fn ui() -> PathBuf {
    root().join("ui")
}

/// Where builds go: `CARGO_TARGET_DIR`, or `target` in the checkout.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Where built workers and their patched sources are. Apart from [`target`] if
/// `SIROCCO_ENGINES_DIR` says so, so that a fresh clone need not build them again.
pub fn engines() -> PathBuf {
    match std::env::var_os("SIROCCO_ENGINES_DIR") {
        Some(folder) => root().join(folder),
        None => target().join("engines"),
    }
}
