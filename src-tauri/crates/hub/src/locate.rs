//! Where a file of the Hub is: its commit, size and hash, from the head of one answer.
//!
//! The address of a file answers all that a download has to know beforehand, for any revision, and mirrors answer it
//! too. What comes from a storage behind a redirect is not listened to.

use std::time::Duration;

use sirocco_protocol::ConnectionPurpose;

use crate::{
    ContentHash, HubError, Network,
    network::{Answer, refusal, resolve_url},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A file of a repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// 40 hexadecimal digits.
    pub commit: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Hash of the content, if it is stored as a large file.
    pub sha256: Option<ContentHash>,
}

/// Asks where a file is. `revision` is a branch or a commit.
///
/// # Errors
/// Those of the network, [`HubError::Gated`], [`HubError::TokenNeeded`], [`HubError::NotThere`],
/// [`HubError::NoRepository`]; [`HubError::Nonsense`] if the answer names no commit or no size.
pub async fn locate(
    network: &Network,
    repository: &str,
    revision: &str,
    path: &str,
) -> Result<Located, HubError> {
    let url = resolve_url(&network.endpoint()?, repository, revision, path)?;
    let host = || url.host_str().unwrap_or_default().to_owned();
    let request = network
        .head(url.clone(), ConnectionPurpose::Repository)
        .stay_on_origin();
    let answer = tokio::time::timeout(PATIENCE, request.send()).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(HubError::Unreachable {
            host: host(),
            source: None,
        })
    })?;
    let status = answer.status();
    if !status.is_success() && !status.is_redirection() {
        return Err(refusal(&answer, &url));
    }
    let nonsense = |problem: &str| HubError::Nonsense {
        host: host(),
        problem: problem.to_owned(),
    };
    let size = match status.is_success() {
        true => number(&answer, "x-linked-size").or_else(|| number(&answer, "content-length")),
        false => number(&answer, "x-linked-size"),
    };
    let commit = answer.text_header("x-repo-commit").unwrap_or(revision);
    if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(nonsense("it names no commit"));
    }
    Ok(Located {
        commit: commit.to_ascii_lowercase(),
        size_bytes: size.ok_or_else(|| nonsense("it names no size"))?,
        sha256: answer.linked_etag().and_then(|tag| tag.parse().ok()),
    })
}

fn number(answer: &Answer, header: &str) -> Option<u64> {
    answer.text_header(header)?.trim().parse().ok()
}

/// The paths of all files of a model, given the first one: `…-00001-of-00003.gguf` and its two companions, or just it.
///
/// ```
/// use sirocco_hub::shards;
///
/// assert_eq!(shards("q/m-00001-of-00002.gguf"), ["q/m-00001-of-00002.gguf", "q/m-00002-of-00002.gguf"]);
/// assert_eq!(shards("m.gguf"), ["m.gguf"]);
/// ```
#[must_use]
pub fn shards(first: &str) -> Vec<String> {
    /// More shards than this are not believed.
    const MOST: u32 = 1_000;
    let split = || {
        let (rest, ending) = first.rsplit_once('.')?;
        let (rest, count) = rest.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let is_number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        let is_first = is_number(number) && is_number(count) && number.parse() == Ok(1);
        let count: u32 = count.parse().ok()?;
        (is_first && (1..=MOST).contains(&count)).then_some((stem, count, ending))
    };
    match split() {
        Some((stem, count, ending)) => (1..=count)
            .map(|number| format!("{stem}-{number:05}-of-{count:05}.{ending}"))
            .collect(),
        None => vec![first.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::shards;

    #[test]
    fn only_the_first_of_a_sound_number_of_shards_has_companions() {
        assert_eq!(shards("a-00001-of-00003.gguf").len(), 3);
        for alone in [
            "a-00002-of-00003.gguf",
            "a-00001-of-99999.gguf",
            "a-00001-of-00000.gguf",
            "a-1-of-3.gguf",
            "a-+0001-of-00003.gguf",
        ] {
            assert_eq!(shards(alone), [alone]);
        }
    }
}
