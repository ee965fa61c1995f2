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

/// Formatting of the workspace and of the worker, which is a workspace of its own.
pub fn formatting() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    let manifest = "src-tauri/engines/mistralrs/Cargo.toml";
    cargo(&["fmt", "--check", "--manifest-path", manifest])
}

/// Lints of the workspace. The shell takes the built interface in, so that has to be there.
pub fn lints() -> Result<()> {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        REAL_MODEL,
        "--",
        "--deny",
        "warnings",
    ])
}

/// Lints and types of the interface.
pub fn interface_sources() -> Result<()> {
    let folder = paths::ui();
    node::install(&folder)?;
    shell::run(&mut node::script(&folder, "lint"))?;
    shell::run(&mut node::script(&folder, "check"))
}

fn cargo(arguments: &[&str]) -> Result<()> {
    shell::run(shell::cargo().current_dir(paths::root()).args(arguments))
}
