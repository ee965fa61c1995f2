//! The Hub's API: searching, repositories, cards, headers of files that lie there.
//!
//! A [`Remote`] is cheap to clone; all clones share a cache. Questions that are under way are asked once, however
//! many want the answer, and are dropped when nobody wants it any more. What comes back is taken as the work of
//! strangers: every key may be missing or of another type, texts and lists are cut, names that are no names are left
//! out.
//!
//! It deliberately downloads no files and knows nothing about this machine.

pub(crate) mod ask;
mod cache;
mod card;
mod header;
mod list;
mod name;
mod query;
mod repository;
pub(crate) mod value;

use std::sync::Arc;
use std::time::Duration;

pub use card::Card;
pub use list::{ListPage, ListQuery, Listing};
pub use name::{NotAName, RepositoryName};
pub use query::Query;
pub use repository::{License, RemoteFile, Repository};

use sirocco_protocol::ConnectionPurpose;

use crate::{HubError, Network};
use cache::Cache;

/// A page of a list is as new as this.
const LIST_AGE: Duration = Duration::from_secs(5 * 60);
const REPOSITORY_AGE: Duration = Duration::from_secs(5 * 60);
/// What is addressed by a commit or a hash never changes.
const FOR_EVER: Duration = Duration::MAX;

/// An answer that several may hold.
pub type Shared<T> = Result<Arc<T>, Arc<HubError>>;

/// The Hub; see the module.
#[derive(Clone)]
pub struct Remote {
    network: Network,
    lists: Cache<ListPage>,
    repositories: Cache<Repository>,
    cards: Cache<Card>,
    headers: Cache<sirocco_gguf::Header>,
}

impl Remote {
    /// Asks through this door.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self {
            network,
            lists: Cache::new(200, LIST_AGE),
            repositories: Cache::new(50, REPOSITORY_AGE),
            cards: Cache::new(20, FOR_EVER),
            headers: Cache::new(30, FOR_EVER),
        }
    }

    /// The door.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Forgets all answers, because somebody else asks now, or another Hub is asked.
    pub fn forget(&self) {
        self.lists.clear();
        self.repositories.clear();
        self.cards.clear();
        self.headers.clear();
    }

    /// One page of a list, and whether it was known already.
    ///
    /// # Errors
    /// Those of the network; [`HubError::Nonsense`].
    pub async fn list(&self, query: ListQuery) -> (Shared<ListPage>, bool) {
        let network = self.network.clone();
        let key = query.key();
        self.lists
            .get(key, move || list::fetch(network, query))
            .await
    }

    /// A repository with its files, as it is now (or was minutes ago).
    ///
    /// # Errors
    /// [`HubError::NoRepository`], [`HubError::TokenNeeded`], those of the network, [`HubError::Nonsense`].
    pub async fn repository(
        &self,
        name: &RepositoryName,
        purpose: ConnectionPurpose,
    ) -> Shared<Repository> {
        let (network, wanted) = (self.network.clone(), name.clone());
        let fetch = move || repository::fetch(network, wanted, purpose);
        self.repositories.get(name.to_string(), fetch).await.0
    }

    /// The card of a repository at the commit it was described at.
    ///
    /// # Errors
    /// [`HubError::Gated`], [`HubError::TokenNeeded`], those of the network. Without a README it is empty.
    pub async fn card(&self, repository: Arc<Repository>) -> Shared<Card> {
        let network = self.network.clone();
        let key = format!("{} {}", repository.listing.name, repository.commit);
        self.cards
            .get(key, move || card::fetch(network, repository))
            .await
            .0
    }

    /// The header of a GGUF file, read by ranges.
    ///
    /// # Errors
    /// [`HubError::Header`] if it is no sound GGUF file, [`HubError::NoRanges`] if the server cannot send parts,
    /// [`HubError::Gated`], [`HubError::TokenNeeded`], those of the network.
    pub async fn header(
        &self,
        name: &RepositoryName,
        commit: &str,
        file: &RemoteFile,
    ) -> Shared<sirocco_gguf::Header> {
        let key = match &file.sha256 {
            Some(sha256) => sha256.clone(),
            None => format!("{name} {commit} {}", file.path),
        };
        let network = self.network.clone();
        let (name, commit, file) = (name.clone(), commit.to_owned(), file.clone());
        let fetch = move || header::fetch(network, name, commit, file);
        self.headers.get(key, fetch).await.0
    }
}
