//! An answer whose bytes are counted.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode, Url};
use tokio_util::sync::CancellationToken;

use super::log::Record;
use super::{Network, problem};
use crate::HubError;

/// The head of an answer, with its body still to be read. Its line in the log ends when this is dropped.
pub struct Answer {
    network: Network,
    /// None once it was cut off.
    response: Option<Response>,
    status: StatusCode,
    headers: HeaderMap,
    url: Url,
    content_length: Option<u64>,
    record: Record,
    cut: CancellationToken,
    at_endpoint: bool,
    had_token: bool,
    linked_etag: Option<String>,
}

/// The content that a redirect of the Hub leads to: the sha256 of a large file, without the quotes.
pub(super) fn linked_etag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get("x-linked-etag")?.to_str().ok()?.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    let is_sound =
        (1..=128).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_sound.then(|| tag.to_ascii_lowercase())
}

impl Answer {
    pub(super) fn new(
        network: Network,
        mut response: Response,
        record: Record,
        cut: CancellationToken,
        at_endpoint: bool,
        had_token: bool,
        linked_etag: Option<String>,
    ) -> Self {
        let linked_etag = linked_etag.or_else(|| self::linked_etag(response.headers()));
        Self {
            network,
            status: response.status(),
            content_length: response.content_length(),
            url: response.url().clone(),
            headers: std::mem::take(response.headers_mut()),
            response: Some(response),
            record,
            cut,
            at_endpoint,
            had_token,
            linked_etag,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header that is text.
    #[must_use]
    pub fn text_header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Who answered, after all redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Bytes of the body, if that was announced.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// The Hub (or mirror) itself answered, not a storage it points to.
    #[must_use]
    pub fn is_of_endpoint(&self) -> bool {
        self.at_endpoint
    }

    /// The content as the Hub named it on the way here (`X-Linked-ETag`); storages do not repeat it.
    #[must_use]
    pub fn linked_etag(&self) -> Option<&str> {
        self.linked_etag.as_deref()
    }

    /// The token was shown to who answered.
    #[must_use]
    pub fn had_token(&self) -> bool {
        self.had_token
    }

    /// More of the body; none at its end.
    ///
    /// # Errors
    /// [`HubError::Broken`]; [`HubError::Offline`] and [`HubError::Reconfigured`] if it was cut off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HubError> {
        let next = match &mut self.response {
            Some(response) => tokio::select! {
                biased;
                () = self.cut.cancelled() => None,
                chunk = response.chunk() => Some(chunk),
            },
            None => None,
        };
        let error = match next {
            Some(Ok(chunk)) => {
                self.record
                    .receive(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
                return Ok(chunk);
            }
            Some(Err(source)) => HubError::Broken {
                host: problem::host(&self.url),
                source: source.without_url(),
            },
            None => {
                self.response = None;
                self.network.cut_error(&problem::host(&self.url))
            }
        };
        self.record.fail(&error);
        Err(error)
    }

    /// The whole body, if it is not longer than `limit` bytes.
    ///
    /// # Errors
    /// As [`Answer::chunk`], and [`HubError::TooLong`].
    pub async fn bytes(mut self, limit: usize) -> Result<Vec<u8>, HubError> {
        let (bytes, is_whole) = self.prefix(limit).await?;
        if is_whole {
            return Ok(bytes);
        }
        let error = HubError::TooLong {
            host: problem::host(&self.url),
            limit_bytes: limit as u64,
        };
        self.record.fail(&error);
        Err(error)
    }

    /// The first `limit` bytes of the body, and whether that is all of it.
    ///
    /// # Errors
    /// As [`Answer::chunk`].
    pub async fn prefix(&mut self, limit: usize) -> Result<(Vec<u8>, bool), HubError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            let room = limit - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((bytes, false));
            }
        }
        Ok((bytes, true))
    }

    /// Notes in the log that the answer, though well received, is a failure.
    pub fn fail(&mut self, error: &HubError) {
        self.record.fail(error);
    }
}
