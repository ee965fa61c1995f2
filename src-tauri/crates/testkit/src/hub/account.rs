//! Who asks.

use std::collections::BTreeSet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Json;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::Shared;

/// Someone with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The user's name.
    pub name: String,
    /// `read`, `write` or `fineGrained`; `read` if empty.
    pub role: String,
    /// Repositories that let them in: gated ones and private ones.
    pub admitted: BTreeSet<String>,
}

impl Account {
    /// A user with a token that may read.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Lets them into a gated or private repository.
    #[must_use]
    pub fn admitted_to(mut self, repository: impl Into<String>) -> Self {
        self.admitted.insert(repository.into());
        self
    }
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub(super) enum Viewer {
    Anonymous,
    SignedIn(Account),
}

impl Viewer {
    pub(super) fn is_admitted_to(&self, repository: &str) -> bool {
        matches!(self, Self::SignedIn(account) if account.admitted.contains(repository))
    }

    pub(super) fn is_signed_in(&self) -> bool {
        matches!(self, Self::SignedIn(_))
    }
}

impl FromRequestParts<Shared> for Viewer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Shared) -> Result<Self, Refusal> {
        match bearer(&parts.headers)? {
            None => Ok(Self::Anonymous),
            Some(token) => {
                let account = hub.account(token).ok_or(Refusal::BadCredentials)?;
                Ok(Self::SignedIn(account))
            }
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("Bearer "));
    token.map(Some).ok_or(Refusal::BadCredentials)
}

/// `GET /api/whoami-v2`.
pub(super) async fn whoami(viewer: Viewer) -> Result<Json<Value>, Refusal> {
    let Viewer::SignedIn(account) = viewer else {
        return Err(Refusal::BadCredentials);
    };
    let role = if account.role.is_empty() {
        "read"
    } else {
        &account.role
    };
    Ok(Json(json!({
        "type": "user",
        "id": "660000000000000000000001",
        "name": account.name,
        "fullname": account.name,
        "email": null,
        "isPro": false,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"displayName": "test", "role": role}},
    })))
}
