//! The bytes of a newer version, through the door of all requests.

use std::path::Path;

use sirocco_hub::Network;
use sirocco_hub::network::{Answer, Url, refusal};
use sirocco_protocol::{ConnectionPurpose, ErrorCode, ErrorReport};
use tokio::io::AsyncWriteExt;

use super::manifest::MOST_BYTES;
use crate::error::{Report, refuse};

/// No package of ours is larger.
const MOST_OF_PACKAGE: u64 = 4 << 30;
/// Bytes between two words about the progress.
const STEP: u64 = 1 << 20;

/// Whether a browser can be sent there.
pub fn is_web(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

/// A small text.
pub async fn text(network: &Network, address: &str) -> Result<Vec<u8>, ErrorReport> {
    let answer = ask(network, address).await?;
    answer.bytes(MOST_BYTES).await.report()
}

/// A package, into this file. `progress` hears of the bytes that are here and of those there are.
pub async fn package(
    network: &Network,
    address: &str,
    path: &Path,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<(), ErrorReport> {
    let mut answer = ask(network, address).await?;
    let total = answer.content_length();
    let mut file = tokio::fs::File::create(path)
        .await
        .map_err(|error| failed("write", path, &error))?;
    let (mut done, mut told) = (0, 0);
    while let Some(chunk) = answer.chunk().await.report()? {
        done += chunk.len() as u64;
        if done > MOST_OF_PACKAGE {
            return Err(refuse(
                ErrorCode::Network,
                "the package is larger than any of ours",
            ));
        }
        file.write_all(&chunk)
            .await
            .map_err(|error| failed("write", path, &error))?;
        if done - told >= STEP {
            told = done;
            progress(done, total);
        }
    }
    file.flush()
        .await
        .map_err(|error| failed("write", path, &error))
}

/// What was written there. Blocks.
pub fn read(path: &Path) -> Result<Vec<u8>, ErrorReport> {
    std::fs::read(path).map_err(|error| failed("read", path, &error))
}

async fn ask(network: &Network, address: &str) -> Result<Answer, ErrorReport> {
    let url = Url::parse(address).map_err(|error| {
        refuse(
            ErrorCode::Network,
            format!("`{address}` is no address: {error}"),
        )
    })?;
    let request = network.get(url.clone(), ConnectionPurpose::Update);
    let mut answer = request.send().await.report()?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let error = refusal(&answer, &url);
    answer.fail(&error);
    Err(error.report())
}

fn failed(verb: &str, path: &Path, error: &std::io::Error) -> ErrorReport {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::FileProblem,
    };
    refuse(
        code,
        format!("could not {verb} `{}`: {error}", path.display()),
    )
}
