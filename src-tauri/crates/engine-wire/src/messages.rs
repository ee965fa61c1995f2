//! What is said.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Constraint, EmbedRequest, LlamaCppOptions, SamplingParameters, Vector};

/// Version of these frames; a worker with another one is not used.
pub const WIRE_VERSION: u32 = 7;

/// One message of a prompt, in the words of chat templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Its text.
    pub content: String,
    /// Images in it, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ChatImage>,
    /// What the model thought, for templates that want it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// Calls of tools that a message of the assistant's makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Of a tool message: the call that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Of a tool message: the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<String>,
}

/// An image in the text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatImage {
    /// Bytes of the text that stand before it.
    pub at: usize,
    /// A PNG or JPEG file, base64. The app has decoded and scaled it: what a stranger sent never comes here.
    pub base64: String,
}

/// A call of a tool, as it stands in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// By which its answer refers to it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// An object; a string if what a model wrote once is no JSON.
    pub arguments: Value,
}

/// What a model is asked to continue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Prompt {
    /// Rendered with the model's chat template.
    Chat {
        /// Oldest first.
        messages: Vec<ChatMessage>,
        /// The last message is the model's own and is to be continued.
        #[serde(default)]
        continue_last: bool,
        /// Further template variables, such as `enable_thinking`.
        #[serde(default)]
        variables: serde_json::Map<String, Value>,
        /// Tools that the model may call, each as `{"type": "function", "function": {"name", "description",
        /// "parameters"}}` with a JSON schema.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tools: Vec<Value>,
        /// Now, Unix seconds, for templates that print the date.
        #[serde(default)]
        now_s: i64,
    },
    /// Text as it is; `special` says whether words like `<|im_end|>` are control tokens.
    Text {
        /// The text.
        text: String,
        /// Parse control tokens.
        #[serde(default)]
        special: bool,
    },
}

/// Something that computes besides the CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Such as `NVIDIA GeForce RTX 4070`.
    pub name: String,
    /// All of its memory.
    pub memory_bytes: u64,
}

/// A model to load; the first frame a worker gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadRequest {
    /// The file, or all shards in order. The app has looked at the header already.
    pub files: Vec<String>,
    /// The file that turns images into what the model reads, if it is to see any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projector: Option<String>,
    /// Tokens the cache may hold.
    pub context_length: u32,
    /// Threads to compute with.
    pub threads: u32,
    /// An empty folder of this worker's own, for what the engine wants to read or write.
    pub scratch_folder: String,
    /// What only llama.cpp is told; none is sent to any other runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llamacpp: Option<LlamaCppOptions>,
}

/// A generation to start. A worker answers one at a time; the app queues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// Chosen by the app, unique for the life of the worker.
    pub id: u64,
    /// What to continue.
    pub prompt: Prompt,
    /// How to choose tokens.
    #[serde(default)]
    pub sampling: SamplingParameters,
    /// Longest answer; always further limited to what the context leaves.
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// Strings that end the answer and are not part of it.
    #[serde(default)]
    pub stop: Vec<String>,
    /// What the answer is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
}

/// App to worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Load the model.
    Load(LoadRequest),
    /// Generate.
    Generate(Box<GenerateRequest>),
    /// Turn texts into vectors.
    Embed(EmbedRequest),
    /// End the generation: at most one further token. Of texts to embed, those that are not begun are left out.
    Stop {
        /// Of the request.
        id: u64,
    },
    /// Count the tokens of a prompt, answered with [`FromWorker::Counted`] even while generating.
    Count {
        /// Of the question.
        id: u64,
        /// What to count.
        prompt: Prompt,
    },
    /// Count the tokens of an image alone, answered with [`FromWorker::Counted`].
    CountImage {
        /// Of the question.
        id: u64,
        /// As in [`ChatImage::base64`].
        base64: String,
    },
    /// Render a prompt, answered with [`FromWorker::Rendered`] even while generating.
    Render {
        /// Of the question.
        id: u64,
        /// What to render.
        prompt: Prompt,
    },
    /// Finish and exit.
    Shutdown,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// An end-of-generation token.
    EndOfTurn,
    /// `max_tokens`.
    MaxTokens,
    /// The context is full.
    ContextFull,
    /// A stop string.
    StopString,
    /// [`ToWorker::Stop`].
    Stopped,
}

/// Numbers of a generation, measured in the worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Of those, taken from the cache.
    pub cached_tokens: u32,
    /// Tokens written.
    pub completion_tokens: u32,
    /// From the frame read to the first token chosen.
    pub time_to_first_token_ms: f64,
    /// Processing the prompt.
    pub prefill_ms: f64,
    /// From the first token to the last.
    pub decode_ms: f64,
    /// Tokens that the draft model guessed.
    #[serde(default)]
    pub drafted_tokens: u32,
    /// Of those, how many were what the model itself chose.
    #[serde(default)]
    pub accepted_tokens: u32,
    /// Tokens that the context lost so that the answer could go on.
    #[serde(default)]
    pub shifted_tokens: u32,
}

/// One token with its probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenProbability {
    /// Its id.
    pub id: u32,
    /// Its text, bytes that are no UTF-8 replaced.
    pub text: String,
    /// Natural logarithm, of the model's own distribution before any sampler.
    pub logprob: f32,
}

/// Tokens chosen since the last such frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenChunk {
    /// Of the generation.
    pub id: u64,
    /// Text that is complete now; may be empty while a character or a stop string is open.
    pub text: String,
    /// How many tokens this frame stands for.
    pub count: u32,
    /// Their ids.
    pub tokens: Vec<u32>,
    /// If asked for: each token's own probability followed by the likeliest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logprobs: Vec<(TokenProbability, Vec<TokenProbability>)>,
}

/// What went wrong in a worker, as far as the app acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerErrorKind {
    /// The request makes no sense: bad parameters, unknown id.
    InvalidRequest,
    /// The prompt does not fit the context.
    ContextFull,
    /// The model's chat template does not work with these messages.
    Template,
    /// The model cannot be loaded.
    Load,
    /// The engine failed; the worker exits after this.
    Engine,
    /// An engine on another machine does not answer, or not as it should. No worker says so.
    Network,
    /// The person wants no connection to other machines. No worker says so.
    Offline,
}

/// An error of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerError {
    /// For the app.
    pub kind: WorkerErrorKind,
    /// For people.
    pub message: String,
}

/// Worker to app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// First frame.
    Hello {
        /// [`WIRE_VERSION`].
        wire_version: u32,
        /// Such as `mistral.rs`.
        engine: String,
        /// Of the engine.
        engine_version: String,
        /// `cpu`, `cuda`, `metal` or `vulkan`.
        backend: String,
        /// What it was compiled for, such as `x86-64-v3` or `native`.
        target: String,
        /// What it computes on besides the CPU; empty for the backend `cpu`.
        #[serde(default)]
        devices: Vec<Device>,
        /// Why it cannot compute on this machine, such as a driver that is missing; it ends then.
        #[serde(default)]
        problem: Option<String>,
    },
    /// Every second, whatever else is going on.
    Heartbeat,
    /// While loading.
    LoadProgress {
        /// 0 to 1.
        fraction: f32,
    },
    /// Ready for [`ToWorker::Generate`], or for [`ToWorker::Embed`] if that is what the model does.
    Loaded {
        /// What the cache really holds, or what an embedding model reads at once.
        context_length: u32,
        /// Threads in use.
        threads: u32,
        /// It sees images.
        #[serde(default)]
        sees_images: bool,
    },
    /// The model cannot be loaded; the worker exits.
    LoadFailed {
        /// Why.
        error: WorkerError,
    },
    /// The prompt is rendered and fits; its processing begins.
    Started {
        /// Of the generation.
        id: u64,
        /// The last characters of the rendered prompt: they tell whether the answer begins inside
        /// the model's thoughts.
        prompt_end: String,
    },
    /// While the prompt is processed.
    Prefill {
        /// Of the generation.
        id: u64,
        /// Tokens done, cached ones included.
        done: u32,
        /// Tokens of the prompt.
        total: u32,
    },
    /// Tokens.
    Tokens(TokenChunk),
    /// The generation ended.
    Finished {
        /// Of the generation.
        id: u64,
        /// Why.
        reason: FinishReason,
        /// Its numbers.
        usage: Usage,
    },
    /// The vector of the next text of an [`EmbedRequest`], in the order of its inputs.
    Vector(Vector),
    /// All vectors were sent, or the request was stopped.
    Embedded {
        /// Of the request.
        id: u64,
    },
    /// The request failed.
    Failed {
        /// Of the generation or question.
        id: u64,
        /// Why.
        error: WorkerError,
    },
    /// Answer to [`ToWorker::Count`] and [`ToWorker::CountImage`].
    Counted {
        /// Of the question.
        id: u64,
        /// Tokens.
        tokens: u32,
    },
    /// Answer to [`ToWorker::Render`].
    Rendered {
        /// Of the question.
        id: u64,
        /// The exact prompt.
        text: String,
        /// Its tokens.
        tokens: Vec<u32>,
    },
}
