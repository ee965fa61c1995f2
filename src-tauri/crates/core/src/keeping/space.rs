//! What takes how much space.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use sirocco_hub::library::{FileIdentity, unfinished_bytes};
use sirocco_protocol::{DiskUse, ErrorReport, RootId, RootUse};
use sirocco_store::{StoredModel, StoredRoot};

use crate::App;
use crate::error::Report;
use crate::library::blocking;

impl App {
    pub(crate) async fn space(&self) -> Result<DiskUse, ErrorReport> {
        let roots = self.inner.store.list_roots().await.report()?;
        let models = self.inner.store.list_local_models().await.report()?;
        let home = self.inner.home.clone();
        blocking(move || {
            let database = home.database();
            let beside = |suffix: &str| {
                let mut name = database.as_os_str().to_owned();
                name.push(suffix);
                size_of(Path::new(&name))
            };
            DiskUse {
                roots: by_root(&roots, &models),
                trash_bytes: folder_bytes(&home.trash()),
                unfinished_bytes: unfinished_bytes(&home.models()),
                database_bytes: ["", "-wal", "-shm"].map(beside).iter().sum(),
            }
        })
        .await
    }
}

/// Each folder, and the models without one. Content with several names counts where it is met first.
fn by_root(roots: &[StoredRoot], models: &[StoredModel]) -> Vec<RootUse> {
    let mut of_root: HashMap<Option<RootId>, Vec<&StoredModel>> = HashMap::new();
    for stored in models {
        of_root
            .entry(stored.model.root_id)
            .or_default()
            .push(stored);
    }
    let mut seen = HashSet::new();
    let mut uses = Vec::new();
    let places = roots
        .iter()
        .map(|root| (Some(root.id), root.path.clone()))
        .chain([(None, String::new())]);
    for (root_id, path) in places {
        let models = of_root.remove(&root_id).unwrap_or_default();
        if root_id.is_none() && models.is_empty() {
            continue;
        }
        let measured = match models.first() {
            Some(stored) if root_id.is_none() => Path::new(&stored.model.path)
                .parent()
                .map(Path::to_owned)
                .unwrap_or_default(),
            _ => PathBuf::from(&path),
        };
        uses.push(RootUse {
            root_id,
            model_count: u32::try_from(models.len()).unwrap_or(u32::MAX),
            size_bytes: models
                .iter()
                .map(|stored| model_bytes(stored, &mut seen))
                .sum(),
            free_bytes: sirocco_hub::available_bytes(&measured).unwrap_or(0),
            path,
        });
    }
    uses.sort_by_key(|root| std::cmp::Reverse(root.size_bytes));
    uses
}

fn model_bytes(stored: &StoredModel, seen: &mut HashSet<FileIdentity>) -> u64 {
    if stored.absence.is_some() {
        return 0;
    }
    stored
        .files
        .iter()
        .map(|file| {
            let Ok(metadata) = std::fs::metadata(file) else {
                return 0;
            };
            match FileIdentity::of(&metadata) {
                Some(identity) if !seen.insert(identity) => 0,
                _ => metadata.len(),
            }
        })
        .sum()
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => folder_bytes(&entry.path()),
            _ => entry.metadata().map_or(0, |file| file.len()),
        })
        .sum()
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}
