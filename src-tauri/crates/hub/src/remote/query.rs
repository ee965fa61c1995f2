//! What a person typed or pasted into the search field.

use reqwest::Url;

use super::RepositoryName;
use crate::network::percent_decoded;

/// Hosts that mean the Hub, whatever mirror is used.
const HUB_HOSTS: [&str; 5] = [
    "huggingface.co",
    "www.huggingface.co",
    "hf.co",
    "www.hf.co",
    "hf-mirror.com",
];
/// First parts of addresses that are no owners.
const NO_OWNERS: [&str; 12] = [
    "models",
    "datasets",
    "spaces",
    "docs",
    "blog",
    "papers",
    "collections",
    "settings",
    "api",
    "join",
    "login",
    "search",
];
const MAX_WORDS: usize = 200;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Words; empty for everything.
    Words(String),
    /// Exactly this repository, with the file that was named along with it.
    Repository {
        /// Which.
        name: RepositoryName,
        /// A file of it, or a quantization.
        file: Option<String>,
    },
}

impl Query {
    /// Understands words, `owner/name`, addresses of the Hub or `endpoint` (of a repository or a file of it), and
    /// what is copied for other programs: `ollama run hf.co/owner/name:Q4_K_M`, `hf download owner/name file`,
    /// `llama-server -hf owner/name:Q4_K_M`.
    ///
    /// ```
    /// use sirocco_hub::remote::Query;
    ///
    /// let endpoint = "https://huggingface.co".parse().expect("an address");
    /// let query = Query::understand("ollama run hf.co/o/n:Q4_K_M", &endpoint);
    /// let Query::Repository { name, file } = query else { panic!("a repository") };
    /// assert_eq!((name.to_string().as_str(), file.as_deref()), ("o/n", Some("Q4_K_M")));
    /// ```
    #[must_use]
    pub fn understand(text: &str, endpoint: &Url) -> Self {
        let text = text.trim();
        let mut words = text.split_whitespace();
        let program = words.next().unwrap_or_default();
        let found = match program {
            _ if words.clone().next().is_none() => one(program, endpoint),
            "ollama" | "hf" | "huggingface-cli" | "llama-cli" | "llama-server" | "lms"
            | "docker" | "vllm" => command(words, endpoint),
            _ => None,
        };
        found.unwrap_or_else(|| Self::Words(text.chars().take(MAX_WORDS).collect()))
    }
}

/// A command line without its program: the first word that names a repository, and a file behind it.
fn command<'a>(words: impl Iterator<Item = &'a str>, endpoint: &Url) -> Option<Query> {
    let mut words = words.map(|word| word.trim_matches(['"', '\'', '`']));
    let mut found = words.find_map(|word| one(word, endpoint))?;
    if let Query::Repository { file, .. } = &mut found
        && file.is_none()
    {
        *file = words
            .find(|word| word.ends_with(".gguf"))
            .map(str::to_owned);
    }
    Some(found)
}

/// An address or a name.
fn one(word: &str, endpoint: &Url) -> Option<Query> {
    let word = word.trim_matches(['"', '\'', '`', '<', '>']);
    if word.contains("://") {
        let url = Url::parse(word).ok()?;
        let path = path_in(&url, endpoint)?;
        return repository(&path);
    }
    let hub_host = HUB_HOSTS.iter().find_map(|host| {
        let (start, rest) = word.split_at_checked(host.len())?;
        (start.eq_ignore_ascii_case(host)).then(|| rest.strip_prefix('/'))?
    });
    repository(&match hub_host {
        Some(path) => without_query(path),
        None => without_query(word),
    })
}

/// The path of an address of the Hub, below the endpoint.
fn path_in(url: &Url, endpoint: &Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?;
    if url.origin() == endpoint.origin() {
        let folder = endpoint.path().trim_end_matches('/');
        return Some(url.path().strip_prefix(folder)?.to_owned());
    }
    HUB_HOSTS.contains(&host).then(|| url.path().to_owned())
}

fn without_query(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    text[..end].to_owned()
}

/// `/owner/name`, `/owner/name:Q4_K_M`, `/owner/name/blob/main/folder/file.gguf`.
fn repository(path: &str) -> Option<Query> {
    let path = path.trim_matches('/');
    let mut parts = path.split('/');
    let owner = parts.next().filter(|owner| !NO_OWNERS.contains(owner))?;
    let name = parts.next()?;
    let (name, tag) = match name.split_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (name, None),
    };
    let name: RepositoryName = format!("{owner}/{name}").parse().ok()?;
    let file = match parts.next() {
        None => tag.filter(|tag| !tag.is_empty()).map(str::to_owned),
        Some("blob" | "resolve" | "raw") => {
            // The revision: what is shown is the newest.
            let _ = parts.next()?;
            let file: Vec<String> = parts.map(percent_decoded).collect();
            (!file.is_empty()).then(|| file.join("/"))
        }
        Some("tree" | "discussions" | "commits" | "commit") => None,
        // Three words with slashes are no repository.
        Some(_) => return None,
    };
    Some(Query::Repository { name, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(text: &str) -> (Option<String>, Option<String>) {
        let endpoint = Url::parse("http://mirror.example/hf").expect("an address");
        match Query::understand(text, &endpoint) {
            Query::Words(words) => (Some(words), None),
            Query::Repository { name, file } => {
                (None, Some(format!("{name} {}", file.unwrap_or_default())))
            }
        }
    }

    #[test]
    fn words_stay_words() {
        for words in [
            "",
            "llama 3",
            "qwen",
            "a/b/c",
            "datasets/x",
            "https://example.com/o/n",
            "ollama",
            "ollama run llama3",
            "ftp://huggingface.co/o/n",
            "https://huggingface.co/models",
            "https://huggingface.co/datasets/o/n",
            "http://mirror.example/other/o/n",
            "../..",
            "50% / 50%",
        ] {
            assert_eq!(understood(words), (Some(words.to_owned()), None), "{words}");
        }
        assert_eq!(understood("  spaces  "), (Some("spaces".into()), None));
        assert_eq!(
            understood(&"x".repeat(1000)).0.map(|words| words.len()),
            Some(MAX_WORDS)
        );
    }

    #[test]
    fn a_repository_is_known_in_every_form() {
        for text in [
            "o/n",
            " o/n/ ",
            "https://huggingface.co/o/n",
            "https://huggingface.co/o/n/",
            "https://huggingface.co/o/n?library=gguf#files",
            "https://huggingface.co/o/n/tree/main",
            "https://huggingface.co/o/n/discussions/3",
            "huggingface.co/o/n",
            "HF.co/o/n",
            "http://mirror.example/hf/o/n",
            "<https://hf.co/o/n>",
            "hf download o/n",
        ] {
            assert_eq!(understood(text), (None, Some("o/n ".into())), "{text}");
        }
    }

    #[test]
    fn a_file_is_known_with_its_repository() {
        for text in [
            "https://huggingface.co/o/n/blob/main/sub/m%20x-Q4_K_M.gguf",
            "https://huggingface.co/o/n/resolve/main/sub/m%20x-Q4_K_M.gguf?download=true",
            "http://mirror.example/hf/o/n/resolve/abc/sub/m%20x-Q4_K_M.gguf",
        ] {
            assert_eq!(
                understood(text),
                (None, Some("o/n sub/m x-Q4_K_M.gguf".into())),
                "{text}"
            );
        }
        for text in [
            "ollama run hf.co/o/n:Q4_K_M",
            "ollama pull huggingface.co/o/n:Q4_K_M",
            "llama-server -hf o/n:Q4_K_M",
            "hf.co/o/n:Q4_K_M",
            "o/n:Q4_K_M",
        ] {
            assert_eq!(
                understood(text),
                (None, Some("o/n Q4_K_M".into())),
                "{text}"
            );
        }
        assert_eq!(
            understood("hf download o/n a.gguf --local-dir ."),
            (None, Some("o/n a.gguf".into()))
        );
    }
}
