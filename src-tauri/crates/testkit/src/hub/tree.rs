//! The files of a commit.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{Json, Response};
use serde_json::{Value, json};

use super::account::Viewer;
use super::page::{Parameters, page};
use super::refusal::Refusal;
use super::repository::{Delivery, RepositoryFile, Tree};
use super::state::Shared;

/// Pages with details are smaller.
const DETAILED_CAP: u64 = 100;

/// `/api/models/{owner}/{name}/tree/{revision}`.
pub(super) async fn top(
    hub: State<Shared>,
    viewer: Viewer,
    Path((owner, name, revision)): Path<(String, String, String)>,
    uri: Uri,
) -> Result<Response, Refusal> {
    list(
        &hub,
        &viewer,
        &format!("{owner}/{name}"),
        &revision,
        "",
        uri,
    )
}

/// `/api/models/{owner}/{name}/tree/{revision}/{path}`.
pub(super) async fn below(
    hub: State<Shared>,
    viewer: Viewer,
    Path((owner, name, revision, path)): Path<(String, String, String, String)>,
    uri: Uri,
) -> Result<Response, Refusal> {
    list(
        &hub,
        &viewer,
        &format!("{owner}/{name}"),
        &revision,
        &path,
        uri,
    )
}

fn list(
    hub: &Shared,
    viewer: &Viewer,
    id: &str,
    revision: &str,
    folder: &str,
    uri: Uri,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(&uri);
    let (recursive, detailed) = (parameters.is_set("recursive"), parameters.is_set("expand"));
    let stored = hub.enter(id, viewer)?;
    let commit = stored.commit(revision)?;
    let shown = Shown {
        xet: stored.repository.facts.xet,
        detailed,
        commit: &commit.name,
    };
    let entries = entries(&commit.tree, folder, recursive, &shown);
    if entries.is_empty() && !folder.is_empty() {
        return Err(Refusal::NoFile(folder.to_owned()));
    }
    let cap = hub.page_cap.load(Ordering::SeqCst);
    let cap = if detailed { cap.min(DETAILED_CAP) } else { cap };
    page(hub, &uri, cap, &entries)
}

/// What an entry tells.
struct Shown<'a> {
    xet: bool,
    detailed: bool,
    commit: &'a str,
}

fn entries(tree: &Tree, folder: &str, recursive: bool, shown: &Shown<'_>) -> Vec<Value> {
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let mut folders = BTreeSet::new();
    let mut entries = Vec::new();
    for (path, file) in tree {
        let Some(rest) = path.strip_prefix(&prefix) else {
            continue;
        };
        let inner = rest
            .match_indices('/')
            .map(|(at, _)| &path[..prefix.len() + at]);
        let levels = if recursive { usize::MAX } else { 1 };
        for folder in inner.take(levels) {
            if folders.insert(folder) {
                entries.push(folder_entry(folder));
            }
        }
        if recursive || !rest.contains('/') {
            entries.push(file_entry(path, file, shown));
        }
    }
    entries
}

fn folder_entry(path: &str) -> Value {
    let oid = super::Content::from(format!("tree {path}")).git_oid();
    json!({"type": "directory", "oid": oid, "size": 0, "path": path})
}

fn file_entry(path: &str, file: &RepositoryFile, shown: &Shown<'_>) -> Value {
    let mut entry = json!({
        "type": "file",
        "oid": file.git_oid(path),
        "size": file.content.size(),
        "path": path,
    });
    if file.delivery(path) == Delivery::Large {
        entry["lfs"] = json!({
            "oid": file.sha256(),
            "size": file.content.size(),
            "pointerSize": file.pointer().len(),
        });
        if shown.xet {
            entry["xetHash"] = json!(file.xet_hash());
        }
    }
    if shown.detailed {
        let safe =
            || json!({"status": "safe", "avScan": {"virusFound": false}, "pickleImportScan": null});
        entry["securityFileStatus"] = file.security.clone().unwrap_or_else(safe);
        entry["lastCommit"] = json!({
            "id": shown.commit,
            "title": "Upload",
            "date": "2025-01-01T00:00:00.000Z",
        });
    }
    entry
}

/// `POST /api/models/{owner}/{name}/paths-info/{revision}`: the entries of some paths, in JSON or as a form.
pub(super) async fn paths_info(
    State(hub): State<Shared>,
    viewer: Viewer,
    Path((owner, name, revision)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Vec<Value>>, Refusal> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let (paths, detailed) = if is_json {
        from_json(&body)?
    } else {
        from_form(&body)
    };
    let stored = hub.enter(&format!("{owner}/{name}"), &viewer)?;
    let commit = stored.commit(&revision)?;
    let shown = Shown {
        xet: stored.repository.facts.xet,
        detailed,
        commit: &commit.name,
    };
    let found = paths.iter().filter_map(|path| match commit.tree.get(path) {
        Some(file) => Some(file_entry(path, file, &shown)),
        None => {
            let inside = format!("{path}/");
            let exists = commit.tree.keys().any(|file| file.starts_with(&inside));
            exists.then(|| folder_entry(path))
        }
    });
    Ok(Json(found.collect()))
}

fn from_json(body: &[u8]) -> Result<(Vec<String>, bool), Refusal> {
    let bad = || Refusal::BadRequest("\"paths\" must be a list of paths".to_owned());
    let body: Value = serde_json::from_slice(body).map_err(|_| bad())?;
    let paths = body["paths"].as_array().ok_or_else(bad)?;
    let paths = paths
        .iter()
        .filter_map(|path| Some(path.as_str()?.to_owned()));
    Ok((paths.collect(), body["expand"].as_bool().unwrap_or(false)))
}

fn from_form(body: &[u8]) -> (Vec<String>, bool) {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let detailed = pairs
        .iter()
        .any(|(name, value)| name == "expand" && value.eq_ignore_ascii_case("true"));
    let paths = pairs
        .into_iter()
        .filter(|(name, _)| name == "paths" || name == "paths[]");
    (paths.map(|(_, path)| path).collect(), detailed)
}
