//! Programs that speak OpenAI's API.

use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::{Scene, Sent};

const CHAT: &str = "/v1/chat/completions";
const TEXT: &str = "/v1/completions";
/// What the script of these stories answers.
const ANSWER: &str = "The name of this wind is sirocco.";

async fn scene() -> anyhow::Result<Scene> {
    Scene::open(&Script::default()).await
}

/// A chat request for one question, with further fields.
fn chat(scene: &Scene, more: Value) -> Value {
    let mut body = json!({
        "model": scene.key, "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// What the pieces of the answer with this index add up to.
fn joined(events: &[Sent], index: usize, field: &str) -> String {
    events
        .iter()
        .map(Sent::json)
        .flat_map(|chunk| chunk["choices"].as_array().cloned().unwrap_or_default())
        .filter(|choice| choice["index"] == index)
        .map(|choice| {
            choice["delta"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn the_library_is_listed_and_each_model_found_by_its_names() -> anyhow::Result<()> {
    let scene = scene().await?;
    let (status, list) = scene.get("/v1/models").await?;
    assert_eq!((status, &list["object"]), (200, &json!("list")));
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let model = &list["data"][0];
    assert_eq!(model["id"], scene.key);
    assert_eq!(
        (&model["object"], &model["owned_by"]),
        (&json!("model"), &json!("local"))
    );
    assert!(
        model["created"]
            .as_i64()
            .is_some_and(|created| created > 1_600_000_000)
    );
    for name in [scene.key.as_str(), "tiny.gguf", "tiny"] {
        let (status, found) = scene.get(&format!("/v1/models/{name}")).await?;
        assert_eq!((status, &found), (200, model), "{name}");
    }
    scene.close().await
}

#[tokio::test]
async fn an_unknown_model_is_never_served_by_another() -> anyhow::Result<()> {
    let scene = scene().await?;
    let (status, answer) = scene
        .post(CHAT, chat(&scene, json!({"model": "gpt-4o"})))
        .await?;
    let error = &answer["error"];
    assert_eq!((status, &error["code"]), (404, &json!("model_not_found")));
    assert_eq!(
        (&error["param"], &error["type"]),
        (&json!("model"), &json!("invalid_request_error"))
    );
    let message = error["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("`gpt-4o`") && message.contains(&scene.key),
        "{message}"
    );
    assert_eq!(scene.get("/v1/models/gpt-4o").await?.0, 404);

    let (status, answer) = scene
        .post(CHAT, chat(&scene, json!({"model": null})))
        .await?;
    assert_eq!((status, &answer["error"]["param"]), (400, &json!("model")));
    assert!(scene.app.loaded().await?.is_empty(), "nothing was loaded");
    scene.close().await
}

#[tokio::test]
async fn a_chat_is_answered_whole() -> anyhow::Result<()> {
    let scene = scene().await?;
    let answer = scene.ask(CHAT, chat(&scene, json!({}))).await?;
    assert_eq!(answer["object"], "chat.completion");
    assert!(
        answer["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("chatcmpl-"))
    );
    assert_eq!(answer["model"], scene.key);
    let choice = &answer["choices"][0];
    assert_eq!(
        choice["message"],
        json!({"role": "assistant", "content": ANSWER, "refusal": null})
    );
    assert_eq!(
        (&choice["finish_reason"], &choice["index"]),
        (&json!("stop"), &json!(0))
    );
    assert!(choice["logprobs"].is_null());
    let usage = &answer["usage"];
    let number = |field: &str| usage[field].as_u64().unwrap_or_default();
    assert!(number("prompt_tokens") > 0 && number("completion_tokens") > 0);
    assert_eq!(
        number("total_tokens"),
        number("prompt_tokens") + number("completion_tokens")
    );
    // The same prompt again comes from the cache.
    let again = scene.ask(CHAT, chat(&scene, json!({}))).await?;
    let cached = &again["usage"]["prompt_tokens_details"]["cached_tokens"];
    assert!(cached.as_u64().is_some_and(|tokens| tokens > 0), "{again}");
    scene.close().await
}

#[tokio::test]
async fn a_chat_is_streamed_in_chunks() -> anyhow::Result<()> {
    let scene = scene().await?;
    let body = chat(
        &scene,
        json!({"stream": true, "stream_options": {"include_usage": true}}),
    );
    let stream = scene.stream(CHAT, body).await?;
    assert!(
        stream
            .header("content-type")
            .starts_with("text/event-stream")
    );
    let mut events = stream.events().await?;
    assert_eq!(
        events.pop().map(|event| event.data).as_deref(),
        Some("[DONE]")
    );
    assert_eq!(joined(&events, 0, "content"), ANSWER);
    let first = events[0].json();
    assert_eq!(first["object"], "chat.completion.chunk");
    assert_eq!(
        first["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert!(events.iter().all(|event| event.json()["id"] == first["id"]));

    let usage = events.pop().map(|event| event.json()).unwrap_or_default();
    assert_eq!(usage["choices"], json!([]));
    assert!(
        usage["usage"]["completion_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0)
    );
    let last = events.last().map(Sent::json).unwrap_or_default();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["choices"][0]["delta"], json!({}));
    assert!(
        events
            .iter()
            .all(|event| event.json().get("usage") == Some(&Value::Null))
    );

    // Usage comes only to those who ask for it.
    let events = scene
        .stream(CHAT, chat(&scene, json!({"stream": true})))
        .await?
        .events()
        .await?;
    assert!(
        events
            .iter()
            .all(|event| event.json().get("usage").is_none())
    );
    scene.close().await
}

#[tokio::test]
async fn limits_and_stop_strings_end_an_answer() -> anyhow::Result<()> {
    let scene = scene().await?;
    for limit in ["max_tokens", "max_completion_tokens"] {
        let answer = scene.ask(CHAT, chat(&scene, json!({limit: 3}))).await?;
        assert_eq!(answer["choices"][0]["finish_reason"], "length", "{limit}");
        assert_eq!(answer["usage"]["completion_tokens"], 3);
    }
    for stop in [json!(" wind"), json!(["no such words", " wind"])] {
        let answer = scene.ask(CHAT, chat(&scene, json!({"stop": stop}))).await?;
        assert_eq!(
            answer["choices"][0]["message"]["content"],
            "The name of this"
        );
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    }
    scene.close().await
}

#[tokio::test]
async fn every_sampling_field_is_taken() -> anyhow::Result<()> {
    let scene = scene().await?;
    let fields = json!({
        "temperature": 0, "top_p": 0.9, "top_k": 20, "min_p": 0.1, "seed": 7, "presence_penalty": 0.1,
        "frequency_penalty": 0.1, "repeat_penalty": 1.1, "logit_bias": {"5": -100}, "user": "me",
        "max_tokens": -1, "no_such_field": [1, 2],
    });
    let answer = scene.ask(CHAT, chat(&scene, fields)).await?;
    assert_eq!(answer["choices"][0]["message"]["content"], ANSWER);

    // A bias says what is written: this token is far likelier now than the one the model wants.
    let free = json!({"logit_bias": {"97": 99}, "max_tokens": 1, "temperature": 0});
    let other = scene.ask(CHAT, chat(&scene, free)).await?;
    let written = other["choices"][0]["message"]["content"].as_str();
    assert!(
        written.is_some_and(|text| !ANSWER.starts_with(text)),
        "{other}"
    );
    scene.close().await
}

#[tokio::test]
async fn several_answers_come_one_after_another() -> anyhow::Result<()> {
    let scene = scene().await?;
    let answer = scene.ask(CHAT, chat(&scene, json!({"n": 3}))).await?;
    let choices = answer["choices"].as_array().cloned().unwrap_or_default();
    let indexes: Vec<_> = choices
        .iter()
        .map(|choice| choice["index"].clone())
        .collect();
    assert_eq!(indexes, [0, 1, 2]);
    assert!(
        choices
            .iter()
            .all(|choice| choice["message"]["content"] == ANSWER)
    );
    let one = scene.ask(CHAT, chat(&scene, json!({}))).await?;
    let tokens = |answer: &Value, field: &str| answer["usage"][field].as_u64();
    assert_eq!(
        tokens(&answer, "prompt_tokens"),
        tokens(&one, "prompt_tokens")
    );
    assert_eq!(
        tokens(&answer, "completion_tokens"),
        tokens(&one, "completion_tokens").map(|tokens| 3 * tokens)
    );

    let body = chat(&scene, json!({"n": 2, "stream": true}));
    let events = scene.stream(CHAT, body).await?.events().await?;
    assert_eq!(joined(&events, 0, "content"), ANSWER);
    assert_eq!(joined(&events, 1, "content"), ANSWER);
    scene.close().await
}

#[tokio::test]
async fn probabilities_of_tokens_add_up_to_the_answer() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering(
        "<think>\nhm\n</think>\n\nIt is sirocco.",
    ))
    .await?;
    let asked = json!({"logprobs": true, "top_logprobs": 2});
    let answer = scene.ask(CHAT, chat(&scene, asked.clone())).await?;
    let choice = &answer["choices"][0];
    let text = |tokens: &Value| -> String {
        let tokens = tokens.as_array().cloned().unwrap_or_default();
        tokens
            .iter()
            .filter_map(|token| token["token"].as_str().map(str::to_owned))
            .collect()
    };
    let tokens = &choice["logprobs"]["content"];
    let content = choice["message"]["content"].as_str().unwrap_or_default();
    assert_eq!(text(tokens).trim(), content, "the thoughts are left out");
    assert_eq!(tokens[0]["top_logprobs"].as_array().map(Vec::len), Some(2));
    assert_eq!(tokens[0]["top_logprobs"][0]["token"], tokens[0]["token"]);
    assert!(
        tokens[0]["logprob"]
            .as_f64()
            .is_some_and(|logprob| logprob <= 0.0)
    );
    assert!(tokens[0]["bytes"].is_array());

    let mut body = chat(&scene, asked);
    body["stream"] = json!(true);
    let events = scene.stream(CHAT, body).await?.events().await?;
    let streamed: String = events
        .iter()
        .map(|event| text(&event.json()["choices"][0]["logprobs"]["content"]))
        .collect();
    assert_eq!(streamed.trim(), content);
    scene.close().await
}

#[tokio::test]
async fn roles_and_parts_reach_the_model() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering("You said: {question}")).await?;
    let messages = json!([
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "indeed", "reasoning_content": "hm"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]);
    let answer = scene
        .ask(CHAT, chat(&scene, json!({"messages": messages})))
        .await?;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "You said: one\ntwo"
    );
    scene.close().await
}

#[tokio::test]
async fn an_answer_that_is_begun_is_written_on() -> anyhow::Result<()> {
    let scene = scene().await?;
    let messages = json!([
        {"role": "user", "content": "Which wind is this?"}, {"role": "assistant", "content": "The name of"},
    ]);
    let answer = scene
        .ask(CHAT, chat(&scene, json!({"messages": messages})))
        .await?;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        " this wind is sirocco."
    );
    scene.close().await
}

#[tokio::test]
async fn thoughts_are_apart_from_the_answer() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering(
        "<think>\nhm, a wind\n</think>\n\nIt is sirocco.",
    ))
    .await?;
    let answer = scene.ask(CHAT, chat(&scene, json!({}))).await?;
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["content"], "It is sirocco.");
    assert_eq!(message["reasoning_content"], "hm, a wind");
    let thought = &answer["usage"]["completion_tokens_details"]["reasoning_tokens"];
    assert!(
        thought.as_u64().is_some_and(|tokens| tokens > 0),
        "{answer}"
    );

    let events = scene
        .stream(CHAT, chat(&scene, json!({"stream": true})))
        .await?
        .events()
        .await?;
    assert_eq!(joined(&events, 0, "reasoning_content"), "hm, a wind");
    assert_eq!(joined(&events, 0, "content"), "It is sirocco.");
    scene.close().await
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_by_name() -> anyhow::Result<()> {
    let scene = scene().await?;
    for (field, more) in [
        ("tools[0]", json!({"tools": [{"type": "web_search"}]})),
        (
            "response_format",
            json!({"response_format": {"type": "yaml"}}),
        ),
        ("temperature", json!({"temperature": 99})),
        (
            "messages[0].content[0]",
            json!({"messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
            ]}),
        ),
    ] {
        for stream in [false, true] {
            let mut body = chat(&scene, more.clone());
            body["stream"] = json!(stream);
            let (status, answer) = scene.post(CHAT, body).await?;
            assert_eq!(
                (status, &answer["error"]["param"]),
                (400, &json!(field)),
                "{answer}"
            );
        }
    }
    let (status, answer) = scene
        .post("/v1/embeddings", json!({"model": scene.key, "input": "a"}))
        .await?;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!((status, &answer["error"]["param"]), (400, &json!(null)));
    assert!(message.contains("cannot embed"), "{message}");
    let body = scene.request(reqwest::Method::POST, CHAT).body("{");
    let (status, answer) = crate::server_scene::told(body).await?;
    assert_eq!(status, 400);
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("not JSON"))
    );
    assert_eq!(scene.get("/v1/no-such-route").await?.0, 404);
    assert_eq!(scene.get(CHAT).await?.0, 405);
    scene.close().await
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_refused() -> anyhow::Result<()> {
    let scene = scene().await?;
    let messages = json!([{"role": "user", "content": "one two ".repeat(20_000)}]);
    for stream in [false, true] {
        let body = chat(&scene, json!({"messages": messages, "stream": stream}));
        // The second comes when the model is loaded: nothing has been sent yet, and the status tells.
        let (status, answer) = scene.post(CHAT, body).await?;
        let code = &answer["error"]["code"];
        assert_eq!(
            (status, code),
            (400, &json!("context_length_exceeded")),
            "{answer}"
        );
    }
    scene.close().await
}

#[tokio::test]
async fn plain_text_is_continued_as_it_is() -> anyhow::Result<()> {
    let scene = scene().await?;
    let prompt = "<|im_start|>user\nWhich wind?<|im_end|>\n<|im_start|>assistant\n";
    let body = json!({"model": scene.key, "prompt": prompt, "logprobs": 1, "n": 2});
    let answer = scene.ask(TEXT, body).await?;
    assert_eq!(answer["object"], "text_completion");
    let choices = answer["choices"].as_array().cloned().unwrap_or_default();
    assert_eq!(choices.len(), 2);
    for (index, choice) in choices.iter().enumerate() {
        assert_eq!(
            (&choice["text"], &choice["index"]),
            (&json!(ANSWER), &json!(index))
        );
        assert_eq!(choice["finish_reason"], "stop");
        let logprobs = &choice["logprobs"];
        let tokens = logprobs["tokens"].as_array().cloned().unwrap_or_default();
        let text: String = tokens.iter().filter_map(Value::as_str).collect();
        assert_eq!(text, ANSWER);
        assert_eq!(logprobs["text_offset"][0], 0);
        assert_eq!(
            logprobs["top_logprobs"][0]
                .as_object()
                .map(serde_json::Map::len),
            Some(1)
        );
        assert_eq!(
            logprobs["token_logprobs"].as_array().map(Vec::len),
            Some(tokens.len())
        );
    }

    let body = json!({
        "model": scene.key, "prompt": [prompt, prompt], "stream": true, "stream_options": {"include_usage": true},
    });
    let mut events = scene.stream(TEXT, body).await?.events().await?;
    assert_eq!(
        events.pop().map(|event| event.data).as_deref(),
        Some("[DONE]")
    );
    let usage = events.pop().map(|event| event.json()).unwrap_or_default();
    assert!(
        usage["usage"]["total_tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens > 0)
    );
    for index in 0..2 {
        let text: String = events
            .iter()
            .map(|event| event.json()["choices"][0].clone())
            .filter(|choice| choice["index"] == index)
            .map(|choice| choice["text"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(text, ANSWER);
    }
    scene.close().await
}
