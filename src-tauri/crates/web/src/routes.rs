//! The routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use serde_json::Value;
use sirocco_core::App;
use sirocco_protocol::{ErrorCode, ErrorReport, Event};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::guard::Guard;
use crate::owned::FocusRequest;
use crate::{CONTENT_SECURITY_POLICY, page_file};

/// Longest body: a very long message with its draft.
const BODY_BYTES: usize = 32 << 20;
/// Proxies and browsers drop silent connections.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub struct Served {
    pub app: App,
    pub guard: Guard,
    pub on_focus: Arc<dyn Fn() + Send + Sync>,
    pub stop: CancellationToken,
}

type Shared = State<Arc<Served>>;

pub fn router(served: Arc<Served>) -> Router {
    let api = Router::new()
        .route("/call/{command}", post(call))
        .route("/stream/{stream}", post(follow))
        .route("/events", get(events))
        .route("/focus", post(focus))
        .fallback(|| async {
            report(&ErrorReport::new(
                ErrorCode::NotFound,
                "there is no such route",
            ))
        })
        .layer(from_fn_with_state(Arc::clone(&served), require_token))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    Router::new()
        .nest("/api", api)
        .fallback(page)
        .layer(from_fn_with_state(Arc::clone(&served), require_our_name))
        .with_state(served)
}

async fn require_our_name(State(served): Shared, request: Request, next: Next) -> Response {
    if served.guard.is_for_us(request.headers()) {
        next.run(request).await
    } else {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "this server answers to 127.0.0.1 only\n",
        )
            .into_response()
    }
}

async fn require_token(State(served): Shared, request: Request, next: Next) -> Response {
    if served.guard.is_authorized(request.headers()) {
        next.run(request).await
    } else {
        report(
            &ErrorReport::new(
                ErrorCode::Unauthorized,
                "the token of this page is not valid (any more)",
            )
            .with_hint("open the address that was printed when Sirocco started"),
        )
    }
}

async fn call(State(served): Shared, Path(command): Path<String>, body: Bytes) -> Response {
    let answer = match payload(&body) {
        // A task of its own: a client that goes away must not cut a command in two.
        Ok(payload) => {
            let app = served.app.clone();
            let work = tokio::spawn(async move { app.call_json(&command, payload).await });
            work.await.unwrap_or_else(|cut| {
                Err(ErrorReport::new(
                    ErrorCode::Internal,
                    format!("`{cut}` ended the command"),
                ))
            })
        }
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => report(&error),
    }
}

async fn follow(State(served): Shared, Path(name): Path<String>, body: Bytes) -> Response {
    let updates = match payload(&body) {
        Ok(payload) => served.app.stream(&name, payload).await,
        Err(error) => Err(error),
    };
    match updates {
        Ok(updates) => {
            let messages = stream::unfold(updates, |mut updates| async move {
                Some((updates.recv().await?, updates))
            });
            server_sent(messages, &served.stop)
        }
        Err(error) => report(&error),
    }
}

async fn events(State(served): Shared) -> Response {
    let messages = stream::unfold(served.app.events(), |mut events| async move {
        match events.recv().await {
            Ok(event) => Some((event, events)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some((Event::Lagged, events)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    });
    server_sent(messages, &served.stop)
}

async fn focus(State(served): Shared, Json(request): Json<FocusRequest>) -> StatusCode {
    (served.on_focus)();
    served.app.open_from_outside(&request.open);
    StatusCode::NO_CONTENT
}

async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let Some((bytes, media_type)) = page_file(path) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let mut response = bytes.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    // Names of built files carry a hash of their content; the page itself must always be asked for.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn payload(body: &[u8]) -> Result<Value, ErrorReport> {
    serde_json::from_slice(body).map_err(|error| {
        ErrorReport::new(
            ErrorCode::InvalidRequest,
            format!("the body is not JSON: {error}"),
        )
    })
}

fn server_sent<T: Serialize>(
    messages: impl Stream<Item = T> + Send + 'static,
    stop: &CancellationToken,
) -> Response {
    let events = messages.map(|message| {
        let data = serde_json::to_string(&message).expect("wire types have string keys");
        Ok::<_, Infallible>(SseEvent::default().data(data))
    });
    Sse::new(events.take_until(stop.clone().cancelled_owned()))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

fn report(error: &ErrorReport) -> Response {
    let status = match error.code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict | ErrorCode::NoModel | ErrorCode::DoesNotFit => StatusCode::CONFLICT,
        ErrorCode::ModelRefused | ErrorCode::ContextFull | ErrorCode::FileProblem => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Network => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(error)).into_response()
}
