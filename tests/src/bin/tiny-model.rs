//! Writes a model of about 100 kB with random weights to the path it is given: for programs that try out whether an
//! engine loads a model at all, where the words of a real one would take minutes.

use anyhow::Context as _;
use sirocco_testkit::TinyModel;

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os()
        .nth(1)
        .context("usage: tiny-model PATH")?;
    TinyModel::default()
        .write(path.as_ref())
        .with_context(|| format!("could not write `{}`", path.display()))
}
