// Generated from the protocol crate by `cargo xtask generate`. Do not edit.
// It is so long because it is the whole contract, one declaration a type.

/**
 * Hue of what is to be pressed or is chosen.
 */
export type Accent = "sirocco" | "rose" | "violet" | "sea" | "forest";

/**
 * Who we are to the Hub; `check` asks it.
 */
export type AccountGet = { 
/**
 * Ask the Hub, rather than tell what was known last.
 */
check: boolean, };

/**
 * Keeps a token and asks the Hub whose it is.
 */
export type AccountSet = { 
/**
 * Starts with `hf_`; empty to sign out.
 */
token: string, };

/**
 * A LoRA adapter in a folder of the library.
 */
export type Adapter = { 
/**
 * Its short name, unique among adapters.
 */
key: string, 
/**
 * From the header, or the file name.
 */
name: string, 
/**
 * The file, for display.
 */
path: string, 
/**
 * Of the models it is for.
 */
architecture: string, 
/**
 * Bytes.
 */
size_bytes: number, };

/**
 * An adapter that a model is loaded with.
 */
export type AdapterChoice = { 
/**
 * Of the adapter.
 */
key: string, 
/**
 * By which its weights are multiplied, 0 to 2; 0 leaves the model as it is.
 */
scale: number, };

/**
 * Adapters in the folders of the library that are for models of this one's architecture, by name.
 */
export type AdapterList = { 
/**
 * Of which model.
 */
id: ModelId, };

/**
 * Ends the app and starts it again; only the window can.
 */
export type AppRestart = Record<symbol, never>;

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
runtimes: Array<string>, 
/**
 * Which runtimes those are, each once, the preferred one first.
 */
installed: Array<RuntimeName>, };

/**
 * Version, machine, host and runtimes.
 */
export type AppStatusRequest = Record<symbol, never>;

/**
 * How the interface looks, besides its theme.
 */
export type AppearanceSettings = { 
/**
 * Hue of what is to be pressed or is chosen.
 */
accent: Accent, 
/**
 * Size of the interface, 90 to 125 percent.
 */
interface_percent: number, 
/**
 * Size of the text of messages, 80 to 150 percent of the interface's.
 */
transcript_percent: number, 
/**
 * How close things stand.
 */
density: Density, 
/**
 * Letters of messages.
 */
typeface: Typeface, 
/**
 * Which way the interface runs.
 */
direction: Direction, 
/**
 * What a model thinks before it answers is shown open, not folded.
 */
reasoning_open: boolean, };

/**
 * An image that is attached.
 */
export type AttachedImage = { 
/**
 * `image/png` or `image/jpeg`.
 */
media_type: string, 
/**
 * The file, base64.
 */
content_base64: string, };

/**
 * A file as it stands at a message. Of the file only its text is kept or, of an image, what models see of it.
 */
export type Attachment = { 
/**
 * Its id.
 */
id: AttachmentId, 
/**
 * The name of the file, one line and not empty.
 */
name: string, 
/**
 * What it is.
 */
kind: AttachmentKind, 
/**
 * Bytes of the file.
 */
size_bytes: number, 
/**
 * Characters of its text.
 */
characters: number, 
/**
 * How large an image is.
 */
pixels?: Pixels, };

/**
 * Reads a picked or dropped file, to be attached to a message.
 */
export type AttachmentAdd = { 
/**
 * From `path_pick`, `path_type` or a drop.
 */
handle: PathHandle, 
/**
 * Whose message it is for; what is for a temporary conversation stays in memory as well.
 */
conversation_id?: ConversationId | null, };

/**
 * Reads the bytes of a file, or of a text that was pasted, to be attached to a message.
 */
export type AttachmentGive = { 
/**
 * Of the file; its ending tells what kind of text it is.
 */
name: string, 
/**
 * At most 16 MiB of bytes, in base64.
 */
content_base64: string, 
/**
 * Whose message it is for, as in `attachment_add`.
 */
conversation_id?: ConversationId | null, };

/**
 * A file that was attached to a message, or is going to be.
 */
export type AttachmentId = string;

/**
 * An attached image, as models see it.
 */
export type AttachmentImage = { 
/**
 * Which.
 */
id: AttachmentId, };

/**
 * What a file is.
 */
export type AttachmentKind = "text" | "markdown" | "code" | "csv" | "html" | "pdf" | "docx" | "xlsx" | "image";

/**
 * What was taken from a file: the text that the model is sent.
 */
export type AttachmentText = { 
/**
 * Which.
 */
id: AttachmentId, };

/**
 * How keys and values are kept.
 */
export type CacheType = "f16" | "q8_0" | "q4_0";

/**
 * A model of the starter catalogue, known without a network.
 */
export type CatalogueEntry = { 
/**
 * For display.
 */
name: string, 
/**
 * Why one would take it, one sentence.
 */
summary: string, 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The file to take.
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
 * Its bytes, rounded where the exact number is not known.
 */
size_bytes: number, 
/**
 * Weights.
 */
parameter_count: number, 
/**
 * Tokens.
 */
context_length: number, 
/**
 * The licence's tag.
 */
license: string, 
/**
 * Such as `chat`, `code`, `reasoning`, `tools`, `multilingual`.
 */
tags: Array<string>, 
/**
 * What loading with 4,096 tokens of context takes, estimated, in bytes.
 */
memory_bytes: number, 
/**
 * Whether that fits here.
 */
fits: HubFits, 
/**
 * It is in the library.
 */
model_id: ModelId | null, };

/**
 * One answer of a comparison.
 */
export type ComparedAnswer = { 
/**
 * The answer, with its run. Without the model's name and id while they are hidden.
 */
message: Message, 
/**
 * Who wrote it; none while that is hidden.
 */
contestant: NamedContestant | null, 
/**
 * Memory of its worker when it had answered.
 */
memory_bytes: number | null, };

/**
 * One question and all answers to it.
 */
export type Comparison = { 
/**
 * Its id.
 */
id: ComparisonId, 
/**
 * Where the question stands. The answers are versions of one another.
 */
conversation_id: ConversationId, 
/**
 * The question.
 */
question: Message, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * Names are hidden until the vote, and the order is a random one.
 */
is_blind: boolean, 
/**
 * Seed of every answer.
 */
seed: number, 
/**
 * The vote, once there is one. It stays.
 */
verdict: Verdict | null, 
/**
 * The answers as they are shown, from left to right.
 */
answers: Array<ComparedAnswer>, };

/**
 * Writes all comparisons, or the ratings, as a file.
 */
export type ComparisonExport = { 
/**
 * What and how.
 */
format: ComparisonExportFormat, 
/**
 * Where to.
 */
target: ExportTarget, };

/**
 * What is written about the comparisons, and how.
 */
export type ComparisonExportFormat = "ratings_csv" | "answers_csv" | "json";

/**
 * One comparison.
 */
export type ComparisonGet = { 
/**
 * Which.
 */
id: ComparisonId, };

/**
 * A comparison of answers.
 */
export type ComparisonId = string;

/**
 * Goes on from an answer of a comparison: its branch is shown, and the conversation takes its model and preset.
 */
export type ComparisonKeep = { 
/**
 * Which.
 */
id: ComparisonId, 
/**
 * The answer.
 */
message_id: MessageId, };

/**
 * The latest comparison of a conversation.
 */
export type ComparisonLatest = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, };

/**
 * Asks several models or presets one question at the end of the shown branch. As many answer at once as the
 * machine has cores and memory for; the others wait in order.
 */
export type ComparisonStart = { 
/**
 * Where; none is a new conversation.
 */
conversation_id?: ConversationId | null, 
/**
 * The question, not blank.
 */
content: string, 
/**
 * Two to four, all different.
 */
contestants: Array<Contestant>, 
/**
 * Hide names until the vote, and show the answers in random order.
 */
is_blind: boolean, 
/**
 * Seed of every answer; none is a random one.
 */
seed?: number | null, };

/**
 * Votes on a comparison whose answers have all ended; the best answer is kept at once. A vote stays.
 */
export type ComparisonVote = { 
/**
 * Which.
 */
id: ComparisonId, 
/**
 * The vote.
 */
verdict: Verdict, };

/**
 * One request that left this machine (or was stopped from leaving).
 */
export type Connection = { 
/**
 * Counts up; never used twice in one database.
 */
id: number, 
/**
 * Unix time in milliseconds at which it began.
 */
at_ms: number, 
/**
 * What for.
 */
purpose: ConnectionPurpose, 
/**
 * Such as `GET`.
 */
method: string, 
/**
 * Host and port.
 */
host: string, 
/**
 * Path without its query: that may hold signatures.
 */
path: string, 
/**
 * Of the answer, if there was one.
 */
status: number | null, 
/**
 * Bytes of bodies received.
 */
received_bytes: number, 
/**
 * From beginning to end; none while it lasts.
 */
duration_ms: number | null, 
/**
 * Why it failed or was not made.
 */
error: ErrorCode | null, };

/**
 * Forgets them.
 */
export type ConnectionClear = Record<symbol, never>;

/**
 * Connections, newest first.
 */
export type ConnectionList = { 
/**
 * Only older ones than this, for paging.
 */
before?: number | null, 
/**
 * At most this many, 1 to 500.
 */
limit: number, };

/**
 * What a connection was for.
 */
export type ConnectionPurpose = "search" | "repository" | "card" | "header" | "download" | "account" | "update" | "engine";

/**
 * Who is to answer: a model, with a preset or without.
 */
export type Contestant = { 
/**
 * The model.
 */
model_id: ModelId, 
/**
 * Its preset; none leaves the values of the layers below.
 */
preset_id?: PresetId | null, };

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
draft: string, 
/**
 * Files attached to it.
 */
attachments: Array<AttachmentId>, };

/**
 * Tokens of the prompt that a new conversation would begin with; needs the model loaded.
 */
export type ContextCountNew = { 
/**
 * The model it would talk to.
 */
model_id: ModelId, 
/**
 * The preset it would begin with.
 */
preset: PresetChoice, 
/**
 * What it would set itself.
 */
values: LayerValues, 
/**
 * Text being written.
 */
draft: string, 
/**
 * Files attached to it.
 */
attachments: Array<AttachmentId>, };

/**
 * The prompt as it would be sent now, or as it was sent for an answer, taken apart; needs the model loaded.
 */
export type ContextInspect = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Text being written.
 */
draft: string, 
/**
 * Files attached to it.
 */
attachments: Array<AttachmentId>, 
/**
 * The prompt of this answer instead; the draft is not looked at then.
 */
answer?: MessageId | null, };

/**
 * What is done when a conversation does not fit the context any more.
 */
export type ContextOverflow = "stop" | "drop_oldest" | "keep_first" | "summarise";

/**
 * A part of a prompt.
 */
export type ContextPart = { 
/**
 * What it is.
 */
kind: ContextPartKind, 
/**
 * How it begins, at most 160 characters.
 */
excerpt: string, 
/**
 * Tokens of its text, without the marks of the chat template.
 */
tokens: number, 
/**
 * Why it is not sent; none if it is.
 */
left_out: LeftOutReason | null, };

/**
 * What a part of a prompt is.
 */
export type ContextPartKind = { "type": "system_prompt" } | { "type": "summary", 
/**
 * Which.
 */
id: SummaryId, 
/**
 * Messages it stands for.
 */
message_count: number, } | { "type": "message", 
/**
 * Which.
 */
id: MessageId, 
/**
 * Who speaks.
 */
role: Role, } | { "type": "draft" };

/**
 * A prompt, taken apart.
 */
export type ContextReport = { 
/**
 * In the order of the prompt.
 */
parts: Array<ContextPart>, 
/**
 * The exact text that the model reads, marks of the chat template included.
 */
text: string, 
/**
 * Its tokens.
 */
prompt_tokens: number, 
/**
 * What of them the chat template adds around the parts.
 */
template_tokens: number, 
/**
 * Tokens that are kept free for the answer.
 */
reserved_tokens: number, 
/**
 * What the model takes.
 */
context_length: number, 
/**
 * What is done when it does not fit.
 */
overflow: ContextOverflow, 
/**
 * Why this prompt cannot be sent, in words; none if it can.
 */
too_long: string | null, 
/**
 * It is what was sent, to the letter. Otherwise it is made of the messages and settings of now.
 */
as_sent: boolean, };

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
context_length: number, 
/**
 * Turns of the branch that do not fit any more and would be left out.
 */
left_out: number, 
/**
 * Tokens of each file attached to the draft, in their order; the draft's own are apart.
 */
attachment_tokens: Array<number>, };

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
 * What it sets itself.
 */
settings: ConversationSettings, 
/**
 * The draft of the next message.
 */
draft: string, 
/**
 * Files that go with it, in their order.
 */
draft_attachments: Array<Attachment>, 
/**
 * Messages that wait for the end of an answer, in the order they will be sent.
 */
queue: Array<QueuedMessage>, 
/**
 * What the person wrote beside it; no model sees it.
 */
notes: string, 
/**
 * The leaf of the branch being shown.
 */
head: MessageId | null, };

/**
 * A new conversation with the messages up to this one, and the settings of the old one.
 */
export type ConversationBranch = { 
/**
 * The last message to take along.
 */
message_id: MessageId, };

/**
 * A new conversation with the preset that is standard for its model.
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
 * A copy of a conversation with all its branches.
 */
export type ConversationDuplicate = { 
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
 * Which ones; none is those that are not archived.
 */
shelf?: Shelf | null, 
/**
 * Only those that lie in this folder itself.
 */
folder_id?: FolderId | null, 
/**
 * Only those with this tag, in any case.
 */
tag?: string | null, 
/**
 * Only conversations behind this place, for the next page.
 */
after?: ConversationCursor | null, 
/**
 * At most this many, 1 to 500.
 */
limit: number, };

/**
 * Does one thing with several conversations, all or nothing; answers those that changed. Those that are not there
 * are passed over.
 */
export type ConversationOrganise = { 
/**
 * Which, 1 to 10,000.
 */
ids: Array<ConversationId>, 
/**
 * What.
 */
change: Organising, };

/**
 * Removes deleted conversations for good; those that are not in the trash are passed over.
 */
export type ConversationRemove = { 
/**
 * Which, 1 to 10,000.
 */
ids: Array<ConversationId>, };

/**
 * Brings a deleted conversation back.
 */
export type ConversationRestore = { 
/**
 * Which.
 */
id: ConversationId, };

/**
 * What a conversation sets itself; the rest comes from the layers below, see [`Layer`](crate::Layer).
 */
export type ConversationSettings = { 
/**
 * The preset it is based on. One that was deleted since is named too, and its values hold.
 */
preset_id: PresetId | null, 
/**
 * Its own values.
 */
values: LayerValues, };

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
unread: boolean, 
/**
 * The folder it lies in.
 */
folder_id: FolderId | null, 
/**
 * In alphabetical order.
 */
tags: Array<string>, 
/**
 * It is off the list, in the archive.
 */
archived: boolean, 
/**
 * It is kept in memory only and on no list: gone when it is deleted or the app ends, unless it is kept before.
 */
temporary: boolean, 
/**
 * A blind comparison in it waits for its vote: no model is named there until then.
 */
blind: boolean, };

/**
 * The deleted conversations, last deleted first.
 */
export type ConversationTrash = Record<symbol, never>;

/**
 * Removes all deleted conversations for good.
 */
export type ConversationTrashEmpty = Record<symbol, never>;

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
 * Preset and own values, all of them.
 */
settings?: ConversationSettings | null, 
/**
 * Text being written.
 */
draft?: string | null, 
/**
 * Files that go with it, all of them, at most 32.
 */
draft_attachments?: Array<AttachmentId> | null, 
/**
 * What is written beside it, all of it.
 */
notes?: string | null, 
/**
 * Seen or not.
 */
unread?: boolean | null, };

/**
 * A crash there is a report of.
 */
export type Crash = { 
/**
 * Names the report.
 */
id: CrashId, 
/**
 * When it happened or was noticed (Unix milliseconds).
 */
at_ms: number, 
/**
 * Of the app that crashed.
 */
version: string, 
/**
 * What broke.
 */
kind: CrashKind, };

/**
 * Deletes one, or all.
 */
export type CrashDelete = { 
/**
 * Which; none for all.
 */
id?: CrashId | null, };

/**
 * The report of a crash.
 */
export type CrashId = string;

/**
 * What broke.
 */
export type CrashKind = { "type": "panic", 
/**
 * Which program.
 */
program: string, } | { "type": "worker", 
/**
 * Name of the model's file.
 */
model: string, 
/**
 * What it was doing.
 */
deed: WorkerDeed, } | { "type": "unclosed", 
/**
 * When it was opened (Unix milliseconds).
 */
since_ms: number, };

/**
 * The reports of crashes that are kept, newest first.
 */
export type CrashList = Record<symbol, never>;

/**
 * One of them, as text.
 */
export type CrashRead = { 
/**
 * Which.
 */
id: CrashId, };

/**
 * The reports that are kept.
 */
export type CrashReports = { 
/**
 * Where they lie, for display.
 */
folder: string, 
/**
 * Newest first.
 */
crashes: Array<Crash>, };

/**
 * Shows its file in the file manager; only the window can.
 */
export type CrashReveal = { 
/**
 * Which.
 */
id: CrashId, };

/**
 * How the run before this one ended, if not by being closed. It is answered once: who takes it tells the person.
 */
export type CrashTake = Record<symbol, never>;

/**
 * The copies there are.
 */
export type DatabaseCopies = { 
/**
 * Newest first.
 */
copies: Array<DatabaseCopy>, 
/**
 * The one that takes the place of the database when the app starts next.
 */
planned: string | null, 
/**
 * Why the last start did not go back to the copy that was chosen.
 */
problem: string | null, 
/**
 * Whether `app_restart` can start the app again.
 */
can_restart: boolean, };

/**
 * A copy of the whole database: conversations, settings, the library's list.
 */
export type DatabaseCopy = { 
/**
 * Names it.
 */
id: string, 
/**
 * When it was made (Unix milliseconds).
 */
at_ms: number, 
/**
 * Its size.
 */
size_bytes: number, 
/**
 * Why it was made.
 */
reason: DatabaseCopyReason, 
/**
 * The version of the app that had written it; none if that was not kept yet.
 */
version: string | null, 
/**
 * What can be done with it.
 */
usable: DatabaseCopyUse, };

/**
 * Deletes one for good.
 */
export type DatabaseCopyDelete = { 
/**
 * Which.
 */
id: string, };

/**
 * The copies of the database that lie beside it, newest first.
 */
export type DatabaseCopyList = Record<symbol, never>;

/**
 * Makes one now.
 */
export type DatabaseCopyMake = Record<symbol, never>;

/**
 * Has a copy take the place of the database when the app starts next. What is there then is kept as another copy.
 */
export type DatabaseCopyPlan = { 
/**
 * Which; none for leaving everything as it is.
 */
id?: string | null, };

/**
 * Why there is a copy.
 */
export type DatabaseCopyReason = "upgrade" | "asked" | "went_back";

/**
 * What can be done with a copy.
 */
export type DatabaseCopyUse = "usable" | "newer" | "unreadable";

/**
 * How close things stand.
 */
export type Density = "comfortable" | "compact";

/**
 * Which way the interface runs.
 */
export type Direction = "language" | "left_to_right" | "right_to_left";

/**
 * Space everything takes.
 */
export type DiskUse = { 
/**
 * By root, the largest first.
 */
roots: Array<RootUse>, 
/**
 * Models in the trash.
 */
trash_bytes: number, 
/**
 * Parts of downloads that are not finished.
 */
unfinished_bytes: number, 
/**
 * Conversations and settings.
 */
database_bytes: number, };

/**
 * What takes how much space.
 */
export type DiskUseRequest = Record<symbol, never>;

/**
 * A download: all files of one model.
 */
export type Download = { 
/**
 * Its id.
 */
id: DownloadId, 
/**
 * What, for display: the (first) file's name.
 */
name: string, 
/**
 * From where: `Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF`.
 */
repository: string, 
/**
 * The commit it is pinned to; empty until it is resolved.
 */
commit: string, 
/**
 * Such as `Q4_K_M`; empty if unknown.
 */
quantization: string, 
/**
 * Place in the queue, from 0; finished ones have none.
 */
position: number | null, 
/**
 * The files, in order.
 */
files: Array<DownloadFile>, 
/**
 * Bytes kept so far, of all files.
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
 * Seconds to the end at this speed, if bytes arrive.
 */
seconds_left: number | null, 
/**
 * Unix time in milliseconds.
 */
added_at_ms: number, 
/**
 * Where it stands.
 */
state: DownloadState, };

/**
 * Stops a download and removes its bytes.
 */
export type DownloadCancel = { 
/**
 * Which.
 */
id: DownloadId, };

/**
 * Takes finished downloads off the list; the models stay.
 */
export type DownloadClear = Record<symbol, never>;

/**
 * One file of a download.
 */
export type DownloadFile = { 
/**
 * Its path in the repository.
 */
path: string, 
/**
 * Bytes kept so far.
 */
done_bytes: number, 
/**
 * Bytes in all.
 */
size_bytes: number, 
/**
 * It is whole and its hash is right.
 */
verified: boolean, };

/**
 * Hours of the day in which downloads may run, local time. `from` may be later than `to`: over midnight.
 */
export type DownloadHours = { 
/**
 * Minutes since midnight, 0 to 1439.
 */
from_minute: number, 
/**
 * Minutes since midnight, 0 to 1439, excluded.
 */
to_minute: number, };

/**
 * One download.
 */
export type DownloadId = string;

/**
 * The queue in its order, then what is finished.
 */
export type DownloadList = Record<symbol, never>;

/**
 * Moves a download in the queue.
 */
export type DownloadMove = { 
/**
 * Which.
 */
id: DownloadId, 
/**
 * Before this one; none for the end.
 */
before?: DownloadId | null, };

/**
 * Stops a download and keeps its bytes.
 */
export type DownloadPause = { 
/**
 * Which; none for all.
 */
id?: DownloadId | null, };

/**
 * Goes on where it was, also after a failure.
 */
export type DownloadResume = { 
/**
 * Which; none for all.
 */
id?: DownloadId | null, };

/**
 * How downloads behave.
 */
export type DownloadSettings = { 
/**
 * Downloads that run at once, 1 to 8.
 */
parallel: number, 
/**
 * Connections of one file, 1 to 8; more are opened only while they make it faster.
 */
streams: number, 
/**
 * Bytes per second of all downloads together; none is no limit.
 */
speed_limit: number | null, 
/**
 * Only between these hours; none is always.
 */
hours: DownloadHours | null, };

/**
 * Adds a model of the Hub to the end of the queue. One that is there already is resumed and answered.
 */
export type DownloadStart = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit; none is the newest.
 */
commit?: string | null, 
/**
 * Path of the (first) file.
 */
path: string, 
/**
 * Path of the file by which it sees images, to come with it; none leaves that out.
 */
projector?: string | null, };

/**
 * Where a download stands.
 */
export type DownloadState = { "type": "queued", 
/**
 * For what.
 */
reason: QueueReason, 
/**
 * When it is tried again at the latest (Unix milliseconds), if that is known.
 */
until_ms: number | null, 
/**
 * What went wrong before, if that is why it waits.
 */
error: ErrorReport | null, } | { "type": "resolving" } | { "type": "downloading" } | { "type": "verifying" } | { "type": "paused", 
/**
 * What has to be put right first, such as a full disk.
 */
error: ErrorReport | null, } | { "type": "finished", 
/**
 * As what.
 */
model_id: ModelId, } | { "type": "failed", 
/**
 * Why.
 */
error: ErrorReport, };

/**
 * A draft model that a model is loaded with.
 */
export type DraftChoice = { 
/**
 * Of the draft model, in the library.
 */
key: string, 
/**
 * Most tokens that it guesses at once, 1 to 16.
 */
tokens: number, };

/**
 * Models of the library that can guess for this one with llama.cpp: smaller, with the same vocabulary; the smallest
 * first.
 */
export type DraftList = { 
/**
 * For which model.
 */
id: ModelId, };

/**
 * A model that can guess what another will write.
 */
export type DraftModel = { 
/**
 * Its key.
 */
key: string, 
/**
 * For display.
 */
name: string, 
/**
 * Such as `Q4_K_M`.
 */
quantization: string, 
/**
 * Bytes.
 */
size_bytes: number, };

/**
 * Files with the same content.
 */
export type DuplicateGroup = { 
/**
 * Hash of the content.
 */
sha256: string, 
/**
 * Bytes of one of them.
 */
size_bytes: number, 
/**
 * The models, two or more.
 */
model_ids: Array<ModelId>, 
/**
 * Bytes that hard links would free; 0 if they lie on different volumes or are links already.
 */
reclaimable_bytes: number, };

/**
 * What texts became.
 */
export type Embeddings = { 
/**
 * One for each text, in their order; each has length 1.
 */
vectors: Array<Array<number>>, 
/**
 * Tokens that were read.
 */
tokens: number, };

/**
 * Adds an engine that speaks OpenAI's API, with the models it has; one that does not answer is not added. An address
 * that is known already gets the new name and token.
 */
export type EngineAdd = { 
/**
 * What to call it; blank is its host.
 */
name: string, 
/**
 * Where it is: a host with a port is enough.
 */
address: string, 
/**
 * Its token; blank if it wants none.
 */
token: string, };

/**
 * An engine on another machine.
 */
export type EngineId = string;

/**
 * The engines on other machines, in the order they were added.
 */
export type EngineList = Record<symbol, never>;

/**
 * Forgets an engine, its token and its models; conversations with them stay.
 */
export type EngineRemove = { 
/**
 * Which.
 */
id: EngineId, };

/**
 * Asks an engine for its models once more.
 */
export type EngineTest = { 
/**
 * Which.
 */
id: EngineId, };

/**
 * What went wrong, for a client that acts on it. A code exists only if some client does.
 */
export type ErrorCode = "invalid_request" | "not_found" | "conflict" | "no_model" | "model_refused" | "does_not_fit" | "worker_crashed" | "context_full" | "file_problem" | "network" | "offline" | "token_needed" | "gated" | "superseded" | "disk_full" | "unauthorized" | "internal";

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
conversation_id: ConversationId, } | { "type": "conversations_organised", 
/**
 * What.
 */
change: Organising, 
/**
 * Their rows, as they are now; deleted ones as they were.
 */
conversations: Array<ConversationSummary>, } | { "type": "conversations_removed", 
/**
 * Which.
 */
conversation_ids: Array<ConversationId>, } | { "type": "folders_changed", 
/**
 * All of them, by name.
 */
folders: Array<Folder>, } | { "type": "messages_changed", 
/**
 * Where.
 */
conversation_id: ConversationId, 
/**
 * The leaf of the branch now shown.
 */
head: MessageId | null, } | { "type": "queue_changed", 
/**
 * Where.
 */
conversation_id: ConversationId, 
/**
 * All that waits there, in order.
 */
queue: Array<QueuedMessage>, } | { "type": "run_changed", 
/**
 * The run.
 */
run: Run, } | { "type": "comparison_changed", 
/**
 * The comparison, with all names.
 */
comparison: Comparison, } | { "type": "model_changed", 
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
model_id: ModelId, } | { "type": "measuring_moved", 
/**
 * Which model's.
 */
model_id: ModelId, 
/**
 * With which runtime.
 */
runtime: RuntimeName, 
/**
 * What it is at.
 */
step: MeasureStep, } | { "type": "preset_changed", 
/**
 * The preset.
 */
preset: Preset, } | { "type": "preset_removed", 
/**
 * Which.
 */
preset_id: PresetId, } | { "type": "prompt_changed", 
/**
 * The prompt.
 */
prompt: LibraryPrompt, } | { "type": "prompt_removed", 
/**
 * Which.
 */
prompt_id: PromptId, } | { "type": "download_changed", 
/**
 * The download.
 */
download: Download, } | { "type": "download_removed", 
/**
 * Which.
 */
download_id: DownloadId, } | { "type": "verification_changed", 
/**
 * Of which model.
 */
model_id: ModelId, 
/**
 * Where it stands.
 */
verification: Verification, } | { "type": "account_changed", 
/**
 * Who we are now.
 */
account: HubAccount, } | { "type": "settings_changed", 
/**
 * All of them.
 */
settings: Settings, } | { "type": "server_changed", 
/**
 * How it stands.
 */
state: ServerState, } | { "type": "request_changed", 
/**
 * The request.
 */
request: ServedRequest, } | { "type": "import_moved", 
/**
 * What `model_import` was given; `model_import_cancel` takes it too.
 */
handle: PathHandle, 
/**
 * The file's name.
 */
name: string, 
/**
 * Bytes copied.
 */
done_bytes: number, 
/**
 * Bytes in all, of all shards.
 */
total_bytes: number, } | { "type": "exchange_moved", 
/**
 * What `exchange_import` was given.
 */
handle: PathHandle, 
/**
 * Conversations looked at.
 */
done_count: number, 
/**
 * Conversations in all.
 */
total_count: number, } | { "type": "paths_dropped", 
/**
 * With handles to give back.
 */
paths: Array<PickedPath>, } | { "type": "openings_wait" } | { "type": "long_answer_ended", 
/**
 * What to tell.
 */
notice: Notice, } | { "type": "crashes_changed", 
/**
 * All there are, newest first.
 */
crashes: Array<Crash>, } | { "type": "update_changed", 
/**
 * What.
 */
status: UpdateStatus, } | { "type": "lagged" };

/**
 * Writes one conversation, or several that have messages, as a file: several are a zip with one file each, except
 * JSONL, which is one file.
 */
export type ExchangeExport = { 
/**
 * Which.
 */
scope: ExportScope, 
/**
 * As what.
 */
format: ExportFormat, 
/**
 * Each line ends at an answer that is marked as good, on whatever branch; only of JSONL.
 */
only_good: boolean, 
/**
 * Where to.
 */
target: ExportTarget, };

/**
 * A form that conversations come in.
 */
export type ExchangeFormat = "sirocco" | "chatgpt" | "lmstudio" | "openwebui" | "jan";

/**
 * Imports the conversations of a picked file or folder that are not here yet; progress comes as events.
 */
export type ExchangeImport = { 
/**
 * From `path_pick`, `path_type` or a drop.
 */
handle: PathHandle, };

/**
 * What a picked file or folder holds.
 */
export type ExchangePreview = { 
/**
 * The forms recognised; more than one only in a folder or zip.
 */
formats: Array<ExchangeFormat>, 
/**
 * Conversations that can be imported, those that are here already included.
 */
conversation_count: number, 
/**
 * Of these, how many are here already.
 */
known_count: number, 
/**
 * Of these, how many lie in the trash, out of which an import takes them.
 */
trashed_count: number, 
/**
 * Messages of all these conversations.
 */
message_count: number, 
/**
 * Branches of all these conversations: ends of their trees.
 */
branch_count: number, 
/**
 * What of them stays behind.
 */
left_out: Array<LeftOut>, 
/**
 * What cannot be imported.
 */
refused: Array<RefusedConversation>, };

/**
 * What a picked file or folder with conversations holds; changes nothing.
 */
export type ExchangePreviewRequest = { 
/**
 * From `path_pick`, `path_type` or a drop.
 */
handle: PathHandle, };

/**
 * What an import did.
 */
export type ExchangeReport = { 
/**
 * The new conversations, that with the latest message first.
 */
added: Array<ConversationId>, 
/**
 * Those that lay in the trash, as they were there.
 */
restored: Array<ConversationId>, 
/**
 * How many were here already; nothing of them was changed.
 */
known_count: number, 
/**
 * What could not be imported.
 */
refused: Array<RefusedConversation>, };

/**
 * A form that conversations go out in.
 */
export type ExportFormat = "markdown" | "html" | "json" | "jsonl";

/**
 * Which conversations go out.
 */
export type ExportScope = { "type": "all" } | { "type": "conversations", 
/**
 * At least one.
 */
ids: Array<ConversationId>, } | { "type": "folder", 
/**
 * Which.
 */
id: FolderId, };

/**
 * Where an export goes.
 */
export type ExportTarget = "ask" | "answer";

/**
 * What became of an export.
 */
export type Exported = { "type": "cancelled" } | { "type": "saved", 
/**
 * For display.
 */
path: string, 
/**
 * How many conversations are in it.
 */
conversation_count: number, 
/**
 * How many have messages, but no answer that the format asks for.
 */
left_out_count: number, } | { "type": "text", 
/**
 * A name for its file.
 */
name: string, 
/**
 * Such as `text/markdown`.
 */
media_type: string, 
/**
 * How many conversations are in it.
 */
conversation_count: number, 
/**
 * How many have messages, but no answer that the format asks for.
 */
left_out_count: number, 
/**
 * The content of the file.
 */
text: string, } | { "type": "archive", 
/**
 * A name for its file.
 */
name: string, 
/**
 * How many conversations are in it.
 */
conversation_count: number, 
/**
 * The content of the file in base64.
 */
base64: string, };

/**
 * Whether attention is computed in one pass.
 */
export type FlashAttention = "auto" | "on" | "off";

/**
 * A folder of conversations.
 */
export type Folder = { 
/**
 * Its id.
 */
id: FolderId, 
/**
 * The folder it lies in; none at the top.
 */
parent_id: FolderId | null, 
/**
 * Not blank, at most 200 characters.
 */
name: string, };

/**
 * A new folder.
 */
export type FolderCreate = { 
/**
 * Not blank, at most 200 characters.
 */
name: string, 
/**
 * The folder it lies in; none at the top.
 */
parent_id?: FolderId | null, };

/**
 * Dissolves a folder: what lies in it moves to the folder around it. It can be restored.
 */
export type FolderDelete = { 
/**
 * Which.
 */
id: FolderId, };

/**
 * A folder of conversations.
 */
export type FolderId = string;

/**
 * The folders of conversations, by name.
 */
export type FolderList = Record<symbol, never>;

/**
 * Puts a folder into another one, or at the top; never into itself or a folder inside it.
 */
export type FolderMove = { 
/**
 * Which.
 */
id: FolderId, 
/**
 * Where to.
 */
parent_id?: FolderId | null, };

/**
 * Gives a folder another name.
 */
export type FolderRename = { 
/**
 * Which.
 */
id: FolderId, 
/**
 * Not blank, at most 200 characters.
 */
name: string, };

/**
 * Brings a deleted folder back, with what lay in it and was not moved since.
 */
export type FolderRestore = { 
/**
 * Which.
 */
id: FolderId, };

/**
 * A message with the words that were looked for.
 */
export type FoundMessage = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * Who speaks.
 */
role: Role, 
/**
 * The model that wrote it.
 */
model_name: string | null, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * The part of it that has the most of the words, in one line.
 */
snippet: string, 
/**
 * The words in the snippet.
 */
marks: Array<TextRange>, };

/**
 * Notes with the words that were looked for.
 */
export type FoundNotes = { 
/**
 * The part of them that has the most of the words, in one line.
 */
snippet: string, 
/**
 * The words in the snippet.
 */
marks: Array<TextRange>, };

/**
 * What the header of a GGUF file says, on this disk or on the Hub.
 */
export type HeaderReport = { 
/**
 * `general.architecture`.
 */
architecture: string, 
/**
 * Such as `Q4_K_M`.
 */
quantization: string, 
/**
 * Weights.
 */
parameter_count: number, 
/**
 * What it was trained for, in tokens.
 */
context_length: number, 
/**
 * Types of its tensors, the largest share first.
 */
tensor_types: Array<TensorTypeCount>, 
/**
 * Whether it runs here, exactly.
 */
verdict: ModelVerdict, 
/**
 * What each runtime makes of it, installed or not.
 */
runtimes: Array<RuntimeVerdict>, 
/**
 * The chat template, if it has one.
 */
chat_template: string | null, 
/**
 * What is suspicious about the template.
 */
template_concerns: Array<TemplateConcern>, 
/**
 * Other metadata, key and value, lists shortened.
 */
metadata: Array<[string, string]>, };

/**
 * Which host shows the interface.
 */
export type HostKind = "window" | "browser" | "terminal";

/**
 * Who we are to the Hub.
 */
export type HubAccount = { "type": "anonymous" } | { "type": "unchecked", 
/**
 * Where the token is kept.
 */
place: SecretPlace, } | { "type": "rejected", 
/**
 * Where the token is kept.
 */
place: SecretPlace, } | { "type": "signed_in", 
/**
 * User name.
 */
name: string, 
/**
 * Name of the token and what it may do, such as `read`.
 */
token: string, 
/**
 * Where the token is kept.
 */
place: SecretPlace, };

/**
 * The text of a repository's README, without its front matter.
 */
export type HubCard = { 
/**
 * Markdown by strangers: to be rendered through the sanitising door only, without remote images.
 */
markdown: string, 
/**
 * It was longer than what is shown.
 */
truncated: boolean, 
/**
 * Scores from its front matter, the repository's evaluation files and tables of its text.
 */
scores: Array<HubScore>, };

/**
 * The text of its README.
 */
export type HubCardGet = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit.
 */
commit: string, };

/**
 * The starter catalogue.
 */
export type HubCatalogue = Record<symbol, never>;

/**
 * One file in a repository.
 */
export type HubFile = { 
/**
 * Its path.
 */
path: string, 
/**
 * Bytes.
 */
size_bytes: number, 
/**
 * Hash of its content, if the Hub stores it as a large file.
 */
sha256: string | null, };

/**
 * What results must be like. Everything given must hold.
 */
export type HubFilters = { 
/**
 * A runtime of this app loads the architecture.
 */
runs_here: boolean, 
/**
 * A common quantization (about 4.8 bits per weight) fits into this machine's memory.
 */
fits_here: boolean, 
/**
 * `general.architecture`, such as `qwen2`.
 */
architecture?: string | null, 
/**
 * At least so many weights.
 */
parameters_min?: number | null, 
/**
 * At most so many weights.
 */
parameters_max?: number | null, 
/**
 * The licence's tag, such as `apache-2.0`.
 */
license?: string | null, 
/**
 * Only gated (`true`) or only open (`false`) repositories.
 */
gated?: boolean | null, 
/**
 * The chat template knows tools.
 */
tools: boolean, 
/**
 * The model thinks before it answers.
 */
reasoning: boolean, 
/**
 * Two-letter code of a language it was trained for.
 */
language?: string | null, };

/**
 * What loading each of its models would take, from one header and the sizes.
 */
export type HubFitGet = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit.
 */
commit: string, 
/**
 * Tokens.
 */
context_length: number, };

/**
 * Whether a model is expected to fit, before anything is downloaded.
 */
export type HubFits = "well" | "tight" | "no" | "unknown";

/**
 * Who may download from a repository.
 */
export type HubGate = "open" | "automatic" | "manual";

/**
 * The header of one of its files, read by ranges.
 */
export type HubHeaderGet = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit.
 */
commit: string, 
/**
 * Path of the file (the first shard).
 */
path: string, };

/**
 * A licence.
 */
export type HubLicense = { 
/**
 * The tag, such as `apache-2.0`.
 */
id: string, 
/**
 * Its name, if the card gives one.
 */
name: string | null, 
/**
 * Its text, if the card gives an address.
 */
link: string | null, };

/**
 * A repository with its models.
 */
export type HubModel = { 
/**
 * What a search says about it.
 */
summary: HubResult, 
/**
 * The commit that everything here is of.
 */
commit: string, 
/**
 * Its address, to open in a browser.
 */
url: string, 
/**
 * Licence.
 */
license: HubLicense | null, 
/**
 * Repositories it was made from.
 */
base_models: Array<string>, 
/**
 * Two-letter codes.
 */
languages: Array<string>, 
/**
 * Who quantized it, if the card says so.
 */
quantized_by: string | null, 
/**
 * Models, smallest first, projectors last.
 */
variants: Array<HubVariant>, 
/**
 * Files that are no models: how many.
 */
other_file_count: number, };

/**
 * One repository.
 */
export type HubModelGet = { 
/**
 * `owner/name`.
 */
repository: string, };

/**
 * A page of results.
 */
export type HubPage = { 
/**
 * In order. May be empty although there are more, if filters drop much.
 */
results: Array<HubResult>, 
/**
 * Give it back for the next page; none at the end.
 */
next: string | null, 
/**
 * The answer came from the cache.
 */
from_cache: boolean, };

/**
 * One result of a search.
 */
export type HubResult = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * Downloads of the last 30 days.
 */
downloads: number, 
/**
 * Likes.
 */
likes: number, 
/**
 * Unix time in milliseconds of the last change.
 */
updated_at_ms: number | null, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number | null, 
/**
 * Who may download.
 */
gate: HubGate, 
/**
 * `general.architecture` of its files.
 */
architecture: string | null, 
/**
 * Weights.
 */
parameter_count: number | null, 
/**
 * What it was trained for, in tokens.
 */
context_length: number | null, 
/**
 * The licence's tag.
 */
license: string | null, 
/**
 * The chat template knows tools.
 */
tools: boolean, 
/**
 * The model thinks before it answers.
 */
reasoning: boolean, 
/**
 * Sizes of its common quantizations, smallest and largest, in bytes, estimated from the weights.
 */
size_range_bytes: [number, number] | null, 
/**
 * Whether it runs here.
 */
runs: HubRuns, 
/**
 * Whether a common quantization fits here.
 */
fits: HubFits, 
/**
 * A file of it is in the library.
 */
in_library: boolean, };

/**
 * Whether a model is expected to run here, before anything is downloaded.
 */
export type HubRuns = { "type": "yes" } | { "type": "no", 
/**
 * Why, in words.
 */
reason: string, } | { "type": "unknown" };

/**
 * A published score.
 */
export type HubScore = { 
/**
 * Such as `MMLU`.
 */
benchmark: string, 
/**
 * What was measured, such as `accuracy` or `5-shot`.
 */
metric: string, 
/**
 * As published.
 */
value: string, 
/**
 * The number in it.
 */
number: number | null, 
/**
 * The Hub has checked it.
 */
verified: boolean, };

/**
 * Searches the Hub for GGUF models. A newer search of the same `channel` ends an older one with `superseded`.
 */
export type HubSearch = { 
/**
 * Who asks, such as one window's search page.
 */
channel: string, 
/**
 * Words, `owner/name`, or an address of a repository or file; empty for the best of all.
 */
query: string, 
/**
 * Order.
 */
sort: HubSort, 
/**
 * What results must be like.
 */
filters: HubFilters, 
/**
 * `next` of the page before; none for the first.
 */
cursor?: string | null, };

/**
 * What the Hub's scanners say about a file.
 */
export type HubSecurity = { "type": "safe" } | { "type": "unsafe", 
/**
 * What, in the scanner's words.
 */
finding: string, } | { "type": "unknown" };

/**
 * Order of search results, best first.
 */
export type HubSort = "trending" | "downloads" | "likes" | "updated" | "created";

/**
 * A model one can download: one file, or all shards of one.
 */
export type HubVariant = { 
/**
 * Path of the (first) file; its name in commands.
 */
path: string, 
/**
 * All files, in order.
 */
files: Array<HubFile>, 
/**
 * Such as `Q4_K_M`, from the name; empty if that does not say.
 */
quantization: string, 
/**
 * All files together.
 */
size_bytes: number, 
/**
 * Bits of one weight, on average.
 */
bits_per_weight: number | null, 
/**
 * What the Hub's scanners say.
 */
security: HubSecurity, 
/**
 * The one to take on this machine.
 */
recommended: boolean, 
/**
 * Whether it runs here, from architecture and name; the header says it exactly (`hub_header`).
 */
runs: HubRuns, 
/**
 * It is the image or audio half of another model, not a model.
 */
is_projector: boolean, 
/**
 * The file by which this model sees images, to be downloaded with it.
 */
projector?: HubFile, 
/**
 * It is in the library.
 */
model_id: ModelId | null, 
/**
 * It is being downloaded.
 */
download_id: DownloadId | null, };

/**
 * What loading a variant would take.
 */
export type HubVariantFit = { 
/**
 * Path of the variant.
 */
path: string, 
/**
 * The figures; none if the header does not give them.
 */
fit: MemoryFit | null, };

/**
 * How a file that was dropped or picked enters the library.
 */
export type ImportMode = "in_place" | "link" | "copy" | "move";

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
 * A preset that was read from a file.
 */
export type ImportedPreset = { 
/**
 * As it was kept.
 */
preset: Preset, 
/**
 * What the file says besides, in words: nothing here has a place for it.
 */
left_out: Array<string>, };

/**
 * What a conversation has where it sets nothing itself.
 */
export type Inherited = { 
/**
 * The preset among the layers.
 */
preset: Preset | null, 
/**
 * Every value; `None` only where it means something, such as no limit.
 */
values: LayerValues, 
/**
 * Where each value comes from, by the name of its field.
 */
origins: { [key in string]: Layer }, 
/**
 * What can be said to the model about its thinking.
 */
reasoning: ReasoningControl, };

/**
 * The beginning of a text, or all of it.
 */
export type KeptText = { 
/**
 * What is kept.
 */
text: string, 
/**
 * There was more.
 */
is_cut: boolean, };

/**
 * Language of the interface.
 */
export type LanguageChoice = "system" | "en" | "fr";

/**
 * Where a value comes from. A later one goes over an earlier one.
 */
export type Layer = "engine" | "model" | "settings" | "preset" | "conversation";

/**
 * What one layer sets. `None` falls through to the layer below.
 */
export type LayerValues = { 
/**
 * Sent before everything else; empty for none.
 */
system_prompt: string | null, 
/**
 * Sampling parameters.
 */
parameters: Parameters, };

/**
 * How much of it.
 */
export type LeftOut = { 
/**
 * Of what.
 */
kind: LeftOutKind, 
/**
 * How many.
 */
count: number, };

/**
 * What an import does not bring along.
 */
export type LeftOutKind = "empty_conversations" | "attachments" | "tools" | "hidden" | "system" | "unknown" | "folders" | "parameters";

/**
 * Why a message is not sent.
 */
export type LeftOutReason = "person" | "no_room" | "summarised" | "blank" | "no_question";

/**
 * The turns of a branch that were left out because there was no room for them, by their places on
 * it, the first message being 0.
 */
export type LeftOutTurns = { 
/**
 * The first of them.
 */
from: number, 
/**
 * The first behind them.
 */
until: number, };

/**
 * A prompt that is used again and again.
 */
export type LibraryPrompt = { 
/**
 * Its id; none for one that comes with the app and cannot be changed.
 */
id: PromptId | null, 
/**
 * Never blank.
 */
title: string, 
/**
 * What is inserted; `{{name}}` stands for a value that is asked for first.
 */
text: string, };

/**
 * Options that only the llama.cpp runtime has.
 */
export type LlamaCppOptions = { 
/**
 * How keys and values of the context are kept: fewer bits take less memory, and a little quality.
 */
cache_type: CacheType, 
/**
 * Whether attention is computed in one pass, without a table of scores.
 */
flash_attention: FlashAttention, 
/**
 * Map the file into memory: it loads faster, and what is not needed may be dropped.
 */
memory_map: boolean, 
/**
 * Ask the system never to move the weights out of memory.
 */
keep_in_memory: boolean, 
/**
 * Where the context is full, let the model forget the older half of what was said and go on, instead of ending the
 * answer. Not every model can.
 */
context_shift: boolean, 
/**
 * What is added to the weights.
 */
adapter: AdapterChoice | null, 
/**
 * Who guesses what the model will write: answers come faster where it is often right, and are the same.
 */
draft: DraftChoice | null, };

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
 * The runtime to serve it; none is the one chosen for the model, or the first that can.
 */
runtime?: RuntimeName | null, 
/**
 * What llama.cpp is told, if that serves it; none is what is kept for the model. Any other runtime refuses it.
 */
llamacpp?: LlamaCppOptions | null, 
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
 * Which runtime that is; none if it answers on another machine.
 */
served_by: RuntimeName | null, 
/**
 * What llama.cpp was told; none of a model that it does not serve.
 */
llamacpp?: LlamaCppOptions, 
/**
 * Why it runs on the processor although there is a worker for a graphics card, in words for a person.
 */
fallback: string | null, 
/**
 * Resident memory of the worker, in bytes, if known.
 */
memory_bytes: number | null, 
/**
 * Runs waiting for it, the one being answered included.
 */
queue_length: number, };

/**
 * Whether the app starts when the person logs in.
 */
export type LoginStart = { 
/**
 * It can be chosen: only the window can.
 */
is_possible: boolean, 
/**
 * It does.
 */
is_on: boolean, };

/**
 * Whether the app starts when the person logs in.
 */
export type LoginStartGet = Record<symbol, never>;

/**
 * Starts it then from now on, or no more.
 */
export type LoginStartSet = { 
/**
 * Start it.
 */
on: boolean, };

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
 * Why a runtime could not be measured.
 */
export type MeasureProblem = { 
/**
 * Which.
 */
runtime: RuntimeName, 
/**
 * Why.
 */
error: ErrorReport, };

/**
 * What a measurement is at.
 */
export type MeasureStep = { "type": "loading", 
/**
 * 0 to 1.
 */
progress: number, } | { "type": "answering", 
/**
 * Tokens of the prompt.
 */
prompt_tokens: number, 
/**
 * Answers that are whole, with this runtime.
 */
done: number, 
/**
 * Answers in all, with this runtime.
 */
total: number, };

/**
 * What a measurement found.
 */
export type Measured = { 
/**
 * In the order in which they were measured.
 */
speeds: Array<ModelSpeed>, 
/**
 * Runtimes that could not be measured.
 */
problems: Array<MeasureProblem>, };

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
 * What is free of that memory now.
 */
available_bytes: number, 
/**
 * `total <= available`; also where a graphics card does not say how much it has.
 */
fits: boolean, 
/**
 * The graphics card whose memory this is about; none if it is that of the machine.
 */
card?: string, 
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
versions: Array<MessageId>, 
/**
 * It stays in the conversation, but the model is not sent it.
 */
left_out: boolean, 
/**
 * The person marked it as a good answer.
 */
good: boolean, 
/**
 * Files that are sent with it, in their order.
 */
attachments: Array<Attachment>, 
/**
 * What can stand for the branch up to here, this message included.
 */
summary: Summary | null, };

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
 * Another version of a message with other words and what was attached to it; a person's message is answered anew
 * if `generate`.
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
 * The messages of the shown branch that have this text in them, oldest first. Case and diacritics do not count.
 */
export type MessageFind = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Found also inside of words.
 */
query: string, };

/**
 * One message of a conversation's tree.
 */
export type MessageId = string;

/**
 * Adds a message of either role, without an answer to it.
 */
export type MessageInsert = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Between this message and all that answers it; none is the end of the shown branch.
 */
after?: MessageId | null, 
/**
 * Who is to have said it.
 */
role: Role, 
/**
 * Not blank.
 */
content: string, };

/**
 * Keeps a message from the model, or lets it see it again.
 */
export type MessageLeaveOut = { 
/**
 * Which.
 */
id: MessageId, 
/**
 * Keep it from the model.
 */
left_out: boolean, };

/**
 * Marks an answer as good, or takes the mark away.
 */
export type MessageMarkGood = { 
/**
 * Which; one that a model wrote.
 */
id: MessageId, 
/**
 * It is.
 */
good: boolean, };

/**
 * The names of the models that wrote messages, whether they are here or not, in alphabetical order.
 */
export type MessageModels = Record<symbol, never>;

/**
 * The whole tree of a conversation, in outline.
 */
export type MessageOutline = { 
/**
 * The leaf of the branch being shown.
 */
head: MessageId | null, 
/**
 * Every message that is not deleted, of all branches: a parent before its answers, older versions before newer ones.
 */
messages: Array<OutlineMessage>, };

/**
 * The messages of all branches, in outline.
 */
export type MessageOutlineRequest = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, };

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
has_older: boolean, 
/**
 * There are newer ones.
 */
has_newer: boolean, };

/**
 * A page of the shown branch, oldest first.
 */
export type MessagePageRequest = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Which page; none is the one at the end.
 */
place?: PagePlace | null, 
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
id: MessageId, 
/**
 * The model that writes this version; none is the conversation's.
 */
model_id?: ModelId | null, };

/**
 * Brings a deleted message and its answers back.
 */
export type MessageRestore = { 
/**
 * Which.
 */
id: MessageId, };

/**
 * Conversations that have all the words in their title, their notes or one message, of whatever branch; titles first, then
 * the newest. Looks at the newest 2,000 messages, and titles, that have them.
 */
export type MessageSearch = { 
/**
 * Words, and phrases in double quotes; the last word may be its beginning only. Case and diacritics do not count.
 */
query: string, 
/**
 * Only messages of the person, or of models; leaves out titles and notes.
 */
role?: Role | null, 
/**
 * Only messages of the model of this name; leaves out titles and notes.
 */
model_name?: string | null, 
/**
 * Only conversations of this folder and the folders inside it.
 */
folder_id?: FolderId | null, 
/**
 * Only conversations with this tag, in any case.
 */
tag?: string | null, 
/**
 * Not before this time, Unix time in milliseconds.
 */
from_ms?: number | null, 
/**
 * Before this time, Unix time in milliseconds.
 */
until_ms?: number | null, 
/**
 * Only results behind this place, for the next page.
 */
after?: SearchCursor | null, 
/**
 * At most this many, 1 to 500.
 */
limit: number, };

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
 * Not blank, unless something is attached.
 */
content: string, 
/**
 * Files to send with it, at most 32.
 */
attachments: Array<AttachmentId>, };

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
 * The file (the first shard) or, of a remote one, its address, for display.
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
 * The file by which it can see images, if one that fits lies beside it.
 */
projector?: string, 
/**
 * It sees images with the runtime that serves it.
 */
sees_images: boolean, 
/**
 * Whether it runs here, and if not why.
 */
verdict: ModelVerdict, 
/**
 * The runtime that serves it: the one chosen for it, or the first that can; none if none can.
 */
runtime: RuntimeName | null, 
/**
 * What each runtime makes of it, installed or not; empty if its header could not be read.
 */
runtimes: Array<RuntimeVerdict>, 
/**
 * Unix time in milliseconds.
 */
added_at_ms: number, 
/**
 * Unix time in milliseconds of the last load.
 */
used_at_ms: number | null, 
/**
 * The root it was found in; none for a file that was picked by itself.
 */
root_id: RootId | null, 
/**
 * Whose folder layout it lies in.
 */
origin: ModelOrigin, 
/**
 * The Hub repository and commit it was downloaded from, if this app did that or the cache it lies in says so.
 */
source: ModelSource | null, 
/**
 * Hash of the (first) file, in lower-case hexadecimal, once known; see `verified_at_ms` for whether it was computed here.
 */
sha256: string | null, 
/**
 * Unix time in milliseconds at which the bytes were last found to have that hash.
 */
verified_at_ms: number | null, 
/**
 * Marked by the person; sorts first.
 */
favourite: boolean, 
/**
 * What the person wrote about it.
 */
notes: string, 
/**
 * The Hub has other bytes under the name this file was downloaded as.
 */
newer_on_hub: boolean, 
/**
 * It may be deleted from here: it lies in the app's own folder.
 */
deletable: boolean, 
/**
 * Where it is, if not on this machine: then it has no file, and what its header would say is not known.
 */
remote?: RemoteModel, };

/**
 * How a model is loaded unless something else is asked for.
 */
export type ModelDefaults = { 
/**
 * Tokens of context; none is the default of the settings.
 */
context_length?: number | null, 
/**
 * Threads; none is the default of the settings.
 */
threads?: number | null, 
/**
 * The runtime to serve it; none is the first that can.
 */
runtime?: RuntimeName | null, 
/**
 * What llama.cpp is told; none are its own defaults.
 */
llamacpp?: LlamaCppOptions | null, 
/**
 * The preset that new conversations with it begin with; none is that of the settings.
 */
preset_id?: PresetId | null, 
/**
 * What its conversations have where nothing above [`Layer::Model`](crate::Layer) says otherwise.
 */
values?: LayerValues | null, };

/**
 * How a model is loaded unless something else is asked for.
 */
export type ModelDefaultsGet = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * Replaces that.
 */
export type ModelDefaultsSet = { 
/**
 * Which.
 */
id: ModelId, 
/**
 * The new ones.
 */
defaults: ModelDefaults, };

/**
 * Moves a model of the app's own folder to the trash; it can be restored.
 */
export type ModelDelete = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * Models with the same content.
 */
export type ModelDuplicates = Record<symbol, never>;

/**
 * Ends the worker of the model, and with it all its memory.
 */
export type ModelEject = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * Turns texts into vectors; the model is loaded for that if it is not.
 */
export type ModelEmbed = { 
/**
 * Which: one whose verdict is that it embeds.
 */
id: ModelId, 
/**
 * The texts.
 */
texts: Array<string>, 
/**
 * Cut off what is longer than the model reads at once, instead of refusing it.
 */
truncate: boolean, 
/**
 * Numbers of a vector, the first ones; none is all that the model gives.
 */
dimensions?: number | null, };

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
context_length?: number | null, 
/**
 * The runtime to serve it; none is the one that would.
 */
runtime?: RuntimeName | null, 
/**
 * How llama.cpp keeps keys and values; none is as kept for the model.
 */
cache_type?: CacheType | null, 
/**
 * Key of a draft model that is loaded beside it with llama.cpp; none is as kept for the model, and an empty
 * one is none.
 */
draft?: string | null, };

/**
 * Forgets a model; its file stays, and no scan brings it back until it is imported again.
 */
export type ModelForget = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * What its header says.
 */
export type ModelHeader = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * A model of the library (one file, or all shards of one).
 */
export type ModelId = string;

/**
 * Adds a picked file, or all models of a picked folder.
 */
export type ModelImport = { 
/**
 * From `path_pick`, `path_type` or a drop.
 */
handle: PathHandle, 
/**
 * Where its bytes are to be.
 */
mode: ImportMode, };

/**
 * Stops an import that copies; what it has copied is removed. One that has ended is no error.
 */
export type ModelImportCancel = { 
/**
 * What the import was given.
 */
handle: PathHandle, };

/**
 * Replaces files of the app's own folder by hard links to one of the group; answers the bytes freed.
 */
export type ModelLinkDuplicates = { 
/**
 * Hash of the group.
 */
sha256: string, };

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
 * Measures how fast the model is here: it is loaded anew with each runtime, asked a few things, and left as it was.
 * Progress comes as events; who does not wait for the answer ends it.
 */
export type ModelMeasure = { 
/**
 * Which: one that writes.
 */
id: ModelId, 
/**
 * With which runtimes, one after the other; none are all that can.
 */
runtimes: Array<RuntimeName>, 
/**
 * Lengths of prompts, in tokens; at least one.
 */
prompt_tokens: Array<number>, 
/**
 * Tokens to write after each.
 */
generate_tokens: number, };

/**
 * Ends a measurement; what it found before is kept. One that has ended is no error.
 */
export type ModelMeasureStop = { 
/**
 * Which model's.
 */
id: ModelId, };

/**
 * Whose folder a model lies in.
 */
export type ModelOrigin = "folder" | "hugging_face_cache" | "lm_studio" | "jan" | "ollama" | "llama_cpp";

/**
 * Brings a model back from the trash.
 */
export type ModelRestore = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * Shows its file in the file manager.
 */
export type ModelReveal = { 
/**
 * Which.
 */
id: ModelId, };

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
 * It can be read now; a root that is not there keeps its models.
 */
reachable: boolean, 
/**
 * Whose folder it is.
 */
origin: ModelOrigin, 
/**
 * Models found in it.
 */
model_count: number, 
/**
 * Bytes of those models.
 */
size_bytes: number, };

/**
 * Looks through all roots again.
 */
export type ModelScan = Record<symbol, never>;

/**
 * Where on the Hub a model came from.
 */
export type ModelSource = { 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit, 40 hexadecimal digits.
 */
commit: string, 
/**
 * Path of the (first) file in the repository.
 */
path: string, };

/**
 * How fast a model was with one runtime at one length of prompt: medians of a few answers, the first of which is left
 * out.
 */
export type ModelSpeed = { 
/**
 * Which model.
 */
model_id: ModelId, 
/**
 * What ran it.
 */
runtime: RuntimeName, 
/**
 * The same with its version, and what it ran on: `mistral.rs 0.8.1 · CPU (native)`.
 */
engine: string, 
/**
 * The machine's processor.
 */
cpu: string, 
/**
 * Threads it computed with.
 */
threads: number, 
/**
 * Tokens of the prompt.
 */
prompt_tokens: number, 
/**
 * Tokens that were written, at most.
 */
generate_tokens: number, 
/**
 * Tokens of the prompt that were read in a second.
 */
prefill_per_second: number, 
/**
 * Tokens that were written in a second.
 */
decode_per_second: number, 
/**
 * How long the model was loaded.
 */
load_ms: number, 
/**
 * The most memory its worker ever had, in bytes, if the system says so.
 */
peak_memory_bytes: number | null, 
/**
 * Unix time in milliseconds.
 */
measured_at_ms: number, };

/**
 * How fast the model was when that was last measured, with each runtime at each length of prompt.
 */
export type ModelSpeedsGet = { 
/**
 * Which.
 */
id: ModelId, };

/**
 * Changes what is given, leaves the rest.
 */
export type ModelUpdate = { 
/**
 * Which.
 */
id: ModelId, 
/**
 * New name for display, not empty.
 */
name?: string | null, 
/**
 * Mark or unmark.
 */
favourite?: boolean | null, 
/**
 * New notes.
 */
notes?: string | null, };

/**
 * Whether an installed runtime can serve a model, decided from the file's header alone.
 */
export type ModelVerdict = { "type": "runs", 
/**
 * What a user should know, such as "slow tensor types".
 */
cautions: Array<string>, } | { "type": "embeds" } | { "type": "refused", 
/**
 * Why, in words.
 */
reasons: Array<string>, } | { "type": "missing" } | { "type": "offline" };

/**
 * Checks its bytes against its hash; progress comes as events.
 */
export type ModelVerify = { 
/**
 * Which; none for all.
 */
id?: ModelId | null, };

/**
 * A contestant by the names it had when it answered.
 */
export type NamedContestant = { 
/**
 * The model, which may be gone by now.
 */
model_id: ModelId, 
/**
 * The preset, which may be deleted by now.
 */
preset_id: PresetId | null, 
/**
 * The model's name.
 */
model_name: string, 
/**
 * The preset's name.
 */
preset_name: string | null, };

/**
 * How the app uses the network.
 */
export type NetworkSettings = { 
/**
 * No connection leaves this machine.
 */
offline: boolean, 
/**
 * Address of the Hub or a mirror of it; none is `HF_ENDPOINT`, or huggingface.co.
 */
endpoint: string | null, 
/**
 * Proxy.
 */
proxy: ProxyChoice, 
/**
 * A file with further certificate authorities, PEM.
 */
extra_ca: string | null, };

/**
 * A token that was just made.
 */
export type NewToken = { 
/**
 * What is kept of it.
 */
token: ServerToken, 
/**
 * The token itself, this once.
 */
secret: string, };

/**
 * For commands that take or answer nothing: `{}`.
 */
export type Nothing = Record<symbol, never>;

/**
 * A long answer that ended, for whoever is told who does not see it.
 */
export type Notice = { 
/**
 * Where it is.
 */
conversation_id: ConversationId, 
/**
 * Title of the conversation.
 */
title: string, 
/**
 * How the answer begins, or why there is none.
 */
text: string, };

/**
 * Something to open. It only names what is wanted: the person is asked before anything of it is done.
 */
export type Opening = { "type": "paths", 
/**
 * With handles to give back.
 */
paths: Array<PickedPath>, } | { "type": "model", 
/**
 * `owner/name`.
 */
repository: string, } | { "type": "download", 
/**
 * `owner/name`.
 */
repository: string, 
/**
 * The commit; none is the newest.
 */
commit: string | null, 
/**
 * Path of the file.
 */
path: string, } | { "type": "conversation", 
/**
 * Which.
 */
conversation_id: ConversationId, } | { "type": "refused", 
/**
 * Why.
 */
message: string, };

/**
 * What the system asked to open since this was called last; who takes it asks the person.
 */
export type OpeningTake = Record<symbol, never>;

/**
 * What is done with several conversations at once.
 */
export type Organising = { "type": "move", 
/**
 * Which.
 */
folder_id: FolderId | null, } | { "type": "tag", 
/**
 * Not blank, at most 50 characters. Case does not tell tags apart.
 */
tag: string, } | { "type": "untag", 
/**
 * In any case.
 */
tag: string, } | { "type": "archive" } | { "type": "unarchive" } | { "type": "delete" } | { "type": "restore" };

/**
 * A message as an outline shows it.
 */
export type OutlineMessage = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * The message it answers; none for a first one.
 */
parent_id: MessageId | null, 
/**
 * Who speaks.
 */
role: Role, 
/**
 * Its first words on one line, 80 characters at most; empty where it has none, only files.
 */
beginning: string, };

/**
 * Which page of the shown branch.
 */
export type PagePlace = { "before": MessageId } | { "after": MessageId } | { "around": MessageId };

/**
 * Sampling parameters, as far as one [`Layer`](crate::Layer) sets them; `None` falls through to the
 * layer below, and at last to the default told here. Ranges are checked by [`Parameters::validate`].
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
 * Strings that end the answer and are not part of it; at most 16, default none.
 */
stop: Array<string> | null, 
/**
 * What is done when the conversation does not fit the context; default `stop`.
 */
context_overflow: ContextOverflow | null, 
/**
 * Whether and how much the model thinks; default `template`.
 */
reasoning: Reasoning | null, 
/**
 * A JSON schema, as text, that answers are held to; empty is none, the default.
 */
structured_output: string | null, };

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
export type PickKind = "model_files" | "folder" | "certificates" | "conversations" | "presets" | "attachments" | "runtime";

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
 * How large an image is, as models see it.
 */
export type Pixels = { 
/**
 * From left to right.
 */
width: number, 
/**
 * From top to bottom.
 */
height: number, };

/**
 * System prompt, sampling parameters and stop strings under a name.
 */
export type Preset = { 
/**
 * Its id.
 */
id: PresetId, 
/**
 * Never blank; two may have the same.
 */
name: string, 
/**
 * What it sets.
 */
values: LayerValues, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * Unix time in milliseconds of the last change.
 */
updated_at_ms: number, };

/**
 * The preset a conversation is to be based on.
 */
export type PresetChoice = { "type": "standard" } | { "type": "none" } | { "type": "preset", 
/**
 * Which.
 */
id: PresetId, };

/**
 * Keeps values as a preset.
 */
export type PresetCreate = { 
/**
 * Not blank, at most 200 characters.
 */
name: string, 
/**
 * What it sets.
 */
values: LayerValues, };

/**
 * Takes a preset off the list; conversations based on it keep its values. It can be restored.
 */
export type PresetDelete = { 
/**
 * Which.
 */
id: PresetId, };

/**
 * Writes a preset into a folder, as LM Studio does; answers the path of the file.
 */
export type PresetExport = { 
/**
 * Which.
 */
id: PresetId, 
/**
 * A folder's.
 */
handle: PathHandle, };

/**
 * A preset.
 */
export type PresetId = string;

/**
 * Reads a preset file of LM Studio (`*.preset.json`).
 */
export type PresetImport = { 
/**
 * A file's.
 */
handle: PathHandle, };

/**
 * Presets by name.
 */
export type PresetList = Record<symbol, never>;

/**
 * Brings a deleted preset back.
 */
export type PresetRestore = { 
/**
 * Which.
 */
id: PresetId, };

/**
 * Changes what is given, leaves the rest.
 */
export type PresetUpdate = { 
/**
 * Which.
 */
id: PresetId, 
/**
 * New name.
 */
name?: string | null, 
/**
 * New values, all of them.
 */
values?: LayerValues | null, };

/**
 * Keeps a prompt.
 */
export type PromptCreate = { 
/**
 * Not blank, at most 200 characters.
 */
title: string, 
/**
 * Not blank.
 */
text: string, };

/**
 * Takes a prompt off the list; it can be restored.
 */
export type PromptDelete = { 
/**
 * Which.
 */
id: PromptId, };

/**
 * A prompt of the prompt library.
 */
export type PromptId = string;

/**
 * Prompts by title: the person's own, then those that come with the app.
 */
export type PromptList = Record<symbol, never>;

/**
 * Brings a deleted prompt back.
 */
export type PromptRestore = { 
/**
 * Which.
 */
id: PromptId, };

/**
 * Replaces title and text of a prompt.
 */
export type PromptUpdate = { 
/**
 * Which.
 */
id: PromptId, 
/**
 * Not blank, at most 200 characters.
 */
title: string, 
/**
 * Not blank.
 */
text: string, };

/**
 * How the network is reached.
 */
export type ProxyChoice = { "type": "system" } | { "type": "direct" } | { "type": "manual", 
/**
 * `http://`, `https://` or `socks5://`; a login in it is kept in the key store, not here.
 */
url: string, };

/**
 * Queues a message, to be sent when the answer being written has ended by itself; at once if it has meanwhile.
 * Answers the whole queue.
 */
export type QueueAdd = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Not blank, unless something is attached.
 */
content: string, 
/**
 * Files to send with it, at most 32.
 */
attachments: Array<AttachmentId>, 
/**
 * Its place, from 0; none is the end.
 */
place?: number | null, 
/**
 * It was the draft, which is empty then.
 */
is_draft: boolean, };

/**
 * Moves a queued message to another place. Answers the whole queue.
 */
export type QueueMove = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Which message.
 */
id: QueuedMessageId, 
/**
 * Where to, from 0.
 */
place: number, };

/**
 * Why a download that could run does not run right now. It goes on by itself.
 */
export type QueueReason = "turn" | "schedule" | "offline" | "rate_limit" | "retry";

/**
 * Takes a message out of the queue. Answers the whole queue.
 */
export type QueueRemove = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Which message.
 */
id: QueuedMessageId, };

/**
 * Sends the first message of a queue that waits, as after an answer that was stopped.
 */
export type QueueSend = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, };

/**
 * A message that was written while an answer was. It is sent when that has ended by itself, and otherwise waits.
 */
export type QueuedMessage = { 
/**
 * Its id.
 */
id: QueuedMessageId, 
/**
 * Its words.
 */
content: string, 
/**
 * Files that go with it, in their order.
 */
attachments: Array<Attachment>, };

/**
 * A message that waits for the end of an answer.
 */
export type QueuedMessageId = string;

/**
 * Whether keys that are pressed anywhere open the small window for a quick question.
 */
export type QuickAsk = { 
/**
 * They can be chosen: only the window host can take keys.
 */
is_possible: boolean, 
/**
 * Why the chosen keys do nothing.
 */
problem: ErrorReport | null, };

/**
 * Whether keys open the window for a quick question; which ones is in the settings.
 */
export type QuickAskGet = Record<symbol, never>;

/**
 * Hides that window.
 */
export type QuickAskHide = Record<symbol, never>;

/**
 * A line of the table over the person's own models.
 */
export type Rating = { 
/**
 * Who.
 */
contestant: NamedContestant, 
/**
 * Pairs of answers it was in and that were voted on.
 */
games: number, 
/**
 * Of these, those it was the best in.
 */
wins: number, 
/**
 * Those where both were said to be equally good, or both bad.
 */
ties: number, 
/**
 * Those where the other one was the best.
 */
losses: number, 
/**
 * On the scale of Elo: 1000 for who does as well as the average, 400 more for odds of ten to one.
 */
rating: number, };

/**
 * What the votes come to, the best first.
 */
export type RatingList = Record<symbol, never>;

/**
 * Whether and how much a model thinks before it answers, said to its chat template.
 */
export type Reasoning = "template" | "off" | "on" | "low" | "medium" | "high";

/**
 * What the chat template of a model lets be said about its thinking.
 */
export type ReasoningControl = { 
/**
 * That it is to think, or not to.
 */
on_off: boolean, 
/**
 * How much it is to think.
 */
effort: boolean, };

/**
 * A conversation, or a whole file, that cannot be imported.
 */
export type RefusedConversation = { 
/**
 * Its title, or the file's name.
 */
name: string, 
/**
 * Why; lower-case start, no period.
 */
reason: string, };

/**
 * A newer version.
 */
export type Release = { 
/**
 * Such as `0.2.0`.
 */
version: string, 
/**
 * What its authors say about it; plain text, maybe none.
 */
notes: string, 
/**
 * Where its package for this system lies, if there is one.
 */
package: string | null, 
/**
 * The app can download it and put it in its own place. If not, it came in a package of the system or in a folder,
 * and the person replaces that.
 */
installs_itself: boolean, };

/**
 * An engine that answers over the network, such as another Sirocco, vLLM, SGLang, llama-server or LM Studio.
 */
export type RemoteEngine = { 
/**
 * Its id.
 */
id: EngineId, 
/**
 * What the person calls it.
 */
name: string, 
/**
 * Where its API begins, such as `http://10.0.0.5:8000/v1`.
 */
address: string, 
/**
 * There is a token for it; the token itself is kept where secrets are.
 */
has_token: boolean, 
/**
 * How many models it had when it was asked last.
 */
model_count: number, 
/**
 * Unix time in milliseconds at which it was asked last.
 */
asked_at_ms: number, };

/**
 * Where a model is that is not on this machine.
 */
export type RemoteModel = { 
/**
 * The engine that has it.
 */
engine_id: EngineId, 
/**
 * What the person calls that engine.
 */
engine_name: string, 
/**
 * What the engine calls the model.
 */
name: string, };

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
 * Folders of other apps on this machine.
 */
export type RootSuggest = Record<symbol, never>;

/**
 * A folder of another app on this machine.
 */
export type RootSuggestion = { 
/**
 * Whose.
 */
origin: ModelOrigin, 
/**
 * For display.
 */
path: string, 
/**
 * To be given back with `root_add`.
 */
handle: PathHandle, 
/**
 * It is a root already.
 */
added: boolean, };

/**
 * Space models take, by root.
 */
export type RootUse = { 
/**
 * Which; none for files picked by themselves.
 */
root_id: RootId | null, 
/**
 * For display.
 */
path: string, 
/**
 * Models.
 */
model_count: number, 
/**
 * Bytes, content that is linked twice counted once.
 */
size_bytes: number, 
/**
 * Free bytes of its volume.
 */
free_bytes: number, };

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
error: ErrorReport | null, 
/**
 * The JSON schema, as text, that the answer was held to, once ended; empty for none, and none if it is not known.
 */
structured_output: string | null, };

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
ahead: number, } | { "type": "summarising", 
/**
 * Messages it will stand for.
 */
message_count: number, } | { "type": "finished", 
/**
 * The run, terminal.
 */
run: Run, 
/**
 * The message as saved.
 */
message: Message, };

/**
 * Adds the workers of a runtime to the data folder, once each has said here what it is: all of them, or none. They
 * are those in an archive or a folder, or the file of one; what is for other processors stays out.
 */
export type RuntimeAdd = { 
/**
 * Archive, folder or file.
 */
handle: PathHandle, };

/**
 * Something that computes besides the CPU.
 */
export type RuntimeDevice = { 
/**
 * Such as `NVIDIA GeForce RTX 4070`.
 */
name: string, 
/**
 * All of its memory.
 */
memory_bytes: number, };

/**
 * The workers that are installed, the preferred one first. Each is started once to hear what it says of itself.
 */
export type RuntimeList = Record<symbol, never>;

/**
 * What runs a model. In the order in which they are preferred.
 */
export type RuntimeName = "mistralrs" | "llamacpp";

/**
 * Removes workers that were added to the data folder; refused while a model runs in one of them.
 */
export type RuntimeRemove = { 
/**
 * Of one as `runtime_list` has it, or how those of several begin, such as `llamacpp`.
 */
key: string, };

/**
 * A worker that is installed, and whether it can be used here.
 */
export type RuntimeReport = { 
/**
 * What it is called among all, such as `llamacpp-cpu-x86-64-v3`.
 */
key: string, 
/**
 * It lies in the data folder, where it was added, and can be removed; else it came with the program.
 */
is_added: boolean, 
/**
 * What it runs models with.
 */
name: RuntimeName, 
/**
 * Of the engine in it; none if it did not get so far as to say.
 */
version: string | null, 
/**
 * `CPU`, `CUDA`, `Metal` or `Vulkan`.
 */
backend: string, 
/**
 * What CPU it was compiled for, such as `x86-64-v3`.
 */
target: string, 
/**
 * What it computes on besides the CPU.
 */
devices: Array<RuntimeDevice>, 
/**
 * Why it cannot be used on this machine, in words for a person.
 */
problem: string | null, };

/**
 * What one runtime makes of a model, decided from the file's header alone, whether it is installed or not.
 */
export type RuntimeVerdict = { 
/**
 * Which.
 */
runtime: RuntimeName, 
/**
 * Why it cannot serve the model, in words; empty if it can.
 */
reasons: Array<string>, 
/**
 * If it can, what a user should know.
 */
cautions: Array<string>, 
/**
 * It serves the model to turn texts into vectors, not to chat.
 */
embeds: boolean, };

/**
 * A place among the results of a search: titles come first, then the newest, then the largest id.
 */
export type SearchCursor = { 
/**
 * The title has the words.
 */
titled: boolean, 
/**
 * Of the newest message with the words, or of the conversation whose title or notes have them; Unix time
 * in milliseconds.
 */
at_ms: number, 
/**
 * The conversation.
 */
id: ConversationId, };

/**
 * A conversation with the words that were looked for, in its title, its notes or messages of any branch.
 */
export type SearchResult = { 
/**
 * Its row.
 */
conversation: ConversationSummary, 
/**
 * The words in its title.
 */
title_marks: Array<TextRange>, 
/**
 * The newest message with the words; none if no message has them.
 */
message: FoundMessage | null, 
/**
 * How many messages have them, up to the limit of the search.
 */
message_count: number, 
/**
 * The notes beside it, if they have them.
 */
notes: FoundNotes | null, 
/**
 * Its place, for the next page.
 */
place: SearchCursor, };

/**
 * Where a secret is kept.
 */
export type SecretPlace = "key_store" | "file" | "environment";

/**
 * A request to the API server that was begun.
 */
export type SentRequest = { 
/**
 * That of the [`ServedRequest`].
 */
id: number, };

/**
 * What was asked and answered in one request.
 */
export type ServedExchange = { 
/**
 * The body of the request.
 */
request: KeptText, 
/**
 * The body of the answer; as far as it has come, while the request runs.
 */
response: KeptText, };

/**
 * A request to the API server, without what was asked and answered.
 */
export type ServedRequest = { 
/**
 * Unique for the life of the process.
 */
id: number, 
/**
 * When it came, in Unix milliseconds.
 */
at_ms: number, 
/**
 * Method and path, such as `POST /v1/chat/completions`.
 */
route: string, 
/**
 * The model that it asked, if it named one that there is.
 */
model: string | null, 
/**
 * The name of the token that it carried.
 */
client: string | null, 
/**
 * HTTP's number for the answer; none while there is none, and if its client went away first.
 */
status: number | null, 
/**
 * Tokens of its prompt, once they are read.
 */
prompt_tokens: number | null, 
/**
 * Tokens written for it.
 */
completion_tokens: number | null, 
/**
 * How long it took; none while it runs.
 */
duration_ms: number | null, 
/**
 * What was asked and answered is kept for a while, too.
 */
is_kept: boolean, };

/**
 * What was asked and answered in a request; not found if that is not kept.
 */
export type ServerExchange = { 
/**
 * Which.
 */
id: number, };

/**
 * Asks the API server from inside, whether it listens or not. Answered at once; the exchange is kept.
 */
export type ServerSend = { 
/**
 * `GET`, `POST` or `DELETE`.
 */
method: string, 
/**
 * Such as `/v1/chat/completions`.
 */
path: string, 
/**
 * JSON, or empty.
 */
body: string, };

/**
 * How models are served to other programs.
 */
export type ServerSettings = { 
/**
 * Serve while the app is open.
 */
enabled: boolean, 
/**
 * Port, 1 to 65535.
 */
port: number, 
/**
 * Listen at the port of Ollama, too.
 */
ollama_port: boolean, 
/**
 * Serve the whole network rather than this machine only; every request needs a token then.
 */
lan: boolean, 
/**
 * Origins of pages that may ask, such as `http://localhost:3000`; `*` is any.
 */
cors_origins: Array<string>, 
/**
 * Keep what is asked and answered, in memory, for those who look into the log.
 */
keep_exchanges: boolean, };

/**
 * How the API server stands.
 */
export type ServerState = { "type": "off" } | { "type": "listening", 
/**
 * Where, such as `http://127.0.0.1:1234`; the one to tell people first.
 */
addresses: Array<string>, 
/**
 * Why it does not answer at the port of Ollama as well, though it should.
 */
problem: string | null, } | { "type": "failed", 
/**
 * Why.
 */
message: string, };

/**
 * The server, and what was asked of it last.
 */
export type ServerStatus = { 
/**
 * How it stands.
 */
state: ServerState, 
/**
 * The last requests, newest first.
 */
requests: Array<ServedRequest>, };

/**
 * How the API server stands, and what was asked of it last.
 */
export type ServerStatusGet = Record<symbol, never>;

/**
 * Ends a request that was sent from inside; one that has ended stays as it is.
 */
export type ServerStop = { 
/**
 * Which.
 */
id: number, };

/**
 * A token of the API server, without what opens it.
 */
export type ServerToken = { 
/**
 * Whose it is, or what for.
 */
name: string, 
/**
 * What it opens.
 */
scopes: Array<TokenScope>, 
/**
 * Unix milliseconds.
 */
created_at_ms: number, 
/**
 * From when on it opens nothing (Unix milliseconds); none is never.
 */
expires_at_ms: number | null, 
/**
 * How many requests it opens within any minute; none is any number.
 */
requests_per_minute: number | null, };

/**
 * All settings. Unknown fields of a newer version survive a round trip through the store.
 */
export type Settings = { 
/**
 * Language of the interface.
 */
language: LanguageChoice, 
/**
 * Colours.
 */
theme: Theme, 
/**
 * How the interface looks besides.
 */
appearance: AppearanceSettings, 
/**
 * Keys that were chosen for actions of the interface, by the action's name: `Mod+Shift+K`, or empty for none.
 * What is not here has its usual keys.
 */
shortcuts: { [key in string]: string }, 
/**
 * Keys that open the window for a quick question from anywhere, such as `Mod+Shift+Space`; empty for none.
 */
quick_ask_keys: string, 
/**
 * The desktop is told when a long answer ends that nobody sees.
 */
notify_answers: boolean, 
/**
 * Context a model is loaded with, in tokens, where the model knows that much.
 */
default_context_length: number, 
/**
 * Threads of a worker; none is the number of physical cores.
 */
threads: number | null, 
/**
 * Holds where neither the conversation nor its preset has one; empty for none.
 */
default_system_prompt: string, 
/**
 * Hold where neither the conversation nor its preset says otherwise.
 */
default_parameters: Parameters, 
/**
 * The preset of new conversations, unless their model has one of its own.
 */
default_preset_id: PresetId | null, 
/**
 * When the model writes the title of a conversation.
 */
titles: TitleChoice, 
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
inspector_open: boolean, 
/**
 * Newer versions of the app are looked for, in programs that know where.
 */
check_updates: boolean, 
/**
 * How downloads behave.
 */
downloads: DownloadSettings, 
/**
 * How the network is used.
 */
network: NetworkSettings, 
/**
 * How models are served to other programs.
 */
server: ServerSettings, 
/**
 * Days a deleted model stays in the trash, 0 to 365.
 */
trash_days: number, 
/**
 * Days a deleted conversation stays in the trash, 0 to 365.
 */
conversation_trash_days: number, };

/**
 * All settings.
 */
export type SettingsGet = Record<symbol, never>;

/**
 * What a conversation has where it sets nothing itself, and where each value comes from.
 */
export type SettingsInherit = { 
/**
 * Its model.
 */
model_id?: ModelId | null, 
/**
 * Its preset.
 */
preset: PresetChoice, };

/**
 * Replaces all settings.
 */
export type SettingsSet = { 
/**
 * The new ones.
 */
settings: Settings, };

/**
 * Which conversations a list has.
 */
export type Shelf = "list" | "archive";

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
stop_reason: StopReason | null, 
/**
 * What was not sent because there was no room for it.
 */
left_out: LeftOutTurns | null, 
/**
 * Tokens that a draft model guessed.
 */
drafted_tokens: number, 
/**
 * Of those, how many were what the model itself chose.
 */
accepted_tokens: number, 
/**
 * Tokens that the model had to forget while it wrote, because its context was full.
 */
shifted_tokens: number, 
/**
 * From the first word of the model's thoughts to the first of its answer, in milliseconds; none without thoughts.
 */
reasoning_ms: number | null, };

/**
 * Why the model's text ends where it ends.
 */
export type StopReason = "end_of_turn" | "max_tokens" | "context_full" | "stop_string" | "user";

/**
 * What a model is sent in the place of the oldest messages of a branch, under
 * [`ContextOverflow::Summarise`](crate::ContextOverflow::Summarise). The messages stay.
 */
export type Summary = { 
/**
 * Its id.
 */
id: SummaryId, 
/**
 * Its words.
 */
text: string, 
/**
 * Messages it stands for.
 */
message_count: number, 
/**
 * Unix time in milliseconds.
 */
created_at_ms: number, 
/**
 * The model that wrote it.
 */
model_name: string | null, 
/**
 * The person changed its words.
 */
edited: boolean, };

/**
 * Removes a summary, so that the messages it stood for are sent again; answers the message it stood at. Where they
 * have no room, another one is written with the next answer.
 */
export type SummaryDelete = { 
/**
 * Which.
 */
id: SummaryId, };

/**
 * A summary of the beginning of a branch.
 */
export type SummaryId = string;

/**
 * Gives a summary other words; answers the message it stands at.
 */
export type SummaryUpdate = { 
/**
 * Which.
 */
id: SummaryId, 
/**
 * Not blank.
 */
text: string, };

/**
 * The tags that conversations have, in alphabetical order.
 */
export type TagList = Record<symbol, never>;

/**
 * A tag that conversations have.
 */
export type TagUse = { 
/**
 * The tag, as it was written first.
 */
tag: string, 
/**
 * How many conversations that are not deleted have it.
 */
conversation_count: number, };

/**
 * Something in a chat template that a person should look at.
 */
export type TemplateConcern = { 
/**
 * Why, in words.
 */
message: string, 
/**
 * The part of the template.
 */
excerpt: string, };

/**
 * A new conversation that is never written to the disk, with the preset that is standard for its model. Deleting it
 * removes it for good.
 */
export type TemporaryCreate = { 
/**
 * The model it talks to.
 */
model_id?: ModelId | null, };

/**
 * Has a temporary conversation kept, under the same ids, from now on; not while an answer is written in it.
 */
export type TemporaryKeep = { 
/**
 * Which.
 */
id: ConversationId, };

/**
 * Tensors of one type in a file.
 */
export type TensorTypeCount = { 
/**
 * Such as `Q4_K`.
 */
name: string, 
/**
 * How many.
 */
count: number, 
/**
 * Their bytes.
 */
size_bytes: number, };

/**
 * A stretch of a text, in UTF-16 units, as JavaScript counts.
 */
export type TextRange = { 
/**
 * Its first unit.
 */
start: number, 
/**
 * The unit after its last.
 */
end: number, };

/**
 * Colours of the interface.
 */
export type Theme = "system" | "light" | "dark" | "sepia" | "high_contrast";

/**
 * When the model writes the title of a conversation. A person's title always stays.
 */
export type TitleChoice = "off" | "once" | "always";

/**
 * Makes one; it is answered this once.
 */
export type TokenCreate = { 
/**
 * Whose it is, or what for; no other has it.
 */
name: string, 
/**
 * What it opens; something at least.
 */
scopes: Array<TokenScope>, 
/**
 * From when on it opens nothing (Unix milliseconds); none is never.
 */
expires_at_ms?: number | null, 
/**
 * How many requests it opens within any minute, 1 at least; none is any number.
 */
requests_per_minute?: number | null, };

/**
 * The tokens of the API server, oldest first.
 */
export type TokenList = Record<symbol, never>;

/**
 * Removes one; who uses it is refused from then on.
 */
export type TokenRevoke = { 
/**
 * Which.
 */
name: string, };

/**
 * What a token opens.
 */
export type TokenScope = "read" | "generate" | "manage";

/**
 * Removes everything in the trash for good.
 */
export type TrashEmpty = Record<symbol, never>;

/**
 * What is in the trash, last deleted first.
 */
export type TrashList = Record<symbol, never>;

/**
 * A conversation in the trash.
 */
export type TrashedConversation = { 
/**
 * Its row.
 */
conversation: ConversationSummary, 
/**
 * Unix time in milliseconds.
 */
deleted_at_ms: number, 
/**
 * When it is removed for good, Unix time in milliseconds.
 */
removed_at_ms: number, };

/**
 * A model in the trash.
 */
export type TrashedModel = { 
/**
 * Its id.
 */
id: ModelId, 
/**
 * For display.
 */
name: string, 
/**
 * Bytes.
 */
size_bytes: number, 
/**
 * Unix time in milliseconds.
 */
deleted_at_ms: number, 
/**
 * Unix time in milliseconds at which it is removed for good.
 */
removed_at_ms: number, };

/**
 * Letters of messages.
 */
export type Typeface = "sans" | "serif" | "monospace";

/**
 * Begins to look for one; events tell how it goes on. Programs that were built without an address of releases
 * refuse this and what follows.
 */
export type UpdateCheck = Record<symbol, never>;

/**
 * Begins to download the one that was found.
 */
export type UpdateDownload = { 
/**
 * Which.
 */
version: string, };

/**
 * What is known of newer versions of the app.
 */
export type UpdateGet = Record<symbol, never>;

/**
 * Puts the one that was downloaded in the place of this one, and starts it instead.
 */
export type UpdateInstall = { 
/**
 * Which.
 */
version: string, };

/**
 * What is known of newer versions.
 */
export type UpdateState = { "type": "unknown" } | { "type": "checking" } | { "type": "newest", 
/**
 * When that was known (Unix milliseconds).
 */
checked_at_ms: number, } | { "type": "found", 
/**
 * Which.
 */
release: Release, } | { "type": "downloading", 
/**
 * Which.
 */
release: Release, 
/**
 * Bytes that are here.
 */
done_bytes: number, 
/**
 * Bytes in all, if that is known.
 */
total_bytes: number | null, } | { "type": "downloaded", 
/**
 * Which.
 */
release: Release, } | { "type": "failed", 
/**
 * Why.
 */
error: ErrorReport, 
/**
 * The version that was found before.
 */
release: Release | null, };

/**
 * Whether newer versions can be looked for, and what is known of them.
 */
export type UpdateStatus = { 
/**
 * This program was built with an address of releases and the key they are signed with, and its window runs.
 */
is_possible: boolean, 
/**
 * What is known.
 */
state: UpdateState, };

/**
 * What a vote says.
 */
export type Verdict = { "type": "best", 
/**
 * The answer.
 */
message_id: MessageId, } | { "type": "tie" } | { "type": "all_bad" };

/**
 * Where checking a model's bytes against its hash stands.
 */
export type Verification = { "type": "queued" } | { "type": "reading", 
/**
 * 0 to 1.
 */
progress: number, } | { "type": "intact", 
/**
 * The hash.
 */
sha256: string, 
/**
 * There was a hash to compare with; otherwise this one is kept for the next time.
 */
compared: boolean, } | { "type": "damaged", 
/**
 * What they should be.
 */
expected: string, 
/**
 * What they are.
 */
found: string, } | { "type": "failed", 
/**
 * Why.
 */
error: ErrorReport, };

/**
 * Opens a conversation in a window of its own.
 */
export type WindowOpen = { 
/**
 * Which.
 */
conversation_id: ConversationId, };

/**
 * Shows a conversation in the main window, and that window before all others.
 */
export type WindowShow = { 
/**
 * Which.
 */
conversation_id: ConversationId, };

/**
 * What the process of a model does.
 */
export type WorkerDeed = "loading" | "answering" | "waiting";

/** Every command with its payload and its answer. */
export interface Commands {
  /** Version, machine, host and runtimes. */
  app_status: { request: AppStatusRequest; response: AppStatus };
  /** The workers that are installed, the preferred one first. Each is started once to hear what it says of itself. */
  runtime_list: { request: RuntimeList; response: Array<RuntimeReport> };
  /** Adds the workers of a runtime to the data folder, once each has said here what it is: all of them, or none. They are those in an archive or a folder, or the file of one; what is for other processors stays out. */
  runtime_add: { request: RuntimeAdd; response: Array<RuntimeReport> };
  /** Removes workers that were added to the data folder; refused while a model runs in one of them. */
  runtime_remove: { request: RuntimeRemove; response: Nothing };
  /** Conversations, pinned first, then newest first; `query` filters by title. */
  conversation_list: { request: ConversationList; response: Array<ConversationSummary> };
  /** A new conversation with the preset that is standard for its model. */
  conversation_create: { request: ConversationCreate; response: Conversation };
  /** One conversation. */
  conversation_get: { request: ConversationGet; response: Conversation };
  /** Changes what is given, leaves the rest. */
  conversation_update: { request: ConversationUpdate; response: Conversation };
  /** Hides a conversation; its run is stopped; it can be restored. */
  conversation_delete: { request: ConversationDelete; response: Nothing };
  /** Brings a deleted conversation back. */
  conversation_restore: { request: ConversationRestore; response: Conversation };
  /** Does one thing with several conversations, all or nothing; answers those that changed. Those that are not there are passed over. */
  conversation_organise: { request: ConversationOrganise; response: Array<ConversationSummary> };
  /** Removes deleted conversations for good; those that are not in the trash are passed over. */
  conversation_remove: { request: ConversationRemove; response: Nothing };
  /** The deleted conversations, last deleted first. */
  conversation_trash: { request: ConversationTrash; response: Array<TrashedConversation> };
  /** Removes all deleted conversations for good. */
  conversation_trash_empty: { request: ConversationTrashEmpty; response: Nothing };
  /** The tags that conversations have, in alphabetical order. */
  tag_list: { request: TagList; response: Array<TagUse> };
  /** The folders of conversations, by name. */
  folder_list: { request: FolderList; response: Array<Folder> };
  /** A new folder. */
  folder_create: { request: FolderCreate; response: Folder };
  /** Gives a folder another name. */
  folder_rename: { request: FolderRename; response: Folder };
  /** Puts a folder into another one, or at the top; never into itself or a folder inside it. */
  folder_move: { request: FolderMove; response: Folder };
  /** Dissolves a folder: what lies in it moves to the folder around it. It can be restored. */
  folder_delete: { request: FolderDelete; response: Nothing };
  /** Brings a deleted folder back, with what lay in it and was not moved since. */
  folder_restore: { request: FolderRestore; response: Folder };
  /** A new conversation that is never written to the disk, with the preset that is standard for its model. Deleting it removes it for good. */
  temporary_create: { request: TemporaryCreate; response: Conversation };
  /** Has a temporary conversation kept, under the same ids, from now on; not while an answer is written in it. */
  temporary_keep: { request: TemporaryKeep; response: Conversation };
  /** A copy of a conversation with all its branches. */
  conversation_duplicate: { request: ConversationDuplicate; response: Conversation };
  /** A new conversation with the messages up to this one, and the settings of the old one. */
  conversation_branch: { request: ConversationBranch; response: Conversation };
  /** A page of the shown branch, oldest first. */
  message_page: { request: MessagePageRequest; response: MessagePage };
  /** The messages of all branches, in outline. */
  message_outline: { request: MessageOutlineRequest; response: MessageOutline };
  /** Adds the person's message at the end of the branch and starts the answer. */
  message_send: { request: MessageSend; response: Started };
  /** Queues a message, to be sent when the answer being written has ended by itself; at once if it has meanwhile. Answers the whole queue. */
  queue_add: { request: QueueAdd; response: Array<QueuedMessage> };
  /** Moves a queued message to another place. Answers the whole queue. */
  queue_move: { request: QueueMove; response: Array<QueuedMessage> };
  /** Takes a message out of the queue. Answers the whole queue. */
  queue_remove: { request: QueueRemove; response: Array<QueuedMessage> };
  /** Sends the first message of a queue that waits, as after an answer that was stopped. */
  queue_send: { request: QueueSend; response: Started };
  /** Another version of an answer, under the same question. */
  message_regenerate: { request: MessageRegenerate; response: Started };
  /** Writes on at the end of an answer that was stopped, interrupted, cut or edited. */
  message_continue: { request: MessageContinue; response: Started };
  /** Another version of a message with other words and what was attached to it; a person's message is answered anew if `generate`. */
  message_edit: { request: MessageEdit; response: Started };
  /** Adds a message of either role, without an answer to it. */
  message_insert: { request: MessageInsert; response: Message };
  /** Keeps a message from the model, or lets it see it again. */
  message_leave_out: { request: MessageLeaveOut; response: Message };
  /** Marks an answer as good, or takes the mark away. */
  message_mark_good: { request: MessageMarkGood; response: Message };
  /** Gives a summary other words; answers the message it stands at. */
  summary_update: { request: SummaryUpdate; response: Message };
  /** Removes a summary, so that the messages it stood for are sent again; answers the message it stood at. Where they have no room, another one is written with the next answer. */
  summary_delete: { request: SummaryDelete; response: Message };
  /** Shows the branch through this message. */
  message_select: { request: MessageSelect; response: Conversation };
  /** Hides a message and all that answers it; it can be restored. */
  message_delete: { request: MessageDelete; response: Conversation };
  /** Brings a deleted message and its answers back. */
  message_restore: { request: MessageRestore; response: Conversation };
  /** Conversations that have all the words in their title, their notes or one message, of whatever branch; titles first, then the newest. Looks at the newest 2,000 messages, and titles, that have them. */
  message_search: { request: MessageSearch; response: Array<SearchResult> };
  /** The names of the models that wrote messages, whether they are here or not, in alphabetical order. */
  message_models: { request: MessageModels; response: Array<string> };
  /** The messages of the shown branch that have this text in them, oldest first. Case and diacritics do not count. */
  message_find: { request: MessageFind; response: Array<MessageId> };
  /** What a picked file or folder with conversations holds; changes nothing. */
  exchange_preview: { request: ExchangePreviewRequest; response: ExchangePreview };
  /** Imports the conversations of a picked file or folder that are not here yet; progress comes as events. */
  exchange_import: { request: ExchangeImport; response: ExchangeReport };
  /** Writes one conversation, or several that have messages, as a file: several are a zip with one file each, except JSONL, which is one file. */
  exchange_export: { request: ExchangeExport; response: Exported };
  /** Reads a picked or dropped file, to be attached to a message. */
  attachment_add: { request: AttachmentAdd; response: Attachment };
  /** Reads the bytes of a file, or of a text that was pasted, to be attached to a message. */
  attachment_give: { request: AttachmentGive; response: Attachment };
  /** What was taken from a file: the text that the model is sent. */
  attachment_text: { request: AttachmentText; response: string };
  /** An attached image, as models see it. */
  attachment_image: { request: AttachmentImage; response: AttachedImage };
  /** Ends a run within one token; its words are kept. */
  run_stop: { request: RunStop; response: Nothing };
  /** Tokens of the prompt as it would be sent now; needs the model loaded. */
  context_count: { request: ContextCount; response: ContextUse };
  /** Tokens of the prompt that a new conversation would begin with; needs the model loaded. */
  context_count_new: { request: ContextCountNew; response: ContextUse };
  /** The prompt as it would be sent now, or as it was sent for an answer, taken apart; needs the model loaded. */
  context_inspect: { request: ContextInspect; response: ContextReport };
  /** Asks several models or presets one question at the end of the shown branch. As many answer at once as the machine has cores and memory for; the others wait in order. */
  comparison_start: { request: ComparisonStart; response: Comparison };
  /** One comparison. */
  comparison_get: { request: ComparisonGet; response: Comparison };
  /** The latest comparison of a conversation. */
  comparison_latest: { request: ComparisonLatest; response: Comparison | null };
  /** Votes on a comparison whose answers have all ended; the best answer is kept at once. A vote stays. */
  comparison_vote: { request: ComparisonVote; response: Comparison };
  /** Goes on from an answer of a comparison: its branch is shown, and the conversation takes its model and preset. */
  comparison_keep: { request: ComparisonKeep; response: Conversation };
  /** What the votes come to, the best first. */
  rating_list: { request: RatingList; response: Array<Rating> };
  /** Writes all comparisons, or the ratings, as a file. */
  comparison_export: { request: ComparisonExport; response: Exported };
  /** What a conversation has where it sets nothing itself, and where each value comes from. */
  settings_inherit: { request: SettingsInherit; response: Inherited };
  /** Presets by name. */
  preset_list: { request: PresetList; response: Array<Preset> };
  /** Keeps values as a preset. */
  preset_create: { request: PresetCreate; response: Preset };
  /** Changes what is given, leaves the rest. */
  preset_update: { request: PresetUpdate; response: Preset };
  /** Takes a preset off the list; conversations based on it keep its values. It can be restored. */
  preset_delete: { request: PresetDelete; response: Nothing };
  /** Brings a deleted preset back. */
  preset_restore: { request: PresetRestore; response: Preset };
  /** Reads a preset file of LM Studio (`*.preset.json`). */
  preset_import: { request: PresetImport; response: ImportedPreset };
  /** Writes a preset into a folder, as LM Studio does; answers the path of the file. */
  preset_export: { request: PresetExport; response: string };
  /** Prompts by title: the person's own, then those that come with the app. */
  prompt_list: { request: PromptList; response: Array<LibraryPrompt> };
  /** Keeps a prompt. */
  prompt_create: { request: PromptCreate; response: LibraryPrompt };
  /** Replaces title and text of a prompt. */
  prompt_update: { request: PromptUpdate; response: LibraryPrompt };
  /** Takes a prompt off the list; it can be restored. */
  prompt_delete: { request: PromptDelete; response: Nothing };
  /** Brings a deleted prompt back. */
  prompt_restore: { request: PromptRestore; response: LibraryPrompt };
  /** The library. */
  model_list: { request: ModelList; response: Array<Model> };
  /** Looks through all roots again. */
  model_scan: { request: ModelScan; response: ImportOutcome };
  /** Adds a picked file, or all models of a picked folder. */
  model_import: { request: ModelImport; response: ImportOutcome };
  /** Stops an import that copies; what it has copied is removed. One that has ended is no error. */
  model_import_cancel: { request: ModelImportCancel; response: Nothing };
  /** Changes what is given, leaves the rest. */
  model_update: { request: ModelUpdate; response: Model };
  /** Forgets a model; its file stays, and no scan brings it back until it is imported again. */
  model_forget: { request: ModelForget; response: Nothing };
  /** Moves a model of the app's own folder to the trash; it can be restored. */
  model_delete: { request: ModelDelete; response: TrashedModel };
  /** Brings a model back from the trash. */
  model_restore: { request: ModelRestore; response: Model };
  /** What its header says. */
  model_header: { request: ModelHeader; response: HeaderReport };
  /** Shows its file in the file manager. */
  model_reveal: { request: ModelReveal; response: Nothing };
  /** Checks its bytes against its hash; progress comes as events. */
  model_verify: { request: ModelVerify; response: Nothing };
  /** Models with the same content. */
  model_duplicates: { request: ModelDuplicates; response: Array<DuplicateGroup> };
  /** Replaces files of the app's own folder by hard links to one of the group; answers the bytes freed. */
  model_link_duplicates: { request: ModelLinkDuplicates; response: number };
  /** How a model is loaded unless something else is asked for. */
  model_defaults_get: { request: ModelDefaultsGet; response: ModelDefaults };
  /** Replaces that. */
  model_defaults_set: { request: ModelDefaultsSet; response: ModelDefaults };
  /** What loading would take. */
  model_fit: { request: ModelFit; response: MemoryFit };
  /** Models of the library that can guess for this one with llama.cpp: smaller, with the same vocabulary; the smallest first. */
  draft_list: { request: DraftList; response: Array<DraftModel> };
  /** Adapters in the folders of the library that are for models of this one's architecture, by name. */
  adapter_list: { request: AdapterList; response: Array<Adapter> };
  /** Starts a worker for the model; progress comes as events. Loading a loaded model is no error. */
  model_load: { request: ModelLoad; response: LoadedModel };
  /** Turns texts into vectors; the model is loaded for that if it is not. */
  model_embed: { request: ModelEmbed; response: Embeddings };
  /** Measures how fast the model is here: it is loaded anew with each runtime, asked a few things, and left as it was. Progress comes as events; who does not wait for the answer ends it. */
  model_measure: { request: ModelMeasure; response: Measured };
  /** Ends a measurement; what it found before is kept. One that has ended is no error. */
  model_measure_stop: { request: ModelMeasureStop; response: Nothing };
  /** How fast the model was when that was last measured, with each runtime at each length of prompt. */
  model_speeds: { request: ModelSpeedsGet; response: Array<ModelSpeed> };
  /** Ends the worker of the model, and with it all its memory. */
  model_eject: { request: ModelEject; response: Nothing };
  /** What is loaded or loading. */
  model_loaded: { request: ModelLoaded; response: Array<LoadedModel> };
  /** What is in the trash, last deleted first. */
  trash_list: { request: TrashList; response: Array<TrashedModel> };
  /** Removes everything in the trash for good. */
  trash_empty: { request: TrashEmpty; response: Nothing };
  /** What takes how much space. */
  disk_use: { request: DiskUseRequest; response: DiskUse };
  /** Folders of the library. */
  root_list: { request: RootList; response: Array<ModelRoot> };
  /** Registers a picked folder and looks through it. */
  root_add: { request: RootAdd; response: ImportOutcome };
  /** Forgets a folder and its models; the files stay. */
  root_remove: { request: RootRemove; response: Nothing };
  /** Folders of other apps on this machine. */
  root_suggest: { request: RootSuggest; response: Array<RootSuggestion> };
  /** Opens a native dialog; an empty answer if it was cancelled. */
  path_pick: { request: PathPick; response: Array<PickedPath> };
  /** Mints a handle for a path a person typed. */
  path_type: { request: PathType; response: PickedPath };
  /** What the system asked to open since this was called last; who takes it asks the person. */
  opening_take: { request: OpeningTake; response: Array<Opening> };
  /** Opens a conversation in a window of its own. */
  window_open: { request: WindowOpen; response: Nothing };
  /** Shows a conversation in the main window, and that window before all others. */
  window_show: { request: WindowShow; response: Nothing };
  /** Whether keys open the window for a quick question; which ones is in the settings. */
  quick_ask_get: { request: QuickAskGet; response: QuickAsk };
  /** Hides that window. */
  quick_ask_hide: { request: QuickAskHide; response: Nothing };
  /** Whether the app starts when the person logs in. */
  login_start_get: { request: LoginStartGet; response: LoginStart };
  /** Starts it then from now on, or no more. */
  login_start_set: { request: LoginStartSet; response: LoginStart };
  /** The reports of crashes that are kept, newest first. */
  crash_list: { request: CrashList; response: CrashReports };
  /** One of them, as text. */
  crash_read: { request: CrashRead; response: string };
  /** Shows its file in the file manager; only the window can. */
  crash_reveal: { request: CrashReveal; response: Nothing };
  /** Deletes one, or all. */
  crash_delete: { request: CrashDelete; response: Nothing };
  /** How the run before this one ended, if not by being closed. It is answered once: who takes it tells the person. */
  crash_take: { request: CrashTake; response: Crash | null };
  /** The copies of the database that lie beside it, newest first. */
  database_copy_list: { request: DatabaseCopyList; response: DatabaseCopies };
  /** Makes one now. */
  database_copy_make: { request: DatabaseCopyMake; response: DatabaseCopies };
  /** Has a copy take the place of the database when the app starts next. What is there then is kept as another copy. */
  database_copy_plan: { request: DatabaseCopyPlan; response: DatabaseCopies };
  /** Deletes one for good. */
  database_copy_delete: { request: DatabaseCopyDelete; response: DatabaseCopies };
  /** Ends the app and starts it again; only the window can. */
  app_restart: { request: AppRestart; response: Nothing };
  /** What is known of newer versions of the app. */
  update_get: { request: UpdateGet; response: UpdateStatus };
  /** Begins to look for one; events tell how it goes on. Programs that were built without an address of releases refuse this and what follows. */
  update_check: { request: UpdateCheck; response: UpdateStatus };
  /** Begins to download the one that was found. */
  update_download: { request: UpdateDownload; response: UpdateStatus };
  /** Puts the one that was downloaded in the place of this one, and starts it instead. */
  update_install: { request: UpdateInstall; response: Nothing };
  /** The model for a first start. */
  starter_get: { request: StarterGet; response: StarterModel };
  /** Downloads it; progress comes as events. */
  starter_download: { request: StarterDownload; response: Download };
  /** Searches the Hub for GGUF models. A newer search of the same `channel` ends an older one with `superseded`. */
  hub_search: { request: HubSearch; response: HubPage };
  /** One repository. */
  hub_model: { request: HubModelGet; response: HubModel };
  /** The text of its README. */
  hub_card: { request: HubCardGet; response: HubCard };
  /** The header of one of its files, read by ranges. */
  hub_header: { request: HubHeaderGet; response: HeaderReport };
  /** What loading each of its models would take, from one header and the sizes. */
  hub_fit: { request: HubFitGet; response: Array<HubVariantFit> };
  /** The starter catalogue. */
  hub_catalogue: { request: HubCatalogue; response: Array<CatalogueEntry> };
  /** The queue in its order, then what is finished. */
  download_list: { request: DownloadList; response: Array<Download> };
  /** Adds a model of the Hub to the end of the queue. One that is there already is resumed and answered. */
  download_start: { request: DownloadStart; response: Download };
  /** Stops a download and keeps its bytes. */
  download_pause: { request: DownloadPause; response: Nothing };
  /** Goes on where it was, also after a failure. */
  download_resume: { request: DownloadResume; response: Nothing };
  /** Stops a download and removes its bytes. */
  download_cancel: { request: DownloadCancel; response: Nothing };
  /** Moves a download in the queue. */
  download_move: { request: DownloadMove; response: Array<Download> };
  /** Takes finished downloads off the list; the models stay. */
  download_clear: { request: DownloadClear; response: Nothing };
  /** Who we are to the Hub; `check` asks it. */
  account_get: { request: AccountGet; response: HubAccount };
  /** Keeps a token and asks the Hub whose it is. */
  account_set: { request: AccountSet; response: HubAccount };
  /** Connections, newest first. */
  connection_list: { request: ConnectionList; response: Array<Connection> };
  /** Forgets them. */
  connection_clear: { request: ConnectionClear; response: Nothing };
  /** The engines on other machines, in the order they were added. */
  engine_list: { request: EngineList; response: Array<RemoteEngine> };
  /** Adds an engine that speaks OpenAI's API, with the models it has; one that does not answer is not added. An address that is known already gets the new name and token. */
  engine_add: { request: EngineAdd; response: RemoteEngine };
  /** Asks an engine for its models once more. */
  engine_test: { request: EngineTest; response: RemoteEngine };
  /** Forgets an engine, its token and its models; conversations with them stay. */
  engine_remove: { request: EngineRemove; response: Nothing };
  /** How the API server stands, and what was asked of it last. */
  server_status: { request: ServerStatusGet; response: ServerStatus };
  /** What was asked and answered in a request; not found if that is not kept. */
  server_exchange: { request: ServerExchange; response: ServedExchange };
  /** Asks the API server from inside, whether it listens or not. Answered at once; the exchange is kept. */
  server_send: { request: ServerSend; response: SentRequest };
  /** Ends a request that was sent from inside; one that has ended stays as it is. */
  server_stop: { request: ServerStop; response: Nothing };
  /** The tokens of the API server, oldest first. */
  token_list: { request: TokenList; response: Array<ServerToken> };
  /** Makes one; it is answered this once. */
  token_create: { request: TokenCreate; response: NewToken };
  /** Removes one; who uses it is refused from then on. */
  token_revoke: { request: TokenRevoke; response: Nothing };
  /** All settings. */
  settings_get: { request: SettingsGet; response: Settings };
  /** Replaces all settings. */
  settings_set: { request: SettingsSet; response: Settings };
}

/** Every stream with its payload and its messages. */
export interface Streams {
  run_follow: { request: RunFollow; message: RunUpdate };
}
