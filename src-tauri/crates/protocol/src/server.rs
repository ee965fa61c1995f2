//! How the local API server behaves.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The port of LM Studio's server: what was written for it finds this one.
pub const SERVER_PORT: u16 = 1234;

/// The port of Ollama: what was written for it looks nowhere else unless it is told to.
pub const OLLAMA_PORT: u16 = 11434;

/// How models are served to other programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ServerSettings {
    /// Serve while the app is open.
    pub enabled: bool,
    /// Port, 1 to 65535.
    pub port: u16,
    /// Listen at the port of Ollama, too.
    pub ollama_port: bool,
    /// Serve the whole network rather than this machine only; every request needs a token then.
    pub lan: bool,
    /// Origins of pages that may ask, such as `http://localhost:3000`; `*` is any.
    pub cors_origins: Vec<String>,
    /// Keep what is asked and answered, in memory, for those who look into the log.
    pub keep_exchanges: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            port: SERVER_PORT,
            ollama_port: false,
            lan: false,
            cors_origins: Vec::new(),
            keep_exchanges: false,
        }
    }
}

impl ServerSettings {
    /// Names the first field that makes no sense.
    ///
    /// # Errors
    /// One sentence for the user.
    pub fn validate(&self) -> Result<(), String> {
        if self.port == 0 {
            return Err("the port of the server must lie between 1 and 65535".into());
        }
        match self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(format!(
                "`{origin}` is not an origin: it has the form http://name:port, or is `*`"
            )),
            None => Ok(()),
        }
    }
}

/// `scheme://name[:port]` without a path, as browsers send it, or the wildcard.
fn is_origin(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'/')
    };
    text == "*"
        || text.split_once("://").is_some_and(|(scheme, rest)| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && is_name(rest)
        })
}

/// How the API server stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerState {
    /// It does not run.
    #[default]
    Off,
    /// It answers.
    Listening {
        /// Where, such as `http://127.0.0.1:1234`; the one to tell people first.
        addresses: Vec<String>,
        /// Why it does not answer at the port of Ollama as well, though it should.
        problem: Option<String>,
    },
    /// It should run and does not.
    Failed {
        /// Why.
        message: String,
    },
}

/// The server, and what was asked of it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerStatus {
    /// How it stands.
    pub state: ServerState,
    /// The last requests, newest first.
    pub requests: Vec<ServedRequest>,
}

/// A request to the API server, without what was asked and answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServedRequest {
    /// Unique for the life of the process.
    pub id: u64,
    /// When it came, in Unix milliseconds.
    pub at_ms: i64,
    /// Method and path, such as `POST /v1/chat/completions`.
    pub route: String,
    /// The model that it asked, if it named one that there is.
    pub model: Option<String>,
    /// The name of the token that it carried.
    pub client: Option<String>,
    /// HTTP's number for the answer; none while there is none, and if its client went away first.
    pub status: Option<u16>,
    /// Tokens of its prompt, once they are read.
    pub prompt_tokens: Option<u32>,
    /// Tokens written for it.
    pub completion_tokens: Option<u32>,
    /// How long it took; none while it runs.
    pub duration_ms: Option<u64>,
    /// What was asked and answered is kept for a while, too.
    pub is_kept: bool,
}

/// What was asked and answered in one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServedExchange {
    /// The body of the request.
    pub request: KeptText,
    /// The body of the answer; as far as it has come, while the request runs.
    pub response: KeptText,
}

/// The beginning of a text, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeptText {
    /// What is kept.
    pub text: String,
    /// There was more.
    pub is_cut: bool,
}

/// A request to the API server that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SentRequest {
    /// That of the [`ServedRequest`].
    pub id: u64,
}

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// To see which models there are; every token opens that.
    Read,
    /// To ask models.
    Generate,
    /// To load, eject, download and delete them.
    Manage,
}

/// A token of the API server, without what opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerToken {
    /// Whose it is, or what for.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<TokenScope>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// From when on it opens nothing (Unix milliseconds); none is never.
    pub expires_at_ms: Option<i64>,
    /// How many requests it opens within any minute; none is any number.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
}

/// A token that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NewToken {
    /// What is kept of it.
    pub token: ServerToken,
    /// The token itself, this once.
    pub secret: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_served_until_somebody_wants_it() {
        let settings: ServerSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, ServerSettings::default());
        assert!(!settings.enabled && !settings.lan && settings.cors_origins.is_empty());
        assert_eq!((settings.port, settings.validate()), (1234, Ok(())));
    }

    #[test]
    fn what_is_no_origin_is_named() {
        let with = |origin: &str| ServerSettings {
            cors_origins: vec![origin.into()],
            ..ServerSettings::default()
        };
        for origin in [
            "*",
            "http://localhost:3000",
            "https://a.example",
            "app://obsidian.md",
        ] {
            assert_eq!(with(origin).validate(), Ok(()), "{origin}");
        }
        for origin in [
            "",
            "localhost",
            "http://",
            "http://a.example/",
            "http://a b",
        ] {
            let message = with(origin).validate().unwrap_err();
            assert!(message.contains(&format!("`{origin}`")), "{message}");
        }
        let no_port = ServerSettings {
            port: 0,
            ..ServerSettings::default()
        };
        assert!(no_port.validate().unwrap_err().contains("port"));
    }
}
