//! A file as an answer: whole or in part.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Content;
use super::range::{Asked, asked};

/// The bytes that the headers ask for. `etag` is without quotes.
pub(super) fn serve(content: &Content, etag: &str, asking: &HeaderMap) -> Response {
    let size = content.size();
    let tag = format!("\"{etag}\"");
    let text = |name| asking.get(name).and_then(|value| value.to_str().ok());
    let is_same = text(header::IF_RANGE).is_none_or(|condition| condition == tag);
    let range = text(header::RANGE).filter(|_| is_same);
    let (status, range, said) = match asked(range, size) {
        Asked::Whole => (StatusCode::OK, 0..size, None),
        Asked::Part(range) => {
            let said = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, range, Some(said))
        }
        Asked::Unsatisfiable => {
            let said = format!("bytes */{size}");
            (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, Some(said))
        }
    };
    let length = range.end - range.start;
    let mut response = (status, Body::from_stream(content.stream(range))).into_response();
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).expect("numbers and tags of ours");
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, value(&tag));
    if let Some(said) = said {
        headers.insert(header::CONTENT_RANGE, value(&said));
    }
    response
}
