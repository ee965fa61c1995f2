//! Programs that mean no good, or do not care.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sirocco_protocol::TokenScope;
use sirocco_server::connections::Patience;
use sirocco_server::{TokenLimits, Tokens};
use sirocco_testkit::{Script, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server_scene::{EXPIRED, Scene, told};

const CHAT: &str = "/v1/chat/completions";

/// The status of a request that no client library would send.
async fn status_of(scene: &Scene, request: String) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, scene.port())).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    within("an answer", stream.read_to_end(&mut answer)).await??;
    let head = String::from_utf8_lossy(&answer);
    let status = head.split(' ').nth(1).unwrap_or_default();
    Ok(status.parse().unwrap_or(0))
}

#[tokio::test]
async fn a_token_that_has_expired_or_is_not_from_here_opens_nothing() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let elsewhere = Tokens::in_file(scene.app.outside().join("elsewhere.json"));
    let scopes = [TokenScope::Generate, TokenScope::Manage];
    let expired = scene.tokens.add("old", &scopes, EXPIRED)?.secret;
    let foreign = elsewhere
        .add("laptop", &scopes, TokenLimits::default())?
        .secret;
    let good = scene
        .tokens
        .add("laptop", &scopes, TokenLimits::default())?
        .secret;
    let cut = &good[..good.len() - 1];
    for (token, expected) in [
        (good.as_str(), 200),
        (&expired, 401),
        (&foreign, 401),
        (cut, 401),
        ("", 401),
    ] {
        for header in ["authorization", "x-api-key"] {
            let value = match header {
                "authorization" => format!("Bearer {token}"),
                _ => token.to_owned(),
            };
            let request = scene
                .request(Method::GET, "/v1/models")
                .header(header, value);
            assert_eq!(told(request).await?.0, expected, "{header}: {token}");
        }
    }
    scene.close().await
}

#[tokio::test]
async fn tricks_with_paths_lead_nowhere_and_open_nothing() -> anyhow::Result<()> {
    let scene = Scene::on(Ipv4Addr::UNSPECIFIED, &[], &Script::default()).await?;
    let token = scene
        .tokens
        .add("reader", &[TokenScope::Generate], TokenLimits::default())?
        .secret;
    for path in [
        "/../../etc/passwd",
        "/v1/models/..%2f..%2f..%2fetc%2fpasswd",
        "/v1/models/%00",
        "/v1/models/%ff",
        "//v1/models",
        "/v1//models",
        "/v1/models/../../api/pull",
        "/%2e%2e/%2e%2e/etc/passwd",
        "http://evil.example/v1/nothing",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        let status = status_of(&scene, request).await?;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    // A token that may not manage does not get there by another spelling.
    let body = json!({"model": scene.key}).to_string();
    for path in [
        "/api/delete",
        "/api/delete/",
        "/api//delete",
        "/api/%64elete",
        "/API/DELETE",
        "/api/./delete",
        "/api/tags/../delete",
        "/api/delete?x=/v1/models",
        "/api/delete;/v1/models",
    ] {
        let request = format!(
            "DELETE {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let status = status_of(&scene, request).await?;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    let request = scene.request(Method::GET, "/v1/models").bearer_auth(&token);
    let (_, models) = told(request).await?;
    assert_eq!(models["data"][0]["id"], scene.key, "it is still there");
    scene.close().await
}

#[tokio::test]
async fn a_thousand_connections_that_say_nothing_stop_nobody() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let mut silent = Vec::with_capacity(1000);
    for _ in 0..1000 {
        silent.push(TcpStream::connect((Ipv4Addr::LOCALHOST, scene.port())).await?);
    }
    let body = json!({"model": scene.key, "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.ask(CHAT, body).await?;
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    drop(silent);
    scene.close().await
}

#[tokio::test]
async fn who_does_not_say_what_it_wants_is_hung_up_on_and_a_long_answer_is_not()
-> anyhow::Result<()> {
    let patience = Patience {
        head: Duration::from_millis(300),
        ..Patience::default()
    };
    // Its answers take longer than a head may.
    let scene = Scene::hurried(patience, &Script::slow(100, 10.0)).await?;
    let body = json!({
        "model": scene.key, "messages": [{"role": "user", "content": "hi"}], "stream": true,
    });
    let mut answer = scene.stream(CHAT, body).await?;
    answer.until_data().await?;
    for begin in [
        "",
        "GET /v1/mod",
        "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n",
    ] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, scene.port())).await?;
        stream.write_all(begin.as_bytes()).await?;
        let mut rest = Vec::new();
        within("the end", stream.read_to_end(&mut rest)).await??;
        assert!(rest.is_empty(), "{begin}: {rest:?}");
    }
    let events = answer.events().await?;
    assert_eq!(
        events.last().map(|event| event.data.as_str()),
        Some("[DONE]")
    );
    scene.close().await
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() -> anyhow::Result<()> {
    let patience = Patience {
        body: Duration::from_millis(50),
        ..Patience::default()
    };
    let scene = Scene::hurried(patience, &Script::default()).await?;
    for (path, length) in [
        (CHAT, "content-length: 100"),
        ("/v1/messages", "content-length: 100"),
        ("/api/chat", "transfer-encoding: chunked"),
    ] {
        let begin =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{length}\r\n\r\n5\r\n{{\"a\":");
        assert_eq!(status_of(&scene, begin).await?, 408, "{path}");
    }
    scene.close().await
}

#[tokio::test]
async fn a_hundred_clients_that_leave_in_mid_stream_leave_no_answer_behind() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::slow(3000, 1.0)).await?;
    let mut events = scene.app.events();
    let body = json!({
        "model": scene.key, "messages": [{"role": "user", "content": "hi"}], "stream": true,
    });
    let mut streams = Vec::with_capacity(100);
    for _ in 0..100 {
        let mut stream = scene.stream(CHAT, body.clone()).await?;
        assert!(stream.event().await?.is_some());
        streams.push(stream);
    }
    scene.until_waiting(&mut events, 100).await?;
    drop(streams);
    scene.until_waiting(&mut events, 0).await?;
    let body =
        json!({"model": scene.key, "prompt": "hi", "options": {"num_predict": 2}, "stream": false});
    let answer = scene.ask("/api/generate", body).await?;
    assert_eq!(answer["eval_count"], 2, "the next one is served at once");
    scene.close().await
}
