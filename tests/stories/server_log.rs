//! What a person sees of the server: how it stands, who may use it, and who does.

use std::net::{Ipv4Addr, TcpListener};

use reqwest::Method;
use serde_json::{Value, json};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, Event, NewToken, ServedRequest, ServerSettings, ServerState, ServerStatus,
    ServerToken, Settings, TokenScope,
};
use sirocco_server::{Following, TokenLimits};
use sirocco_testkit::{Events, Script, within};

use crate::server_scene::{EXPIRED, Scene, told};
use crate::{app, code};

/// The next request to the server that has ended.
async fn ended(events: &mut Events) -> anyhow::Result<ServedRequest> {
    events
        .wait("a request to end", |event| match event {
            Event::RequestChanged { request } => request.duration_ms.is_some().then_some(request),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn requests_are_told_as_they_come_and_go() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let mut events = scene.app.events();
    let chat = |stream: bool| json!({"model": scene.key, "stream": stream, "messages": [{"role": "user", "content": "Which wind?"}]});
    let answer = scene.ask("/v1/chat/completions", chat(false)).await?;
    let request = ended(&mut events).await?;
    assert_eq!(request.route, "POST /v1/chat/completions");
    assert_eq!(
        (request.model.as_deref(), request.status),
        (Some(scene.key.as_str()), Some(200))
    );
    let usage = &answer["usage"];
    assert_eq!(json!(request.prompt_tokens), usage["prompt_tokens"]);
    assert_eq!(json!(request.completion_tokens), usage["completion_tokens"]);

    scene.stream("/api/chat", chat(true)).await?.lines().await?;
    let streamed = ended(&mut events).await?;
    assert_eq!(
        (streamed.route.as_str(), streamed.status),
        ("POST /api/chat", Some(200))
    );
    assert!(streamed.completion_tokens > Some(0), "{streamed:?}");

    scene.get("/v1/models/gpt-4o").await?;
    let unknown = ended(&mut events).await?;
    assert_eq!((unknown.model, unknown.status), (None, Some(404)));

    let status: ServerStatus = scene.app.call("server_status", ServerStatusGet {}).await?;
    let ids: Vec<u64> = status.requests.iter().map(|request| request.id).collect();
    assert_eq!(
        ids,
        [unknown.id, streamed.id, request.id],
        "the newest first"
    );
    scene.close().await
}

#[tokio::test]
async fn a_request_whose_client_goes_away_has_ended() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(2000, 5.0)).await?;
    let mut events = scene.app.events();
    let body = json!({"model": scene.key, "prompt": "a"});
    let mut stream = scene.stream("/api/generate", body).await?;
    stream.line().await?;
    drop(stream);
    let request = ended(&mut events).await?;
    assert_eq!(
        (request.status, request.completion_tokens),
        (Some(200), None)
    );
    scene.close().await
}

#[tokio::test]
async fn a_token_opens_what_it_was_made_for() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let mut events = scene.app.events();
    let asks = scene
        .tokens
        .add("asks", &[TokenScope::Generate], TokenLimits::default())?
        .secret;
    let manages = scene
        .tokens
        .add("manages", &[TokenScope::Manage], TokenLimits::default())?
        .secret;
    let ended_already = scene
        .tokens
        .add("old", &[TokenScope::Generate], EXPIRED)?
        .secret;
    let load = |token: &str| {
        let body = json!({"model": scene.key});
        scene
            .request(Method::POST, "/api/v1/models/load")
            .bearer_auth(token)
            .json(&body)
    };
    let list = |token: &str| scene.request(Method::GET, "/v1/models").bearer_auth(token);
    assert_eq!(told(list(&asks)).await?.0, 200);
    assert_eq!(ended(&mut events).await?.client.as_deref(), Some("asks"));
    let (status, answer) = told(load(&asks)).await?;
    assert_eq!(status, 403, "{answer}");
    assert_eq!(told(load(&manages)).await?.0, 200);
    assert_eq!(told(list(&manages)).await?.0, 200, "every token may look");
    let chat = scene
        .request(Method::POST, "/api/generate")
        .bearer_auth(&manages);
    let body = json!({"model": scene.key, "prompt": "a"});
    assert_eq!(told(chat.json(&body)).await?.0, 403);
    assert_eq!(told(list(&ended_already)).await?.0, 401);
    scene.close().await
}

#[tokio::test]
async fn a_token_with_a_limit_is_told_when_to_come_again() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let limits = TokenLimits {
        requests_per_minute: Some(2),
        ..TokenLimits::default()
    };
    let token = scene
        .tokens
        .add("guest", &[TokenScope::Read], limits)?
        .secret;
    let list = async || {
        let request = scene.request(Method::GET, "/v1/models").bearer_auth(&token);
        request.send().await
    };
    assert_eq!(list().await?.status(), 200);
    assert_eq!(list().await?.status(), 200);
    let refused = list().await?;
    assert_eq!(refused.status(), 429);
    let seconds: u64 = refused.headers()["retry-after"].to_str()?.parse()?;
    assert!((1..=60).contains(&seconds), "{seconds}");
    let answer: Value = refused.json().await?;
    assert_eq!(answer["error"]["code"], "rate_limit_exceeded");
    scene.close().await
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let create = async |name: &str, scopes: &[TokenScope]| {
        let request = TokenCreate {
            name: name.into(),
            scopes: scopes.to_vec(),
            expires_at_ms: Some(4_000_000_000_000),
            requests_per_minute: Some(60),
        };
        app.call::<NewToken>("token_create", request).await
    };
    let made = create(" laptop ", &[TokenScope::Generate, TokenScope::Manage]).await?;
    assert_eq!(made.token.name, "laptop");
    let found = app.app().tokens().find(&made.secret)?;
    assert_eq!(found.as_ref(), Some(&made.token));
    let list = async || {
        app.call::<Vec<ServerToken>>("token_list", TokenList {})
            .await
    };
    assert_eq!(list().await?, [made.token]);
    assert_eq!(
        code(create("laptop", &[TokenScope::Generate]).await),
        ErrorCode::Conflict
    );
    assert_eq!(
        code(create(" ", &[TokenScope::Generate]).await),
        ErrorCode::InvalidRequest
    );
    assert_eq!(code(create("phone", &[]).await), ErrorCode::InvalidRequest);
    let revoke = async || {
        let name = "laptop".into();
        app.call::<Nothing>("token_revoke", TokenRevoke { name })
            .await
    };
    revoke().await?;
    assert_eq!(list().await?, []);
    assert_eq!(code(revoke().await), ErrorCode::NotFound);
    app.close().await
}

#[tokio::test]
async fn how_the_server_stands_is_told() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let following = Following::begin(app.app().clone(), app.app().tokens());
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = taken.local_addr()?.port();
    let mut events = app.events();
    let mut state = async |server: ServerSettings| {
        let settings = Settings {
            server,
            ..Settings::default()
        };
        let _: Settings = app.call("settings_set", SettingsSet { settings }).await?;
        events
            .wait("the server to change", |event| match event {
                Event::ServerChanged { state } if state != ServerState::Off => Some(state),
                _ => None,
            })
            .await
    };
    let on = ServerSettings {
        enabled: true,
        port,
        ..ServerSettings::default()
    };
    let ServerState::Failed { message } = state(on.clone()).await? else {
        anyhow::bail!("the port was free");
    };
    assert_eq!(message, format!("port {port} is taken by another program"));
    drop(taken);
    // Other settings are another try.
    let again = ServerSettings {
        cors_origins: vec!["*".into()],
        ..on
    };
    let listening = ServerState::Listening {
        addresses: vec![format!("http://127.0.0.1:{port}")],
        problem: None,
    };
    assert_eq!(state(again).await?, listening);
    let status: ServerStatus = app.call("server_status", ServerStatusGet {}).await?;
    assert_eq!(status.state, listening);
    within("the server to close", following.close()).await?;
    let status: ServerStatus = app.call("server_status", ServerStatusGet {}).await?;
    assert_eq!(status.state, ServerState::Off);
    app.close().await
}
