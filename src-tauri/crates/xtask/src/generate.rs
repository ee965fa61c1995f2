//! `cargo xtask generate`: what is written by the protocol crate instead of by hand.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{paths, shell};

/// Writes the interface's types.
pub fn write() -> Result<()> {
    let path = target();
    let text = module()?;
    if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
        println!("{} is up to date", path.display());
        return Ok(());
    }
    std::fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// Fails if the interface's types are not what the protocol says.
pub fn check() -> Result<()> {
    let path = target();
    let present = std::fs::read_to_string(&path)
        .with_context(|| format!("could not read {}", path.display()))?;
    match first_difference(&present, &module()?) {
        None => Ok(()),
        Some(line) => {
            bail!(
                "{} differs from the protocol at line {line}: run `cargo xtask generate`",
                path.display()
            )
        }
    }
}

fn target() -> PathBuf {
    paths::ui().join("src/gen/protocol.ts")
}

fn module() -> Result<String> {
    let package = ["--package", "sirocco-protocol", "--example", "typescript"];
    shell::output(
        shell::cargo()
            .current_dir(paths::root())
            .args(["run", "--quiet"])
            .args(package),
    )
}

/// The number of the first line that differs, counted from 1.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left
        .lines()
        .zip(right.lines())
        .take_while(|(left, right)| left == right)
        .count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a\nb", "a\nb\n"), Some(3));
    }
}
