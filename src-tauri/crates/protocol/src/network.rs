//! Access to the network: who we are to the Hub, how we reach it, and every connection that was made.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ErrorCode;

/// How the network is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProxyChoice {
    /// As the system says.
    #[default]
    System,
    /// Directly.
    Direct,
    /// Through this one.
    Manual {
        /// `http://`, `https://` or `socks5://`; a login in it is kept in the key store, not here.
        url: String,
    },
}

/// How the app uses the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct NetworkSettings {
    /// No connection leaves this machine.
    pub offline: bool,
    /// Address of the Hub or a mirror of it; none is `HF_ENDPOINT`, or huggingface.co.
    pub endpoint: Option<String>,
    /// Proxy.
    pub proxy: ProxyChoice,
    /// A file with further certificate authorities, PEM.
    pub extra_ca: Option<String>,
}

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// The system's key store.
    KeyStore,
    /// A file that only this user can read, where there is no key store.
    File,
    /// It came from `HF_TOKEN` or the Hugging Face tools and is kept there.
    Environment,
}

/// Who we are to the Hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubAccount {
    /// Nobody: there is no token.
    Anonymous,
    /// There is a token that was not checked, because the network is off or did not answer.
    Unchecked {
        /// Where the token is kept.
        place: SecretPlace,
    },
    /// The Hub does not know the token.
    Rejected {
        /// Where the token is kept.
        place: SecretPlace,
    },
    /// Signed in.
    SignedIn {
        /// User name.
        name: String,
        /// Name of the token and what it may do, such as `read`.
        token: String,
        /// Where the token is kept.
        place: SecretPlace,
    },
}

/// What a connection was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionPurpose {
    /// Looking for models.
    Search,
    /// Facts about a repository.
    Repository,
    /// The text of a model card.
    Card,
    /// The header of a file.
    Header,
    /// A file.
    Download,
    /// Who the token belongs to.
    Account,
    /// Whether there is a newer version, of a model or of the app, and the app's package.
    Update,
    /// A question to an engine on another machine.
    Engine,
}

/// One request that left this machine (or was stopped from leaving).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Connection {
    /// Counts up; never used twice in one database.
    #[ts(type = "number")]
    pub id: i64,
    /// Unix time in milliseconds at which it began.
    pub at_ms: i64,
    /// What for.
    pub purpose: ConnectionPurpose,
    /// Such as `GET`.
    pub method: String,
    /// Host and port.
    pub host: String,
    /// Path without its query: that may hold signatures.
    pub path: String,
    /// Of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of bodies received.
    pub received_bytes: u64,
    /// From beginning to end; none while it lasts.
    pub duration_ms: Option<u64>,
    /// Why it failed or was not made.
    pub error: Option<ErrorCode>,
}
