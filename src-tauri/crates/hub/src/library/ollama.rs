//! Models of Ollama: a manifest names the blob that is the GGUF file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    Found, Known, Origin, Problem,
    inspect::{Inspected, inspect_files},
    naming::slug,
    projector::fits,
    scan::is_known,
    walk::is_unfinished_or_hidden,
};
use crate::ContentHash;

const MODEL_LAYER: &str = "application/vnd.ollama.image.model";
const PROJECTOR_LAYER: &str = "application/vnd.ollama.image.projector";
const TENSOR_LAYER: &str = "application/vnd.ollama.image.tensor";
/// Real ones are below 2 KiB.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
/// `{host}/{namespace}/{model}/{tag}`.
const MANIFEST_DEPTH: usize = 4;
const MAX_MANIFESTS: usize = 10_000;
const USUAL_HOST: &str = "registry.ollama.ai";
const USUAL_NAMESPACE: &str = "library";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
}

impl Layer {
    /// Parsed before it becomes part of a path.
    fn hash(&self) -> Option<ContentHash> {
        self.digest.strip_prefix("sha256:")?.parse().ok()
    }
}

fn blob_of(folder: &Path, hash: ContentHash) -> PathBuf {
    folder.join("blobs").join(format!("sha256-{hash}"))
}

/// The models of the folder that holds `manifests` and `blobs`.
pub(super) fn scan(folder: &Path, known: &Known) -> Vec<Result<Found, Problem>> {
    let mut manifests = Vec::new();
    collect(&folder.join("manifests"), &mut Vec::new(), &mut manifests);
    manifests
        .iter()
        .map(|(path, parts)| inspect(folder, path, parts, known))
        .collect()
}

fn collect(folder: &Path, parts: &mut Vec<String>, found: &mut Vec<(PathBuf, Vec<String>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().take(MAX_MANIFESTS).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if is_unfinished_or_hidden(&name) || found.len() >= MAX_MANIFESTS {
            continue;
        }
        parts.push(name);
        if kind.is_dir() && parts.len() < MANIFEST_DEPTH {
            collect(&entry.path(), parts, found);
        } else if kind.is_file() && parts.len() == MANIFEST_DEPTH {
            found.push((entry.path(), parts.clone()));
        }
        parts.pop();
    }
}

fn inspect(
    folder: &Path,
    manifest: &Path,
    parts: &[String],
    known: &Known,
) -> Result<Found, Problem> {
    let fail = |message: &str| Problem {
        path: manifest.to_owned(),
        message: message.to_owned(),
    };
    let size = std::fs::metadata(manifest)
        .map_err(|error| fail(&format!("the file cannot be read: {error}")))?
        .len();
    if size > MAX_MANIFEST_BYTES {
        return Err(fail("it is no manifest of Ollama: it is too large"));
    }
    let text = std::fs::read(manifest)
        .map_err(|error| fail(&format!("the file cannot be read: {error}")))?;
    let read: Manifest =
        serde_json::from_slice(&text).map_err(|_| fail("it is no manifest of Ollama"))?;
    let Some(layer) = read
        .layers
        .iter()
        .find(|layer| layer.media_type == MODEL_LAYER)
    else {
        let is_tensors = read
            .layers
            .iter()
            .any(|layer| layer.media_type == TENSOR_LAYER);
        return Err(fail(match is_tensors {
            true => {
                "the model is in a format that only Ollama reads; look for a GGUF version of it"
            }
            false => "the manifest names no model on this computer",
        }));
    };
    let hash = layer
        .hash()
        .ok_or_else(|| fail("the manifest names its model in an unknown way"))?;
    let blob = blob_of(folder, hash);
    if !blob.is_file() {
        return Err(fail(
            "the model of this manifest is not on this computer (any more)",
        ));
    }
    if is_known(std::slice::from_ref(&blob), known) {
        return Ok(Found::Unchanged(blob));
    }
    let name = name(parts);
    let inspected = inspect_files(vec![blob]).map_err(|problem| Problem {
        message: format!("{name}: {}", problem.message),
        ..problem
    })?;
    let Inspected::Model(mut found) = inspected else {
        return Ok(Found::Projector);
    };
    found.key = slug(&name);
    found.name = name;
    found.origin = Origin::Ollama;
    found.stated_hashes = vec![Some(hash)];
    found.projector = read
        .layers
        .iter()
        .filter(|layer| layer.media_type == PROJECTOR_LAYER)
        .filter_map(|layer| Some(blob_of(folder, layer.hash()?)))
        .find(|projector| fits(projector, &found.files[0]));
    Ok(Found::Model(found))
}

/// As Ollama shows it: the usual host and namespace are left out.
fn name(parts: &[String]) -> String {
    let [host, namespace, model, tag] = parts else {
        return parts.join("/");
    };
    match (host.as_str(), namespace.as_str()) {
        (USUAL_HOST, USUAL_NAMESPACE) => format!("{model}:{tag}"),
        (USUAL_HOST, _) => format!("{namespace}/{model}:{tag}"),
        _ => format!("{host}/{namespace}/{model}:{tag}"),
    }
}
