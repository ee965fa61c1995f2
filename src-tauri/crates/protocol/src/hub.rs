//! Hugging Face as the interface sees it: search, a repository, its files, and whether they run and fit here.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DownloadId, MemoryFit, ModelId, ModelVerdict, RuntimeVerdict};

/// Order of search results, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HubSort {
    /// By what people look at these days.
    #[default]
    Trending,
    /// Downloads of the last 30 days.
    Downloads,
    /// Likes.
    Likes,
    /// Last changed first.
    Updated,
    /// Newest first.
    Created,
}

/// What results must be like. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct HubFilters {
    /// A runtime of this app loads the architecture.
    pub runs_here: bool,
    /// A common quantization (about 4.8 bits per weight) fits into this machine's memory.
    pub fits_here: bool,
    /// `general.architecture`, such as `qwen2`.
    pub architecture: Option<String>,
    /// At least so many weights.
    pub parameters_min: Option<u64>,
    /// At most so many weights.
    pub parameters_max: Option<u64>,
    /// The licence's tag, such as `apache-2.0`.
    pub license: Option<String>,
    /// Only gated (`true`) or only open (`false`) repositories.
    pub gated: Option<bool>,
    /// The chat template knows tools.
    pub tools: bool,
    /// The model thinks before it answers.
    pub reasoning: bool,
    /// Two-letter code of a language it was trained for.
    pub language: Option<String>,
}

/// Who may download from a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HubGate {
    /// Everybody.
    #[default]
    Open,
    /// Who is signed in and accepts the conditions.
    Automatic,
    /// Whom the authors let in.
    Manual,
}

/// Whether a model is expected to run here, before anything is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubRuns {
    /// The architecture is one that a runtime loads.
    Yes,
    /// It is not.
    No {
        /// Why, in words.
        reason: String,
    },
    /// The Hub does not say enough.
    Unknown,
}

/// Whether a model is expected to fit, before anything is downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HubFits {
    /// With a fifth of the free memory to spare.
    Well,
    /// Just so.
    Tight,
    /// No.
    No,
    /// The Hub does not say enough.
    Unknown,
}

/// One result of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubResult {
    /// `owner/name`.
    pub repository: String,
    /// Downloads of the last 30 days.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// Unix time in milliseconds of the last change.
    pub updated_at_ms: Option<i64>,
    /// Unix time in milliseconds.
    pub created_at_ms: Option<i64>,
    /// Who may download.
    pub gate: HubGate,
    /// `general.architecture` of its files.
    pub architecture: Option<String>,
    /// Weights.
    pub parameter_count: Option<u64>,
    /// What it was trained for, in tokens.
    pub context_length: Option<u32>,
    /// The licence's tag.
    pub license: Option<String>,
    /// The chat template knows tools.
    pub tools: bool,
    /// The model thinks before it answers.
    pub reasoning: bool,
    /// Sizes of its common quantizations, smallest and largest, in bytes, estimated from the weights.
    pub size_range_bytes: Option<(u64, u64)>,
    /// Whether it runs here.
    pub runs: HubRuns,
    /// Whether a common quantization fits here.
    pub fits: HubFits,
    /// A file of it is in the library.
    pub in_library: bool,
}

/// A page of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubPage {
    /// In order. May be empty although there are more, if filters drop much.
    pub results: Vec<HubResult>,
    /// Give it back for the next page; none at the end.
    pub next: Option<String>,
    /// The answer came from the cache.
    pub from_cache: bool,
}

/// What the Hub's scanners say about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubSecurity {
    /// Nothing was found.
    Safe,
    /// Something was found.
    Unsafe {
        /// What, in the scanner's words.
        finding: String,
    },
    /// It was not (yet) looked at.
    Unknown,
}

/// One file in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HubFile {
    /// Its path.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Hash of its content, if the Hub stores it as a large file.
    pub sha256: Option<String>,
}

/// A model one can download: one file, or all shards of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubVariant {
    /// Path of the (first) file; its name in commands.
    pub path: String,
    /// All files, in order.
    pub files: Vec<HubFile>,
    /// Such as `Q4_K_M`, from the name; empty if that does not say.
    pub quantization: String,
    /// All files together.
    pub size_bytes: u64,
    /// Bits of one weight, on average.
    pub bits_per_weight: Option<f64>,
    /// What the Hub's scanners say.
    pub security: HubSecurity,
    /// The one to take on this machine.
    pub recommended: bool,
    /// Whether it runs here, from architecture and name; the header says it exactly (`hub_header`).
    pub runs: HubRuns,
    /// It is the image or audio half of another model, not a model.
    pub is_projector: bool,
    /// The file by which this model sees images, to be downloaded with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub projector: Option<HubFile>,
    /// It is in the library.
    pub model_id: Option<ModelId>,
    /// It is being downloaded.
    pub download_id: Option<DownloadId>,
}

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HubLicense {
    /// The tag, such as `apache-2.0`.
    pub id: String,
    /// Its name, if the card gives one.
    pub name: Option<String>,
    /// Its text, if the card gives an address.
    pub link: Option<String>,
}

/// A published score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubScore {
    /// Such as `MMLU`.
    pub benchmark: String,
    /// What was measured, such as `accuracy` or `5-shot`.
    pub metric: String,
    /// As published.
    pub value: String,
    /// The number in it.
    pub number: Option<f64>,
    /// The Hub has checked it.
    pub verified: bool,
}

/// A repository with its models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubModel {
    /// What a search says about it.
    pub summary: HubResult,
    /// The commit that everything here is of.
    pub commit: String,
    /// Its address, to open in a browser.
    pub url: String,
    /// Licence.
    pub license: Option<HubLicense>,
    /// Repositories it was made from.
    pub base_models: Vec<String>,
    /// Two-letter codes.
    pub languages: Vec<String>,
    /// Who quantized it, if the card says so.
    pub quantized_by: Option<String>,
    /// Models, smallest first, projectors last.
    pub variants: Vec<HubVariant>,
    /// Files that are no models: how many.
    pub other_file_count: u32,
}

/// The text of a repository's README, without its front matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HubCard {
    /// Markdown by strangers: to be rendered through the sanitising door only, without remote images.
    pub markdown: String,
    /// It was longer than what is shown.
    pub truncated: bool,
    /// Scores from its front matter, the repository's evaluation files and tables of its text.
    pub scores: Vec<HubScore>,
}

/// Tensors of one type in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TensorTypeCount {
    /// Such as `Q4_K`.
    pub name: String,
    /// How many.
    pub count: u32,
    /// Their bytes.
    pub size_bytes: u64,
}

/// Something in a chat template that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TemplateConcern {
    /// Why, in words.
    pub message: String,
    /// The part of the template.
    pub excerpt: String,
}

/// What the header of a GGUF file says, on this disk or on the Hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HeaderReport {
    /// `general.architecture`.
    pub architecture: String,
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// Weights.
    pub parameter_count: u64,
    /// What it was trained for, in tokens.
    pub context_length: u32,
    /// Types of its tensors, the largest share first.
    pub tensor_types: Vec<TensorTypeCount>,
    /// Whether it runs here, exactly.
    pub verdict: ModelVerdict,
    /// What each runtime makes of it, installed or not.
    pub runtimes: Vec<RuntimeVerdict>,
    /// The chat template, if it has one.
    pub chat_template: Option<String>,
    /// What is suspicious about the template.
    pub template_concerns: Vec<TemplateConcern>,
    /// Other metadata, key and value, lists shortened.
    pub metadata: Vec<(String, String)>,
}

/// What loading a variant would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HubVariantFit {
    /// Path of the variant.
    pub path: String,
    /// The figures; none if the header does not give them.
    pub fit: Option<MemoryFit>,
}

/// A model of the starter catalogue, known without a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CatalogueEntry {
    /// For display.
    pub name: String,
    /// Why one would take it, one sentence.
    pub summary: String,
    /// `owner/name`.
    pub repository: String,
    /// The file to take.
    pub path: String,
    /// `general.architecture`.
    pub architecture: String,
    /// Such as `Q4_K_M`.
    pub quantization: String,
    /// Its bytes, rounded where the exact number is not known.
    pub size_bytes: u64,
    /// Weights.
    pub parameter_count: u64,
    /// Tokens.
    pub context_length: u32,
    /// The licence's tag.
    pub license: String,
    /// Such as `chat`, `code`, `reasoning`, `tools`, `multilingual`.
    pub tags: Vec<String>,
    /// What loading with 4,096 tokens of context takes, estimated, in bytes.
    pub memory_bytes: u64,
    /// Whether that fits here.
    pub fits: HubFits,
    /// It is in the library.
    pub model_id: Option<ModelId>,
}
