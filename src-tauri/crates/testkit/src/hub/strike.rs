//! What a fault does to a request or to its answer.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::{Html, IntoResponse, Response};

use super::body::{self, Pieces, pieces_of};
use super::connection::Lever;
use super::refusal::{error, redirect};
use super::state::Shared;
use super::watch::stalled;
use super::{Fault, cdn, quota};

/// Changes what is asked for.
pub(super) fn bend_request(faults: &[Fault], request: &mut Request) {
    for fault in faults {
        let asked = request
            .headers()
            .get(header::RANGE)
            .and_then(|value| value.to_str().ok());
        let start = asked.and_then(first_byte);
        match (fault, start) {
            (Fault::IgnoreRange, _) => {
                request.headers_mut().remove(header::RANGE);
            }
            (Fault::OtherStart { later_by }, Some(start)) => {
                set(
                    request.headers_mut(),
                    header::RANGE,
                    &format!("bytes={}-", start + later_by),
                );
            }
            (Fault::Short { bytes }, Some(start)) => {
                let last = (start + bytes).saturating_sub(1);
                set(
                    request.headers_mut(),
                    header::RANGE,
                    &format!("bytes={start}-{last}"),
                );
            }
            _ => {}
        }
    }
}

/// `a` of `bytes=a-`, or of `bytes a-b/total`.
fn first_byte(range: &str) -> Option<u64> {
    let bounds = range.strip_prefix("bytes")?.trim_start_matches(['=', ' ']);
    bounds.split_once('-')?.0.parse().ok()
}

/// An answer that has nothing to do with what was asked for.
pub(super) fn answer_instead(faults: &[Fault], request: &Request) -> Option<Response> {
    faults.iter().find_map(|fault| match fault {
        Fault::Expired => Some(cdn::expired()),
        Fault::ErrorPage => {
            Some(Html("<!doctype html><title>Oops</title>Something went wrong.").into_response())
        }
        Fault::TooManyRequests {
            retry_after_s,
            rate_limit_s,
        } => {
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, *retry_after_s);
            if let Some(reset_s) = *rate_limit_s {
                response
                    .headers_mut()
                    .extend(quota::headers("api", 500, 0, reset_s));
            }
            Some(response)
        }
        Fault::Unavailable { retry_after_s } => {
            Some(refused(StatusCode::SERVICE_UNAVAILABLE, *retry_after_s))
        }
        Fault::ServerError => Some(refused(StatusCode::INTERNAL_SERVER_ERROR, None)),
        Fault::RedirectLoop => {
            let here = request
                .uri()
                .path_and_query()
                .map_or("/", |here| here.as_str());
            Some(redirect(StatusCode::FOUND, here))
        }
        Fault::RedirectTo { location } => Some(redirect(StatusCode::FOUND, location)),
        Fault::Answer {
            status,
            headers,
            body,
        } => {
            let status = StatusCode::from_u16(*status).expect("a status between 100 and 999");
            let mut response = (status, body.clone()).into_response();
            for (name, value) in headers {
                set(response.headers_mut(), named(name), value);
            }
            Some(response)
        }
        _ => None,
    })
}

fn refused(status: StatusCode, retry_after_s: Option<u64>) -> Response {
    let mut response = error(status, None, status.canonical_reason().unwrap_or_default());
    if let Some(seconds) = retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Changes the answer that there was.
pub(super) fn bend_answer(
    hub: &Shared,
    lever: &Lever,
    faults: &[Fault],
    response: Response,
) -> Response {
    faults.iter().fold(response, |response, fault| {
        let (mut head, body) = response.into_parts();
        bend_headers(fault, &mut head.headers);
        if matches!(fault, Fault::CutUnannounced { .. }) {
            // In HTTP/1.0 the end of the connection is the end of the body.
            head.version = Version::HTTP_10;
        }
        let start = content_range(&head.headers)
            .and_then(first_byte)
            .unwrap_or(0);
        let part = (start, length(&head.headers).unwrap_or(0));
        let pieces = bend_body(hub, lever, fault, part, pieces_of(body));
        Response::from_parts(head, Body::from_stream(pieces))
    })
}

fn bend_headers(fault: &Fault, headers: &mut HeaderMap) {
    match fault {
        Fault::OtherTotal { total } => {
            let said = content_range(headers).and_then(|said| said.split_once('/'));
            if let Some(other) = said.map(|(range, _)| format!("{range}/{total}")) {
                set(headers, header::CONTENT_RANGE, &other);
            }
        }
        Fault::OtherETag { etag } => {
            for name in [header::ETAG, HeaderName::from_static("x-linked-etag")] {
                if headers.contains_key(&name) {
                    set(headers, name, &format!("\"{etag}\""));
                }
            }
        }
        Fault::OtherCommit { commit } => {
            set(headers, HeaderName::from_static("x-repo-commit"), commit)
        }
        Fault::Header { name, value } => set(headers, named(name), value),
        Fault::Gzip => {
            set(headers, header::CONTENT_ENCODING, "gzip");
            headers.remove(header::CONTENT_LENGTH);
        }
        Fault::CutUnannounced { .. } | Fault::Endless | Fault::NoLength => {
            headers.remove(header::CONTENT_LENGTH);
        }
        Fault::Longer { bytes } => {
            if let Some(length) = length(headers) {
                headers.insert(header::CONTENT_LENGTH, (length + bytes).into());
            }
        }
        _ => {}
    }
}

/// The body is `length` bytes from byte `start` of the file.
fn bend_body(
    hub: &Shared,
    lever: &Lever,
    fault: &Fault,
    (start, length): (u64, u64),
    pieces: Pieces,
) -> Pieces {
    let (hub, lever) = (hub.clone(), lever.clone());
    match *fault {
        Fault::Reset { after_bytes } => {
            let event = async move {
                lever.flushed().await;
                lever.reset();
                Err(io::ErrorKind::ConnectionReset.into())
            };
            body::interrupted(pieces, after_bytes, Box::pin(event))
        }
        Fault::Cut { after_bytes } => {
            let event = async move {
                lever.flushed().await;
                Err(io::ErrorKind::UnexpectedEof.into())
            };
            body::interrupted(pieces, after_bytes, Box::pin(event))
        }
        Fault::CutUnannounced { after_bytes } => body::only_first(pieces, after_bytes),
        Fault::Stall { after_bytes } => {
            let event = async move { stalled(&hub).await };
            body::interrupted(pieces, after_bytes, Box::pin(event))
        }
        Fault::Trickle { bytes, every_ms } => {
            body::trickling(pieces, bytes, Duration::from_millis(every_ms))
        }
        Fault::WrongByte { at } => match at.checked_sub(start) {
            Some(at) => body::with_wrong_byte(pieces, at),
            None => pieces,
        },
        Fault::Gzip => body::compressed(pieces),
        Fault::Longer { bytes } => body::longer(pieces, bytes),
        Fault::Endless => body::endless(pieces),
        Fault::Trailing { bytes } => {
            let rubbish = Bytes::from(vec![b'#'; bytes]);
            body::before_end(pieces, length, move || lever.trail(rubbish))
        }
        _ => pieces,
    }
}

fn content_range(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_RANGE)?.to_str().ok()
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn named(name: &str) -> HeaderName {
    HeaderName::try_from(name).expect("a fault names a header")
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("a fault has a header's value");
    headers.insert(name, value);
}
