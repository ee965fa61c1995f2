//! Newer versions of the app itself: looked for if the person wants it, downloaded and installed if the person says so.
//!
//! Only a host that was built with an address of releases offers them, see [`Releases`]; without one nothing here asks
//! the network anything. What is asked goes through the door of all requests, so the offline switch, the proxy and the
//! list of connections hold for it. A package is used only if it carries the signature of its authors for the version
//! that was announced.

mod fetch;
mod manifest;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sirocco_protocol::{ErrorCode, ErrorReport, Event, Release, UpdateState, UpdateStatus};

use crate::App;
use crate::clock::now_ms;
use crate::error::refuse;
use crate::library::blocking;
use manifest::Manifest;

/// How often a newer version is looked for while the app runs.
const BETWEEN_CHECKS: Duration = Duration::from_secs(24 * 60 * 60);

/// The side of newer versions that only a host knows. `manifest` is what the address answers.
pub trait Releases: Send + Sync {
    /// Where it is written which version is the newest.
    fn address(&self) -> String;

    /// Whether a package can take the place of this program without the system's own packages, or the person, doing it.
    fn installs_itself(&self) -> bool;

    /// Where the package for this system lies, if the manifest names one.
    fn package(&self, manifest: &Value) -> Option<String>;

    /// Sees that the package was signed by the authors, for this version. Takes a while; blocks.
    ///
    /// # Errors
    /// Why it is not to be trusted.
    fn verify(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport>;

    /// Verifies the package, puts it in the place of this program, and starts that one in place of this one, which ends
    /// as if it was closed. Blocks.
    ///
    /// # Errors
    /// Why everything stays as it was.
    fn install_and_restart(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport>;
}

/// What is known of newer versions.
pub(crate) struct Updates {
    /// None if none are looked for.
    releases: Option<Arc<dyn Releases>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    state: UpdateState,
    /// That of the release in the state.
    manifest: Value,
}

impl Updates {
    pub fn from(releases: Option<Arc<dyn Releases>>) -> Self {
        Self {
            releases,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn releases(&self) -> Result<Arc<dyn Releases>, ErrorReport> {
        self.releases.clone().ok_or_else(|| {
            refuse(
                ErrorCode::InvalidRequest,
                "this program was built without an address of releases",
            )
        })
    }
}

impl App {
    pub(crate) fn update_status(&self) -> UpdateStatus {
        UpdateStatus {
            is_possible: self.inner.updates.releases.is_some(),
            state: self.inner.updates.known().state.clone(),
        }
    }

    /// Looks for a newer version from now on, if the settings say so: at once, then once a day.
    pub(crate) fn keep_looking_for_updates(&self) {
        if self.inner.updates.releases.is_none() {
            return;
        }
        let app = self.clone();
        self.spawn(async move {
            loop {
                let settings = app.inner.store.settings().await;
                if settings.is_ok_and(|settings| settings.check_updates)
                    && let Err(error) = app.check_for_update()
                {
                    tracing::info!(message = %error.message, "a newer version was not looked for");
                }
                tokio::time::sleep(BETWEEN_CHECKS).await;
            }
        });
    }

    /// Begins to look for a newer version. While one is on its way here, that goes on instead.
    pub(crate) fn check_for_update(&self) -> Result<UpdateStatus, ErrorReport> {
        let releases = self.inner.updates.releases()?;
        {
            let mut known = self.inner.updates.known();
            match known.state {
                UpdateState::Checking
                | UpdateState::Downloading { .. }
                | UpdateState::Downloaded { .. } => {}
                _ => {
                    known.state = UpdateState::Checking;
                    let app = self.clone();
                    self.spawn(async move { app.look_for_update(&*releases).await });
                }
            }
        }
        self.tell_update();
        Ok(self.update_status())
    }

    async fn look_for_update(&self, releases: &dyn Releases) {
        let (state, manifest) = match self.newest(releases).await {
            Ok(Some(manifest)) => {
                let release = Release {
                    version: manifest.version.to_string(),
                    notes: manifest.notes,
                    package: releases
                        .package(&manifest.whole)
                        .filter(|address| fetch::is_web(address)),
                    installs_itself: releases.installs_itself(),
                };
                (UpdateState::Found { release }, manifest.whole)
            }
            Ok(None) => {
                let checked_at_ms = now_ms();
                (UpdateState::Newest { checked_at_ms }, Value::Null)
            }
            Err(error) => {
                tracing::info!(message = %error.message, "it is not known whether there is a newer version");
                let release = None;
                (UpdateState::Failed { error, release }, Value::Null)
            }
        };
        *self.inner.updates.known() = Known { state, manifest };
        self.tell_update();
    }

    /// The manifest, if it tells of a later version than this one.
    async fn newest(&self, releases: &dyn Releases) -> Result<Option<Manifest>, ErrorReport> {
        let text = fetch::text(&self.inner.network, &releases.address()).await?;
        let manifest = Manifest::read(&text)?;
        Ok(manifest
            .is_newer_than(env!("CARGO_PKG_VERSION"))
            .then_some(manifest))
    }

    /// Begins to download the version that was found.
    pub(crate) fn download_update(&self, version: &str) -> Result<UpdateStatus, ErrorReport> {
        let releases = self.inner.updates.releases()?;
        {
            let mut known = self.inner.updates.known();
            let release = match &known.state {
                UpdateState::Found { release } => Some(release),
                UpdateState::Failed { release, .. } => release.as_ref(),
                _ => None,
            };
            let release = release
                .filter(|release| release.version == version)
                .ok_or_else(outdated)?
                .clone();
            let address = release
                .package
                .clone()
                .filter(|_| release.installs_itself)
                .ok_or_else(|| {
                    refuse(
                        ErrorCode::InvalidRequest,
                        "this version is not for the app to install",
                    )
                    .with_hint("replace the package that Sirocco came in")
                })?;
            known.state = UpdateState::Downloading {
                release: release.clone(),
                done_bytes: 0,
                total_bytes: None,
            };
            let (app, manifest) = (self.clone(), known.manifest.clone());
            self.spawn(async move {
                let fetched = app
                    .fetch_update(releases, &release, &address, manifest)
                    .await;
                app.inner.updates.known().state = match fetched {
                    Ok(()) => UpdateState::Downloaded { release },
                    Err(error) => UpdateState::Failed {
                        error,
                        release: Some(release),
                    },
                };
                app.tell_update();
            });
        }
        self.tell_update();
        Ok(self.update_status())
    }

    async fn fetch_update(
        &self,
        releases: Arc<dyn Releases>,
        release: &Release,
        address: &str,
        manifest: Value,
    ) -> Result<(), ErrorReport> {
        let path = self.inner.home.update();
        let progress = |done_bytes, total_bytes| {
            self.inner.updates.known().state = UpdateState::Downloading {
                release: release.clone(),
                done_bytes,
                total_bytes,
            };
            self.tell_update();
        };
        fetch::package(&self.inner.network, address, &path, progress).await?;
        blocking(move || releases.verify(&manifest, &fetch::read(&path)?)).await?
    }

    /// Puts the version that was downloaded in the place of this one and starts it.
    pub(crate) async fn install_update(&self, version: &str) -> Result<(), ErrorReport> {
        let releases = self.inner.updates.releases()?;
        let (release, manifest) = {
            let known = self.inner.updates.known();
            match &known.state {
                UpdateState::Downloaded { release } if release.version == version => {
                    (release.clone(), known.manifest.clone())
                }
                _ => return Err(outdated()),
            }
        };
        let path = self.inner.home.update();
        let install = move || releases.install_and_restart(&manifest, &fetch::read(&path)?);
        let installed = blocking(install).await.and_then(|installed| installed);
        if let Err(error) = &installed {
            self.inner.updates.known().state = UpdateState::Failed {
                error: error.clone(),
                release: Some(release),
            };
            self.tell_update();
        }
        installed
    }

    fn tell_update(&self) {
        self.emit(Event::UpdateChanged {
            status: self.update_status(),
        });
    }
}

fn outdated() -> ErrorReport {
    refuse(
        ErrorCode::Conflict,
        "this is not the version that was found last",
    )
    .with_hint("look for newer versions again")
}
