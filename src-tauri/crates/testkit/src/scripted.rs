//! A worker whose model follows a [`Script`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sirocco_engine_wire::{Device, FromWorker, LoadRequest, WIRE_VERSION, write_frame};
use sirocco_worker::Language;
use sirocco_worker::engine::{Embedder, Engine, EngineError, Runtime};
use sirocco_worker::images::{ImageError, Sight};

use crate::answer::Conversation;
use crate::scripted_embedder::ScriptedEmbedder;
use crate::{Death, Fault, Script};

/// Logit of the token the script wants; all others have 0. At temperature 0.7 nothing else is drawn.
const WANTED: f32 = 60.0;
/// Reports of a load's progress.
const LOAD_STEPS: u32 = 10;
/// An executable (or a link to one) with this in its name says hello in frames of another version.
const OTHER_VERSION: &str = "other-version";

/// One with this in its name computes on a graphics card…
const CARD: &str = "cuda";
/// …that has no driver…
const NO_DRIVER: &str = "no-driver";
/// …or too little memory for any model.
const SMALL_CARD: &str = "small-card";

/// Whether the executable's name has this in it.
fn is_named(part: &str) -> bool {
    let program = std::env::args().next().unwrap_or_default();
    let name = Path::new(&program).file_name();
    name.is_some_and(|name| name.to_string_lossy().contains(part))
}

/// Body of the `scripted-worker` executable.
pub fn run_scripted_worker() -> ! {
    if is_named(OTHER_VERSION) {
        let hello = FromWorker::Hello {
            wire_version: WIRE_VERSION + 1,
            engine: "scripted".into(),
            engine_version: "2".into(),
            backend: "cpu".into(),
            target: "test".into(),
            devices: Vec::new(),
            problem: None,
        };
        let sent = write_frame(&mut std::io::stdout().lock(), &hello);
        // As a real one would: wait for the end of the input.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(i32::from(sent.is_err()))
    }
    sirocco_worker::process::run(Scripted)
}

/// The runtime of scripted workers.
pub struct Scripted;

impl Runtime for Scripted {
    type Engine = ScriptedModel;

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn backend(&self) -> &'static str {
        if is_named(CARD) { CARD } else { "cpu" }
    }

    fn target(&self) -> &'static str {
        "test"
    }

    fn devices(&self) -> Result<Vec<Device>, EngineError> {
        if is_named(NO_DRIVER) {
            return Err(EngineError("the driver was not found".into()));
        }
        let card = Device {
            name: "Scripted Card".into(),
            memory_bytes: 8 << 30,
        };
        Ok(Vec::from_iter(is_named(CARD).then_some(card)))
    }

    fn load(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<ScriptedModel, EngineError> {
        let (script, language) = read(request, progress)?;
        Ok(ScriptedModel {
            conversation: Conversation::new(script.answer.clone()),
            context_length: request.context_length as usize,
            script,
            language,
            sees: request.projector.is_some(),
        })
    }

    fn load_embedder(
        &self,
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Box<dyn Embedder>, EngineError> {
        let (script, language) = read(request, progress)?;
        Ok(Box::new(ScriptedEmbedder {
            context_length: request.context_length as usize,
            script,
            language,
        }))
    }
}

fn read(
    request: &LoadRequest,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<(Script, Language), EngineError> {
    let path = request
        .files
        .first()
        .map(Path::new)
        .ok_or_else(|| EngineError("no file was named".into()))?;
    let script =
        Script::read_for(path).map_err(|error| EngineError(format!("its script: {error}")))?;
    for step in 0..LOAD_STEPS {
        progress(step as f32 / LOAD_STEPS as f32);
        take(script.load_ms / f64::from(LOAD_STEPS));
    }
    if is_named(SMALL_CARD) {
        return Err(EngineError("out of memory".into()));
    }
    if let Some(error) = script.load_error {
        return Err(EngineError(error));
    }
    let language = Language::from_gguf(path).map_err(|error| EngineError(error.message))?;
    Ok((script, language))
}

/// A model that predicts what its script says.
pub struct ScriptedModel {
    script: Script,
    language: Language,
    conversation: Conversation,
    context_length: usize,
    /// It was given a projector.
    sees: bool,
}

/// Tokens of every image.
pub const IMAGE_TOKENS: usize = 64;

/// The eyes of a scripted model: it tells images apart by the length of their files.
struct ScriptedEyes;

impl Sight for ScriptedEyes {
    fn tokens(&self, _: &str) -> Result<usize, ImageError> {
        Ok(IMAGE_TOKENS)
    }
}

impl Engine for ScriptedModel {
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        let tokenizer = &self.language.tokenizer;
        if self.conversation.len() + tokens.len() > self.context_length {
            return Err(EngineError("the cache is full".into()));
        }
        for id in tokens {
            self.conversation.push(tokenizer, *id);
        }
        let written = self.conversation.answer_tokens();
        take(if written == 0 {
            self.script.prefill_token_ms * tokens.len() as f64
        } else {
            self.script.token_ms
        });
        if let Some(Fault {
            after_tokens,
            death,
        }) = self.script.fault
            && written >= after_tokens.max(1)
        {
            die(death)?;
        }
        let next = self.conversation.next_token(tokenizer).or(tokenizer.eos());
        let mut logits = vec![0.0; tokenizer.vocabulary_size()];
        if let Some(logit) = next.and_then(|id| logits.get_mut(id as usize)) {
            *logit = WANTED;
        }
        Ok(logits)
    }

    fn truncate(&mut self, length: usize) -> Result<(), EngineError> {
        self.conversation.truncate(length);
        Ok(())
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn sight(&self) -> Option<Arc<dyn Sight>> {
        self.sees.then(|| Arc::new(ScriptedEyes) as Arc<dyn Sight>)
    }

    fn look(&mut self, image: &str) -> Result<(), EngineError> {
        take(self.script.prefill_token_ms * IMAGE_TOKENS as f64);
        let word = format!("[image of {} characters]", image.len());
        self.conversation.push_image(&word, IMAGE_TOKENS);
        Ok(())
    }
}

/// Dies this way.
pub(crate) fn die(death: Death) -> Result<(), EngineError> {
    match death {
        Death::Abort => std::process::abort(),
        Death::Exit => std::process::exit(7),
        Death::Panic => panic!("index out of bounds, as the script says"),
        Death::Error => Err(EngineError("out of memory, as the script says".into())),
    }
}

/// Lets time pass, as computing would.
pub(crate) fn take(milliseconds: f64) {
    if milliseconds > 0.0 {
        std::thread::sleep(Duration::from_secs_f64(milliseconds / 1000.0));
    }
}
