//! `cargo xtask check`: what can be said about the sources without running the app.

use anyhow::Result;

use crate::{build, engine, generate, house, node, paths, shell};

/// With this feature the tests of the real model are compiled too.
pub const REAL_MODEL: &str = "sirocco-tests/real-model";

/// Everything, the quick parts first.
pub fn run(with_engine: bool) -> Result<()> {
    formatting()?;
    house::check()?;
    generate::check()?;
    build::interface()?;
    interface_sources()?;
    lints()?;
    if with_engine {
        engine::lint()?;
    }
    println!("all checks passed");
    Ok(())
}

/// The kernels of the worker: a workspace of their own, which needs nothing else to be built.
pub const KERNELS: &str = "src-tauri/engines/mistralrs/kernels/Cargo.toml";
/// The workers, workspaces too.
const WORKERS: [&str; 2] = [
    "src-tauri/engines/mistralrs/Cargo.toml",
    "src-tauri/engines/llamacpp/Cargo.toml",
];

/// Formatting of all workspaces.
pub fn formatting() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    for manifest in WORKERS.into_iter().chain([KERNELS]) {
        cargo(&["fmt", "--check", "--manifest-path", manifest])?;
    }
    Ok(())
}

/// Lints of the workspace and the kernels. The shell takes the built interface in, so that has to be there.
pub fn lints() -> Result<()> {
    let workspace = ["--workspace", "--all-targets", "--features", REAL_MODEL];
    let kernels = ["--all-targets", "--manifest-path", KERNELS];
    for which in [workspace.as_slice(), &kernels] {
        cargo(&[&["clippy"], which, &["--", "--deny", "warnings"]].concat())?;
    }
    Ok(())
}

/// Lints and types of the interface.
pub fn interface_sources() -> Result<()> {
    let folder = paths::ui();
    node::install(&folder)?;
    shell::run(&mut node::script(&folder, "lint"))?;
    shell::run(&mut node::script(&folder, "check"))
}

pub fn cargo(arguments: &[&str]) -> Result<()> {
    shell::run(shell::cargo().current_dir(paths::root()).args(arguments))
}
