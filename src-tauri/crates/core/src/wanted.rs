//! What somebody means who names a model of the Hub in one word, as `sirocco get` and other programs do.

use sirocco_protocol::{HubModel, HubVariant};

/// Why a word names nothing that could be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// An address of something else.
    #[error("`{0}://` is not an address of a model")]
    Scheme(String),
    /// There is no owner in it.
    #[error("`{0}` names no model: it has the form owner/name, owner/name:Q4_K_M, or an address")]
    NoName(String),
    /// Its repository is for other programs.
    #[error("`{0}` has no GGUF files")]
    NoFiles(String),
    /// It has others.
    #[error("`{repository}` has no `{wanted}`: it has {kinds}")]
    NoSuchKind {
        /// `owner/name`.
        repository: String,
        /// What was named.
        wanted: String,
        /// What there is.
        kinds: String,
    },
    /// None can be recommended.
    #[error(
        "none of `{repository}` is known to run and fit here: name one of {kinds} after a colon"
    )]
    NoneFits {
        /// `owner/name`.
        repository: String,
        /// What there is.
        kinds: String,
    },
}

/// Hosts that are written in front of a name by those who know it from Ollama.
const HOSTS: [&str; 2] = ["hf.co", "huggingface.co"];

/// A model of the Hub, as far as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `owner/name`.
    pub repository: String,
    /// 40 hexadecimal digits.
    pub commit: Option<String>,
    /// A file of it.
    pub path: Option<String>,
    /// Such as `Q4_K_M`.
    pub quantization: Option<String>,
}

impl Wanted {
    /// Reads `owner/name`, `owner/name:Q4_K_M`, `owner/name/file.gguf`, the same behind `hf.co/`, and addresses of
    /// repositories and files.
    ///
    /// # Errors
    /// [`WantedError`].
    pub fn read(text: &str) -> Result<Self, WantedError> {
        let text = text.trim();
        let (is_address, rest) = match text.split_once("://") {
            Some(("http" | "https", rest)) => (true, rest.split_once('/').unwrap_or_default().1),
            Some((scheme, _)) => return Err(WantedError::Scheme(scheme.to_owned())),
            None => (false, text),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let parts = match parts.as_slice() {
            [host, rest @ ..] if !is_address && HOSTS.contains(host) => rest,
            parts => parts,
        };
        let [owner, name, rest @ ..] = parts else {
            return Err(WantedError::NoName(text.to_owned()));
        };
        let (name, quantization) = match name.split_once(':') {
            Some((name, quantization)) if !is_address && rest.is_empty() => {
                (name, Some(quantization.to_owned()))
            }
            _ => (*name, None),
        };
        let (revision, path) = match rest {
            ["resolve" | "blob" | "raw", revision, path @ ..] if is_address => {
                (Some(*revision), path)
            }
            // A page about a folder, or about the history, is about the repository.
            _ if is_address => (None, &[][..]),
            path => (None, path),
        };
        let is_commit =
            |text: &&str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
        Ok(Self {
            repository: format!("{owner}/{name}"),
            commit: revision.filter(is_commit).map(str::to_owned),
            path: (!path.is_empty()).then(|| decoded(&path.join("/"))),
            quantization,
        })
    }

    /// The variant that is meant, of all there are.
    ///
    /// # Errors
    /// [`WantedError`].
    pub fn choose<'a>(&self, model: &'a HubModel) -> Result<&'a HubVariant, WantedError> {
        let models = || {
            model
                .variants
                .iter()
                .filter(|variant| !variant.is_projector)
        };
        let found = match &self.quantization {
            Some(wanted) => {
                models().find(|variant| variant.quantization.eq_ignore_ascii_case(wanted))
            }
            None => models()
                .find(|variant| variant.recommended)
                .or_else(|| models().next().filter(|_| models().count() == 1)),
        };
        if let Some(variant) = found {
            return Ok(variant);
        }
        let kinds: Vec<&str> = models()
            .map(|variant| variant.quantization.as_str())
            .collect();
        let repository = self.repository.clone();
        Err(match &self.quantization {
            _ if kinds.is_empty() => WantedError::NoFiles(repository),
            Some(wanted) => WantedError::NoSuchKind {
                repository,
                wanted: wanted.clone(),
                kinds: kinds.join(", "),
            },
            None => WantedError::NoneFits {
                repository,
                kinds: kinds.join(", "),
            },
        })
    }
}

/// Percent signs of an address resolved; what is not sound stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<String>, Option<String>, Option<String>) {
        let wanted = Wanted::read(text).unwrap();
        (
            wanted.repository,
            wanted.commit,
            wanted.path,
            wanted.quantization,
        )
    }

    #[test]
    fn a_model_can_be_named_in_several_ways() {
        let plain = ("o/n".to_owned(), None, None, None);
        for text in [
            "o/n",
            " o/n/ ",
            "hf.co/o/n",
            "https://huggingface.co/o/n",
            "https://huggingface.co/o/n?show_file_info=x.gguf",
            "https://hf-mirror.example/o/n/tree/main",
        ] {
            assert_eq!(read(text), plain, "{text}");
        }
        assert_eq!(read("o/n:q4_k_m").3.as_deref(), Some("q4_k_m"));
        assert_eq!(read("o/n/sub/m.gguf").2.as_deref(), Some("sub/m.gguf"));
        let commit = "0123456789".repeat(4);
        let address =
            format!("https://huggingface.co/o/n/resolve/{commit}/a%20b/m.gguf?download=true");
        let expected = (
            "o/n".to_owned(),
            Some(commit),
            Some("a b/m.gguf".to_owned()),
            None,
        );
        assert_eq!(read(&address), expected);
        let blob = read("https://huggingface.co/o/n/blob/main/m.gguf");
        assert_eq!(
            blob,
            ("o/n".to_owned(), None, Some("m.gguf".to_owned()), None)
        );
    }

    #[test]
    fn what_names_no_model_is_said() {
        for text in ["", "name", "ftp://hub/o/n", "https://huggingface.co/"] {
            assert!(Wanted::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unsound_percent_signs_stay() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%41"), "%zzA");
        assert_eq!(decoded("%é"), "%é");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
