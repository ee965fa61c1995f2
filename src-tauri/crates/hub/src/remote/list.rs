//! `GET /api/models`: pages of results.

use reqwest::Url;
use serde_json::Value;
use sirocco_protocol::{ConnectionPurpose, HubGate, HubSort};

use super::{RepositoryName, ask, value};
use crate::{HubError, Network};

const PAGE: &str = "30";
/// A server that ignores the limit does not fill the memory.
const MAX_RESULTS: usize = 200;
/// What a result is to tell. `expand` and the sets `full`, `config` and `cardData` exclude each other.
const EXPAND: [&str; 10] = [
    "author",
    "createdAt",
    "downloads",
    "gated",
    "gguf",
    "lastModified",
    "likes",
    "pipeline_tag",
    "tags",
    "trendingScore",
];
const MAX_TAGS: usize = 300;
const MAX_TEMPLATE: usize = 256 << 10;

/// What a list is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Words.
    pub search: String,
    /// Order.
    pub sort: HubSort,
    /// Tags that must all be there, besides `gguf`: `license:mit`, `en`, `base_model:quantized:o/n`.
    pub tags: Vec<String>,
    /// Only gated, or only open ones.
    pub gated: Option<bool>,
    /// At least so many weights.
    pub parameters_min: Option<u64>,
    /// At most so many weights.
    pub parameters_max: Option<u64>,
    /// [`ListPage::next`] of the page before. It says all that the fields above say.
    pub next: Option<String>,
}

impl ListQuery {
    pub(super) fn key(&self) -> String {
        format!("{self:?}")
    }

    fn url(&self, mut base: Url) -> Url {
        if let Some(next) = &self.next {
            base.set_query(Some(next));
            return base;
        }
        let sort = match self.sort {
            HubSort::Trending => "trendingScore",
            HubSort::Downloads => "downloads",
            HubSort::Likes => "likes",
            HubSort::Updated => "lastModified",
            HubSort::Created => "createdAt",
        };
        {
            let mut pairs = base.query_pairs_mut();
            if !self.search.is_empty() {
                pairs.append_pair("search", &self.search);
            }
            pairs.append_pair("filter", "gguf");
            for tag in &self.tags {
                pairs.append_pair("filter", tag);
            }
            if let Some(gated) = self.gated {
                pairs.append_pair("gated", if gated { "true" } else { "false" });
            }
            let bound = |name: &str, bound: Option<u64>| {
                bound.map(|bound| format!("{name}:{:.3}B", bound as f64 / 1e9))
            };
            let bounds: Vec<String> = bound("min", self.parameters_min)
                .into_iter()
                .chain(bound("max", self.parameters_max))
                .collect();
            if !bounds.is_empty() {
                pairs.append_pair("num_parameters", &bounds.join(","));
            }
            pairs.append_pair("sort", sort);
            pairs.append_pair("direction", "-1");
            pairs.append_pair("limit", PAGE);
            for property in EXPAND {
                pairs.append_pair("expand", property);
            }
        }
        base
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPage {
    /// In order.
    pub results: Vec<Listing>,
    /// For [`ListQuery::next`]; none at the end.
    pub next: Option<String>,
}

/// What a list says about a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Which.
    pub name: RepositoryName,
    /// Of the last 30 days.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// Unix milliseconds of the last change.
    pub updated_at_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_at_ms: Option<i64>,
    /// Who may download.
    pub gate: HubGate,
    /// `general.architecture` of its GGUF files.
    pub architecture: Option<String>,
    /// Weights.
    pub parameter_count: Option<u64>,
    /// Tokens.
    pub context_length: Option<u32>,
    /// The chat template of its GGUF files.
    pub chat_template: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// It has GGUF files.
    pub has_gguf: bool,
}

impl Listing {
    /// From an element of a list, or the description of one repository. None without a sound name.
    pub(super) fn read(item: &Value) -> Option<Self> {
        let name = item["id"].as_str().or_else(|| item["modelId"].as_str())?;
        let gguf = &item["gguf"];
        let tags = value::texts(&item["tags"], MAX_TAGS, 200);
        Some(Self {
            name: name.parse().ok()?,
            downloads: value::number(&item["downloads"]).unwrap_or(0),
            likes: value::number(&item["likes"]).unwrap_or(0),
            updated_at_ms: value::time_ms(&item["lastModified"]),
            created_at_ms: value::time_ms(&item["createdAt"]),
            gate: match &item["gated"] {
                Value::String(gate) if gate == "manual" => HubGate::Manual,
                Value::String(_) | Value::Bool(true) => HubGate::Automatic,
                _ => HubGate::Open,
            },
            architecture: value::text(&gguf["architecture"], 60),
            parameter_count: value::number(&gguf["total"])
                .or_else(|| value::number(&item["safetensors"]["total"]))
                .filter(|&count| count > 0),
            context_length: value::number(&gguf["context_length"])
                .and_then(|length| u32::try_from(length).ok())
                .filter(|&length| length > 0),
            chat_template: gguf["chat_template"]
                .as_str()
                .filter(|template| template.len() <= MAX_TEMPLATE)
                .map(str::to_owned),
            has_gguf: gguf.is_object() || tags.iter().any(|tag| tag == "gguf"),
            tags,
        })
    }

    /// The rest of the first tag that begins so: `tag("license:")`.
    #[must_use]
    pub fn tag(&self, prefix: &str) -> Option<&str> {
        self.tags.iter().find_map(|tag| tag.strip_prefix(prefix))
    }

    /// The chat template knows tools.
    #[must_use]
    pub fn knows_tools(&self) -> bool {
        let in_template =
            |template: &String| template.contains("tools") || template.contains("tool_call");
        self.chat_template.as_ref().is_some_and(in_template)
            || self.tags.iter().any(|tag| {
                matches!(
                    tag.as_str(),
                    "tool-use" | "function-calling" | "tool-calling"
                )
            })
    }

    /// The model thinks before it answers, as far as template, tags and name tell.
    #[must_use]
    pub fn reasons(&self) -> bool {
        let in_template = |template: &String| {
            [
                "<think>",
                "</think>",
                "enable_thinking",
                "reasoning_content",
                "[THINK]",
            ]
            .iter()
            .any(|mark| template.contains(mark))
        };
        let name = self.name.name().to_ascii_lowercase();
        let parts = || name.split(['-', '_', '.']);
        self.chat_template.as_ref().is_some_and(in_template)
            || self
                .tags
                .iter()
                .any(|tag| matches!(tag.as_str(), "reasoning" | "thinking"))
            || parts().any(|part| {
                matches!(
                    part,
                    "r1" | "qwq" | "thinking" | "thinker" | "reasoning" | "reasoner"
                )
            })
    }
}

pub(super) async fn fetch(network: Network, query: ListQuery) -> Result<ListPage, HubError> {
    let url = query.url(ask::api(&network, &["models"])?);
    let answer = ask::json(&network, url.clone(), ConnectionPurpose::Search).await?;
    let Value::Array(items) = &answer.body else {
        return Err(HubError::Nonsense {
            host: url.host_str().unwrap_or_default().to_owned(),
            problem: "it is no list".to_owned(),
        });
    };
    Ok(ListPage {
        results: items
            .iter()
            .take(MAX_RESULTS)
            .filter_map(Listing::read)
            .collect(),
        next: ask::next_query(&url, answer.next.as_deref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_question_is_what_the_hub_understands() {
        let base = Url::parse("https://hub.example/api/models").expect("an address");
        let query = ListQuery {
            search: "llama & co".into(),
            sort: HubSort::Downloads,
            tags: vec!["license:mit".into(), "en".into()],
            gated: Some(false),
            parameters_min: Some(500_000_000),
            parameters_max: Some(8_000_000_000),
            next: None,
        };
        let url = query.url(base.clone());
        assert_eq!(
            url.query().expect("a query").split("&expand=").next(),
            Some(
                "search=llama+%26+co&filter=gguf&filter=license%3Amit&filter=en&gated=false\
                 &num_parameters=min%3A0.500B%2Cmax%3A8.000B&sort=downloads&direction=-1&limit=30"
            )
        );
        assert!(
            url.query()
                .is_some_and(|query| query.contains("&expand=gguf&"))
        );
        let next = ListQuery {
            next: Some("cursor=abc%3D".into()),
            ..query
        };
        assert_eq!(next.url(base).query(), Some("cursor=abc%3D"));
    }

    #[test]
    fn a_result_of_the_hub_is_read() {
        let listing = Listing::read(&json!({
            "_id": "66e8", "id": "bartowski/Llama-3.2-1B-Instruct-GGUF", "author": "bartowski", "downloads": 123_456,
            "likes": 321, "trendingScore": 12, "gated": false, "private": false,
            "lastModified": "2025-01-01T00:00:00.000Z", "createdAt": "2024-09-25T00:00:00.000Z",
            "pipeline_tag": "text-generation",
            "tags": ["gguf", "text-generation", "base_model:meta-llama/Llama-3.2-1B-Instruct", "license:llama3.2"],
            "gguf": {"total": 1_235_814_432, "architecture": "llama", "context_length": 131_072,
                     "chat_template": "{% if tools %}{% endif %}", "bos_token": "<s>", "eos_token": "</s>"},
        }))
        .expect("a result");
        assert_eq!(
            listing.name.to_string(),
            "bartowski/Llama-3.2-1B-Instruct-GGUF"
        );
        assert_eq!((listing.downloads, listing.likes), (123_456, 321));
        assert_eq!(listing.updated_at_ms, Some(1_735_689_600_000));
        assert_eq!(listing.architecture.as_deref(), Some("llama"));
        assert_eq!(listing.parameter_count, Some(1_235_814_432));
        assert_eq!(listing.context_length, Some(131_072));
        assert_eq!(listing.tag("license:"), Some("llama3.2"));
        assert!(listing.knows_tools() && !listing.reasons() && listing.has_gguf);
    }

    #[test]
    fn hostile_results_are_left_out_or_cut() {
        for nameless in [
            json!({}),
            json!([]),
            json!({"id": 5}),
            json!({"id": "../.."}),
            json!({"id": "a/b/c"}),
        ] {
            assert_eq!(Listing::read(&nameless), None, "{nameless}");
        }
        let listing = Listing::read(&json!({
            "id": "o/n", "downloads": -5, "likes": "many", "gated": {"x": 1}, "lastModified": 5,
            "gguf": {"total": "all", "architecture": "x".repeat(10_000), "context_length": 1e20, "chat_template": []},
            "tags": "gguf",
        }))
        .expect("a result");
        assert_eq!(
            (listing.downloads, listing.likes, listing.gate),
            (0, 0, HubGate::Open)
        );
        assert_eq!(
            (listing.parameter_count, listing.context_length),
            (None, None)
        );
        assert_eq!(listing.architecture.map(|text| text.len()), Some(60));
        let reasoner =
            Listing::read(&json!({"id": "o/DeepSeek-R1-Distill-Qwen-7B-GGUF", "gated": "manual"}));
        let reasoner = reasoner.expect("a result");
        assert!(reasoner.reasons() && reasoner.gate == HubGate::Manual && !reasoner.has_gguf);
    }
}
