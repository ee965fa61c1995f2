//! Answers that say no, as the Hub words them in status and headers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// Why a request gets no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    BadCredentials,
    /// There is none, or the viewer must not know of it.
    NoRepository {
        signed_in: bool,
    },
    Gated {
        repository: String,
        signed_in: bool,
    },
    Disabled,
    NoRevision(String),
    NoFile(String),
    NoRoute,
    BadRequest(String),
    Moved {
        location: String,
    },
    TooManyRequests {
        class: &'static str,
        reset_s: u64,
    },
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        use StatusCode as Status;
        let either = |signed_in, with, without| if signed_in { with } else { without };
        let (status, code, message) = match self {
            Self::BadCredentials => {
                let message = "Invalid credentials in Authorization header";
                (Status::UNAUTHORIZED, None, message.to_owned())
            }
            Self::NoRepository { signed_in: true } => (
                Status::NOT_FOUND,
                Some("RepoNotFound"),
                "Repository not found".to_owned(),
            ),
            Self::NoRepository { signed_in: false } => {
                let message = "Invalid username or password.";
                (
                    Status::UNAUTHORIZED,
                    Some("RepoNotFound"),
                    message.to_owned(),
                )
            }
            Self::Gated {
                repository,
                signed_in,
            } => {
                let status = either(signed_in, Status::FORBIDDEN, Status::UNAUTHORIZED);
                let message = format!("Access to model {repository} is restricted.");
                (status, Some("GatedRepo"), message)
            }
            Self::Disabled => (
                Status::FORBIDDEN,
                None,
                "Access to this resource is disabled.".to_owned(),
            ),
            Self::NoRevision(revision) => {
                let message = format!("Invalid rev id: {revision}");
                (Status::NOT_FOUND, Some("RevisionNotFound"), message)
            }
            Self::NoFile(path) => {
                let message = format!("Entry not found: {path}");
                (Status::NOT_FOUND, Some("EntryNotFound"), message)
            }
            Self::NoRoute => (Status::NOT_FOUND, None, "Page not found".to_owned()),
            Self::BadRequest(message) => (Status::BAD_REQUEST, None, message),
            Self::Moved { location } => return redirect(Status::TEMPORARY_REDIRECT, &location),
            Self::TooManyRequests { class, reset_s } => {
                let message = format!("We had to rate limit you, you hit the quota of {class}");
                let mut response = error(Status::TOO_MANY_REQUESTS, None, &message);
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, reset_s.into());
                return response;
            }
        };
        error(status, code, &message)
    }
}

/// An error in JSON, its code and its message also in headers.
pub(super) fn error(status: StatusCode, code: Option<&'static str>, message: &str) -> Response {
    let mut response = (status, Json(json!({"error": message}))).into_response();
    let headers = response.headers_mut();
    if let Some(code) = code {
        headers.insert("x-error-code", HeaderValue::from_static(code));
    }
    // What a header cannot carry stands in the body.
    if let Ok(message) = HeaderValue::from_str(message) {
        headers.insert("x-error-message", message);
    }
    response
}

/// A redirect with the short text that web servers put below.
pub(super) fn redirect(status: StatusCode, location: &str) -> Response {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!("{reason}. Redirecting to {location}");
    ([(header::LOCATION, location)], (status, body)).into_response()
}

/// What stays as it is in a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A path with each part encoded. Slashes are, too, where the path would otherwise climb or begin anew: no web
/// client leaves such an address as it is.
pub(super) fn encode_path(path: &str) -> String {
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return encode_part(path);
    }
    path.split('/')
        .map(encode_part)
        .collect::<Vec<_>>()
        .join("/")
}

/// One part of a path, its slashes encoded.
pub(super) fn encode_part(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
