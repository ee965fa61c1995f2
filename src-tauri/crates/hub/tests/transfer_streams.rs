//! One file over several connections, and what several files share.

mod support;

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sirocco_hub::{Disk, FetchRequest, HubError, SystemDisk, Traffic, TransferState};
use support::{Answer, Asked, Bench, End, Server, content, kept};

const LENGTH: usize = 1_200_000;
/// Each connection is so slow that another one always makes it faster.
const PACE: usize = 4_000;

/// A bench that tries another stream every few milliseconds.
fn eager() -> Bench {
    let mut bench = Bench::new();
    bench.policy.growth_window = Duration::from_millis(25);
    bench.policy.segment_min_bytes = 50_000;
    bench.policy.segment_max_bytes = 100_000;
    bench
}

async fn fetched(bench: &Bench, request: FetchRequest, bytes: &[u8]) {
    let path = bench.start(request).outcome().await.expect("it succeeds");
    assert!(std::fs::read(path).expect("the file") == bytes);
    assert_eq!(bench.names(), ["model.gguf"], "nothing else is left");
}

fn paced(asked: &Asked, bytes: &[u8]) -> Answer {
    Answer::serve(asked, bytes)
        .with("etag", "\"v1\"")
        .ending(End::Paced(PACE))
}

/// The first request is for everything; those of further streams name both ends.
fn segments(asked: &[Asked]) -> Vec<(usize, usize)> {
    let mut segments: Vec<_> = asked
        .iter()
        .filter_map(|asked| asked.bytes())
        .filter_map(|(start, last)| Some((start, last? + 1)))
        .collect();
    segments.sort_unstable();
    segments
}

#[tokio::test]
async fn streams_are_added_while_they_make_it_faster() {
    let (bench, bytes) = (eager(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| paced(asked, &served)).await;
    fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    let asked = server.asked();
    assert_eq!(asked[0].range(), None, "the first asks for everything");
    let segments = segments(&asked);
    assert!(segments.len() >= 4, "{segments:?}");
    assert_eq!(segments.last().expect("segments").1, LENGTH);
    assert!(
        segments.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "no byte is asked for twice: {segments:?}"
    );
    assert!(
        asked[1..]
            .iter()
            .all(|asked| asked.header("if-range") == Some("\"v1\"")),
        "each says which version it means"
    );
}

#[tokio::test]
async fn one_stream_is_enough_if_only_one_is_allowed() {
    let (bench, bytes) = (eager(), content(LENGTH / 4));
    bench.policy.traffic.set_streams(1);
    let served = bytes.clone();
    let server = Server::start(move |asked| paced(asked, &served)).await;
    fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(server.ranges(), [None]);
}

#[tokio::test]
async fn a_server_that_ignores_ranges_gets_one_stream() {
    let (bench, bytes) = (eager(), content(LENGTH));
    let served = bytes.clone();
    let server =
        Server::start(move |_| Answer::new(200, served.clone()).ending(End::Paced(PACE))).await;
    fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    let ranges = server.ranges();
    assert!(ranges.len() == 2 && ranges[0].is_none(), "{ranges:?}");
    assert!(bench.waits().is_empty(), "nobody waits for that");
}

#[tokio::test]
async fn a_further_stream_that_gets_another_range_is_given_up() {
    for range in ["bytes 0-99999/1200000", "bytes 5-9/*", "nonsense"] {
        let (bench, bytes) = (eager(), content(LENGTH));
        let served = bytes.clone();
        let struck = AtomicU32::new(0);
        let server = Server::start(move |asked| match asked.bytes() {
            Some((_, Some(_))) if struck.fetch_add(1, Ordering::Relaxed) == 0 => {
                Answer::new(206, vec![0; 100_000]).with("content-range", range)
            }
            _ => paced(asked, &served),
        })
        .await;
        fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    }
}

#[tokio::test]
async fn a_further_stream_that_is_refused_leaves_the_others_alone() {
    for status in [429, 503, 404] {
        let (bench, bytes) = (eager(), content(LENGTH));
        let served = bytes.clone();
        let server = Server::start(move |asked| match asked.bytes() {
            Some((_, Some(_))) if asked.number < 3 => Answer::new(status, ""),
            _ => paced(asked, &served),
        })
        .await;
        fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    }
}

#[tokio::test]
async fn further_streams_ask_the_storage_and_renew_its_address_when_it_is_old() {
    let (bench, bytes) = (eager(), content(LENGTH));
    let served = bytes.clone();
    // Each address is good for six requests.
    let uses: Mutex<HashMap<String, u32>> = Mutex::default();
    let storage = Server::start(move |asked| {
        let mut uses = uses.lock().expect("no test panics with it");
        let count = uses.entry(asked.path.clone()).or_default();
        *count += 1;
        match *count {
            ..=6 => paced(asked, &served),
            _ => Answer::new(403, "<Error>expired</Error>"),
        }
    })
    .await;
    let address = storage.address.clone();
    let hub = Server::start(move |asked| {
        Answer::redirect(format!("{address}/signed-{}", asked.number))
            .with("x-linked-etag", "\"abc\"")
    })
    .await;
    let outcome = bench
        .start(bench.request(vec![hub.source()], &bytes))
        .outcome()
        .await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(std::fs::read(&bench.target).expect("the file") == bytes);
    let (asked, of_storage) = (hub.asked().len(), storage.asked().len());
    assert!(
        asked >= 2,
        "the first address was used up: {of_storage} requests"
    );
    assert!(
        asked * 2 < of_storage,
        "most segments come straight from the storage: {asked} and {of_storage}"
    );
}

#[tokio::test]
async fn content_that_changed_behind_the_address_is_not_mixed() {
    let (bench, bytes) = (Bench::new(), content(LENGTH / 4));
    let served = bytes.clone();
    let storage = Server::start(move |asked| match asked.number {
        0 => Answer::serve(asked, &served).ending(End::Cut(100_000)),
        _ => Answer::serve(asked, &served),
    })
    .await;
    let address = storage.address.clone();
    let hub = Server::start(move |asked| {
        let tag = if asked.number == 0 {
            "\"old\""
        } else {
            "\"new\""
        };
        Answer::redirect(format!("{address}/signed")).with("x-linked-etag", tag)
    })
    .await;
    let error = bench
        .start(bench.request(vec![hub.source()], &bytes))
        .outcome()
        .await
        .expect_err("another version");
    assert!(matches!(*error, HubError::Changed { .. }), "{error}");
    assert!(!bench.target.exists());
}

#[tokio::test]
async fn content_with_another_hash_than_promised_is_not_even_begun() {
    let (bench, bytes) = (Bench::new(), content(1_000));
    let served = bytes.clone();
    let storage = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let address = storage.address.clone();
    let hub = Server::start(move |_| {
        Answer::redirect(format!("{address}/signed"))
            .with("x-linked-etag", format!("\"{}\"", "0".repeat(64)))
    })
    .await;
    let error = bench
        .start(bench.request(vec![hub.source()], &bytes))
        .outcome()
        .await
        .expect_err("another content");
    assert!(matches!(*error, HubError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn what_several_streams_left_is_continued_hole_by_hole() {
    let (mut bench, bytes) = (eager(), content(LENGTH));
    bench.policy.idle_timeout = Duration::from_secs(60);
    let served = bytes.clone();
    // Every connection gives 30 kB and falls silent.
    let silent = Server::start(move |asked| {
        let answer = Answer::serve(asked, &served);
        let length = answer.body.len().min(30_000);
        answer.ending(End::Stall(length))
    })
    .await;
    let transfer = bench.start(bench.request(vec![silent.source()], &bytes));
    kept(&transfer, 60_000).await;
    transfer.close().await;
    let served = bytes.clone();
    let server = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let before = sirocco_hub::kept_bytes(&bench.target);
    assert!(before >= 60_000);
    fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    let asked: usize = server
        .asked()
        .iter()
        .filter_map(|asked| asked.bytes())
        .map(|(start, last)| last.map_or(LENGTH, |last| last + 1) - start)
        .sum();
    assert_eq!(asked as u64, LENGTH as u64 - before, "only what lacked");
}

#[tokio::test]
async fn wrong_bytes_of_several_streams_are_fetched_again_by_one() {
    let (bench, bytes) = (eager(), content(LENGTH));
    let (served, mut wrong) = (bytes.clone(), bytes.clone());
    wrong[LENGTH / 2] ^= 1;
    let server = Server::start(move |asked| {
        // Once the whole is asked for again, it is right.
        let again = asked.number > 0 && asked.range().is_none();
        match again {
            true => Answer::serve(asked, &served),
            false => paced(asked, &wrong),
        }
    })
    .await;
    fetched(&bench, bench.request(vec![server.source()], &bytes), &bytes).await;
    assert_eq!(
        server.ranges().last(),
        Some(&None),
        "the second time in one piece"
    );
}

#[tokio::test]
async fn the_speed_limit_holds_for_all_and_can_be_lifted() {
    let bytes = content(300_000);
    let served = bytes.clone();
    let server = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let traffic = Arc::new(Traffic::default());
    traffic.set_limit(Some(1));
    let mut benches = [Bench::new(), Bench::new()];
    let transfers = benches.each_mut().map(|bench| {
        bench.policy.traffic = traffic.clone();
        bench.start(bench.request(vec![server.source()], &bytes))
    });
    // The first step may pass at once; the next one would take most of a day.
    for transfer in &transfers {
        let mut progress = transfer.progress();
        progress
            .wait_for(|progress| matches!(progress.state, TransferState::Downloading))
            .await
            .expect("it lives");
    }
    let done: u64 = transfers
        .iter()
        .map(|transfer| transfer.progress().borrow().done_bytes)
        .sum();
    assert!(done <= 2 * (64 << 10), "{done}");
    traffic.set_limit(None);
    for (transfer, bench) in transfers.iter().zip(&benches) {
        transfer.outcome().await.expect("it succeeds");
        assert!(std::fs::read(&bench.target).expect("the file") == bytes);
    }
}

/// A stick formatted as they are sold.
struct Fat;

impl Disk for Fat {
    fn available_bytes(&self, folder: &Path) -> io::Result<u64> {
        SystemDisk.available_bytes(folder)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write_at(file, bytes, offset)
    }

    fn largest_file_bytes(&self, _: &Path) -> Option<u64> {
        Some(u64::from(u32::MAX))
    }
}

#[tokio::test]
async fn a_file_too_large_for_its_file_system_is_refused_beforehand() {
    let (mut bench, bytes) = (Bench::new(), content(10));
    bench.policy.disk = Arc::new(Fat);
    let server = Server::start(|_| Answer::new(500, "")).await;
    let request = FetchRequest {
        expected_size: Some(1 << 32),
        ..bench.request(vec![server.source()], &bytes)
    };
    let error = bench.start(request).outcome().await.expect_err("too large");
    assert!(matches!(*error, HubError::FileTooLarge { .. }), "{error}");
    assert!(server.asked().is_empty());
}
