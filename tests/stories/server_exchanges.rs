//! What was asked of the server and answered: kept where that is wished, and asked anew from the window.

use anyhow::Context;
use reqwest::Client;
use serde_json::{Value, json};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, SentRequest, ServedExchange, ServedRequest, ServerSettings,
    ServerState, ServerStatus, Settings,
};
use sirocco_server::Following;
use sirocco_testkit::{Events, Script, TempApp, within};

use crate::{app, code};

/// The request, once it has ended.
async fn ended(events: &mut Events, id: u64) -> anyhow::Result<ServedRequest> {
    events
        .wait("the request to end", |event| match event {
            Event::RequestChanged { request } => {
                (request.id == id && request.duration_ms.is_some()).then_some(request)
            }
            _ => None,
        })
        .await
}

async fn send(app: &TempApp, method: &str, path: &str, body: &Value) -> Result<u64, ErrorReport> {
    let request = ServerSend {
        method: method.into(),
        path: path.into(),
        body: match body {
            Value::Null => String::new(),
            body => body.to_string(),
        },
    };
    let sent: SentRequest = app.call("server_send", request).await?;
    Ok(sent.id)
}

async fn exchange(app: &TempApp, id: u64) -> Result<ServedExchange, ErrorReport> {
    app.call("server_exchange", ServerExchange { id }).await
}

#[tokio::test]
async fn the_window_asks_through_the_same_routes_while_the_server_is_off() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let following = Following::begin(app.app().clone(), app.app().tokens());
    let mut events = app.events();
    let key = app.model().await?.key;
    let body = json!({"model": key, "messages": [{"role": "user", "content": "Which wind?"}]});
    let id = send(&app, "POST", "/v1/chat/completions", &body).await?;
    let request = ended(&mut events, id).await?;
    assert_eq!((request.status, request.is_kept), (Some(200), true));
    assert_eq!(request.route, "POST /v1/chat/completions");
    let said = exchange(&app, id).await?;
    assert_eq!(serde_json::from_str::<Value>(&said.request.text)?, body);
    let answer: Value = serde_json::from_str(&said.response.text)?;
    assert_eq!(answer["object"], "chat.completion");

    let listed = send(&app, "GET", "/v1/models", &Value::Null).await?;
    assert_eq!(ended(&mut events, listed).await?.status, Some(200));
    assert!(exchange(&app, listed).await?.response.text.contains(&key));

    let nowhere = send(&app, "DELETE", "/nowhere", &Value::Null).await?;
    assert_eq!(ended(&mut events, nowhere).await?.status, Some(404));
    for (method, path) in [
        ("PUT", "/v1/models"),
        ("get", "/v1/models"),
        ("GET", "v1/models"),
        ("GET", "//elsewhere/v1/models"),
        ("GET", "/v1/models /x"),
    ] {
        let refused = code(send(&app, method, path, &Value::Null).await);
        assert_eq!(refused, ErrorCode::InvalidRequest, "{method} {path}");
    }
    within("the server to close", following.close()).await?;
    assert_eq!(
        code(send(&app, "GET", "/v1/models", &Value::Null).await),
        ErrorCode::InvalidRequest
    );
    app.close().await
}

#[tokio::test]
async fn what_is_asked_from_the_window_can_be_forgotten_and_stopped() -> anyhow::Result<()> {
    let app = app(&Script::slow(2000, 5.0)).await?;
    let following = Following::begin(app.app().clone(), app.app().tokens());
    let mut events = app.events();
    let key = app.model().await?.key;
    let id = send(
        &app,
        "POST",
        "/api/generate",
        &json!({"model": key, "prompt": "a"}),
    )
    .await?;
    within("the first words", async {
        while exchange(&app, id)
            .await
            .is_ok_and(|said| said.response.text.is_empty())
        {
            tokio::task::yield_now().await;
        }
    })
    .await?;
    app.app().forget_exchanges();
    let _: Nothing = app.call("server_stop", ServerStop { id }).await?;
    let request = ended(&mut events, id).await?;
    assert!(!request.is_kept, "it was forgotten while it was running");
    assert_eq!(
        request.completion_tokens, None,
        "the answer was not finished"
    );
    within("the server to close", following.close()).await?;
    app.close().await
}

#[tokio::test]
async fn what_is_said_is_kept_only_while_that_is_wished() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let following = Following::begin(app.app().clone(), app.app().tokens());
    let mut events = app.events();
    let server = ServerSettings {
        enabled: true,
        port: free_port()?,
        ..ServerSettings::default()
    };
    let wish = async |keep_exchanges| {
        let settings = Settings {
            server: ServerSettings {
                keep_exchanges,
                ..server.clone()
            },
            ..Settings::default()
        };
        app.call::<Settings>("settings_set", SettingsSet { settings })
            .await
    };
    wish(false).await?;
    let address = listening(&mut events).await?;
    let client = Client::builder().no_proxy().build()?;
    let ask = async || {
        let answer = client.get(format!("{address}/v1/models")).send().await?;
        answer.text().await
    };
    let last = async || {
        let status: ServerStatus = app.call("server_status", ServerStatusGet {}).await?;
        status.requests.into_iter().next().context("a request")
    };
    ask().await?;
    let secret = last().await?;
    assert!(!secret.is_kept);
    assert_eq!(code(exchange(&app, secret.id).await), ErrorCode::NotFound);

    wish(true).await?;
    // The server takes the wish a moment after it is saved.
    let (said, kept) = within("a request to be kept", async {
        loop {
            let said = ask().await?;
            let request = last().await?;
            if request.is_kept {
                break anyhow::Ok((said, request));
            }
        }
    })
    .await??;
    assert_eq!(exchange(&app, kept.id).await?.response.text, said);

    events.drain();
    wish(false).await?;
    let forgotten = events
        .wait("what was said to be forgotten", |event| match event {
            Event::RequestChanged { request } => Some(request),
            Event::ServerChanged { state } => panic!("the server went on: {state:?}"),
            _ => None,
        })
        .await?;
    assert_eq!((forgotten.id, forgotten.is_kept), (kept.id, false));
    assert_eq!(code(exchange(&app, kept.id).await), ErrorCode::NotFound);
    within("the server to close", following.close()).await?;
    app.close().await
}

fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Where the server listens, once it does.
async fn listening(events: &mut Events) -> anyhow::Result<String> {
    events
        .wait("the server to listen", |event| match event {
            Event::ServerChanged {
                state: ServerState::Listening { addresses, .. },
            } => addresses.first().cloned(),
            _ => None,
        })
        .await
}
