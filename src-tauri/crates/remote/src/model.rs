//! One model of an engine, which answers as a worker does.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use sirocco_engine::{Engine, Serving, WorkerHello};
use sirocco_engine_wire::{
    FinishReason, FromWorker, GenerateRequest, ToWorker, TokenChunk, TokenProbability, Usage,
};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::body::body;
use crate::estimate::estimate;
use crate::events::Events;
use crate::speech::Speech;
use crate::tally::Tally;
use crate::{Endpoint, RemoteError};

/// An engine that is silent for so long has forgotten us. It may have to load the model first, and to read a long prompt.
const SILENCE: Duration = Duration::from_secs(600);
/// A line of a stream is never so long.
const LINE_BYTES: usize = 4 << 20;
/// Context that is assumed where neither the engine nor the person says how much there is.
const CONTEXT_LENGTH: u32 = 32_768;

/// A model of an engine.
#[derive(Debug)]
pub struct RemoteModel {
    endpoint: Endpoint,
    name: String,
    /// What it was found to have.
    context_length: AtomicU32,
}

type Answers = Sender<FromWorker>;

impl Engine for RemoteModel {
    fn hello(&self) -> WorkerHello {
        WorkerHello {
            engine: self.endpoint.name.clone(),
            engine_version: String::new(),
            backend: "remote".into(),
            target: self.endpoint.address.authority().to_owned(),
            devices: Vec::new(),
        }
    }

    fn serve(self: Arc<Self>, requests: Receiver<ToWorker>, answers: Answers) -> Serving {
        Box::pin(serve(self, requests, answers))
    }
}

/// Every request has a task of its own; whatever goes on when the engine is let go ends with it.
async fn serve(model: Arc<RemoteModel>, mut requests: Receiver<ToWorker>, answers: Answers) {
    let mut tasks = JoinSet::new();
    let mut stops: HashMap<u64, CancellationToken> = HashMap::new();
    loop {
        tokio::select! {
            request = requests.recv() => match request {
                None | Some(ToWorker::Shutdown) => break,
                Some(ToWorker::Stop { id }) => {
                    if let Some(stop) = stops.get(&id) {
                        stop.cancel();
                    }
                }
                Some(request) => {
                    let stop = CancellationToken::new();
                    if let ToWorker::Generate(request) = &request {
                        stops.insert(request.id, stop.clone());
                    }
                    tasks.spawn(Arc::clone(&model).answer(request, stop, answers.clone()));
                }
            },
            Some(ended) = tasks.join_next() => {
                if let Ok(Some(id)) = ended {
                    stops.remove(&id);
                }
            }
        }
    }
    tasks.shutdown().await;
}

impl RemoteModel {
    /// The model that this engine calls so.
    #[must_use]
    pub fn new(endpoint: Endpoint, name: String) -> Self {
        Self {
            endpoint,
            name,
            context_length: CONTEXT_LENGTH.into(),
        }
    }

    /// Answers the id of a generation that is over.
    async fn answer(
        self: Arc<Self>,
        request: ToWorker,
        stop: CancellationToken,
        answers: Answers,
    ) -> Option<u64> {
        let failed = |id, error: RemoteError| FromWorker::Failed {
            id,
            error: error.into(),
        };
        let (generation, last) = match request {
            ToWorker::Load(load) => (None, self.look(load.context_length).await),
            ToWorker::Count { id, prompt } => {
                let tokens = estimate(&prompt);
                (None, FromWorker::Counted { id, tokens })
            }
            ToWorker::CountImage { id, .. } => {
                let engine = self.endpoint.name.clone();
                (None, failed(id, RemoteError::NoImages { engine }))
            }
            ToWorker::Render { id, .. } => {
                let engine = self.endpoint.name.clone();
                (None, failed(id, RemoteError::NoPrompt { engine }))
            }
            ToWorker::Embed(request) => {
                let engine = self.endpoint.name.clone();
                (None, failed(request.id, RemoteError::NoVectors { engine }))
            }
            ToWorker::Generate(request) => {
                let id = request.id;
                let ended = self.generate(&request, &stop, &answers).await;
                let last = ended.map_or_else(
                    |error| failed(id, error),
                    |(reason, usage)| FromWorker::Finished { id, reason, usage },
                );
                (Some(id), last)
            }
            ToWorker::Stop { .. } | ToWorker::Shutdown => return None,
        };
        // Nobody listens any more: then nobody misses it.
        let _ = answers.send(last).await;
        generation
    }

    /// Whether the model is there, and what context it has: no more than its engine says now.
    async fn look(&self, wanted: u32) -> FromWorker {
        let there = self.endpoint.models().await.and_then(|models| {
            let listed = models.into_iter().find(|listed| listed.name == self.name);
            listed.ok_or_else(|| RemoteError::ModelGone {
                engine: self.endpoint.name.clone(),
                model: self.name.clone(),
            })
        });
        match there {
            Err(error) => FromWorker::LoadFailed {
                error: error.into(),
            },
            Ok(listed) => {
                let wanted = Some(wanted).filter(|wanted| *wanted > 0);
                let known = wanted.into_iter().chain(listed.context_length).min();
                let context_length = known.unwrap_or(CONTEXT_LENGTH);
                self.context_length.store(context_length, Ordering::Relaxed);
                FromWorker::Loaded {
                    context_length,
                    threads: 0,
                    sees_images: false,
                }
            }
        }
    }

    async fn generate(
        &self,
        request: &GenerateRequest,
        stop: &CancellationToken,
        answers: &Answers,
    ) -> Result<(FinishReason, Usage), RemoteError> {
        let prompt_tokens = estimate(&request.prompt);
        let mut tally = Tally::begin(prompt_tokens);
        let stopped = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            ended = self.follow(request, prompt_tokens, &mut tally, answers) => Some(ended?),
        };
        // Leaving the answer unread has closed its connection, which is how an engine hears that it may stop.
        Ok((stopped.unwrap_or(FinishReason::Stopped), tally.end()))
    }

    /// Asks, and passes on what comes until it ends.
    async fn follow(
        &self,
        request: &GenerateRequest,
        prompt_tokens: u32,
        tally: &mut Tally,
        answers: &Answers,
    ) -> Result<FinishReason, RemoteError> {
        let id = request.id;
        let context_length = self.context_length.load(Ordering::Relaxed);
        let (path, body) =
            body(&self.name, context_length, request).map_err(|_| RemoteError::Grammar {
                engine: self.endpoint.name.clone(),
            })?;
        let mut answer = self
            .before_silence(self.endpoint.ask(path, &body, &self.name))
            .await??;
        let prompt_end = String::new();
        let _ = answers.send(FromWorker::Started { id, prompt_end }).await;
        let (done, total) = (0, prompt_tokens);
        let _ = answers.send(FromWorker::Prefill { id, done, total }).await;

        let mut events = Events::default();
        let mut speech = Speech::default();
        let mut reason = None;
        while let Some(bytes) = self
            .before_silence(answer.chunk())
            .await?
            .map_err(|error| self.endpoint.failed(error))?
        {
            for data in events.push(&bytes) {
                if data == "[DONE]" {
                    return self.close(id, &mut speech, reason, answers).await;
                }
                let chunk: Value = serde_json::from_str(&data)
                    .map_err(|_| self.endpoint.nonsense("its stream is not JSON"))?;
                if !chunk["error"].is_null() {
                    return Err(self.endpoint.refused(200, &chunk, &self.name));
                }
                tally.told(&chunk["usage"]);
                let choice = &chunk["choices"][0];
                let said = TokenChunk {
                    id,
                    text: match &choice["text"] {
                        Value::String(text) => text.clone(),
                        _ => speech.push(&choice["delta"]),
                    },
                    count: 1,
                    tokens: Vec::new(),
                    logprobs: logprobs(&choice["logprobs"]),
                };
                if !said.text.is_empty() || !said.logprobs.is_empty() {
                    tally.piece();
                    let _ = answers.send(FromWorker::Tokens(said)).await;
                }
                if let Some(word) = choice["finish_reason"].as_str() {
                    reason = Some(finish_reason(word));
                }
            }
            if events.pending() > LINE_BYTES {
                return Err(self.endpoint.nonsense("a line of its stream does not end"));
            }
        }
        self.close(id, &mut speech, reason, answers).await
    }

    /// The end of the stream: without a reason it was no end.
    async fn close(
        &self,
        id: u64,
        speech: &mut Speech,
        reason: Option<FinishReason>,
        answers: &Answers,
    ) -> Result<FinishReason, RemoteError> {
        let reason = reason.ok_or_else(|| RemoteError::Cut {
            engine: self.endpoint.name.clone(),
        })?;
        let text = speech.finish();
        if !text.is_empty() {
            let rest = TokenChunk {
                id,
                text,
                ..TokenChunk::default()
            };
            let _ = answers.send(FromWorker::Tokens(rest)).await;
        }
        Ok(reason)
    }

    async fn before_silence<T>(&self, work: impl Future<Output = T>) -> Result<T, RemoteError> {
        let done = timeout(SILENCE, work).await;
        done.map_err(|_| RemoteError::Silent {
            engine: self.endpoint.name.clone(),
            seconds: SILENCE.as_secs(),
        })
    }
}

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "length" => FinishReason::MaxTokens,
        _ => FinishReason::EndOfTurn,
    }
}

/// Probabilities of a chat; ids of tokens are not told.
fn logprobs(logprobs: &Value) -> Vec<(TokenProbability, Vec<TokenProbability>)> {
    let one = |token: &Value| {
        let logprob = token["logprob"].as_f64()? as f32;
        Some(TokenProbability {
            id: 0,
            text: token["token"].as_str()?.to_owned(),
            logprob,
        })
    };
    let all = |list: &Value| -> Vec<TokenProbability> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(one).collect()
    };
    let content = logprobs["content"].as_array().into_iter().flatten();
    content
        .filter_map(|token| Some((one(token)?, all(&token["top_logprobs"]))))
        .collect()
}
