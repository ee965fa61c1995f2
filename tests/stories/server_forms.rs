//! Answers that have a form, in each dialect: the model of these stories wants to say something else.

use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::{Scene, Sent};

/// What the form leaves of an answer.
const WIND: &str = "{\"wind\":\"sirocco\"}";

async fn scene() -> anyhow::Result<Scene> {
    Scene::open(&Script::answering("I would rather talk about rain.")).await
}

/// Nothing satisfies it but [`WIND`].
fn schema() -> Value {
    json!({
        "type": "object", "properties": {"wind": {"const": "sirocco"}},
        "required": ["wind"], "additionalProperties": false,
    })
}

fn asking(scene: &Scene, more: Value) -> Value {
    let mut body = json!({
        "model": scene.key, "max_tokens": 200, "stream": false,
        "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// White space between the parts is the model's.
fn is_wind(text: &Value) -> bool {
    let text = text.as_str().unwrap_or_default();
    serde_json::from_str::<Value>(text).ok() == serde_json::from_str(WIND).ok()
}

#[tokio::test]
async fn each_dialect_holds_an_answer_to_its_schema() -> anyhow::Result<()> {
    let scene = scene().await?;
    let nested = json!({"type": "json_schema", "json_schema": {"name": "wind", "strict": true, "schema": schema()}});
    let flat = json!({"type": "json_schema", "name": "wind", "schema": schema()});
    for (path, more, pointer) in [
        (
            "/v1/chat/completions",
            json!({"response_format": nested}),
            "/choices/0/message/content",
        ),
        (
            "/api/v0/chat/completions",
            json!({"response_format": nested}),
            "/choices/0/message/content",
        ),
        (
            "/v1/responses",
            json!({"text": {"format": flat}, "input": "Which?"}),
            "/output/0/content/0/text",
        ),
        (
            "/v1/messages",
            json!({"output_config": {"format": flat}}),
            "/content/0/text",
        ),
        ("/api/chat", json!({"format": schema()}), "/message/content"),
        (
            "/api/generate",
            json!({"format": schema(), "prompt": "Which?"}),
            "/response",
        ),
    ] {
        let answer = scene.ask(path, asking(&scene, more)).await?;
        let text = answer.pointer(pointer).cloned().unwrap_or_default();
        assert!(is_wind(&text), "{path}: {answer}");
    }
    scene.close().await
}

#[tokio::test]
async fn an_answer_with_a_form_is_streamed_and_ends_by_itself() -> anyhow::Result<()> {
    let scene = scene().await?;
    let format = json!({"type": "json_schema", "json_schema": {"schema": schema()}});
    let more =
        json!({"response_format": format, "stream": true, "logprobs": true, "top_logprobs": 1});
    let body = asking(&scene, more);
    let mut events = scene
        .stream("/v1/chat/completions", body)
        .await?
        .events()
        .await?;
    events.pop();
    let told: Vec<Value> = events.iter().map(Sent::json).collect();
    let text: String = told
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(is_wind(&json!(text)), "{text}");
    let last = told.last().cloned().unwrap_or_default();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    let tokens = told
        .iter()
        .filter_map(|event| event["choices"][0]["logprobs"]["content"].as_array())
        .flatten();
    let joined: String = tokens.filter_map(|token| token["token"].as_str()).collect();
    assert_eq!(
        joined, text,
        "each token is reported, those without a choice too"
    );
    scene.close().await
}

#[tokio::test]
async fn any_json_object_is_the_models_own() -> anyhow::Result<()> {
    let wanted = "{\"rain\": [1, 2]}";
    let scene = Scene::open(&Script::answering(wanted)).await?;
    let more = json!({"response_format": {"type": "json_object"}});
    let answer = scene
        .ask("/v1/chat/completions", asking(&scene, more))
        .await?;
    assert_eq!(answer["choices"][0]["message"]["content"], wanted);
    let answer = scene
        .ask("/api/chat", asking(&scene, json!({"format": "json"})))
        .await?;
    assert_eq!(answer["message"]["content"], wanted);
    scene.close().await
}

#[tokio::test]
async fn grammars_and_expressions_are_kept_to() -> anyhow::Result<()> {
    let scene = scene().await?;
    for format in [
        json!({"type": "regex", "pattern": "sirocco"}),
        json!({"type": "lark", "grammar": "start: \"siro\" \"cco\""}),
    ] {
        let more = json!({"response_format": format});
        let answer = scene
            .ask("/v1/chat/completions", asking(&scene, more))
            .await?;
        assert_eq!(answer["choices"][0]["message"]["content"], "sirocco");
    }
    scene.close().await
}

#[tokio::test]
async fn a_schema_that_makes_no_sense_is_refused_before_anything_is_said() -> anyhow::Result<()> {
    let scene = scene().await?;
    let bad =
        json!({"type": "json_schema", "json_schema": {"strict": true, "schema": {"type": "wind"}}});
    for stream in [false, true] {
        let more = json!({"response_format": bad, "stream": stream});
        // The second one finds the model loaded, so that its stream has not begun.
        let (status, answer) = scene
            .post("/v1/chat/completions", asking(&scene, more))
            .await?;
        assert_eq!(status, 400, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("wind"), "{message}");
    }
    // A keyword that cannot be held to is refused where the schema is strict only.
    let mut odd = schema();
    odd["not"] = json!({"minProperties": 5});
    for (strict, expected) in [(true, 400), (false, 200)] {
        let format =
            json!({"type": "json_schema", "json_schema": {"strict": strict, "schema": odd}});
        let more = json!({"response_format": format});
        let (status, answer) = scene
            .post("/v1/chat/completions", asking(&scene, more))
            .await?;
        assert_eq!(status, expected, "{answer}");
    }
    scene.close().await
}

#[tokio::test]
async fn a_call_that_has_to_come_comes_though_the_model_has_another_mind() -> anyhow::Result<()> {
    let scene = scene().await?;
    let function = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": schema()}});
    let tools = json!([function("rain"), function("note")]);
    for (choice, expected) in [
        (
            json!({"type": "function", "function": {"name": "note"}}),
            Some("note"),
        ),
        (json!("required"), None),
    ] {
        let more = json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": false});
        let answer = scene
            .ask("/v1/chat/completions", asking(&scene, more))
            .await?;
        let message = &answer["choices"][0]["message"];
        let call = &message["tool_calls"][0]["function"];
        assert!(is_wind(&call["arguments"]), "{answer}");
        let name = call["name"].as_str().unwrap_or_default();
        assert!(
            expected.map_or(["rain", "note"].contains(&name), |expected| name
                == expected)
        );
        assert_eq!(message["tool_calls"].as_array().map(Vec::len), Some(1));
        assert_eq!(message["content"], Value::Null);
    }
    let named = json!({
        "tools": [{"name": "note", "input_schema": schema()}], "tool_choice": {"type": "tool", "name": "note"},
    });
    let answer = scene.ask("/v1/messages", asking(&scene, named)).await?;
    assert_eq!(answer["content"][0]["input"], json!({"wind": "sirocco"}));
    assert_eq!(answer["stop_reason"], "tool_use");
    scene.close().await
}
