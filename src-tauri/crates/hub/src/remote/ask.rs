//! One question to the API.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use sirocco_protocol::ConnectionPurpose;

use crate::HubError;
use crate::network::{Answer, Network, Request, refusal};

/// From the question to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page of 100 results with chat templates has under 3 MB.
const MAX_JSON_BYTES: usize = 16 << 20;

/// An answer in JSON.
pub struct JsonAnswer {
    /// The whole body.
    pub body: Value,
    /// Address of the next page, from the `Link` header.
    pub next: Option<String>,
}

/// `{endpoint}/api/{parts}`, each part encoded.
pub fn api(network: &Network, parts: &[&str]) -> Result<Url, HubError> {
    let mut url = network.endpoint()?;
    url.path_segments_mut()
        .expect("an endpoint is a web address")
        .pop_if_empty()
        .push("api")
        .extend(parts);
    Ok(url)
}

/// Asks for JSON.
pub async fn json(
    network: &Network,
    url: Url,
    purpose: ConnectionPurpose,
) -> Result<JsonAnswer, HubError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let answer = accepted(network.get(url.clone(), purpose), &url);
    let read = async {
        let answer = answer.await?;
        let next = answer.text_header("link").and_then(next_of);
        Ok((answer.bytes(MAX_JSON_BYTES).await?, next))
    };
    let (bytes, next) = patiently(&url, read).await?;
    // serde_json refuses more than 128 levels.
    let body = serde_json::from_slice(&bytes).map_err(|error| HubError::Nonsense {
        host,
        problem: format!("it is no JSON ({error})"),
    })?;
    Ok(JsonAnswer { body, next })
}

/// The answer, if its status is one of success.
pub async fn accepted(request: Request, asked: &Url) -> Result<Answer, HubError> {
    let mut answer = request.send().await?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let error = refusal(&answer, asked);
    answer.fail(&error);
    Err(error)
}

/// Does not wait for ever.
pub async fn patiently<T>(
    url: &Url,
    work: impl Future<Output = Result<T, HubError>>,
) -> Result<T, HubError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(HubError::Stalled {
            host: url.host_str().unwrap_or_default().to_owned(),
        }),
    }
}

/// The address in `<https://hub.example/api/models?cursor=x>; rel="next"`.
fn next_of(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, attributes) = part.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = attributes
            .split(';')
            .any(|attribute| matches!(attribute.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then(|| address.to_owned())
    })
}

/// The query of the next page's address, if it is on the same origin and of the same path. Only this part is used of
/// it: nothing that a server says leads anywhere else.
pub fn next_query(asked: &Url, next: Option<&str>) -> Option<String> {
    let next = asked.join(next?).ok()?;
    let is_same = next.origin() == asked.origin() && next.path() == asked.path();
    let query = next.query().filter(|query| query.len() <= 4_000)?;
    (is_same && asked.query() != Some(query)).then(|| query.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        assert_eq!(
            next_of(r#"<https://a/x>; rel="prev", <https://a/y?cursor=1,2>; rel="next""#),
            None,
            "a comma in an address is not expected: cursors are encoded"
        );
        assert_eq!(
            next_of(r#"<https://a/x>; rel="prev", <https://a/y?cursor=1>; rel="next""#).as_deref(),
            Some("https://a/y?cursor=1")
        );
        assert_eq!(next_of("https://a/y; rel=next"), None);
    }

    #[test]
    fn only_the_query_of_the_same_place_is_followed() {
        let asked = Url::parse("https://hub.example/api/models?search=x").expect("an address");
        let query = |next| next_query(&asked, Some(next));
        assert_eq!(
            query("https://hub.example/api/models?cursor=1").as_deref(),
            Some("cursor=1")
        );
        assert_eq!(query("?cursor=2").as_deref(), Some("cursor=2"));
        for elsewhere in [
            "https://evil.example/api/models?cursor=1",
            "http://hub.example/api/models?cursor=1",
            "https://hub.example:444/api/models?cursor=1",
            "https://hub.example/api/whoami-v2?cursor=1",
            "https://hub.example/api/models?search=x",
            "https://hub.example/api/models",
        ] {
            assert_eq!(query(elsewhere), None, "{elsewhere}");
        }
    }
}
