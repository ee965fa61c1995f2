//! One worker process: its frames, its heartbeat, its end.

mod end;
mod hello;
mod log;
mod texts;
mod within;

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sirocco_engine_wire::{
    EmbedRequest, FromWorker, GenerateRequest, LoadRequest, Prompt, ToWorker, Vector,
    WorkerErrorKind, encode_frame,
};
use sirocco_protocol::WorkerDeed;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

pub use self::end::WorkerEnd;
pub use self::hello::WorkerHello;
use self::hello::{read_frame, read_hello};
use self::log::{LastLines, follow};
use self::texts::CountedTexts;
use crate::EngineError;
use crate::memory::{peak_bytes, resident_bytes};
use crate::silence::{SILENCE, before_silence};

/// How long a worker may take to end by itself.
const SHUTDOWN_TIME: Duration = Duration::from_millis(500);
/// Frames of a generation that wait for a slow reader before the worker is made to wait.
const FRAMES: usize = 1024;

/// What became known when the model was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoadedFacts {
    pub context_length: u32,
    pub threads: u32,
    pub sees_images: bool,
}

/// A running worker. Dropping the last handle ends the process.
#[derive(Clone, Debug)]
pub struct Worker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hello: WorkerHello,
    pid: Option<u32>,
    input: tokio::sync::Mutex<Option<Input>>,
    waiting: Mutex<HashMap<u64, mpsc::Sender<FromWorker>>>,
    next_id: AtomicU64,
    texts: CountedTexts,
    memory_bytes: watch::Sender<u64>,
    /// What its engine said when it broke in the middle of a request: it is about to end.
    broken: OnceLock<String>,
    /// Set once, when the process has ended.
    ended: watch::Sender<Option<WorkerEnd>>,
    kill: Mutex<Option<oneshot::Sender<()>>>,
}

/// Where requests go.
#[derive(Debug)]
enum Input {
    Process(ChildStdin),
    /// The task of an engine.
    Task(mpsc::Sender<ToWorker>),
}

impl Input {
    /// Whether somebody took it.
    async fn send(&mut self, frame: ToWorker) -> Result<bool, EngineError> {
        match self {
            Self::Task(requests) => Ok(requests.send(frame).await.is_ok()),
            Self::Process(input) => {
                let bytes = encode_frame(&frame).map_err(|error| {
                    EngineError::Refused(sirocco_engine_wire::WorkerError {
                        kind: WorkerErrorKind::InvalidRequest,
                        message: error.to_string(),
                    })
                })?;
                Ok(input.write_all(&bytes).await.is_ok() && input.flush().await.is_ok())
            }
        }
    }
}

/// Frames of one request; the worker is told to stop when this is dropped early.
#[derive(Debug)]
pub struct Generation {
    id: u64,
    frames: mpsc::Receiver<FromWorker>,
    worker: Worker,
    ended: bool,
}

impl Shared {
    fn new(
        hello: WorkerHello,
        pid: Option<u32>,
        input: Option<Input>,
        kill: oneshot::Sender<()>,
    ) -> Self {
        Self {
            hello,
            pid,
            input: tokio::sync::Mutex::new(input),
            waiting: Mutex::default(),
            next_id: AtomicU64::new(1),
            texts: CountedTexts::default(),
            memory_bytes: watch::Sender::new(0),
            broken: OnceLock::new(),
            ended: watch::Sender::new(None),
            kill: Mutex::new(Some(kill)),
        }
    }

    fn deed(&self) -> WorkerDeed {
        let waiting = lock(&self.waiting);
        if waiting.contains_key(&LOAD) {
            WorkerDeed::Loading
        } else if waiting.is_empty() && self.broken.get().is_none() {
            WorkerDeed::Waiting
        } else {
            // Also behind the request that broke the engine, which was told so and waits no more.
            WorkerDeed::Answering
        }
    }

    /// Says to everyone who waits that nothing more comes.
    async fn end(&self, status: String, log: Vec<String>) {
        let end = WorkerEnd {
            status,
            engine_error: self.broken.get().cloned(),
            deed: self.deed(),
            log,
        };
        self.ended.send_replace(Some(end));
        lock(&self.waiting).clear();
        self.input.lock().await.take();
    }
}

impl Worker {
    /// Starts the executable and waits for its hello. `scratch` is an existing folder of the worker's
    /// own; it is the only place the engine is told about, and the network is closed to it.
    ///
    /// # Errors
    /// [`EngineError::Start`].
    pub async fn start(program: &Path, scratch: &Path, threads: u32) -> Result<Self, EngineError> {
        let failed = |reason: String| EngineError::Start {
            program: program.display().to_string(),
            reason,
        };
        let mut command = Command::new(program);
        command
            .current_dir(scratch)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // The engine takes its thread count from here, before its first use only.
            .env("RAYON_NUM_THREADS", threads.to_string())
            // llama.cpp's threads meet hundreds of times per token. By default they wait in a loop for a millisecond
            // before they sleep, and where other programs want the cores too a token takes six times as long.
            .env("GOMP_SPINCOUNT", "1000")
            .env("HF_HOME", scratch)
            .env("RUST_BACKTRACE", "0")
            // Nothing listens on port 9: a stray request fails at once instead of leaving the machine.
            .envs(
                [
                    "HTTP_PROXY",
                    "HTTPS_PROXY",
                    "ALL_PROXY",
                    "http_proxy",
                    "https_proxy",
                    "all_proxy",
                ]
                .map(|name| (name, "http://127.0.0.1:9")),
            )
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost");
        // Ctrl-C in a terminal is for us; the worker ends with its input.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(0x0800_0000); // CREATE_NO_WINDOW
        let child = spawned(&mut command).await;
        let mut child = child.map_err(|error| failed(error.to_string()))?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("its output was piped"));
        let log = Arc::new(Mutex::new(LastLines::default()));
        let log_task = tokio::spawn(follow(
            child.stderr.take().expect("its log was piped"),
            Arc::clone(&log),
        ));

        let hello = match read_hello(&mut output, &mut child).await {
            Ok(hello) => hello,
            Err(reason) => {
                // Nothing of it is left when the next runtime is tried.
                let _ = child.kill().await;
                return Err(failed(reason));
            }
        };
        tracing::info!(program = %program.display(), pid = child.id(), %hello, "worker started");

        let (kill, killed) = oneshot::channel();
        let input = input.map(Input::Process);
        let shared = Arc::new(Shared::new(hello, child.id(), input, kill));
        tokio::spawn(supervise(
            Arc::downgrade(&shared),
            child,
            output,
            log,
            log_task,
            killed,
        ));
        Ok(Self { shared })
    }

    /// Loads the model; `progress` goes from 0 to 1.
    ///
    /// # Errors
    /// [`EngineError::Load`] with the worker's reason, [`EngineError::Crashed`].
    pub(crate) async fn load(
        &self,
        request: LoadRequest,
        mut progress: impl FnMut(f32),
    ) -> Result<LoadedFacts, EngineError> {
        let mut frames = self.register(LOAD);
        self.send(ToWorker::Load(request)).await?;
        while let Some(frame) = frames.recv().await {
            match frame {
                FromWorker::LoadProgress { fraction } => progress(fraction),
                FromWorker::Loaded {
                    context_length,
                    threads,
                    sees_images,
                } => {
                    return Ok(LoadedFacts {
                        context_length,
                        threads,
                        sees_images,
                    });
                }
                FromWorker::LoadFailed { error } if error.kind == WorkerErrorKind::Load => {
                    return Err(EngineError::Load(error.message));
                }
                FromWorker::LoadFailed { error } => return Err(EngineError::Refused(error)),
                _ => {}
            }
        }
        Err(self.crash().await)
    }

    /// Starts a generation; its `id` is assigned here.
    ///
    /// # Errors
    /// [`EngineError::Crashed`].
    pub async fn generate(&self, mut request: GenerateRequest) -> Result<Generation, EngineError> {
        request.id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        self.begin(request.id, ToWorker::Generate(Box::new(request)))
            .await
    }

    /// The vectors of some texts, in their order; the `id` of the request is assigned here. The worker leaves off when
    /// this is dropped.
    ///
    /// # Errors
    /// [`EngineError::Refused`], [`EngineError::Crashed`].
    pub async fn embed(&self, mut request: EmbedRequest) -> Result<Vec<Vector>, EngineError> {
        request.id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let mut vectors = Vec::with_capacity(request.inputs.len());
        let mut frames = self.begin(request.id, ToWorker::Embed(request)).await?;
        while let Some(frame) = frames.next().await {
            match frame? {
                FromWorker::Vector(vector) => vectors.push(vector),
                FromWorker::Embedded { .. } => break,
                other => return Err(unexpected(&other)),
            }
        }
        Ok(vectors)
    }

    async fn begin(&self, id: u64, frame: ToWorker) -> Result<Generation, EngineError> {
        // Before the frame is written: dropped meanwhile, it tells the worker to stop.
        let generation = Generation {
            id,
            frames: self.register(id),
            worker: self.clone(),
            ended: false,
        };
        self.send(frame).await?;
        Ok(generation)
    }

    /// Counts the tokens of a prompt, also while a generation runs.
    ///
    /// # Errors
    /// [`EngineError::Refused`], [`EngineError::Crashed`].
    pub async fn count(&self, prompt: Prompt) -> Result<u32, EngineError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        match self.ask(id, ToWorker::Count { id, prompt }).await? {
            FromWorker::Counted { tokens, .. } => Ok(tokens),
            other => Err(unexpected(&other)),
        }
    }

    /// The exact prompt with its tokens.
    ///
    /// # Errors
    /// [`EngineError::Refused`], [`EngineError::Crashed`].
    pub async fn render(&self, prompt: Prompt) -> Result<(String, Vec<u32>), EngineError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        match self.ask(id, ToWorker::Render { id, prompt }).await? {
            FromWorker::Rendered { text, tokens, .. } => Ok((text, tokens)),
            other => Err(unexpected(&other)),
        }
    }

    /// What it said about itself.
    #[must_use]
    pub fn hello(&self) -> &WorkerHello {
        &self.shared.hello
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.shared.pid
    }

    /// Its resident memory, updated every second; 0 where the system does not say.
    #[must_use]
    pub fn memory_bytes(&self) -> watch::Receiver<u64> {
        self.shared.memory_bytes.subscribe()
    }

    /// The most memory its process ever had, in bytes; none where the system does not say. Blocks for less than a
    /// millisecond.
    #[must_use]
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        self.shared.pid.and_then(peak_bytes)
    }

    /// It has not ended, and is not about to. Told before any request hears of its end.
    #[must_use]
    pub(crate) fn is_sound(&self) -> bool {
        self.shared.ended.borrow().is_none() && self.shared.broken.get().is_none()
    }

    /// Waits for the process to end and says how.
    pub async fn ended(&self) -> WorkerEnd {
        let mut ended = self.shared.ended.subscribe();
        let end = ended.wait_for(Option::is_some).await;
        let end = end.expect("we hold its sender");
        end.clone().expect("that was waited for")
    }

    /// Ends the process: asks first, then kills.
    pub async fn shutdown(&self) {
        // A worker that reads no more must not keep us waiting.
        let _ = timeout(SHUTDOWN_TIME, self.send(ToWorker::Shutdown)).await;
        if timeout(SHUTDOWN_TIME, self.ended()).await.is_err() {
            if let Some(kill) = lock(&self.shared.kill).take() {
                let _ = kill.send(());
            }
            self.ended().await;
        }
    }

    fn register(&self, id: u64) -> mpsc::Receiver<FromWorker> {
        let (sender, receiver) = mpsc::channel(FRAMES);
        // After the end nobody would answer: the dropped sender says so.
        if self.shared.ended.borrow().is_none() {
            lock(&self.shared.waiting).insert(id, sender);
        }
        receiver
    }

    async fn ask(&self, id: u64, frame: ToWorker) -> Result<FromWorker, EngineError> {
        let mut frames = self.register(id);
        self.send(frame).await?;
        match frames.recv().await {
            Some(FromWorker::Failed { error, .. }) => Err(EngineError::Refused(error)),
            Some(frame) => Ok(frame),
            None => Err(self.crash().await),
        }
    }

    /// Writes a frame whole, also if this is dropped in the middle: what follows half a frame would be read as the rest
    /// of it.
    async fn send(&self, frame: ToWorker) -> Result<(), EngineError> {
        let shared = Arc::clone(&self.shared);
        let writing = tokio::spawn(async move {
            match shared.input.lock().await.as_mut() {
                Some(input) => input.send(frame).await,
                None => Ok(false),
            }
        });
        // It ends without an answer only with the program.
        if writing.await.unwrap_or(Ok(false))? {
            Ok(())
        } else {
            Err(self.crash().await)
        }
    }

    async fn crash(&self) -> EngineError {
        EngineError::Crashed {
            reason: self.ended().await.to_string(),
        }
    }
}

impl Generation {
    /// The next frame: `Started`, `Prefill`, `Tokens`, and last `Finished`, or `Vector` and last `Embedded`; `None`
    /// after that.
    ///
    /// # Errors
    /// [`EngineError::Refused`] for a request that cannot be served, [`EngineError::Crashed`].
    pub async fn next(&mut self) -> Option<Result<FromWorker, EngineError>> {
        if self.ended {
            return None;
        }
        let frame = self.frames.recv().await;
        self.ended = !matches!(
            frame,
            Some(
                FromWorker::Started { .. }
                    | FromWorker::Prefill { .. }
                    | FromWorker::Tokens(_)
                    | FromWorker::Vector(_)
            )
        );
        Some(match frame {
            Some(FromWorker::Failed { error, .. }) => Err(EngineError::Refused(error)),
            Some(frame) => Ok(frame),
            None => Err(self.worker.crash().await),
        })
    }

    /// Asks the worker to end it: at most one further token, then `Finished`.
    pub async fn stop(&self) {
        let _ = self.worker.send(ToWorker::Stop { id: self.id }).await;
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        lock(&self.worker.shared.waiting).remove(&self.id);
        if !self.ended {
            let (worker, id) = (self.worker.clone(), self.id);
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    let _ = worker.send(ToWorker::Stop { id }).await;
                });
            }
        }
    }
}

/// A program that was written a moment ago may still be open for writing, in a child of ours that is about to start and
/// has what we had open when it was made: that is over in milliseconds.
const WRITTEN_TIME: Duration = Duration::from_millis(10);
const WRITTEN_TRIES: u32 = 100;

async fn spawned(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..WRITTEN_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(WRITTEN_TIME).await;
            }
            done => return done,
        }
    }
    command.spawn()
}

/// Id under which load frames are dispatched; requests start at 1.
const LOAD: u64 = 0;

/// Reads frames until the process ends, then says so to everyone who waits.
async fn supervise(
    shared: std::sync::Weak<Shared>,
    mut child: Child,
    mut output: BufReader<ChildStdout>,
    log: Arc<Mutex<LastLines>>,
    log_task: tokio::task::JoinHandle<()>,
    mut killed: oneshot::Receiver<()>,
) {
    let mut silent = false;
    loop {
        let frame = tokio::select! {
            frame = before_silence(read_frame(&mut output)) => frame,
            _ = &mut killed => break,
        };
        let frame = match frame {
            Some(Ok(Some(frame))) => frame,
            Some(Ok(None)) => break,
            Some(Err(error)) => {
                tracing::warn!(%error, "a worker sent a bad frame");
                break;
            }
            None => {
                silent = true;
                break;
            }
        };
        // Every handle is gone: nobody wants this worker any more.
        let Some(shared) = shared.upgrade() else {
            break;
        };
        dispatch(&shared, frame).await;
    }
    let _ = child.start_kill();
    let status = child
        .wait()
        .await
        .map_or_else(|error| error.to_string(), |status| status.to_string());
    let _ = log_task.await;
    let status = if silent {
        format!("no sign of life for {} s", SILENCE.as_secs())
    } else {
        status
    };
    let log = lock(&log).take();
    tracing::info!(%status, log = log.join("; "), "worker ended");
    if let Some(shared) = shared.upgrade() {
        shared.end(status, log).await;
    }
}

async fn dispatch(shared: &Shared, frame: FromWorker) {
    let (id, last) = match &frame {
        FromWorker::Hello { .. } => return,
        FromWorker::Heartbeat => return measure(shared).await,
        FromWorker::LoadProgress { .. } => (LOAD, false),
        FromWorker::Loaded { .. } | FromWorker::LoadFailed { .. } => (LOAD, true),
        FromWorker::Started { id, .. } | FromWorker::Prefill { id, .. } => (*id, false),
        FromWorker::Tokens(chunk) => (chunk.id, false),
        FromWorker::Vector(vector) => (vector.id, false),
        FromWorker::Embedded { id }
        | FromWorker::Finished { id, .. }
        | FromWorker::Failed { id, .. }
        | FromWorker::Counted { id, .. }
        | FromWorker::Rendered { id, .. } => (*id, true),
    };
    if let FromWorker::Failed { error, .. } = &frame
        && error.kind == WorkerErrorKind::Engine
    {
        // It breaks once.
        let _ = shared.broken.set(error.message.clone());
    }
    let receiver = {
        let mut waiting = lock(&shared.waiting);
        if last {
            waiting.remove(&id)
        } else {
            waiting.get(&id).cloned()
        }
    };
    if let Some(receiver) = receiver {
        // A reader that went away is no error; one that is slow makes the worker wait.
        let _ = receiver.send(frame).await;
    }
}

/// Looks at the worker's memory, once for each sign of life.
async fn measure(shared: &Shared) {
    let Some(pid) = shared.pid else { return };
    if let Ok(now) = tokio::task::spawn_blocking(move || resident_bytes(pid)).await {
        shared
            .memory_bytes
            .send_if_modified(|bytes| std::mem::replace(bytes, now) != now);
    }
}

fn unexpected(frame: &FromWorker) -> EngineError {
    EngineError::Crashed {
        reason: format!("it answered with a frame of another kind: {frame:?}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
