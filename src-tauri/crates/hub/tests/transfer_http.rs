//! A transfer against a server that misbehaves in each of the ways servers do.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::{sync::Arc, time::Duration};

use sirocco_hub::{FetchRequest, HubError, RedirectProblem};
use support::{Answer, Bench, End, Server, content};

const LENGTH: usize = 300_000;
const CUT: usize = 100_000;

/// Fetches and gives the error, having made sure that no file has appeared.
async fn failure(bench: &Bench, request: FetchRequest) -> Arc<HubError> {
    let error = bench
        .start(request)
        .outcome()
        .await
        .expect_err("it cannot succeed");
    assert!(!bench.target.exists(), "a file appeared although: {error}");
    error
}

async fn success(bench: &Bench, request: FetchRequest, content: &[u8]) {
    let path = bench.start(request).outcome().await.expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), content);
    assert_eq!(bench.names(), ["model.gguf"], "nothing else is left");
}

#[tokio::test]
async fn a_file_arrives_whole_and_nothing_else_is_left() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| Answer::serve(asked, &served)).await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
    assert!(
        asked
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("sirocco/"))
    );
}

#[tokio::test]
async fn a_cut_connection_is_continued_where_it_broke() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::serve(asked, &served).ending(End::Cut(CUT)),
        1 => Answer::serve(asked, &served).ending(End::Cut(CUT / 2)),
        _ => Answer::serve(asked, &served),
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(server.ranges(), [None, Some(CUT), Some(CUT + CUT / 2)]);
    assert_eq!(
        bench.waits(),
        [1, 1],
        "progress makes each failure the first again"
    );
}

#[tokio::test]
async fn a_body_that_ends_early_without_a_length_is_continued() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::new(200, &served[..CUT]).without_length(),
        _ => Answer::serve(asked, &served),
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn a_server_that_ignores_ranges_makes_it_begin_anew() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| {
        let answer = Answer::new(200, served.clone());
        if asked.number == 0 {
            answer.ending(End::Cut(CUT))
        } else {
            answer
        }
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn another_range_than_asked_for_is_not_used() {
    for range in [
        "bytes 99999-299999/300000",
        "bytes 0-299999/300000",
        "nonsense",
        "bytes 100000-99/300000",
    ] {
        let (bench, bytes) = (Bench::new(), content(LENGTH));
        let served = bytes.clone();
        let server = Server::start(move |asked| match asked.number {
            0 => Answer::serve(asked, &served).ending(End::Cut(CUT)),
            1 => Answer::new(206, &served[7..]).with("content-range", range),
            _ => Answer::serve(asked, &served),
        })
        .await;
        success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
        assert_eq!(server.ranges(), [None, Some(CUT), None], "{range}");
    }
}

#[tokio::test]
async fn a_range_of_a_file_of_another_size_is_refused() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::serve(asked, &served).ending(End::Cut(CUT)),
        _ => Answer::new(206, &served[CUT..]).with("content-range", "bytes 100000-299999/400000"),
    })
    .await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(
            *error,
            HubError::Size {
                expected: 300_000,
                found: 400_000,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_changed_file_is_not_mixed_with_the_old_one() {
    // Two servers: one knows If-Range, the other goes on regardless but names the new version.
    for knows_if_range in [true, false] {
        let (bench, bytes) = (Bench::new(), content(LENGTH));
        let old = vec![7; LENGTH];
        let served = bytes.clone();
        let server = Server::start(
            move |asked| match (asked.number, asked.header("if-range")) {
                (0, _) => Answer::serve(asked, &old)
                    .with("etag", "\"old\"")
                    .ending(End::Cut(CUT)),
                (_, Some("\"old\"")) if knows_if_range => {
                    Answer::new(200, served.clone()).with("etag", "\"new\"")
                }
                _ => Answer::serve(asked, &served).with("etag", "\"new\""),
            },
        )
        .await;
        let request = FetchRequest {
            sha256: None,
            expected_size: None,
            ..bench.request(vec![server.source()], &bytes)
        };
        success(&bench, request, &bytes).await;
        assert_eq!(server.asked()[1].header("if-range"), Some("\"old\""));
    }
}

#[tokio::test]
async fn without_hash_and_version_nothing_is_continued() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| {
        let answer = Answer::serve(asked, &served).with("etag", "W/\"weak\"");
        if asked.number == 0 {
            answer.ending(End::Cut(CUT))
        } else {
            answer
        }
    })
    .await;
    let request = FetchRequest {
        sha256: None,
        ..bench.request(vec![server.source()], &bytes)
    };
    success(&bench, request, &bytes).await;
    assert_eq!(server.ranges(), [None, None]);
}

#[tokio::test]
async fn wrong_bytes_never_become_a_file() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let mut wrong = bytes.clone();
    wrong[200_000] ^= 1;
    let server = Server::start(move |asked| Answer::serve(asked, &wrong)).await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(matches!(*error, HubError::Hash { .. }), "{error}");
    assert_eq!(
        server.ranges(),
        [None, None],
        "it is tried once more, from the beginning"
    );
}

#[tokio::test]
async fn bytes_that_went_wrong_on_the_way_are_fetched_again() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::new(200, vec![0; LENGTH]),
        _ => Answer::serve(asked, &served),
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
}

#[tokio::test]
async fn an_error_page_is_not_a_model() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let server = Server::start(|_| Answer::new(200, "<html>please log in</html>")).await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(*error, HubError::Size { found: 26, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_endless_body_is_stopped_at_the_promised_size() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |_| {
        Answer::new(200, served.clone())
            .without_length()
            .ending(End::Endless)
    })
    .await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(
            *error,
            HubError::Overlong {
                expected: 300_000,
                ..
            }
        ),
        "{error}"
    );
    let kept = std::fs::metadata(bench.folder.path().join("model.gguf.part"))
        .expect("the part")
        .len();
    assert_eq!(kept, 0, "bytes of a liar are not kept");
}

#[tokio::test]
async fn the_server_is_given_the_time_it_asks_for() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::new(429, "").with("retry-after", "7"),
        1 => Answer::new(429, "").with("ratelimit", "\"resolve\";r=0;t=55"),
        2 => Answer::new(503, ""),
        _ => Answer::serve(asked, &served),
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(bench.waits(), [7, 55, 4]);
}

#[tokio::test]
async fn a_server_that_stays_broken_is_given_up() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let server = Server::start(|_| Answer::new(500, "oops")).await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(*error, HubError::Server { status: 500, .. }),
        "{error}"
    );
    assert_eq!(server.asked().len(), 4);
    assert_eq!(bench.waits(), [1, 2, 4]);
}

#[tokio::test]
async fn refusals_are_final_and_say_what_to_do() {
    for status in [401, 403, 404, 410, 407, 418] {
        let (bench, bytes) = (Bench::new(), content(LENGTH));
        let server = Server::start(move |_| Answer::new(status, "no")).await;
        let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
        assert_eq!(server.asked().len(), 1, "{status}");
        let words = error.to_string();
        assert!(words.contains(&format!("(status {status})")), "{words}");
        assert_eq!(
            error.hint().is_some(),
            [401, 403, 407].contains(&status),
            "{status}"
        );
    }
}

#[tokio::test]
async fn an_expired_signed_address_is_asked_for_again() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let storage = Server::start(move |asked| match asked.path.as_str() {
        "/signed-1" if asked.number == 0 => Answer::serve(asked, &served).ending(End::Cut(CUT)),
        "/signed-3" => Answer::serve(asked, &served),
        _ => Answer::new(403, "<Error>expired</Error>"),
    })
    .await;
    let address = storage.address.clone();
    let hub = Server::start(move |asked| {
        Answer::redirect(format!("{address}/signed-{}", asked.number + 1))
    })
    .await;
    success(&bench, bench.request(vec![hub.source()], &bytes), &bytes).await;
    assert_eq!(hub.asked().len(), 3);
    assert_eq!(storage.ranges(), [None, Some(CUT), Some(CUT)]);
}

#[tokio::test]
async fn a_storage_that_always_refuses_is_given_up() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let storage = Server::start(|_| Answer::new(403, "no")).await;
    let address = storage.address.clone();
    let hub = Server::start(move |_| Answer::redirect(format!("{address}/signed"))).await;
    let error = failure(&bench, bench.request(vec![hub.source()], &bytes)).await;
    assert!(
        matches!(*error, HubError::Forbidden { status: 403, .. }),
        "{error}"
    );
    assert_eq!(storage.asked().len(), 4);
}

#[tokio::test]
async fn silence_is_ended_by_a_new_connection() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| {
        let answer = Answer::serve(asked, &served);
        if asked.number == 0 {
            answer.ending(End::Stall(CUT))
        } else {
            answer
        }
    })
    .await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn a_trickle_is_not_a_download() {
    let (mut bench, bytes) = (Bench::new(), content(LENGTH));
    bench.policy.slow_window = Duration::from_millis(50);
    bench.policy.slow_bytes = 10_000;
    bench.policy.tries = 1;
    let served = bytes.clone();
    let server =
        Server::start(move |_| Answer::new(200, served.clone()).ending(End::Trickle)).await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(matches!(*error, HubError::Stalled { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_that_never_begins_is_given_up() {
    let (mut bench, bytes) = (Bench::new(), content(LENGTH));
    bench.policy.header_timeout = Duration::from_millis(100);
    bench.policy.tries = 2;
    // Accepts connections into its backlog and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"))
        .parse()
        .expect("a URL");
    let error = failure(
        &bench,
        bench.request(vec![sirocco_hub::Source::Http { url }], &bytes),
    )
    .await;
    assert!(matches!(*error, HubError::Unreachable { .. }), "{error}");
    assert_eq!(bench.waits(), [1]);
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server =
        Server::start(move |asked| Answer::serve(asked, &served).with("content-encoding", "gzip"))
            .await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(&*error, HubError::Encoded { encoding, .. } if encoding == "gzip"),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let (mut bench, bytes) = (Bench::new(), content(LENGTH));
    bench.policy.tries = 1;
    let server = Server::start(|_| Answer::redirect("/model.gguf")).await;
    let error = failure(&bench, bench.request(vec![server.source()], &bytes)).await;
    assert!(
        matches!(
            *error,
            HubError::Redirect {
                problem: RedirectProblem::Loop,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let (bench, bytes) = (Bench::new(), Vec::new());
    let server = Server::start(|asked| Answer::serve(asked, &[])).await;
    success(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
}

#[tokio::test]
async fn a_file_of_unknown_size_ends_with_its_body() {
    for length in [true, false] {
        let (bench, bytes) = (Bench::new(), content(LENGTH));
        let served = bytes.clone();
        let server = Server::start(move |asked| {
            let answer = Answer::serve(asked, &served);
            if length {
                answer
            } else {
                answer.without_length()
            }
        })
        .await;
        let request = FetchRequest {
            expected_size: None,
            ..bench.request(vec![server.source()], &bytes)
        };
        success(&bench, request, &bytes).await;
    }
}

#[tokio::test]
async fn the_next_source_goes_on_where_the_first_one_gave_up() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let broken = AtomicBool::new(false);
    let first = Server::start(move |asked| {
        if broken.swap(true, Ordering::Relaxed) {
            Answer::new(404, "gone")
        } else {
            Answer::serve(asked, &served).ending(End::Cut(CUT))
        }
    })
    .await;
    let served = bytes.clone();
    let second = Server::start(move |asked| Answer::serve(asked, &served)).await;
    success(
        &bench,
        bench.request(vec![first.source(), second.source()], &bytes),
        &bytes,
    )
    .await;
    assert_eq!(second.ranges(), [Some(CUT)]);
}

#[tokio::test]
async fn a_source_that_cannot_be_reached_does_not_hold_up_the_next_one() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    // A port that was free a moment ago, where nobody listens.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = format!("http://{address}/model.gguf")
        .parse()
        .expect("a URL");
    let served = bytes.clone();
    let second = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let sources = vec![sirocco_hub::Source::Http { url }, second.source()];
    success(&bench, bench.request(sources, &bytes), &bytes).await;
    assert_eq!(bench.waits(), [1]);
}
