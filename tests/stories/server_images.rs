//! Images in the requests of clients, in each dialect.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sirocco_protocol::RuntimeName;
use sirocco_testkit::{Script, TempApp};
use std::net::Ipv4Addr;

use crate::images::{RED, seeing, workers};
use crate::server_scene::Scene;

/// A server whose only model sees, or is blind.
async fn scene(sees: bool) -> anyhow::Result<Scene> {
    let script = Script::answering("I see {question}");
    if !sees {
        return Scene::open(&script).await;
    }
    let app = TempApp::open_with(workers(&[RuntimeName::LlamaCpp])).await?;
    let key = seeing(&app, &script).await?.key;
    Scene::over(app, key, Ipv4Addr::LOCALHOST, &[]).await
}

/// Each dialect's request with this image, base64, and where its answer stands.
fn requests(model: &str, image: &str) -> [(&'static str, Value, &'static str); 7] {
    let url = format!("data:image/png;base64,{image}");
    let text = "What is this?";
    let source = json!({"type": "base64", "media_type": "image/png", "data": image});
    let anthropic = json!([{"role": "user", "content": [
        {"type": "image", "source": source}, {"type": "text", "text": text},
    ]}]);
    [
        (
            "/v1/chat/completions",
            json!({"model": model, "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text},
            ]}]}),
            "/choices/0/message/content",
        ),
        (
            "/v1/responses",
            json!({"model": model, "input": [{"role": "user", "content": [
                {"type": "input_image", "image_url": url}, {"type": "input_text", "text": text},
            ]}]}),
            "/output/0/content/0/text",
        ),
        (
            "/v1/messages",
            json!({"model": model, "max_tokens": 99, "messages": anthropic}),
            "/content/0/text",
        ),
        (
            "/v1/messages/count_tokens",
            json!({"model": model, "messages": anthropic}),
            "/input_tokens",
        ),
        (
            "/api/chat",
            json!({"model": model, "stream": false, "messages": [
                {"role": "user", "content": text, "images": [image]},
            ]}),
            "/message/content",
        ),
        (
            "/api/generate",
            json!({"model": model, "stream": false, "prompt": text, "images": [image]}),
            "/response",
        ),
        (
            "/api/v1/chat",
            json!({"model": model, "input": [
                {"type": "image", "data_url": url}, {"type": "text", "content": text},
            ]}),
            "/output/0/content",
        ),
    ]
}

#[tokio::test]
async fn each_dialect_has_its_words_for_an_image() -> anyhow::Result<()> {
    let scene = scene(true).await?;
    for (path, body, place) in requests(&scene.key, RED) {
        let answer = scene.ask(path, body).await?;
        match answer.pointer(place) {
            Some(Value::String(text)) => {
                assert!(text.starts_with("I see [image of "), "{path}: {text}");
                assert!(text.ends_with("What is this?"), "{path}: {text}");
            }
            Some(tokens) => assert!(tokens.as_u64() > Some(64), "{path}: {tokens}"),
            None => panic!("{path}: {answer}"),
        }
    }
    let (_, models) = scene.get("/api/v1/models").await?;
    assert_eq!(models["models"][0]["capabilities"]["vision"], true);
    let shown = scene.ask("/api/show", json!({"model": scene.key})).await?;
    assert_eq!(
        shown["capabilities"],
        json!(["completion", "tools", "vision"])
    );
    Ok(())
}

#[tokio::test]
async fn a_model_that_sees_nothing_says_so_in_each_dialect() -> anyhow::Result<()> {
    let scene = scene(false).await?;
    for (path, body, _) in requests(&scene.key, RED) {
        let (status, answer) = scene.post(path, body).await?;
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(
            answer.to_string().contains("sees no images"),
            "{path}: {answer}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_image_costs_its_request_only() -> anyhow::Result<()> {
    let scene = scene(true).await?;
    let cut = STANDARD.encode(&STANDARD.decode(RED)?[..40]);
    for image in ["no base64", "QUJD", &cut] {
        for (path, body, _) in requests(&scene.key, image) {
            let (status, answer) = scene.post(path, body).await?;
            assert_eq!(status, 400, "{path}: {answer}");
            assert!(
                answer.to_string().contains("could not read an image"),
                "{path}: {answer}"
            );
        }
    }
    for (path, body, _) in requests(&scene.key, RED) {
        scene.ask(path, body).await?;
    }
    Ok(())
}
