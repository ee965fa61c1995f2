//! Programs whose models call tools, in each dialect.

use anyhow::Context;
use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::{Scene, Sent};

const OPENAI: &str = "/v1/chat/completions";
const ANTHROPIC: &str = "/v1/messages";
const OLLAMA: &str = "/api/chat";
/// An answer with two calls, as Qwen's models write it.
const TWO_CALLS: &str = "I look.\n<tool_call>\n{\"name\": \"wind\", \"arguments\": {\"at\": \"Tunis\"}}\n</tool_call>\n\
    <tool_call>\n{\"name\": \"tide\", \"arguments\": {}}\n</tool_call>";

async fn scene() -> anyhow::Result<Scene> {
    Scene::open(&Script::answering(TWO_CALLS)).await
}

fn functions() -> Value {
    json!([
        {"type": "function", "function": {"name": "wind", "description": "Names a wind.", "parameters": {
            "type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"],
        }}},
        {"type": "function", "function": {"name": "tide"}},
    ])
}

/// A request with tools, and with further fields.
fn asking(scene: &Scene, tools: Value, more: Value) -> Value {
    let mut body = json!({
        "model": scene.key, "max_tokens": 500, "tools": tools, "stream": false,
        "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

#[tokio::test]
async fn openai_gets_calls_whole_and_in_deltas() -> anyhow::Result<()> {
    let scene = scene().await?;
    let answer = scene
        .ask(OPENAI, asking(&scene, functions(), json!({})))
        .await?;
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], "I look.");
    let calls = &choice["message"]["tool_calls"];
    let told = |call: &Value| {
        (
            call["function"]["name"].clone(),
            call["function"]["arguments"].clone(),
        )
    };
    assert_eq!(
        told(&calls[0]),
        (json!("wind"), json!("{\"at\": \"Tunis\"}"))
    );
    assert_eq!(told(&calls[1]), (json!("tide"), json!("{}")));
    assert_eq!(calls[0]["type"], "function");
    assert_ne!(calls[0]["id"], calls[1]["id"]);

    let body = asking(&scene, functions(), json!({"stream": true}));
    let mut events = scene.stream(OPENAI, body).await?.events().await?;
    events.pop().context("the end")?;
    let deltas: Vec<Value> = events
        .iter()
        .flat_map(|event| {
            event.json()["choices"][0]["delta"]["tool_calls"]
                .as_array()
                .cloned()
        })
        .flatten()
        .collect();
    for (index, name, arguments) in [(0, "wind", "{\"at\": \"Tunis\"}"), (1, "tide", "{}")] {
        let of_call: Vec<_> = deltas
            .iter()
            .filter(|delta| delta["index"] == index)
            .collect();
        assert_eq!(of_call[0]["function"]["name"], name);
        assert!(
            of_call[0]["id"]
                .as_str()
                .is_some_and(|id| id.starts_with("call_"))
        );
        assert!(of_call[1..].iter().all(|delta| delta.get("id").is_none()));
        let joined: String = of_call
            .iter()
            .filter_map(|delta| delta["function"]["arguments"].as_str())
            .collect();
        assert_eq!(joined, arguments);
    }
    assert!(deltas.len() > 4, "arguments come in pieces: {deltas:?}");
    let last = events.last().map(Sent::json).unwrap_or_default();
    assert_eq!(last["choices"][0]["finish_reason"], "tool_calls");
    scene.close().await
}

#[tokio::test]
async fn anthropic_gets_blocks_of_tool_use() -> anyhow::Result<()> {
    let scene = scene().await?;
    let tools = json!([
        {"name": "wind", "input_schema": {"type": "object"}}, {"name": "tide", "input_schema": {"type": "object"}},
    ]);
    let answer = scene
        .ask(ANTHROPIC, asking(&scene, tools.clone(), json!({})))
        .await?;
    assert_eq!(answer["stop_reason"], "tool_use");
    let blocks = answer["content"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<_> = blocks.iter().map(|block| block["type"].clone()).collect();
    assert_eq!(kinds, ["text", "tool_use", "tool_use"]);
    assert_eq!(
        (&blocks[1]["name"], &blocks[1]["input"]),
        (&json!("wind"), &json!({"at": "Tunis"}))
    );
    assert!(
        blocks[1]["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("toolu_"))
    );

    let body = asking(&scene, tools, json!({"stream": true}));
    let events = scene.stream(ANTHROPIC, body).await?.events().await?;
    let started: Vec<Value> = events
        .iter()
        .filter(|event| event.name == "content_block_start")
        .map(|event| event.json()["content_block"].clone())
        .collect();
    let names: Vec<_> = started.iter().map(|block| block["name"].clone()).collect();
    assert_eq!(names, [Value::Null, json!("wind"), json!("tide")]);
    let input: String = events
        .iter()
        .map(Sent::json)
        .filter(|event| event["index"] == 1)
        .filter_map(|event| event["delta"]["partial_json"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(input, "{\"at\": \"Tunis\"}");
    let stopped = events
        .iter()
        .filter(|event| event.name == "content_block_stop")
        .count();
    assert_eq!(stopped, 3);
    let end = events
        .iter()
        .find(|event| event.name == "message_delta")
        .map(Sent::json);
    assert_eq!(end.unwrap_or_default()["delta"]["stop_reason"], "tool_use");
    scene.close().await
}

#[tokio::test]
async fn ollama_gets_each_call_as_an_object() -> anyhow::Result<()> {
    let scene = scene().await?;
    let answer = scene
        .ask(OLLAMA, asking(&scene, functions(), json!({})))
        .await?;
    let message = &answer["message"];
    assert_eq!(
        (&message["content"], &answer["done_reason"]),
        (&json!("I look."), &json!("stop"))
    );
    assert_eq!(
        message["tool_calls"][0]["function"]["arguments"],
        json!({"at": "Tunis"})
    );
    assert_eq!(message["tool_calls"][1]["function"]["name"], "tide");

    let body = asking(&scene, functions(), json!({"stream": true}));
    let lines = scene.stream(OLLAMA, body).await?.lines().await?;
    let calls: Vec<Value> = lines
        .iter()
        .flat_map(|line| line["message"]["tool_calls"].as_array().cloned())
        .flatten()
        .map(|call| call["function"].clone())
        .collect();
    assert_eq!(
        calls,
        [
            json!({"index": 0, "name": "wind", "arguments": {"at": "Tunis"}}),
            json!({"index": 1, "name": "tide", "arguments": {}}),
        ]
    );
    scene.close().await
}

#[tokio::test]
async fn tools_and_their_results_reach_the_model() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering("It read: {question}")).await?;
    let history = json!([
        {"role": "user", "content": "Which wind is this?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "wind", "arguments": "{\"at\": \"Tunis\"}"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sirocco"},
    ]);
    let body = asking(&scene, functions(), json!({"messages": history}));
    let answer = scene.ask(OPENAI, body.clone()).await?;
    let content = answer["choices"][0]["message"]["content"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(
        content,
        "It read: <tool_response>\nsirocco\n</tool_response>"
    );

    // Tools that are not to be called are not told of, and so cost nothing.
    let tokens = |answer: &Value| answer["usage"]["prompt_tokens"].as_u64();
    let mut without = body;
    without["tool_choice"] = json!("none");
    let none = scene.ask(OPENAI, without).await?;
    assert!(tokens(&answer) > tokens(&none), "{answer} {none}");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    scene.close().await
}

#[tokio::test]
async fn without_tools_what_looks_like_a_call_is_text() -> anyhow::Result<()> {
    let scene = scene().await?;
    let answer = scene
        .ask(
            OPENAI,
            asking(&scene, functions(), json!({"tool_choice": "none"})),
        )
        .await?;
    assert_eq!(answer["choices"][0]["message"]["content"], TWO_CALLS);
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    scene.close().await
}

#[tokio::test]
async fn a_call_that_has_to_come_is_begun_for_the_model() -> anyhow::Result<()> {
    // This model would rather call nothing; what it is made to go on with is the beginning of a call.
    let forced =
        "<tool_call>\n{\"name\": \"tide\", \"arguments\": {\"at\": \"noon\"}}\n</tool_call>";
    let scene = Scene::open(&Script::answering(forced)).await?;
    for choice in [
        json!({"type": "function", "function": {"name": "tide"}}),
        json!("required"),
    ] {
        let body = asking(&scene, functions(), json!({"tool_choice": choice}));
        let answer = scene.ask(OPENAI, body).await?;
        let message = &answer["choices"][0]["message"];
        assert_eq!(message["content"], Value::Null);
        assert_eq!(message["tool_calls"][0]["function"]["name"], "tide");
        assert_eq!(
            message["tool_calls"][0]["function"]["arguments"],
            "{\"at\": \"noon\"}"
        );
        // What was begun for it is part of the prompt, not of what it wrote.
        assert!(answer["usage"]["completion_tokens"].as_u64() < Some(forced.len() as u64));
    }
    let any =
        json!({"tools": [{"name": "tide", "input_schema": {}}], "tool_choice": {"type": "any"}});
    let answer = scene.ask(ANTHROPIC, asking(&scene, json!([]), any)).await?;
    assert_eq!(answer["content"][0]["input"], json!({"at": "noon"}));
    scene.close().await
}

#[tokio::test]
async fn where_one_call_is_wanted_the_answer_ends_behind_it() -> anyhow::Result<()> {
    let scene = scene().await?;
    let body = asking(&scene, functions(), json!({"parallel_tool_calls": false}));
    let answer = scene.ask(OPENAI, body).await?;
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["tool_calls"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    scene.close().await
}

#[tokio::test]
async fn what_is_no_call_is_never_made_one() -> anyhow::Result<()> {
    let broken = "<tool_call>{\"name\": \"wind\", \"arguments\": {at}}</tool_call>";
    let scene = Scene::open(&Script::answering(broken)).await?;
    let answer = scene
        .ask(OLLAMA, asking(&scene, functions(), json!({})))
        .await?;
    assert_eq!(answer["message"]["content"], "wind({at})");
    assert!(answer["message"].get("tool_calls").is_none());
    scene.close().await
}
