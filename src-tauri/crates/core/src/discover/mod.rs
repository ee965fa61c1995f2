//! The Hub as a person sees it: what the API says, judged for this machine and this library.
//!
//! Asking and reading is the hub crate's; here it is joined with what the engine loads, the memory there is, and the
//! models that are here or on their way.

mod catalogue;
mod estimate;
mod header;
mod newer;
mod quantization;
mod repository;
mod search;
mod variants;

pub(crate) use newer::LookedForNewer;
pub(crate) use search::Searches;

use std::collections::{HashMap, HashSet};

use sirocco_gguf::architecture_refusal;
use sirocco_hub::remote::{Listing, RepositoryName};
use sirocco_hub::report::gate;
use sirocco_protocol::{
    DownloadId, DownloadState, ErrorCode, ErrorReport, HubFits, HubResult, HubRuns, ModelId,
    RuntimeName,
};

use crate::App;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::machine;

/// Bits of a weight in a common quantization (Q4_K_M).
const COMMON_BITS: f64 = 4.85;
/// Of the smallest and the largest quantization people take (Q3_K_S, Q8_0).
const SIZE_RANGE_BITS: (f64, f64) = (3.5, 8.5);

/// What results are judged by: this machine, its settings, and what is in the library.
pub(crate) struct Here {
    /// Memory a new model may take.
    available_bytes: u64,
    /// The runtimes there are; all if there is none, for then every model lacks the same thing.
    runtimes: Vec<RuntimeName>,
    /// The processor runs the worker's kernels.
    has_kernels: bool,
    /// Tokens a model is loaded with.
    context_length: u32,
    repositories: HashSet<String>,
    by_source: HashMap<(String, String), ModelId>,
    by_hash: HashMap<String, ModelId>,
    downloads: HashMap<(String, String), DownloadId>,
}

impl Here {
    /// In the library, by where it came from or what it holds.
    fn model(&self, repository: &str, path: &str, sha256: Option<&str>) -> Option<ModelId> {
        let source = (repository.to_owned(), path.to_owned());
        let by_hash = || self.by_hash.get(sha256?).copied();
        self.by_source.get(&source).copied().or_else(by_hash)
    }

    fn download(&self, repository: &str, path: &str) -> Option<DownloadId> {
        let source = (repository.to_owned(), path.to_owned());
        self.downloads.get(&source).copied()
    }

    /// The runtime that sees images is here.
    fn sees_images(&self) -> bool {
        self.runtimes.contains(&RuntimeName::LlamaCpp)
    }

    /// What a search shows of a repository.
    fn result(&self, listing: &Listing) -> HubResult {
        let repository = listing.name.to_string();
        let sized = |bits: f64| {
            let count = listing.parameter_count? as f64;
            Some((count * bits / 8.0) as u64)
        };
        HubResult {
            in_library: self.repositories.contains(&repository),
            repository,
            downloads: listing.downloads,
            likes: listing.likes,
            updated_at_ms: listing.updated_at_ms,
            created_at_ms: listing.created_at_ms,
            gate: listing.gate,
            architecture: listing.architecture.clone(),
            parameter_count: listing.parameter_count,
            context_length: listing.context_length,
            license: listing.tag("license:").map(str::to_owned),
            tools: listing.knows_tools(),
            reasoning: listing.reasons(),
            size_range_bytes: sized(SIZE_RANGE_BITS.0).zip(sized(SIZE_RANGE_BITS.1)),
            runs: self.runs(listing.architecture.as_deref(), ""),
            fits: self.fits(listing, sized(COMMON_BITS)),
        }
    }

    /// Whether a runtime loads files of an architecture in a quantization, as its label says; an empty one is common.
    fn runs(&self, architecture: Option<&str>, label: &str) -> HubRuns {
        let Some(architecture) = architecture else {
            return HubRuns::Unknown;
        };
        let mut reasons = Vec::new();
        for runtime in &self.runtimes {
            let refusal = architecture_refusal(architecture, gate(*runtime))
                .map(|refusal| refusal.to_string())
                .or_else(|| quantization::refusal(label, *runtime));
            match refusal {
                None => return HubRuns::Yes,
                Some(reason) => reasons.push(reason),
            }
        }
        HubRuns::No {
            reason: reasons.join("; "),
        }
    }

    fn fits(&self, listing: &Listing, weights_bytes: Option<u64>) -> HubFits {
        let (Some(count), Some(weights)) = (listing.parameter_count, weights_bytes) else {
            return HubFits::Unknown;
        };
        let context = self.context_for(listing.context_length);
        let architecture = listing.architecture.as_deref().unwrap_or_default();
        self.fit_of(self.memory_bytes(count, weights, architecture, context))
    }

    fn memory_bytes(&self, count: u64, weights: u64, architecture: &str, context: u32) -> u64 {
        estimate::memory_bytes(count, weights, architecture, context, self.has_kernels)
    }

    fn context_for(&self, known: Option<u32>) -> u32 {
        self.context_length.min(known.unwrap_or(u32::MAX))
    }

    fn fit_of(&self, needed_bytes: u64) -> HubFits {
        if self.available_bytes == 0 {
            HubFits::Unknown
        } else if needed_bytes <= self.available_bytes / 5 * 4 {
            HubFits::Well
        } else if needed_bytes <= self.available_bytes {
            HubFits::Tight
        } else {
            HubFits::No
        }
    }
}

fn repository_name(text: &str) -> Result<RepositoryName, ErrorReport> {
    text.parse()
        .map_err(|error: sirocco_hub::remote::NotAName| {
            refuse(ErrorCode::InvalidRequest, error.to_string())
        })
}

impl App {
    pub(crate) async fn here(&self) -> Result<Here, ErrorReport> {
        let settings = self.inner.store.settings().await.report()?;
        let mut here = Here {
            available_bytes: blocking(machine::available_bytes).await?,
            runtimes: match self.inner.residency.installed() {
                none if none.is_empty() => RuntimeName::ALL.to_vec(),
                some => some,
            },
            has_kernels: sirocco_gguf::memory::has_kernels(),
            context_length: settings.default_context_length,
            repositories: HashSet::new(),
            by_source: HashMap::new(),
            by_hash: HashMap::new(),
            downloads: HashMap::new(),
        };
        for stored in self.inner.store.list_local_models().await.report()? {
            let model = stored.model;
            if let Some(source) = model.source {
                here.repositories.insert(source.repository.clone());
                here.by_source
                    .insert((source.repository, source.path), model.id);
            }
            if let Some(sha256) = model.sha256 {
                here.by_hash.insert(sha256, model.id);
            }
        }
        for download in self.download_list() {
            if matches!(download.state, DownloadState::Finished { .. }) {
                continue;
            }
            let path = download.files.first().map(|file| file.path.clone());
            let path = path.unwrap_or(download.name);
            here.downloads
                .insert((download.repository, path), download.id);
        }
        Ok(here)
    }
}

#[cfg(test)]
pub(crate) fn here_for_tests(available_bytes: u64, runtimes: &[RuntimeName]) -> Here {
    Here {
        available_bytes,
        runtimes: runtimes.to_vec(),
        has_kernels: true,
        context_length: 4096,
        repositories: HashSet::new(),
        by_source: HashMap::new(),
        by_hash: HashMap::new(),
        downloads: HashMap::new(),
    }
}
