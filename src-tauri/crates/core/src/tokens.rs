//! Named tokens of the API server. What is kept is their hashes, in one small file that the command line may change while a server
//! runs: it is read for each request that needs a token, so one that was removed is refused at once.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sirocco_protocol::{NewToken, ServerToken, TokenScope};

use crate::clock::now_ms;
use crate::instance::fresh_token;

/// Every token begins so, which helps people and secret scanners to recognise one.
const PREFIX: &str = "sk-sirocco-";

/// In which a limited token opens so many requests.
const MINUTE: Duration = Duration::from_secs(60);

/// What a token does not open for ever, or without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenLimits {
    /// When it ends, in Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// How many requests it opens within any minute.
    pub requests_per_minute: Option<u32>,
}

/// Why tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// The verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two tokens cannot have one name.
    #[error("there is a token named `{0}` already")]
    NameTaken(String),
    /// Nothing to remove.
    #[error("there is no token named `{0}`")]
    NoSuchName(String),
    /// The system gives no random numbers.
    #[error("could not make a token")]
    Random(#[source] io::Error),
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    token: ServerToken,
    /// Of the whole token, in lower-case hexadecimal.
    sha256: String,
}

/// A token as it stands in a file, which an earlier version may have written: that knew no scopes, and its tokens opened
/// everything.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Now(Kept),
    Before {
        name: String,
        created_at_s: i64,
        sha256: String,
    },
}

impl From<Written> for Kept {
    fn from(written: Written) -> Self {
        match written {
            Written::Now(kept) => kept,
            Written::Before {
                name,
                created_at_s,
                sha256,
            } => Self {
                token: ServerToken {
                    name,
                    scopes: vec![TokenScope::Generate, TokenScope::Manage],
                    created_at_ms: created_at_s.saturating_mul(1000),
                    expires_at_ms: None,
                    requests_per_minute: None,
                },
                sha256,
            },
        }
    }
}

/// The tokens of a data folder. Clones count the requests of limited ones together.
#[derive(Clone, Debug)]
pub struct Tokens {
    file: PathBuf,
    /// When the requests of the last minute came, by the name of their token; only of those that have a limit.
    asked: Arc<Mutex<HashMap<String, VecDeque<Instant>>>>,
}

impl Tokens {
    /// Tokens kept in this file; it need not exist.
    #[must_use]
    pub fn in_file(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            asked: Arc::default(),
        }
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn list(&self) -> Result<Vec<ServerToken>, TokenError> {
        Ok(self.read()?.into_iter().map(|kept| kept.token).collect())
    }

    fn read(&self) -> Result<Vec<Kept>, TokenError> {
        let bytes = match std::fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed("read", source)),
        };
        let written: Vec<Written> =
            serde_json::from_slice(&bytes).map_err(|error| self.failed("read", error.into()))?;
        Ok(written.into_iter().map(Kept::from).collect())
    }

    /// Makes a token; it is shown this once.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn add(
        &self,
        name: &str,
        scopes: &[TokenScope],
        limits: TokenLimits,
    ) -> Result<NewToken, TokenError> {
        let mut tokens = self.read()?;
        if tokens.iter().any(|kept| kept.token.name == name) {
            return Err(TokenError::NameTaken(name.to_owned()));
        }
        let secret = format!("{PREFIX}{}", fresh_token().map_err(TokenError::Random)?);
        let token = ServerToken {
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            created_at_ms: now_ms(),
            expires_at_ms: limits.expires_at_ms,
            requests_per_minute: limits.requests_per_minute,
        };
        tokens.push(Kept {
            token: token.clone(),
            sha256: hash(&secret),
        });
        self.save(&tokens)?;
        Ok(NewToken { token, secret })
    }

    /// Removes a token by its name.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn remove(&self, name: &str) -> Result<(), TokenError> {
        let mut tokens = self.read()?;
        let before = tokens.len();
        tokens.retain(|kept| kept.token.name != name);
        if tokens.len() == before {
            return Err(TokenError::NoSuchName(name.to_owned()));
        }
        self.save(&tokens)
    }

    /// The token that this opens; none for one that has expired.
    ///
    /// # Errors
    /// If the file cannot be read: nobody is let in then.
    pub fn find(&self, secret: &str) -> Result<Option<ServerToken>, TokenError> {
        // Hashes are compared: how long that takes says nothing about the token.
        let hash = hash(secret);
        let now = now_ms();
        let lives = |token: &ServerToken| token.expires_at_ms.is_none_or(|end| now < end);
        let found = self.read()?.into_iter().find(|kept| kept.sha256 == hash);
        Ok(found.map(|kept| kept.token).filter(lives))
    }

    /// Counts a request of this token, which comes now.
    ///
    /// # Errors
    /// How long it must wait for its next one, if it had all of the last minute.
    pub fn admit(&self, token: &ServerToken) -> Result<(), Duration> {
        self.admit_at(token, Instant::now())
    }

    fn admit_at(&self, token: &ServerToken, now: Instant) -> Result<(), Duration> {
        let Some(most) = token.requests_per_minute else {
            return Ok(());
        };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(token.name.clone()).or_default();
        while times.front().is_some_and(|&first| now - first >= MINUTE) {
            times.pop_front();
        }
        if times.len() >= most as usize {
            let first = times.front().copied().unwrap_or(now);
            return Err(MINUTE - (now - first));
        }
        times.push_back(now);
        Ok(())
    }

    /// Writes the file anew, so that a crash leaves the old one or the new one.
    fn save(&self, tokens: &[Kept]) -> Result<(), TokenError> {
        let fresh = self.file.with_extension("fresh");
        let text = serde_json::to_vec_pretty(tokens).expect("texts and numbers are JSON");
        let write = |path: &Path| {
            std::fs::write(path, &text)?;
            std::fs::rename(path, &self.file)
        };
        write(&fresh).map_err(|source| self.failed("write", source))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> TokenError {
        TokenError::File {
            action,
            path: self.file.clone(),
            source,
        }
    }
}

fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::in_file(folder.path().join("tokens.json"));
        (folder, tokens)
    }

    #[test]
    fn a_token_opens_until_it_is_removed_and_is_not_kept() {
        let (folder, tokens) = tokens();
        assert_eq!(tokens.list().unwrap(), []);
        let add = |name| tokens.add(name, &[TokenScope::Generate], TokenLimits::default());
        let (laptop, phone) = (add("laptop").unwrap(), add("phone").unwrap());
        assert_ne!(laptop.secret, phone.secret);
        assert_eq!(
            tokens.find(&laptop.secret).unwrap(),
            Some(laptop.token.clone())
        );
        assert_eq!(tokens.find(&phone.secret).unwrap(), Some(phone.token));
        assert_eq!(tokens.find(PREFIX).unwrap(), None);
        let text = std::fs::read_to_string(folder.path().join("tokens.json")).unwrap();
        assert!(!text.contains(&laptop.secret[PREFIX.len()..]), "{text}");

        assert!(matches!(add("phone"), Err(TokenError::NameTaken(_))));
        tokens.remove("phone").unwrap();
        assert_eq!(tokens.find(&phone.secret).unwrap(), None);
        assert_eq!(tokens.list().unwrap(), [laptop.token]);
        assert!(matches!(
            tokens.remove("phone"),
            Err(TokenError::NoSuchName(_))
        ));
    }

    #[test]
    fn a_token_that_has_expired_opens_nothing() {
        let (_folder, tokens) = tokens();
        let at = |end| {
            tokens
                .add(
                    &format!("{end}"),
                    &[TokenScope::Manage],
                    TokenLimits {
                        expires_at_ms: Some(end),
                        ..TokenLimits::default()
                    },
                )
                .unwrap()
        };
        let (past, future) = (at(1), at(i64::MAX));
        assert_eq!(tokens.find(&past.secret).unwrap(), None);
        assert!(tokens.find(&future.secret).unwrap().is_some());
    }

    #[test]
    fn a_limited_token_opens_so_many_requests_within_any_minute() {
        let (_folder, tokens) = tokens();
        let limits = TokenLimits {
            requests_per_minute: Some(2),
            ..TokenLimits::default()
        };
        let add = |name, limits| {
            let made = tokens.add(name, &[TokenScope::Generate], limits).unwrap();
            made.token
        };
        let limited = add("limited", limits);
        let free = add("free", TokenLimits::default());
        let start = Instant::now();
        let at = |token, second| {
            let clone = tokens.clone();
            clone.admit_at(token, start + Duration::from_secs(second))
        };
        assert_eq!(at(&limited, 0), Ok(()));
        assert_eq!(at(&limited, 20), Ok(()));
        assert_eq!(at(&limited, 30), Err(Duration::from_secs(30)));
        assert_eq!(at(&free, 30), Ok(()));
        assert_eq!(at(&limited, 60), Ok(()), "the first one is a minute old");
        assert_eq!(at(&limited, 79), Err(Duration::from_secs(1)));
    }

    #[test]
    fn tokens_of_an_earlier_version_open_what_they_opened() {
        let (folder, tokens) = tokens();
        let old = format!(
            r#"[{{"name": "laptop", "created_at_s": 7, "sha256": "{}"}}]"#,
            hash("secret")
        );
        std::fs::write(folder.path().join("tokens.json"), old).unwrap();
        let found = tokens.find("secret").unwrap().unwrap();
        assert_eq!(found.scopes, [TokenScope::Generate, TokenScope::Manage]);
        assert_eq!((found.created_at_ms, found.expires_at_ms), (7000, None));
        tokens
            .add("phone", &[TokenScope::Generate], TokenLimits::default())
            .unwrap();
        let names: Vec<String> = tokens
            .list()
            .unwrap()
            .into_iter()
            .map(|token| token.name)
            .collect();
        assert_eq!(names, ["laptop", "phone"]);
    }

    #[test]
    fn a_file_that_is_broken_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.json");
        std::fs::write(&file, "[").unwrap();
        assert!(Tokens::in_file(&file).find("x").is_err());
    }
}
