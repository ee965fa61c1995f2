//! The header of a GGUF file on the Hub, read by ranges.

use reqwest::{StatusCode, header};
use sirocco_gguf::{Header, Prefix};
use sirocco_protocol::ConnectionPurpose;

use super::{RemoteFile, RepositoryName, ask};
use crate::network::{Answer, refusal, resolve_url};
use crate::{HubError, Network};

/// The first request; most headers of models with 32,000 tokens fit, those with 150,000 take two or three.
const STEP_BYTES: u64 = 2 << 20;
/// No header of a model is longer.
const MAX_BYTES: u64 = 50 << 20;

pub(super) async fn fetch(
    network: Network,
    name: RepositoryName,
    commit: String,
    file: RemoteFile,
) -> Result<Header, HubError> {
    let url = resolve_url(&network.endpoint()?, &name.to_string(), &commit, &file.path)?;
    let nonsense = |problem: &str| HubError::Nonsense {
        host: url.host_str().unwrap_or_default().to_owned(),
        problem: problem.to_owned(),
    };
    let mut prefix: Vec<u8> = Vec::new();
    let mut wanted = STEP_BYTES;
    loop {
        let end = wanted.min(file.size_bytes).min(MAX_BYTES);
        let begin = prefix.len() as u64;
        if end <= begin {
            return Err(nonsense("the file has no end of its header"));
        }
        let part = async {
            let request = network
                .get(url.clone(), ConnectionPurpose::Header)
                .range(begin, Some(end - 1));
            let mut answer = request.send().await?;
            check(&mut answer, &url, begin, end, file.size_bytes)?;
            answer
                .bytes(usize::try_from(end - begin).unwrap_or(usize::MAX))
                .await
        };
        let part = ask::patiently(&url, part).await?;
        if part.len() as u64 != end - begin {
            return Err(HubError::Cut {
                host: url.host_str().unwrap_or_default().to_owned(),
                done: begin + part.len() as u64,
                expected: end,
            });
        }
        prefix.extend(part);
        let size = file.size_bytes;
        // Milliseconds for the largest headers; but not on a thread that serves others.
        let (kept, read) = tokio::task::spawn_blocking(move || {
            let read = sirocco_gguf::read_prefix(&prefix, size);
            (prefix, read)
        })
        .await
        .map_err(|_| HubError::Ended)?;
        prefix = kept;
        match read.map_err(|source| HubError::Header {
            path: file.path.clone(),
            source: Box::new(source),
        })? {
            Prefix::Complete(header) => return Ok(header),
            Prefix::NeedMore { prefix_bytes } => {
                wanted = prefix_bytes.max(prefix.len() as u64 + STEP_BYTES);
            }
        }
    }
}

/// The answer must be the part that was asked for: a server that ignores ranges would send gigabytes.
fn check(
    answer: &mut Answer,
    asked: &reqwest::Url,
    begin: u64,
    end: u64,
    size: u64,
) -> Result<(), HubError> {
    let host = asked.host_str().unwrap_or_default().to_owned();
    let error = match answer.status() {
        StatusCode::PARTIAL_CONTENT => {
            let range = answer
                .text_header(header::CONTENT_RANGE.as_str())
                .unwrap_or_default();
            if range == format!("bytes {begin}-{}/{size}", end - 1) {
                return Ok(());
            }
            HubError::Range {
                host,
                asked: begin,
                found: range.chars().take(100).collect(),
            }
        }
        StatusCode::OK => HubError::NoRanges { host },
        _ => refusal(answer, asked),
    };
    answer.fail(&error);
    Err(error)
}
