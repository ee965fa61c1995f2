//! An App over a temporary data folder, used only through its commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sirocco_core::home::Home;
use sirocco_core::{App, AppOptions, HubEnvironment, NoHost};
use sirocco_engine::{Backend, Runtime};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ErrorReport, Event, HostKind, ImportOutcome, LoadState,
    LoadedModel, Message, MessagePage, Model, ModelId, PickedPath, Run, RunId, RuntimeName,
    Settings, Started, TitleChoice,
};
use tempfile::TempDir;
use tokio::sync::broadcast;

use crate::{Follower, Script, TinyModel};

/// Only a broken program takes longer for anything a test waits for.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits for something, but not for ever.
///
/// # Errors
/// After a minute, naming what was waited for.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> anyhow::Result<T> {
    tokio::time::timeout(LIMIT, future)
        .await
        .with_context(|| format!("waited in vain for {what}"))
}

/// An App whose data folder goes when this is dropped.
pub struct TempApp {
    app: App,
    runtimes: Vec<Runtime>,
    folder: TempDir,
}

impl TempApp {
    /// An App with the tiny model in its own model folder. `worker` is the executable of
    /// [`crate::run_scripted_worker`].
    ///
    /// # Errors
    /// If the folder cannot be made or the App does not open.
    pub async fn open(worker: impl Into<PathBuf>, script: &Script) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let models = Home::at(folder.path().join("home")).models();
        std::fs::create_dir_all(&models)?;
        put_model(&models.join("tiny.gguf"), &TinyModel::default(), script)?;
        Self::without_titles(folder, worker.into()).await
    }

    /// An App without a model.
    ///
    /// # Errors
    /// As [`TempApp::open`].
    pub async fn open_empty(worker: impl Into<PathBuf>) -> anyhow::Result<Self> {
        Self::without_titles(TempDir::new()?, worker.into()).await
    }

    /// An App over a new folder in which models write no titles, unless a test chooses so: each would ask the worker
    /// once more behind an answer.
    async fn without_titles(folder: TempDir, worker: PathBuf) -> anyhow::Result<Self> {
        let app = Self::over(folder, worker).await?;
        let settings: Settings = app.call("settings_get", SettingsGet {}).await?;
        let settings = Settings {
            titles: TitleChoice::Off,
            ..settings
        };
        app.call::<Settings>("settings_set", SettingsSet { settings })
            .await?;
        Ok(app)
    }

    /// An App without a model, with these workers.
    ///
    /// # Errors
    /// As [`TempApp::open`].
    pub async fn open_with(runtimes: Vec<Runtime>) -> anyhow::Result<Self> {
        Self::over_with(TempDir::new()?, runtimes).await
    }

    /// Opens an App over a folder that another process has used; its data folder is `home` inside.
    ///
    /// # Errors
    /// If the App does not open.
    pub async fn over(folder: TempDir, worker: PathBuf) -> anyhow::Result<Self> {
        Self::over_with(folder, vec![runtime(RuntimeName::MistralRs, worker)]).await
    }

    async fn over_with(folder: TempDir, runtimes: Vec<Runtime>) -> anyhow::Result<Self> {
        let home = Home::at(folder.path().join("home"));
        let app = open_with(home, runtimes.clone()).await?;
        let app = Self {
            app,
            runtimes,
            folder,
        };
        // The scan at start runs beside everything else; this one has ended when it answers.
        app.call::<ImportOutcome>("model_scan", ModelScan {})
            .await?;
        Ok(app)
    }

    /// Closes the App and opens it again with other workers, as after something was installed or removed.
    ///
    /// # Errors
    /// If it does not close or open.
    pub async fn reopen_with(mut self, runtimes: Vec<Runtime>) -> anyhow::Result<Self> {
        self.runtimes = runtimes;
        self.reopen().await
    }

    /// Closes the App and opens it again, as after a restart.
    ///
    /// # Errors
    /// If it does not close or open.
    pub async fn reopen(self) -> anyhow::Result<Self> {
        let Self {
            app,
            runtimes,
            folder,
        } = self;
        within("the App to close", app.close()).await?;
        drop(app);
        Self::over_with(folder, runtimes).await
    }

    /// Closes the App and gives its folder away, for another process to use; the data folder is `home` inside.
    ///
    /// # Errors
    /// If it does not close.
    pub async fn into_folder(self) -> anyhow::Result<TempDir> {
        within("the App to close", self.app.close()).await?;
        Ok(self.folder)
    }

    /// Closes the App.
    ///
    /// # Errors
    /// If it does not close.
    pub async fn close(self) -> anyhow::Result<()> {
        within("the App to close", self.app.close()).await
    }

    /// The App itself.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The data folder.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside the data folder, for what is not the App's.
    #[must_use]
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// The file of the tiny model.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.home().join("models/tiny.gguf")
    }

    /// Runs a command with its request type.
    ///
    /// # Errors
    /// What the command reports.
    ///
    /// # Panics
    /// If the answer is not of the type asked for: the test is wrong.
    pub async fn call<T: DeserializeOwned>(
        &self,
        command: &str,
        request: impl Serialize,
    ) -> Result<T, ErrorReport> {
        let payload = serde_json::to_value(request).expect("requests are JSON");
        let answer = within(command, self.app.call(command, payload))
            .await
            .expect("commands answer")?;
        Ok(serde_json::from_value(answer).expect("the command answers with another type"))
    }

    /// Follows a run through the stream of that name.
    ///
    /// # Errors
    /// What the stream reports.
    pub async fn follow(&self, id: RunId) -> Result<Follower, ErrorReport> {
        let payload = serde_json::to_value(RunFollow { id }).expect("requests are JSON");
        Ok(Follower::new(self.app.stream("run_follow", payload).await?))
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(self.app.events())
    }

    /// The only model of the library.
    ///
    /// # Errors
    /// If there is none.
    pub async fn model(&self) -> anyhow::Result<Model> {
        let models: Vec<Model> = self.call("model_list", ModelList {}).await?;
        models.into_iter().next().context("the library is empty")
    }

    /// Changes what the tiny model will say after its next load.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn rewrite(&self, script: &Script) -> std::io::Result<()> {
        script.write_for(&self.model_path())
    }

    /// Puts another model with its script somewhere.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put_model(
        &self,
        path: &Path,
        model: &TinyModel,
        script: &Script,
    ) -> std::io::Result<()> {
        put_model(path, model, script)
    }

    /// Loads a model and waits until it answers.
    ///
    /// # Errors
    /// What the load reports, at once or later.
    pub async fn load(
        &self,
        id: ModelId,
        options: sirocco_protocol::LoadOptions,
    ) -> anyhow::Result<LoadedModel> {
        let mut events = self.events();
        let loaded: LoadedModel = self.call("model_load", ModelLoad { id, options }).await?;
        if loaded.state == LoadState::Ready {
            return Ok(loaded);
        }
        events
            .wait("a load to end", |event| match event {
                Event::LoadedChanged { loaded } if loaded.model_id == id => match loaded.state {
                    LoadState::Loading { .. } => None,
                    LoadState::Ready => Some(Ok(loaded)),
                    LoadState::Failed { error } => Some(Err(error.into())),
                },
                _ => None,
            })
            .await?
    }

    /// What is loaded or loading.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn loaded(&self) -> Result<Vec<LoadedModel>, ErrorReport> {
        self.call("model_loaded", ModelLoaded {}).await
    }

    /// A new conversation.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn conversation(&self) -> Result<ConversationId, ErrorReport> {
        let conversation: Conversation = self
            .call("conversation_create", ConversationCreate { model_id: None })
            .await?;
        Ok(conversation.summary.id)
    }

    /// Asks, without waiting for the answer.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn send(
        &self,
        conversation_id: ConversationId,
        content: &str,
    ) -> Result<Started, ErrorReport> {
        self.call(
            "message_send",
            MessageSend {
                conversation_id,
                content: content.into(),
                attachments: Vec::new(),
            },
        )
        .await
    }

    /// Asks and follows the answer.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn ask(
        &self,
        conversation_id: ConversationId,
        content: &str,
    ) -> Result<Follower, ErrorReport> {
        let started = self.send(conversation_id, content).await?;
        self.follow(run_of(&started).id).await
    }

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// What the command reports, or an answer that does not end.
    pub async fn send_and_finish(
        &self,
        conversation_id: ConversationId,
        content: &str,
    ) -> anyhow::Result<Message> {
        Ok(self.ask(conversation_id, content).await?.finish().await?.1)
    }

    /// Follows a started run to its end.
    ///
    /// # Errors
    /// An answer that does not end.
    pub async fn finish(&self, started: &Started) -> anyhow::Result<(Run, Message)> {
        self.follow(run_of(started).id).await?.finish().await
    }

    /// The shown branch, oldest first.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn messages(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Vec<Message>, ErrorReport> {
        let request = MessagePageRequest {
            conversation_id,
            place: None,
            limit: 500,
        };
        let page: MessagePage = self.call("message_page", request).await?;
        Ok(page.messages)
    }

    /// Imports a path as a person who types it does.
    ///
    /// # Errors
    /// What the commands report.
    pub async fn import(&self, path: &Path) -> Result<ImportOutcome, ErrorReport> {
        let picked = self.typed(path).await?;
        self.call(
            "model_import",
            ModelImport {
                handle: picked.handle,
                mode: sirocco_protocol::ImportMode::InPlace,
            },
        )
        .await
    }

    /// The handle of a typed path.
    ///
    /// # Errors
    /// What the command reports.
    pub async fn typed(&self, path: &Path) -> Result<PickedPath, ErrorReport> {
        self.call(
            "path_type",
            PathType {
                path: path.display().to_string(),
            },
        )
        .await
    }
}

/// The run of an answer that was just asked for.
fn run_of(started: &Started) -> &Run {
    started
        .assistant_message
        .run
        .as_ref()
        .expect("a started answer has a run")
}

fn put_model(path: &Path, model: &TinyModel, script: &Script) -> std::io::Result<()> {
    model.write(path)?;
    script.write_for(path)
}

/// A worker executable as the one of this runtime.
#[must_use]
pub fn runtime(name: RuntimeName, worker: impl Into<PathBuf>) -> Runtime {
    Runtime {
        name,
        backend: Backend::Cpu,
        program: worker.into(),
        target: "native".into(),
    }
}

/// Opens an App over a data folder with one worker executable, as that of mistral.rs.
///
/// # Errors
/// [`sirocco_core::OpenError`].
pub async fn open_app(home: Home, worker: PathBuf) -> Result<App, sirocco_core::OpenError> {
    open_with(home, vec![runtime(RuntimeName::MistralRs, worker)]).await
}

async fn open_with(home: Home, runtimes: Vec<Runtime>) -> Result<App, sirocco_core::OpenError> {
    App::open(AppOptions {
        home,
        host: Arc::new(NoHost(HostKind::Browser)),
        runtimes,
        // Nothing of the person who runs the tests.
        environment: HubEnvironment::default(),
    })
    .await
}

/// A listener to events.
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// Waits for an event that `pick` takes.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn wait<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(Event) -> Option<T>,
    ) -> anyhow::Result<T> {
        within(what, async {
            loop {
                let event = self
                    .0
                    .recv()
                    .await
                    .context("the App is gone, or events were missed")?;
                if let Some(picked) = pick(event) {
                    return Ok(picked);
                }
            }
        })
        .await?
    }

    /// What has come so far.
    pub fn drain(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}
