//! Who may use the server, and when it runs.

use std::net::{Ipv4Addr, TcpListener};

use reqwest::Method;
use reqwest::header::HeaderMap;
use sirocco_protocol::commands::SettingsSet;
use sirocco_protocol::{ErrorCode, ServerSettings, Settings, TokenScope};
use sirocco_server::{Following, TokenLimits, Tokens};
use sirocco_testkit::{Script, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server_scene::{Scene, told};
use crate::{app, code};

#[tokio::test]
async fn a_name_that_leads_here_by_stealth_is_refused() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let port = scene.port();
    for (host, expected) in [
        (format!("localhost:{port}"), 200),
        (format!("127.0.0.1:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        (format!("evil.example:{port}"), 421),
        ("192.168.1.7".to_owned(), 421),
    ] {
        let request = scene
            .request(Method::GET, "/v1/models")
            .header("host", &host);
        assert_eq!(told(request).await?.0, expected, "{host}");
    }
    scene.close().await
}

#[tokio::test]
async fn pages_may_not_ask_unless_their_origin_is_listed() -> anyhow::Result<()> {
    let closed = Scene::open(&Script::default()).await?;
    let request = closed
        .request(Method::GET, "/v1/models")
        .header("origin", "http://evil.example");
    let (status, answer) = told(request).await?;
    assert_eq!(status, 403);
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("cors_origins"))
    );
    let ours = format!("http://127.0.0.1:{}", closed.port());
    let request = closed
        .request(Method::GET, "/v1/models")
        .header("origin", ours);
    assert_eq!(told(request).await?.0, 200);
    closed.close().await?;

    let page = "http://localhost:3000";
    let open = Scene::on(Ipv4Addr::LOCALHOST, &[page], &Script::default()).await?;
    let allowed = |headers: &HeaderMap| {
        headers
            .get("access-control-allow-origin")
            .and_then(|origin| origin.to_str().ok())
            .map(str::to_owned)
    };
    let request = open
        .request(Method::GET, "/v1/models")
        .header("origin", page);
    let response = request.send().await?;
    assert_eq!(
        (
            response.status().as_u16(),
            allowed(response.headers()).as_deref()
        ),
        (200, Some(page))
    );
    assert_eq!(response.headers()["vary"], "origin");
    let preflight = open
        .request(Method::OPTIONS, "/v1/chat/completions")
        .header("origin", page)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let response = preflight.send().await?;
    assert_eq!(
        (
            response.status().as_u16(),
            allowed(response.headers()).as_deref()
        ),
        (204, Some(page))
    );
    assert_eq!(
        response.headers()["access-control-allow-headers"],
        "authorization,content-type"
    );
    let request = open
        .request(Method::GET, "/v1/models")
        .header("origin", "http://localhost:3001");
    let response = request.send().await?;
    assert_eq!(
        (response.status().as_u16(), allowed(response.headers())),
        (403, None)
    );
    open.close().await
}

#[tokio::test]
async fn the_network_needs_a_token() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let token = scene
        .tokens
        .add("laptop", &[TokenScope::Generate], TokenLimits::default())?
        .secret;
    for (path, error) in [
        ("/v1/models", "/error/message"),
        ("/api/v0/models", "/error"),
        ("/api/tags", "/error"),
        ("/v1/messages", "/error/message"),
    ] {
        let response = scene.request(Method::GET, path).send().await?;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let answer: serde_json::Value = response.json().await?;
        let message = answer.pointer(error).and_then(|text| text.as_str());
        assert!(
            message.is_some_and(|text| text.contains("sirocco token add")),
            "{answer}"
        );
    }
    let with = |token: &str| scene.request(Method::GET, "/v1/models").bearer_auth(token);
    assert_eq!(told(with(&token)).await?.0, 200);
    assert_eq!(told(with("sk-sirocco-guessed")).await?.0, 401);
    let key = scene
        .request(Method::GET, "/v1/models")
        .header("x-api-key", &token);
    assert_eq!(told(key).await?.0, 200);
    // Any name of this machine is as good.
    assert_eq!(
        told(with(&token).header("host", "workstation:1234"))
            .await?
            .0,
        200
    );
    scene.tokens.remove("laptop")?;
    assert_eq!(told(with(&token)).await?.0, 401, "at once");
    scene.close().await
}

#[tokio::test]
async fn on_this_machine_any_key_will_do() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let request = scene
        .request(Method::GET, "/v1/models")
        .bearer_auth("sk-anything");
    assert_eq!(told(request).await?.0, 200);
    scene.close().await
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_sent() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, scene.port())).await?;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\
                connection: close\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    within("a refusal", connection.read_to_string(&mut answer)).await??;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("longer than 32 MiB"), "{answer}");
    scene.close().await
}

#[tokio::test]
async fn the_settings_start_and_stop_the_server() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let tokens = Tokens::in_file(app.outside().join("tokens.json"));
    let port = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        free.local_addr()?.port()
    };
    let following = Following::begin(app.app().clone(), tokens);
    let set = async |server: ServerSettings| {
        let settings = Settings {
            server,
            ..Settings::default()
        };
        app.call::<Settings>("settings_set", SettingsSet { settings })
            .await
    };
    let on = ServerSettings {
        enabled: true,
        port,
        ..ServerSettings::default()
    };
    set(on.clone()).await?;
    within("the server to start", until_open(port, true)).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let address = format!("http://127.0.0.1:{port}/api/tags");
    let answer = client.get(address).send().await?;
    assert_eq!(answer.status(), 200);
    set(ServerSettings::default()).await?;
    within("the server to stop", until_open(port, false)).await?;

    set(on.clone()).await?;
    within("the server to start again", until_open(port, true)).await?;
    within("the server to close", following.close()).await?;
    within("the port to be free", until_open(port, false)).await?;

    let wrong = ServerSettings {
        port: 0,
        ..on.clone()
    };
    assert_eq!(code(set(wrong).await), ErrorCode::InvalidRequest);
    let wrong = ServerSettings {
        cors_origins: vec!["localhost".into()],
        ..on
    };
    assert_eq!(code(set(wrong).await), ErrorCode::InvalidRequest);
    app.close().await
}

/// Waits until somebody listens on the port, or nobody does.
async fn until_open(port: u16, open: bool) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_ok()
        != open
    {
        tokio::task::yield_now().await;
    }
}
