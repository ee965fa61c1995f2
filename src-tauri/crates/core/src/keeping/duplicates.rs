//! Models with the same content, and making one of them do for all.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use sirocco_hub::HubError;
use sirocco_hub::library::{Copied, Fingerprint, link_over, may_be_alike, replacements};
use sirocco_protocol::{DuplicateGroup, ErrorCode, ErrorReport};
use sirocco_store::StoredModel;

use crate::App;
use crate::error::{Report, refuse};
use crate::library::{blocking, files_of};

impl App {
    /// Models with the same content. Of those whose hash is not known, only such as have the size and the ends of
    /// another one are read.
    pub(crate) async fn duplicates(&self) -> Result<Vec<DuplicateGroup>, ErrorReport> {
        let groups = self.same_content().await?;
        blocking(move || {
            let mut groups: Vec<DuplicateGroup> = groups
                .into_iter()
                .map(|(sha256, models)| DuplicateGroup {
                    sha256,
                    size_bytes: models[0].model.size_bytes,
                    reclaimable_bytes: files_by_shard(&models)
                        .iter()
                        .flat_map(|copies| replacements(copies))
                        .map(|replacement| replacement.freed_bytes)
                        .sum(),
                    model_ids: models.iter().map(|stored| stored.model.id).collect(),
                })
                .collect();
            groups.sort_by_key(|group| {
                std::cmp::Reverse((group.reclaimable_bytes, group.size_bytes))
            });
            groups
        })
        .await
    }

    /// Replaces files of the own folder by hard links to one of the group; answers the bytes freed.
    pub(crate) async fn link_duplicates(&self, sha256: &str) -> Result<u64, ErrorReport> {
        let mut groups = self.same_content().await?;
        let models = groups.remove(sha256).ok_or_else(|| {
            refuse(
                ErrorCode::NotFound,
                "no models share the content with this hash",
            )
        })?;
        let turn = self.inner.library.turn.lock().await;
        let shards = files_by_shard(&models);
        let app = self.clone();
        let linked = self.inner.tasks.spawn_blocking(move || {
            let mut freed = 0;
            for replacement in shards.iter().flat_map(|copies| replacements(copies)) {
                if app.inner.closing.is_cancelled() {
                    return Err(HubError::Ended);
                }
                if link_over(&replacement)? {
                    freed += replacement.freed_bytes;
                } else {
                    tracing::warn!(path = %replacement.replaced.display(), "left alone: it differs from what has the same hash");
                }
            }
            Ok(freed)
        });
        let freed = linked.await.map_err(|error| {
            refuse(
                ErrorCode::Internal,
                format!("disk work was cut off: {error}"),
            )
        })?;
        drop(turn);
        // Their files are others now, also where not all went well.
        for stored in models {
            self.look_again(stored).await?;
        }
        freed.report()
    }

    /// Models by the hash of their first file, where two or more have the same content.
    async fn same_content(&self) -> Result<BTreeMap<String, Vec<StoredModel>>, ErrorReport> {
        let mut by_size: HashMap<(u64, usize), Vec<StoredModel>> = HashMap::new();
        for stored in self.inner.store.list_local_models().await.report()? {
            if stored.absence.is_none() {
                let size = (stored.model.size_bytes, stored.files.len());
                by_size.entry(size).or_default().push(stored);
            }
        }
        let mut by_hash: BTreeMap<Vec<String>, Vec<StoredModel>> = BTreeMap::new();
        for candidates in by_size.into_values().filter(|models| models.len() > 1) {
            for (stored, is_worth_reading) in blocking(move || with_likeness(candidates)).await? {
                let known: Option<Vec<String>> = stored.hashes.iter().cloned().collect();
                let hashes = match known.filter(|known| known.len() == stored.files.len()) {
                    Some(known) => known,
                    None if !is_worth_reading => continue,
                    None => match self.read_hashes(&stored, false).await {
                        Ok(read) => {
                            self.keep_hashes(stored.model.id, read.clone()).await?;
                            read
                        }
                        Err(error) if self.inner.closing.is_cancelled() => return Err(error),
                        // One unreadable file does not hide the others' likeness.
                        Err(error) => {
                            tracing::warn!(model = %stored.model.path, %error, "not compared");
                            continue;
                        }
                    },
                };
                by_hash.entry(hashes).or_default().push(stored);
            }
        }
        by_hash.retain(|_, models| models.len() > 1);
        Ok(by_hash
            .into_iter()
            .map(|(mut hashes, models)| (hashes.swap_remove(0), models))
            .collect())
    }
}

/// Says of each whether another one of these may have its content: the same file twice, or equal ends.
fn with_likeness(models: Vec<StoredModel>) -> Vec<(StoredModel, bool)> {
    let identities: Vec<Option<Fingerprint>> = models
        .iter()
        .map(|stored| Fingerprint::of(&stored.files).ok())
        .collect();
    let is_like = |one: usize, other: usize| {
        let same_file = identities[one].is_some_and(|one| one.inode != 0)
            && identities[one] == identities[other];
        same_file
            || may_be_alike(
                Path::new(&models[one].files[0]),
                Path::new(&models[other].files[0]),
            )
    };
    let alike: Vec<bool> = (0..models.len())
        .map(|one| (0..models.len()).any(|other| other != one && is_like(one, other)))
        .collect();
    models.into_iter().zip(alike).collect()
}

/// The first files of the models, the second ones, and so on.
fn files_by_shard(models: &[StoredModel]) -> Vec<Vec<Copied>> {
    let count = models.first().map_or(0, |stored| stored.files.len());
    (0..count)
        .map(|shard| {
            models
                .iter()
                .map(|stored| Copied {
                    path: files_of(stored).swap_remove(shard),
                    is_own: stored.model.deletable,
                })
                .collect()
        })
        .collect()
}
