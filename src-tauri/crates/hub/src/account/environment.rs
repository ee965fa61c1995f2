//! What the tools of Hugging Face left for others on this machine.

use std::io::Read;
use std::path::PathBuf;

use crate::network::Token;

const MAX_TOKEN_FILE_BYTES: u64 = 4 << 10;

/// Settings of the Hugging Face tools. The default knows none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HubEnvironment {
    /// `HF_ENDPOINT`: the Hub's address.
    pub endpoint: Option<String>,
    /// `HF_TOKEN`.
    pub token: Option<String>,
    /// Files that may hold a token; the first that does counts.
    pub token_files: Vec<PathBuf>,
}

impl HubEnvironment {
    /// Of this process: `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`, as
    /// the Python library reads them.
    #[must_use]
    pub fn from_process() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        let endpoint = text("HF_ENDPOINT");
        let is_disabled = text("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|value| {
            matches!(
                value.to_ascii_uppercase().as_str(),
                "1" | "ON" | "YES" | "TRUE"
            )
        });
        if is_disabled {
            return Self {
                endpoint,
                ..Self::default()
            };
        }
        let cache = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
            let home = set(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
            Some(PathBuf::from(home).join(".cache"))
        });
        let home = set("HF_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(cache?.join("huggingface")));
        let token_file = set("HF_TOKEN_PATH")
            .map(PathBuf::from)
            .or_else(|| Some(home?.join("token")));
        Self {
            endpoint,
            token: text("HF_TOKEN"),
            token_files: token_file.into_iter().collect(),
        }
    }

    /// The token, if there is one. Reads small files: blocks.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        let from_file = || {
            self.token_files.iter().find_map(|path| {
                let file = std::fs::File::open(path).ok()?;
                let mut text = String::new();
                file.take(MAX_TOKEN_FILE_BYTES)
                    .read_to_string(&mut text)
                    .ok()?;
                Token::new(&text)
            })
        };
        let direct = self.token.as_deref().and_then(Token::new);
        direct.or_else(from_file)
    }
}

impl std::fmt::Debug for HubEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubEnvironment")
            .field("endpoint", &self.endpoint)
            .field("token_files", &self.token_files)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> HubEnvironment {
        HubEnvironment::from_variables(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_token_file_is_where_the_tools_keep_it() {
        let file = |variables: &[(&str, &str)]| of(variables).token_files;
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        for (variables, expected) in [
            (
                &[(home, "/home/me")][..],
                "/home/me/.cache/huggingface/token",
            ),
            (
                &[(home, "/home/me"), ("XDG_CACHE_HOME", "/cache")],
                "/cache/huggingface/token",
            ),
            (
                &[("HF_HOME", "/hf"), ("XDG_CACHE_HOME", "/cache")],
                "/hf/token",
            ),
            (
                &[("HF_TOKEN_PATH", "/secret"), ("HF_HOME", "/hf")],
                "/secret",
            ),
        ] {
            assert_eq!(file(variables), [PathBuf::from(expected)]);
        }
        assert!(file(&[]).is_empty());
        assert!(file(&[("HF_HOME", "/hf"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]).is_empty());
        assert_eq!(
            file(&[("HF_HOME", "/hf"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "")]).len(),
            1
        );
    }

    #[test]
    fn the_variable_comes_before_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let home = folder.path().display().to_string();
        assert_eq!(of(&[("HF_HOME", &home)]).token(), None);
        std::fs::write(&path, "hf_file\n").expect("a file");
        let reveal = |variables: &[(&str, &str)]| {
            let token = of(variables).token().expect("a token");
            token.reveal().to_owned()
        };
        assert_eq!(reveal(&[("HF_HOME", &home)]), "hf_file");
        assert_eq!(
            reveal(&[("HF_HOME", &home), ("HF_TOKEN", "hf_variable")]),
            "hf_variable"
        );
        assert!(!format!("{:?}", of(&[("HF_TOKEN", "hf_variable")])).contains("hf_variable"));
    }
}
