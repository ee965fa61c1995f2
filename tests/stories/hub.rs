//! Looking for models on the Hub, and judging them before anything is downloaded.

use serde_json::json;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    CatalogueEntry, ErrorCode, ErrorReport, HeaderReport, HubCard, HubFilters, HubFits, HubGate,
    HubModel, HubPage, HubRuns, HubSecurity, HubSort, HubVariantFit, ModelVerdict, Settings,
};
use sirocco_testkit::hub::{
    Content, Fault, On, Origin, Repository, RepositoryFile, ScriptedHub, sample,
};
use sirocco_testkit::{TempApp, TinyModel};

use crate::{WORKER, code};

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

async fn model(app: &TempApp, repository: &str) -> Result<HubModel, ErrorReport> {
    let request = HubModelGet {
        repository: repository.into(),
    };
    app.call("hub_model", request).await
}

pub(crate) async fn header(
    app: &TempApp,
    repository: &str,
    path: &str,
) -> Result<HeaderReport, ErrorReport> {
    let commit = model(app, repository).await?.commit;
    let request = HubHeaderGet {
        repository: repository.into(),
        commit,
        path: path.into(),
    };
    app.call("hub_header", request).await
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
    model(&app, sample::TINY).await?;
    let asked = hub.log().len();
    model(&app, sample::TINY).await?;
    assert_eq!(hub.log().len(), asked);
    // It is there also when the Hub is not.
    hub.set_away(true);
    assert!(search(&app, "dune").await?.from_cache);
    assert_eq!(code(search(&app, "elm").await), ErrorCode::Network);
    Ok(())
}

#[tokio::test]
async fn a_repository_shows_its_models() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    hub.change(sample::TINY, |repository| {
        let mut bad = RepositoryFile::from(TinyModel::default().bytes());
        bad.security = Some(
            json!({"status": "unsafe", "avScan": {"virusFound": true, "virusNames": ["Eicar"]}}),
        );
        repository.files.insert("tiny-Q6_K.gguf".into(), bad);
        repository.files.insert(
            "mmproj-tiny-F16.gguf".into(),
            Content::generated(500, 1).into(),
        );
        repository
            .files
            .insert("tiny-IQ4_XS.gguf".into(), Content::generated(400, 1).into());
        repository.facts.card["quantized_by"] = json!("somebody");
    });
    let model = model(&app, sample::TINY).await?;
    assert_eq!(model.commit, hub.head(sample::TINY));
    assert_eq!(model.url, format!("{}/{}", hub.address(), sample::TINY));
    assert_eq!(model.base_models, ["sample/tiny"]);
    assert_eq!(
        (model.languages, model.quantized_by.as_deref()),
        (vec!["en".to_owned()], Some("somebody"))
    );
    assert_eq!(
        model.license.map(|license| license.id).as_deref(),
        Some("apache-2.0")
    );
    assert_eq!(model.other_file_count, 3);
    let found: Vec<_> = model
        .variants
        .iter()
        .map(|variant| {
            (
                variant.quantization.as_str(),
                variant.recommended,
                variant.is_projector,
            )
        })
        .collect();
    let labels: Vec<_> = found.iter().map(|(label, _, _)| *label).collect();
    assert_eq!((labels[0], labels[4]), ("IQ4_XS", "F16"), "{labels:?}");
    assert!(found[4].2);
    let recommended: Vec<_> = found
        .iter()
        .filter(|(_, recommended, _)| *recommended)
        .collect();
    assert_eq!(recommended, [&("Q8_0", true, false)]);
    let variant = |label: &str| {
        let found = model
            .variants
            .iter()
            .find(|variant| variant.quantization == label);
        found.expect("it is there")
    };
    assert!(matches!(variant("IQ4_XS").runs, HubRuns::No { .. }));
    assert_eq!(
        variant("Q6_K").security,
        HubSecurity::Unsafe {
            finding: "Eicar".into()
        }
    );
    assert_eq!(variant("Q8_0").security, HubSecurity::Safe);
    assert!(variant("Q8_0").files[0].sha256.is_some());
    assert!(
        variant("Q8_0")
            .bits_per_weight
            .is_some_and(|bits| bits > 8.0)
    );

    let sharded = self::model(&app, sample::SHARDED).await?;
    assert_eq!(sharded.variants.len(), 1);
    assert_eq!(
        (
            sharded.variants[0].files.len(),
            sharded.variants[0].size_bytes
        ),
        (3, 1_800_000)
    );
    assert_eq!(
        code(self::model(&app, "no/such").await),
        ErrorCode::TokenNeeded
    );
    assert_eq!(
        code(self::model(&app, "../..").await),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn a_card_is_shown_with_its_scores() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let readme = "---\nlicense: mit\nmodel-index:\n- name: t\n  results:\n  - dataset: {name: IFEval}\n    \
                  metrics: [{type: acc, value: 38.9}]\n---\n# Title\n\n| Benchmark | Score |\n|---|---|\n| MMLU | 61.5 |\n";
    hub.change(sample::TINY, |repository| {
        repository.files.insert("README.md".into(), readme.into());
        let evaluation = "- dataset:\n    id: cais/hle\n  value: 20.9\n";
        repository
            .files
            .insert(".eval_results/hle.yaml".into(), evaluation.into());
    });
    let card = async |repository: &str| {
        let commit = model(&app, repository).await?.commit;
        let request = HubCardGet {
            repository: repository.into(),
            commit,
        };
        app.call::<HubCard>("hub_card", request).await
    };
    let tiny = card(sample::TINY).await?;
    assert!(
        tiny.markdown.starts_with("# Title") && !tiny.truncated,
        "{tiny:?}"
    );
    let scores: Vec<_> = tiny
        .scores
        .iter()
        .map(|score| (score.benchmark.as_str(), score.number))
        .collect();
    assert_eq!(
        scores,
        [
            ("IFEval", Some(38.9)),
            ("hle", Some(20.9)),
            ("MMLU", Some(61.5))
        ]
    );

    let without = card("invented/elm-8B-GGUF").await?;
    assert_eq!((without.markdown.as_str(), without.scores.len()), ("", 0));
    hub.change(sample::LARGE, |repository| {
        repository
            .files
            .insert("README.md".into(), "word ".repeat(600_000).into());
    });
    let long = card(sample::LARGE).await?;
    assert!(long.truncated);
    assert_eq!(long.markdown.len(), 2 << 20);
    let wrong = HubCardGet {
        repository: sample::TINY.into(),
        commit: "main/../..".into(),
    };
    assert_eq!(
        code(app.call::<HubCard>("hub_card", wrong).await),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn the_header_of_a_file_is_read_without_downloading_it() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let report = header(&app, sample::LARGE, "large-Q8_0.gguf").await?;
    assert_eq!(
        (report.architecture.as_str(), report.context_length),
        ("llama", 4_096)
    );
    assert!(
        report
            .chat_template
            .is_some_and(|template| template.contains("im_start"))
    );
    assert!(
        report.template_concerns.is_empty(),
        "{:?}",
        report.template_concerns
    );
    assert_eq!(report.tensor_types[0].name, "Q8_0");
    assert!(
        report
            .metadata
            .iter()
            .any(|(key, value)| key == "general.name" && value == "Tiny")
    );
    let from_storage = hub.log_of(Origin::Cdn);
    assert_eq!(from_storage.len(), 1);
    assert_eq!(from_storage[0].range.as_deref(), Some("bytes=0-2097151"));
    // Once more it is known, by its hash.
    header(&app, sample::LARGE, "large-Q8_0.gguf").await?;
    assert_eq!(hub.log_of(Origin::Cdn).len(), 1);

    // The tiny model in one piece really runs; its shards are no shards inside.
    let whole = header(&app, sample::TINY, "tiny-Q8_0.gguf").await?;
    assert!(
        matches!(whole.verdict, ModelVerdict::Runs { .. }),
        "{:?}",
        whole.verdict
    );
    let shards = header(
        &app,
        sample::SHARDED,
        "Q8_0/sharded-Q8_0-00001-of-00003.gguf",
    )
    .await?;
    assert!(
        matches!(shards.verdict, ModelVerdict::Refused { .. }),
        "{:?}",
        shards.verdict
    );

    let refused = header(&app, "invented/elm-8B-GGUF", "elm-8B-Q4_K_M.gguf").await;
    assert_eq!(code(refused), ErrorCode::ModelRefused);
    assert_eq!(
        code(header(&app, sample::TINY, "README.md").await),
        ErrorCode::NotFound
    );
    Ok(())
}

#[tokio::test]
async fn a_storage_that_sends_everything_is_not_listened_to() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    hub.fault(On::cdn("large-Q8_0.gguf").nth(1), Fault::IgnoreRange);
    let error = header(&app, sample::LARGE, "large-Q8_0.gguf")
        .await
        .expect_err("it is too much");
    assert!(error.message.contains("parts"), "{error}");
    hub.fault(On::cdn("large-Q8_0.gguf").nth(1), Fault::Endless);
    assert!(
        header(&app, sample::LARGE, "large-Q8_0.gguf")
            .await
            .is_err()
    );
    // Nothing wrong was kept.
    header(&app, sample::LARGE, "large-Q8_0.gguf").await?;
    Ok(())
}

#[tokio::test]
async fn a_hostile_template_is_flagged_before_the_download() -> anyhow::Result<()> {
    let (hub, app) = with_hub().await?;
    let hostile = "{% if 'login' in messages[-1]['content'] %}See https://evil.example{% endif %}{{ messages }}";
    let bytes = TinyModel {
        chat_template: hostile.into(),
        ..TinyModel::default()
    }
    .bytes();
    hub.put(
        Repository::new("evil/m-GGUF")
            .tags(["gguf"])
            .file("m-Q8_0.gguf", bytes),
    );
    let report = header(&app, "evil/m-GGUF", "m-Q8_0.gguf").await?;
    let concerns: Vec<_> = report
        .template_concerns
        .iter()
        .map(|concern| concern.message.as_str())
        .collect();
    assert_eq!(
        concerns,
        [
            "it acts on words of a message",
            "an address in the template"
        ]
    );
    assert!(report.template_concerns[1].excerpt.contains("evil.example"));
    Ok(())
}

#[tokio::test]
async fn the_fit_follows_the_context() -> anyhow::Result<()> {
    let (_hub, app) = with_hub().await?;
    let commit = model(&app, sample::TINY).await?.commit;
    let fit = async |context_length| {
        let request = HubFitGet {
            repository: sample::TINY.into(),
            commit: commit.clone(),
            context_length,
        };
        app.call::<Vec<HubVariantFit>>("hub_fit", request).await
    };
    let (short, long) = (fit(512).await?, fit(4_096).await?);
    assert_eq!(short.len(), 2);
    for (short, long) in short.iter().zip(&long) {
        let (short, long) = (
            short.fit.as_ref().expect("figures"),
            long.fit.as_ref().expect("figures"),
        );
        assert_eq!(short.weights_bytes, long.weights_bytes);
        assert_eq!(short.kv_bytes * 8, long.kv_bytes);
        assert!(short.total_bytes < long.total_bytes && long.fits);
        assert_eq!(long.largest_context_length, Some(4_096));
        assert_eq!(
            long.total_bytes,
            long.weights_bytes + long.kv_bytes + long.compute_bytes
        );
    }
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
