//! What the App tells every window, unasked.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    Comparison, ConversationId, ConversationSummary, Crash, Download, DownloadId, Folder,
    HubAccount, LibraryPrompt, LoadedModel, MeasureStep, MessageId, Model, ModelId, Notice,
    Organising, PathHandle, PickedPath, Preset, PresetId, PromptId, QueuedMessage, Run,
    RuntimeName, ServedRequest, ServerState, Settings, UpdateStatus, Verification,
};

/// One event. Each carries the new state, so a listener needs no further question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A conversation is new, or its row in the list changed.
    ConversationChanged {
        /// Its row.
        conversation: ConversationSummary,
    },
    /// A conversation was deleted (it can be restored).
    ConversationDeleted {
        /// Which.
        conversation_id: ConversationId,
    },
    /// One thing was done with several conversations.
    ConversationsOrganised {
        /// What.
        change: Organising,
        /// Their rows, as they are now; deleted ones as they were.
        conversations: Vec<ConversationSummary>,
    },
    /// Conversations of the trash are no more.
    ConversationsRemoved {
        /// Which.
        conversation_ids: Vec<ConversationId>,
    },
    /// The folders of conversations changed.
    FoldersChanged {
        /// All of them, by name.
        folders: Vec<Folder>,
    },
    /// Messages of a conversation changed otherwise than by a run being followed.
    MessagesChanged {
        /// Where.
        conversation_id: ConversationId,
        /// The leaf of the branch now shown.
        head: Option<MessageId>,
    },
    /// The queue of a conversation changed.
    QueueChanged {
        /// Where.
        conversation_id: ConversationId,
        /// All that waits there, in order.
        queue: Vec<QueuedMessage>,
    },
    /// A run began or changed its state.
    RunChanged {
        /// The run.
        run: Run,
    },
    /// A comparison was voted on.
    ComparisonChanged {
        /// The comparison, with all names.
        comparison: Comparison,
    },
    /// A model is new, or was looked at again.
    ModelChanged {
        /// The model.
        model: Model,
    },
    /// A model left the library.
    ModelRemoved {
        /// Which.
        model_id: ModelId,
    },
    /// A model is loading, ready, failed, or its queue or memory changed.
    LoadedChanged {
        /// Its state.
        loaded: LoadedModel,
    },
    /// A model has no worker any more.
    Ejected {
        /// Which.
        model_id: ModelId,
    },
    /// The measurement of a model went on.
    MeasuringMoved {
        /// Which model's.
        model_id: ModelId,
        /// With which runtime.
        runtime: RuntimeName,
        /// What it is at.
        step: MeasureStep,
    },
    /// A preset is new, or was changed.
    PresetChanged {
        /// The preset.
        preset: Preset,
    },
    /// A preset was deleted (it can be restored).
    PresetRemoved {
        /// Which.
        preset_id: PresetId,
    },
    /// A prompt of the library is new, or was changed.
    PromptChanged {
        /// The prompt.
        prompt: LibraryPrompt,
    },
    /// A prompt of the library was deleted (it can be restored).
    PromptRemoved {
        /// Which.
        prompt_id: PromptId,
    },
    /// A download moved.
    DownloadChanged {
        /// The download.
        download: Download,
    },
    /// A download was cancelled or cleared away.
    DownloadRemoved {
        /// Which.
        download_id: DownloadId,
    },
    /// Checking a model moved.
    VerificationChanged {
        /// Of which model.
        model_id: ModelId,
        /// Where it stands.
        verification: Verification,
    },
    /// The token or the network settings changed who we are to the Hub.
    AccountChanged {
        /// Who we are now.
        account: HubAccount,
    },
    /// Somebody changed the settings.
    SettingsChanged {
        /// All of them.
        settings: Settings,
    },
    /// The API server began to listen, ended or failed.
    ServerChanged {
        /// How it stands.
        state: ServerState,
    },
    /// The API server was asked something, or a request moved on.
    RequestChanged {
        /// The request.
        request: ServedRequest,
    },
    /// A file that is being imported was copied further.
    ImportMoved {
        /// What `model_import` was given; `model_import_cancel` takes it too.
        handle: PathHandle,
        /// The file's name.
        name: String,
        /// Bytes copied.
        done_bytes: u64,
        /// Bytes in all, of all shards.
        total_bytes: u64,
    },
    /// Conversations that are being imported were saved.
    ExchangeMoved {
        /// What `exchange_import` was given.
        handle: PathHandle,
        /// Conversations looked at.
        done_count: u32,
        /// Conversations in all.
        total_count: u32,
    },
    /// Files were dropped onto the window.
    PathsDropped {
        /// With handles to give back.
        paths: Vec<PickedPath>,
    },
    /// The system asks to open something: `opening_take` says what.
    OpeningsWait,
    /// A long answer ended, and whoever does not see it wants to be told.
    LongAnswerEnded {
        /// What to tell.
        notice: Notice,
    },
    /// Another crash is on record, or a report was deleted.
    CrashesChanged {
        /// All there are, newest first.
        crashes: Vec<Crash>,
    },
    /// More is known of newer versions of the app.
    UpdateChanged {
        /// What.
        status: UpdateStatus,
    },
    /// The listener was too slow and missed events, or more changed than is told one by one: ask for
    /// everything again.
    Lagged,
}
