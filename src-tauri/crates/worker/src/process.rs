//! The life of a worker process: hello, load, answer or embed one request at a time, end with its input.
//!
//! Three threads: this one reads frames and answers what needs no model (counting, rendering, stop);
//! one loads and generates; one sends a heartbeat every second. When standard input ends, the app is
//! gone and the process exits at once, so no worker outlives the app however that died.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sirocco_engine_wire::{
    EmbedRequest, FromWorker, GenerateRequest, LoadRequest, ToWorker, WIRE_VERSION, WorkerError,
    WorkerErrorKind, read_frame, write_frame,
};
use sirocco_gguf::ModelKind;

use crate::embedding::embed;
use crate::engine::{Embedder, Engine, EngineError, Runtime};
use crate::heap;
use crate::language::{Encoded, Language};
use crate::session::{GenerateError, Session};

/// Exit code where there is no device to compute on.
pub const EXIT_NO_DEVICE: i32 = 5;
/// Exit code after a failed load.
pub const EXIT_LOAD_FAILED: i32 = 3;
/// Exit code after the engine broke.
pub const EXIT_ENGINE_FAILED: i32 = 4;

type Stops = Arc<Mutex<HashMap<u64, Arc<AtomicBool>>>>;
/// What can be asked without the model, once it is loaded; none of one that embeds, whose vocabulary is the engine's.
type Text = OnceLock<Option<Arc<Language>>>;

enum Job {
    Load(LoadRequest),
    Generate(Box<GenerateRequest>, Arc<AtomicBool>),
    Embed(EmbedRequest, Arc<AtomicBool>),
}

/// A model that is loaded.
enum Loaded<E> {
    Writes(Box<Session<E>>),
    Embeds(Box<dyn Embedder>),
}

/// Runs a worker over standard input and output until the input ends; never returns.
pub fn run<R: Runtime>(runtime: R) -> ! {
    let output = Output::default();
    let (devices, problem) = match runtime.devices() {
        Ok(devices) => (devices, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let is_of_no_use = problem.is_some();
    output.send(&FromWorker::Hello {
        wire_version: WIRE_VERSION,
        engine: runtime.name().into(),
        engine_version: runtime.version().into(),
        backend: runtime.backend().into(),
        target: runtime.target().into(),
        devices,
        problem,
    });
    if is_of_no_use {
        std::process::exit(EXIT_NO_DEVICE);
    }
    let language: Arc<Text> = Arc::default();
    let stops = Stops::default();
    let (jobs, job_list) = channel();
    {
        let output = output.clone();
        std::thread::spawn(move || heartbeat(&output));
    }
    {
        let (output, language, stops) = (output.clone(), Arc::clone(&language), Arc::clone(&stops));
        std::thread::spawn(move || work(&runtime, &job_list, &output, &language, &stops));
    }
    let code = match listen(&jobs, &output, &language, &stops) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("could not read a frame: {error}");
            1
        }
    };
    std::process::exit(code)
}

fn listen(jobs: &Sender<Job>, output: &Output, language: &Text, stops: &Stops) -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    while let Some(frame) = read_frame(&mut input)? {
        match frame {
            ToWorker::Load(request) => {
                let _ = jobs.send(Job::Load(request));
            }
            ToWorker::Generate(request) => {
                let stop = stop_of(stops, request.id);
                let _ = jobs.send(Job::Generate(request, stop));
            }
            ToWorker::Embed(request) => {
                let stop = stop_of(stops, request.id);
                let _ = jobs.send(Job::Embed(request, stop));
            }
            ToWorker::Stop { id } => {
                if let Some(stop) = lock(stops).get(&id) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            ToWorker::Count { id, prompt } => answer(output, language, id, |language| {
                let encoded = language.encode(&prompt)?;
                Ok(counted(id, encoded.tokens.len()))
            }),
            ToWorker::CountImage { id, base64 } => answer(output, language, id, |language| {
                Ok(counted(id, language.image_tokens(&base64)?))
            }),
            ToWorker::Render { id, prompt } => answer(output, language, id, |language| {
                let Encoded { text, tokens, .. } = language.encode(&prompt)?;
                Ok(FromWorker::Rendered { id, text, tokens })
            }),
            ToWorker::Shutdown => return Ok(()),
        }
    }
    Ok(())
}

/// The flag by which a request is stopped, from now on.
fn stop_of(stops: &Stops, id: u64) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    lock(stops).insert(id, Arc::clone(&stop));
    stop
}

fn answer(
    output: &Output,
    language: &Text,
    id: u64,
    reply: impl FnOnce(&Language) -> Result<FromWorker, WorkerError>,
) {
    let answer = match language.get() {
        Some(Some(language)) => reply(language),
        Some(None) => Err(embeds_only()),
        None => Err(not_loaded()),
    };
    match answer {
        Ok(answer) => output.send(&answer),
        Err(error) => fail(output, id, error),
    }
}

fn counted(id: u64, tokens: usize) -> FromWorker {
    FromWorker::Counted {
        id,
        tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
    }
}

/// Reports a failed request, and ends the process if the model cannot be used after it.
fn fail(output: &Output, id: u64, error: WorkerError) {
    let is_fatal = error.kind == WorkerErrorKind::Engine;
    output.send(&FromWorker::Failed { id, error });
    if is_fatal {
        std::process::exit(EXIT_ENGINE_FAILED);
    }
}

/// The thread that owns the model.
fn work<R: Runtime>(
    runtime: &R,
    jobs: &Receiver<Job>,
    output: &Output,
    language: &Text,
    stops: &Stops,
) {
    let mut model: Option<Loaded<R::Engine>> = None;
    for job in jobs {
        match job {
            Job::Load(_) if model.is_some() => {
                eprintln!("a second load was ignored: a worker holds one model")
            }
            Job::Load(request) => match load(runtime, &request, output) {
                Ok(ready) => {
                    let _ = language.set(ready.text);
                    model = Some(ready.model);
                    output.send(&FromWorker::Loaded {
                        context_length: u32::try_from(ready.context_length).unwrap_or(u32::MAX),
                        threads: request.threads,
                        sees_images: ready.sees_images,
                    });
                }
                Err(error) => {
                    output.send(&FromWorker::LoadFailed { error });
                    std::process::exit(EXIT_LOAD_FAILED);
                }
            },
            Job::Generate(request, stop) => {
                let id = request.id;
                serve(output, stops, id, || match &mut model {
                    Some(Loaded::Writes(session)) => session
                        .generate(&request, &stop, &mut |frame| output.send(&frame))
                        .map(|(reason, usage)| FromWorker::Finished { id, reason, usage }),
                    Some(Loaded::Embeds(_)) => Err(GenerateError::Request(embeds_only())),
                    None => Err(GenerateError::Request(not_loaded())),
                });
            }
            Job::Embed(request, stop) => {
                let id = request.id;
                serve(output, stops, id, || match &mut model {
                    Some(Loaded::Embeds(embedder)) => {
                        embed(embedder.as_mut(), &request, &stop, &mut |vector| {
                            output.send(&FromWorker::Vector(vector));
                        })
                        .map(|()| FromWorker::Embedded { id })
                    }
                    Some(Loaded::Writes(_)) => Err(GenerateError::Request(writes_only())),
                    None => Err(GenerateError::Request(not_loaded())),
                });
            }
        }
    }
}

/// Sends the last frame of a request, whatever becomes of it.
fn serve(
    output: &Output,
    stops: &Stops,
    id: u64,
    run: impl FnOnce() -> Result<FromWorker, GenerateError>,
) {
    let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = format!("the engine panicked: {}", panic_text(panic.as_ref()));
        Err(GenerateError::Engine(EngineError(message)))
    });
    lock(stops).remove(&id);
    match outcome {
        Ok(last) => output.send(&last),
        Err(GenerateError::Request(error)) => fail(output, id, error),
        // A panic or error inside a forward pass leaves the cache in an unknown state.
        Err(GenerateError::Engine(error)) => fail(
            output,
            id,
            WorkerError {
                kind: WorkerErrorKind::Engine,
                message: error.0,
            },
        ),
    }
}

/// The model, the tokens it reads at once, and its text side if it writes.
struct Ready<E> {
    model: Loaded<E>,
    context_length: usize,
    sees_images: bool,
    text: Option<Arc<Language>>,
}

fn load<R: Runtime>(
    runtime: &R,
    request: &LoadRequest,
    output: &Output,
) -> Result<Ready<R::Engine>, WorkerError> {
    let first = request
        .files
        .first()
        .map(Path::new)
        .ok_or_else(|| load_error("no file was named".into()))?;
    let progress = |fraction: f32| output.send(&FromWorker::LoadProgress { fraction });
    progress(0.0);
    let header = sirocco_gguf::open(first)
        .map_err(|error| load_error(format!("could not read `{}`: {error}", first.display())))?;
    let loaded = if ModelKind::of(&header.into()) == ModelKind::Embedding {
        let embedder = caught(|| runtime.load_embedder(request, &progress))?;
        let context_length = embedder.context_length();
        Ready {
            model: Loaded::Embeds(embedder),
            context_length,
            sees_images: false,
            text: None,
        }
    } else {
        // The vocabulary takes about as long as the weights.
        let (text, engine) = std::thread::scope(|scope| {
            let text = scope.spawn(|| Language::from_gguf(first));
            let engine = caught(|| runtime.load(request, &progress));
            (text.join(), engine)
        });
        let text = text.unwrap_or_else(|panic| Err(load_error(panic_text(panic.as_ref()))))?;
        let engine = engine?;
        let text = Arc::new(text.with_sight(engine.sight()));
        let context_length = engine.context_length();
        let sees_images = engine.sight().is_some();
        let session = Session::new(engine, Arc::clone(&text));
        Ready {
            model: Loaded::Writes(Box::new(session)),
            context_length,
            sees_images,
            text: Some(text),
        }
    };
    heap::give_back();
    progress(1.0);
    Ok(loaded)
}

/// Loads. A panic would end its thread only, and the app would wait for ever.
fn caught<T>(load: impl FnOnce() -> Result<T, EngineError>) -> Result<T, WorkerError> {
    catch_unwind(AssertUnwindSafe(load))
        .unwrap_or_else(|panic| Err(EngineError(panic_text(panic.as_ref()))))
        .map_err(|error| load_error(error.0))
}

fn load_error(message: String) -> WorkerError {
    WorkerError {
        kind: WorkerErrorKind::Load,
        message,
    }
}

fn writes_only() -> WorkerError {
    WorkerError {
        kind: WorkerErrorKind::InvalidRequest,
        message: "this model writes text and cannot embed".into(),
    }
}

fn embeds_only() -> WorkerError {
    WorkerError {
        kind: WorkerErrorKind::InvalidRequest,
        message: "this model embeds texts and cannot write any".into(),
    }
}

fn not_loaded() -> WorkerError {
    WorkerError {
        kind: WorkerErrorKind::InvalidRequest,
        message: "no model is loaded".into(),
    }
}

fn heartbeat(output: &Output) {
    loop {
        output.send(&FromWorker::Heartbeat);
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no message".into())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard output, shared by the threads; a broken pipe ends the process.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<()>>);

impl Output {
    fn send(&self, frame: &FromWorker) {
        let _turn = lock(&self.0);
        let mut stdout = io::stdout().lock();
        if write_frame(&mut stdout, frame)
            .and_then(|()| stdout.flush())
            .is_err()
        {
            std::process::exit(0);
        }
    }
}
