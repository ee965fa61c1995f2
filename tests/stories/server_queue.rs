//! Programs at one model: who is first, who goes away, and what goes wrong.

use std::sync::Arc;

use serde_json::{Value, json};
use sirocco_core::completions::{ChatMessage, Completions, Piece, Prompt, Request};
use sirocco_protocol::commands::{ModelEject, Nothing};
use sirocco_testkit::{Death, Fault, Script, within};

use crate::server_scene::Scene;

const CHAT: &str = "/v1/chat/completions";

fn question(scene: &Scene, text: &str, stream: bool) -> Value {
    json!({"model": scene.key, "messages": [{"role": "user", "content": text}], "stream": stream})
}

fn text_of(chunk: &Value) -> String {
    let delta = &chunk["choices"][0]["delta"]["content"];
    delta.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn thirty_two_clients_at_once_are_answered_in_the_order_they_came() -> anyhow::Result<()> {
    const CLIENTS: usize = 32;
    let scene = Arc::new(
        Scene::open(&Script {
            load_ms: 300.0,
            token_ms: 2.0,
            ..Script::answering("{question}, said the wind, and said it again and again.")
        })
        .await?,
    );
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let body = question(&scene, &format!("client {client}"), true);
        let mut stream = scene.stream(CHAT, body).await?;
        // It has its place in the queue when the first thing is heard of it.
        let first = stream.event().await?;
        assert!(first.is_some(), "client {client} hears something");
        let sender = sender.clone();
        clients.spawn(async move {
            let events = stream.events().await?;
            sender.send(client)?;
            let text: String = events.iter().map(|event| text_of(&event.json())).collect();
            let expected = format!("client {client}, said the wind, and said it again and again.");
            anyhow::ensure!(text == expected, "{text}");
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    drop(sender);
    let mut order = Vec::new();
    while let Some(client) = ended.recv().await {
        order.push(client);
    }
    assert_eq!(order, (0..CLIENTS).collect::<Vec<_>>());
    Arc::into_inner(scene)
        .expect("no client is left")
        .close()
        .await
}

#[tokio::test]
async fn who_waits_hears_of_the_load_and_of_the_queue() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_ms: 200.0,
        ..Script::slow(300, 2.0)
    })
    .await?;
    let mut first = scene.stream(CHAT, question(&scene, "a", true)).await?;
    let event = first.event().await?.unwrap_or_default();
    assert!(
        event.comment.starts_with("the model is loaded to"),
        "{event:?}"
    );
    first.until_data().await?;
    let mut second = scene.stream(CHAT, question(&scene, "b", true)).await?;
    assert_eq!(
        second.event().await?.unwrap_or_default().comment,
        "waiting, 1 ahead"
    );
    drop((first, second));
    scene.close().await
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_answer() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 3.0)).await?;
    let mut events = scene.app.events();
    // In the middle of a stream.
    let mut stream = scene.stream(CHAT, question(&scene, "a", true)).await?;
    while text_of(&stream.until_data().await?.json()).is_empty() {}
    scene.until_waiting(&mut events, 1).await?;
    // While another waits behind it.
    let waiting = scene.stream(CHAT, question(&scene, "b", true)).await?;
    scene.until_waiting(&mut events, 2).await?;
    drop(waiting);
    scene.until_waiting(&mut events, 1).await?;
    drop(stream);
    scene.until_waiting(&mut events, 0).await?;

    // While the whole answer is waited for.
    let whole = scene.request(reqwest::Method::POST, CHAT);
    let whole = tokio::spawn(whole.json(&question(&scene, "c", false)).send());
    scene.until_waiting(&mut events, 1).await?;
    whole.abort();
    scene.until_waiting(&mut events, 0).await?;

    // Who comes next is served at once.
    let mut body = question(&scene, "d", false);
    body["max_tokens"] = json!(2);
    let answer = scene.ask(CHAT, body).await?;
    assert_eq!(answer["usage"]["completion_tokens"], 2);
    scene.close().await
}

#[tokio::test]
async fn a_model_that_cannot_be_loaded_is_told_whole_and_in_a_stream() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        load_error: Some("its weights are of lead".into()),
        ..Script::default()
    })
    .await?;
    let (status, answer) = scene.post(CHAT, question(&scene, "a", false)).await?;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(
        status == 400 && message.contains("of lead"),
        "{status} {answer}"
    );

    let events = scene
        .stream(CHAT, question(&scene, "a", true))
        .await?
        .events()
        .await?;
    assert_eq!(events.len(), 1, "{events:?}");
    let error = events[0].json();
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("of lead"))
    );
    scene.close().await
}

#[tokio::test]
async fn a_worker_that_dies_costs_its_answer_only() -> anyhow::Result<()> {
    let scene = Scene::open(&Script {
        fault: Some(Fault {
            after_tokens: 5,
            death: Death::Exit,
        }),
        ..Script::default()
    })
    .await?;
    let (status, answer) = scene.post(CHAT, question(&scene, "a", false)).await?;
    assert_eq!(
        (status, &answer["error"]["type"]),
        (500, &json!("server_error")),
        "{answer}"
    );

    let events = scene
        .stream(CHAT, question(&scene, "a", true))
        .await?
        .events()
        .await?;
    let last = events.last().map(|event| event.json()).unwrap_or_default();
    let message = last["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("stopped unexpectedly"), "{last}");
    assert!(
        events
            .iter()
            .any(|event| !text_of(&event.json()).is_empty()),
        "words came first"
    );

    scene.app.rewrite(&Script::default())?;
    let answer = scene.ask(CHAT, question(&scene, "a", false)).await?;
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    scene.close().await
}

#[tokio::test]
async fn an_eject_in_the_middle_of_an_answer_is_told() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 3.0)).await?;
    let mut stream = scene.stream(CHAT, question(&scene, "a", true)).await?;
    while text_of(&stream.until_data().await?.json()).is_empty() {}
    let id = scene.app.model().await?.id;
    scene
        .app
        .call::<Nothing>("model_eject", ModelEject { id })
        .await?;
    let events = stream.events().await?;
    let last = events.last().map(|event| event.json()).unwrap_or_default();
    let message = last["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("was ejected"), "{last}");
    scene.close().await
}

#[tokio::test]
async fn a_server_that_closes_ends_its_streams() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 3.0)).await?;
    let mut stream = scene.stream(CHAT, question(&scene, "a", true)).await?;
    while text_of(&stream.until_data().await?.json()).is_empty() {}
    let Scene { app, server, .. } = scene;
    let mut events = app.events();
    within("the server to close", server.close()).await?;
    stream.events().await?;
    events
        .wait("the answer to end", |event| match event {
            sirocco_protocol::Event::LoadedChanged { loaded } if loaded.queue_length == 0 => {
                Some(())
            }
            _ => None,
        })
        .await?;
    app.close().await
}

#[tokio::test]
async fn an_app_that_closes_ends_its_answers() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 3.0)).await?;
    let mut stream = scene.stream(CHAT, question(&scene, "a", true)).await?;
    while text_of(&stream.until_data().await?.json()).is_empty() {}
    let Scene { app, server, .. } = scene;
    app.close().await?;
    let events = stream.events().await?;
    let last = events.last().map(|event| event.json()).unwrap_or_default();
    let message = last["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("closed"), "{last}");
    within("the server to close", server.close()).await
}

#[tokio::test]
async fn a_reader_that_is_slow_holds_up_nobody() -> anyhow::Result<()> {
    // More frames than wait anywhere on the way from the worker.
    let scene = Scene::open(&Script::slow(3000, 0.0)).await?;
    let model = scene.app.model().await?.id;
    let request = || {
        let question = ChatMessage {
            role: "user".into(),
            content: "a".into(),
            ..ChatMessage::default()
        };
        Request::new(Prompt::Chat {
            messages: vec![question],
            continue_last: false,
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        })
    };
    let app = scene.app.app();
    let unread = app.complete(model, request());
    let mut read = app.complete(model, request());
    let finish = within("the second answer", async {
        while let Some(piece) = read.next().await {
            if let Piece::Finished(finish) = piece? {
                return anyhow::Ok(Some(finish));
            }
        }
        Ok(None)
    });
    assert!(finish.await??.is_some());
    drop(unread);
    scene.close().await
}

#[tokio::test]
async fn programs_and_people_take_turns() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(200, 2.0)).await?;
    let mut stream = scene.stream(CHAT, question(&scene, "a", true)).await?;
    while text_of(&stream.until_data().await?.json()).is_empty() {}
    let conversation = scene.app.conversation().await?;
    let mut follower = scene.app.ask(conversation, "b").await?;
    follower.until(|follower| follower.ahead == 1).await?;
    assert_eq!(
        scene.app.messages(conversation).await?.len(),
        2,
        "nothing of the program's"
    );
    stream.events().await?;
    follower.finish().await?;
    scene.close().await
}
