//! One repository: what is known of it, and its files with their hashes.

use std::collections::HashMap;

use reqwest::Url;
use serde_json::Value;
use sirocco_protocol::{ConnectionPurpose, HubSecurity};

use super::{Listing, RepositoryName, ask, value};
use crate::{HubError, Network};

/// More are not looked at.
const MAX_FILES: usize = 10_000;
const MAX_PATH: usize = 1_000;
const MAX_TREE_PAGES: usize = 10;

/// A repository at one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Repository {
    /// What a list says about it.
    pub listing: Listing,
    /// The newest commit, 40 hexadecimal digits.
    pub commit: String,
    /// Its page.
    pub url: String,
    /// By path.
    pub files: Vec<RemoteFile>,
    /// Licence.
    pub license: Option<License>,
    /// Repositories it was made from.
    pub base_models: Vec<String>,
    /// Codes of languages.
    pub languages: Vec<String>,
    /// Who quantized it.
    pub quantized_by: Option<String>,
}

/// A licence as the card states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// The tag.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its text.
    pub link: Option<String>,
}

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its path: no part of it is empty, `.` or `..`.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Hash of the content, 64 hexadecimal digits, if it is stored as a large file.
    pub sha256: Option<String>,
    /// What the scanners say.
    pub security: HubSecurity,
}

impl Repository {
    /// The file with this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&RemoteFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

pub(super) async fn fetch(
    network: Network,
    name: RepositoryName,
    purpose: ConnectionPurpose,
) -> Result<Repository, HubError> {
    let parts = ["models", name.owner(), name.name()];
    let mut url = ask::api(&network, &parts)?;
    url.set_query(Some("blobs=true"));
    let answer = ask::json(&network, url.clone(), purpose).await?;
    let body = &answer.body;
    let nonsense = |problem: &str| HubError::Nonsense {
        host: url.host_str().unwrap_or_default().to_owned(),
        problem: problem.to_owned(),
    };
    let listing = Listing::read(body).ok_or_else(|| nonsense("it describes no repository"))?;
    let commit = value::hex(&body["sha"], 40).ok_or_else(|| nonsense("it names no commit"))?;
    let mut files: HashMap<String, RemoteFile> = siblings(body);
    // The scanners' words are only in the tree, which authors may close; what is known already stays then.
    match tree(&network, &parts, &commit, purpose).await {
        Ok(found) => files.extend(found.into_iter().map(|file| (file.path.clone(), file))),
        Err(error @ (HubError::Offline | HubError::Reconfigured { .. })) => return Err(error),
        Err(error) => tracing::debug!(%error, %name, "no tree"),
    }
    let mut files: Vec<RemoteFile> = files.into_values().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let card = &body["cardData"];
    let page = format!(
        "{}/{}",
        network.endpoint()?.as_str().trim_end_matches('/'),
        listing.name
    );
    Ok(Repository {
        license: license(&listing, card),
        base_models: base_models(&listing, card),
        languages: value::texts(&card["language"], 100, 20),
        quantized_by: value::text(&card["quantized_by"], 100),
        listing,
        commit,
        url: page,
        files,
    })
}

fn siblings(body: &Value) -> HashMap<String, RemoteFile> {
    let items = body["siblings"].as_array().map(Vec::as_slice);
    let files = items
        .unwrap_or_default()
        .iter()
        .take(MAX_FILES)
        .filter_map(|item| {
            let path = sound_path(&item["rfilename"])?;
            let lfs = &item["lfs"];
            Some(RemoteFile {
                size_bytes: value::number(&lfs["size"]).or_else(|| value::number(&item["size"]))?,
                sha256: value::hex(&lfs["sha256"], 64),
                security: HubSecurity::Unknown,
                path,
            })
        });
    files.map(|file| (file.path.clone(), file)).collect()
}

async fn tree(
    network: &Network,
    parts: &[&str],
    commit: &str,
    purpose: ConnectionPurpose,
) -> Result<Vec<RemoteFile>, HubError> {
    let parts: Vec<&str> = parts.iter().copied().chain(["tree", commit]).collect();
    let mut url: Url = ask::api(network, &parts)?;
    url.set_query(Some("recursive=true&expand=true"));
    let mut files = Vec::new();
    for _ in 0..MAX_TREE_PAGES {
        let answer = ask::json(network, url.clone(), purpose).await?;
        let items = answer.body.as_array().map(Vec::as_slice);
        files.extend(items.unwrap_or_default().iter().filter_map(tree_file));
        match ask::next_query(&url, answer.next.as_deref()) {
            Some(next) if files.len() < MAX_FILES => url.set_query(Some(&next)),
            _ => break,
        }
    }
    files.truncate(MAX_FILES);
    Ok(files)
}

fn tree_file(item: &Value) -> Option<RemoteFile> {
    if item["type"] != "file" {
        return None;
    }
    let lfs = &item["lfs"];
    Some(RemoteFile {
        path: sound_path(&item["path"])?,
        size_bytes: value::number(&lfs["size"]).or_else(|| value::number(&item["size"]))?,
        sha256: value::hex(&lfs["oid"], 64),
        security: security(&item["securityFileStatus"]),
    })
}

fn security(status: &Value) -> HubSecurity {
    match status["status"].as_str() {
        Some("safe" | "innocuous") => HubSecurity::Safe,
        Some(word @ ("unsafe" | "suspicious" | "caution")) => {
            let virus = ["virusNames", "message"].iter().find_map(|key| {
                value::texts(&status["avScan"][key], 3, 100)
                    .into_iter()
                    .next()
            });
            let other = || value::text(&status["pickleImportScan"]["message"], 200);
            HubSecurity::Unsafe {
                finding: virus.or_else(other).unwrap_or_else(|| word.to_owned()),
            }
        }
        _ => HubSecurity::Unknown,
    }
}

/// A path that leads nowhere else when it is joined to an address or a folder's.
fn sound_path(value: &Value) -> Option<String> {
    let path = value.as_str().filter(|path| path.len() <= MAX_PATH)?;
    let is_sound = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    (path.split('/').all(is_sound) && !path.chars().any(char::is_control)).then(|| path.to_owned())
}

fn license(listing: &Listing, card: &Value) -> Option<License> {
    let stated = value::texts(&card["license"], 1, 100).into_iter().next();
    let id = stated.or_else(|| listing.tag("license:").map(str::to_owned))?;
    // Only what a browser may be sent to.
    let link = value::text(&card["license_link"], 500)
        .filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    Some(License {
        id,
        name: value::text(&card["license_name"], 100),
        link,
    })
}

fn base_models(listing: &Listing, card: &Value) -> Vec<String> {
    let mut found = value::texts(&card["base_model"], 20, 200);
    if found.is_empty() {
        // Tags are `base_model:o/n` and, with the relation, `base_model:quantized:o/n`.
        let tags = listing
            .tags
            .iter()
            .filter_map(|tag| tag.strip_prefix("base_model:"));
        found = tags
            .filter(|tag| !tag.contains(':'))
            .map(str::to_owned)
            .collect();
    }
    found.retain(|name| name.parse::<RepositoryName>().is_ok());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_are_read_from_both_shapes() {
        let sha = "a".repeat(64);
        let body = json!({"siblings": [
            {"rfilename": "README.md", "size": 12, "blobId": "b"},
            {"rfilename": "m-Q4_K_M.gguf", "size": 134, "lfs": {"sha256": sha, "size": 807_694_464, "pointerSize": 134}},
            {"rfilename": "unknown"}, {"rfilename": "../up", "size": 1}, {"rfilename": "/abs", "size": 1},
            {"rfilename": "a\\b", "size": 1}, {"rfilename": "a//b", "size": 1}, {"rfilename": 7, "size": 1},
        ]});
        let mut files: Vec<_> = siblings(&body).into_values().collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let sizes: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.size_bytes))
            .collect();
        assert_eq!(sizes, [("README.md", 12), ("m-Q4_K_M.gguf", 807_694_464)]);
        assert_eq!(files[1].sha256.as_deref(), Some(sha.as_str()));

        let file = tree_file(&json!({
            "type": "file", "oid": "x", "size": 807_694_464, "path": "sub/m.gguf",
            "lfs": {"oid": sha, "size": 807_694_464, "pointerSize": 134}, "xetHash": "y",
            "securityFileStatus": {"status": "safe", "avScan": {"virusFound": false}, "pickleImportScan": null},
        }))
        .expect("a file");
        assert_eq!((file.security, file.sha256), (HubSecurity::Safe, Some(sha)));
        assert_eq!(
            tree_file(&json!({"type": "directory", "oid": "x", "size": 0, "path": "sub"})),
            None
        );
        let hostile =
            tree_file(&json!({"type": "file", "path": "m", "size": 1, "lfs": {"oid": "../../.."}}));
        assert_eq!(hostile.and_then(|file| file.sha256), None);
    }

    #[test]
    fn findings_are_told() {
        assert_eq!(
            security(
                &json!({"status": "unsafe", "avScan": {"virusFound": true, "virusNames": ["Eicar"]}})
            ),
            HubSecurity::Unsafe {
                finding: "Eicar".into()
            }
        );
        assert_eq!(
            security(&json!({"status": "suspicious"})),
            HubSecurity::Unsafe {
                finding: "suspicious".into()
            }
        );
        for unknown in [
            json!(null),
            json!({}),
            json!({"status": "queued"}),
            json!("safe"),
        ] {
            assert_eq!(security(&unknown), HubSecurity::Unknown);
        }
    }

    #[test]
    fn licence_and_base_models_come_from_the_card_or_the_tags() {
        let listing = Listing::read(&json!({"id": "o/n", "tags": [
            "license:llama3.2", "base_model:meta/base", "base_model:quantized:meta/base", "base_model:<script>",
        ]}))
        .expect("a result");
        let card = json!({"license": "other", "license_name": "mine", "license_link": "javascript:alert(1)",
                          "base_model": ["x/y", "../.."]});
        let stated = license(&listing, &card).expect("a licence");
        assert_eq!(
            (stated.id.as_str(), stated.name.as_deref(), stated.link),
            ("other", Some("mine"), None)
        );
        assert_eq!(base_models(&listing, &card), ["x/y"]);
        let card = json!({"license": null});
        assert_eq!(
            license(&listing, &card)
                .map(|license| license.id)
                .as_deref(),
            Some("llama3.2")
        );
        assert_eq!(base_models(&listing, &card), ["meta/base"]);
    }
}
