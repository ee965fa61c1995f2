//! Names of repositories.

use std::fmt;
use std::str::FromStr;

const MAX_PART: usize = 96;

/// `owner/name`, fit for an address and a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// The text is no name of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a repository is named `owner/name`, with letters, digits, `.`, `-` and `_`")]
pub struct NotAName;

impl RepositoryName {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for RepositoryName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (owner, name) = text.split_once('/').ok_or(NotAName)?;
        if is_part(owner) && is_part(name) {
            Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            })
        } else {
            Err(NotAName)
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

fn is_part(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_PART).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with(['.', '-'])
        && !text.ends_with('.')
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_lead_elsewhere_are_none() {
        for sound in ["Qwen/Qwen2.5-0.5B-Instruct-GGUF", "a/b", "_x/y_z"] {
            assert_eq!(
                sound.parse::<RepositoryName>().map(|name| name.to_string()),
                Ok(sound.to_owned())
            );
        }
        for wrong in [
            "", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/b?c", "a/b c", "a/%2e", "é/b", ".a/b",
            "a/b.", "a\\b/c",
        ] {
            assert_eq!(wrong.parse::<RepositoryName>(), Err(NotAName), "{wrong}");
        }
        assert!(
            format!("a/{}", "b".repeat(97))
                .parse::<RepositoryName>()
                .is_err()
        );
    }
}
