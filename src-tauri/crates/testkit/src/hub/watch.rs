//! The way of every request: noted, perhaps struck by a fault, answered, counted.

use std::io;

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, TryStreamExt};
use percent_encoding::percent_decode_str;

use super::body::pieces_of;
use super::connection::Lever;
use super::log::LoggedRequest;
use super::quota::RequestClass;
use super::state::Shared;
use super::strike::{answer_instead, bend_answer, bend_request};
use super::{Fault, Origin};

pub(super) async fn on_hub(
    hub: State<Shared>,
    lever: ConnectInfo<Lever>,
    request: Request,
    next: Next,
) -> Response {
    watch(hub.0, lever.0, Origin::Hub, request, next).await
}

pub(super) async fn on_cdn(
    hub: State<Shared>,
    lever: ConnectInfo<Lever>,
    request: Request,
    next: Next,
) -> Response {
    watch(hub.0, lever.0, Origin::Cdn, request, next).await
}

async fn watch(
    hub: Shared,
    lever: Lever,
    origin: Origin,
    mut request: Request,
    next: Next,
) -> Response {
    let path = percent_decode_str(request.uri().path())
        .decode_utf8_lossy()
        .into_owned();
    let method = request.method().clone();
    let number = hub.log.add(note(origin, &path, &request));
    let ended = Ended {
        hub: hub.clone(),
        number,
    };
    let faults = hub.faults().strike(origin, &method, &path);
    if hub.away.load(std::sync::atomic::Ordering::SeqCst) || faults.contains(&Fault::HangUp) {
        lever.reset();
        return broken();
    }
    if faults.contains(&Fault::StallBeforeAnswer) && stalled(&hub).await.is_err() {
        return broken();
    }
    let class = RequestClass::of(&path).filter(|_| origin == Origin::Hub);
    let taken = class.map(|class| hub.quotas().take(class, hub.now_s()));
    let (limits, allowed) = taken.unwrap_or((HeaderMap::new(), Ok(())));
    bend_request(&faults, &mut request);
    let response = match (answer_instead(&faults, &request), allowed) {
        (Some(response), _) => response,
        (None, Err(refusal)) => refusal.into_response(),
        (None, Ok(())) => next.run(request).await,
    };
    let mut response = bend_answer(&hub, &lever, &faults, with_length(response, &method));
    hub.log.update(number, |request| {
        request.status = response.status().as_u16()
    });
    let headers = response.headers_mut();
    for (name, value) in &limits {
        headers.entry(name).or_insert(value.clone());
    }
    if origin == Origin::Hub {
        let id = HeaderValue::from_str(&format!("Root=1-{number:08x}")).expect("digits");
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    counted(response, ended)
}

fn note(origin: Origin, path: &str, request: &Request) -> LoggedRequest {
    let headers = request.headers();
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| Some(value.to_str().ok()?.to_owned()))
    };
    LoggedRequest {
        number: 0,
        origin,
        method: request.method().to_string(),
        path: path.to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        range: text(header::RANGE),
        if_range: text(header::IF_RANGE),
        accept_encoding: text(header::ACCEPT_ENCODING),
        user_agent: text(header::USER_AGENT),
        authorized: headers.contains_key(header::AUTHORIZATION),
        status: 0,
        sent_bytes: 0,
        ended: false,
    }
}

/// Waits until the test resumes, or fails because the hub stops.
pub(super) async fn stalled(hub: &Shared) -> io::Result<()> {
    let mut resumed = hub.resumed.subscribe();
    tokio::select! {
        _ = resumed.changed() => Ok(()),
        () = hub.stop.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// No answer: the connection ends at once.
fn broken() -> Response {
    let error = io::Error::from(io::ErrorKind::ConnectionReset);
    Body::from_stream(stream::iter([Err::<&[u8], _>(error)])).into_response()
}

/// Says the length that a body has, before it becomes a stream that has none.
fn with_length(mut response: Response, method: &Method) -> Response {
    let has_body = *method != Method::HEAD && response.status() != StatusCode::NO_CONTENT;
    if let Some(length) = response.body().size_hint().exact().filter(|_| has_body) {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    response
}

/// Notes what is sent, and the end.
fn counted(response: Response, ended: Ended) -> Response {
    let (head, body) = response.into_parts();
    let pieces = pieces_of(body).inspect_ok(move |piece| {
        let Ended { hub, number } = &ended;
        hub.log
            .update(*number, |request| request.sent_bytes += piece.len() as u64);
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

/// Notes the end of an answer when it is dropped with its body.
struct Ended {
    hub: Shared,
    number: usize,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.hub
            .log
            .update(self.number, |request| request.ended = true);
    }
}
