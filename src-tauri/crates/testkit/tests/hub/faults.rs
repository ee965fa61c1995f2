//! Every way to fail.

use reqwest::Response;
use sirocco_testkit::hub::{Fault, On};

use super::{BIG, Scene, big, header};

/// Reads to the end or to the error: what came, and whether that was all.
async fn read(mut response: Response) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

/// The answer to a range of the big file with this fault.
async fn struck(fault: Fault, range: &str) -> Response {
    let scene = Scene::new().await;
    scene.hub.fault(On::cdn("big"), fault);
    let response = scene.part(range).await;
    // It is broken once only.
    let (bytes, whole) = read(scene.part("bytes=0-").await).await;
    assert!(whole && bytes == big());
    response
}

#[tokio::test]
async fn a_body_is_cut_at_the_byte() {
    let scene = Scene::new().await;
    scene.hub.fault(
        On::cdn("big"),
        Fault::Cut {
            after_bytes: 1_500_000,
        },
    );
    let (bytes, whole) = read(scene.part("bytes=10-").await).await;
    assert!(!whole);
    assert!(bytes == big()[10..1_500_010]);
}

#[tokio::test]
async fn a_body_ends_by_a_reset() {
    let scene = Scene::new().await;
    scene.hub.fault(
        On::cdn("big"),
        Fault::Reset {
            after_bytes: 1_500_000,
        },
    );
    let (bytes, whole) = read(scene.part("bytes=10-").await).await;
    assert!(!whole);
    assert!(bytes.len() <= 1_500_000 && big()[10..].starts_with(&bytes));
}

#[tokio::test]
async fn an_unannounced_cut_looks_like_an_end() {
    let scene = Scene::new().await;
    scene
        .hub
        .fault(On::cdn("big"), Fault::CutUnannounced { after_bytes: 1000 });
    let response = scene.part("bytes=0-").await;
    assert_eq!(header(&response, "content-length"), "");
    assert_eq!(read(response).await, (big()[..1000].to_vec(), true));
}

#[tokio::test]
async fn a_connection_ends_before_any_answer() {
    let scene = Scene::new().await;
    let address = scene.big().await;
    scene.hub.fault(On::cdn("big"), Fault::HangUp);
    assert!(scene.client.get(&address).send().await.is_err());
    scene.hub.set_away(true);
    assert!(scene.client.get(&address).send().await.is_err());
    assert!(
        scene
            .client
            .get(scene.url("/api/models"))
            .send()
            .await
            .is_err()
    );
    scene.hub.set_away(false);
    assert_eq!(
        scene.client.get(&address).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn a_stalled_body_goes_on_when_told() {
    let scene = Scene::new().await;
    scene.hub.fault(
        On::cdn("big"),
        Fault::Stall {
            after_bytes: 100_000,
        },
    );
    let mut response = scene.part("bytes=0-").await;
    let mut bytes = Vec::new();
    while bytes.len() < 100_000 {
        bytes.extend_from_slice(&response.chunk().await.unwrap().unwrap());
    }
    assert_eq!(bytes.len(), 100_000);
    let sent =
        |log: &Vec<sirocco_testkit::hub::LoggedRequest>| log.last().unwrap().sent_bytes == 100_000;
    scene.hub.until("what was sent", sent).await.unwrap();
    scene.hub.resume();
    let (rest, whole) = read(response).await;
    assert!(whole);
    assert!(rest == big()[100_000..]);
}

#[tokio::test]
async fn an_answer_that_stalls_comes_when_told() {
    let scene = Scene::new().await;
    scene
        .hub
        .fault(On::hub("/api/models"), Fault::StallBeforeAnswer);
    let asking = tokio::spawn(scene.client.get(scene.url("/api/models")).send());
    scene
        .hub
        .until("the request", |log| !log.is_empty())
        .await
        .unwrap();
    // The answer may not have begun to wait: it is told until it comes.
    while !asking.is_finished() {
        scene.hub.resume();
        tokio::task::yield_now().await;
    }
    assert_eq!(asking.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_stalled_hub_can_be_closed() {
    let scene = Scene::new().await;
    scene
        .hub
        .fault(On::cdn("big"), Fault::Stall { after_bytes: 10 });
    let response = scene.part("bytes=0-").await;
    scene.hub.close().await;
    assert!(!read(response).await.1);
}

#[tokio::test]
async fn ranges_are_answered_wrongly() {
    let response = struck(Fault::IgnoreRange, "bytes=10-").await;
    assert_eq!(response.status(), 200);
    assert!(read(response).await.0 == big());

    let response = struck(Fault::OtherStart { later_by: 5 }, "bytes=10-").await;
    assert_eq!(
        header(&response, "content-range"),
        format!("bytes 15-2999999/{BIG}")
    );
    assert!(read(response).await.0 == big()[15..]);

    let response = struck(Fault::OtherTotal { total: 99 }, "bytes=10-").await;
    assert_eq!(header(&response, "content-range"), "bytes 10-2999999/99");

    let response = struck(Fault::Short { bytes: 7 }, "bytes=10-").await;
    assert_eq!(
        header(&response, "content-range"),
        format!("bytes 10-16/{BIG}")
    );
    assert_eq!(read(response).await, (big()[10..17].to_vec(), true));
}

#[tokio::test]
async fn bytes_are_wrong_at_the_right_length() {
    let response = struck(Fault::WrongByte { at: 12 }, "bytes=10-").await;
    let (bytes, whole) = read(response).await;
    assert!(whole);
    let mut wanted = big()[10..].to_vec();
    wanted[2] ^= 0xff;
    assert!(bytes == wanted);
}

#[tokio::test]
async fn more_comes_than_there_is() {
    let response = struck(Fault::Longer { bytes: 9 }, "bytes=0-").await;
    assert_eq!(header(&response, "content-length"), (BIG + 9).to_string());
    assert_eq!(read(response).await.0.len() as u64, BIG + 9);

    let mut response = struck(Fault::Endless, "bytes=0-").await;
    assert_eq!(header(&response, "content-length"), "");
    let mut length = 0;
    while length < 2 * BIG {
        length += response.chunk().await.unwrap().unwrap().len() as u64;
    }

    let response = struck(Fault::NoLength, "bytes=0-").await;
    assert_eq!(header(&response, "content-length"), "");
    assert!(read(response).await == (big(), true));
}

#[tokio::test]
async fn bytes_follow_the_announced_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let scene = Scene::new().await;
    scene
        .hub
        .fault(On::cdn("big"), Fault::Trailing { bytes: 6 });
    let address = scene.big().await;
    let place = address.strip_prefix(scene.hub.cdn_address()).unwrap();
    let host = scene.hub.cdn_address().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET {place} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let head = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(String::from_utf8_lossy(&answer[..head]).contains("content-length: 3000000"));
    assert_eq!(answer.len() - head, BIG as usize + 6);
    assert!(answer.ends_with(b"######"));
}

#[tokio::test]
async fn a_body_comes_compressed_unasked() {
    let scene = Scene::new().await;
    scene.hub.fault(On::cdn("tiny"), Fault::Gzip);
    let response = scene
        .get("/owner/tiny-GGUF/resolve/main/tiny-Q8_0.gguf")
        .await;
    let response = scene
        .client
        .get(header(&response, "location"))
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "content-encoding"), "gzip");
    let (bytes, whole) = read(response).await;
    assert!(whole && bytes.starts_with(&[0x1f, 0x8b]));
}

#[tokio::test]
async fn another_file_is_in_its_place() {
    let scene = Scene::new().await;
    let path = "/owner/tiny-GGUF/resolve/main/sub/big-Q4_K_M.gguf";
    scene.hub.fault(
        On::hub("big"),
        Fault::OtherETag {
            etag: "0".repeat(64),
        },
    );
    scene.hub.fault(
        On::hub("big").nth(2),
        Fault::OtherCommit {
            commit: "1".repeat(40),
        },
    );
    let response = scene.get(path).await;
    assert_eq!(
        header(&response, "x-linked-etag"),
        format!("\"{}\"", "0".repeat(64))
    );
    let response = scene.get(path).await;
    assert_eq!(header(&response, "x-repo-commit"), "1".repeat(40));
}

#[tokio::test]
async fn something_else_is_answered() {
    for (fault, status, name, value) in [
        (Fault::Expired, 403, "content-type", "application/xml"),
        (
            Fault::ErrorPage,
            200,
            "content-type",
            "text/html; charset=utf-8",
        ),
        (Fault::ServerError, 500, "content-type", "application/json"),
        (
            Fault::Unavailable {
                retry_after_s: Some(3),
            },
            503,
            "retry-after",
            "3",
        ),
        (
            Fault::TooManyRequests {
                retry_after_s: Some(2),
                rate_limit_s: None,
            },
            429,
            "retry-after",
            "2",
        ),
        (
            Fault::TooManyRequests {
                retry_after_s: None,
                rate_limit_s: Some(55),
            },
            429,
            "ratelimit",
            "\"api\";r=0;t=55",
        ),
        (
            Fault::RedirectTo {
                location: "http://10.0.0.1/".into(),
            },
            302,
            "location",
            "http://10.0.0.1/",
        ),
        (
            Fault::Header {
                name: "x-hf-warning".into(),
                value: "a; b".into(),
            },
            206,
            "x-hf-warning",
            "a; b",
        ),
        (
            Fault::Answer {
                status: 407,
                headers: vec![("via".into(), "1.1 p".into())],
                body: "no".into(),
            },
            407,
            "via",
            "1.1 p",
        ),
    ] {
        let response = struck(fault.clone(), "bytes=0-").await;
        assert_eq!(response.status().as_u16(), status, "{fault:?}");
        assert_eq!(header(&response, name), value, "{fault:?}");
    }
}

#[tokio::test]
async fn redirects_go_round() {
    let scene = Scene::new().await;
    scene
        .hub
        .fault(On::hub("/api/models").always(), Fault::RedirectLoop);
    for _ in 0..3 {
        let response = scene.get("/api/models?search=x").await;
        assert_eq!(header(&response, "location"), "/api/models?search=x");
    }
    scene.hub.clear_faults();
    assert_eq!(scene.get("/api/models?search=x").await.status(), 200);
}

#[tokio::test]
async fn a_body_trickles() {
    let response = struck(
        Fault::Trickle {
            bytes: 100_000,
            every_ms: 1,
        },
        "bytes=0-",
    )
    .await;
    assert!(read(response).await == (big(), true));
}
