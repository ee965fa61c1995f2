//! Programs that load, fetch and delete models, and chat with a history that the server keeps.

use std::net::Ipv4Addr;

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use sirocco_testkit::Script;
use sirocco_testkit::hub::ScriptedHub;

use crate::hub_scene;
use crate::server_scene::{Scene, told};

/// A server without models, over an App that asks a hub with one.
async fn empty() -> anyhow::Result<(ScriptedHub, Scene)> {
    let hub_scene::Scene { hub, app } = hub_scene::Scene::new().await?;
    let scene = Scene::over(app, String::new(), Ipv4Addr::LOCALHOST, &[]).await?;
    Ok((hub, scene))
}

#[tokio::test]
async fn ollama_pulls_with_progress_and_deletes() -> anyhow::Result<()> {
    let (_hub, scene) = empty().await?;
    let name = format!("hf.co/{}:Q8_0", hub_scene::REPOSITORY);
    let lines = scene
        .stream("/api/pull", json!({"model": name}))
        .await?
        .lines()
        .await?;
    let first = lines.first().context("a line")?;
    assert_eq!(first["status"], "pulling manifest");
    assert_eq!(lines.last(), Some(&json!({"status": "success"})));
    for line in lines.iter().filter(|line| line.get("total").is_some()) {
        assert_eq!(line["total"], hub_scene::SIZE, "{line}");
        assert!(line["digest"].is_string() && line["completed"].is_u64());
    }
    // What is here already is a success at once.
    let again = scene
        .ask("/api/pull", json!({"model": name, "stream": false}))
        .await?;
    assert_eq!(again, json!({"status": "success"}));

    let (_, tags) = scene.get("/api/tags").await?;
    let key = tags["models"][0]["name"].clone();
    let delete = || {
        scene
            .request(Method::DELETE, "/api/delete")
            .json(&json!({"model": key}))
    };
    assert_eq!(delete().send().await?.status(), 200);
    assert_eq!(told(delete()).await?.0, 404);
    assert_eq!(scene.get("/api/tags").await?.1["models"], json!([]));
    scene.close().await
}

#[tokio::test]
async fn what_cannot_be_pulled_or_made_is_told_in_one_sentence() -> anyhow::Result<()> {
    let (_hub, scene) = empty().await?;
    for (status, path, body) in [
        (400, "/api/pull", json!({"model": "llama3.2"})),
        (404, "/api/pull", json!({"model": "nobody/nothing"})),
        (
            400,
            "/api/pull",
            json!({"model": format!("{}:Q2_K", hub_scene::REPOSITORY)}),
        ),
        (404, "/api/copy", json!({"source": "a", "destination": "b"})),
        (404, "/api/create", json!({"model": "a", "from": "b"})),
        (400, "/api/push", json!({"model": "a"})),
    ] {
        let (found, answer) = scene.post(path, body).await?;
        assert!(
            found == status && answer["error"].is_string(),
            "{path}: {found} {answer}"
        );
    }
    scene.close().await
}

#[tokio::test]
async fn lm_studio_downloads_and_tells_how_that_stands() -> anyhow::Result<()> {
    let (_hub, scene) = empty().await?;
    let mut events = scene.app.events();
    let body = json!({"model": hub_scene::REPOSITORY, "quantization": "Q8_0"});
    let job = scene.ask("/api/v1/models/download", body).await?;
    let id = job["job_id"]
        .as_str()
        .context("a job has an id")?
        .to_owned();
    let path = format!("/api/v1/models/download/status/{id}");
    if scene.get(&path).await?.1["status"] != "completed" {
        events
            .wait("the download to end", |event| match event {
                sirocco_protocol::Event::DownloadChanged { download } => {
                    let is_over = matches!(
                        download.state,
                        sirocco_protocol::DownloadState::Finished { .. }
                    );
                    is_over.then_some(())
                }
                _ => None,
            })
            .await?;
    }
    let (_, status) = scene.get(&path).await?;
    assert_eq!(
        (&status["status"], &status["total_size_bytes"]),
        (&json!("completed"), &json!(hub_scene::SIZE))
    );
    let (found, answer) = scene.get("/api/v1/models/download/status/none").await?;
    assert_eq!(
        (found, &answer["error"]["type"]),
        (404, &json!("job_not_found"))
    );
    scene.close().await
}

#[tokio::test]
async fn lm_studio_loads_and_unloads() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let instances = |models: &Value| models["models"][0]["loaded_instances"].clone();
    let (_, before) = scene.get("/api/v1/models").await?;
    assert_eq!(
        (&before["models"][0]["key"], instances(&before)),
        (&json!(scene.key), json!([]))
    );
    let body = json!({"model": scene.key, "context_length": 1024, "echo_load_config": true});
    let loaded = scene.ask("/api/v1/models/load", body).await?;
    assert_eq!(
        (&loaded["status"], &loaded["instance_id"]),
        (&json!("loaded"), &json!(scene.key))
    );
    assert!(loaded["load_config"]["context_length"].as_u64() >= Some(1024));
    let (_, after) = scene.get("/api/v1/models").await?;
    assert_eq!(instances(&after)[0]["id"], scene.key);

    let unload = || json!({"instance_id": scene.key});
    assert_eq!(
        scene.ask("/api/v1/models/unload", unload()).await?,
        unload()
    );
    assert_eq!(scene.post("/api/v1/models/unload", unload()).await?.0, 404);
    let (status, answer) = scene
        .post("/api/v1/models/load", json!({"model": "gpt-4o"}))
        .await?;
    assert_eq!(
        (status, &answer["error"]["type"]),
        (404, &json!("model_not_found"))
    );
    scene.close().await
}

#[tokio::test]
async fn lm_studio_keeps_the_history_of_a_chat() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering(
        "<think>\nhm\n</think>\n\nYou said: {question}",
    ))
    .await?;
    let chat = |more: Value| {
        let mut body = json!({"model": scene.key, "input": "one"});
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        scene.ask("/api/v1/chat", body)
    };
    let first = chat(json!({})).await?;
    let output = json!([
        {"type": "reasoning", "content": "hm"}, {"type": "message", "content": "You said: one"},
    ]);
    assert_eq!(first["output"], output);
    assert!(
        first["stats"]["model_load_time_seconds"].is_number(),
        "{first}"
    );
    let next = json!({"input": "two", "previous_response_id": first["response_id"]});
    let second = chat(next).await?;
    assert_eq!(second["output"][1]["content"], "You said: two");
    let alone = chat(json!({"input": "two", "store": false})).await?;
    let tokens = |answer: &Value| answer["stats"]["input_tokens"].as_u64();
    assert!(tokens(&second) > tokens(&alone));
    assert!(alone.get("response_id").is_none());

    let body = json!({"model": scene.key, "input": "one", "stream": true});
    let events = scene.stream("/api/v1/chat", body).await?.events().await?;
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "chat.start",
            "prompt_processing.start",
            "prompt_processing.end",
            "reasoning.start",
            "reasoning.delta",
            "reasoning.end",
            "message.start",
            "message.delta",
            "message.end",
            "chat.end",
        ]
    );
    let end = events.last().context("an end")?.json();
    assert_eq!(end["result"]["output"], output);
    scene.close().await
}
