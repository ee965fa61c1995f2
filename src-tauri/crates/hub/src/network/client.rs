//! From the settings to a client.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Proxy, Url, header, redirect};
use sirocco_protocol::{NetworkSettings, ProxyChoice};

use super::address;
use crate::HubError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The bundle of Mozilla has a quarter of that.
const MAX_CERTIFICATE_BYTES: u64 = 1 << 20;

/// How the network is reached: the settings with what is not kept in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkConfiguration {
    /// The person's choices.
    pub settings: NetworkSettings,
    /// For a manual proxy that asks for one.
    pub proxy_login: Option<Login>,
    /// Address of the Hub if the settings name none: the content of `HF_ENDPOINT`.
    pub default_endpoint: Option<String>,
}

impl NetworkConfiguration {
    /// The Hub's address.
    ///
    /// # Errors
    /// [`HubError::Address`].
    pub fn endpoint(&self) -> Result<Url, HubError> {
        let configured = self.settings.endpoint.as_deref();
        let configured = configured.filter(|address| !address.trim().is_empty());
        address::endpoint(configured.or(self.default_endpoint.as_deref()))
    }
}

/// User name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub name: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// A token of the Hub or of an engine. It prints as nothing and is no part of any error.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, if the text can be one: printable ASCII without spaces, at most 1,000 characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_sound =
            (1..=1_000).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then(|| Self(text.to_owned()))
    }

    /// The token itself, to be sent or kept.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A client with our name, a connect timeout, no compression and no redirects. It has no overall timeout: who reads
/// an answer watches for silence.
///
/// It trusts the certificates of the system and those of the configuration; where there are none at all, those that
/// Mozilla trusts and that came with the app: a minimal system has no package of them.
pub(super) fn build(configuration: &NetworkConfiguration) -> Result<Client, HubError> {
    let extra = match &configuration.settings.extra_ca {
        Some(path) => certificates(Path::new(path))?,
        None => Vec::new(),
    };
    let client = builder(configuration, extra)?.build();
    let client = match client {
        Err(_) if rustls_native_certs::load_native_certs().certs.is_empty() => {
            builder(configuration, mozilla())?.build()
        }
        client => client,
    };
    client.map_err(|source| HubError::Client { source })
}

fn mozilla() -> Vec<Certificate> {
    let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    all.filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

fn builder(
    configuration: &NetworkConfiguration,
    trusted: Vec<Certificate>,
) -> Result<ClientBuilder, HubError> {
    let mut headers = header::HeaderMap::new();
    headers.insert(
        header::ACCEPT_ENCODING,
        header::HeaderValue::from_static("identity"),
    );
    let mut builder = Client::builder()
        .user_agent(concat!("sirocco/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(KEEP_ALIVE)
        .referer(false)
        // A try again is for the caller to decide, and a line of its own in the log.
        .retry(reqwest::retry::never())
        .redirect(redirect::Policy::none());
    builder = match &configuration.settings.proxy {
        ProxyChoice::System => builder,
        ProxyChoice::Direct => builder.no_proxy(),
        ProxyChoice::Manual { url } => {
            builder.proxy(manual_proxy(url, configuration.proxy_login.as_ref())?)
        }
    };
    Ok(builder.tls_certs_merge(trusted))
}

/// Everything goes through it: a manual proxy has no exceptions.
fn manual_proxy(address: &str, login: Option<&Login>) -> Result<Proxy, HubError> {
    let through = proxy_url(address)?;
    let proxy = Proxy::all(through).map_err(|_| no_proxy(address))?;
    Ok(match login {
        Some(Login { name, password }) => proxy.basic_auth(name, password),
        None => proxy,
    })
}

/// Such an address for another program, which has no other place for the login.
pub(crate) fn proxy_with_login(address: &str, login: Option<&Login>) -> Result<Url, HubError> {
    let mut url = proxy_url(address)?;
    if let Some(Login { name, password }) = login {
        url.set_username(name)
            .and_then(|()| url.set_password(Some(password)))
            .map_err(|()| no_proxy(address))?;
    }
    Ok(url)
}

fn proxy_url(address: &str) -> Result<Url, HubError> {
    let mut url = Url::parse(address.trim()).map_err(|_| no_proxy(address))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") || url.host_str().is_none()
    {
        return Err(no_proxy(address));
    }
    if url.scheme() == "socks5" {
        // Names are resolved by the proxy: it may know others than this machine, and this machine need not ask.
        url.set_scheme("socks5h").map_err(|()| no_proxy(address))?;
    }
    Ok(url)
}

fn no_proxy(address: &str) -> HubError {
    HubError::ProxyAddress {
        address: without_login(address),
    }
}

/// What may be shown of a proxy's address.
fn without_login(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => address.to_owned(),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, HubError> {
    let problem = |message: &str| HubError::Certificates {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    let metadata = std::fs::metadata(path).map_err(|error| problem(&error.to_string()))?;
    if !metadata.is_file() || metadata.len() > MAX_CERTIFICATE_BYTES {
        return Err(problem("it is no file of certificates"));
    }
    let bytes = std::fs::read(path).map_err(|error| problem(&error.to_string()))?;
    match Certificate::from_pem_bundle(&bytes) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(problem("there is no certificate in PEM form in it")),
    }
}
