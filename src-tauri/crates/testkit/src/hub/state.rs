//! What the hub knows, and what tests change while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::account::{Account, Viewer};
use super::fault::Faults;
use super::log::Log;
use super::quota::Quotas;
use super::refusal::Refusal;
use super::repository::{Gate, Repository, RepositoryFile, Tree, commit_of};

/// The hub's clock starts here: it moves only when a test moves it.
const START_S: u64 = 1_750_000_000;
/// The branch that exists always.
const MAIN: &str = "main";

pub(super) type Shared = Arc<State>;

/// Everything both listeners share.
pub(super) struct State {
    pub hub_address: String,
    pub cdn_address: String,
    pub page_cap: AtomicU64,
    pub log: Log,
    pub away: Arc<AtomicBool>,
    pub stop: CancellationToken,
    /// Counts calls of `resume`: stalled answers wait for the next.
    pub resumed: watch::Sender<u64>,
    clock_s: AtomicU64,
    faults: Mutex<Faults>,
    quotas: Mutex<Quotas>,
    accounts: Mutex<BTreeMap<String, Account>>,
    repositories: Mutex<BTreeMap<String, Stored>>,
}

/// A repository with the commits it ever had.
#[derive(Clone)]
pub(super) struct Stored {
    pub repository: Repository,
    heads: BTreeMap<String, String>,
    commits: BTreeMap<String, Arc<Tree>>,
}

/// The files of one commit.
pub(super) struct Commit {
    pub name: String,
    pub tree: Arc<Tree>,
}

impl Stored {
    fn put(&mut self, repository: Repository) {
        self.heads.clear();
        let mains = std::iter::once((MAIN, &repository.files));
        let others = repository
            .branches
            .iter()
            .map(|(branch, tree)| (branch.as_str(), tree));
        for (branch, tree) in mains.chain(others) {
            let name = commit_of(&repository.id, tree);
            self.heads.insert(branch.to_owned(), name.clone());
            self.commits.insert(name, Arc::new(tree.clone()));
        }
        self.repository = repository;
    }

    /// The newest commit of `main`.
    pub(super) fn head(&self) -> &str {
        &self.heads[MAIN]
    }

    /// By branch or commit; `HEAD` is the branch `main`.
    pub(super) fn commit(&self, revision: &str) -> Result<Commit, Refusal> {
        let branch = if revision == "HEAD" { MAIN } else { revision };
        let name = self.heads.get(branch).map_or(revision, String::as_str);
        let tree = self.commits.get(name);
        let tree = tree.ok_or_else(|| Refusal::NoRevision(revision.to_owned()))?;
        Ok(Commit {
            name: name.to_owned(),
            tree: Arc::clone(tree),
        })
    }

    /// A file of any commit with this sha256, and its path.
    pub(super) fn object(&self, sha256: &str, path: &str) -> Option<RepositoryFile> {
        let files = self.commits.values().filter_map(|tree| tree.get(path));
        files
            .into_iter()
            .find(|file| file.sha256() == sha256)
            .cloned()
    }
}

impl State {
    pub(super) fn new(hub_address: String, cdn_address: String, away: Arc<AtomicBool>) -> Self {
        Self {
            hub_address,
            cdn_address,
            page_cap: AtomicU64::new(1000),
            log: Log::default(),
            away,
            stop: CancellationToken::new(),
            resumed: watch::Sender::new(0),
            clock_s: AtomicU64::new(START_S),
            faults: Mutex::default(),
            quotas: Mutex::default(),
            accounts: Mutex::default(),
            repositories: Mutex::default(),
        }
    }

    /// The hub's own time, in Unix seconds.
    pub(super) fn now_s(&self) -> u64 {
        self.clock_s.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock_s.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn quotas(&self) -> MutexGuard<'_, Quotas> {
        lock(&self.quotas)
    }

    pub(super) fn accounts(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        lock(&self.accounts)
    }

    pub(super) fn account(&self, token: &str) -> Option<Account> {
        self.accounts().get(token).cloned()
    }

    pub(super) fn put(&self, repository: Repository) {
        let mut repositories = lock(&self.repositories);
        let id = repository.id.clone();
        let stored = repositories.entry(id).or_insert_with(|| Stored {
            repository: repository.clone(),
            heads: BTreeMap::new(),
            commits: BTreeMap::new(),
        });
        stored.put(repository);
    }

    pub(super) fn current(&self, id: &str) -> Option<Repository> {
        let repositories = lock(&self.repositories);
        repositories.get(id).map(|stored| stored.repository.clone())
    }

    pub(super) fn head(&self, id: &str) -> Option<String> {
        lock(&self.repositories)
            .get(id)
            .map(|stored| stored.head().to_owned())
    }

    /// Forgets a repository, or a file in all its commits.
    pub(super) fn purge(&self, id: &str, path: Option<&str>) {
        let mut repositories = lock(&self.repositories);
        match (path, repositories.get_mut(id)) {
            (None, _) => {
                repositories.remove(id);
            }
            (Some(path), Some(stored)) => {
                for tree in stored.commits.values_mut() {
                    Arc::make_mut(tree).remove(path);
                }
                let mut repository = stored.repository.clone();
                repository.files.remove(path);
                stored.put(repository);
            }
            (Some(_), None) => {}
        }
    }

    /// Repositories that may be listed for this viewer.
    pub(super) fn listed(&self, viewer: &Viewer) -> Vec<Stored> {
        let repositories = lock(&self.repositories);
        let visible = repositories
            .values()
            .filter(|stored| sees(viewer, &stored.repository));
        visible
            .filter(|stored| !stored.repository.facts.disabled)
            .cloned()
            .collect()
    }

    /// A repository that the viewer may look at.
    pub(super) fn look_at(&self, id: &str, viewer: &Viewer) -> Result<Stored, Refusal> {
        let repositories = lock(&self.repositories);
        let found = repositories
            .get(id)
            .filter(|stored| sees(viewer, &stored.repository));
        let signed_in = viewer.is_signed_in();
        let stored = found.ok_or(Refusal::NoRepository { signed_in })?;
        if stored.repository.facts.disabled {
            return Err(Refusal::Disabled);
        }
        Ok(stored.clone())
    }

    /// A repository whose files the viewer may have.
    pub(super) fn enter(&self, id: &str, viewer: &Viewer) -> Result<Stored, Refusal> {
        let stored = self.look_at(id, viewer)?;
        let is_gated = stored.repository.facts.gate != Gate::Open;
        if is_gated && !viewer.is_admitted_to(id) {
            return Err(Refusal::Gated {
                repository: id.to_owned(),
                signed_in: viewer.is_signed_in(),
            });
        }
        Ok(stored)
    }

    /// A file that has a signed address already: whoever has that, may have it.
    pub(super) fn object(&self, id: &str, sha256: &str, path: &str) -> Option<RepositoryFile> {
        lock(&self.repositories).get(id)?.object(sha256, path)
    }

    /// The present name of a repository that was called so before, or is in other letters' case.
    pub(super) fn present_name(&self, id: &str) -> Option<String> {
        let repositories = lock(&self.repositories);
        if repositories.contains_key(id) {
            return None;
        }
        let is_former = |stored: &&Stored| {
            let names: BTreeSet<_> = stored.repository.facts.former_names.iter().collect();
            names.contains(&id.to_owned()) || stored.repository.id.eq_ignore_ascii_case(id)
        };
        let found = repositories.values().find(is_former);
        found.map(|stored| stored.repository.id.clone())
    }
}

fn sees(viewer: &Viewer, repository: &Repository) -> bool {
    !repository.facts.private || viewer.is_admitted_to(&repository.id)
}

/// A test that panicked while it changed something is lost anyway; the others go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
