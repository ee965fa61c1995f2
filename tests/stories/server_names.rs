//! Programs that give models further names.

use std::net::Ipv4Addr;

use reqwest::Method;
use serde_json::{Value, json};
use sirocco_protocol::commands::{ModelDelete, ModelRestore};
use sirocco_protocol::{Model, TokenScope, TrashedModel};
use sirocco_server::TokenLimits;
use sirocco_testkit::Script;

use crate::server_scene::{Scene, told};

const CREATE: &str = "/api/create";
const COPY: &str = "/api/copy";
const PIRATE: &str = "You are a pirate.";

/// Its model says which system prompt it got, and what it was asked.
async fn scene() -> anyhow::Result<Scene> {
    Scene::open(&Script::answering("[{system}] {question} END and more")).await
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// A name over the only model, with a system prompt and parameters.
fn pirate(scene: &Scene, more: Value) -> Value {
    let parameters =
        json!({"temperature": 0.3, "stop": [" END"], "num_ctx": 700, "num_predict": 50});
    let body = json!({
        "model": "Pirate:latest", "from": scene.key, "system": PIRATE, "parameters": parameters, "stream": false,
    });
    with(body, more)
}

fn chat(more: Value) -> Value {
    let messages = json!([{"role": "user", "content": "Why?"}]);
    with(
        json!({"model": "pirate", "messages": messages, "stream": false}),
        more,
    )
}

async fn said(scene: &Scene, more: Value) -> anyhow::Result<Value> {
    let answer = scene.ask("/api/chat", chat(more)).await?;
    Ok(answer["message"]["content"].clone())
}

/// The names in one of the lists of models.
async fn names(scene: &Scene, path: &str, list: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let (_, models) = scene.get(path).await?;
    let models = models[list].as_array().cloned().unwrap_or_default();
    let names = models.iter().filter_map(|model| model[name].as_str());
    Ok(names.map(str::to_owned).collect())
}

async fn tags(scene: &Scene) -> anyhow::Result<Vec<String>> {
    names(scene, "/api/tags", "models", "name").await
}

async fn delete(scene: &Scene, name: &str) -> anyhow::Result<u16> {
    let request = scene.request(Method::DELETE, "/api/delete");
    let response = request.json(&json!({"model": name})).send().await?;
    Ok(response.status().as_u16())
}

#[tokio::test]
async fn a_name_is_made_in_lines_and_shown_with_what_it_has() -> anyhow::Result<()> {
    let scene = scene().await?;
    let body = pirate(&scene, json!({"stream": true}));
    let lines = scene.stream(CREATE, body).await?.lines().await?;
    assert!(
        lines.iter().all(|line| line["status"].is_string()),
        "{lines:?}"
    );
    assert_eq!(lines.last(), Some(&json!({"status": "success"})));

    let shown = scene.ask("/api/show", json!({"model": "pirate"})).await?;
    assert_eq!(shown["system"], PIRATE);
    let parameters = shown["parameters"].as_str().unwrap_or_default();
    let lines: Vec<Vec<&str>> = parameters
        .lines()
        .map(|line| line.split_ascii_whitespace().collect())
        .collect();
    let expected = [
        vec!["num_ctx", "700"],
        vec!["num_predict", "50"],
        vec!["stop", "\"", "END\""],
        vec!["temperature", "0.3"],
    ];
    assert_eq!(lines, expected);
    assert_eq!(shown["details"]["parent_model"], scene.key);
    let beneath = scene.ask("/api/show", json!({"model": scene.key})).await?;
    assert_eq!(shown["model_info"], beneath["model_info"]);
    assert!(beneath.get("system").is_none() && beneath["parameters"] == "");
    scene.close().await
}

#[tokio::test]
async fn it_answers_as_it_was_made_and_a_request_says_otherwise() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.ask(CREATE, pirate(&scene, json!({}))).await?;
    let answer = scene.ask("/api/chat", chat(json!({}))).await?;
    assert_eq!(answer["model"], "pirate");
    assert_eq!(answer["message"]["content"], "[You are a pirate.] Why?");
    assert_eq!(scene.app.loaded().await?[0].context_length, 700);

    let own =
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]);
    assert_eq!(
        said(&scene, json!({"messages": own})).await?,
        "[Be brief.] Why?"
    );
    let options = json!({"stop": [" and"], "num_predict": -1});
    assert_eq!(
        said(&scene, json!({"options": options})).await?,
        "[You are a pirate.] Why? END"
    );
    let limit = json!({"options": {"num_predict": 1}});
    let cut = scene.ask("/api/chat", chat(limit)).await?;
    assert_eq!(
        (&cut["eval_count"], &cut["done_reason"]),
        (&json!(1), &json!("length"))
    );

    let generate = |more| {
        with(
            json!({"model": "pirate", "prompt": "Why?", "stream": false}),
            more,
        )
    };
    for (more, expected) in [
        (json!({}), "[You are a pirate.] Why?"),
        (json!({"system": "Be brief."}), "[Be brief.] Why?"),
    ] {
        let answer = scene.ask("/api/generate", generate(more)).await?;
        assert_eq!(answer["response"], expected);
    }
    // The model beneath is as it was.
    assert_eq!(
        said(&scene, json!({"model": scene.key})).await?,
        "[] Why? END and more"
    );
    scene.close().await
}

#[tokio::test]
async fn every_api_lists_it_and_answers_under_it() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.ask(CREATE, pirate(&scene, json!({}))).await?;
    for (path, list, name) in [
        ("/api/tags", "models", "model"),
        ("/v1/models", "data", "id"),
        ("/api/v0/models", "data", "id"),
        ("/api/v1/models", "models", "key"),
    ] {
        let expected = [scene.key.as_str(), "pirate"];
        assert_eq!(names(&scene, path, list, name).await?, expected, "{path}");
    }
    let messages = json!([{"role": "user", "content": "Why?"}]);
    for (path, body, place) in [
        (
            "/v1/chat/completions",
            json!({"messages": messages}),
            "/choices/0/message/content",
        ),
        (
            "/v1/responses",
            json!({"input": "Why?"}),
            "/output/0/content/0/text",
        ),
        (
            "/v1/messages",
            json!({"messages": messages, "max_tokens": 90}),
            "/content/0/text",
        ),
        (
            "/api/v0/chat/completions",
            json!({"messages": messages}),
            "/choices/0/message/content",
        ),
        (
            "/api/v1/chat",
            json!({"input": "Why?"}),
            "/output/0/content",
        ),
    ] {
        let answer = scene
            .ask(path, with(body, json!({"model": "pirate"})))
            .await?;
        let text = answer.pointer(place);
        assert_eq!(
            text,
            Some(&json!("[You are a pirate.] Why?")),
            "{path}: {answer}"
        );
    }
    let running = names(&scene, "/api/ps", "models", "name").await?;
    assert_eq!(running, [scene.key.as_str()], "it is loaded once");
    scene.close().await
}

#[tokio::test]
async fn a_copy_is_a_name_of_its_own() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.ask(CREATE, pirate(&scene, json!({}))).await?;
    for (source, destination) in [(scene.key.as_str(), "plain"), ("pirate", "me/corsair:1")] {
        let body = json!({"source": source, "destination": destination});
        let copied = scene.request(Method::POST, COPY).json(&body).send().await?;
        assert_eq!(copied.status(), 200);
        assert!(copied.bytes().await?.is_empty());
    }
    assert_eq!(
        said(&scene, json!({"model": "plain"})).await?,
        "[] Why? END and more"
    );
    assert_eq!(delete(&scene, "pirate").await?, 200);
    assert_eq!(
        said(&scene, json!({"model": "me/corsair:1"})).await?,
        "[You are a pirate.] Why?"
    );
    scene.close().await
}

#[tokio::test]
async fn a_name_over_a_name_has_what_is_not_said_anew() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.ask(CREATE, pirate(&scene, json!({}))).await?;
    let brief = json!({"model": "brief", "from": "pirate", "parameters": {"stop": [" Why"]}, "system": null});
    scene.ask(CREATE, pirate(&scene, brief)).await?;
    assert_eq!(
        said(&scene, json!({"model": "brief"})).await?,
        "[You are a pirate.]"
    );
    // The same name again means something else from then on.
    scene
        .ask(CREATE, pirate(&scene, json!({"system": "Be brief."})))
        .await?;
    assert_eq!(said(&scene, json!({})).await?, "[Be brief.] Why?");
    assert_eq!(tags(&scene).await?, [scene.key.as_str(), "brief", "pirate"]);
    scene.close().await
}

#[tokio::test]
async fn what_is_deleted_is_the_name_and_a_restart_deletes_nothing() -> anyhow::Result<()> {
    let Scene {
        app, server, key, ..
    } = {
        let scene = scene().await?;
        scene.ask(CREATE, pirate(&scene, json!({}))).await?;
        scene
    };
    server.close().await;
    let scene = Scene::over(app.reopen().await?, key, Ipv4Addr::LOCALHOST, &[]).await?;
    assert_eq!(said(&scene, json!({})).await?, "[You are a pirate.] Why?");
    assert_eq!(delete(&scene, "PIRATE:latest").await?, 200);
    assert_eq!(delete(&scene, "pirate").await?, 404);
    assert_eq!(tags(&scene).await?, [scene.key.as_str()]);
    assert!(scene.app.model_path().exists());
    scene.close().await
}

#[tokio::test]
async fn a_name_whose_model_is_gone_says_so_until_it_is_back() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.ask(CREATE, pirate(&scene, json!({}))).await?;
    let id = scene.app.model().await?.id;
    let _: TrashedModel = scene.app.call("model_delete", ModelDelete { id }).await?;
    for path in ["/api/chat", "/v1/chat/completions", "/api/show"] {
        let (status, answer) = scene.post(path, chat(json!({}))).await?;
        let told = answer.to_string();
        assert!(
            status == 404 && told.contains(&scene.key) && told.contains("pirate"),
            "{status} {answer}"
        );
    }
    assert!(tags(&scene).await?.is_empty());
    let _: Model = scene.app.call("model_restore", ModelRestore { id }).await?;
    assert_eq!(said(&scene, json!({})).await?, "[You are a pirate.] Why?");

    let _: TrashedModel = scene.app.call("model_delete", ModelDelete { id }).await?;
    assert_eq!(
        delete(&scene, "pirate").await?,
        200,
        "the name can go without it"
    );
    scene.close().await
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_name() -> anyhow::Result<()> {
    let scene = scene().await?;
    for (expected, field, more) in [
        (400, "files", json!({"files": {"a.gguf": "sha256:0"}})),
        (400, "adapters", json!({"adapters": {"a.gguf": "sha256:0"}})),
        (400, "quantize", json!({"quantize": "q4_K_M"})),
        (400, "template", json!({"template": "{{ .Prompt }}"})),
        (
            400,
            "messages",
            json!({"messages": [{"role": "user", "content": "a"}]}),
        ),
        (400, "num_gpu", json!({"parameters": {"num_gpu": 1}})),
        (
            400,
            "temperature",
            json!({"parameters": {"temperature": "hot"}}),
        ),
        (400, "top_p", json!({"parameters": {"top_p": 3}})),
        (400, "from", json!({"from": null})),
        (404, "nobody", json!({"from": "nobody"})),
        (400, "model", json!({"model": null})),
        (400, "name", json!({"model": "../pirate"})),
        (409, &scene.key, json!({"model": scene.key})),
    ] {
        let (status, answer) = scene.post(CREATE, pirate(&scene, more)).await?;
        let told = answer["error"].as_str().unwrap_or_default();
        assert!(
            status == expected && told.contains(field),
            "{field}: {status} {answer}"
        );
    }
    for (expected, field, body) in [
        (400, "source", json!({"destination": "a"})),
        (
            404,
            "nobody",
            json!({"source": "nobody", "destination": "a"}),
        ),
        (400, "destination", json!({"source": scene.key})),
        (
            409,
            &scene.key,
            json!({"source": scene.key, "destination": scene.key}),
        ),
    ] {
        let (status, answer) = scene.post(COPY, body).await?;
        let told = answer["error"].as_str().unwrap_or_default();
        assert!(
            status == expected && told.contains(field),
            "{field}: {status} {answer}"
        );
    }
    assert_eq!(tags(&scene).await?, [scene.key.as_str()]);
    scene.close().await
}

#[tokio::test]
async fn only_who_may_manage_gives_names() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    for (scope, status) in [(TokenScope::Generate, 403), (TokenScope::Manage, 200)] {
        let token = scene
            .tokens
            .add(&format!("{scope:?}"), &[scope], TokenLimits::default())?;
        let request = scene
            .request(Method::POST, CREATE)
            .bearer_auth(token.secret);
        let (found, answer) = told(request.json(&pirate(&scene, json!({})))).await?;
        assert_eq!(found, status, "{answer}");
    }
    scene.close().await
}
