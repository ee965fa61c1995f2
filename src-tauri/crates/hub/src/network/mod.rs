//! The door: every request of the app to another machine passes here, and nowhere else is an HTTP client made.
//!
//! A [`Network`] is made from a [`NetworkConfiguration`] and a token, and is cheap to clone; all clones are the same
//! door. It is reconfigured at run time: what is under way over the old settings is cut off, and when the person goes
//! offline nothing opens a socket or asks for a name any more. It follows redirects itself, so that the token goes
//! only to the origin of the Hub's address, and so that each host that was contacted is a line in the
//! [`ConnectionLog`].
//!
//! It deliberately knows nothing about what is asked: searching, accounts and files are built on top.
//!
//! ```no_run
//! # async fn example() -> Result<(), sirocco_hub::HubError> {
//! use sirocco_hub::network::{Network, NetworkConfiguration, NoLog};
//! use sirocco_protocol::ConnectionPurpose;
//!
//! let network = Network::new(NetworkConfiguration::default(), None, std::sync::Arc::new(NoLog));
//! let url = network.endpoint()?.join("api/models").expect("a path");
//! let answer = network.get(url, ConnectionPurpose::Search).send().await?;
//! let body = answer.bytes(1 << 20).await?;
//! # Ok(())
//! # }
//! ```

mod address;
mod answer;
mod client;
mod log;
mod problem;
mod redirect;
mod request;

use std::sync::{Arc, PoisonError, RwLock};

use reqwest::{Client, Method};
use sirocco_protocol::{ConnectionPurpose, NetworkSettings};
use tokio_util::sync::CancellationToken;

pub use address::{DEFAULT_ENDPOINT, endpoint, percent_decoded, resolve_url};
pub use answer::Answer;
pub(crate) use client::proxy_with_login;
pub use client::{Login, NetworkConfiguration, Token};
pub use log::{ConnectionEnd, ConnectionLog, ConnectionStart, NoLog};
pub use problem::refusal;
pub use redirect::RedirectProblem;
pub use request::Request;
pub use reqwest::Url;

use crate::HubError;
use log::Record;

/// The way out; see the module.
#[derive(Clone)]
pub struct Network {
    setup: Arc<RwLock<Arc<Setup>>>,
    log: Arc<dyn ConnectionLog>,
}

/// What holds until the next change of the settings or the token.
struct Setup {
    configuration: NetworkConfiguration,
    door: Door,
    token: Option<Token>,
    /// Ends what goes through this door.
    cut: CancellationToken,
}

#[derive(Clone)]
enum Door {
    Open {
        client: Client,
        endpoint: Url,
    },
    Offline,
    /// The settings cannot be used, and nothing else is tried instead.
    Blocked(Arc<str>),
}

impl Network {
    /// Opens the door. Reads the certificates of the system, and those of the configuration: blocks for some
    /// milliseconds.
    ///
    /// Settings that cannot be used are no error here: each request will say what is wrong with them.
    pub fn new(
        configuration: NetworkConfiguration,
        token: Option<Token>,
        log: Arc<dyn ConnectionLog>,
    ) -> Self {
        let door = open(&configuration).unwrap_or_else(|error| {
            let report = error.report();
            tracing::warn!(message = %report.message, "the network settings cannot be used");
            Door::Blocked(report.message.into())
        });
        let setup = Setup {
            configuration,
            door,
            token,
            cut: CancellationToken::new(),
        };
        Self {
            setup: Arc::new(RwLock::new(Arc::new(setup))),
            log,
        }
    }

    /// Uses other settings and another token from now on, and cuts off what is under way over the old ones. Blocks
    /// as [`Network::new`]. Both change at once, so that a token for one Hub is never shown to another.
    ///
    /// # Errors
    /// [`HubError::Address`], [`HubError::Certificates`] or [`HubError::Client`]; then the old settings stay.
    pub fn configure(
        &self,
        configuration: NetworkConfiguration,
        token: Option<Token>,
    ) -> Result<(), HubError> {
        let now = self.current();
        // Settings that were no good may be good by now: the file of certificates is there again.
        if now.configuration == configuration && !matches!(now.door, Door::Blocked(_)) {
            self.set_token(token);
            return Ok(());
        }
        let door = open(&configuration)?;
        let old = {
            let mut setup = self.setup.write().unwrap_or_else(PoisonError::into_inner);
            let new = Setup {
                configuration,
                door,
                token,
                cut: CancellationToken::new(),
            };
            std::mem::replace(&mut *setup, Arc::new(new))
        };
        old.cut.cancel();
        Ok(())
    }

    /// These settings are in use.
    #[must_use]
    pub fn uses(&self, settings: &NetworkSettings) -> bool {
        let now = self.current();
        now.configuration.settings == *settings && !matches!(now.door, Door::Blocked(_))
    }

    /// Uses another token from now on. What is under way goes on with the old one.
    pub fn set_token(&self, token: Option<Token>) {
        let mut setup = self.setup.write().unwrap_or_else(PoisonError::into_inner);
        let new = Setup {
            configuration: setup.configuration.clone(),
            door: setup.door.clone(),
            token,
            cut: setup.cut.clone(),
        };
        *setup = Arc::new(new);
    }

    /// There is a token.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.current().token.is_some()
    }

    /// The person wants no connection.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self.current().door, Door::Offline)
    }

    /// Waits until the settings change: after [`HubError::Offline`] there may be a way again.
    pub async fn changed(&self) {
        let cut = self.current().cut.clone();
        cut.cancelled().await;
    }

    /// Address of the Hub or a mirror. Known also while offline.
    ///
    /// # Errors
    /// [`HubError::Address`] if the one in the settings is none.
    pub fn endpoint(&self) -> Result<Url, HubError> {
        let setup = self.current();
        match &setup.door {
            Door::Open { endpoint, .. } => Ok(endpoint.clone()),
            Door::Offline | Door::Blocked(_) => setup.configuration.endpoint(),
        }
    }

    /// What is used now.
    #[must_use]
    pub fn configuration(&self) -> NetworkConfiguration {
        self.current().configuration.clone()
    }

    /// A request that asks for something.
    #[must_use]
    pub fn get(&self, url: Url, purpose: ConnectionPurpose) -> Request {
        Request::new(self.clone(), Method::GET, url, purpose)
    }

    /// A request that asks for the head of an answer.
    #[must_use]
    pub fn head(&self, url: Url, purpose: ConnectionPurpose) -> Request {
        Request::new(self.clone(), Method::HEAD, url, purpose)
    }

    /// A request that sends JSON. It is sent once: a redirect is the answer.
    #[must_use]
    pub fn post(&self, url: Url, purpose: ConnectionPurpose, json: Vec<u8>) -> Request {
        Request::new(self.clone(), Method::POST, url, purpose).json(json)
    }

    /// Permission for another program to make a connection, and its line in the log. The program must be ended when
    /// [`Loan::revoked`] does.
    ///
    /// # Errors
    /// [`HubError::Offline`] or [`HubError::Blocked`].
    pub fn lend(
        &self,
        purpose: ConnectionPurpose,
        program: &str,
        host: &str,
        path: &str,
    ) -> Result<Loan, HubError> {
        let setup = self.current();
        let mut record = Record::begin(
            &self.log,
            ConnectionStart {
                purpose,
                method: program.to_owned(),
                host: host.to_owned(),
                path: path.to_owned(),
            },
        );
        match setup.client() {
            Ok(_) => Ok(Loan {
                setup: Arc::clone(&setup),
                network: self.clone(),
                record,
            }),
            Err(error) => {
                record.fail(&error);
                Err(error)
            }
        }
    }

    fn current(&self) -> Arc<Setup> {
        let setup = self.setup.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&setup)
    }

    /// Why something was cut off.
    fn cut_error(&self, host: &str) -> HubError {
        match &self.current().door {
            Door::Offline => HubError::Offline,
            _ => HubError::Reconfigured {
                host: host.to_owned(),
            },
        }
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("configuration", &self.current().configuration)
            .finish_non_exhaustive()
    }
}

impl Setup {
    fn client(&self) -> Result<&Client, HubError> {
        match &self.door {
            Door::Open { client, .. } => Ok(client),
            Door::Offline => Err(HubError::Offline),
            Door::Blocked(message) => Err(HubError::Blocked {
                message: message.to_string(),
            }),
        }
    }

    /// The token, if it may be shown to this address.
    fn token_for(&self, url: &Url) -> Option<&Token> {
        self.token.as_ref().filter(|_| self.is_endpoint(url))
    }

    fn is_endpoint(&self, url: &Url) -> bool {
        matches!(&self.door, Door::Open { endpoint, .. } if endpoint.origin() == url.origin())
    }
}

fn open(configuration: &NetworkConfiguration) -> Result<Door, HubError> {
    // An address that cannot be used is refused also by somebody who is offline now.
    let endpoint = configuration.endpoint()?;
    let client = client::build(configuration)?;
    Ok(match configuration.settings.offline {
        true => Door::Offline,
        false => Door::Open { client, endpoint },
    })
}

/// A connection that another program makes; its line in the log ends with it.
pub struct Loan {
    network: Network,
    setup: Arc<Setup>,
    record: Record,
}

impl Loan {
    /// How the program is to reach the network.
    #[must_use]
    pub fn configuration(&self) -> &NetworkConfiguration {
        &self.setup.configuration
    }

    /// Waits until the permission ends, which may be never, and says why.
    pub async fn revoked(&mut self) -> HubError {
        self.setup.cut.cancelled().await;
        let error = self.network.cut_error(self.record.host());
        self.record.fail(&error);
        error
    }

    /// Counts what the program has received.
    pub fn received(&mut self, bytes: u64) {
        self.record.receive(bytes);
    }

    /// The program failed.
    pub fn fail(&mut self, error: &HubError) {
        self.record.fail(error);
    }
}
