//! Where an engine is, and how it is asked.

use std::time::Duration;

use serde_json::Value;
use sirocco_hub::HubError;
use sirocco_hub::network::{Answer, Network, Request, Token, Url};
use sirocco_protocol::ConnectionPurpose;

use crate::RemoteError;
use crate::list::{Listed, read_list};

/// A list that does not come within this time does not come.
const LIST_TIME: Duration = Duration::from_secs(30);
const PURPOSE: ConnectionPurpose = ConnectionPurpose::Engine;
/// Lists of a thousand models have a tenth of that.
const LIST_BYTES: usize = 4 << 20;
/// More of an error is not read.
const ERROR_BYTES: usize = 64 << 10;
/// Nor shown.
const ERROR_CHARACTERS: usize = 500;

/// An engine on another machine.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The way out.
    pub network: Network,
    /// What the person calls it, for messages.
    pub name: String,
    /// Where its API begins.
    pub address: Url,
    /// Shown to it and to nobody else.
    pub token: Option<Token>,
}

impl Endpoint {
    /// The models it has.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn models(&self) -> Result<Vec<Listed>, RemoteError> {
        let asked = tokio::time::timeout(LIST_TIME, self.list()).await;
        asked.unwrap_or_else(|_| {
            Err(RemoteError::Silent {
                engine: self.name.clone(),
                seconds: LIST_TIME.as_secs(),
            })
        })
    }

    async fn list(&self) -> Result<Vec<Listed>, RemoteError> {
        let request = self.network.get(self.url("models"), PURPOSE);
        let answer = self.send(request, "").await?;
        let bytes = answer.bytes(LIST_BYTES).await;
        let bytes = bytes.map_err(|error| self.failed(error))?;
        read_list(&bytes).ok_or_else(|| self.nonsense("its list of models is none"))
    }

    /// Asks its `model` something.
    pub(crate) async fn ask(
        &self,
        path: &str,
        body: &Value,
        model: &str,
    ) -> Result<Answer, RemoteError> {
        let body = body.to_string().into_bytes();
        let request = self.network.post(self.url(path), PURPOSE, body);
        self.send(request, model).await
    }

    async fn send(&self, request: Request, model: &str) -> Result<Answer, RemoteError> {
        let sent = request.token(self.token.clone()).send().await;
        let answer = sent.map_err(|error| self.failed(error))?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(self.refusal(answer, model).await),
        }
    }

    async fn refusal(&self, mut answer: Answer, model: &str) -> RemoteError {
        let engine = self.name.clone();
        let status = answer.status().as_u16();
        if matches!(status, 401 | 403) {
            let had_token = self.token.is_some();
            return RemoteError::Token { engine, had_token };
        }
        if answer.status().is_redirection() {
            return self.nonsense("it points to another address");
        }
        // What cannot be read any more says nothing.
        let (bytes, _) = answer.prefix(ERROR_BYTES).await.unwrap_or_default();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        self.refused(status, &body, model)
    }

    /// What an error in JSON says.
    pub(crate) fn refused(&self, status: u16, body: &Value, model: &str) -> RemoteError {
        let engine = self.name.clone();
        let error = &body["error"];
        let texts = [&error["message"], error, &body["message"], &body["detail"]];
        let message = texts.into_iter().find_map(Value::as_str);
        let message = message.unwrap_or("it does not say why");
        let code = error["code"].as_str().unwrap_or_default();
        let says = |words: &str| message.to_lowercase().contains(words);
        if code == "model_not_found" || status == 404 && !model.is_empty() && says("model") {
            let model = model.to_owned();
            return RemoteError::ModelGone { engine, model };
        }
        RemoteError::Refused {
            engine,
            status,
            message: message.chars().take(ERROR_CHARACTERS).collect(),
            too_long: code == "context_length_exceeded" || says("context length"),
        }
    }

    pub(crate) fn failed(&self, error: HubError) -> RemoteError {
        let engine = self.name.clone();
        match error {
            HubError::Offline => RemoteError::Offline { engine },
            source => RemoteError::Unreachable { engine, source },
        }
    }

    pub(crate) fn nonsense(&self, problem: impl Into<String>) -> RemoteError {
        RemoteError::Nonsense {
            engine: self.name.clone(),
            problem: problem.into(),
        }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        let begins = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{begins}/{path}"));
        url
    }
}
