//! Pausing, killing, two at once, full disks, and what is there already.

mod support;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sirocco_hub::{Disk, FetchRequest, HubError, Source, SystemDisk, Transfer, TransferState};
use support::{Answer, Bench, End, Server, content, kept, names};

const LENGTH: usize = 300_000;
const CUT: usize = 100_000;

/// Stalls at [`CUT`] the first time, serves well afterwards.
async fn stalling_server(bytes: &[u8]) -> Server {
    let served = bytes.to_vec();
    Server::start(move |asked| {
        let answer = Answer::serve(asked, &served);
        if asked.number == 0 {
            answer.ending(End::Stall(CUT))
        } else {
            answer
        }
    })
    .await
}

fn patient() -> Bench {
    let mut bench = Bench::new();
    bench.policy.idle_timeout = Duration::from_secs(60);
    bench
}

#[tokio::test]
async fn a_dropped_transfer_is_continued_by_the_next_one() {
    let (bench, bytes) = (patient(), content(LENGTH));
    let server = stalling_server(&bytes).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    kept(&transfer, CUT as u64).await;
    drop(transfer);
    let path = bench
        .start(bench.request(vec![server.source()], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), bytes);
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn after_a_power_cut_only_bytes_known_to_be_on_the_disk_count() {
    let (bench, bytes) = (patient(), content(LENGTH));
    let server = stalling_server(&bytes).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    kept(&transfer, CUT as u64).await;
    transfer.close().await;
    // The file system kept the length, but the tail was never written.
    let part = bench.folder.path().join("model.gguf.part");
    std::fs::write(&part, [&bytes[..CUT], &[0; 50_000]].concat()).expect("the part");
    let path = bench
        .start(bench.request(vec![server.source()], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), bytes);
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn a_part_of_another_version_is_not_continued() {
    let (bench, bytes) = (patient(), content(LENGTH));
    let server = stalling_server(&bytes).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    kept(&transfer, CUT as u64).await;
    transfer.close().await;
    let newer: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    let served = newer.clone();
    let server = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let path = bench
        .start(bench.request(vec![server.source()], &newer))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), newer);
    assert_eq!(server.ranges(), [None]);
}

#[tokio::test]
async fn a_part_that_is_whole_needs_no_network() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    std::fs::write(bench.folder.path().join("model.gguf.part"), &bytes).expect("the part");
    let server = Server::start(|_| Answer::new(500, "")).await;
    let path = bench
        .start(bench.request(vec![server.source()], &bytes))
        .outcome()
        .await
        .expect("it succeeds");
    assert_eq!(std::fs::read(path).expect("the file"), bytes);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_file_that_is_there_is_not_fetched_again() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    std::fs::write(&bench.target, &bytes).expect("the file");
    let server = Server::start(|_| Answer::new(500, "")).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    assert_eq!(transfer.outcome().await.expect("it is there"), bench.target);
    assert_eq!(transfer.progress().borrow().done_bytes, LENGTH as u64);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn another_file_of_the_same_name_is_left_alone() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    for other in [vec![1; LENGTH], vec![1; 10]] {
        std::fs::write(&bench.target, &other).expect("the file");
        let server = Server::start(|_| Answer::new(500, "")).await;
        let error = bench
            .start(bench.request(vec![server.source()], &bytes))
            .outcome()
            .await
            .expect_err("occupied");
        assert!(matches!(*error, HubError::Occupied { .. }), "{error}");
        assert_eq!(std::fs::read(&bench.target).expect("the file"), other);
    }
}

#[tokio::test]
async fn a_pause_keeps_the_bytes_and_resume_goes_on() {
    let (bench, bytes) = (patient(), content(LENGTH));
    let server = stalling_server(&bytes).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    kept(&transfer, CUT as u64).await;
    transfer.pause();
    let progress = transfer.at_rest().await;
    assert!(
        matches!(progress.state, TransferState::Paused { error: None }),
        "{progress:?}"
    );
    assert_eq!(
        (progress.done_bytes, progress.total_bytes),
        (CUT as u64, Some(LENGTH as u64))
    );
    transfer.resume();
    let mut watch = transfer.progress();
    watch
        .wait_for(|p| matches!(p.state, TransferState::Finished { .. }))
        .await
        .expect("it lives");
    assert_eq!(std::fs::read(&bench.target).expect("the file"), bytes);
    assert_eq!(server.ranges(), [None, Some(CUT)]);
}

#[tokio::test]
async fn a_cancelled_transfer_leaves_nothing() {
    for pause_first in [true, false] {
        let (bench, bytes) = (patient(), content(LENGTH));
        let server = stalling_server(&bytes).await;
        let transfer = bench.start(bench.request(vec![server.source()], &bytes));
        kept(&transfer, CUT as u64).await;
        if pause_first {
            transfer.pause();
            transfer.at_rest().await;
        }
        transfer.cancel();
        let mut watch = transfer.progress();
        watch
            .wait_for(|p| matches!(p.state, TransferState::Cancelled))
            .await
            .expect("it lives");
        assert!(bench.names().is_empty(), "{:?}", bench.names());
    }
}

/// A transfer that finds a file of this name to hash, which takes a minute: it consists of holes.
async fn hashing(bench: &Bench, name: &str) -> Transfer {
    const HUGE: u64 = 1 << 36;
    let path = bench.folder.path().join(name);
    let file = File::create(path).expect("the file");
    file.set_len(HUGE).expect("holes take no disk");
    let nowhere = "http://127.0.0.1:9/".parse().expect("an address");
    let transfer = bench.start(FetchRequest {
        expected_size: Some(HUGE),
        ..bench.request(vec![Source::Http { url: nowhere }], b"")
    });
    if name.ends_with(".part") {
        let mut watch = transfer.progress();
        watch
            .wait_for(|p| matches!(p.state, TransferState::Verifying))
            .await
            .expect("it lives");
    }
    transfer
}

/// Far longer than it should take, far shorter than the hash.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(10), future).await;
    ended.unwrap_or_else(|_| panic!("{what} waited for the hash"))
}

#[tokio::test]
async fn a_pause_and_an_end_do_not_wait_for_a_hash() {
    for name in ["model.gguf", "model.gguf.part"] {
        let bench = Bench::new();
        let transfer = hashing(&bench, name).await;
        transfer.pause();
        let progress = soon("the pause", transfer.at_rest()).await;
        assert!(
            matches!(progress.state, TransferState::Paused { error: None }),
            "{progress:?}"
        );
        transfer.resume();
        soon("the end", transfer.close()).await;
        assert!(bench.folder.path().join(name).exists());
    }
}

#[tokio::test]
async fn a_cancelled_transfer_does_not_wait_for_a_hash() {
    let bench = Bench::new();
    let transfer = hashing(&bench, "model.gguf.part").await;
    transfer.cancel();
    let progress = soon("the end", transfer.at_rest()).await;
    assert!(
        matches!(progress.state, TransferState::Cancelled),
        "{progress:?}"
    );
    assert!(bench.names().is_empty(), "{:?}", bench.names());
}

#[tokio::test]
async fn a_failed_transfer_can_be_resumed() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let served = bytes.clone();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::serve(asked, &served).ending(End::Cut(CUT)),
        1 => Answer::new(404, ""),
        _ => Answer::serve(asked, &served),
    })
    .await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    transfer.outcome().await.expect_err("404");
    transfer.resume();
    let mut watch = transfer.progress();
    watch
        .wait_for(|p| matches!(p.state, TransferState::Finished { .. }))
        .await
        .expect("it lives");
    assert_eq!(server.ranges(), [None, Some(CUT), Some(CUT)]);
}

#[tokio::test]
async fn one_file_is_fetched_once_at_a_time() {
    let (bench, bytes) = (patient(), content(LENGTH));
    let server = stalling_server(&bytes).await;
    let first = bench.start(bench.request(vec![server.source()], &bytes));
    kept(&first, CUT as u64).await;
    let error = bench
        .start(bench.request(vec![server.source()], &bytes))
        .outcome()
        .await
        .expect_err("busy");
    assert!(matches!(*error, HubError::Busy { .. }), "{error}");
    assert_eq!(server.asked().len(), 1);
    assert_eq!(
        first.progress().borrow().done_bytes,
        CUT as u64,
        "the first is not disturbed"
    );
}

/// A disk with room for so many bytes.
#[derive(Default)]
struct SmallDisk {
    free: AtomicU64,
    tells: bool,
}

impl Disk for SmallDisk {
    fn available_bytes(&self, _: &Path) -> io::Result<u64> {
        if self.tells {
            Ok(self.free.load(Ordering::Relaxed))
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let free = self.free.load(Ordering::Relaxed);
        let fits = bytes.len().min(free as usize);
        SystemDisk.write_at(file, &bytes[..fits], offset)?;
        self.free.store(free - fits as u64, Ordering::Relaxed);
        if fits < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_pauses_and_keeps_what_is_there() {
    let (mut bench, bytes) = (Bench::new(), content(LENGTH));
    let disk = Arc::new(SmallDisk {
        free: AtomicU64::new(CUT as u64),
        tells: false,
    });
    bench.policy.disk = disk.clone();
    let served = bytes.clone();
    let server = Server::start(move |asked| Answer::serve(asked, &served)).await;
    let transfer = bench.start(bench.request(vec![server.source()], &bytes));
    let progress = transfer.at_rest().await;
    let TransferState::Paused { error: Some(error) } = &progress.state else {
        panic!("{progress:?}")
    };
    assert!(matches!(**error, HubError::DiskFull { .. }), "{error}");
    assert!(progress.done_bytes <= CUT as u64);
    let part = std::fs::read(bench.folder.path().join("model.gguf.part")).expect("the part");
    assert_eq!(
        part,
        bytes[..progress.done_bytes as usize],
        "exactly the bytes that are counted"
    );
    disk.free.store(1 << 30, Ordering::Relaxed);
    transfer.resume();
    let mut watch = transfer.progress();
    watch
        .wait_for(|p| matches!(p.state, TransferState::Finished { .. }))
        .await
        .expect("it lives");
    assert_eq!(std::fs::read(&bench.target).expect("the file"), bytes);
}

#[tokio::test]
async fn a_disk_that_is_too_small_is_told_before_anything_is_fetched() {
    let (mut bench, bytes) = (Bench::new(), content(LENGTH));
    bench.policy.disk = Arc::new(SmallDisk {
        free: AtomicU64::new(350_000),
        tells: true,
    });
    bench.policy.reserve_bytes = 100_000;
    let server = Server::start(|_| Answer::new(500, "")).await;
    let error = bench
        .start(bench.request(vec![server.source()], &bytes))
        .outcome()
        .await
        .expect_err("full");
    assert!(
        matches!(
            *error,
            HubError::DiskFull {
                needed_bytes: 50_000,
                ..
            }
        ),
        "{error}"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_file_of_this_machine_is_a_source_and_gets_a_second_name() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let path = bench.folder.path().join("elsewhere.gguf");
    std::fs::write(&path, &bytes).expect("the source");
    let place = bench.folder.path().join("own").join("model.gguf");
    let request = FetchRequest {
        target: bench.folder.path().join("cache").join("model.gguf"),
        place_at: Some(place.clone()),
        ..bench.request(vec![Source::File { path }], &bytes)
    };
    assert_eq!(
        bench
            .start(request.clone())
            .outcome()
            .await
            .expect("it succeeds"),
        place
    );
    assert_eq!(std::fs::read(&place).expect("the file"), bytes);
    // From the cache alone, for the next data folder of this person.
    std::fs::remove_file(&place).expect("the file");
    let again = FetchRequest {
        sources: Vec::new(),
        ..request
    };
    assert_eq!(
        bench
            .start(again)
            .outcome()
            .await
            .expect("it is in the cache"),
        place
    );
    assert_eq!(names(&bench.folder.path().join("cache")), ["model.gguf"]);
}

#[tokio::test]
async fn a_file_of_another_size_is_no_source() {
    let (bench, bytes) = (Bench::new(), content(LENGTH));
    let path = bench.folder.path().join("elsewhere.gguf");
    std::fs::write(&path, &bytes[1..]).expect("the source");
    let error = bench
        .start(bench.request(vec![Source::File { path }], &bytes))
        .outcome()
        .await
        .expect_err("short");
    assert!(
        matches!(*error, HubError::Size { found: 299_999, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn without_a_source_there_is_an_error() {
    let (bench, bytes) = (Bench::new(), content(10));
    let error = bench
        .start(bench.request(Vec::new(), &bytes))
        .outcome()
        .await
        .expect_err("nothing");
    assert!(matches!(*error, HubError::NoSource), "{error}");
}
