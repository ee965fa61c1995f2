//! Ways through a proxy.

use reqwest::{Client, Proxy, StatusCode};
use sirocco_testkit::hub::ScriptedProxy;

use super::Scene;

fn through(proxy: Proxy) -> Client {
    Client::builder().proxy(proxy).build().unwrap()
}

#[tokio::test]
async fn a_file_comes_through_the_proxy_from_both_origins() {
    let scene = Scene::new().await;
    let proxy = ScriptedProxy::start().await.unwrap();
    let client = through(Proxy::all(proxy.address()).unwrap());
    let url = scene.url("/owner/tiny-GGUF/resolve/main/sub/big-Q4_K_M.gguf");
    let bytes = client
        .get(&url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(bytes == super::big());
    let seen = proxy.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].method.as_str(), &seen[0].target), ("GET", &url));
    assert!(seen[1].target.starts_with(scene.hub.cdn_address()));
}

#[tokio::test]
async fn only_who_knows_the_password_comes_through() {
    let scene = Scene::new().await;
    let proxy = ScriptedProxy::start_for("name", "secret").await.unwrap();
    let url = scene.url("/api/models");
    for (password, status) in [(None, 407), (Some("wrong"), 407), (Some("secret"), 200)] {
        let mut way = Proxy::all(proxy.address()).unwrap();
        if let Some(password) = password {
            way = way.basic_auth("name", password);
        }
        let response = through(way).get(&url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    }
    let admitted: Vec<_> = proxy.seen().iter().map(|seen| seen.admitted).collect();
    assert_eq!(admitted, [false, false, true]);
    assert_eq!(scene.hub.log().len(), 1);
}

/// Our HTTP client is built without SOCKS here, so this speaks it by hand.
#[tokio::test]
async fn socks_leads_to_the_hub_by_name() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let scene = Scene::new().await;
    let proxy = ScriptedProxy::start_for("name", "secret").await.unwrap();
    let host = proxy
        .socks_address()
        .strip_prefix("socks5h://")
        .unwrap()
        .to_owned();
    let port: u16 = scene
        .hub
        .address()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let mut reply = [0; 2];
    stream.write_all(&[5, 1, 2]).await.unwrap();
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, [5, 2]);
    stream.write_all(b"\x01\x04name\x06secret").await.unwrap();
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, [1, 0]);
    stream
        .write_all(b"\x05\x01\x00\x03\x09localhost")
        .await
        .unwrap();
    stream.write_all(&port.to_be_bytes()).await.unwrap();
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply[1], 0);
    let request = "GET /api/whoami-v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(proxy.seen()[0].target, format!("localhost:{port}"));
}
