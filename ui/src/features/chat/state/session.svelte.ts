/** The chat as the window shows it: the open conversation, its draft and what a send needs first. */

import type { ContextOverflow, ConversationId, ConversationSettings, Event, LoadedModel, MessageId, Model, ModelId, Notice, PresetChoice, QueuedMessage, Role } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import { showNotice } from '$/lib/notices';
import { remember, remembered } from '$/lib/remember';
import type { Sirocco } from '$/lib/state';
import { DraftAttachments } from '../attachments/draftAttachments.svelte';
import { hasImage } from '../attachments/images';
import { InheritedSettings } from '../presets/inherited.svelte';
import { PresetShelf } from '../presets/shelf.svelte';
import { type ChatSettings, NO_SETTINGS, withChanges } from '../presets/values';
import { PromptLibrary } from '../prompts/library.svelte';
import { TemporaryChat } from '../temporary/temporaryChat.svelte';
import { ContextInspection } from './contextInspection.svelte';
import { ContextMeter, type Counted } from './contextUse.svelte';
import { ConversationState } from './conversation.svelte';
import { Draft } from './draft.svelte';
import { Edits } from './edits.svelte';
import { FindInConversation } from './find.svelte';
import { NewDraft } from './newDraft';
import { Organiser } from './organiser.svelte';
import { PendingSettings } from './pendingSettings.svelte';
import { Presence } from './presence';
import { ReadingPlaces } from './readingPlaces';
import { ChatSearch } from './search.svelte';
import type { Turn } from './turn.svelte';

/** What the page does for those who do not press its buttons. */
export interface ChatDeeds {
  send: () => void;
  stop: () => void;
  editLast: () => void;
  regenerate: (turn: Turn) => void;
  continue: (turn: Turn) => void;
  toEnd: () => void;
  rename: () => void;
  /** Shows the map of versions. */
  showMap: () => void;
  /** Asks for the folder that the conversation is put into. */
  chooseFolder: () => void;
  /** Asks for files to attach. */
  attach: () => void;
  showPrompts: (what: 'library' | 'builder') => void;
}

/** What the inspector shows. */
export const INSPECTOR_PANELS = ['parameters', 'context', 'notes'] as const;
export type InspectorPanel = (typeof INSPECTOR_PANELS)[number];

export class ChatSession {
  current = $state.raw<ConversationState>() as ConversationState;
  /** The model chosen for a chat that is not created yet. */
  chosenModelId = $state<ModelId | null>(null);
  /** Set for a chat that is not created yet; written into it with its first message. */
  chosenSettings = $state.raw<ChatSettings>({});
  /** What a screen reader is told, once. */
  announcement = $state('');
  /** The page, while it is shown. */
  page = $state.raw<ChatDeeds | null>(null);
  /** A send is on its way to the backend. */
  sending = $state(false);
  readonly draft: Draft;
  /** What is written beside the open conversation. */
  readonly notes: Draft;
  /** Folders, archive, tags and trash. */
  readonly organiser: Organiser;
  readonly edits = new Edits();
  readonly places = new ReadingPlaces();
  readonly #presence = new Presence();
  readonly #pending: PendingSettings;
  readonly meter: ContextMeter;
  panel = $state<InspectorPanel>(remembered('inspectorPanel', INSPECTOR_PANELS, 'parameters'));
  readonly inspection: ContextInspection;
  /** Files that go with the draft. */
  readonly attachments: DraftAttachments;
  /** The search over all conversations; kept while its column is closed. */
  readonly search: ChatSearch;
  readonly find: FindInConversation;
  readonly presets: PresetShelf;
  readonly inherited: InheritedSettings;
  readonly prompts: PromptLibrary;
  readonly temporary: TemporaryChat;

  readonly #sirocco: Sirocco;
  readonly #announce: (turn: Turn) => string;
  readonly #newDraft: NewDraft;

  constructor(sirocco: Sirocco, announce: (turn: Turn) => string = () => '') {
    this.#sirocco = sirocco;
    this.#announce = announce;
    this.meter = new ContextMeter(sirocco.backend);
    this.inspection = new ContextInspection(sirocco.backend);
    this.attachments = new DraftAttachments(sirocco.backend, (thrown) => void sirocco.toasts.error(thrown));
    this.search = new ChatSearch(sirocco.backend);
    this.find = new FindInConversation(sirocco.backend, () => this.current);
    this.presets = new PresetShelf(sirocco.backend);
    this.inherited = new InheritedSettings(sirocco.backend);
    this.prompts = new PromptLibrary(sirocco.backend);
    this.temporary = new TemporaryChat(sirocco, this);
    this.#pending = new PendingSettings({ onError: (thrown) => void sirocco.toasts.error(thrown) });
    this.#newDraft = new NewDraft(sirocco.place.type === 'main');
    this.draft = new Draft({
      save: async (text) => {
        const { current } = this;
        if (current.id) await current.update({ draft: text });
        else this.#newDraft.keep(text);
      },
    });
    this.notes = new Draft({ save: (text) => this.current.update({ notes: text }) });
    this.organiser = new Organiser(sirocco);
    this.current = this.#open(null);
    this.draft.start(this.#newDraft.text);
  }

  /**
   * The model this chat talks to: its own, the chosen one, a loaded one, the last one used, or any that runs. One on
   * another machine must have been chosen: nothing leaves this one by itself.
   */
  get model(): Model | null {
    const { models } = this.#sirocco;
    const own = models.model(this.current.id ? this.current.conversation?.model_id : this.chosenModelId);
    if (own) return own;
    const offered = (one: Model | null) => one !== null && one.verdict.type === 'runs' && !one.remote;
    const loaded = models.loaded.find((one) => one.state.type !== 'failed' && offered(models.model(one.model_id)));
    if (loaded) return models.model(loaded.model_id);
    return models.models.find(offered) ?? null;
  }

  /** No model of this chat is named: a blind comparison in it waits for its vote. */
  get blind(): boolean {
    const { id, conversation } = this.current;
    return (conversation?.summary.blind || this.#sirocco.conversations.row(id)?.blind) ?? false;
  }

  get loaded(): LoadedModel | null {
    return this.#sirocco.models.loadedState(this.model?.id);
  }

  get modelReady(): boolean {
    return this.loaded?.state.type === 'ready';
  }

  /** What the draft is counted with; null while no model is there to count. */
  get counted(): Counted | null {
    const { model } = this;
    if (!model || !this.modelReady) return null;
    if (this.current.id) return { conversation_id: this.current.id };
    return { model_id: model.id, preset: this.presetChoice, values: this.settings.values };
  }

  /** Follows the backend's events. Answers the function that ends it. */
  start(): () => void {
    const stopEvents = this.#sirocco.backend.events((event) => this.handle(event));
    const stopPresence = this.#presence.start(() => void this.seen());
    const stopTemporary = this.temporary.start();
    // What was typed last is not kept yet when the window closes.
    const flush = () => void this.draft.flush();
    addEventListener('pagehide', flush);
    void this.presets.load();
    void this.prompts.load();
    void this.organiser.folders.load();
    return () => {
      stopEvents();
      stopPresence();
      stopTemporary();
      removeEventListener('pagehide', flush);
      this.dispose();
    };
  }

  /** Chooses what the inspector shows, now and the next time. */
  showPanel(panel: InspectorPanel): void {
    this.panel = panel;
    remember('inspectorPanel', panel);
  }

  /** Takes the page that is shown. Answers the function that says that it is gone. */
  shows(page: ChatDeeds): () => void {
    this.page = page;
    return () => {
      if (this.page === page) this.page = null;
    };
  }

  /**
   * Shows a conversation, at its end or at a message; null is a new chat. Throws why the message could not be shown;
   * the conversation is there then.
   */
  async open(id: ConversationId | null, message: MessageId | null = null): Promise<void> {
    if (id === this.current.id) {
      if (message) await this.current.reveal(message);
      return;
    }
    this.find.close();
    void this.draft.flush();
    void this.notes.flush();
    this.#pending.save();
    this.current.dispose();
    this.meter.clear();
    const opened = this.#open(id);
    this.current = opened;
    this.draft.start(id ? '' : this.#newDraft.text);
    this.notes.start('');
    this.attachments.open(id);
    try {
      await opened.load(message);
    } finally {
      this.#takeWritten(opened);
    }
  }

  /** Lets go of what is not kept yet in the open conversation, for it goes. */
  forget(): void {
    this.draft.start('');
    this.notes.start('');
    this.attachments.clear();
    this.#pending.drop(this.current);
  }

  /** Asks for the open conversation again, as after a failure. */
  async reload(): Promise<void> {
    const { current } = this;
    await current.load();
    this.#takeWritten(current);
  }

  /** Puts the kept draft and notes of a conversation in place, unless something was typed while it loaded. */
  #takeWritten(of: ConversationState): void {
    if (this.current !== of || !of.conversation) return;
    const { draft, draft_attachments, notes } = of.conversation;
    if (of.id) this.attachments.take(of.id, draft_attachments);
    if (this.draft.text === '' && draft) this.draft.start(draft);
    if (this.notes.text === '' && notes) this.notes.start(notes);
  }

  #open(id: ConversationId | null): ConversationState {
    return new ConversationState(this.#sirocco.backend, id, {
      onFinished: (turn) => {
        this.announcement = this.#announce(turn);
      },
    });
  }

  /**
   * Says that the reader saw the last answer, if they can: the chat is the view shown, in a window that
   * is visible and was not left. Otherwise the mark stays until they are back, when this is asked again.
   */
  async seen(unread = this.#marked): Promise<void> {
    const { current } = this;
    if (!current.id || !unread || this.#sirocco.navigation.view !== 'chat' || !this.#presence.here) return;
    try {
      await current.update({ unread: false });
    } catch {
      // A mark that stays one visit longer is not worth a notice.
    }
  }

  /** The open conversation has the mark of a new answer. The list may not hold its row: it is searched, or long. */
  get #marked(): boolean {
    const { id, conversation } = this.current;
    return (conversation?.summary.unread || this.#sirocco.conversations.row(id)?.unread) ?? false;
  }

  /** Chooses the model of this chat. */
  async chooseModel(model_id: ModelId): Promise<void> {
    if (this.current.id) await this.current.update({ model_id });
    else this.chosenModelId = model_id;
  }

  /** What this chat sets itself, with what is not kept in it yet. */
  get settings(): ConversationSettings {
    return withChanges(this.current.conversation?.settings ?? NO_SETTINGS, this.changedSettings);
  }

  /** The preset it is based on; a new chat begins with the standard one unless another was chosen. */
  get presetChoice(): PresetChoice {
    if (!this.current.id && this.chosenSettings.preset_id === undefined) return { type: 'standard' };
    const { preset_id } = this.settings;
    return preset_id === null ? { type: 'none' } : { type: 'preset', id: preset_id };
  }

  /** Settings as changed in this chat and not kept in it yet. */
  get changedSettings(): ChatSettings {
    return this.current.id ? this.#pending.of(this.current) : this.chosenSettings;
  }

  /** Changes preset, system prompt or parameters of this chat; kept a moment later. */
  changeSettings(changes: ChatSettings): void {
    if (this.current.id) this.#pending.change(this.current, changes);
    else this.chosenSettings = { ...this.chosenSettings, ...changes };
  }

  /** The schema that answers are held to; empty for none. */
  get schema(): string {
    const own = this.settings.values.parameters.structured_output;
    return own ?? this.inherited.value?.values.parameters.structured_output ?? '';
  }

  /** What is done when the context is full; null until it is known. */
  get overflow(): ContextOverflow | null {
    return this.settings.values.parameters.context_overflow ?? this.inherited.value?.values.parameters.context_overflow ?? null;
  }

  /** Sets it for this chat, or lets it be inherited again, and waits until that is kept. */
  async changeOverflow(context_overflow: ContextOverflow | null): Promise<void> {
    this.changeSettings({ parameters: { ...this.settings.values.parameters, context_overflow } });
    await this.#pending.flush();
  }

  /** Keeps changed settings now. */
  saveSettings(): void {
    this.#pending.save();
  }

  /** The model sees images: the way it is loaded, or would be. */
  get seesImages(): boolean {
    const { model, loaded } = this;
    const runtime = loaded?.state.type === 'ready' ? loaded.served_by : null;
    return (model?.sees_images ?? false) && (runtime === null || runtime === model?.runtime);
  }

  /** Images that the model does not see: those of the draft, which keep it from being sent, or earlier ones. */
  get unseen(): 'draft' | 'earlier' | null {
    if (!this.model || this.seesImages) return null;
    if (hasImage(this.attachments.items)) return 'draft';
    const shown = this.current.turns.some(({ message }) => hasImage(message.attachments));
    return shown ? 'earlier' : null;
  }

  /** There is something to send, nothing of it is still being read, and the model takes it. */
  get sendable(): boolean {
    const { items, reading } = this.attachments;
    if (this.unseen === 'draft') return false;
    return reading.length === 0 && (items.length > 0 || this.draft.text.trim() !== '');
  }

  /**
   * Sends the draft, or queues it while an answer is being written. Answers `no_model` if there is nothing that could
   * answer; the draft is kept then, as it is when the backend refuses.
   */
  async send(): Promise<'sent' | 'queued' | 'no_model' | 'nothing'> {
    const text = this.draft.text;
    const { current, model, attachments } = this;
    const { ids } = attachments;
    if (!this.sendable || this.sending) return 'nothing';
    if (current.busy) {
      await this.#enqueue(null);
      return 'queued';
    }
    if (!model) return 'no_model';
    this.sending = true;
    try {
      if (!current.id) await this.#create(current, model.id);
      else if (current.conversation?.model_id !== model.id) await current.update({ model_id: model.id });
      // An answer is written with the settings that its conversation has when it begins.
      await this.#pending.flush();
      await attachments.flush();
      await current.send(text, ids);
      attachments.sent(current.id, ids);
      await this.#taken(text);
      return 'sent';
    } catch (thrown) {
      const error = BackendError.from(thrown);
      if (error.code === 'no_model') return 'no_model';
      throw error;
    } finally {
      this.sending = false;
    }
  }

  /** Has the draft wait for the end of the answer. */
  async #enqueue(place: number | null): Promise<void> {
    const text = this.draft.text;
    const { current, attachments } = this;
    const { ids } = attachments;
    this.sending = true;
    try {
      await attachments.flush();
      await current.enqueue(text, ids, place);
      attachments.sent(current.id, ids);
      await this.#taken(text);
    } finally {
      this.sending = false;
    }
  }

  /** Takes a message that waits back into the composer; what is written there waits in its place. */
  async editQueued(message: QueuedMessage): Promise<void> {
    const { current, attachments } = this;
    if (this.sending || attachments.reading.length > 0) return;
    const isEmpty = this.draft.text.trim() === '' && attachments.isEmpty;
    const place = current.queue.findIndex((one) => one.id === message.id);
    if (!isEmpty) await this.#enqueue(place);
    await current.removeQueued(message.id);
    // The reader may have gone elsewhere meanwhile: it waits there no more, and is not lost.
    if (this.current !== current) return void current.requeue(message, place);
    // What was added on the way comes behind it.
    const added = this.draft.text.trim() === '' ? '' : `\n\n${this.draft.text}`;
    this.draft.change(`${message.content}${added}`);
    attachments.put([...message.attachments, ...attachments.items]);
    // Out of the queue it is nowhere else.
    await Promise.all([this.draft.flush(), attachments.flush()]);
  }

  /** Puts the draft at the end as a message of either role, without an answer. Answers whether there was one. */
  async insert(role: Role): Promise<boolean> {
    const text = this.draft.text;
    const { current, model } = this;
    if (text.trim() === '' || this.sending || current.liveTurn) return false;
    this.sending = true;
    try {
      if (!current.id) await this.#create(current, model?.id ?? null);
      await current.insert(null, role, text);
      await this.#taken(text);
      return true;
    } finally {
      this.sending = false;
    }
  }

  /** Makes the new chat a conversation, with what was chosen for it. */
  async #create(current: ConversationState, model_id: ModelId | null): Promise<void> {
    const id = await current.create(model_id);
    this.#newDraft.keep('');
    this.attachments.become(id);
    if (Object.keys(this.chosenSettings).length > 0) this.#pending.change(current, this.chosenSettings);
    this.chosenSettings = {};
    this.chosenModelId = null;
    this.#sirocco.navigation.openConversation(id);
  }

  /** The draft is in the conversation now. */
  async #taken(text: string): Promise<void> {
    if (this.draft.text === text) this.draft.change('');
    await this.draft.flush();
  }

  handle(event: Event): void {
    this.current.handle(event);
    this.presets.handle(event);
    this.inherited.handle(event);
    this.prompts.handle(event);
    this.organiser.handle(event);
    // The mark of a new answer comes after its last word, so it is taken away when it comes. The list may hear of it
    // after us, so its row is not asked, and what takes the mark away comes later.
    if (event.type === 'conversation_changed' && event.conversation.id === this.current.id && event.conversation.unread)
      queueMicrotask(() => void this.seen(true));
    if (event.type === 'long_answer_ended') this.#tell(event.notice);
    if (event.type === 'conversation_deleted') this.#deleted([event.conversation_id]);
    if (event.type === 'conversations_organised' && event.change.type === 'delete') this.#deleted(event.conversations.map((row) => row.id));
  }

  /** A browser tells of an answer that ended while its reader was elsewhere; the window host does so itself. */
  #tell(notice: Notice): void {
    const { app, navigation } = this.#sirocco;
    if (app.status?.host !== 'browser' || this.#presence.here) return;
    showNotice(notice, () => navigation.openConversation(notice.conversation_id));
  }

  /** What is shown may be gone; where the reader went meanwhile stays. */
  #deleted(ids: ConversationId[]): void {
    const { navigation } = this.#sirocco;
    const { id } = this.current;
    if (id && ids.includes(id) && navigation.conversationId === id) navigation.newChat();
  }

  dispose(): void {
    void this.draft.flush();
    void this.notes.flush();
    this.#pending.save();
    this.current.dispose();
    this.meter.clear();
  }
}
