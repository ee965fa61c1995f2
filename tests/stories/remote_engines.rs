//! Models of other machines: another Sirocco, and engines that behave badly.

use std::net::Ipv4Addr;

use serde_json::json;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ErrorCode, ErrorReport, Event, LoadOptions, LoadState,
    LoadedModel, Model, ModelVerdict, RemoteEngine, RunState, Settings, StopReason, TokenScope,
};
use sirocco_server::TokenLimits;
use sirocco_testkit::{Script, TempApp};

use crate::remote_scene::{Engine, delta, stream, whole};
use crate::server_scene::Scene;
use crate::{WORKER, code};

async fn add(app: &TempApp, address: &str, token: &str) -> Result<RemoteEngine, ErrorReport> {
    let request = EngineAdd {
        name: "Workstation".into(),
        address: address.into(),
        token: token.into(),
    };
    app.call("engine_add", request).await
}

/// An App that has nothing but the models of this engine.
async fn with(address: &str) -> anyhow::Result<TempApp> {
    let app = TempApp::open_empty(WORKER).await?;
    add(&app, address, "").await?;
    Ok(app)
}

/// A conversation with the only model there is.
async fn with_its_model(app: &TempApp) -> anyhow::Result<ConversationId> {
    let model_id = Some(app.model().await?.id);
    let conversation: Conversation = app
        .call("conversation_create", ConversationCreate { model_id })
        .await?;
    Ok(conversation.summary.id)
}

fn here(scene: &Scene) -> String {
    format!("127.0.0.1:{}", scene.port())
}

#[tokio::test]
async fn another_sirocco_answers_as_a_model_of_ones_own() -> anyhow::Result<()> {
    let answer = "<think>\nhm\n</think>\n\nYou asked: {question}";
    let far = Scene::open(&Script::answering(answer)).await?;
    let app = TempApp::open_empty(WORKER).await?;
    let engine = add(&app, &here(&far), "").await?;
    assert_eq!(engine.address, format!("http://{}/v1", here(&far)));
    assert_eq!((engine.model_count, engine.has_token), (1, false));
    let engines: Vec<RemoteEngine> = app.call("engine_list", EngineList {}).await?;
    assert_eq!(engines, [engine]);

    let model = app.model().await?;
    let remote = model.remote.clone().expect("it is on another machine");
    assert_eq!(
        (remote.engine_name.as_str(), &remote.name),
        ("Workstation", &far.key)
    );
    assert!(matches!(model.verdict, ModelVerdict::Runs { .. }));
    assert!(model.context_length > 0, "the engine says how far it goes");

    let conversation = with_its_model(&app).await?;
    let message = app.send_and_finish(conversation, "Which wind?").await?;
    assert_eq!(message.content, "You asked: Which wind?");
    assert_eq!(message.reasoning.as_deref(), Some("hm"));
    let run = message.run.expect("an answer has a run");
    let numbers = run.statistics.expect("a completed run has numbers");
    assert_eq!(numbers.stop_reason, Some(StopReason::EndOfTurn));
    assert!(numbers.completion_tokens > 5, "{numbers:?}");
    let loaded = app.loaded().await?;
    assert_eq!((loaded[0].served_by, loaded[0].memory_bytes), (None, None));
    assert!(loaded[0].runtime.starts_with("Workstation"), "{loaded:?}");

    let again = app.send_and_finish(conversation, "And now?").await?;
    let numbers_again = again.run.and_then(|run| run.statistics).expect("numbers");
    assert!(
        numbers_again.cached_tokens >= numbers.prompt_tokens,
        "the engine counts for itself: {numbers_again:?}"
    );
    app.close().await?;
    far.close().await
}

#[tokio::test]
async fn the_server_passes_questions_on_with_tools_and_numbers() -> anyhow::Result<()> {
    let call = "I look.\n<tool_call>\n{\"name\": \"wind\", \"arguments\": {\"at\": \"Tunis\"}}\n</tool_call>";
    let far = Scene::open(&Script::answering(call)).await?;
    let app = with(&here(&far)).await?;
    let key = app.model().await?.key;
    let near = Scene::over(app, key.clone(), Ipv4Addr::LOCALHOST, &[]).await?;
    let tool =
        json!({"type": "function", "function": {"name": "wind", "parameters": {"type": "object"}}});
    let body = json!({
        "model": key, "tools": [tool], "messages": [{"role": "user", "content": "Which wind is this?"}],
    });
    let path = "/v1/chat/completions";
    let answer = near.ask(path, body.clone()).await?;
    let choice = &answer["choices"][0];
    assert_eq!(choice["message"]["content"], "I look.");
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(function["name"], "wind");
    assert_eq!(function["arguments"], "{\"at\": \"Tunis\"}");
    assert_eq!(choice["finish_reason"], "tool_calls");
    let direct = far.ask(
        path,
        json!({"model": far.key, "tools": body["tools"], "messages": body["messages"]}),
    );
    assert_eq!(
        answer["usage"]["prompt_tokens"],
        direct.await?["usage"]["prompt_tokens"]
    );

    let mut grammar = body.clone();
    grammar["tools"] = json!([]);
    grammar["response_format"] = json!({"type": "regex", "pattern": "a+"});
    let (status, refused) = near.post(path, grammar).await?;
    assert_eq!(status, 400);
    assert!(
        refused.to_string().contains("not to a grammar"),
        "{refused}"
    );

    let (_, shown) = near.post("/api/show", json!({"model": key})).await?;
    assert_eq!(shown["remote_host"], format!("http://{}/v1", here(&far)));
    // Whoever takes models from here does not take what is from elsewhere.
    let (_, listed) = near.get("/v1/models").await?;
    assert_eq!(listed["data"][0]["remote"], true);
    let third = TempApp::open_empty(WORKER).await?;
    assert_eq!(add(&third, &here(&near), "").await?.model_count, 0);
    near.close().await?;
    far.close().await
}

#[tokio::test]
async fn why_an_engine_cannot_be_added_is_said_plainly() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let said = async |address: &str, token: &str| {
        let refused = add(&app, address, token).await;
        refused.expect_err("this must be refused")
    };
    assert_eq!(said("ftp://x", "").await.code, ErrorCode::InvalidRequest);

    let gone = Engine::with(&[], String::new()).await?;
    let address = gone.address.clone();
    gone.shut().await;
    let unreachable = said(&address, "").await;
    assert_eq!(unreachable.code, ErrorCode::Network);
    let expected = "`Workstation` does not answer";
    assert!(unreachable.message.starts_with(expected), "{unreachable:?}");
    assert!(unreachable.hint.is_some());

    let guarded = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let wants = said(&here(&guarded), "").await;
    assert_eq!(wants.message, "`Workstation` wants a token");
    let wrong = said(&here(&guarded), "sk-wrong").await;
    assert_eq!(wrong.message, "`Workstation` does not accept its token");
    let token = guarded
        .tokens
        .add("laptop", &[TokenScope::Generate], TokenLimits::default())?;
    let added = add(&app, &here(&guarded), &token.secret).await?;
    assert!(added.has_token && added.model_count == 1);
    guarded.close().await?;

    let page = Engine::with(&[], String::new()).await?;
    page.lists(whole(200, "text/html", "<html>"));
    let other = said(&page.address, "").await;
    assert!(
        other.message.contains("does not speak OpenAI's API"),
        "{other:?}"
    );

    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    settings.network.offline = true;
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    assert_eq!(said(&page.address, "").await.code, ErrorCode::Offline);
    let engines: Vec<RemoteEngine> = app.call("engine_list", EngineList {}).await?;
    assert_eq!(engines, [added], "what was refused is not kept");
    Ok(())
}

#[tokio::test]
async fn a_model_that_is_gone_is_missing_until_it_is_back() -> anyhow::Result<()> {
    let engine = Engine::with(&["tiny", "big"], String::new()).await?;
    let app = with(&engine.address).await?;
    let listed = async || app.call::<Vec<Model>>("model_list", ModelList {}).await;
    let tiny = listed().await?.remove(1);
    assert_eq!(tiny.name, "tiny");
    engine.has_now(&["big"]);
    let id = tiny.remote.expect("it is on another machine").engine_id;
    let error = app.load(tiny.id, LoadOptions::default()).await;
    let error = error.expect_err("it is gone").to_string();
    let expected = "`Workstation` has no model `tiny` any more";
    assert!(error.ends_with(expected), "{error}");

    let tested: RemoteEngine = app.call("engine_test", EngineTest { id }).await?;
    assert_eq!(tested.model_count, 1);
    assert_eq!(listed().await?[1].verdict, ModelVerdict::Missing);
    engine.has_now(&["big", "tiny"]);
    app.call::<RemoteEngine>("engine_test", EngineTest { id })
        .await?;
    let back = &listed().await?[1];
    assert_eq!(back.id, tiny.id);
    assert!(matches!(back.verdict, ModelVerdict::Runs { .. }));
    Ok(())
}

#[tokio::test]
async fn what_context_an_engine_has_is_found_out_at_each_load() -> anyhow::Result<()> {
    let lists = |tokens: u32| {
        let list = json!({"data": [{"id": "tiny", "context_length": tokens}]});
        whole(200, "application/json", &list.to_string())
    };
    let engine = Engine::with(&[], String::new()).await?;
    engine.lists(lists(4096));
    let app = with(&engine.address).await?;
    let id = app.model().await?.id;
    let with_context = |tokens| LoadOptions {
        context_length: tokens,
        ..LoadOptions::default()
    };
    assert_eq!(app.load(id, with_context(None)).await?.context_length, 4096);
    engine.lists(lists(1024));
    app.call::<Nothing>("model_eject", ModelEject { id })
        .await?;
    assert_eq!(
        app.load(id, with_context(Some(2048))).await?.context_length,
        1024
    );
    // Asked for the same again, it is what was asked for.
    let load = ModelLoad {
        id,
        options: with_context(Some(2048)),
    };
    let again: LoadedModel = app.call("model_load", load).await?;
    assert_eq!(
        (again.state, again.context_length),
        (LoadState::Ready, 1024)
    );
    assert_eq!(
        app.load(id, with_context(Some(600))).await?.context_length,
        600
    );
    Ok(())
}

#[tokio::test]
async fn nothing_goes_to_another_machine_unless_somebody_chose_it() -> anyhow::Result<()> {
    let engine = Engine::with(&["tiny"], stream(&[&delta("North.", Some("stop"))])).await?;
    let app = with(&engine.address).await?;
    let chosen = with_its_model(&app).await?;
    let _ = app.ask(chosen, "Which wind?").await?.finish().await?;
    assert_eq!(app.loaded().await?.len(), 1, "it is even loaded");

    let id = app.conversation().await?;
    assert_eq!(code(app.send(id, "Which wind?").await), ErrorCode::NoModel);
    Ok(())
}

#[tokio::test]
async fn stopping_ends_the_answer_at_the_engine() -> anyhow::Result<()> {
    let far = Scene::open(&Script::slow(100_000, 1.0)).await?;
    let app = with(&here(&far)).await?;
    let conversation = with_its_model(&app).await?;
    let mut events = far.app.events();
    let mut answer = app.ask(conversation, "Count.").await?;
    while answer.content.is_empty() {
        answer.next().await?;
    }
    let id = answer.run.as_ref().expect("a run").id;
    app.call::<Nothing>("run_stop", RunStop { id }).await?;
    let (run, message) = answer.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    assert!(message.content.contains("one"));
    far.until_waiting(&mut events, 0).await?;
    app.close().await?;
    far.close().await
}

#[tokio::test]
async fn an_answer_that_is_cut_off_keeps_its_words() -> anyhow::Result<()> {
    let cut = stream(&[&delta("The wind", None), &delta(" turns", None)]);
    let engine = Engine::with(&["tiny"], cut).await?;
    let app = with(&engine.address).await?;
    let conversation = with_its_model(&app).await?;
    let (run, message) = app.ask(conversation, "Which wind?").await?.finish().await?;
    assert_eq!(message.content, "The wind turns");
    assert_eq!(run.state, RunState::Failed);
    let error = run.error.expect("a failed run says why");
    assert_eq!(error.code, ErrorCode::Network);
    assert_eq!(error.message, "`Workstation` cut its answer off");
    Ok(())
}

#[tokio::test]
async fn what_an_engine_says_itself_is_passed_on() -> anyhow::Result<()> {
    let full = json!({"error": {"message": "too long", "code": "context_length_exceeded"}});
    let refused = whole(400, "application/json", &full.to_string());
    let engine = Engine::with(&["tiny"], refused).await?;
    let app = with(&engine.address).await?;
    let conversation = with_its_model(&app).await?;
    let (run, _) = app.ask(conversation, "Which wind?").await?.finish().await?;
    let error = run.error.expect("a failed run says why");
    assert_eq!(error.code, ErrorCode::ContextFull);
    assert_eq!(
        error.message,
        "`Workstation` refused (status 400): too long"
    );
    Ok(())
}

#[tokio::test]
async fn a_removed_engine_leaves_the_conversations_with_it() -> anyhow::Result<()> {
    let answer = stream(&[&delta("North.", Some("stop")), "[DONE]"]);
    let engine = Engine::with(&["tiny"], answer).await?;
    let app = with(&engine.address).await?;
    let model = app.model().await?;
    let id = model.remote.expect("it is on another machine").engine_id;
    let conversation = with_its_model(&app).await?;
    let message = app.send_and_finish(conversation, "Which wind?").await?;
    assert_eq!(message.content, "North.");

    let mut events = app.events();
    app.call::<Nothing>("engine_remove", EngineRemove { id })
        .await?;
    events
        .wait("the model to go", |event| {
            (event == Event::ModelRemoved { model_id: model.id }).then_some(())
        })
        .await?;
    assert_eq!(app.loaded().await?, []);
    let kept: Conversation = app
        .call("conversation_get", ConversationGet { id: conversation })
        .await?;
    assert_eq!(kept.model_id, None);
    assert_eq!(app.messages(conversation).await?.len(), 2);
    let gone = app.call::<Nothing>("engine_remove", EngineRemove { id });
    assert_eq!(code(gone.await), ErrorCode::NotFound);
    Ok(())
}
