//! One request: headers, redirects, the log.

use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RANGE,
};
use reqwest::{Client, Method, Response, Url};
use sirocco_protocol::ConnectionPurpose;

use super::log::{ConnectionStart, Record};
use super::{Answer, Network, Setup, Token, answer, problem, redirect};
use crate::HubError;

/// Bodies of redirects are read to their end if they are no longer, so that the connection can be used again.
const DRAINED_BYTES: usize = 16 << 10;

/// A request being put together.
#[derive(Debug)]
pub struct Request {
    network: Network,
    method: Method,
    url: Url,
    purpose: ConnectionPurpose,
    headers: HeaderMap,
    leaves_origin: bool,
    /// Shown instead of the Hub's.
    own_token: Option<Token>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(super) fn new(
        network: Network,
        method: Method,
        url: Url,
        purpose: ConnectionPurpose,
    ) -> Self {
        Self {
            network,
            method,
            url,
            purpose,
            headers: HeaderMap::new(),
            leaves_origin: true,
            own_token: None,
            body: None,
        }
    }

    pub(super) fn json(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// Adds a header. The token is not for the caller to add.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if name != AUTHORIZATION {
            self.headers.insert(name, value);
        }
        self
    }

    /// Asks for the bytes from `first` on, to `last` (included) or to the end.
    #[must_use]
    pub fn range(self, first: u64, last: Option<u64>) -> Self {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        let range = HeaderValue::from_str(&format!("bytes={first}-{last}"))
            .expect("digits are fit for a header");
        self.header(RANGE, range)
    }

    /// Shows this token, and to nobody but the origin that is asked.
    #[must_use]
    pub fn token(mut self, token: Option<Token>) -> Self {
        self.own_token = token;
        self.stay_on_origin()
    }

    /// Follows redirects only on the origin that is asked; the first one that leaves it is the answer.
    #[must_use]
    pub fn stay_on_origin(mut self) -> Self {
        self.leaves_origin = false;
        self
    }

    /// Sends it and follows redirects, with the same headers. A status that tells of an error is an answer too; see
    /// [`refusal`](super::refusal).
    ///
    /// # Errors
    /// [`HubError::Offline`] before anything is done; [`HubError::Unreachable`], [`HubError::Redirect`],
    /// [`HubError::Proxy`].
    pub async fn send(mut self) -> Result<Answer, HubError> {
        let setup = self.network.current();
        let mut previous = Vec::new();
        let mut linked_etag = None;
        loop {
            let mut record = Record::begin(&self.network.log, self.start());
            match self.once(&setup, &mut record).await {
                Ok(mut response) => match self.redirected(&response, &previous) {
                    None => {
                        let at_endpoint = setup.is_endpoint(response.url());
                        let had_token =
                            self.own_token.is_some() || setup.token_for(response.url()).is_some();
                        return Ok(Answer::new(
                            self.network,
                            response,
                            record,
                            setup.cut.clone(),
                            at_endpoint,
                            had_token,
                            linked_etag,
                        ));
                    }
                    Some(Ok(next)) => {
                        linked_etag = linked_etag.or(answer::linked_etag(response.headers()));
                        drain(&mut response, &mut record).await;
                        previous.push(std::mem::replace(&mut self.url, next));
                    }
                    Some(Err(error)) => {
                        record.fail(&error);
                        return Err(error);
                    }
                },
                Err(error) => {
                    record.fail(&error);
                    return Err(error);
                }
            }
        }
    }

    fn start(&self) -> ConnectionStart {
        ConnectionStart {
            purpose: self.purpose,
            method: self.method.to_string(),
            host: problem::host_and_port(&self.url),
            path: self.url.path().chars().take(1_000).collect(),
        }
    }

    /// One exchange with one host.
    async fn once(&self, setup: &Setup, record: &mut Record) -> Result<Response, HubError> {
        let client: &Client = setup.client()?;
        let mut request = client
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone());
        if let Some(token) = self.own_token.as_ref().or(setup.token_for(&self.url)) {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response = tokio::select! {
            biased;
            () = setup.cut.cancelled() => {
                return Err(self.network.cut_error(&problem::host(&self.url)));
            }
            response = request.send() => response,
        };
        let response = response.map_err(|error| problem::of_connection(&self.url, error))?;
        record.answered(response.status().as_u16());
        if response.status().as_u16() == 407 {
            return Err(HubError::Proxy);
        }
        Ok(response)
    }

    /// Where the answer leads, if it is a redirect that is to be followed.
    fn redirected(&self, response: &Response, previous: &[Url]) -> Option<Result<Url, HubError>> {
        let leads_on = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        if !leads_on || self.body.is_some() {
            return None;
        }
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let mut next = self.url.join(location).ok()?;
        next.set_fragment(None);
        // A name or password in an address would be sent.
        if !matches!(next.scheme(), "http" | "https") || !next.username().is_empty() {
            return None;
        }
        if !self.leaves_origin && next.origin() != self.url.origin() {
            return None;
        }
        Some(match redirect::judge(previous, &self.url, &next) {
            Ok(()) => Ok(next),
            Err(problem) => Err(HubError::Redirect {
                host: problem::host(&self.url),
                problem,
            }),
        })
    }
}

async fn drain(response: &mut Response, record: &mut Record) {
    let mut drained = 0;
    while drained < DRAINED_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                drained += chunk.len();
                record.receive(chunk.len() as u64);
            }
            Ok(None) | Err(_) => return,
        }
    }
}
