//! The page of a repository: its models, card, headers and what they would take.

use serde_json::json;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, HeaderReport, HubCard, HubModel, HubRuns, HubSecurity, HubVariantFit,
    ModelVerdict,
};
use sirocco_testkit::hub::{Content, Fault, On, Origin, Repository, RepositoryFile, sample};
use sirocco_testkit::{TempApp, TinyModel};

use crate::code;
use crate::hub::with_hub;

pub(crate) async fn model(app: &TempApp, repository: &str) -> Result<HubModel, ErrorReport> {
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
