//! `GET /api/models`: searching, filtering, sorting.

use std::cmp::Ordering;
use std::sync::atomic;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use super::account::Viewer;
use super::describe::{Properties, describe};
use super::page::{Parameters, page};
use super::refusal::Refusal;
use super::repository::{Gate, Repository};
use super::state::{Shared, Stored};

pub(super) async fn search(
    State(hub): State<Shared>,
    viewer: Viewer,
    uri: Uri,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(&uri);
    let properties = Properties::of_list(&parameters)?;
    let weights = parameters
        .get("num_parameters")
        .map(weight_bounds)
        .transpose()?;
    let mut found = hub.listed(&viewer);
    found.retain(|stored| is_wanted(&stored.repository, &parameters, weights));
    sort(&mut found, &parameters)?;
    let entries = found.iter().map(|stored| {
        let commit = stored.commit("main")?;
        Ok(describe(stored, &commit, &properties))
    });
    let entries: Vec<Value> = entries.collect::<Result<_, Refusal>>()?;
    page(
        &hub,
        &uri,
        hub.page_cap.load(atomic::Ordering::SeqCst),
        &entries,
    )
}

fn is_wanted(
    repository: &Repository,
    parameters: &Parameters,
    weights: Option<(u64, u64)>,
) -> bool {
    let facts = &repository.facts;
    let id = repository.id.to_lowercase();
    let has_words = parameters.all("search").all(|text| {
        let text = text.to_lowercase();
        text.split_whitespace().all(|word| id.contains(word))
    });
    let has_tag = |tag: &str| {
        let others = [facts.pipeline_tag.as_deref(), facts.library_name.as_deref()];
        facts.tags.iter().any(|known| known == tag) || others.contains(&Some(tag))
    };
    let has_tags = parameters
        .all("filter")
        .flat_map(|tags| tags.split(','))
        .all(has_tag);
    let is_gated = facts.gate != Gate::Open;
    has_words
        && has_tags
        && parameters
            .get("author")
            .is_none_or(|author| author.eq_ignore_ascii_case(repository.owner()))
        && parameters
            .get("pipeline_tag")
            .is_none_or(|tag| facts.pipeline_tag.as_deref() == Some(tag))
        && parameters
            .get("gated")
            .is_none_or(|gated| gated.eq_ignore_ascii_case("true") == is_gated)
        && weights.is_none_or(|(least, most)| {
            weight_count(repository).is_some_and(|count| (least..=most).contains(&count))
        })
}

fn weight_count(repository: &Repository) -> Option<u64> {
    repository.gguf()?["total"].as_u64()
}

/// `min:6B,max:128B`, either may be missing.
fn weight_bounds(text: &str) -> Result<(u64, u64), Refusal> {
    let bad = || Refusal::BadRequest(format!("Invalid num_parameters: {text}"));
    let mut bounds = (0, u64::MAX);
    for part in text.split(',') {
        match part.split_once(':').ok_or_else(bad)? {
            ("min", number) => bounds.0 = weight(number).ok_or_else(bad)?,
            ("max", number) => bounds.1 = weight(number).ok_or_else(bad)?,
            _ => return Err(bad()),
        }
    }
    Ok(bounds)
}

fn weight(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let factor = match unit.to_ascii_uppercase() {
        'K' => 1e3,
        'M' => 1e6,
        'B' => 1e9,
        'T' => 1e12,
        _ => 1.0,
    };
    let number = if factor > 1.0 {
        &text[..text.len() - 1]
    } else {
        text
    };
    number
        .parse::<f64>()
        .ok()
        .map(|number| (number * factor) as u64)
}

/// Best first unless `direction` is `1`; equal ones by name.
fn sort(found: &mut [Stored], parameters: &Parameters) -> Result<(), Refusal> {
    let order: fn(&Repository, &Repository) -> Ordering =
        match parameters.get("sort").unwrap_or("trendingScore") {
            "trendingScore" => |a, b| a.facts.trending_score.cmp(&b.facts.trending_score),
            "downloads" => |a, b| a.facts.downloads.cmp(&b.facts.downloads),
            "likes" | "likes30d" => |a, b| a.facts.likes.cmp(&b.facts.likes),
            "createdAt" => |a, b| a.facts.created_at.cmp(&b.facts.created_at),
            "lastModified" => |a, b| a.facts.last_modified.cmp(&b.facts.last_modified),
            "num_parameters" => |a, b| weight_count(a).cmp(&weight_count(b)),
            "id" => |a, b| b.id.cmp(&a.id),
            other => return Err(Refusal::BadRequest(format!("Invalid sort: {other}"))),
        };
    let ascending = parameters.get("direction") == Some("1");
    found.sort_by(|a, b| {
        let (a, b) = (&a.repository, &b.repository);
        let best_first = if ascending { order(a, b) } else { order(b, a) };
        best_first.then_with(|| a.id.cmp(&b.id))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_with_their_units() {
        assert_eq!(
            weight_bounds("min:6B,max:128B").unwrap(),
            (6_000_000_000, 128_000_000_000)
        );
        assert_eq!(weight_bounds("max:0.5B").unwrap(), (0, 500_000_000));
        assert_eq!(weight_bounds("min:100000").unwrap(), (100_000, u64::MAX));
        assert!(weight_bounds("6B").is_err());
    }
}
