//! Where the files of a download come from and go to.

use std::path::{Path, PathBuf};

use sirocco_hub::network::resolve_url;
use sirocco_hub::{
    ContentHash, FetchRequest, HubError, Network, Source, StarterEnvironment, locate, shards,
    starter, starter_cache, starter_request, target_in,
};
use sirocco_protocol::{DownloadId, DownloadState, QueueReason, StarterModel};
use sirocco_store::{StoredDownload, StoredDownloadFile};

/// A model of the Hub with its files, as the Hub tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// 40 hexadecimal digits.
    pub commit: String,
    /// In order.
    pub files: Vec<ResolvedFile>,
}

/// One of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResolvedFile {
    /// Its path in the repository.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Hash of its content, if the Hub knows it.
    pub sha256: Option<String>,
}

/// A download that is new in the queue, nothing of it known yet.
pub(super) fn fresh(repository: &str, commit: &str, path: &str, now_ms: i64) -> StoredDownload {
    StoredDownload {
        id: DownloadId::fresh(),
        repository: repository.to_owned(),
        commit: commit.to_owned(),
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        quantization: quantization(path),
        added_at_ms: now_ms,
        position: None,
        state: DownloadState::Queued {
            reason: QueueReason::Turn,
            until_ms: None,
            error: None,
        },
        files: vec![unknown_file(path)],
    }
}

/// A file that the Hub was not asked about yet.
pub(super) fn unknown_file(path: &str) -> StoredDownloadFile {
    StoredDownloadFile {
        path: path.to_owned(),
        size_bytes: 0,
        sha256: None,
        target: String::new(),
        verified: false,
    }
}

/// The download of the starter model, which needs no question: its size and hash are known.
pub(super) fn fresh_starter(models: &Path, now_ms: i64) -> Result<StoredDownload, HubError> {
    let StarterModel {
        repository,
        file,
        size_bytes,
        sha256,
        ..
    } = starter();
    let target = target_in(models, &format!("{repository}/{file}"))?;
    let mut stored = fresh(&repository, "", &file, now_ms);
    stored.files[0].size_bytes = size_bytes;
    stored.files[0].sha256 = Some(sha256);
    stored.files[0].target = target.display().to_string();
    Ok(stored)
}

/// Asks the Hub for all files of the model whose first one is the first of `paths`, and for the others of these, at a
/// commit or, if that is empty, at the newest.
pub(super) async fn resolve(
    network: &Network,
    repository: &str,
    commit: &str,
    paths: &[String],
) -> Result<Resolved, HubError> {
    let mut resolved = Resolved {
        commit: commit.to_owned(),
        files: Vec::new(),
    };
    let first = paths.first().map(String::as_str).unwrap_or_default();
    // The first path is among its own shards; what follows it (a projector) is asked for as it is.
    for path in shards(first)
        .into_iter()
        .chain(paths.iter().skip(1).cloned())
    {
        let revision = match resolved.commit.as_str() {
            "" => "main",
            commit => commit,
        };
        let located = locate(network, repository, revision, &path).await?;
        // The others are asked for at the commit of the first.
        resolved.commit = located.commit;
        resolved.files.push(ResolvedFile {
            path,
            size_bytes: located.size_bytes,
            sha256: located.sha256.map(|hash| hash.to_string()),
        });
    }
    Ok(resolved)
}

/// The address of a file, at its commit where that is known.
pub(super) fn address(
    network: &Network,
    stored: &StoredDownload,
    path: &str,
) -> Result<Source, HubError> {
    let revision = match stored.commit.as_str() {
        "" => "main",
        commit => commit,
    };
    let url = resolve_url(&network.endpoint()?, &stored.repository, revision, path)?;
    Ok(Source::Http { url })
}

/// Such as `Q4_K_M`, from the name of a file; empty if it says nothing of the kind.
fn quantization(path: &str) -> String {
    let is_kind = |word: &str| {
        let word = word.strip_prefix('I').unwrap_or(word);
        let is_float = ["F16", "F32", "BF16", "MXFP4"].contains(&word);
        let digit = word
            .strip_prefix('Q')
            .or(word.strip_prefix("TQ"))
            .and_then(|rest| rest.chars().next());
        is_float || digit.is_some_and(|c| c.is_ascii_digit())
    };
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_uppercase();
    let name = name.strip_suffix(".GGUF").unwrap_or(&name);
    name.split(['-', '.'])
        .rfind(|word| is_kind(word))
        .unwrap_or_default()
        .to_owned()
}

/// How to fetch one of the files. `address` is that of the file on the Hub.
///
/// The starter model has other sources beside the Hub, and is kept in a cache that all data folders share.
pub(super) fn request(
    file: &StoredDownloadFile,
    address: Result<Source, HubError>,
    environment: &StarterEnvironment,
) -> Result<FetchRequest, HubError> {
    let target = PathBuf::from(&file.target);
    if file.sha256.as_deref() == Some(starter().sha256.as_str()) {
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut request = starter_request(folder, starter_cache().as_deref(), environment)?;
        // The Hub of the settings, and the repository that was asked for.
        if let Ok(address) = address {
            for source in &mut request.sources {
                if matches!(source, Source::Http { .. }) {
                    *source = address.clone();
                }
            }
        }
        // The file may have another name in another repository.
        match request.place_at {
            Some(_) => request.place_at = Some(target),
            None => request.target = target,
        }
        return Ok(request);
    }
    Ok(FetchRequest {
        sources: vec![address?],
        target,
        place_at: None,
        expected_size: Some(file.size_bytes),
        sha256: file
            .sha256
            .as_deref()
            .and_then(|hash| hash.parse::<ContentHash>().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantization_is_read_from_the_name() {
        for (path, expected) in [
            ("q/Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
            ("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
            ("Big-IQ4_XS-00001-of-00003.gguf", "IQ4_XS"),
            ("model.BF16.gguf", "BF16"),
            ("Qwen3-8B.gguf", ""),
        ] {
            assert_eq!(quantization(path), expected, "{path}");
        }
    }

    #[test]
    fn the_starter_model_has_two_sources_and_no_question() {
        let stored = fresh_starter(Path::new("/own"), 1).unwrap();
        let no_address = Err(HubError::NoSource);
        let request = request(&stored.files[0], no_address, &StarterEnvironment::default());
        let request = request.unwrap();
        assert_eq!(request.sources.len(), 2);
        assert_eq!(request.expected_size, Some(starter().size_bytes));
    }
}
