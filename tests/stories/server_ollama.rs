//! Programs that speak Ollama's API.

use reqwest::Method;
use serde_json::{Value, json};
use sirocco_protocol::LoadOptions;
use sirocco_testkit::Script;

use crate::server_scene::Scene;

const CHAT: &str = "/api/chat";
const GENERATE: &str = "/api/generate";
const ANSWER: &str = "The name of this wind is sirocco.";

fn chat(scene: &Scene, more: Value) -> Value {
    let mut body = json!({
        "model": scene.key, "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn assert_metrics(line: &Value) {
    for field in [
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ] {
        assert!(line[field].is_u64(), "{field}: {line}");
    }
    assert!(line["total_duration"].as_u64() >= line["load_duration"].as_u64());
    assert!(
        line["created_at"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
}

#[tokio::test]
async fn its_clients_recognise_the_server() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let root = scene.request(Method::GET, "/").send().await?;
    assert_eq!(root.text().await?, "Ollama is running");
    let head = scene.request(Method::HEAD, "/").send().await?;
    assert_eq!(head.status(), 200);
    assert!(head.text().await?.is_empty());
    let (status, version) = scene.get("/api/version").await?;
    assert!(status == 200 && version["version"].is_string());
    scene.close().await
}

#[tokio::test]
async fn models_are_listed_shown_and_seen_running() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let (_, tags) = scene.get("/api/tags").await?;
    let tag = &tags["models"][0];
    assert_eq!(
        (&tag["name"], &tag["model"]),
        (&json!(scene.key), &json!(scene.key))
    );
    assert!(tag["size"].as_u64().is_some_and(|size| size > 0) && tag["digest"].is_string());
    assert!(
        tag["modified_at"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    let details = &tag["details"];
    assert_eq!(
        (&details["format"], &details["family"]),
        (&json!("gguf"), &json!("llama"))
    );
    assert_eq!(details["families"], json!(["llama"]));
    assert!(
        details["parameter_size"]
            .as_str()
            .is_some_and(|size| size.ends_with('M'))
    );
    assert!(details["quantization_level"].is_string());

    for name in [
        json!({"model": scene.key}),
        json!({"name": format!("{}:latest", scene.key)}),
    ] {
        let shown = scene.ask("/api/show", name).await?;
        assert_eq!(&shown["details"], details);
        assert_eq!(shown["capabilities"], json!(["completion", "tools"]));
        assert!(
            shown["template"]
                .as_str()
                .is_some_and(|text| text.contains("<|im_start|>"))
        );
        assert!(
            shown["modelfile"]
                .as_str()
                .is_some_and(|text| text.starts_with("FROM "))
        );
        let info = &shown["model_info"];
        assert_eq!(info["general.architecture"], "llama");
        assert!(info["llama.context_length"].is_u64() && info["general.parameter_count"].is_u64());
    }

    assert_eq!(scene.get("/api/ps").await?.1, json!({"models": []}));
    let id = scene.app.model().await?.id;
    let loaded = scene.app.load(id, LoadOptions::default()).await?;
    let (_, running) = scene.get("/api/ps").await?;
    let model = &running["models"][0];
    assert_eq!(model["name"], scene.key);
    assert_eq!(model["context_length"], loaded.context_length);
    assert!(model["size"].is_u64() && model["expires_at"].is_string() && model["size_vram"] == 0);
    scene.close().await
}

#[tokio::test]
async fn a_chat_comes_in_lines_unless_it_is_to_be_whole() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_ms: 50.0,
        ..Script::answering("<think>\nhm\n</think>\n\nIt is sirocco.")
    })
    .await?;
    let stream = scene.stream(CHAT, chat(&scene, json!({}))).await?;
    assert_eq!(stream.header("content-type"), "application/x-ndjson");
    let mut lines = stream.lines().await?;
    let last = lines.pop().unwrap_or_default();
    assert_eq!(
        (&last["done"], &last["done_reason"]),
        (&json!(true), &json!("stop"))
    );
    assert_eq!(last["message"], json!({"role": "assistant", "content": ""}));
    assert_metrics(&last);
    assert!(
        last["load_duration"].as_u64().is_some_and(|time| time > 0),
        "it was loaded for this"
    );
    let joined = |field: &str| -> String {
        let texts = lines
            .iter()
            .filter_map(|line| line["message"][field].as_str());
        texts.collect()
    };
    assert_eq!(
        (joined("content").as_str(), joined("thinking").as_str()),
        ("It is sirocco.", "hm")
    );
    assert!(
        lines
            .iter()
            .all(|line| line["done"] == false && line["model"] == scene.key)
    );

    let whole = scene
        .ask(CHAT, chat(&scene, json!({"stream": false})))
        .await?;
    let expected = json!({"role": "assistant", "content": "It is sirocco.", "thinking": "hm"});
    assert_eq!(
        (&whole["message"], &whole["done"]),
        (&expected, &json!(true))
    );
    assert_metrics(&whole);
    assert_eq!(whole["load_duration"], 0);
    scene.close().await
}

#[tokio::test]
async fn a_prompt_is_answered_or_continued_raw() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let lines = scene
        .stream(
            GENERATE,
            json!({"model": scene.key, "prompt": "Which wind?", "system": "Be brief."}),
        )
        .await?
        .lines()
        .await?;
    let text: String = lines
        .iter()
        .filter_map(|line| line["response"].as_str())
        .collect();
    assert_eq!(text, ANSWER);
    let last = lines.last().cloned().unwrap_or_default();
    assert_eq!(last["done"], true);
    assert_metrics(&last);

    let raw = "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nThe name of";
    let body = json!({"model": scene.key, "prompt": raw, "raw": true, "stream": false});
    let whole = scene.ask(GENERATE, body).await?;
    assert_eq!(whole["response"], " this wind is sirocco.");
    scene.close().await
}

#[tokio::test]
async fn options_are_heeded() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let options =
        json!({"num_predict": 2, "temperature": 0, "seed": 7, "num_thread": 3, "num_ctx": 600});
    let body = chat(
        &scene,
        json!({"stream": false, "options": options, "logprobs": true, "top_logprobs": 2}),
    );
    let whole = scene.ask(CHAT, body).await?;
    assert_eq!(
        (&whole["done_reason"], &whole["eval_count"]),
        (&json!("length"), &json!(2))
    );
    let tokens = whole["logprobs"].as_array().cloned().unwrap_or_default();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0]["top_logprobs"].as_array().map(Vec::len), Some(2));
    assert_eq!(scene.app.loaded().await?[0].context_length, 600);

    // Less context is served by what is loaded, more by loading it again.
    for (asked, expected) in [(512, 600), (700, 700)] {
        let body = chat(
            &scene,
            json!({"stream": false, "options": {"num_ctx": asked, "stop": [" wind"]}}),
        );
        let whole = scene.ask(CHAT, body).await?;
        assert_eq!(whole["message"]["content"], "The name of this");
        assert_eq!(
            scene.app.loaded().await?[0].context_length,
            expected,
            "{asked}"
        );
    }
    scene.close().await
}

#[tokio::test]
async fn a_model_is_loaded_and_ejected_as_it_is_asked() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    for path in [CHAT, GENERATE] {
        let answer = scene.ask(path, json!({"model": scene.key})).await?;
        assert_eq!(
            (&answer["done"], &answer["done_reason"]),
            (&json!(true), &json!("load"))
        );
        assert_eq!(scene.app.loaded().await?.len(), 1);
        let answer = scene
            .ask(path, json!({"model": scene.key, "keep_alive": 0}))
            .await?;
        assert_eq!(answer["done_reason"], "unload");
        assert!(scene.app.loaded().await?.is_empty());
    }
    // After an answer, too.
    let body = chat(&scene, json!({"stream": false, "keep_alive": "0s"}));
    let answer = scene.ask(CHAT, body).await?;
    assert_eq!(answer["message"]["content"], ANSWER);
    assert!(scene.app.loaded().await?.is_empty());
    let answer = scene
        .ask(
            CHAT,
            chat(&scene, json!({"stream": false, "keep_alive": "5m"})),
        )
        .await?;
    assert_eq!(answer["message"]["content"], ANSWER);
    assert_eq!(scene.app.loaded().await?.len(), 1);
    scene.close().await
}

#[tokio::test]
async fn a_model_in_use_is_neither_ejected_nor_loaded_anew() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 3.0)).await?;
    let mut stream = scene
        .stream(CHAT, chat(&scene, json!({"options": {"num_ctx": 600}})))
        .await?;
    stream.line().await?;
    let (status, answer) = scene
        .post(CHAT, json!({"model": scene.key, "keep_alive": 0}))
        .await?;
    assert_eq!(status, 409, "{answer}");
    let more = chat(&scene, json!({"options": {"num_ctx": 700}}));
    let (status, answer) = scene.post(CHAT, more).await?;
    assert!(
        status == 409
            && answer["error"]
                .as_str()
                .is_some_and(|text| text.contains("600")),
        "{answer}"
    );
    assert_eq!(scene.app.loaded().await?.len(), 1);
    drop(stream);
    scene.close().await
}

#[tokio::test]
async fn errors_are_one_sentence() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    for (expected, path, body) in [
        (404, CHAT, chat(&scene, json!({"model": "llama3"}))),
        (404, "/api/show", json!({"model": "llama3"})),
        (400, CHAT, chat(&scene, json!({"format": "yaml"}))),
        (400, CHAT, chat(&scene, json!({"tools": [{"type": "mcp"}]}))),
        (
            400,
            CHAT,
            chat(
                &scene,
                json!({"messages": [{"role": "user", "content": "a", "images": ["aGk="]}]}),
            ),
        ),
        (
            400,
            GENERATE,
            json!({"model": scene.key, "prompt": "a", "suffix": "b"}),
        ),
        (400, "/api/embed", json!({"model": scene.key, "input": "a"})),
        (404, "/api/signout", json!({})),
    ] {
        let (status, answer) = scene.post(path, body).await?;
        assert_eq!(status, expected, "{path}: {answer}");
        let fields = answer.as_object().map(serde_json::Map::len);
        assert!(answer["error"].is_string() && fields == Some(1), "{answer}");
    }
    scene.close().await
}

#[tokio::test]
async fn a_failure_in_a_stream_is_a_line() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_error: Some("its weights are of lead".into()),
        ..Script::default()
    })
    .await?;
    // The head is sent while the model is being loaded.
    let lines = scene
        .stream(CHAT, chat(&scene, json!({})))
        .await?
        .lines()
        .await?;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let error = lines[0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("of lead"), "{error}");
    scene.close().await
}
