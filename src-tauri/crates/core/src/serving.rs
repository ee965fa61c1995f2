//! What the App knows of its API server, which runs in another room: how it stands, who may use it, who does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sirocco_protocol::commands::{ServerSend, TokenCreate};
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, KeptText, NewToken, SentRequest, ServedExchange, ServedRequest,
    ServerState, ServerStatus, ServerToken,
};
use tokio::sync::{mpsc, oneshot};

use crate::App;
use crate::error::{refuse, with_causes};
use crate::library::blocking;
use crate::tokens::{TokenError, TokenLimits, Tokens};

/// How many requests are remembered.
const KEPT: usize = 200;
/// Of how many of them what was said is remembered, where it is at all.
const EXCHANGES_KEPT: usize = 50;
/// How much is kept of a body: a very long conversation.
const TEXT_BYTES: usize = 256 << 10;
/// How many requests from inside may wait until the server takes them.
const QUESTIONS: usize = 8;
/// Longest name of a token, in characters.
const LONGEST_NAME: usize = 100;

/// The server as it was told of.
#[derive(Debug, Default)]
pub(crate) struct Serving(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    state: ServerState,
    /// Newest first.
    requests: VecDeque<ServedRequest>,
    /// Newest first, each under the id of its request.
    exchanges: VecDeque<(u64, Arc<Exchange>)>,
    /// To the server, while somebody serves.
    inside: Option<mpsc::Sender<Inside>>,
}

/// What the App wants of the server, without a connection.
#[derive(Debug)]
pub enum Inside {
    /// A request.
    Send {
        /// What is asked.
        request: ServerSend,
        /// Takes the id of the request.
        reply: oneshot::Sender<u64>,
    },
    /// The end of such a request.
    Stop(u64),
}

/// What is said in a request and its answer, while it is said.
#[derive(Debug, Default)]
pub struct Exchange {
    request: Mutex<Beginning>,
    response: Mutex<Beginning>,
}

/// The first bytes of something.
#[derive(Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Exchange {
    /// More of the body of the request.
    pub fn asked(&self, bytes: &[u8]) {
        take(&self.request).push(bytes);
    }

    /// More of the body of the answer.
    pub fn answered(&self, bytes: &[u8]) {
        take(&self.response).push(bytes);
    }

    fn so_far(&self) -> ServedExchange {
        ServedExchange {
            request: take(&self.request).text(),
            response: take(&self.response).text(),
        }
    }
}

impl Beginning {
    fn push(&mut self, bytes: &[u8]) {
        let room = TEXT_BYTES - self.bytes.len();
        self.is_cut |= bytes.len() > room;
        self.bytes.extend(bytes.iter().take(room));
    }

    /// Without the character that was cut in two.
    fn text(&self) -> KeptText {
        let whole = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => &self.bytes[..error.valid_up_to()],
            _ => &self.bytes,
        };
        KeptText {
            text: String::from_utf8_lossy(whole).into_owned(),
            is_cut: self.is_cut,
        }
    }
}

impl App {
    /// Notes how the API server stands, and tells listeners; only the server calls it.
    pub fn server_changed(&self, state: ServerState) {
        self.inner.serving.with(|known| known.state = state.clone());
        self.emit(Event::ServerChanged { state });
    }

    /// Notes a request to it that is new, or moved on.
    pub(crate) fn note_request(&self, mut request: ServedRequest) {
        self.inner.serving.with(|known| {
            // It may have been forgotten while the request was running.
            request.is_kept &= known.exchanges.iter().any(|(of, _)| *of == request.id);
            match known.requests.iter_mut().find(|one| one.id == request.id) {
                Some(one) => *one = request.clone(),
                None => known.requests.push_front(request.clone()),
            }
            known.requests.truncate(KEPT);
        });
        self.emit(Event::RequestChanged { request });
    }

    /// Opens the way into a server that begins to serve; the server takes what comes out. The way of an earlier server is
    /// shut.
    #[must_use]
    pub fn server_inside(&self) -> mpsc::Receiver<Inside> {
        let (sender, receiver) = mpsc::channel(QUESTIONS);
        self.inner.serving.with(|known| known.inside = Some(sender));
        receiver
    }

    /// Begins to keep what is said in a request.
    pub(crate) fn keep_exchange(&self, id: u64) -> Arc<Exchange> {
        let exchange = Arc::<Exchange>::default();
        self.inner.serving.with(|known| {
            known.exchanges.push_front((id, Arc::clone(&exchange)));
            known.exchanges.truncate(EXCHANGES_KEPT);
        });
        exchange
    }

    /// Forgets what was said in all requests.
    pub fn forget_exchanges(&self) {
        let changed = self.inner.serving.with(|known| {
            known.exchanges.clear();
            let mut changed = Vec::new();
            for request in known.requests.iter_mut().filter(|request| request.is_kept) {
                request.is_kept = false;
                changed.push(request.clone());
            }
            changed
        });
        for request in changed {
            self.emit(Event::RequestChanged { request });
        }
    }

    pub(crate) fn server_exchange(&self, id: u64) -> Result<ServedExchange, ErrorReport> {
        let exchange = self.inner.serving.with(|known| {
            let found = known.exchanges.iter().find(|(of, _)| *of == id);
            found.map(|(_, exchange)| Arc::clone(exchange))
        });
        let exchange = exchange.ok_or_else(|| {
            let message = "what was said in this request is not kept";
            refuse(ErrorCode::NotFound, message)
        })?;
        Ok(exchange.so_far())
    }

    pub(crate) async fn server_send(
        &self,
        request: ServerSend,
    ) -> Result<SentRequest, ErrorReport> {
        check_sent(&request)?;
        let (reply, id) = oneshot::channel();
        self.tell_server(Inside::Send { request, reply }).await?;
        let id = id.await.map_err(|_| no_server())?;
        Ok(SentRequest { id })
    }

    pub(crate) async fn server_stop(&self, id: u64) -> Result<(), ErrorReport> {
        self.tell_server(Inside::Stop(id)).await
    }

    async fn tell_server(&self, message: Inside) -> Result<(), ErrorReport> {
        let inside = self.inner.serving.with(|known| known.inside.clone());
        let inside = inside.ok_or_else(no_server)?;
        inside.send(message).await.map_err(|_| no_server())
    }

    pub(crate) fn server_status(&self) -> ServerStatus {
        self.inner.serving.with(|known| ServerStatus {
            state: known.state.clone(),
            requests: known.requests.iter().cloned().collect(),
        })
    }

    /// Who may use it.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::in_file(self.inner.home.server_tokens())
    }

    pub(crate) async fn list_tokens(&self) -> Result<Vec<ServerToken>, ErrorReport> {
        let tokens = self.tokens();
        blocking(move || tokens.list()).await?.map_err(report)
    }

    pub(crate) async fn create_token(&self, request: TokenCreate) -> Result<NewToken, ErrorReport> {
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            let message = format!("a token must have a name of 1 to {LONGEST_NAME} characters");
            return Err(refuse(ErrorCode::InvalidRequest, message));
        }
        if request.scopes.is_empty() {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "a token must open something",
            ));
        }
        if request.requests_per_minute == Some(0) {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "a token must open one request a minute at least",
            ));
        }
        let limits = TokenLimits {
            expires_at_ms: request.expires_at_ms,
            requests_per_minute: request.requests_per_minute,
        };
        let tokens = self.tokens();
        blocking(move || tokens.add(&name, &request.scopes, limits))
            .await?
            .map_err(report)
    }

    pub(crate) async fn revoke_token(&self, name: String) -> Result<(), ErrorReport> {
        let tokens = self.tokens();
        blocking(move || tokens.remove(&name))
            .await?
            .map_err(report)
    }
}

impl Serving {
    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn take(beginning: &Mutex<Beginning>) -> MutexGuard<'_, Beginning> {
    beginning.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses what would never be asked: nobody would see an answer to it.
fn check_sent(request: &ServerSend) -> Result<(), ErrorReport> {
    let refused = |message: &str| Err(refuse(ErrorCode::InvalidRequest, message));
    if !["GET", "POST", "DELETE"].contains(&request.method.as_str()) {
        return refused("a request is sent with GET, POST or DELETE");
    }
    let is_path = request.path.starts_with('/') && !request.path.starts_with("//");
    let is_plain = request.path.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_path || !is_plain {
        return refused("a request is sent to a path such as `/v1/models`, without blanks");
    }
    Ok(())
}

fn no_server() -> ErrorReport {
    refuse(
        ErrorCode::InvalidRequest,
        "no API server runs in this process",
    )
}

fn report(error: TokenError) -> ErrorReport {
    let code = match &error {
        TokenError::NameTaken(_) => ErrorCode::Conflict,
        TokenError::NoSuchName(_) => ErrorCode::NotFound,
        TokenError::File { .. } => ErrorCode::FileProblem,
        TokenError::Random(_) => ErrorCode::Internal,
    };
    refuse(code, with_causes(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_two_characters() {
        let exchange = Exchange::default();
        exchange.asked("é".repeat(TEXT_BYTES / 2 - 1).as_bytes());
        exchange.asked("a€".as_bytes());
        let KeptText { text, is_cut } = exchange.so_far().request;
        assert!(is_cut);
        assert!(text.ends_with("éa"), "{}", &text[text.len() - 8..]);
        assert_eq!(exchange.so_far().response, KeptText::default());
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        let exchange = Exchange::default();
        exchange.answered(b"{\"a\": \"\xff\"}");
        let KeptText { text, is_cut } = exchange.so_far().response;
        assert_eq!((text.as_str(), is_cut), ("{\"a\": \"\u{fffd}\"}", false));
    }
}
