//! `doomed-download HOME REPOSITORY FILE...`: see [`sirocco_tests::doomed_download`].

use anyhow::Context;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let home = arguments.next().context("no data folder was named")?;
    let repository = arguments.next().context("no repository was named")?;
    let files: Vec<String> = arguments.collect();
    sirocco_tests::doomed_download(home.into(), &repository, &files).await
}
