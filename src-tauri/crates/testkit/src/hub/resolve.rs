//! The address of a file: redirects to where it is, or the file itself.

use std::io::Write;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::account::Viewer;
use super::bytes::serve;
use super::refusal::{Refusal, encode_part, encode_path, redirect};
use super::repository::{Delivery, RepositoryFile};
use super::state::{Shared, State as Hub};
use super::{cdn, content::Content};

/// What text files end with: those may be compressed for who asks.
const TEXTS: &[&str] = &[".md", ".json", ".txt", ".jinja", ".yaml"];

/// A file in a commit.
struct Found {
    id: String,
    commit: String,
    path: String,
    file: RepositoryFile,
}

impl Found {
    fn new(
        hub: &Hub,
        viewer: &Viewer,
        id: &str,
        revision: &str,
        path: &str,
    ) -> Result<Self, Refusal> {
        let commit = hub.enter(id, viewer)?.commit(revision)?;
        let file = commit
            .tree
            .get(path)
            .ok_or_else(|| Refusal::NoFile(path.to_owned()))?;
        Ok(Self {
            id: id.to_owned(),
            commit: commit.name,
            path: path.to_owned(),
            file: file.clone(),
        })
    }

    /// The tag of the file itself: the sha256 of a large file, git's name of another.
    fn etag(&self) -> String {
        match self.file.delivery(&self.path) {
            Delivery::Large => self.file.sha256().to_owned(),
            Delivery::Cached | Delivery::Direct => self.file.git_oid(&self.path),
        }
    }
}

type Address = (String, String, String, String);

/// `/{owner}/{name}/resolve/{revision}/{path}`.
pub(super) async fn resolve(
    State(hub): State<Shared>,
    viewer: Viewer,
    Path((owner, name, revision, path)): Path<Address>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = format!("{owner}/{name}");
    if let Some(present) = hub.present_name(&id) {
        let revision = encode_part(&revision);
        let location = format!("/{present}/resolve/{revision}/{}", encode_path(&path));
        return Err(Refusal::Moved { location });
    }
    let found = Found::new(&hub, &viewer, &id, &revision, &path)?;
    let mut response = match found.file.delivery(&path) {
        Delivery::Large => to_cdn(&hub, &found),
        Delivery::Cached => {
            let (id, commit, etag) = (&found.id, &found.commit, found.etag());
            let path = encode_path(&path);
            let came_from: String =
                form_urlencoded::byte_serialize(uri.path().as_bytes()).collect();
            let location = format!(
                "/api/resolve-cache/models/{id}/{commit}/{path}?{came_from}=&etag=%22{etag}%22"
            );
            let mut response = redirect(StatusCode::TEMPORARY_REDIRECT, &location);
            set(&mut response, "x-linked-etag", &format!("\"{etag}\""));
            response
        }
        Delivery::Direct => file_itself(&found, &headers),
    };
    set(&mut response, "x-repo-commit", &found.commit);
    Ok(response)
}

/// 302 to the signed address, with all there is to know about the file.
fn to_cdn(hub: &Hub, found: &Found) -> Response {
    let Found {
        id,
        commit,
        path,
        file,
    } = found;
    let mut response = redirect(
        StatusCode::FOUND,
        &cdn::address(hub, id, file.sha256(), path),
    );
    set(
        &mut response,
        "x-linked-etag",
        &format!("\"{}\"", file.sha256()),
    );
    set(
        &mut response,
        "x-linked-size",
        &file.content.size().to_string(),
    );
    set(&mut response, "accept-ranges", "bytes");
    let xet = hub
        .current(id)
        .is_some_and(|repository| repository.facts.xet);
    if xet {
        let (hub, hash) = (&hub.hub_address, file.xet_hash());
        let auth = format!("<{hub}/api/models/{id}/xet-read-token/{commit}>; rel=\"xet-auth\"");
        let reconstruction = format!("<{hub}/api/xet/{hash}>; rel=\"xet-reconstruction-info\"");
        set(&mut response, "x-xet-hash", &hash);
        set(&mut response, "link", &format!("{auth}, {reconstruction}"));
    }
    response
}

/// `/api/resolve-cache/models/{owner}/{name}/{commit}/{path}`.
pub(super) async fn cached(
    State(hub): State<Shared>,
    viewer: Viewer,
    Path((owner, name, commit, path)): Path<Address>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = Found::new(&hub, &viewer, &format!("{owner}/{name}"), &commit, &path)?;
    let mut response = file_itself(&found, &headers);
    set(&mut response, "x-repo-commit", &found.commit);
    Ok(response)
}

/// The bytes; text in gzip, if that is welcome and no part is asked for.
fn file_itself(found: &Found, headers: &HeaderMap) -> Response {
    let etag = found.etag();
    let welcomes = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let gzip = welcomes.into_iter().any(|value| value.contains("gzip"));
    let is_text = TEXTS.iter().any(|ending| found.path.ends_with(ending));
    let mut response = serve(&found.file.content, &etag, headers);
    if gzip && is_text && response.status() == StatusCode::OK {
        let packed = pack(&found.file.content);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, packed.len().into());
        set(&mut response, "content-encoding", "gzip");
        set(&mut response, "etag", &format!("W/\"{etag}\""));
        *response.body_mut() = Body::from(packed);
    }
    response
}

fn pack(content: &Content) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder
        .write_all(&content.bytes())
        .and_then(|()| encoder.finish());
    packed.expect("memory takes everything")
}

fn set(response: &mut Response, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).expect("hashes, numbers and encoded paths");
    response.headers_mut().insert(name, value);
}
