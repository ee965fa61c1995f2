//! A newer version of the app: looked for, told of, downloaded and installed only as the person says.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sirocco_core::home::Home;
use sirocco_core::{App, AppOptions, Host, HubEnvironment, Releases};
use sirocco_protocol::{
    Connection, ConnectionPurpose, ErrorCode, ErrorReport, HostKind, PickKind, Settings,
    UpdateState, UpdateStatus,
};
use sirocco_testkit::hub::{Content, Repository, ScriptedHub};
use sirocco_testkit::within;
use tempfile::TempDir;

const REPOSITORY: &str = "authors/releases";
const SIZE: u64 = 3 << 20;

/// A host that was built with an address of releases.
struct Desktop {
    address: String,
    installs_itself: bool,
    /// Packages that were put in place.
    installed: Mutex<Vec<u64>>,
    is_read_only: AtomicBool,
}

/// What the App sees of it.
struct Window(Option<Arc<Desktop>>);

impl Host for Window {
    fn kind(&self) -> HostKind {
        HostKind::Window
    }

    fn pick(&self, _kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn releases(&self) -> Option<Arc<dyn Releases>> {
        Some(self.0.clone()? as Arc<dyn Releases>)
    }
}

fn failed(message: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::FileProblem, message)
}

impl Releases for Desktop {
    fn address(&self) -> String {
        format!("{}/{REPOSITORY}/resolve/main/latest.json", self.address)
    }

    fn installs_itself(&self) -> bool {
        self.installs_itself
    }

    fn package(&self, manifest: &Value) -> Option<String> {
        Some(format!(
            "{}/{}",
            self.address,
            manifest["package"].as_str()?
        ))
    }

    fn verify(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport> {
        match manifest["signed_bytes"].as_u64() == Some(package.len() as u64) {
            true => Ok(()),
            false => Err(failed("the signature is none of the authors'")),
        }
    }

    fn install_and_restart(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport> {
        self.verify(manifest, package)?;
        if self.is_read_only.load(Ordering::Relaxed) {
            return Err(failed("its folder cannot be written to"));
        }
        let mut installed = self.installed.lock().expect("nobody panics with it");
        installed.push(package.len() as u64);
        Ok(())
    }
}

/// A hub with releases, and an App whose host knows of them.
struct Scene {
    hub: ScriptedHub,
    desktop: Arc<Desktop>,
    app: App,
    folder: TempDir,
}

impl Scene {
    async fn new(installs_itself: bool) -> anyhow::Result<Self> {
        let hub = ScriptedHub::start().await?;
        let desktop = Arc::new(Desktop {
            address: hub.address().to_owned(),
            installs_itself,
            installed: Mutex::default(),
            is_read_only: AtomicBool::new(false),
        });
        let folder = TempDir::new()?;
        let app = open(&folder, Some(Arc::clone(&desktop))).await?;
        Ok(Self {
            hub,
            desktop,
            app,
            folder,
        })
    }

    /// Publishes a version with a package of which so many bytes are signed.
    fn publish(&self, version: &str, signed_bytes: u64) {
        let manifest = json!({
            "version": version,
            "notes": "Faster.",
            "package": format!("{REPOSITORY}/resolve/main/package.bin"),
            "signed_bytes": signed_bytes,
        });
        let repository = Repository::new(REPOSITORY)
            .file("latest.json", manifest.to_string())
            .file("package.bin", Content::generated(SIZE, 1));
        self.hub.put(repository);
    }

    async fn call<T: DeserializeOwned>(
        &self,
        command: &str,
        request: Value,
    ) -> Result<T, ErrorReport> {
        call(&self.app, command, request).await
    }

    /// Begins something and waits until it has ended.
    async fn after(&self, command: &str, request: Value) -> anyhow::Result<UpdateState> {
        let mut events = self.app.events();
        self.call::<UpdateStatus>(command, request).await?;
        let ended = within(command, async {
            loop {
                // What was missed is in the status.
                let _ = events.recv().await;
                match self.state().await? {
                    UpdateState::Checking | UpdateState::Downloading { .. } => {}
                    state => return Ok::<_, ErrorReport>(state),
                }
            }
        });
        Ok(ended.await??)
    }

    async fn state(&self) -> Result<UpdateState, ErrorReport> {
        let status: UpdateStatus = self.call("update_get", json!({})).await?;
        assert!(status.is_possible);
        Ok(status.state)
    }

    async fn check(&self) -> anyhow::Result<UpdateState> {
        self.after("update_check", json!({})).await
    }

    async fn download(&self) -> anyhow::Result<UpdateState> {
        self.after("update_download", json!({ "version": "99.0.0" }))
            .await
    }

    async fn install(&self) -> Result<Value, ErrorReport> {
        self.call("update_install", json!({ "version": "99.0.0" }))
            .await
    }
}

async fn open(folder: &TempDir, desktop: Option<Arc<Desktop>>) -> anyhow::Result<App> {
    let options = AppOptions {
        home: Home::at(folder.path().join("home")),
        host: Arc::new(Window(desktop)),
        runtimes: Vec::new(),
        environment: HubEnvironment::default(),
    };
    Ok(App::open(options).await?)
}

async fn call<T: DeserializeOwned>(
    app: &App,
    command: &str,
    request: Value,
) -> Result<T, ErrorReport> {
    let answer = app.call(command, request).await?;
    Ok(serde_json::from_value(answer).expect("the command answers with another type"))
}

async fn change_settings(app: &App, change: impl FnOnce(&mut Settings)) -> anyhow::Result<()> {
    let mut settings: Settings = call(app, "settings_get", json!({})).await?;
    change(&mut settings);
    call::<Settings>(app, "settings_set", json!({ "settings": settings })).await?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_asked_unless_the_person_wants_it() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE);
    assert_eq!(scene.state().await?, UpdateState::Unknown);
    scene.app.close().await;
    let app = open(&scene.folder, Some(Arc::clone(&scene.desktop))).await?;
    let connections: Vec<Connection> = call(
        &app,
        "connection_list",
        json!({ "before": null, "limit": 10 }),
    )
    .await?;
    assert_eq!(connections, []);
    assert!(scene.hub.log().is_empty());
    app.close().await;
    Ok(())
}

#[tokio::test]
async fn who_wants_it_is_told_at_the_start() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE);
    change_settings(&scene.app, |settings| settings.check_updates = true).await?;
    scene.app.close().await;
    let app = open(&scene.folder, Some(Arc::clone(&scene.desktop))).await?;
    let mut events = app.events();
    let found = within("the newer version to be found", async {
        loop {
            let status: UpdateStatus = call(&app, "update_get", json!({})).await?;
            match status.state {
                UpdateState::Unknown | UpdateState::Checking => drop(events.recv().await),
                state => return Ok::<_, ErrorReport>(state),
            }
        }
    });
    assert!(matches!(found.await??, UpdateState::Found { release } if release.version == "99.0.0"));
    app.close().await;
    Ok(())
}

#[tokio::test]
async fn a_newer_version_is_told_of_downloaded_and_installed_step_by_step() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE);
    let UpdateState::Found { release } = scene.check().await? else {
        panic!("{:?}", scene.state().await?);
    };
    assert_eq!(
        (release.version.as_str(), release.notes.as_str()),
        ("99.0.0", "Faster.")
    );
    let asked = |hub: &ScriptedHub| {
        hub.log()
            .iter()
            .filter(|request| request.path.ends_with("package.bin"))
            .count()
    };
    assert_eq!(asked(&scene.hub), 0, "it was only told of");

    let early = scene.install().await.unwrap_err();
    assert_eq!(early.code, ErrorCode::Conflict);
    assert_eq!(
        scene.download().await?,
        UpdateState::Downloaded {
            release: release.clone()
        }
    );
    let is_untouched = scene.desktop.installed.lock().unwrap().is_empty();
    assert!(is_untouched, "it was only downloaded");
    assert_eq!(
        scene.check().await?,
        UpdateState::Downloaded { release },
        "which is not forgotten"
    );

    scene.install().await?;
    assert_eq!(*scene.desktop.installed.lock().unwrap(), [SIZE]);
    let connections: Vec<Connection> = scene
        .call("connection_list", json!({ "before": null, "limit": 10 }))
        .await?;
    assert!(
        connections.len() >= 2
            && connections
                .iter()
                .all(|one| one.purpose == ConnectionPurpose::Update)
    );
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn what_is_not_newer_is_no_news() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    for version in [env!("CARGO_PKG_VERSION"), "0.0.1"] {
        scene.publish(version, SIZE);
        assert!(
            matches!(scene.check().await?, UpdateState::Newest { checked_at_ms } if checked_at_ms > 0)
        );
    }
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn a_package_that_is_not_signed_for_it_is_not_installed() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE + 1);
    scene.check().await?;
    let UpdateState::Failed { error, release } = scene.download().await? else {
        panic!("{:?}", scene.state().await?);
    };
    assert!(error.message.contains("signature"), "{}", error.message);
    assert!(release.is_some(), "it can be tried again");
    assert_eq!(scene.install().await.unwrap_err().code, ErrorCode::Conflict);
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn an_install_that_fails_says_why_and_can_be_tried_again() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE);
    scene.check().await?;
    scene.download().await?;
    scene.desktop.is_read_only.store(true, Ordering::Relaxed);
    let refused = scene.install().await.unwrap_err();
    assert!(refused.message.contains("cannot be written to"));
    assert!(matches!(
        scene.state().await?,
        UpdateState::Failed {
            release: Some(_),
            ..
        }
    ));
    scene.desktop.is_read_only.store(false, Ordering::Relaxed);
    scene.download().await?;
    scene.install().await?;
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn what_a_package_of_the_system_owns_is_only_told_of() -> anyhow::Result<()> {
    let scene = Scene::new(false).await?;
    scene.publish("99.0.0", SIZE);
    let UpdateState::Found { release } = scene.check().await? else {
        panic!("{:?}", scene.state().await?);
    };
    assert!(!release.installs_itself && release.package.is_some());
    let request = json!({ "version": "99.0.0" });
    let refused = scene
        .call::<Value>("update_download", request)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn whoever_is_offline_asks_nobody() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    scene.publish("99.0.0", SIZE);
    change_settings(&scene.app, |settings| settings.network.offline = true).await?;
    let UpdateState::Failed { error, .. } = scene.check().await? else {
        panic!("{:?}", scene.state().await?);
    };
    assert_eq!(error.code, ErrorCode::Offline);
    assert!(scene.hub.log().is_empty());
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn an_address_that_says_nothing_of_versions_is_a_failure_and_no_news() -> anyhow::Result<()> {
    let scene = Scene::new(true).await?;
    let UpdateState::Failed { release: None, .. } = scene.check().await? else {
        panic!("{:?}", scene.state().await?);
    };
    scene.app.close().await;
    Ok(())
}

#[tokio::test]
async fn a_program_without_an_address_of_releases_looks_for_none() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let app = open(&folder, None).await?;
    change_settings(&app, |settings| settings.check_updates = true).await?;
    let status: UpdateStatus = call(&app, "update_get", json!({})).await?;
    assert_eq!(status, UpdateStatus::default());
    for (command, request) in [
        ("update_check", json!({})),
        ("update_download", json!({ "version": "99.0.0" })),
        ("update_install", json!({ "version": "99.0.0" })),
    ] {
        let refused = call::<Value>(&app, command, request).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest, "{command}");
    }
    app.close().await;
    Ok(())
}
