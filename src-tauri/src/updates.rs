//! Newer versions of this program, if it was built with an address of releases and the key that they are signed with.
//!
//! The plugin reads manifests, checks signatures and puts packages in place. It is asked for nothing that goes to the
//! network, which is for the App, and the page has no permission for its commands.

use std::sync::Arc;

use serde_json::{Value, json};
use sirocco_core::Releases;
use sirocco_protocol::{ErrorCode, ErrorReport};
use tauri::utils::config::BundleType;
use tauri::utils::platform::bundle_type;
use tauri::{AppHandle, Builder, Context, Wry};
use tauri_plugin_updater::{Update, UpdaterExt};

/// Read when this is compiled; `build.rs` sees that they are sound.
fn configured() -> Option<(&'static str, &'static str)> {
    let given = |value: Option<&'static str>| value.filter(|value| !value.is_empty());
    let address = given(option_env!("SIROCCO_RELEASE_ADDRESS"));
    address.zip(given(option_env!("SIROCCO_RELEASE_KEY")))
}

/// Adds the plugin, where it is of use.
pub fn prepare(builder: Builder<Wry>, context: &mut Context<Wry>) -> Builder<Wry> {
    let Some((address, key)) = configured() else {
        return builder;
    };
    let configuration =
        json!({ "endpoints": [address], "pubkey": key, "requireSignedVersion": true });
    let plugins = &mut context.config_mut().plugins.0;
    plugins.insert("updater".to_owned(), configuration);
    builder.plugin(tauri_plugin_updater::Builder::new().build())
}

/// What the App asks, where it is of use.
pub fn releases(handle: &AppHandle) -> Option<Arc<dyn Releases>> {
    let (address, _) = configured()?;
    Some(Arc::new(Published {
        handle: handle.clone(),
        address,
    }))
}

struct Published {
    handle: AppHandle,
    address: &'static str,
}

impl Published {
    /// The plugin's view of a manifest. It refuses one that is not newer.
    fn update(&self, manifest: &Value) -> Result<Update, ErrorReport> {
        let handle = self.handle.clone();
        // Windows ends this process itself, behind the installer that it has started.
        let builder = self.handle.updater_builder().on_before_exit(move || {
            crate::close(&handle);
            handle.cleanup_before_exit();
        });
        let read = builder
            .build()
            .and_then(|updater| updater.restore_update(manifest.clone()));
        read.map_err(|error| failed(&error))?
            .ok_or_else(|| failed(&"it is not newer than this one"))
    }
}

impl Releases for Published {
    fn address(&self) -> String {
        self.address.to_owned()
    }

    /// On Linux packages belong to the system, and a portable folder anywhere to the person.
    fn installs_itself(&self) -> bool {
        matches!(
            bundle_type(),
            Some(BundleType::App | BundleType::Dmg | BundleType::Nsis)
        )
    }

    fn package(&self, manifest: &Value) -> Option<String> {
        Some(self.update(manifest).ok()?.download_url.to_string())
    }

    fn verify(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport> {
        self.update(manifest)?
            .verify(package)
            .map_err(|error| failed(&error))
    }

    fn install_and_restart(&self, manifest: &Value, package: &[u8]) -> Result<(), ErrorReport> {
        self.update(manifest)?
            .install(package)
            .map_err(|error| failed(&error))?;
        self.handle.request_restart();
        Ok(())
    }
}

fn failed(error: &impl std::fmt::Display) -> ErrorReport {
    ErrorReport::new(
        ErrorCode::FileProblem,
        format!("the new version cannot be installed: {error}"),
    )
    .with_hint("this version stays as it is; install the new one by hand")
}
