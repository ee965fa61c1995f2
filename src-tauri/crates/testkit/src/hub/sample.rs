//! A small world to search and download from, the same each time.

use serde_json::json;

use super::{Account, Content, Gate, Repository, ScriptedHub};
use crate::TinyModel;

/// A token of somebody who was let into [`GATED`] and [`PRIVATE`].
pub const FRIEND_TOKEN: &str = "hf_friend";
/// A token of somebody who was let in nowhere.
pub const STRANGER_TOKEN: &str = "hf_stranger";
/// Two models that load, a card, a folder.
pub const TINY: &str = "sample/tiny-GGUF";
/// One model in three files.
pub const SHARDED: &str = "sample/sharded-GGUF";
/// For whom the owners let in.
pub const GATED: &str = "sample/gated-GGUF";
/// Known to whom was let in only.
pub const PRIVATE: &str = "sample/private-GGUF";
/// A model of 64 MiB with a header that can be read.
pub const LARGE: &str = "sample/large-GGUF";

/// More repositories, to page through: name, architecture, weights in billions, licence.
const OTHERS: &[(&str, &str, f64, &str)] = &[
    ("amber-1B", "llama", 1.2, "llama3.2"),
    ("birch-0.5B", "qwen2", 0.5, "apache-2.0"),
    ("cedar-3B", "qwen2", 3.1, "apache-2.0"),
    ("dune-4B", "qwen3", 4.0, "apache-2.0"),
    ("elm-8B", "qwen3", 8.2, "apache-2.0"),
    ("fjord-30B", "qwen3moe", 30.5, "apache-2.0"),
    ("grove-4B", "gemma3", 4.3, "gemma"),
    ("heath-12B", "gemma3", 12.2, "gemma"),
    ("inlet-3.8B", "phi3", 3.8, "mit"),
    ("jetty-24B", "mistral3", 23.6, "apache-2.0"),
    ("knoll-70B", "llama", 70.6, "llama3.1"),
    ("lagoon-20B", "gpt-oss", 20.9, "apache-2.0"),
];

impl ScriptedHub {
    /// Puts in what the constants of [`sample`](self) name, and more.
    pub fn put_sample(&self) {
        for repository in repositories() {
            self.put(repository);
        }
        let friend = Account::new("friend")
            .admitted_to(GATED)
            .admitted_to(PRIVATE);
        self.set_account(FRIEND_TOKEN, friend);
        self.set_account(STRANGER_TOKEN, Account::new("stranger"));
    }
}

fn repositories() -> Vec<Repository> {
    let model = |seed| {
        TinyModel {
            seed,
            ..TinyModel::default()
        }
        .bytes()
    };
    let shard = |number, size| Content::generated_after(model(number), size, number);
    let mut repositories = vec![
        named(TINY, 100)
            .file("README.md", card("Tiny"))
            .file("config.json", r#"{"model_type": "llama"}"#)
            .file("notes/read me first.txt", "There is nothing to it.\n")
            .file("tiny-Q4_K_M.gguf", model(2))
            .file("tiny-Q8_0.gguf", model(1)),
        named(SHARDED, 90)
            .file("README.md", card("Sharded"))
            .file("Q8_0/sharded-Q8_0-00001-of-00003.gguf", shard(1, 700_000))
            .file("Q8_0/sharded-Q8_0-00002-of-00003.gguf", shard(2, 700_000))
            .file("Q8_0/sharded-Q8_0-00003-of-00003.gguf", shard(3, 400_000)),
        named(GATED, 80)
            .gate(Gate::Manual)
            .file("README.md", card("Gated"))
            .file("gated-Q8_0.gguf", model(3)),
        named(PRIVATE, 70)
            .with(|facts| facts.private = true)
            .file("private-Q8_0.gguf", model(4)),
        named(LARGE, 60)
            .file("README.md", card("Large"))
            .file("large-Q8_0.gguf", shard(5, 64 << 20)),
    ];
    let others = OTHERS
        .iter()
        .zip(1_u64..)
        .map(|(other, number)| invented(other, number));
    repositories.extend(others);
    repositories
}

fn named(id: &str, score: u64) -> Repository {
    let repository = Repository::new(id).tags([
        "gguf",
        "text-generation",
        "conversational",
        "en",
        "license:apache-2.0",
    ]);
    repository.with(|facts| {
        facts.trending_score = score;
        facts.downloads = score * 1000;
        facts.likes = score * 10;
        facts.library_name = Some("gguf".into());
        facts.card =
            json!({"license": "apache-2.0", "language": ["en"], "base_model": ["sample/tiny"]});
    })
}

/// The front matter says the same as `facts.card`.
fn card(title: &str) -> String {
    let matter = "license: apache-2.0\nlanguage:\n- en\nbase_model:\n- sample/tiny";
    format!(
        "---\n{matter}\n---\n# {title}\n\nRandom weights: it says nothing that means anything.\n"
    )
}

fn invented(
    &(name, architecture, billions, license): &(&str, &str, f64, &str),
    number: u64,
) -> Repository {
    let license = format!("license:{license}");
    let repository =
        Repository::new(format!("invented/{name}-GGUF")).tags(["gguf", "conversational", &license]);
    let size = 1000 * number;
    let repository = repository.with(|facts| {
        facts.trending_score = number;
        facts.downloads = number * number * 100;
        facts.likes = number * 3;
        facts.last_modified = format!("2025-01-{number:02}T00:00:00.000Z");
        facts.gguf = Some(json!({
            "total": (billions * 1e9) as u64,
            "architecture": architecture,
            "context_length": 32_768,
        }));
    });
    repository.file(
        format!("{name}-Q4_K_M.gguf"),
        Content::generated(size, number),
    )
}
