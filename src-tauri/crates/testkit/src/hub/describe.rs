//! A repository in JSON.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Json;
use serde_json::{Map, Value, json};

use super::account::Viewer;
use super::page::Parameters;
use super::refusal::{Refusal, encode_part};
use super::repository::{Delivery, Tree};
use super::state::{Commit, Shared, Stored};

/// What `expand` may name.
const EXPANDABLE: &[&str] = &[
    "author",
    "baseModels",
    "cardData",
    "childrenModelCount",
    "config",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "evalResults",
    "gated",
    "gguf",
    "inference",
    "inferenceProviderMapping",
    "lastModified",
    "library_name",
    "likes",
    "mask_token",
    "model-index",
    "pipeline_tag",
    "private",
    "resourceGroup",
    "safetensors",
    "sha",
    "siblings",
    "spaces",
    "tags",
    "transformersInfo",
    "trendingScore",
    "usedStorage",
    "widgetData",
];
/// What a list has unless something else is asked for.
const LISTED: &[&str] = &[
    "likes",
    "trendingScore",
    "private",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "createdAt",
];
/// What a list has with `full`.
const FULL: &[&str] = &[
    "author",
    "gated",
    "lastModified",
    "sha",
    "siblings",
    "disabled",
];
/// What one repository has unless something else is asked for.
const DESCRIBED: &[&str] = &[
    "author",
    "cardData",
    "config",
    "createdAt",
    "disabled",
    "downloads",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "sha",
    "siblings",
    "spaces",
    "tags",
    "usedStorage",
];

/// Which properties are told.
pub(super) struct Properties {
    names: Vec<&'static str>,
    sizes: bool,
}

impl Properties {
    /// As a list is asked for.
    pub(super) fn of_list(parameters: &Parameters) -> Result<Self, Refusal> {
        let mut names = LISTED.to_vec();
        let extras = [
            ("full", FULL),
            ("cardData", &["cardData"][..]),
            ("config", &["config"][..]),
        ];
        for (_, more) in extras
            .into_iter()
            .filter(|(name, _)| parameters.is_set(name))
        {
            names.extend(more);
        }
        Self::or_expanded(parameters, names, false)
    }

    fn of_one(parameters: &Parameters) -> Result<Self, Refusal> {
        let sizes = parameters.is_set("blobs");
        Self::or_expanded(parameters, DESCRIBED.to_vec(), sizes)
    }

    fn or_expanded(
        parameters: &Parameters,
        usual: Vec<&'static str>,
        sizes: bool,
    ) -> Result<Self, Refusal> {
        let wanted: Vec<&str> = parameters.all("expand").collect();
        if wanted.is_empty() {
            return Ok(Self {
                names: usual,
                sizes,
            });
        }
        if ["full", "cardData", "config"]
            .iter()
            .any(|name| parameters.is_set(name))
        {
            let message = "\"expand\" cannot be used with \"full\", \"cardData\" or \"config\"";
            return Err(Refusal::BadRequest(message.to_owned()));
        }
        let known = |name: &&str| EXPANDABLE.iter().copied().find(|known| known == name);
        let names = wanted.iter().map(|name| {
            let problem = format!("\"expand\" must not be \"{name}\"");
            known(name).ok_or(Refusal::BadRequest(problem))
        });
        Ok(Self {
            names: names.collect::<Result<_, _>>()?,
            sizes,
        })
    }
}

/// `/api/models/{owner}/{name}`.
pub(super) async fn newest(
    hub: State<Shared>,
    viewer: Viewer,
    Path((owner, name)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    one(&hub, &viewer, &format!("{owner}/{name}"), None, &uri)
}

/// `/api/models/{owner}/{name}/revision/{revision}`.
pub(super) async fn at_revision(
    hub: State<Shared>,
    viewer: Viewer,
    Path((owner, name, revision)): Path<(String, String, String)>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    one(
        &hub,
        &viewer,
        &format!("{owner}/{name}"),
        Some(&revision),
        &uri,
    )
}

fn one(
    hub: &Shared,
    viewer: &Viewer,
    id: &str,
    revision: Option<&str>,
    uri: &Uri,
) -> Result<Json<Value>, Refusal> {
    if let Some(present) = hub.present_name(id) {
        let revision = revision.map(|revision| format!("/revision/{}", encode_part(revision)));
        let location = format!("/api/models/{present}{}", revision.unwrap_or_default());
        return Err(Refusal::Moved { location });
    }
    let properties = Properties::of_one(&Parameters::of(uri))?;
    let stored = hub.look_at(id, viewer)?;
    let commit = stored.commit(revision.unwrap_or("main"))?;
    Ok(Json(describe(&stored, &commit, &properties)))
}

/// The id and the properties that exist.
pub(super) fn describe(stored: &Stored, commit: &Commit, properties: &Properties) -> Value {
    let id = &stored.repository.id;
    let mut object = Map::new();
    let key = super::Content::from(id.as_str()).git_oid()[..24].to_owned();
    object.insert("_id".into(), json!(key));
    object.insert("id".into(), json!(id));
    object.insert("modelId".into(), json!(id));
    for name in &properties.names {
        if let Some(value) = property(stored, commit, name, properties.sizes) {
            object.insert((*name).to_owned(), value);
        }
    }
    Value::Object(object)
}

fn property(stored: &Stored, commit: &Commit, name: &str, sizes: bool) -> Option<Value> {
    let (repository, facts) = (&stored.repository, &stored.repository.facts);
    Some(match name {
        "author" => json!(repository.owner()),
        "cardData" => facts.card.clone(),
        "config" => json!({}),
        "createdAt" => json!(facts.created_at),
        "disabled" => json!(facts.disabled),
        "downloads" => json!(facts.downloads),
        "downloadsAllTime" => json!(facts.downloads * 3),
        "gated" => facts.gate.to_json(),
        "gguf" => repository.gguf()?,
        "lastModified" => json!(facts.last_modified),
        "library_name" => json!(facts.library_name.as_ref()?),
        "likes" => json!(facts.likes),
        "pipeline_tag" => json!(facts.pipeline_tag.as_ref()?),
        "private" => json!(facts.private),
        "sha" => json!(commit.name),
        "siblings" => siblings(&commit.tree, sizes),
        "spaces" => json!([]),
        "tags" => json!(facts.tags),
        "trendingScore" => json!(facts.trending_score),
        "usedStorage" => json!(
            commit
                .tree
                .values()
                .map(|file| file.content.size())
                .sum::<u64>()
        ),
        _ => return None,
    })
}

fn siblings(tree: &Tree, sizes: bool) -> Value {
    let siblings = tree.iter().map(|(path, file)| {
        let mut sibling = json!({"rfilename": path});
        if sizes {
            let size = file.content.size();
            sibling["size"] = json!(size);
            sibling["blobId"] = json!(file.git_oid(path));
            if file.delivery(path) == Delivery::Large {
                let pointer_size = file.pointer().len();
                sibling["lfs"] =
                    json!({"sha256": file.sha256(), "size": size, "pointerSize": pointer_size});
            }
        }
        sibling
    });
    siblings.collect()
}
