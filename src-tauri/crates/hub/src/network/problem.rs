//! From failed connections and refusing answers to errors.

use std::error::Error;
use std::time::Duration;

use reqwest::Url;

use super::Answer;
use crate::HubError;

/// The error that an answer tells by its status and the Hub's `X-Error-Code`; `asked` is the address before any
/// redirects. Not to be called for a status of success.
#[must_use]
pub fn refusal(answer: &Answer, asked: &Url) -> HubError {
    let host = host(answer.url());
    let code = answer.text_header("x-error-code").unwrap_or_default();
    match answer.status().as_u16() {
        401 | 403 if code == "GatedRepo" => HubError::Gated {
            page: page(asked).unwrap_or_else(|| asked.origin().ascii_serialization()),
        },
        401 if answer.is_of_endpoint() => HubError::TokenNeeded {
            host,
            had_token: answer.had_token(),
        },
        status @ (401 | 403) => HubError::Forbidden {
            host,
            status,
            behind_redirect: answer.url() != asked,
        },
        404 | 410 if code == "RepoNotFound" => HubError::NoRepository { host },
        status @ (404 | 410) => HubError::NotThere { host, status },
        407 => HubError::Proxy,
        429 => HubError::RateLimited {
            host,
            retry_after: retry_after(answer),
        },
        status @ (408 | 500..=599) => HubError::Server {
            host,
            status,
            retry_after: retry_after(answer),
        },
        status => HubError::Status { host, status },
    }
}

/// The page of the repository that an address of the API or of a file belongs to.
fn page(asked: &Url) -> Option<String> {
    let segments: Vec<&str> = asked.path_segments()?.collect();
    let at = |name: &str| segments.iter().position(|segment| *segment == name);
    let end = match at("resolve") {
        Some(resolve) => resolve,
        None => segments
            .iter()
            .zip(segments.iter().skip(1))
            .position(|(first, second)| (*first, *second) == ("api", "models"))?
            .checked_add(4)?,
    };
    let repository = segments.get(end.checked_sub(2)?..end)?;
    let mut before = segments.get(..end - 2)?;
    if let [rest @ .., "api", "models"] = before {
        before = rest;
    }
    let mut page = asked.clone();
    page.set_query(None);
    page.set_path(&[before, repository].concat().join("/"));
    Some(page.to_string())
}

/// Seconds of `Retry-After`, or of the Hub's `RateLimit: "api";r=0;t=55`, whichever is more.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let plain = answer
        .text_header("retry-after")
        .and_then(|value| value.trim().parse().ok());
    let limit = answer.text_header("ratelimit").and_then(|value| {
        let mut fields = value.split(';');
        fields.find_map(|field| field.trim().strip_prefix("t=")?.parse().ok())
    });
    plain.max(limit).map(Duration::from_secs)
}

pub(super) fn of_connection(url: &Url, error: reqwest::Error) -> HubError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        // The error type of the tunnel is private to its crate.
        if inner.to_string().ends_with("proxy authorization required") {
            return HubError::Proxy;
        }
        cause = inner.source();
    }
    // The address may be a signed one: it stays out of messages and logs.
    HubError::Unreachable {
        host: host(url),
        source: Some(error.without_url()),
    }
}

pub(super) fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// With the port, if it is not the usual one.
pub(super) fn host_and_port(url: &Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", host(url)),
        None => host(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_gated_model_is_found_from_what_was_asked() {
        for (asked, expected) in [
            (
                "https://hub.example/meta/Llama/resolve/main/a.gguf?x=1",
                "https://hub.example/meta/Llama",
            ),
            (
                "https://hub.example/api/models/meta/Llama/tree/main",
                "https://hub.example/meta/Llama",
            ),
            (
                "https://mirror.example/hf/api/models/meta/Llama",
                "https://mirror.example/hf/meta/Llama",
            ),
            (
                "https://mirror.example/hf/meta/Llama/resolve/main/resolve",
                "https://mirror.example/hf/meta/Llama",
            ),
        ] {
            let asked = Url::parse(asked).expect("an address");
            assert_eq!(page(&asked).as_deref(), Some(expected));
        }
        for without in ["https://hub.example/", "https://hub.example/resolve/x"] {
            assert_eq!(page(&Url::parse(without).expect("an address")), None);
        }
    }
}
