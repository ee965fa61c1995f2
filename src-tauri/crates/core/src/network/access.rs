//! The token and the proxy's login: where they come from, and what is known of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sirocco_hub::account::{HubEnvironment, Secrets};
use sirocco_hub::network::Url;
use sirocco_hub::network::{ConnectionLog, Login, Network, NetworkConfiguration, Token};
use sirocco_protocol::{
    EngineId, ErrorCode, ErrorReport, HubAccount, NetworkSettings, ProxyChoice, SecretPlace,
};

use crate::error::{refuse, with_causes};
use crate::home::Home;
use crate::library::blocking;

/// A key store that asks the person may take long: the app opens without the secret then.
const KEY_STORE_PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
pub(crate) struct Access {
    secrets: Arc<Secrets>,
    environment: HubEnvironment,
    account: Mutex<HubAccount>,
    /// Held while settings or token change, so that two changes do not mix.
    pub changing: tokio::sync::Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct StoredLogin {
    name: String,
    password: String,
}

impl Access {
    pub fn open(home: &Home, environment: HubEnvironment) -> Self {
        let secrets = if home.uses_key_store() {
            Secrets::of_this_user(home.secrets())
        } else {
            Secrets::in_file(home.secrets())
        };
        Self {
            secrets: Arc::new(secrets),
            environment,
            account: Mutex::new(HubAccount::Anonymous),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// The door with what is stored.
    pub async fn network(&self, settings: NetworkSettings, log: Arc<dyn ConnectionLog>) -> Network {
        let configuration = self.configuration(settings).await;
        let token = self.token(&configuration).await;
        self.set_account(unchecked(token.as_ref()));
        let open = move || Network::new(configuration, token.map(|token| token.0), log);
        match tokio::task::spawn_blocking(open).await {
            Ok(network) => network,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// The settings with the login of the proxy and the endpoint of the environment.
    pub async fn configuration(&self, settings: NetworkSettings) -> NetworkConfiguration {
        let login = match login_name(&settings.proxy) {
            Some(name) => self.secret(name).await,
            None => None,
        };
        let login = login.and_then(|(text, _)| serde_json::from_str::<StoredLogin>(&text).ok());
        NetworkConfiguration {
            settings,
            proxy_login: login.map(|login| Login {
                name: login.name,
                password: login.password,
            }),
            default_endpoint: self.environment.endpoint.clone(),
        }
    }

    /// The token for the Hub of this configuration: the one a person gave this app, or the one of the Hugging Face
    /// tools. A token given for one Hub is not shown to another; theirs is for the Hub that their environment names.
    pub async fn token(
        &self,
        configuration: &NetworkConfiguration,
    ) -> Option<(Token, SecretPlace)> {
        let name = token_name(&configuration.endpoint().ok()?);
        if let Some((text, place)) = self.secret(name).await
            && let Some(token) = Token::new(&text)
        {
            return Some((token, place));
        }
        let theirs = sirocco_hub::network::endpoint(self.environment.endpoint.as_deref()).ok()?;
        if theirs.origin() != configuration.endpoint().ok()?.origin() {
            return None;
        }
        let environment = self.environment.clone();
        let found = blocking(move || environment.token()).await.ok().flatten();
        found.map(|token| (token, SecretPlace::Environment))
    }

    /// Keeps a token for the Hub at this address, or forgets the one there is.
    pub async fn keep_token(
        &self,
        endpoint: &Url,
        token: Option<Token>,
    ) -> Result<(), ErrorReport> {
        self.keep(token_name(endpoint), token).await
    }

    /// Keeps the token of an engine on another machine, or forgets it.
    pub async fn keep_engine_token(
        &self,
        id: EngineId,
        token: Option<Token>,
    ) -> Result<(), ErrorReport> {
        self.keep(engine_token_name(id), token).await
    }

    /// The token of an engine.
    pub async fn engine_token(&self, id: EngineId) -> Option<Token> {
        let (text, _) = self.secret(engine_token_name(id)).await?;
        Token::new(&text)
    }

    async fn keep(&self, name: String, token: Option<Token>) -> Result<(), ErrorReport> {
        let secrets = Arc::clone(&self.secrets);
        let kept = move || match token {
            Some(token) => secrets.set(&name, token.reveal()).map(|_| ()),
            None => secrets.remove(&name),
        };
        blocking(kept)
            .await?
            .map_err(|error| refuse(ErrorCode::FileProblem, with_causes(&error)))
    }

    /// Takes a login out of the proxy's address and keeps it apart.
    pub async fn keep_login(&self, settings: &mut NetworkSettings) -> Result<(), ErrorReport> {
        let ProxyChoice::Manual { url: address } = &mut settings.proxy else {
            return Ok(());
        };
        // What is no address is refused when it is used.
        let Ok(mut url) = Url::parse(address.trim()) else {
            return Ok(());
        };
        if url.username().is_empty() && url.password().is_none() {
            return Ok(());
        }
        let login = StoredLogin {
            name: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
        };
        let no_login = url.set_username("").and_then(|()| url.set_password(None));
        no_login.map_err(|()| {
            refuse(
                ErrorCode::InvalidRequest,
                "the address of the proxy cannot have a login",
            )
        })?;
        *address = url.as_str().trim_end_matches('/').to_owned();
        let Some(name) = login_name(&settings.proxy) else {
            return Ok(());
        };
        let text = serde_json::to_string(&login).expect("texts are JSON");
        let secrets = Arc::clone(&self.secrets);
        blocking(move || secrets.set(&name, &text))
            .await?
            .map(|_| ())
            .map_err(|error| refuse(ErrorCode::FileProblem, with_causes(&error)))
    }

    pub fn account(&self) -> HubAccount {
        self.lock().clone()
    }

    /// Answers whether it is another one than before.
    pub fn set_account(&self, account: HubAccount) -> bool {
        let mut now = self.lock();
        let is_other = *now != account;
        *now = account;
        is_other
    }

    async fn secret(&self, name: String) -> Option<(String, SecretPlace)> {
        let secrets = Arc::clone(&self.secrets);
        let found = blocking(move || secrets.get(&name));
        match tokio::time::timeout(KEY_STORE_PATIENCE, found).await {
            Ok(found) => found.ok().flatten(),
            Err(_) => {
                tracing::warn!("the key store does not answer");
                None
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HubAccount> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a token before the Hub was asked.
pub(crate) fn unchecked(token: Option<&(Token, SecretPlace)>) -> HubAccount {
    match token {
        Some((_, place)) => HubAccount::Unchecked { place: *place },
        None => HubAccount::Anonymous,
    }
}

fn token_name(endpoint: &Url) -> String {
    format!("token {}", endpoint.origin().ascii_serialization())
}

fn engine_token_name(id: EngineId) -> String {
    format!("engine {id}")
}

/// A login belongs to one proxy.
fn login_name(proxy: &ProxyChoice) -> Option<String> {
    let ProxyChoice::Manual { url } = proxy else {
        return None;
    };
    let url = Url::parse(url.trim()).ok()?;
    let port = url.port_or_known_default().unwrap_or_default();
    Some(format!("proxy {}:{port}", url.host_str()?))
}

/// Percent signs resolved, as in the user name of an address.
fn decoded(text: &str) -> String {
    sirocco_hub::network::percent_decoded(text)
}
