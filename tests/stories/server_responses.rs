//! Programs that speak OpenAI's newer API, in which the server keeps what was said.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use sirocco_testkit::Script;

use crate::server_scene::{Scene, Sent, told};

const RESPONSES: &str = "/v1/responses";
const ANSWER: &str = "The name of this wind is sirocco.";

async fn scene() -> anyhow::Result<Scene> {
    Scene::open(&Script::default()).await
}

fn asking(scene: &Scene, more: Value) -> Value {
    let mut body = json!({"model": scene.key, "input": "Which wind is this?"});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn id(response: &Value) -> anyhow::Result<String> {
    Ok(response["id"]
        .as_str()
        .context("a response has an id")?
        .to_owned())
}

#[tokio::test]
async fn a_response_is_answered_whole_and_kept() -> anyhow::Result<()> {
    let scene = scene().await?;
    let response = scene
        .ask(
            RESPONSES,
            asking(
                &scene,
                json!({"instructions": "Be brief.", "metadata": {"a": "b"}}),
            ),
        )
        .await?;
    assert_eq!(
        (&response["object"], &response["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert!(id(&response)?.starts_with("resp_"));
    let message = &response["output"][0];
    assert_eq!(
        (&message["type"], &message["role"]),
        (&json!("message"), &json!("assistant"))
    );
    let part = json!({"type": "output_text", "text": ANSWER, "annotations": [], "logprobs": []});
    assert_eq!(message["content"], json!([part]));
    assert_eq!(
        (&response["instructions"], &response["metadata"]["a"]),
        (&json!("Be brief."), &json!("b"))
    );
    let usage = &response["usage"];
    let number = |field: &str| usage[field].as_u64().unwrap_or_default();
    assert!(number("input_tokens") > 0 && number("output_tokens") > 0);
    assert_eq!(
        number("total_tokens"),
        number("input_tokens") + number("output_tokens")
    );

    let path = format!("{RESPONSES}/{}", id(&response)?);
    assert_eq!(scene.get(&path).await?, (200, response.clone()));
    let (_, items) = scene.get(&format!("{path}/input_items")).await?;
    assert_eq!(
        items["data"][0]["content"][0]["text"],
        "Which wind is this?"
    );

    let (status, deleted) = told(scene.request(Method::DELETE, &path)).await?;
    assert_eq!((status, &deleted["deleted"]), (200, &json!(true)));
    assert_eq!(scene.get(&path).await?.0, 404);
    scene.close().await
}

#[tokio::test]
async fn a_response_that_is_not_to_be_kept_is_not() -> anyhow::Result<()> {
    let scene = scene().await?;
    let response = scene
        .ask(RESPONSES, asking(&scene, json!({"store": false})))
        .await?;
    assert_eq!(
        scene
            .get(&format!("{RESPONSES}/{}", id(&response)?))
            .await?
            .0,
        404
    );
    scene.close().await
}

#[tokio::test]
async fn the_next_question_goes_on_behind_an_answer() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering("You said: {question}")).await?;
    let first = scene
        .ask(
            RESPONSES,
            asking(
                &scene,
                json!({"input": "one", "instructions": "Be very, very brief."}),
            ),
        )
        .await?;
    let next = json!({"input": "two", "previous_response_id": id(&first)?});
    let second = scene.ask(RESPONSES, asking(&scene, next)).await?;
    assert_eq!(second["output"][0]["content"][0]["text"], "You said: two");
    assert_eq!(second["previous_response_id"], first["id"]);
    let alone = scene
        .ask(RESPONSES, asking(&scene, json!({"input": "two"})))
        .await?;
    let tokens = |response: &Value| response["usage"]["input_tokens"].as_u64();
    assert!(
        tokens(&second) > tokens(&alone),
        "what was said before is sent again"
    );

    let path = format!("{RESPONSES}/{}/input_items?order=asc", id(&second)?);
    let (_, items) = scene.get(&path).await?;
    let texts: Vec<_> = items["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| item["content"][0]["text"].clone())
        .collect();
    assert_eq!(texts, ["one", "You said: one", "two"]);

    let unknown = json!({"previous_response_id": "resp_none"});
    let (status, answer) = scene.post(RESPONSES, asking(&scene, unknown)).await?;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (404, &json!("previous_response_not_found"))
    );
    scene.close().await
}

#[tokio::test]
async fn a_response_is_streamed_in_typed_events() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::answering(
        "<think>\nhm\n</think>\n\nIt is sirocco.",
    ))
    .await?;
    let stream = scene
        .stream(RESPONSES, asking(&scene, json!({"stream": true})))
        .await?;
    let events = stream.events().await?;
    let numbers: Vec<_> = events
        .iter()
        .map(|event| event.json()["sequence_number"].as_u64())
        .collect();
    assert!(
        numbers
            .iter()
            .enumerate()
            .all(|(at, number)| *number == Some(at as u64)),
        "{numbers:?}"
    );
    assert!(
        events
            .iter()
            .all(|event| event.json()["type"] == event.name.as_str())
    );
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.reasoning_text.delta",
            "response.reasoning_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let joined: String = events
        .iter()
        .filter(|event| event.name == "response.output_text.delta")
        .filter_map(|event| event.json()["delta"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(joined, "It is sirocco.");
    let last = events.last().map(Sent::json).unwrap_or_default()["response"].clone();
    assert_eq!(last["output"][0]["content"][0]["text"], "hm");
    assert_eq!(last["output"][1]["content"][0]["text"], "It is sirocco.");
    assert_eq!(
        scene.get(&format!("{RESPONSES}/{}", id(&last)?)).await?.1,
        last
    );
    scene.close().await
}

#[tokio::test]
async fn a_response_that_is_cut_says_so() -> anyhow::Result<()> {
    let scene = scene().await?;
    let body = asking(&scene, json!({"max_output_tokens": 2, "stream": true}));
    let events = scene.stream(RESPONSES, body).await?.events().await?;
    let last = events.last().context("an end")?;
    assert_eq!(last.name, "response.incomplete");
    assert_eq!(
        last.json()["response"]["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    scene.close().await
}

#[tokio::test]
async fn calls_are_items_and_their_results_are_taken() -> anyhow::Result<()> {
    let call = "<tool_call>{\"name\": \"wind\", \"arguments\": {\"at\": \"Tunis\"}}</tool_call>";
    let scene = Scene::open(&Script::answering(call)).await?;
    let tools = json!([{"type": "function", "name": "wind", "parameters": {"type": "object"}}]);
    let body = asking(&scene, json!({"tools": tools, "stream": true}));
    let events = scene.stream(RESPONSES, body).await?.events().await?;
    let done = events
        .iter()
        .find(|event| event.name == "response.function_call_arguments.done")
        .map(Sent::json)
        .context("a call")?;
    assert_eq!(done["arguments"], "{\"at\": \"Tunis\"}");
    let response = events.last().map(Sent::json).unwrap_or_default()["response"].clone();
    let item = &response["output"][0];
    assert_eq!(
        (&item["type"], &item["name"]),
        (&json!("function_call"), &json!("wind"))
    );

    let result =
        json!([{"type": "function_call_output", "call_id": item["call_id"], "output": "sirocco"}]);
    let next = json!({"input": result, "previous_response_id": response["id"], "tools": tools});
    let answer = scene.ask(RESPONSES, asking(&scene, next)).await?;
    assert_eq!(answer["output"][0]["type"], "function_call");
    scene.close().await
}

#[tokio::test]
async fn tokens_have_their_probabilities_if_they_are_asked_for() -> anyhow::Result<()> {
    let scene = scene().await?;
    let asked = json!({"top_logprobs": 2, "include": ["message.output_text.logprobs"]});
    let response = scene.ask(RESPONSES, asking(&scene, asked.clone())).await?;
    assert_eq!(response["top_logprobs"], 2);
    let spoken = |tokens: &Value| -> String {
        let tokens = tokens.as_array().into_iter().flatten();
        tokens.filter_map(|token| token["token"].as_str()).collect()
    };
    let part = &response["output"][0]["content"][0];
    assert_eq!(spoken(&part["logprobs"]), ANSWER);
    let first = &part["logprobs"][0];
    assert_eq!(first["top_logprobs"].as_array().map(Vec::len), Some(2));
    assert!(
        first["logprob"]
            .as_f64()
            .is_some_and(|logprob| logprob <= 0.0)
    );

    let mut streamed = asked;
    streamed["stream"] = json!(true);
    let stream = scene.stream(RESPONSES, asking(&scene, streamed)).await?;
    let events = stream.events().await?;
    let deltas = events
        .iter()
        .filter(|event| event.name == "response.output_text.delta");
    let told: String = deltas
        .map(|event| spoken(&event.json()["logprobs"]))
        .collect();
    assert_eq!(told, ANSWER);

    let plain = scene.ask(RESPONSES, asking(&scene, json!({}))).await?;
    assert_eq!(plain["output"][0]["content"][0]["logprobs"], json!([]));
    scene.close().await
}

#[tokio::test]
async fn tokens_of_an_input_are_counted() -> anyhow::Result<()> {
    let scene = scene().await?;
    let (_, short) = scene
        .post("/v1/responses/input_tokens", asking(&scene, json!({})))
        .await?;
    let longer = asking(&scene, json!({"instructions": "Be brief."}));
    let (_, long) = scene.post("/v1/responses/input_tokens", longer).await?;
    assert!(
        long["input_tokens"].as_u64() > short["input_tokens"].as_u64(),
        "{long}"
    );
    scene.close().await
}
