//! Repositories from a folder on the disk.
//!
//! `FOLDER/owner/name/` holds the files of `owner/name`. A file `hub.json` among them is not served: it has the
//! [`RepositoryFacts`](super::RepositoryFacts) in JSON, as far as they are not the usual ones.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Content, Repository};

const FACTS: &str = "hub.json";

/// All repositories of a folder.
///
/// # Errors
/// If the folder cannot be read, or the facts of a repository are wrong.
pub fn repositories_in(folder: &Path) -> anyhow::Result<Vec<Repository>> {
    let mut repositories = Vec::new();
    for owner in folders_in(folder)? {
        for name in folders_in(&owner)? {
            let id = format!("{}/{}", file_name(&owner), file_name(&name));
            repositories.push(read(id, &name)?);
        }
    }
    Ok(repositories)
}

fn read(id: String, folder: &Path) -> anyhow::Result<Repository> {
    let mut repository = Repository::new(id);
    let facts = folder.join(FACTS);
    if facts.is_file() {
        let text = std::fs::read_to_string(&facts)?;
        repository.facts = serde_json::from_str(&text)
            .with_context(|| format!("could not read {}", facts.display()))?;
    }
    add_files(&mut repository, folder, "")?;
    Ok(repository)
}

fn add_files(repository: &mut Repository, folder: &Path, prefix: &str) -> anyhow::Result<()> {
    for path in entries_of(folder)? {
        let name = format!("{prefix}{}", file_name(&path));
        if path.is_dir() {
            add_files(repository, &path, &format!("{name}/"))?;
        } else if name != FACTS {
            let content = Content::on_disk(&path)
                .with_context(|| format!("could not read {}", path.display()))?;
            repository.files.insert(name, content.into());
        }
    }
    Ok(())
}

fn folders_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut entries = entries_of(folder)?;
    entries.retain(|path| path.is_dir());
    Ok(entries)
}

fn entries_of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("could not read {}", folder.display()))?;
    Ok(entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_repositories_with_their_facts() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("owner/name/sub");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("a.txt"), "a").unwrap();
        std::fs::write(
            folder.path().join("owner/name/hub.json"),
            r#"{"likes": 3, "gate": "manual"}"#,
        )
        .unwrap();
        std::fs::write(folder.path().join("stray"), "").unwrap();
        let repositories = repositories_in(folder.path()).unwrap();
        assert_eq!(repositories.len(), 1);
        assert_eq!(repositories[0].id, "owner/name");
        assert_eq!(repositories[0].facts.likes, 3);
        assert_eq!(
            repositories[0].files.keys().collect::<Vec<_>>(),
            ["sub/a.txt"]
        );
        std::fs::write(folder.path().join("owner/name/hub.json"), r#"{"lieks": 3}"#).unwrap();
        assert!(repositories_in(folder.path()).is_err());
    }
}
