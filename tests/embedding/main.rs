//! Stories of models that embed, with llama.cpp's worker: what it computes agrees with the originals.
//!
//! As `real_model.rs`; `SIROCCO_TEST_EMBEDDING_MODEL` is the folder of an all-MiniLM-L6-v2 as its makers publish it.

mod bert;
mod minilm;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sirocco_core::completions::{Completions, EmbedInput, EmbedRequest};
use sirocco_engine::discover;
use sirocco_protocol::{LoadOptions, LoadState, Model, ModelVerdict, RuntimeName};
use sirocco_testkit::TempApp;

use bert::{Bert, Pooling, Size, dot};

/// How far a cosine may lie from the original's.
const TOLERANCE: f64 = 1e-3;

const SIZE: Size = Size {
    embedding: 64,
    feed_forward: 128,
    heads: 4,
    blocks: 3,
    positions: 512,
};

fn path_in(variable: &str) -> anyhow::Result<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from).with_context(|| {
        format!("{variable} is not set: run these stories with `cargo xtask test --only model`")
    })
}

/// An App with all workers there are.
async fn app() -> anyhow::Result<TempApp> {
    TempApp::open_with(discover(&[path_in("SIROCCO_WORKER_DIR")?])).await
}

/// The model of this file, loaded.
async fn loaded(app: &TempApp, path: &Path) -> anyhow::Result<Model> {
    let outcome = app.import(path).await?;
    let model = outcome
        .models
        .into_iter()
        .next()
        .with_context(|| format!("{:?}", outcome.problems))?;
    ensure!(
        model.verdict == ModelVerdict::Embeds && model.runtime == Some(RuntimeName::LlamaCpp),
        "{:?}",
        model.verdict
    );
    let loaded = app.load(model.id, LoadOptions::default()).await?;
    ensure!(loaded.state == LoadState::Ready, "{:?}", loaded.state);
    Ok(model)
}

async fn vectors(
    app: &TempApp,
    model: &Model,
    inputs: Vec<EmbedInput>,
) -> anyhow::Result<Vec<Vec<f64>>> {
    let request = EmbedRequest {
        id: 0,
        inputs,
        truncate: false,
        dimensions: None,
    };
    let embedded = app.app().embed(model.id, request).await?;
    let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
    Ok(embedded
        .vectors
        .into_iter()
        .map(|vector| wide(vector.values))
        .collect())
}

fn vocabulary() -> Vec<String> {
    let control = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let words = [
        "the", "wind", "is", "warm", "and", "dry", "sea", "sir", "##occo", "##s", ",",
    ];
    control
        .iter()
        .chain(&words)
        .map(|token| (*token).to_owned())
        .collect()
}

/// Texts of several lengths, as tokens.
fn texts() -> Vec<Vec<u32>> {
    [1, 2, 7, 40, 300, 512, 5, 90]
        .iter()
        .map(|length| (0..*length).map(|at| (at * 7 + length) % 16).collect())
        .collect()
}

/// The largest difference between the cosines of all pairs.
fn difference(ours: &[Vec<f64>], theirs: &[Vec<f64>]) -> f64 {
    let pairs = (0..ours.len()).flat_map(|a| (0..=a).map(move |b| (a, b)));
    pairs
        .map(|(a, b)| (dot(&ours[a], &ours[b]) - dot(&theirs[a], &theirs[b])).abs())
        .fold(0.0, f64::max)
}

#[tokio::test]
async fn vectors_agree_with_a_plain_computation_however_they_are_pooled() -> anyhow::Result<()> {
    let app = app().await?;
    let bert = Bert::random(SIZE, vocabulary(), 7);
    for pooling in [Pooling::None, Pooling::Mean, Pooling::First, Pooling::Last] {
        let path = app.outside().join(format!("{pooling:?}.gguf"));
        std::fs::write(&path, bert.file(pooling))?;
        let model = loaded(&app, &path).await?;
        let inputs = texts()
            .into_iter()
            .map(|tokens| EmbedInput::Tokens { tokens });
        let ours = vectors(&app, &model, inputs.collect()).await?;
        let theirs: Vec<Vec<f64>> = texts()
            .iter()
            .map(|tokens| bert.vector(tokens, pooling))
            .collect();
        let apart = difference(&ours, &theirs);
        println!(
            "{pooling:?}: cosines of {} texts differ by {apart:.1e} at most",
            ours.len()
        );
        assert!(apart < TOLERANCE, "{pooling:?}: {apart}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(dot(ours, theirs) > 1.0 - TOLERANCE, "{pooling:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn texts_are_made_tokens_as_the_model_was_trained() -> anyhow::Result<()> {
    let app = app().await?;
    let bert = Bert::random(SIZE, vocabulary(), 8);
    let path = app.outside().join("words.gguf");
    std::fs::write(&path, bert.file(Pooling::Mean))?;
    let model = loaded(&app, &path).await?;
    let text = "The Siroccos, warm and snow".to_owned();
    let tokens = [
        "[CLS]", "the", "sir", "##occo", "##s", ",", "warm", "and", "[UNK]", "[SEP]",
    ]
    .map(|token| bert.id(token) as u32)
    .to_vec();
    let inputs = vec![EmbedInput::Text { text }, EmbedInput::Tokens { tokens }];
    let both = vectors(&app, &model, inputs).await?;
    assert!(dot(&both[0], &both[1]) > 1.0 - 1e-6, "{both:?}");
    Ok(())
}

#[tokio::test]
async fn minilm_finds_texts_as_similar_as_its_makers_publish() -> anyhow::Result<()> {
    let app = app().await?;
    let bert = minilm::read(&path_in("SIROCCO_TEST_EMBEDDING_MODEL")?)?;
    let path = app.outside().join("minilm.gguf");
    std::fs::write(&path, bert.file(Pooling::Mean))?;
    let model = loaded(&app, &path).await?;
    let inputs = minilm::TEXTS.map(|text| EmbedInput::Text { text: text.into() });
    let ours = vectors(&app, &model, inputs.to_vec()).await?;
    for (a, b, published) in minilm::SIMILARITIES {
        let cosine = dot(&ours[a], &ours[b]);
        println!("texts {a} and {b}: {cosine:.4}, published {published:.4}");
        assert!((cosine - published).abs() < TOLERANCE, "{a} {b}: {cosine}");
    }
    // Each text for itself is the same as all together.
    for (text, together) in minilm::TEXTS.iter().zip(&ours) {
        let text = (*text).to_owned();
        let alone = vectors(&app, &model, vec![EmbedInput::Text { text }]).await?;
        assert!(dot(&alone[0], together) > 1.0 - 1e-5);
    }
    Ok(())
}
