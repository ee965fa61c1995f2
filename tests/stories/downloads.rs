//! Downloads: from a name to a model of the library, in order, over pauses, hours, restarts and refusals.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Download, DownloadHours, DownloadState, ErrorCode, Event, QueueReason, Settings,
};
use sirocco_testkit::hub::{Account, Fault, Gate, On, Origin};

use crate::code;
use crate::hub_scene::{FILE, REPOSITORY, SIZE, Scene, content, is_queued, path, stall};

#[tokio::test]
async fn a_download_becomes_a_model_that_knows_where_it_came_from() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let download = scene.start(FILE).await?;
    assert_eq!(
        (download.name.as_str(), download.quantization.as_str()),
        (FILE, "Q8_0")
    );
    let download = scene.at_rest(download.id).await?;
    let DownloadState::Finished { model_id } = download.state else {
        anyhow::bail!("{download:?}");
    };
    assert_eq!(download.commit, scene.hub.head(REPOSITORY));
    assert_eq!((download.done_bytes, download.total_bytes), (SIZE, SIZE));
    assert_eq!(download.position, None);
    assert!(download.files.iter().all(|file| file.verified));
    let [model] = &scene.models().await?[..] else {
        anyhow::bail!("one model");
    };
    assert_eq!(model.id, model_id);
    let source = model.source.clone().expect("it was downloaded");
    assert_eq!(
        (
            source.repository.as_str(),
            source.commit,
            source.path.as_str()
        ),
        (REPOSITORY, download.commit, FILE)
    );
    assert_eq!(model.sha256.as_deref(), Some(content(1).sha256()));
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    assert_eq!(scene.names(), [FILE], "nothing else is left");
    Ok(())
}

#[tokio::test]
async fn what_is_downloaded_already_is_answered() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let first = scene.start(FILE).await?;
    scene.at_rest(first.id).await?;
    let asked = scene.hub.log().len();
    let again = scene.start(FILE).await?;
    assert_eq!(again.id, first.id);
    assert!(matches!(again.state, DownloadState::Finished { .. }));
    assert_eq!(scene.hub.log().len(), asked);
    Ok(())
}

#[tokio::test]
async fn a_newer_version_of_the_same_size_goes_beside_the_older_one() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let older = scene.start(FILE).await?;
    scene.at_rest(older.id).await?;
    let commit = scene.put_newer();
    let newer = scene.start_at(Some(commit.clone()), FILE).await?;
    assert_ne!(newer.id, older.id);
    let newer = scene.at_rest(newer.id).await?;
    assert!(
        matches!(newer.state, DownloadState::Finished { .. }),
        "{newer:?}"
    );
    let beside = format!("{}/{FILE}", &commit[..8]);
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    assert!(std::fs::read(scene.target(&beside))? == content(2).bytes());
    assert_eq!(scene.models().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn two_versions_are_fetched_side_by_side() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let older = scene.start(FILE).await?.id;
    scene
        .until(older, "the first bytes", |download| {
            download.done_bytes >= 500_000
        })
        .await?;
    let commit = scene.put_newer();
    let newer = scene.start_at(Some(commit.clone()), FILE).await?.id;
    let download = scene.at_rest(newer).await?;
    assert!(
        matches!(download.state, DownloadState::Finished { .. }),
        "{download:?}"
    );
    scene.hub.resume();
    let download = scene.at_rest(older).await?;
    assert!(
        matches!(download.state, DownloadState::Finished { .. }),
        "{download:?}"
    );
    let beside = format!("{}/{FILE}", &commit[..8]);
    assert!(std::fs::read(scene.target(FILE))? == content(1).bytes());
    assert!(std::fs::read(scene.target(&beside))? == content(2).bytes());
    Ok(())
}

#[tokio::test]
async fn a_pause_keeps_the_bytes_and_resume_goes_on() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| {
            download.done_bytes >= 500_000
        })
        .await?;
    scene.pause(Some(id)).await?;
    let paused = scene.at_rest(id).await?;
    assert_eq!(paused.state, DownloadState::Paused { error: None });
    scene.resume(Some(id)).await?;
    let finished = scene
        .until(id, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    assert_eq!(finished.done_bytes, SIZE);
    let ranges: Vec<_> = scene
        .hub
        .log_of(Origin::Cdn)
        .iter()
        .map(|request| request.range_start())
        .collect();
    assert_eq!(ranges, [None, Some(500_000)]);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_download_leaves_nothing() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| download.done_bytes > 0)
        .await?;
    let mut events = scene.app.events();
    let _: Nothing = scene
        .app
        .call("download_cancel", DownloadCancel { id })
        .await?;
    events
        .wait("the download to go", |event| match event {
            Event::DownloadRemoved { download_id } if download_id == id => Some(()),
            _ => None,
        })
        .await?;
    assert!(scene.list().await?.is_empty());
    assert!(
        !scene.app.home().join("models/owner").exists(),
        "{:?}",
        scene.names()
    );
    let gone = scene
        .app
        .call::<Nothing>("download_cancel", DownloadCancel { id });
    assert_eq!(code(gone.await), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn what_was_there_before_a_download_outlives_its_end() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let [one, two] = scene.put_shards();
    scene
        .hub
        .fault(On::cdn(&two.0), Fault::Stall { after_bytes: 10 });
    let there = scene.target(&one.0);
    std::fs::create_dir_all(there.parent().context("a folder")?)?;
    std::fs::write(&there, &one.1)?;
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options()
        .write(true)
        .open(&there)?
        .set_modified(long_ago)?;
    let id = scene.start(&one.0).await?.id;
    scene
        .until(id, "the file that was there", |download| {
            download.files.iter().any(|file| file.verified)
        })
        .await?;
    let _: Nothing = scene
        .app
        .call("download_cancel", DownloadCancel { id })
        .await?;
    assert_eq!(scene.names(), [one.0], "only what was fetched is gone");
    Ok(())
}

#[tokio::test]
async fn as_many_run_as_may_in_the_order_of_the_queue() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.put_more(4);
    scene
        .change_settings(|settings| settings.downloads.parallel = 1)
        .await?;
    stall(&scene.hub, &path(0));
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(scene.start(&path(number)).await?.id);
    }
    scene
        .until(ids[0], "the first to run", |download| {
            download.done_bytes > 0
        })
        .await?;
    for id in &ids[1..] {
        scene
            .until(*id, "the others to wait", |download| {
                is_queued(download, QueueReason::Turn)
            })
            .await?;
    }
    // The last one goes to the front, and the second to the end.
    let before = Some(ids[1]);
    let list: Vec<Download> = scene
        .app
        .call("download_move", DownloadMove { id: ids[3], before })
        .await?;
    let order: Vec<_> = list
        .iter()
        .map(|download| (download.id, download.position))
        .collect();
    let expected = [
        (ids[0], Some(0)),
        (ids[3], Some(1)),
        (ids[1], Some(2)),
        (ids[2], Some(3)),
    ];
    assert_eq!(order, expected);
    let end = DownloadMove {
        id: ids[1],
        before: None,
    };
    let _: Vec<Download> = scene.app.call("download_move", end).await?;
    scene.hub.resume();
    for id in &ids {
        scene.at_rest(*id).await?;
    }
    let asked: Vec<_> = scene
        .hub
        .log_of(Origin::Cdn)
        .iter()
        .map(|request| {
            request
                .path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(asked, [path(0), path(3), path(2), path(1)]);
    Ok(())
}

#[tokio::test]
async fn the_queue_survives_a_restart_and_what_ran_goes_on() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.put_more(2);
    stall(&scene.hub, FILE);
    let running = scene.start(FILE).await?.id;
    scene
        .until(running, "the first bytes", |download| {
            download.done_bytes >= 500_000
        })
        .await?;
    let paused = scene.start(&path(0)).await?.id;
    scene.pause(Some(paused)).await?;
    let Scene { hub, app } = scene;
    let scene = Scene {
        app: app.reopen().await?,
        hub,
    };
    scene
        .until(running, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    let list = scene.list().await?;
    let other = list
        .iter()
        .find(|download| download.id == paused)
        .expect("it is there");
    assert_eq!(other.state, DownloadState::Paused { error: None });
    let ranges: Vec<_> = scene
        .hub
        .log_of(Origin::Cdn)
        .iter()
        .filter(|request| request.path.ends_with(FILE))
        .map(|request| request.range_start())
        .collect();
    assert_eq!(ranges, [None, Some(500_000)], "it went on where it was");
    Ok(())
}

#[tokio::test]
async fn outside_the_hours_nothing_runs() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    // An hour that is not now, whenever this runs: the one that begins in twelve hours.
    let minute = sirocco_core::local_minute();
    let from_minute = (minute + 12 * 60) % (24 * 60);
    let to_minute = (from_minute + 60) % (24 * 60);
    let hours = Some(DownloadHours {
        from_minute,
        to_minute,
    });
    scene
        .change_settings(|settings| settings.downloads.hours = hours)
        .await?;
    let id = scene.start(FILE).await?.id;
    let waiting = scene
        .until(id, "it to wait", |download| {
            is_queued(download, QueueReason::Schedule)
        })
        .await?;
    assert!(matches!(
        waiting.state,
        DownloadState::Queued {
            until_ms: Some(_),
            ..
        }
    ));
    assert!(scene.hub.log().is_empty());
    scene
        .change_settings(|settings| settings.downloads.hours = None)
        .await?;
    assert!(matches!(
        scene.at_rest(id).await?.state,
        DownloadState::Finished { .. }
    ));
    Ok(())
}

#[tokio::test]
async fn offline_everything_waits_and_goes_on_afterwards() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    stall(&scene.hub, FILE);
    let id = scene.start(FILE).await?.id;
    scene
        .until(id, "the first bytes", |download| download.done_bytes > 0)
        .await?;
    scene
        .change_settings(|settings| settings.network.offline = true)
        .await?;
    scene
        .until(id, "it to wait", |download| {
            is_queued(download, QueueReason::Offline)
        })
        .await?;
    let asked = scene.hub.log().len();
    let _: Nothing = scene.resume(Some(id)).await?;
    assert_eq!(scene.hub.log().len(), asked, "nobody is asked");
    scene
        .change_settings(|settings| settings.network.offline = false)
        .await?;
    assert!(matches!(
        scene.at_rest(id).await?.state,
        DownloadState::Finished { .. }
    ));
    Ok(())
}

#[tokio::test]
async fn finished_downloads_can_be_cleared_and_the_models_stay() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.put_more(1);
    let finished = scene.start(FILE).await?.id;
    scene.at_rest(finished).await?;
    stall(&scene.hub, &path(0));
    let running = scene.start(&path(0)).await?.id;
    let _: Nothing = scene.app.call("download_clear", DownloadClear {}).await?;
    let list = scene.list().await?;
    assert_eq!(
        list.iter().map(|download| download.id).collect::<Vec<_>>(),
        [running]
    );
    assert_eq!(scene.models().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn all_can_be_paused_and_resumed_at_once() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.put_more(3);
    for number in 0..3 {
        stall(&scene.hub, &path(number));
        scene.start(&path(number)).await?;
    }
    scene.pause(None).await?;
    let list = scene.list().await?;
    assert!(
        list.iter()
            .all(|download| download.state == DownloadState::Paused { error: None })
    );
    scene.resume(None).await?;
    scene.hub.clear_faults();
    scene.hub.resume();
    for download in list {
        scene
            .until(download.id, "the end", |download| {
                matches!(download.state, DownloadState::Finished { .. })
            })
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_gated_model_waits_for_the_person_and_says_where_to_go() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    scene.hub.set_account("hf_good", Account::new("someone"));
    scene
        .hub
        .change(REPOSITORY, |repository| repository.facts.gate = Gate::Auto);
    let id = scene.start(FILE).await?.id;
    let DownloadState::Paused { error: Some(error) } = scene.at_rest(id).await?.state else {
        anyhow::bail!("it must wait");
    };
    assert_eq!(error.code, ErrorCode::Gated);
    let page = format!("{}/{REPOSITORY}", scene.hub.address());
    assert_eq!(error.hint.as_deref(), Some(page.as_str()));
    scene
        .hub
        .change(REPOSITORY, |repository| repository.facts.gate = Gate::Open);
    scene.resume(Some(id)).await?;
    scene
        .until(id, "the end", |download| {
            matches!(download.state, DownloadState::Finished { .. })
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused_at_once() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    for (repository, path) in [
        ("owner", "a.gguf"),
        ("owner/name/more", "a.gguf"),
        ("../..", "a.gguf"),
        ("owner/name", "../../../a.gguf"),
        ("owner/name", "/etc/passwd"),
        ("owner/CON", "a.gguf"),
        ("owner/name", ""),
    ] {
        let request = DownloadStart {
            repository: repository.into(),
            commit: None,
            path: path.into(),
            projector: None,
        };
        let refused = scene.app.call::<Download>("download_start", request).await;
        assert_eq!(
            code(refused),
            ErrorCode::InvalidRequest,
            "{repository} {path}"
        );
    }
    assert!(scene.hub.log().is_empty());
    assert!(scene.list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let changes: [fn(&mut Settings); 4] = [
        |settings| settings.downloads.parallel = 0,
        |settings| settings.downloads.streams = 9,
        |settings| settings.downloads.speed_limit = Some(0),
        |settings| {
            settings.downloads.hours = Some(DownloadHours {
                from_minute: 0,
                to_minute: 1_440,
            });
        },
    ];
    for change in changes {
        assert_eq!(
            code(scene.change_settings(change).await),
            ErrorCode::InvalidRequest
        );
    }
    Ok(())
}

#[tokio::test]
async fn all_shards_of_a_model_are_one_download() -> anyhow::Result<()> {
    let scene = Scene::new().await?;
    let [one, two] = scene.put_shards();
    let id = scene.start(&one.0).await?.id;
    let finished = scene.at_rest(id).await?;
    assert!(
        matches!(finished.state, DownloadState::Finished { .. }),
        "{finished:?}"
    );
    let paths: Vec<_> = finished
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, [&one.0, &two.0]);
    assert_eq!(finished.total_bytes, (one.1.len() + two.1.len()) as u64);
    assert_eq!(scene.models().await?.len(), 1);
    Ok(())
}
