//! What the App knows of its API server, which runs in another room: how it stands, who may use it, who does.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use sirocco_protocol::commands::TokenCreate;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, NewToken, ServedRequest, ServerState, ServerStatus, ServerToken,
};

use crate::App;
use crate::error::{refuse, with_causes};
use crate::library::blocking;
use crate::tokens::{TokenError, Tokens};

/// How many requests are remembered.
const KEPT: usize = 200;
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
}

impl App {
    /// Notes how the API server stands, and tells listeners; only the server calls it.
    pub fn server_changed(&self, state: ServerState) {
        self.inner.serving.with(|known| known.state = state.clone());
        self.emit(Event::ServerChanged { state });
    }

    /// Notes a request to it that is new, or moved on.
    pub(crate) fn note_request(&self, request: ServedRequest) {
        self.inner.serving.with(|known| {
            match known.requests.iter_mut().find(|one| one.id == request.id) {
                Some(one) => *one = request.clone(),
                None => known.requests.push_front(request.clone()),
            }
            known.requests.truncate(KEPT);
        });
        self.emit(Event::RequestChanged { request });
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
        let tokens = self.tokens();
        blocking(move || tokens.add(&name, &request.scopes, request.expires_at_ms))
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

fn report(error: TokenError) -> ErrorReport {
    let code = match &error {
        TokenError::NameTaken(_) => ErrorCode::Conflict,
        TokenError::NoSuchName(_) => ErrorCode::NotFound,
        TokenError::File { .. } => ErrorCode::FileProblem,
        TokenError::Random(_) => ErrorCode::Internal,
    };
    refuse(code, with_causes(&error))
}
