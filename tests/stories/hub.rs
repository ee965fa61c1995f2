//! Looking for models on the Hub, and judging them before anything is downloaded.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    CatalogueEntry, ErrorCode, ErrorReport, HubFilters, HubFits, HubGate, HubPage, HubRuns,
    HubSort, Settings,
};
use sirocco_testkit::TempApp;
use sirocco_testkit::hub::{Fault, On, Repository, ScriptedHub, sample};

use crate::{WORKER, code, hub_page};

/// A hub with the sample in it, and an App that takes it for the Hub.
pub(crate) async fn with_hub() -> anyhow::Result<(ScriptedHub, TempApp)> {
    let hub = ScriptedHub::start().await?;
    hub.put_sample();
    let app = TempApp::open_empty(WORKER).await?;
    set_endpoint(&app, hub.address()).await?;
    Ok((hub, app))
}

pub(crate) async fn set_endpoint(app: &TempApp, endpoint: &str) -> Result<Settings, ErrorReport> {
    change_settings(app, |settings| {
        settings.network.endpoint = Some(endpoint.to_owned())
    })
    .await
}

pub(crate) async fn change_settings(
    app: &TempApp,
    change: impl FnOnce(&mut Settings),
) -> Result<Settings, ErrorReport> {
    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    change(&mut settings);
    app.call("settings_set", SettingsSet { settings }).await
}

fn words(query: &str) -> HubSearch {
    HubSearch {
        channel: "window".into(),
        query: query.into(),
        sort: HubSort::Trending,
        filters: HubFilters::default(),
        cursor: None,
    }
}

pub(crate) async fn search(app: &TempApp, query: &str) -> Result<HubPage, ErrorReport> {
    app.call("hub_search", words(query)).await
}

async fn filtered(app: &TempApp, filters: HubFilters) -> anyhow::Result<Vec<String>> {
    let request = HubSearch {
        filters,
        ..words("")
    };
    Ok(names(&app.call::<HubPage>("hub_search", request).await?))
}

fn names(page: &HubPage) -> Vec<String> {
    let results = page.results.iter();
    results.map(|result| result.repository.clone()).collect()
}

#[tokio::test]
async fn each_result_says_whether_it_runs_and_fits() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let page = search(&app, "").await?;
    assert_eq!(page.results[0].repository, sample::TINY);
    let tiny = &page.results[0];
    assert_eq!(tiny.architecture.as_deref(), Some("llama"));
    assert_eq!(
        (tiny.runs.clone(), tiny.fits),
        (HubRuns::Yes, HubFits::Well)
    );
    assert_eq!((tiny.downloads, tiny.likes), (100_000, 1_000));
    assert_eq!(tiny.license.as_deref(), Some("apache-2.0"));
    assert!(!tiny.in_library && !tiny.tools && !tiny.reasoning);

    let gemma = &search(&app, "grove").await?.results[0];
    assert!(
        matches!(&gemma.runs, HubRuns::No { reason } if reason.contains("gemma3")),
        "{gemma:?}"
    );
    assert_eq!(gemma.parameter_count, Some(4_300_000_000));
    let huge = &search(&app, "knoll").await?.results[0];
    assert_eq!(huge.runs, HubRuns::Yes);
    let (small, large) = huge.size_range_bytes.expect("sizes");
    assert!(
        small > 28_000_000_000 && large < 80_000_000_000,
        "{small} {large}"
    );
    let gated = search(&app, "gated").await?;
    assert_eq!(gated.results[0].gate, HubGate::Manual);
    assert_eq!(hub.log().len(), 4, "one request for each search");
    Ok(())
}

#[tokio::test]
async fn results_are_sorted_and_filtered() -> anyhow::Result<()> {
    let (_hub, app) = with_hub().await?;
    let request = HubSearch {
        sort: HubSort::Updated,
        ..words("invented")
    };
    let page: HubPage = app.call("hub_search", request).await?;
    assert_eq!(
        names(&page)[..2],
        ["invented/lagoon-20B-GGUF", "invented/knoll-70B-GGUF"]
    );

    let filters = HubFilters {
        runs_here: true,
        parameters_min: Some(1_000_000_000),
        parameters_max: Some(5_000_000_000),
        ..HubFilters::default()
    };
    assert_eq!(
        filtered(&app, filters.clone()).await?,
        [
            "invented/inlet-3.8B-GGUF",
            "invented/dune-4B-GGUF",
            "invented/cedar-3B-GGUF",
            "invented/amber-1B-GGUF"
        ]
    );
    let licensed = HubFilters {
        license: Some("mit".into()),
        ..filters.clone()
    };
    assert_eq!(
        filtered(&app, licensed).await?,
        ["invented/inlet-3.8B-GGUF"]
    );
    let of_one_kind = HubFilters {
        architecture: Some("qwen2".into()),
        ..filters
    };
    assert_eq!(
        filtered(&app, of_one_kind).await?,
        ["invented/cedar-3B-GGUF"]
    );
    let gated = HubFilters {
        gated: Some(true),
        ..HubFilters::default()
    };
    assert_eq!(filtered(&app, gated).await?, [sample::GATED]);
    let language = HubFilters {
        language: Some("en".into()),
        ..HubFilters::default()
    };
    assert!(
        filtered(&app, language)
            .await?
            .iter()
            .all(|name| name.starts_with("sample/"))
    );
    for impossible in [
        HubFilters {
            reasoning: true,
            ..HubFilters::default()
        },
        HubFilters {
            tools: true,
            ..HubFilters::default()
        },
    ] {
        assert!(filtered(&app, impossible).await?.is_empty());
    }
    let no_word = HubFilters {
        license: Some("mit&author=x".into()),
        ..HubFilters::default()
    };
    let request = HubSearch {
        filters: no_word,
        ..words("")
    };
    assert_eq!(
        code(app.call::<HubPage>("hub_search", request).await),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_and_twins() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    hub.set_page_cap(3);
    let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let request = HubSearch {
            cursor,
            ..words("")
        };
        let page: HubPage = app.call("hub_search", request).await?;
        assert!(
            page.results.len() >= 10 || page.next.is_none(),
            "a page is full unless it is the last"
        );
        found.extend(names(&page));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        (found.len(), pages),
        (16, 2),
        "all but the private one: {found:?}"
    );
    let unique: std::collections::BTreeSet<_> = found.iter().collect();
    assert_eq!(unique.len(), found.len());
    // A cursor leads nowhere but on.
    let request = HubSearch {
        cursor: Some("../../whoami-v2?x=http://127.0.0.1:9/".into()),
        ..words("")
    };
    app.call::<HubPage>("hub_search", request).await?;
    assert_eq!(
        hub.log().last().map(|asked| asked.path.clone()).as_deref(),
        Some("/api/models")
    );
    Ok(())
}

#[tokio::test]
async fn a_pasted_address_finds_its_repository() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    for pasted in [
        sample::LARGE.to_owned(),
        format!("https://huggingface.co/{}", sample::LARGE),
        format!(
            "{}/{}/blob/main/large-Q8_0.gguf",
            hub.address(),
            sample::LARGE
        ),
        format!("ollama run hf.co/{}:Q8_0", sample::LARGE),
    ] {
        let page = search(&app, &pasted).await?;
        assert_eq!(page.results[0].repository, sample::LARGE, "{pasted}");
    }
    // What is called so but is none is looked for by its words.
    assert!(search(&app, "no/such-thing").await?.results.is_empty());
    // Of a model that is no GGUF, what was quantized from it is shown.
    hub.put(Repository::new("maker/Base").file("model.safetensors", "x"));
    hub.put(
        Repository::new("other/Base-quantized").tags(["gguf", "base_model:quantized:maker/Base"]),
    );
    let page = search(&app, "https://huggingface.co/maker/Base").await?;
    assert_eq!(names(&page), ["other/Base-quantized"]);
    Ok(())
}

#[tokio::test]
async fn a_newer_search_takes_the_place_of_an_older_one() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    hub.fault(On::hub("/api/models").nth(1), Fault::StallBeforeAnswer);
    let first = search(&app, "slow");
    let second = async {
        hub.until("the first search", |log| log.len() == 1).await?;
        // Another window does not mind.
        let elsewhere = HubSearch {
            channel: "other window".into(),
            ..words("elm")
        };
        let elsewhere = app.call::<HubPage>("hub_search", elsewhere).await?;
        anyhow::Ok((search(&app, "dune").await?, elsewhere))
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(code(first), ErrorCode::Superseded);
    let (second, elsewhere) = second?;
    assert_eq!(names(&second), ["invented/dune-4B-GGUF"]);
    assert_eq!(names(&elsewhere), ["invented/elm-8B-GGUF"]);
    Ok(())
}

#[tokio::test]
async fn what_was_asked_is_not_asked_again() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    assert!(!search(&app, "dune").await?.from_cache);
    let again = search(&app, "dune").await?;
    assert!(again.from_cache);
    assert_eq!(names(&again), ["invented/dune-4B-GGUF"]);
    hub_page::model(&app, sample::TINY).await?;
    let asked = hub.log().len();
    hub_page::model(&app, sample::TINY).await?;
    assert_eq!(hub.log().len(), asked);
    // It is there also when the Hub is not.
    hub.set_away(true);
    assert!(search(&app, "dune").await?.from_cache);
    assert_eq!(code(search(&app, "elm").await), ErrorCode::Network);
    Ok(())
}

#[tokio::test]
async fn the_catalogue_needs_no_network() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    change_settings(&app, |settings| settings.network.offline = true).await?;
    let entries: Vec<CatalogueEntry> = app.call("hub_catalogue", HubCatalogue {}).await?;
    assert!(entries.len() >= 10);
    assert!(
        entries
            .iter()
            .all(|entry| entry.memory_bytes > entry.size_bytes && entry.model_id.is_none())
    );
    assert!(entries.iter().any(|entry| entry.fits == HubFits::Well));
    let connections: Vec<sirocco_protocol::Connection> = app
        .call(
            "connection_list",
            ConnectionList {
                before: None,
                limit: 10,
            },
        )
        .await?;
    assert!(connections.is_empty());
    app.call::<Nothing>("connection_clear", ConnectionClear {})
        .await?;
    Ok(())
}
