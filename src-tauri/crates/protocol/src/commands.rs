//! The command table: every command of the wire, once.
//!
//! From this table come the [`Handler`] trait with its dispatcher, the list [`COMMANDS`], and the
//! TypeScript map in [`crate::typescript`]. Streams are separate: there is one, `run_follow`, whose
//! messages are [`RunUpdate`](crate::RunUpdate).
//!
//! It is so long because it is the whole table, one declaration a command.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use ts_rs::TS;

use crate::*;

/// For commands that take or answer nothing: `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// A declared command.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// `noun_verb`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// Name of the request type.
    pub request: &'static str,
    /// TypeScript of the answer type.
    pub response: fn(&ts_rs::Config) -> String,
}

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident($request:ident { $($(#[doc = $field_doc:literal])* $(#[ts($($ts:tt)*)])? $field:ident : $ty:ty),* $(,)? }) -> $response:ty;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
            #[serde(deny_unknown_fields)]
            #[ts(optional_fields = nullable)]
            pub struct $request {
                $($(#[doc = $field_doc])* $(#[ts($($ts)*)])? pub $field: $ty,)*
            }
        )+

        /// Every command, in the order of the table.
        pub const COMMANDS: &[CommandSpec] = &[$(CommandSpec {
            name: stringify!($name),
            doc: concat!($($doc),+),
            request: stringify!($request),
            response: <$response as TS>::name,
        },)+];

        /// The bodies of the commands; `dispatch` calls them by name.
        pub trait Handler: Sync {
            $(
                $(#[doc = $doc])+
                fn $name(&self, request: $request) -> impl Future<Output = Result<$response, ErrorReport>> + Send;
            )+
        }

        /// Runs the command `name` with a JSON payload. The answer is the JSON text itself: hosts pass it on, and a
        /// tree of a long list takes longer to build than the list.
        ///
        /// # Errors
        /// [`ErrorCode::NotFound`] for an unknown name, [`ErrorCode::InvalidRequest`] for a payload
        /// of another shape, and whatever the command itself reports.
        pub async fn dispatch(handler: &impl Handler, name: &str, payload: Value) -> Result<Box<RawValue>, ErrorReport> {
            match name {
                $(stringify!($name) => {
                    let request: $request = serde_json::from_value(payload).map_err(|error| {
                        ErrorReport::new(ErrorCode::InvalidRequest, format!("{}: {error}", stringify!($name)))
                    })?;
                    let response = handler.$name(request).await?;
                    to_raw_value(&response)
                        .map_err(|error| ErrorReport::new(ErrorCode::Internal, error.to_string()))
                })+
                _ => Err(ErrorReport::new(ErrorCode::NotFound, format!("no command is called `{name}`"))),
            }
        }

        /// Visits the types of the table, for the TypeScript module.
        pub(crate) fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $(visitor.visit::<$request>(); visitor.visit::<$response>(); <$response as TS>::visit_generics(visitor);)+
        }
    };
}

commands! {
    /// Version, machine, host and runtimes.
    app_status(AppStatusRequest {}) -> AppStatus;

    /// The workers that are installed, the preferred one first. Each is started once to hear what it says of itself.
    runtime_list(RuntimeList {}) -> Vec<RuntimeReport>;
    /// Adds the workers of a runtime to the data folder, once each has said here what it is: all of them, or none. They
    /// are those in an archive or a folder, or the file of one; what is for other processors stays out.
    runtime_add(RuntimeAdd { #[doc = " Archive, folder or file."] handle: PathHandle }) -> Vec<RuntimeReport>;
    /// Removes workers that were added to the data folder; refused while a model runs in one of them.
    runtime_remove(RuntimeRemove {
        /// Of one as `runtime_list` has it, or how those of several begin, such as `llamacpp`.
        key: String,
    }) -> Nothing;

    /// Conversations, pinned first, then newest first; `query` filters by title.
    conversation_list(ConversationList {
        /// Words of the title; empty for all.
        query: String,
        /// Which ones; none is those that are not archived.
        shelf: Option<Shelf>,
        /// Only those that lie in this folder itself.
        folder_id: Option<FolderId>,
        /// Only those with this tag, in any case.
        tag: Option<String>,
        /// Only conversations behind this place, for the next page.
        after: Option<ConversationCursor>,
        /// At most this many, 1 to 500.
        limit: u32,
    }) -> Vec<ConversationSummary>;
    /// A new conversation with the preset that is standard for its model.
    conversation_create(ConversationCreate {
        /// The model it talks to.
        model_id: Option<ModelId>,
    }) -> Conversation;
    /// One conversation.
    conversation_get(ConversationGet { #[doc = " Which."] id: ConversationId }) -> Conversation;
    /// Changes what is given, leaves the rest.
    conversation_update(ConversationUpdate {
        /// Which.
        id: ConversationId,
        /// New title, not empty.
        title: Option<String>,
        /// Pin or unpin.
        pinned: Option<bool>,
        /// Choose the model.
        model_id: Option<ModelId>,
        /// Preset and own values, all of them.
        settings: Option<ConversationSettings>,
        /// Text being written.
        draft: Option<String>,
        /// Files that go with it, all of them, at most 32.
        draft_attachments: Option<Vec<AttachmentId>>,
        /// What is written beside it, all of it.
        notes: Option<String>,
        /// Seen or not.
        unread: Option<bool>,
    }) -> Conversation;
    /// Hides a conversation; its run is stopped; it can be restored.
    conversation_delete(ConversationDelete { #[doc = " Which."] id: ConversationId }) -> Nothing;
    /// Brings a deleted conversation back.
    conversation_restore(ConversationRestore { #[doc = " Which."] id: ConversationId }) -> Conversation;
    /// Does one thing with several conversations, all or nothing; answers those that changed. Those that are not there
    /// are passed over.
    conversation_organise(ConversationOrganise {
        /// Which, 1 to 10,000.
        ids: Vec<ConversationId>,
        /// What.
        change: Organising,
    }) -> Vec<ConversationSummary>;
    /// Removes deleted conversations for good; those that are not in the trash are passed over.
    conversation_remove(ConversationRemove { #[doc = " Which, 1 to 10,000."] ids: Vec<ConversationId> }) -> Nothing;
    /// The deleted conversations, last deleted first.
    conversation_trash(ConversationTrash {}) -> Vec<TrashedConversation>;
    /// Removes all deleted conversations for good.
    conversation_trash_empty(ConversationTrashEmpty {}) -> Nothing;
    /// The tags that conversations have, in alphabetical order.
    tag_list(TagList {}) -> Vec<TagUse>;
    /// The folders of conversations, by name.
    folder_list(FolderList {}) -> Vec<Folder>;
    /// A new folder.
    folder_create(FolderCreate {
        /// Not blank, at most 200 characters.
        name: String,
        /// The folder it lies in; none at the top.
        parent_id: Option<FolderId>,
    }) -> Folder;
    /// Gives a folder another name.
    folder_rename(FolderRename {
        /// Which.
        id: FolderId,
        /// Not blank, at most 200 characters.
        name: String,
    }) -> Folder;
    /// Puts a folder into another one, or at the top; never into itself or a folder inside it.
    folder_move(FolderMove {
        /// Which.
        id: FolderId,
        /// Where to.
        parent_id: Option<FolderId>,
    }) -> Folder;
    /// Dissolves a folder: what lies in it moves to the folder around it. It can be restored.
    folder_delete(FolderDelete { #[doc = " Which."] id: FolderId }) -> Nothing;
    /// Brings a deleted folder back, with what lay in it and was not moved since.
    folder_restore(FolderRestore { #[doc = " Which."] id: FolderId }) -> Folder;
    /// A new conversation that is never written to the disk, with the preset that is standard for its model. Deleting it
    /// removes it for good.
    temporary_create(TemporaryCreate { #[doc = " The model it talks to."] model_id: Option<ModelId> }) -> Conversation;
    /// Has a temporary conversation kept, under the same ids, from now on; not while an answer is written in it.
    temporary_keep(TemporaryKeep { #[doc = " Which."] id: ConversationId }) -> Conversation;
    /// A copy of a conversation with all its branches.
    conversation_duplicate(ConversationDuplicate { #[doc = " Which."] id: ConversationId }) -> Conversation;
    /// A new conversation with the messages up to this one, and the settings of the old one.
    conversation_branch(ConversationBranch { #[doc = " The last message to take along."] message_id: MessageId }) -> Conversation;

    /// A page of the shown branch, oldest first.
    message_page(MessagePageRequest {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which page; none is the one at the end.
        place: Option<PagePlace>,
        /// At most this many, 1 to 500.
        limit: u32,
    }) -> MessagePage;
    /// The messages of all branches, in outline.
    message_outline(MessageOutlineRequest { #[doc = " Which conversation."] conversation_id: ConversationId }) -> MessageOutline;
    /// Adds the person's message at the end of the branch and starts the answer.
    message_send(MessageSend {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Not blank, unless something is attached.
        content: String,
        /// Files to send with it, at most 32.
        attachments: Vec<AttachmentId>,
    }) -> Started;
    /// Queues a message, to be sent when the answer being written has ended by itself; at once if it has meanwhile.
    /// Answers the whole queue.
    queue_add(QueueAdd {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Not blank, unless something is attached.
        content: String,
        /// Files to send with it, at most 32.
        attachments: Vec<AttachmentId>,
        /// Its place, from 0; none is the end.
        place: Option<u32>,
        /// It was the draft, which is empty then.
        is_draft: bool,
    }) -> Vec<QueuedMessage>;
    /// Moves a queued message to another place. Answers the whole queue.
    queue_move(QueueMove {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which message.
        id: QueuedMessageId,
        /// Where to, from 0.
        place: u32,
    }) -> Vec<QueuedMessage>;
    /// Takes a message out of the queue. Answers the whole queue.
    queue_remove(QueueRemove {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which message.
        id: QueuedMessageId,
    }) -> Vec<QueuedMessage>;
    /// Sends the first message of a queue that waits, as after an answer that was stopped.
    queue_send(QueueSend { #[doc = " Which conversation."] conversation_id: ConversationId }) -> Started;
    /// Another version of an answer, under the same question.
    message_regenerate(MessageRegenerate {
        /// The answer.
        id: MessageId,
        /// The model that writes this version; none is the conversation's.
        model_id: Option<ModelId>,
    }) -> Started;
    /// Writes on at the end of an answer that was stopped, interrupted, cut or edited.
    message_continue(MessageContinue { #[doc = " The answer, last of its branch."] id: MessageId }) -> Started;
    /// Another version of a message with other words and what was attached to it; a person's message is answered anew
    /// if `generate`.
    message_edit(MessageEdit {
        /// Which.
        id: MessageId,
        /// The new words.
        content: String,
        /// Answer it.
        generate: bool,
    }) -> Started;
    /// Adds a message of either role, without an answer to it.
    message_insert(MessageInsert {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Between this message and all that answers it; none is the end of the shown branch.
        after: Option<MessageId>,
        /// Who is to have said it.
        role: Role,
        /// Not blank.
        content: String,
    }) -> Message;
    /// Keeps a message from the model, or lets it see it again.
    message_leave_out(MessageLeaveOut {
        /// Which.
        id: MessageId,
        /// Keep it from the model.
        left_out: bool,
    }) -> Message;
    /// Marks an answer as good, or takes the mark away.
    message_mark_good(MessageMarkGood {
        /// Which; one that a model wrote.
        id: MessageId,
        /// It is.
        good: bool,
    }) -> Message;
    /// Gives a summary other words; answers the message it stands at.
    summary_update(SummaryUpdate {
        /// Which.
        id: SummaryId,
        /// Not blank.
        text: String,
    }) -> Message;
    /// Removes a summary, so that the messages it stood for are sent again; answers the message it stood at. Where they
    /// have no room, another one is written with the next answer.
    summary_delete(SummaryDelete { #[doc = " Which."] id: SummaryId }) -> Message;
    /// Shows the branch through this message.
    message_select(MessageSelect { #[doc = " Which."] id: MessageId }) -> Conversation;
    /// Hides a message and all that answers it; it can be restored.
    message_delete(MessageDelete { #[doc = " Which."] id: MessageId }) -> Conversation;
    /// Brings a deleted message and its answers back.
    message_restore(MessageRestore { #[doc = " Which."] id: MessageId }) -> Conversation;
    /// Conversations that have all the words in their title, their notes or one message, of whatever branch; titles first, then
    /// the newest. Looks at the newest 2,000 messages, and titles, that have them.
    message_search(MessageSearch {
        /// Words, and phrases in double quotes; the last word may be its beginning only. Case and diacritics do not count.
        query: String,
        /// Only messages of the person, or of models; leaves out titles and notes.
        role: Option<Role>,
        /// Only messages of the model of this name; leaves out titles and notes.
        model_name: Option<String>,
        /// Only conversations of this folder and the folders inside it.
        folder_id: Option<FolderId>,
        /// Only conversations with this tag, in any case.
        tag: Option<String>,
        /// Not before this time, Unix time in milliseconds.
        from_ms: Option<i64>,
        /// Before this time, Unix time in milliseconds.
        until_ms: Option<i64>,
        /// Only results behind this place, for the next page.
        after: Option<SearchCursor>,
        /// At most this many, 1 to 500.
        limit: u32,
    }) -> Vec<SearchResult>;
    /// The names of the models that wrote messages, whether they are here or not, in alphabetical order.
    message_models(MessageModels {}) -> Vec<String>;
    /// The messages of the shown branch that have this text in them, oldest first. Case and diacritics do not count.
    message_find(MessageFind {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Found also inside of words.
        query: String,
    }) -> Vec<MessageId>;

    /// What a picked file or folder with conversations holds; changes nothing.
    exchange_preview(ExchangePreviewRequest { #[doc = " From `path_pick`, `path_type` or a drop."] handle: PathHandle }) -> ExchangePreview;
    /// Imports the conversations of a picked file or folder that are not here yet; progress comes as events.
    exchange_import(ExchangeImport { #[doc = " From `path_pick`, `path_type` or a drop."] handle: PathHandle }) -> ExchangeReport;
    /// Writes one conversation, or several that have messages, as a file: several are a zip with one file each, except
    /// JSONL, which is one file.
    exchange_export(ExchangeExport {
        /// Which.
        scope: ExportScope,
        /// As what.
        format: ExportFormat,
        /// Each line ends at an answer that is marked as good, on whatever branch; only of JSONL.
        only_good: bool,
        /// Where to.
        target: ExportTarget,
    }) -> Exported;

    /// Reads a picked or dropped file, to be attached to a message.
    attachment_add(AttachmentAdd {
        /// From `path_pick`, `path_type` or a drop.
        handle: PathHandle,
        /// Whose message it is for; what is for a temporary conversation stays in memory as well.
        conversation_id: Option<ConversationId>,
    }) -> Attachment;
    /// Reads the bytes of a file, or of a text that was pasted, to be attached to a message.
    attachment_give(AttachmentGive {
        /// Of the file; its ending tells what kind of text it is.
        name: String,
        /// At most 16 MiB of bytes, in base64.
        content_base64: String,
        /// Whose message it is for, as in `attachment_add`.
        conversation_id: Option<ConversationId>,
    }) -> Attachment;
    /// What was taken from a file: the text that the model is sent.
    attachment_text(AttachmentText { #[doc = " Which."] id: AttachmentId }) -> String;
    /// An attached image, as models see it.
    attachment_image(AttachmentImage { #[doc = " Which."] id: AttachmentId }) -> AttachedImage;

    /// Ends a run within one token; its words are kept.
    run_stop(RunStop { #[doc = " Which."] id: RunId }) -> Nothing;
    /// Tokens of the prompt as it would be sent now; needs the model loaded.
    context_count(ContextCount {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Text being written.
        draft: String,
        /// Files attached to it.
        attachments: Vec<AttachmentId>,
    }) -> ContextUse;
    /// Tokens of the prompt that a new conversation would begin with; needs the model loaded.
    context_count_new(ContextCountNew {
        /// The model it would talk to.
        model_id: ModelId,
        /// The preset it would begin with.
        preset: PresetChoice,
        /// What it would set itself.
        values: LayerValues,
        /// Text being written.
        draft: String,
        /// Files attached to it.
        attachments: Vec<AttachmentId>,
    }) -> ContextUse;
    /// The prompt as it would be sent now, or as it was sent for an answer, taken apart; needs the model loaded.
    context_inspect(ContextInspect {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Text being written.
        draft: String,
        /// Files attached to it.
        attachments: Vec<AttachmentId>,
        /// The prompt of this answer instead; the draft is not looked at then.
        answer: Option<MessageId>,
    }) -> ContextReport;

    /// Asks several models or presets one question at the end of the shown branch. As many answer at once as the
    /// machine has cores and memory for; the others wait in order.
    comparison_start(ComparisonStart {
        /// Where; none is a new conversation.
        conversation_id: Option<ConversationId>,
        /// The question, not blank.
        content: String,
        /// Two to four, all different.
        contestants: Vec<Contestant>,
        /// Hide names until the vote, and show the answers in random order.
        is_blind: bool,
        /// Seed of every answer; none is a random one.
        seed: Option<u32>,
    }) -> Comparison;
    /// One comparison.
    comparison_get(ComparisonGet { #[doc = " Which."] id: ComparisonId }) -> Comparison;
    /// The latest comparison of a conversation.
    comparison_latest(ComparisonLatest { #[doc = " Which conversation."] conversation_id: ConversationId }) -> Option<Comparison>;
    /// Votes on a comparison whose answers have all ended; the best answer is kept at once. A vote stays.
    comparison_vote(ComparisonVote {
        /// Which.
        id: ComparisonId,
        /// The vote.
        verdict: Verdict,
    }) -> Comparison;
    /// Goes on from an answer of a comparison: its branch is shown, and the conversation takes its model and preset.
    comparison_keep(ComparisonKeep {
        /// Which.
        id: ComparisonId,
        /// The answer.
        message_id: MessageId,
    }) -> Conversation;
    /// What the votes come to, the best first.
    rating_list(RatingList {}) -> Vec<Rating>;
    /// Writes all comparisons, or the ratings, as a file.
    comparison_export(ComparisonExport {
        /// What and how.
        format: ComparisonExportFormat,
        /// Where to.
        target: ExportTarget,
    }) -> Exported;

    /// What a conversation has where it sets nothing itself, and where each value comes from.
    settings_inherit(SettingsInherit {
        /// Its model.
        model_id: Option<ModelId>,
        /// Its preset.
        preset: PresetChoice,
    }) -> Inherited;

    /// Presets by name.
    preset_list(PresetList {}) -> Vec<Preset>;
    /// Keeps values as a preset.
    preset_create(PresetCreate {
        /// Not blank, at most 200 characters.
        name: String,
        /// What it sets.
        values: LayerValues,
    }) -> Preset;
    /// Changes what is given, leaves the rest.
    preset_update(PresetUpdate {
        /// Which.
        id: PresetId,
        /// New name.
        name: Option<String>,
        /// New values, all of them.
        values: Option<LayerValues>,
    }) -> Preset;
    /// Takes a preset off the list; conversations based on it keep its values. It can be restored.
    preset_delete(PresetDelete { #[doc = " Which."] id: PresetId }) -> Nothing;
    /// Brings a deleted preset back.
    preset_restore(PresetRestore { #[doc = " Which."] id: PresetId }) -> Preset;
    /// Reads a preset file of LM Studio (`*.preset.json`).
    preset_import(PresetImport { #[doc = " A file's."] handle: PathHandle }) -> ImportedPreset;
    /// Writes a preset into a folder, as LM Studio does; answers the path of the file.
    preset_export(PresetExport {
        /// Which.
        id: PresetId,
        /// A folder's.
        handle: PathHandle,
    }) -> String;

    /// Prompts by title: the person's own, then those that come with the app.
    prompt_list(PromptList {}) -> Vec<LibraryPrompt>;
    /// Keeps a prompt.
    prompt_create(PromptCreate {
        /// Not blank, at most 200 characters.
        title: String,
        /// Not blank.
        text: String,
    }) -> LibraryPrompt;
    /// Replaces title and text of a prompt.
    prompt_update(PromptUpdate {
        /// Which.
        id: PromptId,
        /// Not blank, at most 200 characters.
        title: String,
        /// Not blank.
        text: String,
    }) -> LibraryPrompt;
    /// Takes a prompt off the list; it can be restored.
    prompt_delete(PromptDelete { #[doc = " Which."] id: PromptId }) -> Nothing;
    /// Brings a deleted prompt back.
    prompt_restore(PromptRestore { #[doc = " Which."] id: PromptId }) -> LibraryPrompt;

    /// The library.
    model_list(ModelList {}) -> Vec<Arc<Model>>;
    /// Looks through all roots again.
    model_scan(ModelScan {}) -> ImportOutcome;
    /// Adds a picked file, or all models of a picked folder.
    model_import(ModelImport {
        /// From `path_pick`, `path_type` or a drop.
        handle: PathHandle,
        /// Where its bytes are to be.
        mode: ImportMode,
    }) -> ImportOutcome;
    /// Stops an import that copies; what it has copied is removed. One that has ended is no error.
    model_import_cancel(ModelImportCancel { #[doc = " What the import was given."] handle: PathHandle }) -> Nothing;
    /// Changes what is given, leaves the rest.
    model_update(ModelUpdate {
        /// Which.
        id: ModelId,
        /// New name for display, not empty.
        name: Option<String>,
        /// Mark or unmark.
        favourite: Option<bool>,
        /// New notes.
        notes: Option<String>,
    }) -> Model;
    /// Forgets a model; its file stays, and no scan brings it back until it is imported again.
    model_forget(ModelForget { #[doc = " Which."] id: ModelId }) -> Nothing;
    /// Moves a model of the app's own folder to the trash; it can be restored.
    model_delete(ModelDelete { #[doc = " Which."] id: ModelId }) -> TrashedModel;
    /// Brings a model back from the trash.
    model_restore(ModelRestore { #[doc = " Which."] id: ModelId }) -> Model;
    /// What its header says.
    model_header(ModelHeader { #[doc = " Which."] id: ModelId }) -> HeaderReport;
    /// Shows its file in the file manager.
    model_reveal(ModelReveal { #[doc = " Which."] id: ModelId }) -> Nothing;
    /// Checks its bytes against its hash; progress comes as events.
    model_verify(ModelVerify { #[doc = " Which; none for all."] id: Option<ModelId> }) -> Nothing;
    /// Models with the same content.
    model_duplicates(ModelDuplicates {}) -> Vec<DuplicateGroup>;
    /// Replaces files of the app's own folder by hard links to one of the group; answers the bytes freed.
    model_link_duplicates(ModelLinkDuplicates { #[doc = " Hash of the group."] sha256: String }) -> u64;
    /// How a model is loaded unless something else is asked for.
    model_defaults_get(ModelDefaultsGet { #[doc = " Which."] id: ModelId }) -> ModelDefaults;
    /// Replaces that.
    model_defaults_set(ModelDefaultsSet {
        /// Which.
        id: ModelId,
        /// The new ones.
        defaults: ModelDefaults,
    }) -> ModelDefaults;
    /// What loading would take.
    model_fit(ModelFit {
        /// Which.
        id: ModelId,
        /// Tokens; none is the default.
        context_length: Option<u32>,
        /// The runtime to serve it; none is the one that would.
        runtime: Option<RuntimeName>,
        /// How llama.cpp keeps keys and values; none is as kept for the model.
        cache_type: Option<CacheType>,
        /// Key of a draft model that is loaded beside it with llama.cpp; none is as kept for the model, and an empty
        /// one is none.
        draft: Option<String>,
    }) -> MemoryFit;
    /// Models of the library that can guess for this one with llama.cpp: smaller, with the same vocabulary; the smallest
    /// first.
    draft_list(DraftList { #[doc = " For which model."] id: ModelId }) -> Vec<DraftModel>;
    /// Adapters in the folders of the library that are for models of this one's architecture, by name.
    adapter_list(AdapterList { #[doc = " Of which model."] id: ModelId }) -> Vec<Adapter>;
    /// Starts a worker for the model; progress comes as events. Loading a loaded model is no error.
    model_load(ModelLoad {
        /// Which.
        id: ModelId,
        /// How.
        options: LoadOptions,
    }) -> LoadedModel;
    /// Turns texts into vectors; the model is loaded for that if it is not.
    model_embed(ModelEmbed {
        /// Which: one whose verdict is that it embeds.
        id: ModelId,
        /// The texts.
        texts: Vec<String>,
        /// Cut off what is longer than the model reads at once, instead of refusing it.
        truncate: bool,
        /// Numbers of a vector, the first ones; none is all that the model gives.
        dimensions: Option<u32>,
    }) -> Embeddings;
    /// Measures how fast the model is here: it is loaded anew with each runtime, asked a few things, and left as it was.
    /// Progress comes as events; who does not wait for the answer ends it.
    model_measure(ModelMeasure {
        /// Which: one that writes.
        id: ModelId,
        /// With which runtimes, one after the other; none are all that can.
        runtimes: Vec<RuntimeName>,
        /// Lengths of prompts, in tokens; at least one.
        prompt_tokens: Vec<u32>,
        /// Tokens to write after each.
        generate_tokens: u32,
    }) -> Measured;
    /// Ends a measurement; what it found before is kept. One that has ended is no error.
    model_measure_stop(ModelMeasureStop { #[doc = " Which model's."] id: ModelId }) -> Nothing;
    /// How fast the model was when that was last measured, with each runtime at each length of prompt.
    model_speeds(ModelSpeedsGet { #[doc = " Which."] id: ModelId }) -> Vec<ModelSpeed>;
    /// Ends the worker of the model, and with it all its memory.
    model_eject(ModelEject { #[doc = " Which."] id: ModelId }) -> Nothing;
    /// What is loaded or loading.
    model_loaded(ModelLoaded {}) -> Vec<LoadedModel>;

    /// What is in the trash, last deleted first.
    trash_list(TrashList {}) -> Vec<TrashedModel>;
    /// Removes everything in the trash for good.
    trash_empty(TrashEmpty {}) -> Nothing;
    /// What takes how much space.
    disk_use(DiskUseRequest {}) -> DiskUse;

    /// Folders of the library.
    root_list(RootList {}) -> Vec<ModelRoot>;
    /// Registers a picked folder and looks through it.
    root_add(RootAdd { #[doc = " A folder's."] handle: PathHandle }) -> ImportOutcome;
    /// Forgets a folder and its models; the files stay.
    root_remove(RootRemove { #[doc = " Which."] id: RootId }) -> Nothing;
    /// Folders of other apps on this machine.
    root_suggest(RootSuggest {}) -> Vec<RootSuggestion>;

    /// Opens a native dialog; an empty answer if it was cancelled.
    path_pick(PathPick { #[doc = " What."] kind: PickKind }) -> Vec<PickedPath>;
    /// Mints a handle for a path a person typed.
    path_type(PathType { #[doc = " Absolute, or starting with `~`."] path: String }) -> PickedPath;

    /// What the system asked to open since this was called last; who takes it asks the person.
    opening_take(OpeningTake {}) -> Vec<Opening>;

    /// Opens a conversation in a window of its own.
    window_open(WindowOpen { #[doc = " Which."] conversation_id: ConversationId }) -> Nothing;
    /// Shows a conversation in the main window, and that window before all others.
    window_show(WindowShow { #[doc = " Which."] conversation_id: ConversationId }) -> Nothing;
    /// Whether keys open the window for a quick question; which ones is in the settings.
    quick_ask_get(QuickAskGet {}) -> QuickAsk;
    /// Hides that window.
    quick_ask_hide(QuickAskHide {}) -> Nothing;

    /// Whether the app starts when the person logs in.
    login_start_get(LoginStartGet {}) -> LoginStart;
    /// Starts it then from now on, or no more.
    login_start_set(LoginStartSet { #[doc = " Start it."] on: bool }) -> LoginStart;

    /// The reports of crashes that are kept, newest first.
    crash_list(CrashList {}) -> CrashReports;
    /// One of them, as text.
    crash_read(CrashRead { #[doc = " Which."] id: CrashId }) -> String;
    /// Shows its file in the file manager; only the window can.
    crash_reveal(CrashReveal { #[doc = " Which."] id: CrashId }) -> Nothing;
    /// Deletes one, or all.
    crash_delete(CrashDelete { #[doc = " Which; none for all."] id: Option<CrashId> }) -> Nothing;
    /// How the run before this one ended, if not by being closed. It is answered once: who takes it tells the person.
    crash_take(CrashTake {}) -> Option<Crash>;

    /// The copies of the database that lie beside it, newest first.
    database_copy_list(DatabaseCopyList {}) -> DatabaseCopies;
    /// Makes one now.
    database_copy_make(DatabaseCopyMake {}) -> DatabaseCopies;
    /// Has a copy take the place of the database when the app starts next. What is there then is kept as another copy.
    database_copy_plan(DatabaseCopyPlan { #[doc = " Which; none for leaving everything as it is."] id: Option<String> }) -> DatabaseCopies;
    /// Deletes one for good.
    database_copy_delete(DatabaseCopyDelete { #[doc = " Which."] id: String }) -> DatabaseCopies;
    /// Ends the app and starts it again; only the window can.
    app_restart(AppRestart {}) -> Nothing;

    /// What is known of newer versions of the app.
    update_get(UpdateGet {}) -> UpdateStatus;
    /// Begins to look for one; events tell how it goes on. Programs that were built without an address of releases
    /// refuse this and what follows.
    update_check(UpdateCheck {}) -> UpdateStatus;
    /// Begins to download the one that was found.
    update_download(UpdateDownload { #[doc = " Which."] version: String }) -> UpdateStatus;
    /// Puts the one that was downloaded in the place of this one, and starts it instead.
    update_install(UpdateInstall { #[doc = " Which."] version: String }) -> Nothing;

    /// The model for a first start.
    starter_get(StarterGet {}) -> StarterModel;
    /// Downloads it; progress comes as events.
    starter_download(StarterDownload {}) -> Download;

    /// Searches the Hub for GGUF models. A newer search of the same `channel` ends an older one with `superseded`.
    hub_search(HubSearch {
        /// Who asks, such as one window's search page.
        channel: String,
        /// Words, `owner/name`, or an address of a repository or file; empty for the best of all.
        query: String,
        /// Order.
        sort: HubSort,
        /// What results must be like.
        filters: HubFilters,
        /// `next` of the page before; none for the first.
        cursor: Option<String>,
    }) -> HubPage;
    /// One repository.
    hub_model(HubModelGet { #[doc = " `owner/name`."] repository: String }) -> HubModel;
    /// The text of its README.
    hub_card(HubCardGet {
        /// `owner/name`.
        repository: String,
        /// The commit.
        commit: String,
    }) -> HubCard;
    /// The header of one of its files, read by ranges.
    hub_header(HubHeaderGet {
        /// `owner/name`.
        repository: String,
        /// The commit.
        commit: String,
        /// Path of the file (the first shard).
        path: String,
    }) -> HeaderReport;
    /// What loading each of its models would take, from one header and the sizes.
    hub_fit(HubFitGet {
        /// `owner/name`.
        repository: String,
        /// The commit.
        commit: String,
        /// Tokens.
        context_length: u32,
    }) -> Vec<HubVariantFit>;
    /// The starter catalogue.
    hub_catalogue(HubCatalogue {}) -> Vec<CatalogueEntry>;

    /// The queue in its order, then what is finished.
    download_list(DownloadList {}) -> Vec<Download>;
    /// Adds a model of the Hub to the end of the queue. One that is there already is resumed and answered.
    download_start(DownloadStart {
        /// `owner/name`.
        repository: String,
        /// The commit; none is the newest.
        commit: Option<String>,
        /// Path of the (first) file.
        path: String,
        /// Path of the file by which it sees images, to come with it; none leaves that out.
        projector: Option<String>,
    }) -> Download;
    /// Stops a download and keeps its bytes.
    download_pause(DownloadPause { #[doc = " Which; none for all."] id: Option<DownloadId> }) -> Nothing;
    /// Goes on where it was, also after a failure.
    download_resume(DownloadResume { #[doc = " Which; none for all."] id: Option<DownloadId> }) -> Nothing;
    /// Stops a download and removes its bytes.
    download_cancel(DownloadCancel { #[doc = " Which."] id: DownloadId }) -> Nothing;
    /// Moves a download in the queue.
    download_move(DownloadMove {
        /// Which.
        id: DownloadId,
        /// Before this one; none for the end.
        before: Option<DownloadId>,
    }) -> Vec<Download>;
    /// Takes finished downloads off the list; the models stay.
    download_clear(DownloadClear {}) -> Nothing;

    /// Who we are to the Hub; `check` asks it.
    account_get(AccountGet { #[doc = " Ask the Hub, rather than tell what was known last."] check: bool }) -> HubAccount;
    /// Keeps a token and asks the Hub whose it is.
    account_set(AccountSet { #[doc = " Starts with `hf_`; empty to sign out."] token: String }) -> HubAccount;
    /// Connections, newest first.
    connection_list(ConnectionList {
        /// Only older ones than this, for paging.
        before: Option<i64>,
        /// At most this many, 1 to 500.
        limit: u32,
    }) -> Vec<Connection>;
    /// Forgets them.
    connection_clear(ConnectionClear {}) -> Nothing;

    /// The engines on other machines, in the order they were added.
    engine_list(EngineList {}) -> Vec<RemoteEngine>;
    /// Adds an engine that speaks OpenAI's API, with the models it has; one that does not answer is not added. An address
    /// that is known already gets the new name and token.
    engine_add(EngineAdd {
        /// What to call it; blank is its host.
        name: String,
        /// Where it is: a host with a port is enough.
        address: String,
        /// Its token; blank if it wants none.
        token: String,
    }) -> RemoteEngine;
    /// Asks an engine for its models once more.
    engine_test(EngineTest { #[doc = " Which."] id: EngineId }) -> RemoteEngine;
    /// Forgets an engine, its token and its models; conversations with them stay.
    engine_remove(EngineRemove { #[doc = " Which."] id: EngineId }) -> Nothing;

    /// How the API server stands, and what was asked of it last.
    server_status(ServerStatusGet {}) -> ServerStatus;
    /// What was asked and answered in a request; not found if that is not kept.
    server_exchange(ServerExchange { #[doc = " Which."] id: u64 }) -> ServedExchange;
    /// Asks the API server from inside, whether it listens or not. Answered at once; the exchange is kept.
    server_send(ServerSend {
        /// `GET`, `POST` or `DELETE`.
        method: String,
        /// Such as `/v1/chat/completions`.
        path: String,
        /// JSON, or empty.
        body: String,
    }) -> SentRequest;
    /// Ends a request that was sent from inside; one that has ended stays as it is.
    server_stop(ServerStop { #[doc = " Which."] id: u64 }) -> Nothing;
    /// The tokens of the API server, oldest first.
    token_list(TokenList {}) -> Vec<ServerToken>;
    /// Makes one; it is answered this once.
    token_create(TokenCreate {
        /// Whose it is, or what for; no other has it.
        name: String,
        /// What it opens; something at least.
        scopes: Vec<TokenScope>,
        /// From when on it opens nothing (Unix milliseconds); none is never.
        expires_at_ms: Option<i64>,
        /// How many requests it opens within any minute, 1 at least; none is any number.
        requests_per_minute: Option<u32>,
    }) -> NewToken;
    /// Removes one; who uses it is refused from then on.
    token_revoke(TokenRevoke { #[doc = " Which."] name: String }) -> Nothing;

    /// All settings.
    settings_get(SettingsGet {}) -> Settings;
    /// Replaces all settings.
    settings_set(SettingsSet { #[doc = " The new ones."] settings: Settings }) -> Settings;
}

impl ConversationUpdate {
    /// Changes nothing; for struct update syntax.
    ///
    /// ```
    /// use sirocco_protocol::{ConversationId, commands::ConversationUpdate};
    /// let id = ConversationId::fresh();
    /// let pin = ConversationUpdate { pinned: Some(true), ..ConversationUpdate::of(id) };
    /// assert_eq!((pin.id, pin.pinned, pin.title), (id, Some(true), None));
    /// ```
    #[must_use]
    pub fn of(id: ConversationId) -> Self {
        Self {
            id,
            title: None,
            pinned: None,
            model_id: None,
            settings: None,
            draft: None,
            draft_attachments: None,
            notes: None,
            unread: None,
        }
    }
}

impl ConversationList {
    /// The first page of all that are listed; for struct update syntax.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self {
            query: String::new(),
            shelf: None,
            folder_id: None,
            tag: None,
            after: None,
            limit,
        }
    }
}

impl MessageSearch {
    /// The first page without filters; for struct update syntax.
    #[must_use]
    pub fn first(query: impl Into<String>, limit: u32) -> Self {
        Self {
            query: query.into(),
            role: None,
            model_name: None,
            folder_id: None,
            tag: None,
            from_ms: None,
            until_ms: None,
            after: None,
            limit,
        }
    }
}

/// Payload of the stream `run_follow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RunFollow {
    /// Which run.
    pub id: RunId,
}
