//! Programs that speak Anthropic's API.

use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::Scene;

const MESSAGES: &str = "/v1/messages";
const THOUGHTFUL: &str = "<think>\nhm, a wind\n</think>\n\nIt is sirocco.";

fn body(scene: &Scene, more: Value) -> Value {
    let mut body = json!({
        "model": scene.key, "max_tokens": 100,
        "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

#[tokio::test]
async fn a_message_is_answered_whole() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering(THOUGHTFUL)).await?;
    let answer = scene.ask(MESSAGES, body(&scene, json!({}))).await?;
    assert!(
        answer["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("msg_"))
    );
    assert_eq!(
        (&answer["type"], &answer["role"]),
        (&json!("message"), &json!("assistant"))
    );
    assert_eq!(answer["model"], scene.key);
    assert_eq!(
        answer["content"],
        json!([
            {"type": "thinking", "thinking": "hm, a wind", "signature": ""},
            {"type": "text", "text": "It is sirocco."},
        ])
    );
    assert_eq!(
        (&answer["stop_reason"], &answer["stop_sequence"]),
        (&json!("end_turn"), &Value::Null)
    );
    let usage = &answer["usage"];
    assert!(
        usage["output_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0)
    );
    let first = usage["input_tokens"].as_u64().unwrap_or_default();
    // The same prompt again comes from the cache, and is counted apart.
    let again = scene.ask(MESSAGES, body(&scene, json!({}))).await?;
    let usage = &again["usage"];
    let cached = usage["cache_read_input_tokens"]
        .as_u64()
        .unwrap_or_default();
    assert!(cached > 0);
    assert_eq!(
        usage["input_tokens"].as_u64().unwrap_or_default() + cached,
        first
    );
    scene.close().await
}

#[tokio::test]
async fn a_message_is_streamed_in_blocks() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_ms: 50.0,
        ..Script::answering(THOUGHTFUL)
    })
    .await?;
    let stream = scene
        .stream(MESSAGES, body(&scene, json!({"stream": true})))
        .await?;
    let mut events = stream.events().await?;
    assert!(
        events
            .iter()
            .all(|event| event.json()["type"] == event.name.as_str())
    );
    // The model is loaded first, which takes a while.
    assert_eq!(events[0].name, "ping");
    events.retain(|event| event.name != "ping");
    let mut names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let joined = |index: usize, field: &str| -> String {
        let deltas = events.iter().map(|event| event.json());
        deltas
            .filter(|event| event["type"] == "content_block_delta" && event["index"] == index)
            .map(|event| {
                event["delta"][field]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(joined(0, "thinking"), "hm, a wind");
    assert_eq!(joined(1, "text"), "It is sirocco.");
    let start = events[0].json();
    assert_eq!(start["message"]["content"], json!([]));
    assert!(
        start["message"]["usage"]["input_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0)
    );
    let delta = events[events.len() - 2].json();
    assert_eq!(
        delta["delta"],
        json!({"stop_reason": "end_turn", "stop_sequence": null})
    );
    assert!(
        delta["usage"]["output_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0)
    );
    scene.close().await
}

#[tokio::test]
async fn limits_and_stop_sequences_are_told_apart() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let answer = scene
        .ask(MESSAGES, body(&scene, json!({"max_tokens": 2})))
        .await?;
    assert_eq!(answer["stop_reason"], "max_tokens");
    assert_eq!(answer["usage"]["output_tokens"], 2);
    let answer = scene
        .ask(MESSAGES, body(&scene, json!({"stop_sequences": [" wind"]})))
        .await?;
    assert_eq!(
        (&answer["stop_reason"], &answer["stop_sequence"]),
        (&json!("stop_sequence"), &json!(" wind"))
    );
    assert_eq!(
        answer["content"],
        json!([{"type": "text", "text": "The name of this"}])
    );
    scene.close().await
}

#[tokio::test]
async fn tokens_are_counted_as_they_are_sent() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let count = async |body: Value| -> anyhow::Result<u64> {
        let counted = scene.ask("/v1/messages/count_tokens", body).await?;
        Ok(counted["input_tokens"].as_u64().unwrap_or_default())
    };
    // Nobody has to name a limit to have a prompt counted.
    let mut plain = body(&scene, json!({}));
    plain
        .as_object_mut()
        .map(|fields| fields.remove("max_tokens"));
    let without = count(plain).await?;
    let system = json!({"system": [{"type": "text", "text": "Be brief."}]});
    let with = count(body(&scene, system.clone())).await?;
    assert!(without > 0 && with > without, "{with} {without}");
    let answer = scene.ask(MESSAGES, body(&scene, system)).await?;
    assert_eq!(answer["usage"]["input_tokens"].as_u64(), Some(with));
    scene.close().await
}

#[tokio::test]
async fn errors_have_their_own_shape() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    for (status, kind, more) in [
        (404, "not_found_error", json!({"model": "claude"})),
        (400, "invalid_request_error", json!({"max_tokens": null})),
        (
            400,
            "invalid_request_error",
            json!({"tools": [{"type": "bash_20250124", "name": "bash"}]}),
        ),
        (400, "invalid_request_error", json!({"messages": []})),
    ] {
        let (found, answer) = scene.post(MESSAGES, body(&scene, more)).await?;
        assert_eq!(
            (found, &answer["type"]),
            (status, &json!("error")),
            "{answer}"
        );
        assert_eq!(answer["error"]["type"], kind);
        assert!(answer["request_id"].is_string());
    }
    scene.close().await
}

#[tokio::test]
async fn a_failure_in_a_stream_is_an_event() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_error: Some("its weights are of lead".into()),
        ..Script::default()
    })
    .await?;
    let stream = scene
        .stream(MESSAGES, body(&scene, json!({"stream": true})))
        .await?;
    let events = stream.events().await?;
    let last = events
        .last()
        .map(|event| (event.name.as_str(), event.json()));
    let (name, error) = last.unwrap_or_default();
    assert_eq!((name, &error["type"]), ("error", &json!("error")));
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("of lead"))
    );
    scene.close().await
}
