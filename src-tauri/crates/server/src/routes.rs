//! All routes, and what is checked before any of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use sirocco_core::completions::Completions;
use sirocco_protocol::ServerToken;
use tokio_util::sync::CancellationToken;

use crate::body::{in_time, watched};
use crate::fault::{Dialect, Fault};
use crate::guard::{Guard, Origin, PREFLIGHT_SECONDS, opens};
use crate::inside::FromInside;
use crate::note::{Note, next_id};
use crate::openai::Responses;
use crate::{Keep, anthropic, lm_studio, ollama, openai, openapi};

/// Longest body: a very long prompt.
const BODY_BYTES: usize = 32 << 20;

/// What handlers share.
pub struct Served {
    pub completions: Arc<dyn Completions>,
    pub guard: Guard,
    /// What `/v1/responses` has answered.
    pub responses: Arc<Responses>,
    /// What LM Studio's `/api/v1/chat` has answered.
    pub chats: Arc<Responses>,
    /// How long a body may take to come.
    pub body_time: Duration,
    /// Whether to keep what is asked and answered.
    pub keep: Keep,
    /// Ends all streams.
    pub stop: CancellationToken,
}

pub type Shared = State<Arc<Served>>;

/// Routes, and a list of them.
#[derive(Default)]
pub struct Routes {
    router: Router<Arc<Served>>,
    /// Method and path of each, as the document of all routes writes them.
    pub listed: Vec<(&'static str, &'static str)>,
}

impl Routes {
    pub fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Served>>,
        T: 'static,
    {
        self.add("get", path, get(handler))
    }

    pub fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Served>>,
        T: 'static,
    {
        self.add("post", path, post(handler))
    }

    pub fn delete<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Served>>,
        T: 'static,
    {
        self.add("delete", path, delete(handler))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        handler: MethodRouter<Arc<Served>>,
    ) -> Self {
        self.router = self.router.route(path, handler);
        self.listed.push((method, path));
        self
    }
}

/// Those of all APIs, and that of the document.
pub fn all() -> Routes {
    let own = Routes::default().get("/openapi.json", openapi::openapi);
    [
        openai::routes,
        anthropic::routes,
        ollama::routes,
        lm_studio::routes,
    ]
    .into_iter()
    .fold(own, |routes, more| more(routes))
}

pub fn router(served: Arc<Served>) -> Router {
    all()
        .router
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&served), guard))
        .with_state(served)
}

/// For routes whose work cannot be done yet.
pub async fn not_served(uri: Uri) -> Response {
    let path = uri.path();
    Fault::unsupported(path).response(Dialect::of_path(path))
}

async fn no_such_route(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let fault = Fault::new(
        StatusCode::NOT_FOUND,
        format!("there is no `{method} {path}` here"),
    );
    fault.response(Dialect::of_path(path))
}

async fn no_such_method(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let fault = Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("`{path}` does not take {method}"),
    );
    fault.response(Dialect::of_path(path))
}

/// Lets a request through that was meant for this server, by somebody who may ask.
async fn guard(State(served): Shared, request: Request, next: Next) -> Response {
    let dialect = Dialect::of_path(request.uri().path());
    let guard = &served.guard;
    if !guard.knows_host(request.headers()) {
        let message = "this server answers to localhost and 127.0.0.1 only";
        return Fault::new(StatusCode::MISDIRECTED_REQUEST, message).response(dialect);
    }
    let origin = match guard.origin(request.headers()) {
        Origin::None => None,
        Origin::Listed(origin) => Some(origin),
        Origin::Foreign => {
            let message = "pages of this origin may not ask; the settings list those that may (server.cors_origins)";
            return Fault::new(StatusCode::FORBIDDEN, message).response(dialect);
        }
    };
    let mut response = if origin.is_some() && is_preflight(&request) {
        preflight(request.headers())
    } else {
        let token = guard.token(request.headers());
        let client = token.as_ref().map(|token| token.name.clone());
        let route = format!("{} {}", request.method(), request.uri().path());
        let inside = request.extensions().get::<FromInside>().copied();
        let id = inside.map_or_else(next_id, |FromInside(id)| id);
        let is_kept = inside.is_some() || served.keep.is_on();
        let exchange = is_kept.then(|| served.completions.keep_exchange(id));
        let note = Note::begin(Arc::clone(&served.completions), id, route, client, is_kept);
        let answer = match refusal(guard, token.as_ref(), &request) {
            Some(fault) => fault.response(dialect),
            None => {
                let request = request.map(|body| in_time(body, served.body_time));
                let request = match exchange.clone() {
                    Some(kept) => request.map(|body| watched(body, move |part| kept.asked(part))),
                    None => request,
                };
                note.handle(next.run(request)).await
            }
        };
        note.status(answer.status());
        match exchange {
            Some(kept) => answer.map(|body| watched(body, move |part| kept.answered(part))),
            None => answer,
        }
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// Why a request of this token is not even looked at.
fn refusal(guard: &Guard, token: Option<&ServerToken>, request: &Request) -> Option<Fault> {
    if guard.wants_token() {
        let Some(token) = token else {
            let message = "a token is needed, as `Authorization: Bearer …`; `sirocco token add NAME` makes one";
            return Some(Fault {
                code: Some("invalid_api_key"),
                ..Fault::new(StatusCode::UNAUTHORIZED, message)
            });
        };
        if !opens(token, request.method(), request.uri().path()) {
            let message = format!(
                "the token `{}` does not open `{}`",
                token.name,
                request.uri().path()
            );
            return Some(Fault::new(StatusCode::FORBIDDEN, message));
        }
    }
    if let Some(Err(wait)) = token.map(|token| guard.admit(token)) {
        let message = "the token had all the requests that it may have in a minute";
        return Some(Fault {
            code: Some("rate_limit_exceeded"),
            retry_after: Some(wait),
            ..Fault::new(StatusCode::TOO_MANY_REQUESTS, message)
        });
    }
    // Told before it is sent.
    let is_too_long = announced_length(request.headers()).is_some_and(|length| length > BODY_BYTES);
    is_too_long.then(too_long)
}

/// The refusal of a body over the limit.
pub fn too_long() -> Fault {
    let message = format!("the body is longer than {} MiB", BODY_BYTES >> 20);
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A browser asks whether it may ask: with these methods, and with whatever headers its page wants to send.
fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, DELETE"),
    );
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static(PREFLIGHT_SECONDS),
    );
    response
}
