//! What a repository holds, and what the Hub knows about it.

use std::collections::BTreeMap;
use std::io::Cursor;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::Content;
use super::content::hex;

/// Files larger than this are large files (LFS), whatever their name.
const LARGE: u64 = 10 << 20;
/// Of these names, all are.
const LARGE_ENDINGS: &[&str] = &[".gguf", ".safetensors"];

/// Who may download.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Everybody.
    #[default]
    Open,
    /// Who accepted the conditions: `"auto"`.
    Auto,
    /// Whom the owners let in: `"manual"`.
    Manual,
}

impl Gate {
    /// As the API says it.
    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Open => json!(false),
            Self::Auto => json!("auto"),
            Self::Manual => json!("manual"),
        }
    }
}

/// What is known about a repository beside its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepositoryFacts {
    /// Downloads of the last 30 days.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// What it is sorted by unless another order is asked for.
    pub trending_score: u64,
    /// Who may download.
    pub gate: Gate,
    /// Only accounts that were let in know that it exists.
    pub private: bool,
    /// The Hub closed it.
    pub disabled: bool,
    /// Names it had before, answered with a redirect.
    pub former_names: Vec<String>,
    /// Its tags, such as `gguf` or `license:apache-2.0`.
    pub tags: Vec<String>,
    /// Such as `text-generation`.
    pub pipeline_tag: Option<String>,
    /// Such as `gguf` or `transformers`.
    pub library_name: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_modified: String,
    /// The `gguf` block. Taken from the first model file whose header can be read, if not given.
    pub gguf: Option<Value>,
    /// `cardData`: the front matter of the README.
    pub card: Value,
    /// Large files are also offered by Xet, at an address where nobody answers.
    pub xet: bool,
}

impl Default for RepositoryFacts {
    fn default() -> Self {
        Self {
            downloads: 0,
            likes: 0,
            trending_score: 0,
            gate: Gate::Open,
            private: false,
            disabled: false,
            former_names: Vec::new(),
            tags: Vec::new(),
            pipeline_tag: Some("text-generation".into()),
            library_name: None,
            created_at: "2024-09-25T00:00:00.000Z".into(),
            last_modified: "2025-01-01T00:00:00.000Z".into(),
            gguf: None,
            card: json!({}),
            xet: false,
        }
    }
}

/// How a file is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// 302 to a signed address of the CDN.
    Large,
    /// 307 to the cache of resolved files on the same host.
    Cached,
    /// 200.
    Direct,
}

/// A file of a repository.
#[derive(Clone)]
pub struct RepositoryFile {
    /// Its bytes.
    pub content: Content,
    /// How it is handed out; by name and size, if not given.
    pub delivery: Option<Delivery>,
    /// The sha256 that the Hub claims, if it is not the true one.
    pub claimed_sha256: Option<String>,
    /// What the scanners say; `safe` if not given. Any value that the API may give.
    pub security: Option<Value>,
}

impl<T: Into<Content>> From<T> for RepositoryFile {
    fn from(content: T) -> Self {
        Self {
            content: content.into(),
            delivery: None,
            claimed_sha256: None,
            security: None,
        }
    }
}

impl RepositoryFile {
    pub(super) fn delivery(&self, path: &str) -> Delivery {
        let large = self.content.size() > LARGE
            || LARGE_ENDINGS.iter().any(|ending| path.ends_with(ending));
        let usual = if large {
            Delivery::Large
        } else {
            Delivery::Cached
        };
        self.delivery.unwrap_or(usual)
    }

    pub(super) fn sha256(&self) -> &str {
        self.claimed_sha256
            .as_deref()
            .unwrap_or_else(|| self.content.sha256())
    }

    /// What git keeps in place of a large file.
    pub(super) fn pointer(&self) -> String {
        let size = self.content.size();
        let oid = self.sha256();
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n")
    }

    /// The object's name in git: that of the pointer for large files.
    pub(super) fn git_oid(&self, path: &str) -> String {
        match self.delivery(path) {
            Delivery::Large => Content::from(self.pointer()).git_oid(),
            Delivery::Cached | Delivery::Direct => self.content.git_oid(),
        }
    }

    /// A name in the way of Xet; it is nothing but another number.
    pub(super) fn xet_hash(&self) -> String {
        Content::from(format!("xet {}", self.sha256()))
            .sha256()
            .to_owned()
    }
}

/// The files of a commit by path.
pub type Tree = BTreeMap<String, RepositoryFile>;

/// A repository: the state of its branch `main`, and others.
#[derive(Clone)]
pub struct Repository {
    /// `owner/name`.
    pub id: String,
    /// Beside the files.
    pub facts: RepositoryFacts,
    /// The files of `main`. Paths are taken as they are, hostile ones too.
    pub files: Tree,
    /// Other branches and their files.
    pub branches: BTreeMap<String, Tree>,
}

impl Repository {
    /// An empty one, called `owner/name`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            facts: RepositoryFacts::default(),
            files: Tree::new(),
            branches: BTreeMap::new(),
        }
    }

    /// Adds a file or puts another in its place.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, file: impl Into<RepositoryFile>) -> Self {
        self.files.insert(path.into(), file.into());
        self
    }

    /// Changes the facts.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut RepositoryFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    /// Adds tags.
    #[must_use]
    pub fn tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        self.facts.tags.extend(tags.into_iter().map(str::to_owned));
        self
    }

    /// Lets only some download.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.facts.gate = gate;
        self
    }

    pub(super) fn owner(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The `gguf` block: as given, or what the first readable header says.
    pub(super) fn gguf(&self) -> Option<Value> {
        let models = self
            .files
            .iter()
            .filter(|(path, _)| path.ends_with(".gguf"));
        self.facts.gguf.clone().or_else(|| {
            models
                .into_iter()
                .find_map(|(_, file)| header_block(&file.content))
        })
    }
}

/// Only headers that lie in the first chunk are read, which is enough for tests.
fn header_block(content: &Content) -> Option<Value> {
    let start: Bytes = content.read(0..content.size()).ok()?;
    let header = sirocco_gguf::read_header(&mut Cursor::new(start), content.size()).ok()?;
    let context_length = header.per_architecture("context_length");
    let mut block =
        json!({"total": header.parameter_count(), "architecture": header.architecture()?});
    if let Some(length) = context_length.and_then(sirocco_gguf::Value::as_unsigned) {
        block["context_length"] = json!(length);
    }
    if let Some(template) = header.string("tokenizer.chat_template") {
        block["chat_template"] = json!(template);
    }
    Some(block)
}

/// The name of a commit: it follows from what the files are.
pub(super) fn commit_of(repository: &str, tree: &Tree) -> String {
    let mut digest = Sha1::new().chain_update(repository);
    for (path, file) in tree {
        digest.update(format!("\n{} {path}", file.git_oid(path)));
    }
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TinyModel;

    #[test]
    fn a_commit_is_named_after_the_files() {
        let one = Repository::new("o/n").file("a", "1");
        let other = one.clone().file("a", "2");
        let name = |repository: &Repository| commit_of(&repository.id, &repository.files);
        assert_eq!(name(&one), name(&one.clone()));
        assert_ne!(name(&one), name(&other));
        assert_eq!(name(&one).len(), 40);
    }

    #[test]
    fn the_header_of_a_model_becomes_the_gguf_block() {
        let repository = Repository::new("o/n").file("m.gguf", TinyModel::default().bytes());
        let block = repository.gguf().unwrap();
        assert_eq!(block["architecture"], "llama");
        assert_eq!(block["context_length"], 4096);
        assert!(block["total"].as_u64().unwrap() > 10_000);
        assert!(
            Repository::new("o/n")
                .file("m.gguf", "no model")
                .gguf()
                .is_none()
        );
    }

    #[test]
    fn models_are_large_files_and_texts_are_not() {
        let file = RepositoryFile::from("x");
        assert_eq!(file.delivery("m.gguf"), Delivery::Large);
        assert_eq!(file.delivery("README.md"), Delivery::Cached);
        let large = RepositoryFile::from(Content::generated(LARGE + 1, 1));
        assert_eq!(large.delivery("README.md"), Delivery::Large);
    }
}
