//! A third listener, for tests that run in another process: what [`ScriptedHub`](super::ScriptedHub) can be told.
//! It is no part of the Hub's protocol.
//!
//! | Request | Body | What it does |
//! |---|---|---|
//! | `GET /log` | | all requests so far |
//! | `POST /faults` | a [`Rule`] | breaks answers |
//! | `DELETE /faults` | | breaks none any more |
//! | `POST /resume` | | lets go on what stalls |
//! | `POST /advance` | seconds | moves the clock |
//! | `POST /page-cap` | entries | the most of a page |
//! | `POST /away` | `true` or `false` | resets connections, or not |
//! | `PUT /accounts/{token}` | an [`Account`] | lets a token sign in |
//! | `DELETE /accounts/{token}` | | revokes it |
//! | `PUT /facts/{owner}/{name}` | [`RepositoryFacts`], all | changes what is known of a repository |
//! | `DELETE /files/{owner}/{name}/{path}` | | forgets a file in all commits |

use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::{delete, get, post, put};

use super::state::Shared;
use super::{Account, LoggedRequest, RepositoryFacts, Rule};

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/log", get(log))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/resume", post(resume))
        .route("/advance", post(advance))
        .route("/page-cap", post(set_page_cap))
        .route("/away", post(set_away))
        .route("/accounts/{token}", put(set_account).delete(revoke))
        .route("/facts/{owner}/{name}", put(set_facts))
        .route("/files/{owner}/{name}/{*path}", delete(remove_file))
        .with_state(state)
}

async fn log(State(hub): State<Shared>) -> Json<Vec<LoggedRequest>> {
    Json(hub.log.all())
}

async fn add_fault(State(hub): State<Shared>, Json(rule): Json<Rule>) {
    hub.faults().add(rule);
}

async fn clear_faults(State(hub): State<Shared>) {
    hub.faults().clear();
}

async fn resume(State(hub): State<Shared>) {
    hub.resumed.send_modify(|calls| *calls += 1);
}

async fn advance(State(hub): State<Shared>, Json(seconds): Json<u64>) {
    hub.advance(seconds);
}

async fn set_page_cap(State(hub): State<Shared>, Json(entries): Json<u64>) {
    hub.page_cap.store(entries, Ordering::SeqCst);
}

async fn set_away(State(hub): State<Shared>, Json(away): Json<bool>) {
    hub.away.store(away, Ordering::SeqCst);
}

async fn set_account(
    State(hub): State<Shared>,
    Path(token): Path<String>,
    Json(account): Json<Account>,
) {
    hub.accounts().insert(token, account);
}

async fn revoke(State(hub): State<Shared>, Path(token): Path<String>) {
    hub.accounts().remove(&token);
}

async fn set_facts(
    State(hub): State<Shared>,
    Path((owner, name)): Path<(String, String)>,
    Json(facts): Json<RepositoryFacts>,
) -> StatusCode {
    let Some(mut repository) = hub.current(&format!("{owner}/{name}")) else {
        return StatusCode::NOT_FOUND;
    };
    repository.facts = facts;
    hub.put(repository);
    StatusCode::OK
}

async fn remove_file(
    State(hub): State<Shared>,
    Path((owner, name, path)): Path<(String, String, String)>,
) {
    hub.purge(&format!("{owner}/{name}"), Some(&path));
}
