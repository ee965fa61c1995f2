//! Searching as a person types.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sirocco_hub::HubError;
use sirocco_hub::remote::{ListQuery, Listing, Query, Repository, RepositoryName};
use sirocco_protocol::commands::HubSearch;
use sirocco_protocol::{
    ConnectionPurpose, ErrorCode, ErrorReport, HubFilters, HubFits, HubPage, HubResult, HubRuns,
};
use tokio_util::sync::CancellationToken;

use super::Here;
use crate::App;
use crate::error::{Report, refuse};

/// Pages are fetched until so many results passed the filters ...
const ENOUGH: usize = 10;
/// ... but no more pages than these at once.
const MOST_PAGES: usize = 5;
const MOST_CHANNELS: usize = 100;
const MOST_QUERY: usize = 2_000;
const MOST_CURSOR: usize = 4_000;
const MOST_FILTER: usize = 60;

/// The search that each channel waits for.
#[derive(Default)]
pub(crate) struct Searches(Mutex<HashMap<String, CancellationToken>>);

impl Searches {
    /// Ends the search before it on this channel; the token ends with the search after it.
    fn begin(&self, channel: &str) -> CancellationToken {
        let token = CancellationToken::new();
        let mut searches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if searches.len() >= MOST_CHANNELS && !searches.contains_key(channel) {
            // Windows that are long gone.
            searches.clear();
        }
        if let Some(before) = searches.insert(channel.to_owned(), token.clone()) {
            before.cancel();
        }
        token
    }
}

impl App {
    pub(crate) async fn search_hub(&self, request: HubSearch) -> Result<HubPage, ErrorReport> {
        check(&request)?;
        let superseded = self.inner.searches.begin(&request.channel);
        tokio::select! {
            biased;
            () = superseded.cancelled() => Err(refuse(ErrorCode::Superseded, "there is a newer search")),
            page = self.find(request) => page,
        }
    }

    async fn find(&self, request: HubSearch) -> Result<HubPage, ErrorReport> {
        let here = self.here().await?;
        let endpoint = self.inner.network.endpoint().report()?;
        let mut list = ListQuery {
            sort: request.sort,
            tags: tags(&request.filters),
            gated: request.filters.gated,
            parameters_min: request.filters.parameters_min,
            parameters_max: request.filters.parameters_max,
            search: String::new(),
            next: request.cursor.clone(),
        };
        let mut page = HubPage {
            results: Vec::new(),
            next: None,
            from_cache: true,
        };
        let mut exact = None;
        match Query::understand(&request.query, &endpoint) {
            Query::Words(words) => list.search = words,
            Query::Repository { name, .. } if request.cursor.is_none() => {
                match self.named(&name).await? {
                    Some(repository) if repository.listing.has_gguf => {
                        // Whoever names it wants to see it, whatever the filters are.
                        page.results.push(here.result(&repository.listing));
                        list.search = without_suffix(name.name()).to_owned();
                        exact = Some(name);
                    }
                    // A model to train or for other programs: what was quantized from it is wanted.
                    Some(_) => list.tags.push(format!("base_model:quantized:{name}")),
                    None => list.search = request.query.trim().to_owned(),
                }
            }
            // The cursor holds the rest.
            Query::Repository { name, .. } => exact = Some(name),
        }
        self.collect(&mut page, list, exact.as_ref(), &request.filters, &here)
            .await?;
        self.look_for_newer();
        Ok(page)
    }

    /// The repository of this name; none if there is none that we may see.
    async fn named(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<std::sync::Arc<Repository>>, ErrorReport> {
        let remote = &self.inner.remote;
        match remote.repository(name, ConnectionPurpose::Search).await {
            Ok(repository) => Ok(Some(repository)),
            Err(error) => match *error {
                HubError::NoRepository { .. }
                | HubError::NotThere { .. }
                | HubError::TokenNeeded { .. }
                | HubError::Nonsense { .. }
                | HubError::Forbidden { .. } => Ok(None),
                _ => Err(error.report()),
            },
        }
    }

    async fn collect(
        &self,
        page: &mut HubPage,
        mut list: ListQuery,
        exact: Option<&RepositoryName>,
        filters: &HubFilters,
        here: &Here,
    ) -> Result<(), ErrorReport> {
        for _ in 0..MOST_PAGES {
            let (found, was_known) = self.inner.remote.list(list.clone()).await;
            let found = found.map_err(|error| error.report())?;
            page.from_cache &= was_known;
            for listing in &found.results {
                let result = here.result(listing);
                let is_new = exact != Some(&listing.name)
                    && !page
                        .results
                        .iter()
                        .any(|other| other.repository == result.repository);
                if is_new && passes(&result, listing, filters) {
                    page.results.push(result);
                }
            }
            page.next.clone_from(&found.next);
            if page.next.is_none() || page.results.len() >= ENOUGH {
                return Ok(());
            }
            list.next.clone_from(&found.next);
        }
        Ok(())
    }
}

fn check(request: &HubSearch) -> Result<(), ErrorReport> {
    let filters = &request.filters;
    let short = [&filters.architecture, &filters.license, &filters.language];
    let is_word = |text: &String| {
        text.len() <= MOST_FILTER
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let is_sound = request.channel.len() <= MOST_FILTER
        && request.query.len() <= MOST_QUERY
        && request
            .cursor
            .as_ref()
            .is_none_or(|cursor| cursor.len() <= MOST_CURSOR)
        && short.into_iter().flatten().all(is_word);
    if is_sound {
        Ok(())
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            "the search has a part that is too long or is no word",
        ))
    }
}

/// What the Hub itself can filter by.
fn tags(filters: &HubFilters) -> Vec<String> {
    let license = filters.license.as_ref().map(|id| format!("license:{id}"));
    license
        .into_iter()
        .chain(filters.language.clone())
        .collect()
}

/// What it cannot, and what it may not have understood.
fn passes(result: &HubResult, listing: &Listing, filters: &HubFilters) -> bool {
    let within = |count: u64| {
        filters.parameters_min.is_none_or(|least| count >= least)
            && filters.parameters_max.is_none_or(|most| count <= most)
    };
    let asks_count = filters.parameters_min.is_some() || filters.parameters_max.is_some();
    let is_gated = result.gate != sirocco_protocol::HubGate::Open;
    let has_language = |language: &String| {
        listing
            .tags
            .iter()
            .any(|tag| tag.eq_ignore_ascii_case(language))
    };
    (!filters.runs_here || result.runs == HubRuns::Yes)
        && (!filters.fits_here || matches!(result.fits, HubFits::Well | HubFits::Tight))
        && filters.architecture.as_ref().is_none_or(|wanted| {
            let found = result.architecture.as_deref().unwrap_or_default();
            found.eq_ignore_ascii_case(wanted)
        })
        && (!asks_count || result.parameter_count.is_some_and(within))
        && filters.license.as_ref().is_none_or(|wanted| {
            let found = result.license.as_deref().unwrap_or_default();
            found.eq_ignore_ascii_case(wanted)
        })
        && filters.gated.is_none_or(|wanted| wanted == is_gated)
        && (!filters.tools || result.tools)
        && (!filters.reasoning || result.reasoning)
        && filters.language.as_ref().is_none_or(has_language)
}

/// `Qwen3-4B-GGUF` is a Qwen3-4B.
fn without_suffix(name: &str) -> &str {
    let end = name.len().saturating_sub("-GGUF".len());
    match name.get(end..) {
        Some(suffix) if suffix.eq_ignore_ascii_case("-gguf") => &name[..end],
        _ => name,
    }
}
