//! Programs that speak LM Studio's REST API.

use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::Scene;

const MODELS: &str = "/api/v0/models";
const CHAT: &str = "/api/v0/chat/completions";

fn chat(scene: &Scene, stream: bool) -> Value {
    json!({
        "model": scene.key, "messages": [{"role": "user", "content": "Which wind?"}], "max_tokens": -1,
        "ttl": 300, "stream": stream,
    })
}

fn assert_numbers(answer: &Value, stop_reason: &str) {
    let stats = &answer["stats"];
    assert_eq!(stats["stop_reason"], stop_reason, "{answer}");
    for field in [
        "tokens_per_second",
        "time_to_first_token",
        "generation_time",
    ] {
        assert!(
            stats[field].as_f64().is_some_and(|number| number >= 0.0),
            "{field}: {answer}"
        );
    }
    let info = &answer["model_info"];
    assert_eq!(
        (&info["arch"], &info["format"]),
        (&json!("llama"), &json!("gguf"))
    );
    assert!(info["quant"].is_string() && info["context_length"].is_u64());
    let runtime = &answer["runtime"];
    assert!(
        runtime["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("scripted"))
    );
    assert_eq!(runtime["supported_formats"], json!(["gguf"]));
}

#[tokio::test]
async fn models_say_whether_they_are_loaded() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let (_, list) = scene.get(MODELS).await?;
    let model = list["data"][0].clone();
    assert_eq!(list["object"], "list");
    for (field, expected) in [
        ("id", json!(scene.key)),
        ("object", json!("model")),
        ("type", json!("llm")),
        ("publisher", json!("local")),
        ("arch", json!("llama")),
        ("compatibility_type", json!("gguf")),
        ("state", json!("not-loaded")),
    ] {
        assert_eq!(model[field], expected, "{field}");
    }
    assert!(model["quantization"].is_string() && model["max_context_length"].is_u64());
    let one = format!("{MODELS}/{}", scene.key);
    assert_eq!(scene.get(&one).await?.1, model);

    scene.ask(CHAT, chat(&scene, false)).await?;
    let (_, model) = scene.get(&one).await?;
    assert_eq!(model["state"], "loaded");
    assert!(model["loaded_context_length"].is_u64());
    scene.close().await
}

#[tokio::test]
async fn a_chat_comes_with_numbers() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let answer = scene.ask(CHAT, chat(&scene, false)).await?;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "The name of this wind is sirocco."
    );
    assert!(answer["usage"]["total_tokens"].is_u64());
    assert_numbers(&answer, "eosFound");
    for (field, value, reason) in [
        ("max_tokens", json!(2), "maxPredictedTokensReached"),
        ("stop", json!(" wind"), "stopStringFound"),
    ] {
        let mut body = chat(&scene, false);
        body[field] = value;
        assert_numbers(&scene.ask(CHAT, body).await?, reason);
    }

    let mut events = scene
        .stream(CHAT, chat(&scene, true))
        .await?
        .events()
        .await?;
    assert_eq!(
        events.pop().map(|event| event.data).as_deref(),
        Some("[DONE]")
    );
    let last = events.pop().map(|event| event.json()).unwrap_or_default();
    assert_numbers(&last, "eosFound");
    assert!(
        events
            .iter()
            .all(|event| event.json().get("stats").is_none())
    );
    scene.close().await
}

#[tokio::test]
async fn errors_are_one_sentence() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let mut unknown = chat(&scene, false);
    unknown["model"] = json!("qwen");
    let mut tools = chat(&scene, false);
    tools["tools"] = json!([{"type": "mcp"}]);
    for (expected, path, body) in [
        (404, CHAT, unknown),
        (400, CHAT, tools),
        (400, "/api/v0/embeddings", json!({"input": "a"})),
        (400, "/api/v0/completions", json!({"prompt": "a"})),
    ] {
        let (status, answer) = scene.post(path, body).await?;
        assert!(
            status == expected && answer["error"].is_string(),
            "{path}: {status} {answer}"
        );
    }
    assert_eq!(scene.get(&format!("{MODELS}/qwen")).await?.0, 404);
    scene.close().await
}
