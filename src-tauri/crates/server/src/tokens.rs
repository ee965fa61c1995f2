//! Named tokens. What is kept is their hashes, in one small file that the command line may change while a server
//! runs: it is read for each request that needs a token, so one that was removed is refused at once.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sirocco_core::instance::fresh_token;
use time::OffsetDateTime;

/// Every token begins so, which helps people and secret scanners to recognise one.
const PREFIX: &str = "sk-sirocco-";

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

/// A token without what it opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedToken {
    /// Whose it is, or what for.
    pub name: String,
    /// Unix seconds.
    pub created_at_s: i64,
    /// Of the whole token, in lower-case hexadecimal.
    sha256: String,
}

/// The tokens of a data folder.
#[derive(Clone, Debug)]
pub struct Tokens {
    file: PathBuf,
}

impl Tokens {
    /// Tokens kept in this file; it need not exist.
    #[must_use]
    pub fn in_file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn list(&self) -> Result<Vec<NamedToken>, TokenError> {
        let bytes = match std::fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed("read", source)),
        };
        serde_json::from_slice(&bytes).map_err(|error| self.failed("read", error.into()))
    }

    /// Makes a token; it is shown this once.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn add(&self, name: &str) -> Result<String, TokenError> {
        let mut tokens = self.list()?;
        if tokens.iter().any(|token| token.name == name) {
            return Err(TokenError::NameTaken(name.to_owned()));
        }
        let token = format!("{PREFIX}{}", fresh_token().map_err(TokenError::Random)?);
        tokens.push(NamedToken {
            name: name.to_owned(),
            created_at_s: OffsetDateTime::now_utc().unix_timestamp(),
            sha256: hash(&token),
        });
        self.save(&tokens)?;
        Ok(token)
    }

    /// Removes a token by its name.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn remove(&self, name: &str) -> Result<(), TokenError> {
        let mut tokens = self.list()?;
        let before = tokens.len();
        tokens.retain(|token| token.name != name);
        if tokens.len() == before {
            return Err(TokenError::NoSuchName(name.to_owned()));
        }
        self.save(&tokens)
    }

    /// The name of the token that this is.
    ///
    /// # Errors
    /// If the file cannot be read: nobody is let in then.
    pub fn name_of(&self, token: &str) -> Result<Option<String>, TokenError> {
        // Hashes are compared: how long that takes says nothing about the token.
        let hash = hash(token);
        let tokens = self.list()?;
        Ok(tokens
            .into_iter()
            .find(|known| known.sha256 == hash)
            .map(|known| known.name))
    }

    /// Writes the file anew, so that a crash leaves the old one or the new one.
    fn save(&self, tokens: &[NamedToken]) -> Result<(), TokenError> {
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

    #[test]
    fn a_token_opens_until_it_is_removed_and_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.json");
        let tokens = Tokens::in_file(&file);
        assert_eq!(tokens.list().unwrap(), []);
        let (laptop, phone) = (tokens.add("laptop").unwrap(), tokens.add("phone").unwrap());
        assert_ne!(laptop, phone);
        assert_eq!(tokens.name_of(&laptop).unwrap().as_deref(), Some("laptop"));
        assert_eq!(tokens.name_of(&phone).unwrap().as_deref(), Some("phone"));
        assert_eq!(tokens.name_of("sk-sirocco-").unwrap(), None);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(&laptop[PREFIX.len()..]), "{text}");

        assert!(matches!(tokens.add("phone"), Err(TokenError::NameTaken(_))));
        tokens.remove("phone").unwrap();
        assert_eq!(tokens.name_of(&phone).unwrap(), None);
        assert_eq!(tokens.name_of(&laptop).unwrap().as_deref(), Some("laptop"));
        assert!(matches!(
            tokens.remove("phone"),
            Err(TokenError::NoSuchName(_))
        ));
    }

    #[test]
    fn a_file_that_is_broken_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.json");
        std::fs::write(&file, "[").unwrap();
        assert!(Tokens::in_file(&file).name_of("x").is_err());
    }
}
