//! Why an App does not open, and what a person can do about it.

use std::path::{Path, PathBuf};

use sirocco_store::StoreError;

/// Why an App did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder cannot be made.
    #[error("could not create folder `{path}`")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(StoreError::NewerSchema { path, known, .. }) => {
                Some(way_back(path, *known))
            }
            Self::Store(error) if error.is_disk_full() => Some(
                "free some space and start Sirocco again; nothing that was saved is lost"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

fn way_back(database: &Path, known: i64) -> String {
    let newer = "a newer version of Sirocco was used here: install that one, or the newest, again";
    match copy_before(database, known) {
        None => newer.to_owned(),
        Some(copy) => format!(
            "{newer}; or go on from where this version was left: move `{}` away and give its name to `{}`",
            database.display(),
            copy.display()
        ),
    }
}

/// The copy of a database that was made before the first migration that this version does not know.
fn copy_before(database: &Path, known: i64) -> Option<PathBuf> {
    let prefix = format!("{}.before-", database.file_name()?.to_str()?);
    let entries = std::fs::read_dir(database.parent()?).ok()?.flatten();
    let copies = entries.filter_map(|entry| {
        let name = entry.file_name();
        let migration: i64 = name.to_str()?.strip_prefix(&prefix)?.parse().ok()?;
        (migration > known).then(|| (migration, entry.path()))
    });
    copies.min().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_database_comes_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        let error = OpenError::from(StoreError::NewerSchema {
            path: path.clone(),
            found: 13,
            known: 10,
        });
        let hint = || error.hint().unwrap();
        assert!(hint().contains("install that one") && !hint().contains("move"));
        for older in ["0008", "0013", "0012", "0012.partial"] {
            std::fs::write(format!("{}.before-{older}", path.display()), "").unwrap();
        }
        assert!(hint().ends_with("sirocco.db.before-0012`"), "{}", hint());
    }

    #[test]
    fn a_disk_without_room_for_the_copy_comes_with_a_way_out() {
        let of = |kind: std::io::ErrorKind| {
            OpenError::from(StoreError::CopyAside {
                path: "sirocco.db.before-0012".into(),
                source: std::io::Error::from(kind).into(),
            })
        };
        let hint = of(std::io::ErrorKind::StorageFull).hint();
        assert!(hint.is_some_and(|hint| hint.starts_with("free some space")));
        assert_eq!(of(std::io::ErrorKind::PermissionDenied).hint(), None);
    }
}
