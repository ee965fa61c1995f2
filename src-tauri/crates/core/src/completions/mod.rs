//! Answers without a conversation: what a program that is not our own interface asks of the App.
//!
//! A [`Request`] waits in the queue of its model as a run does, and is answered in [`Piece`]s. Nothing of it is
//! stored, and it ends when nobody reads it any more. [`Completions`] is all that a server has to know of the App:
//!
//! ```no_run
//! # async fn example(app: sirocco_core::App) -> Result<(), sirocco_protocol::ErrorReport> {
//! use sirocco_core::completions::{Completions, Piece, Prompt, Request};
//! let model = app.library().await?.remove(0);
//! let prompt = Prompt::Text { text: "The wind comes from".into(), special: false };
//! let mut completion = app.complete(model.id, Request::new(prompt));
//! while let Some(piece) = completion.next().await {
//!     if let Piece::Text { content, .. } = piece? {
//!         print!("{content}");
//!     }
//! }
//! # Ok(()) }
//! ```

mod answer;
mod embedding;
mod flow;
mod images;
mod tools;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
pub use sirocco_chat::{CallPiece, set_effort, tells_of_thinking, thinking_variables};
pub use sirocco_engine_wire::{
    ChatImage, ChatMessage, Constraint, EmbedInput, EmbedRequest, FinishReason, Prompt,
    SamplingParameters, TokenProbability, ToolCall, Usage, Vector,
};
use sirocco_protocol::{
    ErrorReport, Event, HeaderReport, LoadedModel, Model, ModelId, Parameters, ServedRequest,
};
pub use sirocco_store::NamedModel;
use tokio::sync::{broadcast, mpsc};

pub(crate) use self::answer::explain;
use crate::App;
use crate::error::Report;
pub use crate::serving::{Exchange, Inside};

/// What a worker is told about sampling by these parameters. What they leave out is as it always is.
#[must_use]
pub fn sampling(parameters: &Parameters) -> SamplingParameters {
    crate::runs::sampling(parameters)
}

/// Something that takes a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ErrorReport>> + Send + 'a>>;

/// What a model has to be loaded with to be of use to somebody; what is left out is as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Tokens of context, at least.
    pub context_length: Option<u32>,
    /// Attention in one pass. Only llama.cpp knows of it.
    pub flash_attention: Option<bool>,
    /// The file mapped into memory, or read. Only llama.cpp knows of it.
    pub memory_map: Option<bool>,
}

/// What is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What to continue.
    pub prompt: Prompt,
    /// How to choose tokens.
    pub sampling: SamplingParameters,
    /// Longest answer in tokens; none is up to the end of the context.
    pub max_tokens: Option<u32>,
    /// Strings that end the answer and are not part of it.
    pub stop: Vec<String>,
    /// Whether the model decides to call the tools of its prompt.
    pub tool_choice: ToolChoice,
    /// One call ends the answer.
    pub one_call: bool,
    /// The form of the answer; calls of tools come before it.
    pub constraint: Option<Constraint>,
    /// What the model has to be loaded with.
    pub needs: Needs,
    /// Eject the model afterwards, unless somebody else waits for it.
    pub eject_after: bool,
}

impl Request {
    /// A request with nothing but defaults.
    #[must_use]
    pub fn new(prompt: Prompt) -> Self {
        Self {
            prompt,
            sampling: SamplingParameters::default(),
            max_tokens: None,
            stop: Vec::new(),
            tool_choice: ToolChoice::Free,
            one_call: false,
            constraint: None,
            needs: Needs::default(),
            eject_after: false,
        }
    }
}

/// Who decides that a tool is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model.
    #[default]
    Free,
    /// The answer is a call or several, and nothing else; the model chooses of what.
    Required,
    /// The answer is one call, of the tool with this name.
    Named(String),
}

/// A token of the answer with its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The one that was chosen.
    pub chosen: TokenProbability,
    /// The likeliest ones in its place, as many as were asked for.
    pub likeliest: Vec<TokenProbability>,
}

/// What is heard of an answer while it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// It has not begun.
    Waiting {
        /// Share of the load done, while the model is loaded.
        load_progress: Option<f32>,
        /// How many requests go first.
        ahead: u32,
    },
    /// The prompt is understood and fits; comes once.
    Started {
        /// Its length.
        prompt_tokens: u32,
    },
    /// More text.
    Text {
        /// Of the answer.
        content: String,
        /// Of the thoughts in front of it.
        reasoning: String,
        /// If asked for: the tokens of the answer since the last piece, those of the thoughts left out.
        tokens: Vec<Token>,
    },
    /// More of a call of a tool; comes only to those who gave tools.
    Call(CallPiece),
    /// The last piece.
    Finished(Finish),
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// Why.
    pub reason: FinishReason,
    /// Its numbers.
    pub usage: Usage,
    /// Of the tokens written, those of the thoughts.
    pub reasoning_tokens: u32,
    /// How many tools it calls.
    pub calls: u32,
    /// How long the model was loaded for it.
    pub load: Duration,
}

/// What texts became.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// One for each text, in their order.
    pub vectors: Vec<Vector>,
    /// How long the model was loaded for them.
    pub load: Duration,
}

impl Embedded {
    /// Tokens that were read.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        let tokens = self.vectors.iter().map(|vector| vector.tokens);
        tokens.fold(0, u32::saturating_add)
    }
}

/// An answer being written; dropping it stops that within one token.
#[derive(Debug)]
pub struct Completion {
    // Not bounded: no answer is longer than the context, and a reader that is slow must not hold up those who
    // wait for the model.
    pieces: mpsc::UnboundedReceiver<Result<Piece, ErrorReport>>,
}

impl Completion {
    /// The next piece; `Finished` or an error is the last.
    pub async fn next(&mut self) -> Option<Result<Piece, ErrorReport>> {
        self.pieces.recv().await
    }
}

/// What a server asks of the App.
pub trait Completions: Send + Sync {
    /// Runs a command of the protocol's table, for what is no answer of a model: downloads and deletions.
    fn call<'a>(&'a self, command: &'a str, payload: Value) -> Answer<'a, Value>;

    /// Notes a request for those who look at the server's log.
    fn note_request(&self, request: ServedRequest);

    /// Keeps what is said in a request, in memory, for those who look into the log.
    fn keep_exchange(&self, request: u64) -> Arc<Exchange>;

    /// Listens to events.
    fn events(&self) -> broadcast::Receiver<Event>;

    /// All models of the library, those that cannot run here included.
    fn library(&self) -> Answer<'_, Vec<Model>>;

    /// The further names of models, also of those that are gone.
    fn named_models(&self) -> Answer<'_, Vec<NamedModel>>;

    /// Gives a model a name, which may have been another's; what a model is called in the library is refused.
    fn name_model(&self, named: NamedModel) -> Answer<'_, ()>;

    /// Takes a name back, and leaves its model as it is; false if there is no such name.
    fn remove_name<'a>(&'a self, name: &'a str) -> Answer<'a, bool>;

    /// What is loaded or loading.
    fn loaded_models(&self) -> Vec<LoadedModel>;

    /// What the header of a model says.
    fn header(&self, model: ModelId) -> Answer<'_, HeaderReport>;

    /// Loads a model with what is needed, and waits until it answers.
    fn warm_up(&self, model: ModelId, needs: Needs) -> Answer<'_, LoadedModel>;

    /// Ejects a model that nobody waits for; false if somebody does.
    fn let_go(&self, model: ModelId) -> Answer<'_, bool>;

    /// Counts the tokens of a prompt; the model is loaded for that if it is not.
    fn count_tokens(&self, model: ModelId, prompt: Prompt) -> Answer<'_, u32>;

    /// Starts an answer; the model is loaded for it if it is not.
    fn complete(&self, model: ModelId, request: Request) -> Completion;

    /// Turns texts into vectors; the model is loaded for that if it is not. Dropping the answer ends it.
    fn embed(&self, model: ModelId, request: EmbedRequest) -> Answer<'_, Embedded>;
}

impl Completions for App {
    fn call<'a>(&'a self, command: &'a str, payload: Value) -> Answer<'a, Value> {
        Box::pin(Self::call(self, command, payload))
    }

    fn note_request(&self, request: ServedRequest) {
        Self::note_request(self, request);
    }

    fn keep_exchange(&self, request: u64) -> Arc<Exchange> {
        Self::keep_exchange(self, request)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        Self::events(self)
    }

    fn library(&self) -> Answer<'_, Vec<Model>> {
        Box::pin(async move {
            let models = self.models().await?;
            Ok(models.into_iter().map(Arc::unwrap_or_clone).collect())
        })
    }

    fn named_models(&self) -> Answer<'_, Vec<NamedModel>> {
        Box::pin(Self::named_models(self))
    }

    fn name_model(&self, named: NamedModel) -> Answer<'_, ()> {
        Box::pin(async move { self.give_name(&named).await })
    }

    fn remove_name<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        Box::pin(self.take_name_back(name))
    }

    fn loaded_models(&self) -> Vec<LoadedModel> {
        self.inner.residency.list()
    }

    fn header(&self, model: ModelId) -> Answer<'_, HeaderReport> {
        Box::pin(self.local_header(model))
    }

    fn warm_up(&self, model: ModelId, needs: Needs) -> Answer<'_, LoadedModel> {
        Box::pin(async move {
            drop(self.turn_of(model, needs).await?);
            self.load_for(model, needs).await
        })
    }

    fn let_go(&self, model: ModelId) -> Answer<'_, bool> {
        Box::pin(async move { Ok(self.eject_if_idle(model).await) })
    }

    fn count_tokens(&self, model: ModelId, prompt: Prompt) -> Answer<'_, u32> {
        Box::pin(async move {
            let mut prompt = prompt;
            self.read_images(model, &mut prompt).await?;
            // Counting is done beside an answer: nobody has to wait for a turn.
            let worker = match self.inner.residency.ready(model) {
                Some(loaded) => loaded.worker,
                None => self
                    .turn_of(model, Needs::default())
                    .await?
                    .loaded
                    .worker
                    .clone(),
            };
            worker.count(prompt).await.report()
        })
    }

    fn complete(&self, model: ModelId, request: Request) -> Completion {
        let (sender, pieces) = mpsc::unbounded_channel();
        let app = self.clone();
        self.inner
            .tasks
            .spawn(async move { app.answer(model, request, &sender).await });
        Completion { pieces }
    }

    fn embed(&self, model: ModelId, request: EmbedRequest) -> Answer<'_, Embedded> {
        Box::pin(self.vectors(model, request))
    }
}
