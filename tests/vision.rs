//! Stories of images with llama.cpp's worker: a model and a projector of random weights, which see nonsense, and always
//! the same.
//!
//! As `real_model.rs`; nothing has to be fetched.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sirocco_core::completions::{
    ChatImage, ChatMessage, Completions, Piece, Prompt, Request, SamplingParameters, Usage,
};
use sirocco_engine::discover;
use sirocco_protocol::{LoadOptions, LoadState, Model, RuntimeName};
use sirocco_testkit::{Script, TempApp, TinyModel, TinyProjector};

/// A PNG of one red pixel, and one of one blue pixel.
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const BLUE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC";

/// An App with all workers there are.
async fn app() -> anyhow::Result<TempApp> {
    let folder = std::env::var_os("SIROCCO_WORKER_DIR").map(PathBuf::from);
    let folder =
        folder.context("SIROCCO_WORKER_DIR is not set: run `cargo xtask test --only model`")?;
    let workers = discover(&[folder]);
    ensure!(
        workers
            .iter()
            .any(|worker| worker.name == RuntimeName::LlamaCpp),
        "there is no worker of llama.cpp"
    );
    TempApp::open_with(workers).await
}

/// A model with this projector beside it.
async fn seeing(app: &TempApp, name: &str, projector: &[u8]) -> anyhow::Result<Model> {
    let folder = app.outside().join(name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("mmproj-F16.gguf"), projector)?;
    let file = folder.join(format!("{name}.gguf"));
    app.put_model(&file, &TinyModel::default(), &Script::default())?;
    Ok(app.import(&file).await?.models.remove(0))
}

/// What it writes about these images, with its numbers.
async fn look(app: &TempApp, model: &Model, images: &[&str]) -> anyhow::Result<(String, Usage)> {
    let images = images.iter().map(|base64| ChatImage {
        at: 0,
        base64: (*base64).to_owned(),
    });
    let message = ChatMessage {
        role: "user".into(),
        content: "What is this?".into(),
        images: images.collect(),
        ..ChatMessage::default()
    };
    let request = Request {
        sampling: SamplingParameters {
            seed: Some(7),
            ..SamplingParameters::default()
        },
        max_tokens: Some(24),
        ..Request::new(Prompt::Chat {
            messages: vec![message],
            continue_last: false,
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        })
    };
    let mut completion = app.app().complete(model.id, request);
    let mut text = String::new();
    while let Some(piece) = completion.next().await {
        match piece? {
            Piece::Text { content, .. } => text.push_str(&content),
            Piece::Finished(finish) => return Ok((text, finish.usage)),
            _ => {}
        }
    }
    anyhow::bail!("the answer has no end")
}

#[tokio::test]
async fn the_same_image_gives_the_same_answer_and_another_one_another() -> anyhow::Result<()> {
    let app = app().await?;
    let model = seeing(&app, "seeing", &TinyProjector::default().bytes()).await?;
    assert!(model.sees_images);
    let (nothing, without) = look(&app, &model, &[]).await?;
    let (red, usage) = look(&app, &model, &[RED]).await?;
    let tokens = usage.prompt_tokens - without.prompt_tokens;
    assert_eq!(tokens as usize, TinyProjector::TOKENS);
    let (blue, _) = look(&app, &model, &[BLUE]).await?;
    assert!(
        red != blue && red != nothing && blue != nothing,
        "{red:?} {blue:?}"
    );
    assert_eq!(look(&app, &model, &[RED]).await?.0, red);
    // What was computed stays, up to the image that is another one; less what the worker computes in one piece.
    let mut many = [RED; 8];
    many[7] = BLUE;
    let (first, _) = look(&app, &model, &many).await?;
    let (again, usage) = look(&app, &model, &many).await?;
    assert_eq!(again, first);
    let (_, changed) = look(&app, &model, &[RED; 8]).await?;
    assert!(
        changed.cached_tokens as usize >= TinyProjector::TOKENS
            && changed.cached_tokens < usage.cached_tokens,
        "{changed:?} {usage:?}"
    );
    // From the beginning, without anything in the cache.
    app.app().let_go(model.id).await?;
    assert!(app.loaded().await?.is_empty());
    assert_eq!(look(&app, &model, &many).await?.0, first);
    Ok(())
}

#[tokio::test]
async fn a_long_conversation_with_an_image_is_cut_where_it_always_is() -> anyhow::Result<()> {
    let app = app().await?;
    let model = seeing(&app, "seeing", &TinyProjector::default().bytes()).await?;
    let images = [RED, BLUE, RED, BLUE, RED, BLUE, RED, BLUE];
    let (all, usage) = look(&app, &model, &images).await?;
    assert!(usage.prompt_tokens as usize > 8 * TinyProjector::TOKENS);
    look(&app, &model, &images[..5]).await?;
    assert_eq!(look(&app, &model, &images).await?.0, all);
    Ok(())
}

#[tokio::test]
async fn a_projector_that_is_broken_costs_its_model_the_images_or_the_load_and_nothing_else()
-> anyhow::Result<()> {
    let app = app().await?;
    let whole = TinyProjector::default().bytes();
    let unknown = TinyProjector {
        projector_type: "fly".into(),
        ..TinyProjector::default()
    };
    let wide = TinyProjector {
        embedding: 96,
        ..TinyProjector::default()
    };
    // Refused from their headers: cut short, of a kind that nobody knows, of another model.
    for (name, bytes) in [
        ("cut", &whole[..whole.len() / 2]),
        ("unknown", &unknown.bytes()),
        ("wide", &wide.bytes()),
    ] {
        let model = seeing(&app, name, bytes).await?;
        assert!(!model.sees_images, "{name}");
        look(&app, &model, &[]).await?;
    }
    // The header is right, and llama.cpp misses a tensor that it has under another name.
    let needle = b"v.patch_embd.weight";
    let at = whole
        .windows(needle.len())
        .position(|part| part == needle)
        .context("the tensor is there")?;
    let mut lies = whole.clone();
    lies[at] = b'x';
    let model = seeing(&app, "lies", &lies).await?;
    assert!(model.sees_images);
    let failed = app
        .load(model.id, LoadOptions::default())
        .await
        .expect_err("a tensor is missing");
    println!("{failed:#}");
    let sound = seeing(&app, "sound", &whole).await?;
    let loaded = app.load(sound.id, LoadOptions::default()).await?;
    assert_eq!(loaded.state, LoadState::Ready);
    Ok(())
}

#[tokio::test]
async fn images_of_any_shape_are_looked_at() -> anyhow::Result<()> {
    let app = app().await?;
    let model = seeing(&app, "seeing", &TinyProjector::default().bytes()).await?;
    for (width, height) in [(1, 1000), (1000, 1), (3, 5), (1280, 720)] {
        let image = gif(width, height);
        let (_, usage) = look(&app, &model, &[&image]).await?;
        assert!(usage.prompt_tokens as usize > TinyProjector::TOKENS);
    }
    Ok(())
}

/// A GIF of this size whose one pixel lies in its corner: the rest is what is transparent.
fn gif(width: u16, height: u16) -> String {
    let mut file = b"GIF89a".to_vec();
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    file.extend(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b");
    STANDARD.encode(file)
}
