//! A hub with a model, and an App that asks it: where stories of downloads begin.

use std::path::PathBuf;

use sirocco_gguf::{TensorType, writer::Writer};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Download, DownloadId, DownloadState, ErrorReport, Event, Model, QueueReason, Settings,
};
use sirocco_testkit::hub::{Content, Fault, On, Repository, ScriptedHub};
use sirocco_testkit::{TempApp, TinyModel};

use crate::WORKER;

pub const REPOSITORY: &str = "owner/tiny-GGUF";
pub const FILE: &str = "tiny-Q8_0.gguf";
/// Bytes of the file.
pub const SIZE: u64 = 2 << 20;

/// A hub with a model of two megabytes, and an App that asks it.
pub struct Scene {
    pub hub: ScriptedHub,
    pub app: TempApp,
}

/// The tiny model, with other bytes behind it so that there is something to fetch.
pub fn content(seed: u64) -> Content {
    Content::generated_after(TinyModel::default().bytes(), SIZE, seed)
}

impl Scene {
    pub async fn new() -> anyhow::Result<Self> {
        let hub = ScriptedHub::start().await?;
        hub.put(
            Repository::new(REPOSITORY)
                .tags(["gguf"])
                .file(FILE, content(1)),
        );
        let app = TempApp::open_empty(WORKER).await?;
        let scene = Self { hub, app };
        let endpoint = Some(scene.hub.address().to_owned());
        scene
            .change_settings(|settings| settings.network.endpoint = endpoint)
            .await?;
        Ok(scene)
    }

    /// More models of the repository, by number.
    pub fn put_more(&self, count: u64) {
        self.hub.change(REPOSITORY, |repository| {
            for number in 0..count {
                let file = content(number + 10).into();
                repository.files.insert(path(number), file);
            }
        });
    }

    pub async fn change_settings(
        &self,
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), ErrorReport> {
        let mut settings: Settings = self.app.call("settings_get", SettingsGet {}).await?;
        change(&mut settings);
        let _: Settings = self
            .app
            .call("settings_set", SettingsSet { settings })
            .await?;
        Ok(())
    }

    pub async fn start(&self, path: &str) -> Result<Download, ErrorReport> {
        self.start_at(None, path).await
    }

    /// Starts a download of the file as it is at a commit.
    pub async fn start_at(
        &self,
        commit: Option<String>,
        path: &str,
    ) -> Result<Download, ErrorReport> {
        let request = DownloadStart {
            repository: REPOSITORY.into(),
            commit,
            path: path.into(),
            projector: None,
        };
        self.app.call("download_start", request).await
    }

    /// Replaces the file by another one of the same size; answers the commit that did it.
    pub fn put_newer(&self) -> String {
        self.hub
            .put(Repository::new(REPOSITORY).file(FILE, content(2)));
        self.hub.head(REPOSITORY)
    }

    pub async fn list(&self) -> anyhow::Result<Vec<Download>> {
        Ok(self.app.call("download_list", DownloadList {}).await?)
    }

    pub async fn pause(&self, id: Option<DownloadId>) -> Result<Nothing, ErrorReport> {
        self.app.call("download_pause", DownloadPause { id }).await
    }

    pub async fn resume(&self, id: Option<DownloadId>) -> Result<Nothing, ErrorReport> {
        self.app
            .call("download_resume", DownloadResume { id })
            .await
    }

    pub async fn models(&self) -> anyhow::Result<Vec<Model>> {
        Ok(self.app.call("model_list", ModelList {}).await?)
    }

    /// Waits until a download is as wanted.
    pub async fn until(
        &self,
        id: DownloadId,
        what: &str,
        is_so: impl Fn(&Download) -> bool,
    ) -> anyhow::Result<Download> {
        let mut events = self.app.events();
        for download in self.list().await? {
            if download.id == id && is_so(&download) {
                return Ok(download);
            }
        }
        events
            .wait(what, |event| match event {
                Event::DownloadChanged { download } if download.id == id && is_so(&download) => {
                    Some(download)
                }
                _ => None,
            })
            .await
    }

    /// Waits until nothing happens any more without somebody doing something.
    pub async fn at_rest(&self, id: DownloadId) -> anyhow::Result<Download> {
        self.until(id, "a download to come to rest", |download| {
            matches!(
                download.state,
                DownloadState::Finished { .. }
                    | DownloadState::Failed { .. }
                    | DownloadState::Paused { .. }
            )
        })
        .await
    }

    /// Puts the two files of one model into the repository.
    pub fn put_shards(&self) -> [(String, Vec<u8>); 2] {
        let files = shards();
        self.hub.change(REPOSITORY, |repository| {
            for (name, bytes) in &files {
                let content = bytes.clone().into();
                repository.files.insert(name.clone(), content);
            }
        });
        files
    }

    /// Where the file of the repository is to be.
    pub fn target(&self, path: &str) -> PathBuf {
        self.app.home().join("models").join(REPOSITORY).join(path)
    }

    /// Names beside the file, sorted.
    pub fn names(&self) -> Vec<String> {
        let folder = self.app.home().join("models").join(REPOSITORY);
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

pub fn path(number: u64) -> String {
    format!("more-{number}-Q8_0.gguf")
}

pub fn is_queued(download: &Download, wanted: QueueReason) -> bool {
    matches!(download.state, DownloadState::Queued { reason, .. } if reason == wanted)
}

/// The download stands at its first bytes until the hub is told to resume.
pub fn stall(hub: &ScriptedHub, path: &str) {
    hub.fault(
        On::cdn(path),
        Fault::Stall {
            after_bytes: 500_000,
        },
    );
}

/// Two files of one model.
fn shards() -> [(String, Vec<u8>); 2] {
    [1_u16, 2].map(|number| {
        let bytes = Writer::new()
            .field("general.architecture", "llama")
            .field("general.name", "Split")
            .field("general.file_type", 7_u32)
            .field("llama.context_length", 4_096_u32)
            .field("tokenizer.chat_template", "{{ messages }}")
            .field("split.no", number - 1)
            .field("split.count", 2_u16)
            .field("split.tensors.count", 2_i32)
            .zeros(format!("blk.{number}.weight"), [32, 2], TensorType::F32)
            .build()
            .expect("a shard");
        (format!("split-Q8_0-{number:05}-of-00002.gguf"), bytes)
    })
}
