//! How the local API server behaves.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The port of LM Studio's server: what was written for it finds this one.
pub const SERVER_PORT: u16 = 1234;

/// How models are served to other programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ServerSettings {
    /// Serve while the app is open.
    pub enabled: bool,
    /// Port, 1 to 65535.
    pub port: u16,
    /// Serve the whole network rather than this machine only; every request needs a token then.
    pub lan: bool,
    /// Origins of pages that may ask, such as `http://localhost:3000`; `*` is any.
    pub cors_origins: Vec<String>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            port: SERVER_PORT,
            lan: false,
            cors_origins: Vec::new(),
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
