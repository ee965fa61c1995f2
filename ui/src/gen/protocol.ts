// Generated from the protocol crate by `cargo xtask generate`. Do not edit.

/**
 * What the interface asks first.
 */
export type AppStatus = { 
/**
 * Of the app.
 */
version: string, 
/**
 * Where everything is kept, for display.
 */
data_folder: string, 
/**
 * Which host this is.
 */
host: HostKind, 
/**
 * The machine.
 */
machine: Machine, 
/**
 * Workers found beside the app, such as `mistral.rs 0.8.1 · CPU (native)`; empty: nothing can run.
 */
runtimes: Array<string>, };

/**
 * Version, machine, host and runtimes.
 */
export type AppStatusRequest = Record<symbol, never>;

/**
 * Tokens of the prompt as it would be sent now; needs the model loaded.
 */
export type ContextCount = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Text being written.
 */
draft: string, };

/**
 * How full the context is.
 */
export type ContextUse = { 
/**
 * Tokens of the prompt as it would be sent now, the draft included.
 */
prompt_tokens: number, 
/**
 * Tokens of the draft alone.
 */
draft_tokens: number, 
/**
 * What the loaded model takes.
 */
context_length: number, };

/**
 * A conversation without its messages.
 */
export type Conversation = { 
/**
 * What the list shows.
 */
summary: ConversationSummary, 
/**
 * The model it talks to, if one was chosen.
 */
model_id: ModelId | null, 
/**
 * Sent before everything else; empty for none.
 */
system_prompt: string, 
/**
 * Sampling parameters.
 */
parameters: Parameters, 
/**
 * The draft of the next message.
 */
draft: string, 
/**
 * The leaf of the branch being shown.
 */
head: MessageId | null, };

/**
 * A new conversation with the defaults of the settings.
 */
export type ConversationCreate = { 
/**
 * The model it talks to.
 */
model_id?: ModelId | null, };

/**
 * A place in the conversation list: pinned ones come first, then the newest, then the largest id.
 * It stays where it is when the row it came from moves or goes.
 */
export type ConversationCursor = { 
/**
 * Whether the row is pinned.
 */
pinned: boolean, 
/**
 * Its time, Unix time in milliseconds.
 */
updated_at_ms: number, 
/**
 * Its id.
 */
id: ConversationId, };

/**
 * Hides a conversation; its run is stopped; it can be restored.
 */
export type ConversationDelete = { 
/**
 * Which.
 */
id: ConversationId, };

/**
 * One conversation.
 */
export type ConversationGet = { 
/**
 * Which.
 */
id: ConversationId, };

/**
 * A conversation.
 */
export type ConversationId = string;

/**
 * Conversations, pinned first, then newest first; `query` filters by title.
 */
export type ConversationList = { 
/**
 * Words of the title; empty for all.
 */
query: string, 
/**
 * Only conversations behind this place, for the next page.
 */
after?: ConversationCursor | null, 
/**
 * At most this many, 1 to 500.
 */
limit: number, };

/**
 * Brings a deleted conversation back.
 */
export type ConversationRestore = { 
/**
 * Which.
 */
id: ConversationId, };

/**
 * A row of the conversation list.
 */
export type ConversationSummary = { 
/**
 * Its id.
 */
id: ConversationId, 
/**
 * Never empty; "New conversation" until there is a first message.
 */
title: string, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * Time of the last message, Unix time in milliseconds.
 */
updated_at_ms: number, 
/**
 * Kept on top of the list.
 */
pinned: boolean, 
/**
 * A run of it has not ended.
 */
running: boolean, 
/**
 * It has an answer that was not looked at.
 */
unread: boolean, };

/**
 * Changes what is given, leaves the rest.
 */
export type ConversationUpdate = { 
/**
 * Which.
 */
id: ConversationId, 
/**
 * New title, not empty.
 */
title?: string | null, 
/**
 * Pin or unpin.
 */
pinned?: boolean | null, 
/**
 * Choose the model.
 */
model_id?: ModelId | null, 
/**
 * New system prompt.
 */
system_prompt?: string | null, 
/**
 * New parameters, all of them.
 */
parameters?: Parameters | null, 
/**
 * Text being written.
 */
draft?: string | null, 
/**
 * Seen or not.
 */
unread?: boolean | null, };

/**
 * A download.
 */
export type Download = { 
/**
 * Its id.
 */
id: DownloadId, 
/**
 * What, for display: the file's name.
 */
name: string, 
/**
 * From where, for display: `Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF`.
 */
source: string, 
/**
 * Bytes kept so far.
 */
done_bytes: number, 
/**
 * Bytes in all.
 */
total_bytes: number, 
/**
 * Bytes per second, over the last few seconds.
 */
bytes_per_second: number, 
/**
 * Where it stands.
 */
state: DownloadState, };

/**
 * One download.
 */
export type DownloadId = string;

/**
 * Downloads of this session.
 */
export type DownloadList = Record<symbol, never>;

/**
 * Stops a download and keeps its bytes.
 */
export type DownloadPause = { 
/**
 * Which.
 */
id: DownloadId, };

/**
 * Goes on where it was.
 */
export type DownloadResume = { 
/**
 * Which.
 */
id: DownloadId, };

/**
 * Where a download stands.
 */
export type DownloadState = { "type": "downloading" } | { "type": "verifying" } | { "type": "paused" } | { "type": "finished", 
/**
 * As what.
 */
model_id: ModelId, } | { "type": "failed", 
/**
 * Why.
 */
error: ErrorReport, };

/**
 * What went wrong, for a client that acts on it. A code exists only if some client does.
 */
export type ErrorCode = "invalid_request" | "not_found" | "conflict" | "no_model" | "model_refused" | "does_not_fit" | "worker_crashed" | "context_full" | "file_problem" | "network" | "disk_full" | "unauthorized" | "internal";

/**
 * An error as the interface shows it.
 */
export type ErrorReport = { 
/**
 * For clients.
 */
code: ErrorCode, 
/**
 * What happened, in words; lower-case start, no period.
 */
message: string, 
/**
 * The next step, where there is one.
 */
hint: string | null, 
/**
 * Finds the matching lines of the log; empty until the host assigns one.
 */
trace_id: string, };

/**
 * One event. Each carries the new state, so a listener needs no further question.
 */
export type Event = { "type": "conversation_changed", 
/**
 * Its row.
 */
conversation: ConversationSummary, } | { "type": "conversation_deleted", 
/**
 * Which.
 */
conversation_id: ConversationId, } | { "type": "messages_changed", 
/**
 * Where.
 */
conversation_id: ConversationId, 
/**
 * The leaf of the branch now shown.
 */
head: MessageId | null, } | { "type": "run_changed", 
/**
 * The run.
 */
run: Run, } | { "type": "model_changed", 
/**
 * The model.
 */
model: Model, } | { "type": "model_removed", 
/**
 * Which.
 */
model_id: ModelId, } | { "type": "loaded_changed", 
/**
 * Its state.
 */
loaded: LoadedModel, } | { "type": "ejected", 
/**
 * Which.
 */
model_id: ModelId, } | { "type": "download_changed", 
/**
 * The download.
 */
download: Download, } | { "type": "settings_changed", 
/**
 * All of them.
 */
settings: Settings, } | { "type": "paths_dropped", 
/**
 * With handles to give back.
 */
paths: Array<PickedPath>, } | { "type": "lagged" };

/**
 * Which host shows the interface.
 */
export type HostKind = "window" | "browser" | "terminal";

/**
 * What an import or a scan found.
 */
export type ImportOutcome = { 
/**
 * Models that are in the library now and were not before, or were looked at again.
 */
models: Array<Model>, 
/**
 * Files that are no models, each with the reason.
 */
problems: Array<string>, };

/**
 * How a model is to be loaded.
 */
export type LoadOptions = { 
/**
 * Tokens of context; none is the default of the settings, at most what the model knows.
 */
context_length?: number | null, 
/**
 * Threads; none is the number of physical cores.
 */
threads?: number | null, 
/**
 * Load although the estimate exceeds the free memory.
 */
load_anyway: boolean, };

/**
 * How a loaded (or loading) model stands.
 */
export type LoadState = { "type": "loading", 
/**
 * 0 to 1.
 */
progress: number, } | { "type": "ready" } | { "type": "failed", 
/**
 * Why.
 */
error: ErrorReport, };

/**
 * A model with a worker.
 */
export type LoadedModel = { 
/**
 * Which.
 */
model_id: ModelId, 
/**
 * How it stands.
 */
state: LoadState, 
/**
 * The context it was loaded with, in tokens.
 */
context_length: number, 
/**
 * Threads it computes with.
 */
threads: number, 
/**
 * What it runs on, such as `mistral.rs 0.8.1 · CPU (x86-64-v4)`.
 */
runtime: string, 
/**
 * Resident memory of the worker, in bytes, if known.
 */
memory_bytes: number | null, 
/**
 * Runs waiting for it, the one being answered included.
 */
queue_length: number, };

/**
 * The machine in plain words.
 */
export type Machine = { 
/**
 * Such as `AMD Ryzen 7 7840U`.
 */
cpu: string, 
/**
 * Physical cores.
 */
physical_cores: number, 
/**
 * `x86-64-v4`, `aarch64`, ...: what the CPU can do, as far as workers are built for it.
 */
cpu_level: string, 
/**
 * Installed memory.
 */
memory_bytes: number, 
/**
 * Free for a new model now.
 */
available_bytes: number, 
/**
 * Such as `Debian GNU/Linux 12`.
 */
system: string, };

/**
 * What loading would take, by the formula of the `gguf` crate.
 */
export type MemoryFit = { 
/**
 * Context the figures hold for, in tokens.
 */
context_length: number, 
/**
 * Weights, embedding included.
 */
weights_bytes: number, 
/**
 * Key-value cache at the full context.
 */
kv_bytes: number, 
/**
 * Working memory.
 */
compute_bytes: number, 
/**
 * All together.
 */
total_bytes: number, 
/**
 * What the machine has free now.
 */
available_bytes: number, 
/**
 * `total <= available`.
 */
fits: boolean, 
/**
 * The longest context that fits, if any does.
 */
largest_context_length: number | null, };

/**
 * One message, as it stands on the branch being shown.
 */
export type Message = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * Where it belongs.
 */
conversation_id: ConversationId, 
/**
 * The message it answers; none for the first.
 */
parent_id: MessageId | null, 
/**
 * Who speaks.
 */
role: Role, 
/**
 * Markdown as written by the person or the model.
 */
content: string, 
/**
 * What the model thought before answering, if it says so.
 */
reasoning: string | null, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * The name of the model that wrote it, kept even if the model is gone.
 */
model_name: string | null, 
/**
 * The latest generation that wrote it; none for people's messages.
 */
run: Run | null, 
/**
 * The versions next to it (same parent), oldest first, itself included.
 */
versions: Array<MessageId>, };

/**
 * Writes on at the end of an answer that was stopped, interrupted, cut or edited.
 */
export type MessageContinue = { 
/**
 * The answer, last of its branch.
 */
id: MessageId, };

/**
 * Hides a message and all that answers it; it can be restored.
 */
export type MessageDelete = { 
/**
 * Which.
 */
id: MessageId, };

/**
 * Another version of a message with other words; a person's message is answered anew if `generate`.
 */
export type MessageEdit = { 
/**
 * Which.
 */
id: MessageId, 
/**
 * The new words.
 */
content: string, 
/**
 * Answer it.
 */
generate: boolean, };

/**
 * One message of a conversation's tree.
 */
export type MessageId = string;

/**
 * A page of the shown branch, oldest first.
 */
export type MessagePage = { 
/**
 * The messages.
 */
messages: Array<Message>, 
/**
 * There are older ones.
 */
has_older: boolean, };

/**
 * A page of the shown branch, oldest first, ending before `before` (or at the end).
 */
export type MessagePageRequest = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * End before this message.
 */
before?: MessageId | null, 
/**
 * At most this many, 1 to 500.
 */
limit: number, };

/**
 * Another version of an answer, under the same question.
 */
export type MessageRegenerate = { 
/**
 * The answer.
 */
id: MessageId, };

/**
 * Brings a deleted message and its answers back.
 */
export type MessageRestore = { 
/**
 * Which.
 */
id: MessageId, };

/**
 * Shows the branch through this message.
 */
export type MessageSelect = { 
/**
 * Which.
 */
id: MessageId, };

/**
 * Adds the person's message at the end of the branch and starts the answer.
 */
export type MessageSend = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Not blank.
 */
content: string, };

/**
 * A model of the library.
 */
export type Model = { 
/**
 * Its id.
 */
id: ModelId, 
/**
 * From the header, or the file name.
 */
name: string, 
/**
 * The short name of scripts and APIs, unique in the library: `qwen2.5-coder-0.5b-instruct-q4_k_m`.
 */
key: string, 
/**
 * The file (the first shard), for display.
 */
path: string, 
/**
 * `general.architecture`.
 */
architecture: string, 
/**
 * Such as `Q4_K_M`.
 */
quantization: string, 
/**
 * All shards together.
 */
size_bytes: number, 
/**
 * Weights in all.
 */
parameter_count: number, 
/**
 * What the model was trained for, in tokens.
 */
context_length: number, 
/**
 * It carries a chat template.
 */
has_chat_template: boolean, 
/**
 * Whether it runs here, and if not why.
 */
verdict: ModelVerdict, 
/**
 * Unix time in milliseconds.
 */
added_at_ms: number, 
/**
 * Unix time in milliseconds of the last load.
 */
used_at_ms: number | null, };

/**
 * Ends the worker of the model, and with it all its memory.
 */
export type ModelEject = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * What loading would take.
 */
export type ModelFit = { 
/**
 * Which.
 */
id: ModelId, 
/**
 * Tokens; none is the default.
 */
context_length?: number | null, };

/**
 * Forgets a model; its file stays.
 */
export type ModelForget = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * A model of the library (one file, or all shards of one).
 */
export type ModelId = string;

/**
 * Adds a picked file, or all models of a picked folder, in place.
 */
export type ModelImport = { 
/**
 * From `path_pick`, `path_type` or a drop.
 */
handle: PathHandle, };

/**
 * The library.
 */
export type ModelList = Record<symbol, never>;

/**
 * Starts a worker for the model; progress comes as events. Loading a loaded model is no error.
 */
export type ModelLoad = { 
/**
 * Which.
 */
id: ModelId, 
/**
 * How.
 */
options: LoadOptions, };

/**
 * What is loaded or loading.
 */
export type ModelLoaded = Record<symbol, never>;

/**
 * A folder whose GGUF files belong to the library.
 */
export type ModelRoot = { 
/**
 * Its id.
 */
id: RootId, 
/**
 * For display.
 */
path: string, 
/**
 * The folder downloads go to; cannot be removed.
 */
is_own: boolean, 
/**
 * It can be read now.
 */
reachable: boolean, };

/**
 * Looks through all roots again.
 */
export type ModelScan = Record<symbol, never>;

/**
 * Whether a runtime can serve a model, decided from the file's header alone.
 */
export type ModelVerdict = { "type": "runs", 
/**
 * What a user should know, such as "slow tensor types".
 */
cautions: Array<string>, } | { "type": "refused", 
/**
 * Why, in words.
 */
reasons: Array<string>, } | { "type": "missing" };

/**
 * For commands that take or answer nothing: `{}`.
 */
export type Nothing = Record<symbol, never>;

/**
 * Sampling parameters of a conversation. `None` means the default, which the interface shows as
 * such. Ranges are checked by [`Parameters::validate`].
 */
export type Parameters = { 
/**
 * 0 is greedy; 0 to 5, default 0.7.
 */
temperature: number | null, 
/**
 * Keep the k likeliest tokens; 0 is off, default 40.
 */
top_k: number | null, 
/**
 * Keep the likeliest tokens up to this share; 0 to 1, default 0.95.
 */
top_p: number | null, 
/**
 * Drop tokens under this share of the likeliest; 0 to 1, default 0.05.
 */
min_p: number | null, 
/**
 * Locally typical sampling; 0 to 1, default 1 (off).
 */
typical_p: number | null, 
/**
 * Chance that the likeliest tokens are excluded (XTC); 0 to 1, default 0.
 */
xtc_probability: number | null, 
/**
 * Share above which XTC excludes; 0 to 0.5, default 0.1.
 */
xtc_threshold: number | null, 
/**
 * Strength of the DRY repetition penalty; 0 to 5, default 0 (off).
 */
dry_multiplier: number | null, 
/**
 * Base of DRY's exponential growth; 1 to 4, default 1.75.
 */
dry_base: number | null, 
/**
 * Repeats up to this length are free for DRY; default 2.
 */
dry_allowed_length: number | null, 
/**
 * Divides the logits of recent tokens; 0.5 to 2, default 1 (off).
 */
repeat_penalty: number | null, 
/**
 * How many tokens count as recent; default 64.
 */
repeat_last_n: number | null, 
/**
 * Flat penalty on tokens already used; -2 to 2, default 0.
 */
presence_penalty: number | null, 
/**
 * Penalty per earlier use; -2 to 2, default 0.
 */
frequency_penalty: number | null, 
/**
 * Same seed, same text; none is a fresh one per answer.
 */
seed: number | null, 
/**
 * Longest answer in tokens; none is up to the end of the context.
 */
max_tokens: number | null, 
/**
 * Strings that end the answer and are not part of it; at most 16.
 */
stop: Array<string>, };

/**
 * A path the backend minted a handle for; paths themselves never come from the page.
 */
export type PathHandle = string;

/**
 * Opens a native dialog; an empty answer if it was cancelled.
 */
export type PathPick = { 
/**
 * What.
 */
kind: PickKind, };

/**
 * Mints a handle for a path a person typed.
 */
export type PathType = { 
/**
 * Absolute, or starting with `~`.
 */
path: string, };

/**
 * What to pick in a native dialog.
 */
export type PickKind = "model_files" | "folder";

/**
 * A path a person chose, as the page may know it.
 */
export type PickedPath = { 
/**
 * To be given back with the command that uses it.
 */
handle: PathHandle, 
/**
 * For display.
 */
path: string, 
/**
 * It is a folder.
 */
is_folder: boolean, };

/**
 * Who speaks.
 */
export type Role = "user" | "assistant";

/**
 * Registers a picked folder and looks through it.
 */
export type RootAdd = { 
/**
 * A folder's.
 */
handle: PathHandle, };

/**
 * A folder the library watches.
 */
export type RootId = string;

/**
 * Folders of the library.
 */
export type RootList = Record<symbol, never>;

/**
 * Forgets a folder and its models; the files stay.
 */
export type RootRemove = { 
/**
 * Which.
 */
id: RootId, };

/**
 * One generation.
 */
export type Run = { 
/**
 * Its id.
 */
id: RunId, 
/**
 * Where it writes.
 */
conversation_id: ConversationId, 
/**
 * The message it writes.
 */
message_id: MessageId, 
/**
 * The model asked.
 */
model_id: ModelId | null, 
/**
 * Where it stands.
 */
state: RunState, 
/**
 * Unix time in milliseconds.
 */
started_at_ms: number, 
/**
 * Unix time in milliseconds, once terminal.
 */
ended_at_ms: number | null, 
/**
 * Once it ended with numbers.
 */
statistics: Statistics | null, 
/**
 * Why it failed.
 */
error: ErrorReport | null, };

/**
 * Payload of the stream `run_follow`.
 */
export type RunFollow = { 
/**
 * Which run.
 */
id: RunId, };

/**
 * One generation.
 */
export type RunId = string;

/**
 * Where a run stands. The last four are terminal and never change again.
 */
export type RunState = "queued" | "prefilling" | "generating" | "completed" | "stopped" | "failed" | "interrupted";

/**
 * Ends a run within one token; its words are kept.
 */
export type RunStop = { 
/**
 * Which.
 */
id: RunId, };

/**
 * What a follower of a run receives. The first is always a snapshot; then deltas whose `cursor`
 * counts the characters (UTF-16 units, as JavaScript counts) of content written so far.
 */
export type RunUpdate = { "type": "snapshot", 
/**
 * The run.
 */
run: Run, 
/**
 * The message with its text so far.
 */
message: Message, 
/**
 * Sequence number of the next delta.
 */
next: number, } | { "type": "delta", 
/**
 * One more than that of the delta before; a gap means: follow again.
 */
sequence: number, 
/**
 * Appended to the answer.
 */
content: string, 
/**
 * Appended to the reasoning.
 */
reasoning: string, } | { "type": "prefill", 
/**
 * Tokens done, cached ones included.
 */
done: number, 
/**
 * Tokens of the prompt.
 */
total: number, } | { "type": "waiting", 
/**
 * Share of the load done, 0 to 1; none while others go first.
 */
load_progress: number | null, 
/**
 * How many runs go first.
 */
ahead: number, } | { "type": "finished", 
/**
 * The run, terminal.
 */
run: Run, 
/**
 * The message as saved.
 */
message: Message, };

/**
 * All settings. Unknown fields of a newer version survive a round trip through the store.
 */
export type Settings = { 
/**
 * Colours.
 */
theme: Theme, 
/**
 * Context a model is loaded with, in tokens, where the model knows that much.
 */
default_context_length: number, 
/**
 * Threads of a worker; none is the number of physical cores.
 */
threads: number | null, 
/**
 * Written into new conversations.
 */
default_system_prompt: string, 
/**
 * Written into new conversations.
 */
default_parameters: Parameters, 
/**
 * Enter sends; otherwise Ctrl+Enter does.
 */
enter_sends: boolean, 
/**
 * Width of the conversation list in pixels.
 */
list_width: number, 
/**
 * The inspector is open.
 */
inspector_open: boolean, };

/**
 * All settings.
 */
export type SettingsGet = Record<symbol, never>;

/**
 * Replaces all settings.
 */
export type SettingsSet = { 
/**
 * The new ones.
 */
settings: Settings, };

/**
 * What a started generation consists of.
 */
export type Started = { 
/**
 * The person's message, when one was added.
 */
user_message: Message | null, 
/**
 * The answer being written; its run carries the id to follow.
 */
assistant_message: Message, };

/**
 * Downloads it; progress comes as events.
 */
export type StarterDownload = Record<symbol, never>;

/**
 * The model for a first start.
 */
export type StarterGet = Record<symbol, never>;

/**
 * The model offered to a new user.
 */
export type StarterModel = { 
/**
 * For display.
 */
name: string, 
/**
 * Why one would take it.
 */
summary: string, 
/**
 * Repository on Hugging Face.
 */
repository: string, 
/**
 * File name.
 */
file: string, 
/**
 * Size.
 */
size_bytes: number, 
/**
 * Hash of the content.
 */
sha256: string, };

/**
 * What an answer cost. Times are measured in the worker, so they hold no window or network.
 */
export type Statistics = { 
/**
 * Tokens of the prompt.
 */
prompt_tokens: number, 
/**
 * Of those, how many were still in the cache.
 */
cached_tokens: number, 
/**
 * Tokens written.
 */
completion_tokens: number, 
/**
 * From the request to the first token, in milliseconds, as the worker saw it.
 */
time_to_first_token_ms: number, 
/**
 * Prompt tokens processed per second, cached ones left out.
 */
prefill_tokens_per_second: number, 
/**
 * Tokens written per second after the first.
 */
decode_tokens_per_second: number, 
/**
 * Why it ended.
 */
stop_reason: StopReason | null, };

/**
 * Why the model's text ends where it ends.
 */
export type StopReason = "end_of_turn" | "max_tokens" | "context_full" | "stop_string" | "user";

/**
 * Colours of the interface.
 */
export type Theme = "system" | "light" | "dark" | "sepia" | "high_contrast";

/** Every command with its payload and its answer. */
export interface Commands {
  /** Version, machine, host and runtimes. */
  app_status: { request: AppStatusRequest; response: AppStatus };
  /** Conversations, pinned first, then newest first; `query` filters by title. */
  conversation_list: { request: ConversationList; response: Array<ConversationSummary> };
  /** A new conversation with the defaults of the settings. */
  conversation_create: { request: ConversationCreate; response: Conversation };
  /** One conversation. */
  conversation_get: { request: ConversationGet; response: Conversation };
  /** Changes what is given, leaves the rest. */
  conversation_update: { request: ConversationUpdate; response: Conversation };
  /** Hides a conversation; its run is stopped; it can be restored. */
  conversation_delete: { request: ConversationDelete; response: Nothing };
  /** Brings a deleted conversation back. */
  conversation_restore: { request: ConversationRestore; response: Conversation };
  /** A page of the shown branch, oldest first, ending before `before` (or at the end). */
  message_page: { request: MessagePageRequest; response: MessagePage };
  /** Adds the person's message at the end of the branch and starts the answer. */
  message_send: { request: MessageSend; response: Started };
  /** Another version of an answer, under the same question. */
  message_regenerate: { request: MessageRegenerate; response: Started };
  /** Writes on at the end of an answer that was stopped, interrupted, cut or edited. */
  message_continue: { request: MessageContinue; response: Started };
  /** Another version of a message with other words; a person's message is answered anew if `generate`. */
  message_edit: { request: MessageEdit; response: Started };
  /** Shows the branch through this message. */
  message_select: { request: MessageSelect; response: Conversation };
  /** Hides a message and all that answers it; it can be restored. */
  message_delete: { request: MessageDelete; response: Conversation };
  /** Brings a deleted message and its answers back. */
  message_restore: { request: MessageRestore; response: Conversation };
  /** Ends a run within one token; its words are kept. */
  run_stop: { request: RunStop; response: Nothing };
  /** Tokens of the prompt as it would be sent now; needs the model loaded. */
  context_count: { request: ContextCount; response: ContextUse };
  /** The library. */
  model_list: { request: ModelList; response: Array<Model> };
  /** Looks through all roots again. */
  model_scan: { request: ModelScan; response: ImportOutcome };
  /** Adds a picked file, or all models of a picked folder, in place. */
  model_import: { request: ModelImport; response: ImportOutcome };
  /** Forgets a model; its file stays. */
  model_forget: { request: ModelForget; response: Nothing };
  /** What loading would take. */
  model_fit: { request: ModelFit; response: MemoryFit };
  /** Starts a worker for the model; progress comes as events. Loading a loaded model is no error. */
  model_load: { request: ModelLoad; response: LoadedModel };
  /** Ends the worker of the model, and with it all its memory. */
  model_eject: { request: ModelEject; response: Nothing };
  /** What is loaded or loading. */
  model_loaded: { request: ModelLoaded; response: Array<LoadedModel> };
  /** Folders of the library. */
  root_list: { request: RootList; response: Array<ModelRoot> };
  /** Registers a picked folder and looks through it. */
  root_add: { request: RootAdd; response: ImportOutcome };
  /** Forgets a folder and its models; the files stay. */
  root_remove: { request: RootRemove; response: Nothing };
  /** Opens a native dialog; an empty answer if it was cancelled. */
  path_pick: { request: PathPick; response: Array<PickedPath> };
  /** Mints a handle for a path a person typed. */
  path_type: { request: PathType; response: PickedPath };
  /** The model for a first start. */
  starter_get: { request: StarterGet; response: StarterModel };
  /** Downloads it; progress comes as events. */
  starter_download: { request: StarterDownload; response: Download };
  /** Downloads of this session. */
  download_list: { request: DownloadList; response: Array<Download> };
  /** Stops a download and keeps its bytes. */
  download_pause: { request: DownloadPause; response: Nothing };
  /** Goes on where it was. */
  download_resume: { request: DownloadResume; response: Nothing };
  /** All settings. */
  settings_get: { request: SettingsGet; response: Settings };
  /** Replaces all settings. */
  settings_set: { request: SettingsSet; response: Settings };
}

/** Every stream with its payload and its messages. */
export interface Streams {
  run_follow: { request: RunFollow; message: RunUpdate };
}
