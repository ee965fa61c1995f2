//! The App itself: opening, closing, events.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;
use sirocco_engine::{Change, Residency, Runtime, Worker};
use sirocco_hub::Network;
use sirocco_hub::account::HubEnvironment;
use sirocco_hub::remote::Remote;
use sirocco_protocol::commands::dispatch;
use sirocco_protocol::{ErrorCode, ErrorReport, Event, ModelId, RunId, RunUpdate};
use sirocco_store::Store;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::now_ms;
use crate::crashes::Crashes;
use crate::database_copies::OpenedCopies;
use crate::discover::{LookedForNewer, Searches};
use crate::downloads::Downloads;
use crate::home::Home;
use crate::host::Host;
use crate::keeping::Keeping;
use crate::library::Library;
use crate::measuring::Measuring;
use crate::network::{Access, Log};
use crate::open_error::OpenError;
use crate::openings::Openings;
use crate::picked::PickedPaths;
use crate::runs::{Runs, Titles};
use crate::runtimes::Runtimes;
use crate::serving::Serving;
use crate::temporary::Temporary;
use crate::updates::Updates;
use crate::windows::QuickAskProblem;

/// Events that wait for a slow listener before it is told that it lagged.
const EVENTS: usize = 1024;

/// How to open an App.
pub struct AppOptions {
    /// The data folder; the caller owns it, see [`crate::instance`].
    pub home: Home,
    /// The side that faces the person.
    pub host: Arc<dyn Host>,
    /// Worker executables that came with the program, the fastest first; those in the data folder are found.
    pub runtimes: Vec<Runtime>,
    /// What the tools of Hugging Face left on this machine.
    pub environment: HubEnvironment,
}

/// Everything Sirocco does. Cheap to clone; all clones are the same App.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub home: Home,
    pub host: Arc<dyn Host>,
    pub copies: OpenedCopies,
    pub store: Store,
    pub temporary: Temporary,
    pub runtimes: Runtimes,
    pub residency: Residency,
    pub events: broadcast::Sender<Event>,
    pub runs: Runs,
    pub titles: Titles,
    pub downloads: Downloads,
    /// The way out for every request.
    pub network: Network,
    pub remote: Remote,
    pub access: Access,
    pub searches: Searches,
    pub looked_for_newer: LookedForNewer,
    pub connections: Arc<Log>,
    pub picked: PickedPaths,
    pub openings: Openings,
    pub crashes: Crashes,
    pub updates: Updates,
    pub quick_ask_problem: QuickAskProblem,
    pub library: Library,
    pub keeping: Keeping,
    pub measuring: Measuring,
    pub serving: Serving,
    /// Held while deciding what to load, so that two loads do not count the same memory as free.
    pub loading: tokio::sync::Mutex<()>,
    pub tasks: TaskTracker,
    pub closing: CancellationToken,
}

impl App {
    /// Opens the data folder: database, own model folder, what was interrupted. Must be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed if the database is of a newer version.
    pub async fn open(options: AppOptions) -> Result<Self, OpenError> {
        let AppOptions {
            home,
            host,
            runtimes,
            environment,
        } = options;
        for path in [home.path().to_path_buf(), home.models()] {
            std::fs::create_dir_all(&path).map_err(|source| OpenError::Folder { path, source })?;
        }
        let copies = OpenedCopies::open(&home).await?;
        let store = copies.open_store(&home).await?;
        copies.prune(&store).await;
        store.forget_unsent_attachments().await?;
        for run in store.interrupt_unfinished(now_ms()).await? {
            tracing::warn!(run = %run.id, "a run was interrupted by the end of the app");
        }
        // Left by workers of a process that was killed, and by a copy that it was making.
        let _ = std::fs::remove_dir_all(home.scratch());
        let _ = std::fs::remove_file(home.update());
        crate::library::remove_unfinished_copies(&home.models());
        let runtimes = Runtimes::installed(runtimes);
        let (residency, changes) = Residency::new(runtimes.with_added(&home), home.scratch());
        store.judge_for(&residency.installed());
        let (connections, writer) = Log::open(store.clone()).await?;
        let access = Access::open(&home, environment);
        let network = access
            .network(store.settings().await?.network, connections.clone())
            .await;
        let app = Self {
            inner: Arc::new(Inner {
                downloads: Downloads::open(store.list_downloads().await?),
                remote: Remote::new(network.clone()),
                network,
                access,
                connections,
                searches: Searches::default(),
                looked_for_newer: LookedForNewer::default(),
                crashes: Crashes::in_home(&home),
                updates: Updates::from(host.releases()),
                home,
                host,
                copies,
                store,
                temporary: Temporary::default(),
                runtimes,
                residency,
                events: broadcast::Sender::new(EVENTS),
                runs: Runs::default(),
                titles: Titles::default(),
                picked: PickedPaths::default(),
                openings: Openings::default(),
                quick_ask_problem: QuickAskProblem::default(),
                library: Library::default(),
                keeping: Keeping::default(),
                measuring: Measuring::default(),
                serving: Serving::default(),
                loading: tokio::sync::Mutex::default(),
                tasks: TaskTracker::new(),
                closing: CancellationToken::new(),
            }),
        };
        app.inner.tasks.spawn(writer.run());
        app.add_own_root().await?;
        // Before the first scan, which would take what is half-way in the trash for a new model.
        if let Err(error) = app.finish_deletions().await {
            tracing::warn!(%error, "deletions that were cut off were not finished");
        }
        let conductor = app.clone();
        app.spawn(async move { conductor.conduct().await });
        app.spawn(forward_changes(Arc::downgrade(&app.inner), changes));
        app.begin_scan().await;
        let trash = app.clone();
        app.spawn(async move { trash.keep_trash().await });
        app.inner.note_beginning();
        app.keep_looking_for_updates();
        Ok(app)
    }

    /// Runs a command, as [`App::call_json`] does, for those who look into what it answers.
    ///
    /// # Errors
    /// A report with a trace id that finds the error in the log.
    pub async fn call(&self, command: &str, payload: Value) -> Result<Value, ErrorReport> {
        let answer = self.call_json(command, payload).await?;
        serde_json::from_str(answer.get())
            .map_err(|error| ErrorReport::new(ErrorCode::Internal, error.to_string()))
    }

    /// Runs a command; see the table in the protocol crate. Hosts pass the JSON text of its answer on.
    ///
    /// # Errors
    /// A report with a trace id that finds the error in the log.
    pub async fn call_json(
        &self,
        command: &str,
        payload: Value,
    ) -> Result<Box<RawValue>, ErrorReport> {
        // On the heap: it is as large as the largest command, and would lie on the stack of whoever asks.
        let answer = Box::pin(dispatch(self, command, payload)).await;
        answer.map_err(|mut report| {
            report.trace_id = RunId::fresh().0.simple().to_string()[20..].to_owned();
            tracing::warn!(trace_id = %report.trace_id, command, code = ?report.code, message = %report.message, "refused");
            report
        })
    }

    /// Follows a run: a snapshot first, then what is new, `Finished` last. Following again after a
    /// gap is always right.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn follow(&self, run: RunId) -> Result<mpsc::Receiver<RunUpdate>, ErrorReport> {
        self.follow_run(run).await
    }

    /// Runs a stream by name, as [`App::call`] runs a command.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for an unknown name, [`ErrorCode::InvalidRequest`] for another payload.
    pub async fn stream(
        &self,
        name: &str,
        payload: Value,
    ) -> Result<mpsc::Receiver<RunUpdate>, ErrorReport> {
        if name != "run_follow" {
            return Err(ErrorReport::new(
                ErrorCode::NotFound,
                format!("no stream is called `{name}`"),
            ));
        }
        let request: sirocco_protocol::commands::RunFollow = serde_json::from_value(payload)
            .map_err(|error| {
                ErrorReport::new(ErrorCode::InvalidRequest, format!("{name}: {error}"))
            })?;
        self.follow(request.id).await
    }

    /// The worker of a loaded model, for those who measure what the App adds to it.
    #[must_use]
    pub fn worker(&self, model: ModelId) -> Option<Worker> {
        Some(self.inner.residency.ready(model)?.worker)
    }

    /// Listens to events. A listener that lags should ask for everything again.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// What the window is to be told onto which these paths were dropped; only hosts ask.
    #[must_use]
    pub fn dropped(&self, paths: &[PathBuf]) -> Option<Event> {
        let paths: Vec<_> = paths
            .iter()
            .filter_map(|path| self.inner.picked.mint(path).ok())
            .collect();
        (!paths.is_empty()).then_some(Event::PathsDropped { paths })
    }

    /// Ends runs, downloads and other long work; nothing new begins. [`Self::close`] waits for them.
    pub fn begin_to_close(&self) {
        self.inner.closing.cancel();
    }

    /// Ends runs (their text is kept), downloads and workers, and closes the database. Call it once,
    /// before the process ends.
    pub async fn close(&self) {
        self.inner.closing.cancel();
        self.inner.downloads.close().await;
        self.inner.runs.wait_until_idle().await;
        self.inner.residency.eject_all().await;
        self.inner.connections.close();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.temporary.close().await;
        self.inner.store.close().await;
        let _ = std::fs::remove_dir_all(self.inner.home.scratch());
        self.inner.note_end();
    }

    pub(crate) fn emit(&self, event: Event) {
        self.inner.library.note(&event);
        // Nobody listening is no error.
        let _ = self.inner.events.send(event);
    }

    /// Spawns a task that ends when the App closes.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let closing = self.inner.closing.clone();
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = closing.cancelled() => {}
            }
        });
    }
}

/// Turns changes of the residency into events. Holds the App weakly: it must not keep itself alive.
async fn forward_changes(
    inner: std::sync::Weak<Inner>,
    mut changes: mpsc::UnboundedReceiver<Change>,
) {
    while let Some(change) = changes.recv().await {
        let Some(inner) = inner.upgrade() else { return };
        let event = match change {
            Change::Slot(loaded) => Event::LoadedChanged { loaded },
            Change::Ejected(model_id) => Event::Ejected { model_id },
            Change::Broke(breakdown) => inner.report_breakdown(breakdown).await,
        };
        let _ = inner.events.send(event);
    }
}
