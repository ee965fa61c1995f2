//! The door: offline, tokens, redirects, proxies, and the log of all that.

mod support;

use std::sync::{Arc, Mutex};

use reqwest::Url;
use reqwest::header::{HeaderValue, IF_RANGE};
use sirocco_hub::network::{
    ConnectionEnd, ConnectionLog, ConnectionStart, Login, Network, NetworkConfiguration, Token,
    refusal,
};
use sirocco_hub::{HubError, RedirectProblem};
use sirocco_protocol::{ConnectionPurpose, ErrorCode, NetworkSettings, ProxyChoice};
use support::{Answer, CERTIFICATE, End, Server};

const PURPOSE: ConnectionPurpose = ConnectionPurpose::Repository;

/// A log in memory.
#[derive(Default)]
struct Lines(Mutex<Vec<(ConnectionStart, Option<ConnectionEnd>)>>);

impl Lines {
    fn all(&self) -> Vec<(ConnectionStart, Option<ConnectionEnd>)> {
        self.0.lock().expect("no test panics with it").clone()
    }

    /// Host, path, status, bytes and error of each line.
    fn ends(&self) -> Vec<(String, Option<u16>, u64, Option<ErrorCode>)> {
        let lines = self.all().into_iter();
        lines
            .map(|(start, end)| {
                let end = end.expect("it has ended");
                (start.path, end.status, end.received_bytes, end.error)
            })
            .collect()
    }
}

impl ConnectionLog for Lines {
    fn begin(&self, start: ConnectionStart) -> i64 {
        let mut lines = self.0.lock().expect("no test panics with it");
        lines.push((start, None));
        lines.len() as i64 - 1
    }

    fn finish(&self, id: i64, end: ConnectionEnd) {
        let mut lines = self.0.lock().expect("no test panics with it");
        let line = &mut lines[id as usize].1;
        assert_eq!(line, &None, "finished twice");
        *line = Some(end);
    }
}

fn to(endpoint: &str) -> NetworkConfiguration {
    NetworkConfiguration {
        settings: NetworkSettings {
            endpoint: Some(endpoint.to_owned()),
            proxy: ProxyChoice::Direct,
            ..NetworkSettings::default()
        },
        ..NetworkConfiguration::default()
    }
}

fn offline(mut configuration: NetworkConfiguration) -> NetworkConfiguration {
    configuration.settings.offline = true;
    configuration
}

fn through(proxy: &str, login: Option<Login>) -> NetworkConfiguration {
    let mut configuration = to("http://hub.example");
    configuration.settings.proxy = ProxyChoice::Manual {
        url: proxy.to_owned(),
    };
    configuration.proxy_login = login;
    configuration
}

fn door(configuration: NetworkConfiguration) -> (Network, Arc<Lines>) {
    let log = Arc::new(Lines::default());
    let token = Token::new("hf_secret");
    (Network::new(configuration, token, log.clone()), log)
}

fn url(text: &str) -> Url {
    text.parse().expect("an address")
}

async fn ask(network: &Network, address: &str) -> Result<Vec<u8>, HubError> {
    let answer = network.get(url(address), PURPOSE).send().await?;
    answer.bytes(1 << 20).await
}

#[tokio::test]
async fn an_answer_is_a_line_without_its_query() {
    let server = Server::start(|_| Answer::new(200, "hello")).await;
    let (network, log) = door(to(&server.address));
    let address = format!("{}/api/models?search=secret", server.address);
    assert_eq!(ask(&network, &address).await.expect("an answer"), b"hello");
    let lines = log.all();
    let (start, end) = &lines[0];
    let host = server.address.trim_start_matches("http://");
    assert_eq!(
        (
            start.method.as_str(),
            start.host.as_str(),
            start.path.as_str(),
            start.purpose
        ),
        ("GET", host, "/api/models", PURPOSE)
    );
    let end = end.as_ref().expect("it has ended");
    assert_eq!(
        (end.status, end.received_bytes, end.error),
        (Some(200), 5, None)
    );
    let asked = server.asked();
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    assert!(
        asked[0]
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("sirocco/"))
    );
    assert_eq!(asked[0].header("referer"), None);
}

#[tokio::test]
async fn the_token_of_an_engine_stays_there_and_what_is_sent_is_sent_once() {
    let elsewhere = Server::start(|_| Answer::new(200, "")).await;
    let to_elsewhere = format!("{}/v1/models", elsewhere.address);
    let engine = Server::start(move |_| Answer::redirect(to_elsewhere.clone())).await;
    let (network, _) = door(to("http://hub.example"));
    let address = url(&format!("{}/v1/models", engine.address));
    let token = Token::new("sk-engine");
    let request = network.get(address.clone(), PURPOSE).token(token.clone());
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_redirection() && answer.had_token());
    let request = network.post(address, PURPOSE, b"{}".to_vec()).token(token);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_redirection());
    let asked = engine.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer sk-engine"));
    assert_eq!(asked[1].header("content-type"), Some("application/json"));
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn the_token_goes_to_the_endpoint_and_nowhere_else() {
    let storage = Server::start(|_| Answer::new(206, "bytes")).await;
    let to_storage = format!("{}/signed?Signature=abc", storage.address);
    let hub = Server::start(move |asked| match asked.path.as_str() {
        "/first" => Answer::redirect("/second"),
        _ => Answer::redirect(to_storage.clone()),
    })
    .await;
    let (network, log) = door(to(&hub.address));
    let request = network.get(url(&format!("{}/first", hub.address)), PURPOSE);
    let request = request
        .range(5, Some(9))
        .header(IF_RANGE, HeaderValue::from_static("\"tag\""));
    let answer = request.send().await.expect("an answer");
    assert!(!answer.is_of_endpoint() && !answer.had_token());
    assert_eq!(answer.bytes(100).await.expect("a body"), b"bytes");
    for asked in hub.asked() {
        assert_eq!(asked.header("authorization"), Some("Bearer hf_secret"));
    }
    // Another port is another origin.
    let asked = storage.asked();
    assert_eq!(asked[0].header("authorization"), None);
    assert_eq!(asked[0].header("range"), Some("bytes=5-9"));
    assert_eq!(asked[0].header("if-range"), Some("\"tag\""));
    // Every host that was contacted is a line.
    assert_eq!(
        log.ends(),
        [
            ("/first".into(), Some(302), 0, None),
            ("/second".into(), Some(302), 0, None),
            ("/signed".into(), Some(206), 5, None),
        ]
    );
    // Nor is it sent to somebody who is asked directly.
    ask(&network, &storage.address).await.expect("an answer");
    assert_eq!(storage.asked()[1].header("authorization"), None);
}

#[tokio::test]
async fn a_request_can_stay_on_its_origin() {
    let hub = Server::start(|asked| match asked.path.as_str() {
        "/first" => Answer::redirect("/second"),
        _ => Answer::redirect("http://storage.example/file").with("x-linked-size", "7"),
    })
    .await;
    let (network, _) = door(to(&hub.address));
    let request = network.head(url(&format!("{}/first", hub.address)), PURPOSE);
    let answer = request.stay_on_origin().send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 302);
    assert_eq!(answer.text_header("x-linked-size"), Some("7"));
}

#[tokio::test]
async fn circles_are_left() {
    let hub = Server::start(|asked| {
        let number: u32 = asked.path.trim_start_matches('/').parse().unwrap_or(0);
        Answer::redirect(format!("/{}", number + 1))
    })
    .await;
    let (network, log) = door(to(&hub.address));
    let error = ask(&network, &format!("{}/0", hub.address))
        .await
        .expect_err("a circle");
    assert!(
        matches!(
            error,
            HubError::Redirect {
                problem: RedirectProblem::Loop,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(hub.asked().len(), 11);
    assert_eq!(
        log.ends().last().expect("a line").3,
        Some(ErrorCode::Network)
    );
}

#[tokio::test]
async fn nothing_leaves_while_offline() {
    let server = Server::start(|_| Answer::new(200, "")).await;
    let (network, log) = door(offline(to(&server.address)));
    for address in [server.address.as_str(), "http://no.such.host.invalid/a"] {
        let error = ask(&network, address).await.expect_err("offline");
        assert!(matches!(error, HubError::Offline), "{error:?}");
    }
    assert!(network.lend(PURPOSE, "pip", "pypi.org", "/").is_err());
    assert!(server.asked().is_empty());
    let errors: Vec<_> = log
        .ends()
        .into_iter()
        .map(|line| (line.1, line.3))
        .collect();
    assert_eq!(errors, [(None, Some(ErrorCode::Offline)); 3]);
    assert!(network.is_offline());
    // The address is known all the same, for links.
    assert_eq!(
        network.endpoint().expect("it").port(),
        url(&server.address).port()
    );
}

#[tokio::test]
async fn going_offline_cuts_off_a_body() {
    let server = Server::start(|_| Answer::new(200, vec![7; 100]).ending(End::Stall(50))).await;
    let (network, log) = door(to(&server.address));
    let request = network.get(url(&server.address), PURPOSE);
    let mut answer = request.send().await.expect("an answer");
    let mut loan = network
        .lend(PURPOSE, "pip", "pypi.org", "/")
        .expect("leave");
    let mut received = 0;
    while received < 50 {
        received += answer.chunk().await.expect("bytes").expect("bytes").len();
    }
    let (cut, revoked, ()) = tokio::join!(answer.chunk(), loan.revoked(), async {
        network
            .configure(offline(to(&server.address)), None)
            .expect("sound settings");
    });
    assert!(matches!(cut, Err(HubError::Offline)), "{cut:?}");
    assert!(matches!(revoked, HubError::Offline), "{revoked:?}");
    assert!(matches!(answer.chunk().await, Err(HubError::Offline)));
    drop((answer, loan));
    let ends = log.ends();
    assert_eq!((ends[0].2, ends[0].3), (50, Some(ErrorCode::Offline)));
}

#[tokio::test]
async fn going_offline_cuts_off_a_request_without_an_answer() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let (network, _) = door(to(&address));
    let (cut, _connection) = tokio::join!(ask(&network, &address), async {
        let connection = silent.accept().await.expect("it connects");
        network
            .configure(offline(to(&address)), None)
            .expect("sound settings");
        connection
    });
    assert!(matches!(cut, Err(HubError::Offline)), "{cut:?}");
}

#[tokio::test]
async fn another_proxy_cuts_off_what_went_the_old_way() {
    let server = Server::start(|_| Answer::new(200, vec![7; 100]).ending(End::Stall(50))).await;
    let (network, _) = door(to(&server.address));
    let request = network.get(url(&server.address), PURPOSE);
    let mut answer = request.send().await.expect("an answer");
    // The same settings again, or another token, change nothing.
    network
        .configure(to(&server.address), None)
        .expect("sound settings");
    network.set_token(Token::new("hf_other"));
    assert!(answer.chunk().await.is_ok());
    network
        .configure(through("http://127.0.0.1:9", None), None)
        .expect("sound settings");
    let cut = answer.bytes(1 << 20).await;
    assert!(matches!(cut, Err(HubError::Reconfigured { .. })), "{cut:?}");
}

#[tokio::test]
async fn a_manual_proxy_is_used_for_everything() {
    let proxy = Server::start(|_| Answer::new(200, "by the proxy")).await;
    let login = Login {
        name: "me".into(),
        password: "p@ss:word".into(),
    };
    let (network, _) = door(through(&proxy.address, Some(login)));
    let body = ask(&network, "http://hub.example/file")
        .await
        .expect("an answer");
    assert_eq!(body, b"by the proxy");
    let asked = proxy.asked();
    assert_eq!(asked[0].path, "http://hub.example/file");
    assert_eq!(
        asked[0].header("proxy-authorization"),
        Some("Basic bWU6cEBzczp3b3Jk")
    );
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_is_told_apart() {
    let proxy = Server::start(|_| Answer::new(407, "")).await;
    let (network, log) = door(through(&proxy.address, None));
    for address in ["http://hub.example/file", "https://hub.example/file"] {
        let error = ask(&network, address).await.expect_err("no login");
        assert!(matches!(error, HubError::Proxy), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("password")));
    }
    assert_eq!(log.ends()[0].1, Some(407));
}

#[tokio::test]
async fn a_socks_proxy_resolves_the_names() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = format!("socks5://{}", listener.local_addr().expect("an address"));
    let (network, _) = door(through(&address, None));
    let (error, greeting) = tokio::join!(ask(&network, "http://hub.example/file"), async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.expect("it connects");
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).await.expect("a greeting");
        stream.write_all(&[5, 0]).await.expect("an answer");
        let mut request = vec![0; 5 + "hub.example".len() + 2];
        stream.read_exact(&mut request).await.expect("a request");
        (hello, request)
    });
    assert!(error.is_err(), "the proxy hung up");
    assert_eq!(greeting.0[0], 5);
    // Version 5, connect, reserved, a name (3) of 11 bytes.
    assert_eq!(greeting.1[..5], [5, 1, 0, 3, 11]);
    assert_eq!(&greeting.1[5..16], b"hub.example");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_and_the_old_ones_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_certificates = folder.path().join("ca.pem");
    std::fs::write(&no_certificates, "just words").expect("a file");
    let server = Server::start(|_| Answer::new(200, "still here")).await;
    let (network, _) = door(to(&server.address));
    let with_ca = |path: &std::path::Path| {
        let mut configuration = to(&server.address);
        configuration.settings.extra_ca = Some(path.display().to_string());
        configuration
    };
    for wrong in [
        to("not an address"),
        to("ftp://hub.example"),
        offline(to("file:///etc/passwd")),
        through("ftp://proxy.example", None),
        through("http://", None),
        with_ca(&no_certificates),
        with_ca(&folder.path().join("nothing")),
        with_ca(folder.path()),
    ] {
        let error = network.configure(wrong, None).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::InvalidRequest, "{error:?}");
    }
    let body = ask(&network, &server.address).await.expect("an answer");
    assert_eq!(body, b"still here");
    // From the beginning, nothing is tried without them.
    let (network, _) = door(with_ca(&no_certificates));
    let error = ask(&network, &server.address).await.expect_err("blocked");
    assert!(
        matches!(&error, HubError::Blocked { message } if message.contains("ca.pem")),
        "{error:?}"
    );
    assert_eq!(server.asked().len(), 1);
    // When what was wrong is put right, the same settings work.
    let settings = with_ca(&no_certificates);
    assert!(!network.uses(&settings.settings));
    std::fs::write(&no_certificates, CERTIFICATE).expect("a file");
    network.configure(settings, None).expect("sound settings");
    ask(&network, &server.address).await.expect("an answer");
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let login = Login {
        name: "me".into(),
        password: "s3cret".into(),
    };
    let (network, _) = door(through("http://127.0.0.1:9", Some(login)));
    let error = network
        .configure(through("nonsense://me:s3cret@proxy.example", None), None)
        .expect_err("refused");
    for text in [
        format!("{network:?}"),
        format!("{:?}", Token::new("hf_s3cret")),
        format!("{error} {error:?}"),
    ] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    for no_token in ["", "  ", "two words", "hf_\u{e4}", &"x".repeat(2_000)] {
        assert_eq!(Token::new(no_token), None, "{no_token:?}");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let hub = Server::start(|asked| match asked.path.as_str() {
        "/o/n/resolve/main/gated" => Answer::new(403, "").with("x-error-code", "GatedRepo"),
        "/private" => Answer::new(401, "").with("x-error-code", "RepoNotFound"),
        "/forbidden" => Answer::new(403, ""),
        "/gone" => Answer::new(404, "").with("x-error-code", "RepoNotFound"),
        "/file" => Answer::new(404, "").with("x-error-code", "EntryNotFound"),
        "/slow" => Answer::new(429, "")
            .with("ratelimit", "\"api\";r=0;t=55")
            .with("retry-after", "3"),
        _ => Answer::new(503, ""),
    })
    .await;
    let (network, _) = door(to(&hub.address));
    let refused = async |path: &str| {
        let asked = url(&format!("{}{path}", hub.address));
        let answer = network.get(asked.clone(), PURPOSE).send().await;
        refusal(&answer.expect("an answer"), &asked)
    };
    let gated = refused("/o/n/resolve/main/gated").await;
    assert_eq!(gated.code(), ErrorCode::Gated);
    assert_eq!(gated.hint(), Some(format!("{}/o/n", hub.address).as_str()));
    for (path, code) in [
        ("/private", ErrorCode::TokenNeeded),
        ("/forbidden", ErrorCode::TokenNeeded),
        ("/gone", ErrorCode::NotFound),
        ("/file", ErrorCode::NotFound),
        ("/slow", ErrorCode::Network),
        ("/broken", ErrorCode::Network),
    ] {
        assert_eq!(refused(path).await.code(), code, "{path}");
    }
    let slow = refused("/slow").await;
    assert!(
        matches!(slow, HubError::RateLimited { retry_after: Some(wait), .. } if wait.as_secs() == 55),
        "{slow:?}"
    );
}

#[tokio::test]
async fn a_body_is_not_read_beyond_its_limit() {
    let server = Server::start(|_| {
        Answer::new(200, vec![7; 1000])
            .ending(End::Endless)
            .without_length()
    })
    .await;
    let (network, _) = door(to(&server.address));
    let answer = network.get(url(&server.address), PURPOSE).send().await;
    let error = answer
        .expect("an answer")
        .bytes(100_000)
        .await
        .expect_err("too long");
    assert!(
        matches!(
            error,
            HubError::TooLong {
                limit_bytes: 100_000,
                ..
            }
        ),
        "{error:?}"
    );
    let answer = network.get(url(&server.address), PURPOSE).send().await;
    let (prefix, is_whole) = answer
        .expect("an answer")
        .prefix(1_500)
        .await
        .expect("a prefix");
    assert_eq!((prefix.len(), is_whole), (1_500, false));
}
