//! Everything that goes wrong with downloads: after each, the file is right or there is no model.
//!
//! It is so long because it is one table, with a test for each row.
//!
//! | # | what goes wrong | here, or where the test is |
//! |---|---|---|
//! | 1 | the disk is full | `hub/tests/transfer_life.rs`: `a_disk_that_fills_up_pauses_and_keeps_what_is_there`, `a_disk_that_is_too_small_is_told_before_anything_is_fetched` |
//! | 2 | the connection is reset | [`a_reset_connection_is_continued`] |
//! | 3 | the server ignores ranges | [`a_server_that_ignores_ranges_begins_anew`] |
//! | 4 | another range, another total, too few bytes | [`another_part_than_asked_for_is_not_used`] |
//! | 5 | the file changed | [`a_file_that_changed_is_not_mixed_with_the_old_one`] |
//! | 6 | the signed address expired | [`an_expired_address_is_asked_for_again`] |
//! | 7 | an error page instead of the file | [`an_error_page_is_no_model`] |
//! | 8 | wrong bytes | [`wrong_bytes_are_fetched_again_once_and_then_named`] |
//! | 9 | killed, or the power goes | [`a_killed_app_goes_on_where_it_was`]; `transfer_life.rs`: `after_a_power_cut_only_bytes_known_to_be_on_the_disk_count`; the bench `hub` kills 200 times |
//! | 10 | two processes, one file | [`two_processes_do_not_write_one_file`] |
//! | 11 | redirects in circles, to elsewhere | [`redirects_that_lead_nowhere_end`]; `hub/tests/network.rs` |
//! | 12 | nothing comes, or hardly anything | `hub/tests/transfer_http.rs`: `silence_is_ended_by_a_new_connection`, `a_trickle_is_not_a_download`, `an_answer_that_never_begins_is_given_up` |
//! | 13 | 429, 503 | [`a_server_that_asks_for_patience_gets_it`] |
//! | 14 | proxies | `hub/tests/network.rs` |
//! | 15 | no network, or another one | [`a_network_that_comes_back_is_used`] |
//! | 16 | a compressed body | [`a_compressed_body_is_refused`] |
//! | 17 | hostile names | [`hostile_names_become_no_files`] |
//! | 18 | gated, token gone, in the middle | [`a_gate_that_closes_in_the_middle_pauses`] |
//! | 19 | deleted there, removed here | [`a_file_deleted_on_the_hub_fails_and_keeps_its_place`], [`a_part_removed_from_the_disk_is_noticed`] |
//! | 20 | one shard fails | [`a_model_with_a_failed_shard_is_not_listed`] |
//! | 21 | an update with downloads under way | [`a_queue_of_before_is_taken_over`] |
//! | 22 | an empty file | [`an_empty_file_comes_to_an_end`] |
//! | 23 | more than 4 GiB, FAT | [`offsets_beyond_four_gibibytes_are_right`]; `hub/tests/transfer_streams.rs`: `a_file_too_large_for_its_file_system_is_refused_beforehand` |
//! | 24 | more bytes than announced | [`more_bytes_than_promised_are_not_taken`] |

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context;
use sirocco_hub::network::{Network, NetworkConfiguration, NoLog};
use sirocco_hub::{ContentHash, FetchRequest, HubError, Policy, Source, Transfer};
use sirocco_protocol::{Download, DownloadState, ErrorCode, ErrorReport, QueueReason};
use sirocco_testkit::hub::{Content, Fault, Gate, On, Origin, Repository, ScriptedHub};
use sirocco_testkit::{TempApp, within};

use crate::WORKER;
use crate::hub_scene::{FILE, REPOSITORY, Scene, content, is_queued, stall};

/// Downloads with this fault at the storage: the file is right in the end, and the model is listed.
async fn survives(fault: Fault) -> anyhow::Result<Scene> {
    survives_on(On::cdn(FILE), fault).await
}

async fn survives_on(on: On, fault: Fault) -> anyhow::Result<Scene> {
    let scene = Scene::new().await?;
    scene.hub.fault(on, fault.clone());
    let id = scene.start(FILE).await?.id;
    let download = scene.at_rest(id).await?;
    assert!(
        matches!(download.state, DownloadState::Finished { .. }),
        "{fault:?}: {download:?}"
    );
    assert!(
        std::fs::read(scene.target(FILE))? == content(1).bytes(),
        "{fault:?}"
    );
    assert_eq!(scene.names(), [FILE], "{fault:?}");
    assert_eq!(scene.models().await?.len(), 1);
    Ok(scene)
}

/// Downloads with this fault at every answer of the storage: it fails, and nothing is listed.
async fn fails(on: On, fault: Fault) -> anyhow::Result<ErrorReport> {
    let scene = Scene::new().await?;
    scene.hub.fault(on, fault.clone());
    let id = scene.start(FILE).await?.id;
    let download = scene.at_rest(id).await?;
    no_model(&scene, &download).await?;
    match download.state {
        DownloadState::Failed { error } | DownloadState::Paused { error: Some(error) } => Ok(error),
        state => anyhow::bail!("{fault:?}: {state:?}"),
    }
}

async fn no_model(scene: &Scene, download: &Download) -> anyhow::Result<()> {
    assert!(!scene.target(FILE).exists(), "{download:?}");
    assert!(scene.models().await?.is_empty(), "{download:?}");
    Ok(())
}

#[tokio::test]
async fn a_reset_connection_is_continued() -> anyhow::Result<()> {
    survives(Fault::HangUp).await?;
    survives(Fault::Reset {
        after_bytes: 700_000,
    })
    .await?;
    survives(Fault::CutUnannounced {
        after_bytes: 700_000,
    })
    .await?;
    let scene = survives(Fault::Cut {
        after_bytes: 700_000,
    })
    .await?;
    let asked = scene.hub.log_of(Origin::Cdn);
    assert_eq!(asked[1].range_start(), Some(700_000));
    Ok(())
}

#[tokio::test]
async fn a_server_that_ignores_ranges_begins_anew() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Cut {
            after_bytes: 700_000,
        },
    );
    scene
        .hub
        .fault(On::cdn(FILE).nth(2).always(), Fault::IgnoreRange);
    let id = scene.start(FILE).await?.id;
    let download = scene.at_rest(id).await?;
    assert!(
        matches!(download.state, DownloadState::Finished { .. }),
        "{download:?}"
    );
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    Ok(())
}

#[tokio::test]
async fn another_part_than_asked_for_is_not_used() -> anyhow::Result<()> {
    for fault in [
        Fault::OtherStart { later_by: 77 },
        Fault::Short { bytes: 1_000 },
    ] {
        let scene = Scene::new().await?;
        scene.hub.fault(
            On::cdn(FILE),
            Fault::Cut {
                after_bytes: 700_000,
            },
        );
        scene.hub.fault(On::cdn(FILE).nth(2), fault.clone());
        let id = scene.start(FILE).await?.id;
        let download = scene.at_rest(id).await?;
        assert!(
            matches!(download.state, DownloadState::Finished { .. }),
            "{fault:?}: {download:?}"
        );
        assert!(
            std::fs::read(scene.target(FILE))? == content(1).bytes(),
            "{fault:?}"
        );
    }
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Cut {
            after_bytes: 700_000,
        },
    );
    scene.hub.fault(
        On::cdn(FILE).nth(2).always(),
        Fault::OtherTotal { total: 99_999_999 },
    );
    let id = scene.start(FILE).await?.id;
    let download = scene.at_rest(id).await?;
    assert!(
        matches!(download.state, DownloadState::Failed { .. }),
        "{download:?}"
    );
    no_model(&scene, &download).await
}

#[tokio::test]
async fn a_file_that_changed_is_not_mixed_with_the_old_one() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Cut {
            after_bytes: 700_000,
        },
    );
    // The address is that of a commit, so this is a hub that lies.
    let etag = "ab".repeat(32);
    scene
        .hub
        .fault(On::hub(FILE).nth(2).always(), Fault::OtherETag { etag });
    let id = scene.start(FILE).await?.id;
    let download = scene.at_rest(id).await?;
    let DownloadState::Failed { error } = &download.state else {
        anyhow::bail!("{download:?}");
    };
    assert!(error.message.contains("another version"), "{error}");
    no_model(&scene, &download).await?;
    // A new commit does not disturb what was begun.
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| download.done_bytes > 0)
        .await?;
    scene.put_newer();
    scene.hub.resume();
    scene.at_rest(id).await?;
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    Ok(())
}

#[tokio::test]
async fn an_expired_address_is_asked_for_again() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Cut {
            after_bytes: 700_000,
        },
    );
    scene.hub.fault(On::cdn(FILE).nth(2), Fault::Expired);
    let id = scene.start(FILE).await?.id;
    scene.at_rest(id).await?;
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    let asked = scene.hub.log_of(Origin::Cdn);
    assert_eq!(
        asked.last().and_then(|request| request.range_start()),
        Some(700_000)
    );
    Ok(())
}

#[tokio::test]
async fn an_error_page_is_no_model() -> anyhow::Result<()> {
    let error = fails(On::cdn(FILE).always(), Fault::ErrorPage).await?;
    assert_eq!(error.code, ErrorCode::Network, "{error}");
    fails(
        On::cdn(FILE).always(),
        Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: "<html>please log in</html>".into(),
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn wrong_bytes_are_fetched_again_once_and_then_named() -> anyhow::Result<()> {
    let scene = survives(Fault::WrongByte { at: 1_500_000 }).await?;
    assert_eq!(scene.hub.log_of(Origin::Cdn).len(), 2);
    let error = fails(On::cdn(FILE).always(), Fault::WrongByte { at: 1_500_000 }).await?;
    assert!(error.message.contains(content(1).sha256()), "{error}");
    assert_eq!(
        error
            .message
            .matches(|c: char| c.is_ascii_hexdigit())
            .count()
            / 64,
        2,
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_killed_app_goes_on_where_it_was() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let Scene { hub, app } = scene;
    let home = app.home();
    let folder = app.into_folder().await?;
    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed-download"))
        .args([home.as_os_str(), REPOSITORY.as_ref(), FILE.as_ref()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(
        doomed.stdout.take().context("it is piped")?,
    ));
    let has_bytes = tokio::task::spawn_blocking(move || {
        lines
            .find(|line| line.as_deref().is_ok_and(|line| line == "500000"))
            .is_some()
    });
    assert!(within("the first bytes", has_bytes).await??);
    doomed.kill()?;
    doomed.wait()?;
    let scene = Scene {
        app: TempApp::over(folder, WORKER.into()).await?,
        hub,
    };
    let id = scene
        .list()
        .await?
        .first()
        .context("it is in the queue")?
        .id;
    let download = scene.at_rest(id).await?;
    assert!(
        matches!(download.state, DownloadState::Finished { .. }),
        "{download:?}"
    );
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    let ranges: Vec<_> = scene
        .hub
        .log_of(Origin::Cdn)
        .iter()
        .map(|r| r.range_start())
        .collect();
    assert!(
        matches!(ranges[..], [None, Some(1..=500_000)]),
        "it went on: {ranges:?}"
    );
    Ok(())
}

#[tokio::test]
async fn two_processes_do_not_write_one_file() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| download.done_bytes > 0)
        .await?;
    // Another program with the same file in mind, such as one that was left over.
    let bytes = content(1).bytes();
    let request = FetchRequest {
        sources: Vec::new(),
        target: scene.target(FILE),
        place_at: None,
        expected_size: Some(bytes.len() as u64),
        sha256: Some(ContentHash::of(&bytes)),
    };
    let policy = Policy {
        lock_wait: std::time::Duration::ZERO,
        ..Policy::default()
    };
    let error = Transfer::start(network(), request, policy).outcome().await;
    let error = error.expect_err("somebody else has it");
    assert!(matches!(*error, HubError::Busy { .. }), "{error}");
    scene.hub.resume();
    scene.at_rest(id).await?;
    assert!(std::fs::read(scene.target(FILE))? == bytes);
    Ok(())
}

#[tokio::test]
async fn redirects_that_lead_nowhere_end() -> anyhow::Result<()> {
    let error = fails(On::hub(FILE).always(), Fault::RedirectLoop).await?;
    assert!(error.message.contains("circles"), "{error}");
    let location = "ftp://127.0.0.1/model.gguf".to_owned();
    fails(On::hub(FILE).always(), Fault::RedirectTo { location }).await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::TooManyRequests {
            retry_after_s: Some(2),
            rate_limit_s: None,
        },
    );
    let id = scene.start(FILE).await?.id;
    let waiting = scene
        .until(id, "it to wait", |download| {
            is_queued(download, QueueReason::RateLimit)
        })
        .await?;
    assert!(matches!(
        waiting.state,
        DownloadState::Queued {
            until_ms: Some(_),
            error: Some(_),
            ..
        }
    ));
    assert!(matches!(
        scene.at_rest(id).await?.state,
        DownloadState::Finished { .. }
    ));
    survives(Fault::Unavailable {
        retry_after_s: Some(1),
    })
    .await?;
    survives(Fault::ServerError).await?;
    Ok(())
}

#[tokio::test]
async fn a_network_that_comes_back_is_used() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.set_away(true);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "it to wait", |download| {
            is_queued(download, QueueReason::Offline)
        })
        .await?;
    scene.hub.set_away(false);
    assert!(matches!(
        scene.at_rest(id).await?.state,
        DownloadState::Finished { .. }
    ));
    Ok(())
}

#[tokio::test]
async fn a_compressed_body_is_refused() -> anyhow::Result<()> {
    let error = fails(On::cdn(FILE).always(), Fault::Gzip).await?;
    assert!(error.message.contains("compressed"), "{error}");
    Ok(())
}

#[tokio::test]
async fn hostile_names_become_no_files() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    for name in [
        "../up.gguf",
        "a/../../up.gguf",
        "CON.gguf",
        "dot.gguf.",
        ".hidden.gguf",
    ] {
        let refused = scene.start(name).await.expect_err("it is refused");
        assert_eq!(refused.code, ErrorCode::InvalidRequest, "{name}");
    }
    // A tag that would lead elsewhere if it were a name.
    let etag = "../../../../escape".to_owned();
    scene
        .hub
        .fault(On::hub(FILE).always(), Fault::OtherETag { etag });
    let id = scene.start(FILE).await?.id;
    scene.at_rest(id).await?;
    let files = walk(scene.app.outside());
    assert!(
        files
            .iter()
            .all(|file| !file.contains("escape") && !file.ends_with("up.gguf")),
        "{files:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_gate_that_closes_in_the_middle_pauses() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Stall {
            after_bytes: 700_000,
        },
    );
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| {
            download.done_bytes >= 700_000
        })
        .await?;
    scene.hub.change(REPOSITORY, |repository| {
        repository.facts.gate = Gate::Manual
    });
    scene.pause(Some(id)).await?;
    scene.resume(Some(id)).await?;
    let download = scene
        .until(id, "it to pause", |download| {
            matches!(download.state, DownloadState::Paused { error: Some(_) })
        })
        .await?;
    let DownloadState::Paused { error: Some(error) } = &download.state else {
        unreachable!("that was waited for")
    };
    assert_eq!(error.code, ErrorCode::Gated);
    assert!(download.done_bytes >= 700_000, "the bytes are kept");
    no_model(&scene, &download).await
}

#[tokio::test]
async fn a_file_deleted_on_the_hub_fails_and_keeps_its_place() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.fault(
        On::cdn(FILE),
        Fault::Stall {
            after_bytes: 700_000,
        },
    );
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| {
            download.done_bytes >= 700_000
        })
        .await?;
    scene.hub.remove_file(REPOSITORY, FILE);
    scene.pause(Some(id)).await?;
    scene.resume(Some(id)).await?;
    let download = scene
        .until(id, "it to fail", |download| {
            matches!(download.state, DownloadState::Failed { .. })
        })
        .await?;
    assert_eq!(download.position, Some(0));
    assert!(download.done_bytes >= 700_000);
    no_model(&scene, &download).await
}

#[tokio::test]
async fn a_part_removed_from_the_disk_is_noticed() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| download.done_bytes > 0)
        .await?;
    std::fs::remove_dir_all(scene.app.home().join("models/owner"))?;
    scene.hub.resume();
    let download = scene.at_rest(id).await?;
    let DownloadState::Failed { error } = &download.state else {
        anyhow::bail!("{download:?}");
    };
    assert_eq!(error.code, ErrorCode::FileProblem, "{error}");
    no_model(&scene, &download).await?;
    scene.resume(Some(id)).await?;
    scene
        .until(id, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_model_with_a_failed_shard_is_not_listed() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let [one, two] = scene.put_shards();
    scene
        .hub
        .fault(On::cdn(&two.0).times(2), Fault::WrongByte { at: 10 });
    let id = scene.start(&one.0).await?.id;
    let download = scene.at_rest(id).await?;
    assert!(
        matches!(download.state, DownloadState::Failed { .. }),
        "{download:?}"
    );
    let verified: Vec<_> = download.files.iter().map(|file| file.verified).collect();
    assert_eq!(verified, [true, false]);
    assert!(scene.models().await?.is_empty());
    scene.resume(Some(id)).await?;
    scene
        .until(id, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    assert_eq!(scene.models().await?.len(), 1);
    let first = scene
        .hub
        .log_of(Origin::Cdn)
        .iter()
        .filter(|r| r.path.ends_with(&one.0))
        .count();
    assert_eq!(first, 1, "what was right is not fetched again");
    Ok(())
}

#[tokio::test]
async fn a_queue_of_before_is_taken_over() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.set_away(true);
    let id = scene.start(FILE).await?.id;
    let Scene { hub, app } = scene;
    let app = app.reopen().await?;
    hub.set_away(false);
    let scene = Scene { app, hub };
    scene
        .until(id, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn an_empty_file_comes_to_an_end() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.change(REPOSITORY, |repository| {
        repository
            .files
            .insert("empty.gguf".into(), Vec::new().into());
    });
    let id = scene.start("empty.gguf").await?.id;
    let download = scene.at_rest(id).await?;
    let DownloadState::Failed { error } = &download.state else {
        anyhow::bail!("{download:?}");
    };
    assert_eq!(
        error.code,
        ErrorCode::FileProblem,
        "it is no model, and says so: {error}"
    );
    assert!(scene.models().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn offsets_beyond_four_gibibytes_are_right() -> anyhow::Result<()> {
    const SIZE: u64 = (4 << 30) + 3_000;
    let hub = ScriptedHub::start().await?;
    let big = Content::generated(SIZE, 3);
    hub.put(Repository::new(REPOSITORY).file("big.gguf", big.clone()));
    let folder = tempfile::TempDir::new()?;
    let target = folder.path().join("big.gguf");
    // All but the end is there, as holes, which take no space. There is no hash to see through that.
    let part = std::fs::File::create(folder.path().join("big.gguf.part"))?;
    part.set_len(SIZE - 2_000)?;
    let url = format!("{}/{REPOSITORY}/resolve/main/big.gguf", hub.address());
    let request = FetchRequest {
        sources: vec![Source::Http { url: url.parse()? }],
        target: target.clone(),
        place_at: None,
        expected_size: Some(SIZE),
        sha256: Some(ContentHash::of(b"another")),
    };
    let transfer = Transfer::start(network(), request, Policy::default());
    let asked = |log: &Vec<sirocco_testkit::hub::LoggedRequest>| !log.is_empty();
    hub.until("the first request", asked).await?;
    transfer.close().await;
    let first = hub.log().into_iter().find_map(|request| request.range);
    assert_eq!(first, Some(format!("bytes={}-", SIZE - 2_000)));
    Ok(())
}

#[tokio::test]
async fn more_bytes_than_promised_are_not_taken() -> anyhow::Result<()> {
    survives(Fault::Trailing { bytes: 1_000 }).await?;
    for fault in [Fault::Endless, Fault::Longer { bytes: 1_000 }] {
        fails(On::cdn(FILE).always(), fault).await?;
    }
    Ok(())
}

fn network() -> Network {
    Network::new(NetworkConfiguration::default(), None, Arc::new(NoLog))
}

fn walk(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(walk(&path)),
            path => files.push(path.display().to_string()),
        }
    }
    files
}
