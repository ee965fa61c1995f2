//! Bodies that are almost right: whatever a client sends, it is answered, and never that something broke here.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use sirocco_protocol::Settings;
use sirocco_protocol::commands::{SettingsGet, SettingsSet};
use tokio::time::timeout;

use crate::embeddings;
use crate::server_scene::Scene;

const CASES: u32 = 1500;
/// Longer no answer of the scripted model takes, whatever is asked for.
const LIMIT: Duration = Duration::from_secs(20);

/// A route that takes a body.
struct Route {
    method: Method,
    path: &'static str,
    /// A right one.
    body: Value,
    /// What that is answered with, while the Hub is out of reach.
    status: u16,
}

/// `key` names a model that writes, `embedder` one that embeds.
fn routes(key: &str, embedder: &str) -> Vec<Route> {
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Which wind?"}]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "wind", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "sirocco"},
    ]);
    let tools = json!([{"type": "function", "function": {
        "name": "wind", "description": "Names a wind.", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    }}]);
    let format = json!({"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": {"type": "integer"}}});
    let options = json!({"num_predict": 5, "seed": 1, "stop": ["x"], "temperature": 0.5, "num_ctx": 1024, "top_k": 3});
    let simple = json!([{"role": "user", "content": "Which wind?"}]);
    let route = |method, path, body, status| Route {
        method,
        path,
        body,
        status,
    };
    let post = |path, body| route(Method::POST, path, body, 200);
    let refused = |status, path, body| route(Method::POST, path, body, status);
    vec![
        post(
            "/v1/chat/completions",
            json!({
                "model": key, "messages": messages, "tools": tools, "tool_choice": "auto", "stream": true,
                "stream_options": {"include_usage": true}, "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "n": 2,
                "seed": 1, "stop": ["x"], "logprobs": true, "top_logprobs": 2, "logit_bias": {"5": -1}, "user": "me",
            }),
        ),
        post(
            "/v1/chat/completions",
            json!({"model": key, "messages": simple, "response_format": format, "reasoning_effort": "low"}),
        ),
        post(
            "/v1/completions",
            json!({"model": key, "prompt": ["The", "A"], "max_tokens": 5, "logprobs": 1, "echo": false, "suffix": null}),
        ),
        post(
            "/v1/responses",
            json!({
                "model": key, "input": [{"role": "user", "content": [{"type": "input_text", "text": "Which wind?"}]}],
                "instructions": "Be brief.", "max_output_tokens": 5, "reasoning": {"effort": "low"}, "top_logprobs": 1,
                "text": {"format": {"type": "text"}}, "store": false, "include": ["x"], "metadata": {"a": "b"},
            }),
        ),
        post(
            "/v1/responses/input_tokens",
            json!({"model": key, "input": "Which wind?"}),
        ),
        post(
            "/v1/messages",
            json!({
                "model": key, "max_tokens": 5, "system": [{"type": "text", "text": "Be brief."}], "stop_sequences": ["x"],
                "messages": [{"role": "user", "content": [{"type": "text", "text": "Which wind?"}]}],
                "tools": [{"name": "wind", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"},
                "thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "me"},
            }),
        ),
        post(
            "/v1/messages/count_tokens",
            json!({"model": key, "messages": simple}),
        ),
        post(
            "/api/chat",
            json!({
                "model": key, "messages": simple, "options": options, "format": "json", "keep_alive": "5m", "think": false,
                "tools": tools, "stream": false,
            }),
        ),
        post(
            "/api/generate",
            json!({"model": key, "prompt": "Which wind?", "system": "Be brief.", "options": options, "raw": false, "stream": true}),
        ),
        post("/api/show", json!({"model": key, "verbose": true})),
        refused(
            502,
            "/api/pull",
            json!({"model": "owner/name:Q4_K_M", "stream": false}),
        ),
        route(
            Method::DELETE,
            "/api/delete",
            json!({"model": "another"}),
            404,
        ),
        post("/api/copy", json!({"source": key, "destination": "copy"})),
        post(
            "/api/create",
            json!({"model": "new", "from": key, "system": "Be brief.", "parameters": {"top_k": 3}}),
        ),
        refused(400, "/api/push", json!({"model": key})),
        post(
            "/v1/embeddings",
            json!({
                "model": embedder, "input": ["the wind", "the sea"], "encoding_format": "base64", "dimensions": 8,
                "user": "me",
            }),
        ),
        post(
            "/v1/embeddings",
            json!({"model": embedder, "input": [[1, 2], [3]], "encoding_format": "float"}),
        ),
        post(
            "/api/embed",
            json!({
                "model": embedder, "input": ["the wind", "the sea"], "truncate": true, "dimensions": 8, "keep_alive": "5m",
                "options": {},
            }),
        ),
        post(
            "/api/embeddings",
            json!({"model": embedder, "prompt": "the wind", "keep_alive": 60}),
        ),
        post(
            "/api/v0/embeddings",
            json!({"model": embedder, "input": "the wind"}),
        ),
        refused(
            400,
            "/v1/embeddings",
            json!({"model": key, "input": "the wind"}),
        ),
        post(
            "/api/v0/chat/completions",
            json!({"model": key, "messages": simple, "max_tokens": 5}),
        ),
        refused(
            400,
            "/api/v0/completions",
            json!({"model": key, "prompt": "The"}),
        ),
        post(
            "/api/v1/chat",
            json!({
                "model": key, "input": [{"type": "message", "content": "Which wind?"}], "system_prompt": "Be brief.",
                "max_output_tokens": 5, "reasoning": "low", "context_length": 1024, "store": true, "stream": true,
            }),
        ),
        post(
            "/api/v1/models/load",
            json!({"model": key, "context_length": 1024, "echo_load_config": true}),
        ),
        post("/api/v1/models/unload", json!({"instance_id": key})),
        refused(
            502,
            "/api/v1/models/download",
            json!({"model": "owner/name", "quantization": "Q4_K_M"}),
        ),
    ]
}

/// What is done to one place of a body.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Replace(Value),
    /// Of a list its first entry again, of an object one more field.
    Add(Value),
}

fn values() -> impl Strategy<Value = Value> {
    let mut deep = json!([]);
    for _ in 0..60 {
        deep = json!([deep]);
    }
    select(vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(7),
        json!(0.5),
        json!(1e300),
        json!(-1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{feff}"),
        json!("none"),
        json!("{"),
        json!("風\u{202e}👩‍👧"),
        json!("x".repeat(5_000)),
        json!([]),
        json!({}),
        json!([null]),
        json!([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
        json!({"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}),
        json!({"type": "function", "function": {"name": "tide"}}),
        json!({"type": "regex", "pattern": "("}),
        deep,
    ])
}

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    let change = prop_oneof![
        1 => Just(Change::Remove),
        4 => values().prop_map(Change::Replace),
        1 => values().prop_map(Change::Add),
    ];
    vec((any::<Index>(), change), 1..4)
}

/// All places below this one, as pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut below = |name: &str, value: &Value| {
        let place = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.push(place.clone());
        places(value, &place, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(list) => (0..)
            .zip(list)
            .for_each(|(at, one)| below(&at.to_string(), one)),
        _ => {}
    }
}

fn changed(mut body: Value, changes: &[(Index, Change)]) -> Value {
    for (index, change) in changes {
        let mut all = vec![String::new()];
        places(&body, "", &mut all);
        let place = index.get(&all);
        match change {
            Change::Replace(value) => {
                if let Some(there) = body.pointer_mut(place) {
                    *there = value.clone();
                }
            }
            Change::Remove => {
                let (parent, name) = place.rsplit_once('/').unwrap_or_default();
                if let Some(Value::Object(fields)) = body.pointer_mut(parent) {
                    fields.remove(name);
                }
            }
            Change::Add(value) => match body.pointer_mut(place) {
                Some(Value::Array(list)) => list.extend(list.first().cloned()),
                Some(Value::Object(fields)) => {
                    fields.insert("extra".into(), value.clone());
                }
                _ => {}
            },
        }
    }
    body
}

/// Status and text of an answer, read to its end.
async fn answer(scene: &Scene, route: &Route, body: &Value) -> anyhow::Result<(u16, String)> {
    let request = scene.request(route.method.clone(), route.path).json(body);
    let answered = async {
        let response = request.send().await?;
        let status = response.status().as_u16();
        anyhow::Ok((status, response.text().await?))
    };
    timeout(LIMIT, answered).await?
}

#[test]
fn no_body_breaks_anything() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (scene, embedder) = runtime.block_on(async {
        let (scene, embedder) = embeddings::scene().await?;
        // What is to be downloaded stays where it is.
        let mut settings: Settings = scene.app.call("settings_get", SettingsGet {}).await?;
        settings.network.offline = true;
        let set = SettingsSet { settings };
        scene.app.call::<Settings>("settings_set", set).await?;
        anyhow::Ok((scene, embedder))
    })?;
    let routes = routes(&scene.key, &embedder);
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let cases = (0..routes.len(), changes());
    runner.run(&cases, |(route, changes)| {
        let route = &routes[route];
        let body = changed(route.body.clone(), &changes);
        let told = |what: String| TestCaseError::fail(format!("{} {body}: {what}", route.path));
        let (status, text) = runtime
            .block_on(answer(&scene, route, &body))
            .map_err(|error| told(error.to_string()))?;
        // The Hub is out of reach.
        let is_of_us = status >= 500 && status != 502;
        if is_of_us || text.contains("panicked") {
            return Err(told(format!("{status} {text}")));
        }
        Ok(())
    })?;
    runtime.block_on(async {
        for route in &routes {
            let (status, text) = answer(&scene, route, &route.body).await?;
            anyhow::ensure!(status == route.status, "{} {status} {text}", route.path);
        }
        scene.close().await
    })
}
