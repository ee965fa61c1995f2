//! The card of a repository: its README without the front matter, and the scores it publishes.

mod benchmark;
mod scores;
mod tables;
mod yaml;

use std::sync::Arc;

use sirocco_protocol::{ConnectionPurpose, HubScore};

use super::{Repository, ask};
use crate::network::{refusal, resolve_url};
use crate::{HubError, Network};

const MAX_README_BYTES: usize = 2 << 20;
const MAX_EVALUATION_FILES: usize = 10;
const MAX_EVALUATION_BYTES: usize = 64 << 10;
/// More scores than anybody compares.
const MAX_SCORES: usize = 200;

/// A card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// Markdown by strangers.
    pub markdown: String,
    /// It was longer than what is here.
    pub truncated: bool,
    /// From front matter, evaluation files and tables, each benchmark and metric once.
    pub scores: Vec<HubScore>,
}

pub(super) async fn fetch(network: Network, repository: Arc<Repository>) -> Result<Card, HubError> {
    let Some((text, truncated)) =
        text(&network, &repository, "README.md", MAX_README_BYTES).await?
    else {
        return Ok(Card::default());
    };
    let mut evaluations = Vec::new();
    let files = repository.files.iter().map(|file| file.path.as_str());
    let files = files.filter(|path| path.starts_with(".eval_results/") && path.ends_with(".yaml"));
    for path in files.take(MAX_EVALUATION_FILES) {
        // One that is gone or broken costs only itself.
        match text_or_none(&network, &repository, path).await {
            Ok(Some(text)) => evaluations.push(text),
            Ok(None) => {}
            Err(error @ (HubError::Offline | HubError::Reconfigured { .. })) => return Err(error),
            Err(error) => tracing::debug!(%error, path, "no evaluation"),
        }
    }
    let name = repository.listing.name.name().to_owned();
    // Tables of two megabytes take a moment.
    tokio::task::spawn_blocking(move || read(&text, truncated, &evaluations, &name))
        .await
        .map_err(|_| HubError::Ended)
}

fn read(text: &str, truncated: bool, evaluations: &[String], name: &str) -> Card {
    let (front, markdown) = split(text);
    let front = front.and_then(yaml::read).unwrap_or_default();
    let mut scores = scores::of_model_index(&front);
    for evaluation in evaluations {
        if let Some(evaluation) = yaml::read(evaluation) {
            scores.extend(scores::of_evaluation(&evaluation));
        }
    }
    scores.extend(tables::scores(markdown, name));
    Card {
        markdown: markdown.to_owned(),
        truncated,
        scores: unique(scores),
    }
}

/// The first of each benchmark and metric: what is machine-readable comes before what stands in a table.
fn unique(scores: Vec<HubScore>) -> Vec<HubScore> {
    let mut kept: Vec<HubScore> = Vec::new();
    for score in scores {
        let is_new = !kept.iter().any(|other| {
            other.benchmark.eq_ignore_ascii_case(&score.benchmark)
                && other.metric.eq_ignore_ascii_case(&score.metric)
        });
        if is_new && kept.len() < MAX_SCORES {
            kept.push(score);
        }
    }
    kept
}

async fn text_or_none(
    network: &Network,
    repository: &Repository,
    path: &str,
) -> Result<Option<String>, HubError> {
    let found = text(network, repository, path, MAX_EVALUATION_BYTES).await?;
    Ok(found.and_then(|(text, truncated)| (!truncated).then_some(text)))
}

/// A file's text up to `limit` bytes, and whether there is more; none if there is no such file.
async fn text(
    network: &Network,
    repository: &Repository,
    path: &str,
    limit: usize,
) -> Result<Option<(String, bool)>, HubError> {
    let name = repository.listing.name.to_string();
    let url = resolve_url(&network.endpoint()?, &name, &repository.commit, path)?;
    let read = async {
        let request = network.get(url.clone(), ConnectionPurpose::Card);
        let mut answer = request.send().await?;
        if answer.status().is_success() {
            let (bytes, is_whole) = answer.prefix(limit).await?;
            return Ok(Some((
                String::from_utf8_lossy(&bytes).into_owned(),
                !is_whole,
            )));
        }
        match refusal(&answer, &url) {
            HubError::NotThere { .. } => Ok(None),
            error => {
                answer.fail(&error);
                Err(error)
            }
        }
    };
    ask::patiently(&url, read).await
}

/// Front matter between lines of `---`, and the rest.
fn split(text: &str) -> (Option<&str>, &str) {
    let text = text.trim_start_matches('\u{feff}');
    let is_fence = |line: &str| line.trim_end() == "---";
    let mut lines = text.split_inclusive('\n');
    let mut at = match lines.next() {
        Some(first) if is_fence(first) => first.len(),
        _ => return (None, text),
    };
    let begin = at;
    for line in lines {
        if is_fence(line) {
            return (Some(&text[begin..at]), text[at + line.len()..].trim_start());
        }
        at += line.len();
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_matter_is_taken_off() {
        assert_eq!(
            split("---\nlicense: mit\n---\n\n# Title\n"),
            (Some("license: mit\n"), "# Title\n")
        );
        assert_eq!(
            split("---\r\na: b\r\n---\r\ntext"),
            (Some("a: b\r\n"), "text")
        );
        for whole in [
            "# Title\n---\n",
            "---\nnever: closed\n",
            "",
            "text --- text",
        ] {
            assert_eq!(split(whole), (None, whole));
        }
        assert_eq!(split("---\n---\n"), (Some(""), ""));
    }

    #[test]
    fn scores_come_from_everywhere_once() {
        let text = "---\nmodel-index:\n- name: n\n  results:\n  - dataset: {name: MMLU, type: mmlu}\n    \
                    metrics:\n    - {type: accuracy, value: 70.1, name: accuracy}\n---\n\
                    | Benchmark | Score |\n|---|---|\n| MMLU | 71.0 |\n| GSM8K | 55 |\n";
        let evaluation =
            "- dataset:\n    id: cais/hle\n    task_id: default\n  value: 20.9\n".to_owned();
        let card = read(text, false, &[evaluation, "{broken".to_owned()], "n");
        let found: Vec<_> = card
            .scores
            .iter()
            .map(|score| {
                (
                    score.benchmark.as_str(),
                    score.metric.as_str(),
                    score.value.as_str(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("MMLU", "accuracy", "70.1"),
                ("hle", "", "20.9"),
                ("MMLU", "", "71.0"),
                ("GSM8K", "", "55")
            ]
        );
        assert!(card.markdown.starts_with("| Benchmark"));
    }
}
