//! The bodies of the commands: each hands over to the module it belongs to.
//!
//! It is so long because there is one for each command.

use std::sync::Arc;

use sirocco_protocol::commands::*;
use sirocco_protocol::*;

use crate::App;
use crate::error::{Report, refuse};
use crate::library::blocking;
use crate::{machine, picked};

type Answer<T> = Result<T, ErrorReport>;

impl Handler for App {
    async fn app_status(&self, _: AppStatusRequest) -> Answer<AppStatus> {
        Ok(AppStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_folder: self.inner.home.path().display().to_string(),
            host: self.inner.host.kind(),
            machine: blocking(machine::look).await?,
            runtimes: self
                .inner
                .residency
                .runtimes()
                .iter()
                .map(|runtime| {
                    format!(
                        "{} · {} ({})",
                        runtime.name, runtime.backend, runtime.target
                    )
                })
                .collect(),
            installed: self.inner.residency.installed(),
        })
    }

    async fn runtime_list(&self, _: RuntimeList) -> Answer<Vec<RuntimeReport>> {
        Ok(self.list_runtimes().await)
    }

    async fn runtime_add(&self, request: RuntimeAdd) -> Answer<Vec<RuntimeReport>> {
        self.add_runtime(request.handle).await
    }

    async fn runtime_remove(&self, request: RuntimeRemove) -> Answer<Nothing> {
        self.remove_runtime(request.key).await.map(|()| Nothing {})
    }

    async fn conversation_list(
        &self,
        request: ConversationList,
    ) -> Answer<Vec<ConversationSummary>> {
        check_limit(request.limit)?;
        self.inner.store.list_conversations(&request).await.report()
    }

    async fn conversation_create(&self, request: ConversationCreate) -> Answer<Conversation> {
        self.create_conversation(request.model_id).await
    }

    async fn conversation_get(&self, request: ConversationGet) -> Answer<Conversation> {
        let store = self.store_of(request.id).await;
        store.conversation(request.id).await.report()
    }

    async fn conversation_update(&self, request: ConversationUpdate) -> Answer<Conversation> {
        self.update_conversation(request).await
    }

    async fn conversation_delete(&self, request: ConversationDelete) -> Answer<Nothing> {
        self.delete_conversation(request.id)
            .await
            .map(|()| Nothing {})
    }

    async fn conversation_restore(&self, request: ConversationRestore) -> Answer<Conversation> {
        self.restore_conversation(request.id).await
    }

    async fn conversation_organise(
        &self,
        request: ConversationOrganise,
    ) -> Answer<Vec<ConversationSummary>> {
        self.organise(request).await
    }

    async fn conversation_remove(&self, request: ConversationRemove) -> Answer<Nothing> {
        self.remove_conversations(&request.ids)
            .await
            .map(|()| Nothing {})
    }

    async fn conversation_trash(&self, _: ConversationTrash) -> Answer<Vec<TrashedConversation>> {
        self.trashed_conversations().await
    }

    async fn conversation_trash_empty(&self, _: ConversationTrashEmpty) -> Answer<Nothing> {
        self.empty_conversation_trash().await.map(|()| Nothing {})
    }

    async fn tag_list(&self, _: TagList) -> Answer<Vec<TagUse>> {
        self.inner.store.list_tags().await.report()
    }

    async fn folder_list(&self, _: FolderList) -> Answer<Vec<Folder>> {
        self.inner.store.list_folders().await.report()
    }

    async fn folder_create(&self, request: FolderCreate) -> Answer<Folder> {
        self.create_folder(request).await
    }

    async fn folder_rename(&self, request: FolderRename) -> Answer<Folder> {
        self.rename_folder(request).await
    }

    async fn folder_move(&self, request: FolderMove) -> Answer<Folder> {
        self.move_folder(request).await
    }

    async fn folder_delete(&self, request: FolderDelete) -> Answer<Nothing> {
        self.delete_folder(request.id).await.map(|()| Nothing {})
    }

    async fn folder_restore(&self, request: FolderRestore) -> Answer<Folder> {
        self.restore_folder(request.id).await
    }

    async fn temporary_create(&self, request: TemporaryCreate) -> Answer<Conversation> {
        self.create_temporary(request.model_id).await
    }

    async fn temporary_keep(&self, request: TemporaryKeep) -> Answer<Conversation> {
        self.keep_temporary(request.id).await
    }

    async fn conversation_duplicate(&self, request: ConversationDuplicate) -> Answer<Conversation> {
        self.duplicate_conversation(request.id).await
    }

    async fn conversation_branch(&self, request: ConversationBranch) -> Answer<Conversation> {
        self.branch_conversation(request.message_id).await
    }

    async fn message_page(&self, request: MessagePageRequest) -> Answer<MessagePage> {
        check_limit(request.limit)?;
        let store = self.store_of(request.conversation_id).await;
        store.message_page(&request).await.report()
    }

    async fn message_outline(&self, request: MessageOutlineRequest) -> Answer<MessageOutline> {
        let store = self.store_of(request.conversation_id).await;
        store
            .message_outline(request.conversation_id)
            .await
            .report()
    }

    async fn message_send(&self, request: MessageSend) -> Answer<Started> {
        self.send_message(request).await
    }

    async fn queue_add(&self, request: QueueAdd) -> Answer<Vec<QueuedMessage>> {
        self.queue_message(request).await
    }

    async fn queue_move(&self, request: QueueMove) -> Answer<Vec<QueuedMessage>> {
        self.move_queued(request).await
    }

    async fn queue_remove(&self, request: QueueRemove) -> Answer<Vec<QueuedMessage>> {
        self.remove_queued(request).await
    }

    async fn queue_send(&self, request: QueueSend) -> Answer<Started> {
        self.send_queued(request.conversation_id).await
    }

    async fn message_regenerate(&self, request: MessageRegenerate) -> Answer<Started> {
        self.regenerate(request).await
    }

    async fn message_continue(&self, request: MessageContinue) -> Answer<Started> {
        self.continue_message(request.id).await
    }

    async fn message_edit(&self, request: MessageEdit) -> Answer<Started> {
        self.edit_message(request).await
    }

    async fn message_insert(&self, request: MessageInsert) -> Answer<Message> {
        self.insert_message(request).await
    }

    async fn message_leave_out(&self, request: MessageLeaveOut) -> Answer<Message> {
        self.leave_out(request).await
    }

    async fn message_mark_good(&self, request: MessageMarkGood) -> Answer<Message> {
        self.mark_good(request).await
    }

    async fn summary_update(&self, request: SummaryUpdate) -> Answer<Message> {
        self.edit_summary(request).await
    }

    async fn summary_delete(&self, request: SummaryDelete) -> Answer<Message> {
        self.delete_summary(request.id).await
    }

    async fn message_select(&self, request: MessageSelect) -> Answer<Conversation> {
        self.select_message(request.id).await
    }

    async fn message_delete(&self, request: MessageDelete) -> Answer<Conversation> {
        self.delete_message(request.id).await
    }

    async fn message_restore(&self, request: MessageRestore) -> Answer<Conversation> {
        self.restore_message(request.id).await
    }

    async fn message_search(&self, request: MessageSearch) -> Answer<Vec<SearchResult>> {
        check_limit(request.limit)?;
        self.search_messages(request).await
    }

    async fn message_models(&self, _: MessageModels) -> Answer<Vec<String>> {
        let mut names = self.inner.store.models_of_messages().await.report()?;
        names.sort_by_cached_key(|name| name.to_lowercase());
        Ok(names)
    }

    async fn message_find(&self, request: MessageFind) -> Answer<Vec<MessageId>> {
        self.find_in_conversation(request).await
    }

    async fn exchange_preview(&self, request: ExchangePreviewRequest) -> Answer<ExchangePreview> {
        self.preview_conversations(request.handle).await
    }

    async fn exchange_import(&self, request: ExchangeImport) -> Answer<ExchangeReport> {
        self.import_conversations(request.handle).await
    }

    async fn exchange_export(&self, request: ExchangeExport) -> Answer<Exported> {
        self.export_conversations(request).await
    }

    async fn attachment_add(&self, request: AttachmentAdd) -> Answer<Attachment> {
        self.add_attachment(request).await
    }

    async fn attachment_give(&self, request: AttachmentGive) -> Answer<Attachment> {
        self.give_attachment(request).await
    }

    async fn attachment_image(&self, request: AttachmentImage) -> Answer<AttachedImage> {
        self.attachment_image(request.id).await
    }

    async fn attachment_text(&self, request: AttachmentText) -> Answer<String> {
        self.attachment_text(request.id).await
    }

    async fn run_stop(&self, request: RunStop) -> Answer<Nothing> {
        // A run that has ended by itself meanwhile is what was wished for.
        self.inner.runs.stop(request.id);
        Ok(Nothing {})
    }

    async fn context_count(&self, request: ContextCount) -> Answer<ContextUse> {
        self.count_context(request).await
    }

    async fn context_count_new(&self, request: ContextCountNew) -> Answer<ContextUse> {
        self.count_new_context(request).await
    }

    async fn context_inspect(&self, request: ContextInspect) -> Answer<ContextReport> {
        self.inspect_context(request).await
    }

    async fn comparison_start(&self, request: ComparisonStart) -> Answer<Comparison> {
        self.start_comparison(request).await
    }

    async fn comparison_get(&self, request: ComparisonGet) -> Answer<Comparison> {
        self.comparison(request.id).await
    }

    async fn comparison_latest(&self, request: ComparisonLatest) -> Answer<Option<Comparison>> {
        self.latest_comparison(request.conversation_id).await
    }

    async fn comparison_vote(&self, request: ComparisonVote) -> Answer<Comparison> {
        self.vote(request).await
    }

    async fn comparison_keep(&self, request: ComparisonKeep) -> Answer<Conversation> {
        self.keep(request).await
    }

    async fn rating_list(&self, _: RatingList) -> Answer<Vec<Rating>> {
        self.ratings().await
    }

    async fn comparison_export(&self, request: ComparisonExport) -> Answer<Exported> {
        self.export_comparisons(request).await
    }

    async fn settings_inherit(&self, request: SettingsInherit) -> Answer<Inherited> {
        self.inherited(request).await
    }

    async fn preset_list(&self, _: PresetList) -> Answer<Vec<Preset>> {
        self.inner.store.list_presets().await.report()
    }

    async fn preset_create(&self, request: PresetCreate) -> Answer<Preset> {
        self.create_preset(&request.name, request.values).await
    }

    async fn preset_update(&self, request: PresetUpdate) -> Answer<Preset> {
        self.update_preset(request).await
    }

    async fn preset_delete(&self, request: PresetDelete) -> Answer<Nothing> {
        self.delete_preset(request.id).await.map(|()| Nothing {})
    }

    async fn preset_restore(&self, request: PresetRestore) -> Answer<Preset> {
        self.restore_preset(request.id).await
    }

    async fn preset_import(&self, request: PresetImport) -> Answer<ImportedPreset> {
        self.import_preset(request.handle).await
    }

    async fn preset_export(&self, request: PresetExport) -> Answer<String> {
        self.export_preset(request).await
    }

    async fn prompt_list(&self, _: PromptList) -> Answer<Vec<LibraryPrompt>> {
        self.prompts().await
    }

    async fn prompt_create(&self, request: PromptCreate) -> Answer<LibraryPrompt> {
        self.create_prompt(request).await
    }

    async fn prompt_update(&self, request: PromptUpdate) -> Answer<LibraryPrompt> {
        self.update_prompt(request).await
    }

    async fn prompt_delete(&self, request: PromptDelete) -> Answer<Nothing> {
        self.delete_prompt(request.id).await.map(|()| Nothing {})
    }

    async fn prompt_restore(&self, request: PromptRestore) -> Answer<LibraryPrompt> {
        self.restore_prompt(request.id).await
    }

    async fn model_list(&self, _: ModelList) -> Answer<Vec<Arc<Model>>> {
        self.models().await
    }

    async fn model_scan(&self, _: ModelScan) -> Answer<ImportOutcome> {
        self.scan_library().await
    }

    async fn model_import(&self, request: ModelImport) -> Answer<ImportOutcome> {
        self.import(request.handle, request.mode).await
    }

    async fn model_forget(&self, request: ModelForget) -> Answer<Nothing> {
        self.forget_model(request.id).await.map(|()| Nothing {})
    }

    async fn model_import_cancel(&self, request: ModelImportCancel) -> Answer<Nothing> {
        self.cancel_import(request.handle);
        Ok(Nothing {})
    }

    async fn model_update(&self, request: ModelUpdate) -> Answer<Model> {
        self.update_model(request).await
    }

    async fn model_delete(&self, request: ModelDelete) -> Answer<TrashedModel> {
        self.delete_model(request.id).await
    }

    async fn model_restore(&self, request: ModelRestore) -> Answer<Model> {
        self.restore_model(request.id).await
    }

    async fn model_header(&self, request: ModelHeader) -> Answer<HeaderReport> {
        self.local_header(request.id).await
    }

    async fn model_reveal(&self, request: ModelReveal) -> Answer<Nothing> {
        self.reveal_model(request.id).await.map(|()| Nothing {})
    }

    async fn model_verify(&self, request: ModelVerify) -> Answer<Nothing> {
        self.verify_models(request.id).await.map(|()| Nothing {})
    }

    async fn model_duplicates(&self, _: ModelDuplicates) -> Answer<Vec<DuplicateGroup>> {
        self.duplicates().await
    }

    async fn model_link_duplicates(&self, request: ModelLinkDuplicates) -> Answer<u64> {
        self.link_duplicates(&request.sha256).await
    }

    async fn model_defaults_get(&self, request: ModelDefaultsGet) -> Answer<ModelDefaults> {
        self.model_defaults(request.id).await
    }

    async fn model_defaults_set(&self, request: ModelDefaultsSet) -> Answer<ModelDefaults> {
        self.set_model_defaults(request).await
    }

    async fn model_fit(&self, request: ModelFit) -> Answer<MemoryFit> {
        self.fit(request).await
    }

    async fn draft_list(&self, request: DraftList) -> Answer<Vec<DraftModel>> {
        self.drafts(request.id).await
    }

    async fn adapter_list(&self, request: AdapterList) -> Answer<Vec<Adapter>> {
        self.adapters(request.id).await
    }

    async fn model_load(&self, request: ModelLoad) -> Answer<LoadedModel> {
        self.load(request.id, request.options).await
    }

    async fn model_embed(&self, request: ModelEmbed) -> Answer<Embeddings> {
        self.embed_texts(request).await
    }

    async fn model_measure(&self, request: ModelMeasure) -> Answer<Measured> {
        self.measure_speed(request).await
    }

    async fn model_measure_stop(&self, request: ModelMeasureStop) -> Answer<Nothing> {
        self.inner.measuring.stop(request.id);
        Ok(Nothing {})
    }

    async fn model_speeds(&self, request: ModelSpeedsGet) -> Answer<Vec<ModelSpeed>> {
        self.inner.store.model_speeds(request.id).await.report()
    }

    async fn model_eject(&self, request: ModelEject) -> Answer<Nothing> {
        self.eject(request.id).await;
        Ok(Nothing {})
    }

    async fn model_loaded(&self, _: ModelLoaded) -> Answer<Vec<LoadedModel>> {
        Ok(self.inner.residency.list())
    }

    async fn trash_list(&self, _: TrashList) -> Answer<Vec<TrashedModel>> {
        self.trash().await
    }

    async fn trash_empty(&self, _: TrashEmpty) -> Answer<Nothing> {
        self.empty_trash().await.map(|()| Nothing {})
    }

    async fn disk_use(&self, _: DiskUseRequest) -> Answer<DiskUse> {
        self.space().await
    }

    async fn root_list(&self, _: RootList) -> Answer<Vec<ModelRoot>> {
        self.roots().await
    }

    async fn root_add(&self, request: RootAdd) -> Answer<ImportOutcome> {
        self.add_root(request.handle).await
    }

    async fn root_remove(&self, request: RootRemove) -> Answer<Nothing> {
        self.remove_root(request.id).await.map(|()| Nothing {})
    }

    async fn root_suggest(&self, _: RootSuggest) -> Answer<Vec<RootSuggestion>> {
        self.suggest_roots().await
    }

    async fn path_pick(&self, request: PathPick) -> Answer<Vec<PickedPath>> {
        let paths = self.inner.host.pick(request.kind).await;
        paths
            .iter()
            .map(|path| self.inner.picked.mint(path))
            .collect()
    }

    async fn path_type(&self, request: PathType) -> Answer<PickedPath> {
        self.inner.picked.mint(&picked::typed(&request.path)?)
    }

    async fn opening_take(&self, _: OpeningTake) -> Answer<Vec<Opening>> {
        Ok(self.inner.openings.take())
    }

    async fn window_open(&self, request: WindowOpen) -> Answer<Nothing> {
        self.open_window(request.conversation_id)
            .await
            .map(|()| Nothing {})
    }

    async fn window_show(&self, request: WindowShow) -> Answer<Nothing> {
        self.show_window(request.conversation_id)
            .await
            .map(|()| Nothing {})
    }

    async fn quick_ask_get(&self, _: QuickAskGet) -> Answer<QuickAsk> {
        Ok(self.quick_ask())
    }

    async fn quick_ask_hide(&self, _: QuickAskHide) -> Answer<Nothing> {
        let host = Arc::clone(&self.inner.host);
        blocking(move || host.hide_quick_ask()).await??;
        Ok(Nothing {})
    }

    async fn login_start_get(&self, _: LoginStartGet) -> Answer<LoginStart> {
        let host = Arc::clone(&self.inner.host);
        Ok(login_start(blocking(move || host.starts_at_login()).await?))
    }

    async fn login_start_set(&self, request: LoginStartSet) -> Answer<LoginStart> {
        let host = Arc::clone(&self.inner.host);
        let is_on = blocking(move || {
            host.start_at_login(request.on)?;
            Ok::<_, ErrorReport>(host.starts_at_login())
        });
        Ok(login_start(is_on.await??))
    }

    async fn crash_list(&self, _: CrashList) -> Answer<CrashReports> {
        self.crash_reports().await
    }

    async fn crash_read(&self, request: CrashRead) -> Answer<String> {
        self.read_crash(request.id).await
    }

    async fn crash_reveal(&self, request: CrashReveal) -> Answer<Nothing> {
        self.reveal_crash(request.id).await.map(|()| Nothing {})
    }

    async fn crash_delete(&self, request: CrashDelete) -> Answer<Nothing> {
        self.delete_crashes(request.id).await.map(|()| Nothing {})
    }

    async fn crash_take(&self, _: CrashTake) -> Answer<Option<Crash>> {
        Ok(self.inner.crashes.take_news())
    }

    async fn database_copy_list(&self, _: DatabaseCopyList) -> Answer<DatabaseCopies> {
        self.list_database_copies().await
    }

    async fn database_copy_make(&self, _: DatabaseCopyMake) -> Answer<DatabaseCopies> {
        self.make_database_copy().await
    }

    async fn database_copy_plan(&self, request: DatabaseCopyPlan) -> Answer<DatabaseCopies> {
        self.plan_database_copy(request.id).await
    }

    async fn database_copy_delete(&self, request: DatabaseCopyDelete) -> Answer<DatabaseCopies> {
        self.delete_database_copy(&request.id).await
    }

    async fn app_restart(&self, _: AppRestart) -> Answer<Nothing> {
        self.restart().await.map(|()| Nothing {})
    }

    async fn update_get(&self, _: UpdateGet) -> Answer<UpdateStatus> {
        Ok(self.update_status())
    }

    async fn update_check(&self, _: UpdateCheck) -> Answer<UpdateStatus> {
        self.check_for_update()
    }

    async fn update_download(&self, request: UpdateDownload) -> Answer<UpdateStatus> {
        self.download_update(&request.version)
    }

    async fn update_install(&self, request: UpdateInstall) -> Answer<Nothing> {
        self.install_update(&request.version)
            .await
            .map(|()| Nothing {})
    }

    async fn starter_get(&self, _: StarterGet) -> Answer<StarterModel> {
        Ok(sirocco_hub::starter())
    }

    async fn starter_download(&self, _: StarterDownload) -> Answer<Download> {
        self.download_starter().await
    }

    async fn hub_search(&self, request: HubSearch) -> Answer<HubPage> {
        self.search_hub(request).await
    }

    async fn hub_model(&self, request: HubModelGet) -> Answer<HubModel> {
        self.hub_repository(&request.repository).await
    }

    async fn hub_card(&self, request: HubCardGet) -> Answer<HubCard> {
        self.card(request).await
    }

    async fn hub_header(&self, request: HubHeaderGet) -> Answer<HeaderReport> {
        self.remote_header(request).await
    }

    async fn hub_fit(&self, request: HubFitGet) -> Answer<Vec<HubVariantFit>> {
        self.remote_fit(request).await
    }

    async fn hub_catalogue(&self, _: HubCatalogue) -> Answer<Vec<CatalogueEntry>> {
        self.catalogue().await
    }

    async fn download_list(&self, _: DownloadList) -> Answer<Vec<Download>> {
        Ok(App::download_list(self))
    }

    async fn download_start(&self, request: DownloadStart) -> Answer<Download> {
        self.start_download(request).await
    }

    async fn download_pause(&self, request: DownloadPause) -> Answer<Nothing> {
        self.pause_download(request.id).await.map(|()| Nothing {})
    }

    async fn download_resume(&self, request: DownloadResume) -> Answer<Nothing> {
        self.resume_download(request.id).await.map(|()| Nothing {})
    }

    async fn download_cancel(&self, request: DownloadCancel) -> Answer<Nothing> {
        self.cancel_download(request.id).await.map(|()| Nothing {})
    }

    async fn download_move(&self, request: DownloadMove) -> Answer<Vec<Download>> {
        self.move_download(request).await
    }

    async fn download_clear(&self, _: DownloadClear) -> Answer<Nothing> {
        self.clear_downloads().await.map(|()| Nothing {})
    }

    async fn account_get(&self, request: AccountGet) -> Answer<HubAccount> {
        self.account(request.check).await
    }

    async fn account_set(&self, request: AccountSet) -> Answer<HubAccount> {
        self.set_token(request.token).await
    }

    async fn connection_list(&self, request: ConnectionList) -> Answer<Vec<Connection>> {
        check_limit(request.limit)?;
        self.connections(request).await
    }

    async fn connection_clear(&self, _: ConnectionClear) -> Answer<Nothing> {
        self.clear_connections().await.map(|()| Nothing {})
    }

    async fn engine_list(&self, _: EngineList) -> Answer<Vec<RemoteEngine>> {
        self.engines().await
    }

    async fn engine_add(&self, request: EngineAdd) -> Answer<RemoteEngine> {
        self.add_engine(request).await
    }

    async fn engine_test(&self, request: EngineTest) -> Answer<RemoteEngine> {
        self.test_engine(request.id).await
    }

    async fn engine_remove(&self, request: EngineRemove) -> Answer<Nothing> {
        self.remove_engine(request.id).await.map(|()| Nothing {})
    }

    async fn server_status(&self, _: ServerStatusGet) -> Answer<ServerStatus> {
        Ok(Self::server_status(self))
    }

    async fn server_exchange(&self, request: ServerExchange) -> Answer<ServedExchange> {
        Self::server_exchange(self, request.id)
    }

    async fn server_send(&self, request: ServerSend) -> Answer<SentRequest> {
        Self::server_send(self, request).await
    }

    async fn server_stop(&self, request: ServerStop) -> Answer<Nothing> {
        Self::server_stop(self, request.id)
            .await
            .map(|()| Nothing {})
    }

    async fn token_list(&self, _: TokenList) -> Answer<Vec<ServerToken>> {
        self.list_tokens().await
    }

    async fn token_create(&self, request: TokenCreate) -> Answer<NewToken> {
        self.create_token(request).await
    }

    async fn token_revoke(&self, request: TokenRevoke) -> Answer<Nothing> {
        self.revoke_token(request.name).await.map(|()| Nothing {})
    }

    async fn settings_get(&self, _: SettingsGet) -> Answer<Settings> {
        self.inner.store.settings().await.report()
    }

    async fn settings_set(&self, mut request: SettingsSet) -> Answer<Settings> {
        let parameters = request.settings.default_parameters.validate();
        parameters.map_err(|message| refuse(ErrorCode::InvalidRequest, message))?;
        let server = request.settings.server.validate();
        server.map_err(|message| refuse(ErrorCode::InvalidRequest, message))?;
        crate::downloads::check_settings(&request.settings.downloads)?;
        self.configure_network(&mut request.settings.network)
            .await?;
        self.change_quick_ask_keys(&request.settings.quick_ask_keys)
            .await?;
        self.inner
            .store
            .set_settings(&request.settings)
            .await
            .report()?;
        let settings = self.inner.store.settings().await.report()?;
        self.emit(Event::SettingsChanged {
            settings: settings.clone(),
        });
        Ok(settings)
    }
}

fn login_start(starts: Option<bool>) -> LoginStart {
    LoginStart {
        is_possible: starts.is_some(),
        is_on: starts.unwrap_or(false),
    }
}

fn check_limit(limit: u32) -> Result<(), ErrorReport> {
    if (1..=500).contains(&limit) {
        Ok(())
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            "limit must lie between 1 and 500",
        ))
    }
}
