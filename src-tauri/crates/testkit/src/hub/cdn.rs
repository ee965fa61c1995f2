//! The other origin: large files at signed addresses that expire.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::bytes::serve;
use super::content::hex;
use super::refusal::{Refusal, encode_path};
use super::state::{Shared, State as Hub};

/// How long an address works, in seconds of the hub's clock.
pub(super) const VALID_S: u64 = 3600;
/// Nobody has to be kept from signing.
const SECRET: &str = "scripted";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/{owner}/{name}/{sha256}/{*path}", get(object))
        .fallback(|| async { Refusal::NoRoute })
}

/// A signed address of an object, good for an hour.
pub(super) fn address(hub: &Hub, repository: &str, sha256: &str, path: &str) -> String {
    let place = format!(
        "/{}/{sha256}/{}",
        encode_path(repository),
        encode_path(path)
    );
    let expires = hub.now_s() + VALID_S;
    let signature = sign(repository, sha256, path, expires);
    format!(
        "{}{place}?Expires={expires}&Signature={signature}",
        hub.cdn_address
    )
}

fn sign(repository: &str, sha256: &str, path: &str, expires: u64) -> String {
    let signed = format!("{SECRET}\n{repository}\n{sha256}\n{path}\n{expires}");
    hex(&Sha256::digest(signed))
}

#[derive(Deserialize)]
struct Signed {
    #[serde(rename = "Expires")]
    expires: u64,
    #[serde(rename = "Signature")]
    signature: String,
}

async fn object(
    State(hub): State<Shared>,
    Path((owner, name, sha256, path)): Path<(String, String, String, String)>,
    signed: Result<Query<Signed>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let repository = format!("{owner}/{name}");
    let is_good = signed.is_ok_and(|Query(signed)| {
        signed.expires > hub.now_s()
            && signed.signature == sign(&repository, &sha256, &path, signed.expires)
    });
    if !is_good {
        return expired();
    }
    let Some(file) = hub.object(&repository, &sha256, &path) else {
        return storage_error(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        );
    };
    // As in object stores, the tag is of their own making: not the sha256 that the Hub tells.
    let etag = &hex(&Sha256::digest(file.sha256()))[..32];
    serve(&file.content, etag, &headers)
}

/// What a signed address answers when its time is over.
pub(super) fn expired() -> Response {
    storage_error(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
}

fn storage_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let xml = HeaderValue::from_static("application/xml");
    ([(header::CONTENT_TYPE, xml)], (status, body)).into_response()
}
