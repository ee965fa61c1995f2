/**
 * A backend in memory, for tests and for `npm run dev` with `?scripted`; never in a build.
 *
 * Tests use `tick_ms: 0` and tell events themselves with `emit`; a failing command is scripted with
 * `fail('model_load', report)`. The page takes `?scripted=empty`, `=many` (10,000 conversations and
 * models), `=broken` (nothing answers), `=loading` (nothing ever answers), `=both` (both runtimes are here), `=organised`
 * (with folders, tags, archive and trash) and `=eventful` (after a crash, with a newer version to be had).
 */
import type {
  Attachment,
  Commands,
  Conversation,
  Crash,
  Download,
  ErrorReport,
  Event,
  Folder,
  LoadedModel,
  LoginStart,
  Message,
  Model,
  ModelDefaults,
  ModelRoot,
  Opening,
  QuickAsk,
  Run,
  RunUpdate,
  RuntimeName,
  Settings,
  Started,
  UpdateStatus,
} from '$/gen/protocol';
import { conversationOrder } from '$/lib/conversationOrder';
import { BackendError } from '../error';
import type { Backend, StreamHandle } from '../index';
import { branchHandlers } from './branches';
import { comparisonHandlers } from './comparisons';
import { attachmentHandlers } from './attachments';
import { contextHandlers } from './context';
import { desktopHandlers } from './desktop';
import { crashHandlers, CRASHES } from './crashes';
import { ANSWER, branchOf, message, newConversation, scriptedConversations, type Stored } from './conversations';
import { databaseCopyHandlers } from './databaseCopies';
import { downloadHandlers, scriptedDownloads } from './downloads';
import { engineHandlers } from './engines';
import { exchangeHandlers } from './exchange';
import { entry, missing, type Handlers, type ScriptedHost } from './host';
import { hubHandlers } from './hub';
import { libraryHandlers } from './library';
import { loadedModel, memoryFit } from './memory';
import { ADAPTERS, ADDED_RUNTIME, DRAFTS, ROOTS, scriptedModels, RUNTIMES, SETTINGS, STATUS } from './models';
import { networkHandlers } from './network';
import { organise, organiseHandlers } from './organise';
import { presetHandlers } from './presets';
import { queueHandlers } from './queue';
import { searchHandlers } from './search';
import { serverHandlers, serverState } from './server';
import { updateHandlers } from './updates';

export interface ScriptedOptions {
  models?: Model[];
  conversations?: number;
  downloads?: Download[];
  /** Entries of the connection log. */
  connections?: number;
  /** Reports that are kept, and the one that the run before ended with. */
  crashes?: Crash[];
  crashNews?: Crash;
  /** Entries of the API server's log. */
  requests?: number;
  loaded?: string[];
  /** Runtimes that are here; else only mistral.rs is. */
  installed?: RuntimeName[];
  /** What is known of newer versions; else they are not looked for. */
  updates?: UpdateStatus;
  /** Pause between steps of loads, downloads and runs; 0 makes every command answer in the next microtask. */
  tick_ms?: number;
  settings?: Partial<Settings>;
  host?: 'window' | 'browser';
}

const copy = <T>(value: T): T => structuredClone(value);

export class ScriptedBackend implements Backend, ScriptedHost {
  readonly calls: { command: keyof Commands; request: unknown }[] = [];
  readonly installed: RuntimeName[];
  readonly models = new Map<string, Model>();
  readonly modelDefaults = new Map<string, ModelDefaults>();
  readonly loaded = new Map<string, LoadedModel>();
  readonly downloads = new Map<string, Download>();
  readonly attached = new Map<string, { attachment: Attachment; text: string }>();
  readonly stored: Map<string, Stored>;
  readonly deleted = new Map<string, Stored>();
  readonly folders = new Map<string, Folder>();
  /** What the system asked to open. */
  readonly openings: Opening[] = [];
  loginStart: LoginStart = { is_possible: true, is_on: false };
  quickAsk: QuickAsk = { is_possible: true, problem: null };
  /** Conversations that were opened in windows of their own. */
  readonly windows: string[] = [];
  roots: ModelRoot[];
  runtimes = copy(RUNTIMES);
  settings: Settings;

  readonly tick_ms: number;

  readonly #host: 'window' | 'browser';
  readonly #handlers: Handlers;
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  readonly #failures = new Map<keyof Commands, ErrorReport>();
  readonly #runs = new Map<string, { text: string; done: number; sequence: number; stopped: boolean; listeners: Set<(update: RunUpdate) => void> }>();
  #next = 1;

  constructor(options: ScriptedOptions = {}) {
    this.tick_ms = options.tick_ms ?? 0;
    this.#host = options.host ?? 'browser';
    for (const model of options.models ?? scriptedModels()) this.models.set(model.id, model);
    this.installed = options.installed ?? STATUS.installed;
    for (const id of options.loaded ?? []) this.loaded.set(id, loadedModel(id, 8192, 8, { type: 'ready' }));
    this.stored = scriptedConversations(options.conversations ?? 10);
    this.roots = copy(ROOTS);
    this.settings = { ...copy(SETTINGS), ...options.settings };
    for (const download of options.downloads ?? []) this.downloads.set(download.id, download);
    this.#handlers = {
      ...this.#own,
      ...branchHandlers(this),
      ...contextHandlers(this),
      ...desktopHandlers(this),
      ...queueHandlers(this),
      ...crashHandlers(this, options.crashes ?? CRASHES, options.crashNews ?? null),
      ...databaseCopyHandlers(this.#host === 'window'),
      ...attachmentHandlers(this),
      ...searchHandlers(this),
      ...organiseHandlers(this),
      ...libraryHandlers(this),
      ...downloadHandlers(this),
      ...engineHandlers(this),
      ...networkHandlers(this, options.connections ?? 0),
      ...hubHandlers(this),
      ...exchangeHandlers(this, this.#host === 'window'),
      ...presetHandlers(this),
      ...comparisonHandlers(this),
      ...serverHandlers(this, options.requests ?? 0),
      ...updateHandlers(this, options.updates ?? { is_possible: false, state: { type: 'unknown' } }),
    };
  }

  /** The next calls of this command are refused with this report, until `succeed`. */
  fail(command: keyof Commands, report: Partial<ErrorReport>): void {
    this.#failures.set(command, { code: 'internal', message: 'it did not work', hint: null, trace_id: 'trace-1', ...report });
  }

  succeed(command: keyof Commands): void {
    this.#failures.delete(command);
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) listener(copy(event));
  }

  setConnected(connected: boolean): void {
    for (const watcher of this.#watchers) watcher(connected);
  }

  async call<C extends keyof Commands>(command: C, request: Commands[C]['request']): Promise<Commands[C]['response']> {
    this.calls.push({ command, request: copy(request) });
    if (this.tick_ms > 0) await this.pause(40);
    const failure = this.#failures.get(command);
    if (failure) throw new BackendError(failure);
    return copy(await this.#handlers[command](request));
  }

  stream(_stream: 'run_follow', request: { id: string }, onMessage: (update: RunUpdate) => void): StreamHandle {
    const run = this.#runs.get(request.id);
    let finish = () => {};
    const done = new Promise<void>((resolve) => (finish = resolve));
    const found = this.#messageOfRun(request.id);
    if (!found) return { done: Promise.reject(new BackendError({ code: 'not_found', message: 'the run is not known', hint: null, trace_id: '' })), close() {} };
    const send = (update: RunUpdate) => {
      onMessage(copy(update));
      if (update.type === 'finished') finish();
    };
    queueMicrotask(() => {
      send({ type: 'snapshot', run: found.run as Run, message: found, next: run?.sequence ?? 0 });
      if (!run) send({ type: 'finished', run: found.run as Run, message: found });
      else run.listeners.add(send);
    });
    return {
      done,
      close: () => {
        run?.listeners.delete(send);
        finish();
      },
    };
  }

  events(onEvent: (event: Event) => void): () => void {
    this.#listeners.add(onEvent);
    return () => this.#listeners.delete(onEvent);
  }

  async openWindow(id: string): Promise<void> {
    this.windows.push(id);
  }

  connection(onChange: (connected: boolean) => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  // ---- commands ----

  readonly #own = {
    app_status: () => ({ ...STATUS, installed: this.installed, host: this.#host }),
    settings_get: () => this.settings,
    settings_set: ({ settings }) => {
      this.settings = copy(settings);
      this.emit({ type: 'settings_changed', settings });
      this.emit({ type: 'server_changed', state: serverState(settings.server) });
      return this.settings;
    },

    conversation_list: ({ query, shelf, folder_id, tag, after, limit }) => {
      const words = query.toLowerCase().split(/\s+/);
      return [...this.stored.values()]
        .map((one) => one.conversation.summary)
        .filter((row) => !row.temporary && words.every((word) => row.title.toLowerCase().includes(word)))
        .filter((row) => row.archived === (shelf === 'archive') && (!folder_id || row.folder_id === folder_id))
        .filter((row) => !tag || row.tags.some((one) => one.toLowerCase() === tag.toLowerCase()))
        .filter((row) => !after || conversationOrder(after, row) < 0)
        .sort(conversationOrder)
        .slice(0, limit);
    },
    conversation_create: ({ model_id }) => {
      const conversation = this.#create(model_id ?? null);
      this.#changed(conversation);
      return conversation;
    },
    temporary_create: ({ model_id }) => {
      const conversation = this.#create(model_id ?? null);
      conversation.summary.temporary = true;
      return conversation;
    },
    temporary_keep: ({ id }) => {
      const { conversation } = this.#stored(id);
      conversation.summary.temporary = false;
      this.#changed(conversation);
      return conversation;
    },
    conversation_get: ({ id }) => this.#stored(id).conversation,
    conversation_update: ({ id, ...changes }) => {
      const { conversation } = this.#stored(id);
      const { summary } = conversation;
      summary.title = changes.title ?? summary.title;
      summary.pinned = changes.pinned ?? summary.pinned;
      summary.unread = changes.unread ?? summary.unread;
      conversation.model_id = changes.model_id ?? conversation.model_id;
      conversation.settings = changes.settings ?? conversation.settings;
      conversation.draft = changes.draft ?? conversation.draft;
      if (changes.draft_attachments) {
        conversation.draft_attachments = changes.draft_attachments.map((one) => entry(this.attached, one, 'attachment').attachment);
      }
      conversation.notes = changes.notes ?? conversation.notes;
      this.#changed(conversation);
      return conversation;
    },
    conversation_delete: ({ id }) => {
      const stored = this.#stored(id);
      if (!stored.conversation.summary.temporary) this.deleted.set(id, stored);
      this.stored.delete(id);
      this.emit({ type: 'conversation_deleted', conversation_id: id });
      return {};
    },
    conversation_restore: ({ id }) => {
      const found = entry(this.deleted, id, 'conversation');
      this.deleted.delete(id);
      this.stored.set(id, found);
      this.#changed(found.conversation);
      return found.conversation;
    },

    message_page: ({ conversation_id, place, limit }) => {
      const branch = branchOf(this.#stored(conversation_id));
      const at = (id: string) => {
        const found = branch.findIndex((one) => one.id === id);
        if (found < 0) throw missing('message');
        return found;
      };
      let end = branch.length;
      let count = limit;
      if (place && 'before' in place) end = at(place.before);
      if (place && 'around' in place) end = Math.min(end, at(place.around) + 1 + Math.floor(limit / 2));
      if (place && 'after' in place) {
        count = Math.min(limit, end - at(place.after) - 1);
        end = at(place.after) + 1 + count;
      }
      const start = Math.max(0, end - count);
      return { messages: branch.slice(start, end), has_older: start > 0, has_newer: end < branch.length };
    },
    message_send: ({ conversation_id, content, attachments }) => {
      this.#stored(conversation_id).conversation.draft_attachments = [];
      return this.ask(conversation_id, content, attachments);
    },
    message_regenerate: ({ id, model_id }) => {
      const { conversation, found } = this.#message(id);
      const started = this.answer(conversation, found.parent_id);
      if (model_id) started.assistant_message.model_name = this.#model(model_id).name;
      return started;
    },
    message_continue: ({ id }) => {
      const { conversation, found } = this.#message(id);
      return this.#run(conversation, found);
    },
    message_edit: ({ id, content, generate }) => {
      const { conversation, found } = this.#message(id);
      const { messages } = this.#stored(conversation.summary.id);
      const edited = { ...copy(found), id: this.id('msg'), content, run: null };
      edited.versions = [...found.versions, edited.id];
      for (const one of messages) if (found.versions.includes(one.id)) one.versions = edited.versions;
      messages.push(edited);
      conversation.head = edited.id;
      this.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head: edited.id });
      if (!generate || edited.role === 'assistant') return { user_message: null, assistant_message: edited };
      return { user_message: edited, assistant_message: this.answer(conversation, edited.id).assistant_message };
    },
    message_select: ({ id }) => {
      const { conversation } = this.#message(id);
      const { messages } = this.#stored(conversation.summary.id);
      let head = id;
      for (let child; (child = messages.findLast((one) => one.parent_id === head)); ) head = child.id;
      conversation.head = head;
      this.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head });
      return conversation;
    },
    message_delete: ({ id }) => {
      const { conversation, found } = this.#message(id);
      conversation.head = found.parent_id;
      this.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head: conversation.head });
      return conversation;
    },
    message_restore: ({ id }) => this.#handlers.message_select({ id }),
    run_stop: ({ id }) => {
      const run = this.#runs.get(id);
      if (run) run.stopped = true;
      return {};
    },
    model_list: () => [...this.models.values()],
    model_fit: ({ id, context_length, cache_type }) => memoryFit(this.#model(id), context_length ?? this.settings.default_context_length, cache_type),
    draft_list: ({ id }) => DRAFTS[this.#model(id).architecture] ?? [],
    adapter_list: ({ id }) => ADAPTERS.filter((one) => one.architecture === this.#model(id).architecture),
    model_load: ({ id, options }) => {
      const model = this.#model(id);
      if (model.verdict.type !== 'runs' && model.verdict.type !== 'embeds') {
        throw new BackendError({ code: 'model_refused', message: `${model.name} does not run here`, hint: null, trace_id: 't' });
      }
      const context_length = Math.min(options.context_length ?? this.settings.default_context_length, model.context_length);
      if (!options.load_anyway && !memoryFit(this.#model(id), context_length).fits) {
        throw new BackendError({
          code: 'does_not_fit',
          message: `${model.name} needs more memory than is free`,
          hint: 'choose a shorter context, or load it anyway',
          trace_id: 't',
        });
      }
      const served_by = options.runtime ?? this.modelDefaults.get(id)?.runtime ?? model.runtime ?? 'mistralrs';
      const loaded = loadedModel(id, context_length, options.threads ?? 8, { type: 'loading', progress: 0 }, served_by);
      const llamacpp = options.llamacpp ?? this.modelDefaults.get(id)?.llamacpp;
      if (served_by === 'llamacpp' && llamacpp) loaded.llamacpp = llamacpp;
      this.loaded.set(id, loaded);
      if (this.tick_ms > 0) void this.#loadSlowly(id);
      return loaded;
    },
    model_embed: ({ id, texts, dimensions }) => {
      const model = this.#model(id);
      if (model.verdict.type !== 'embeds') {
        throw new BackendError({ code: 'invalid_request', message: `\`${model.key}\` cannot embed`, hint: null, trace_id: 't' });
      }
      const vector = Array.from({ length: dimensions ?? 4 }, (_, at) => (at === 0 ? 1 : 0));
      return { vectors: texts.map(() => vector), tokens: texts.length };
    },
    model_eject: ({ id }) => {
      this.loaded.delete(id);
      this.emit({ type: 'ejected', model_id: id });
      return {};
    },
    model_loaded: () => [...this.loaded.values()],

    path_pick: ({ kind }) => [{ handle: '/picked', path: '/picked', is_folder: kind === 'folder' }],
    runtime_list: () => copy(this.runtimes),
    runtime_add: () => {
      this.runtimes = [...this.runtimes.filter(({ key }) => key !== ADDED_RUNTIME.key), copy(ADDED_RUNTIME)];
      this.emit({ type: 'lagged' });
      return [copy(ADDED_RUNTIME)];
    },
    runtime_remove: ({ key }) => {
      this.runtimes = this.runtimes.filter((one) => one.key !== key);
      this.emit({ type: 'lagged' });
      return {};
    },
    path_type: ({ path }) => {
      if (!/^[/~]/.test(path)) {
        throw new BackendError({ code: 'invalid_request', message: 'the path is not absolute', hint: 'start it with / or ~', trace_id: '' });
      }
      return { handle: path, path, is_folder: !path.endsWith('.gguf') };
    },
  } satisfies Partial<Handlers>;

  // ---- pieces ----

  id(prefix: string): string {
    return `${prefix}-${this.#next++}`;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  #stored(id: string): Stored {
    return entry(this.stored, id, 'conversation');
  }

  #create(model_id: string | null): Conversation {
    const conversation = newConversation(this.id('c-new'), 'New conversation', Date.now());
    conversation.model_id = model_id;
    const { preset } = this.#handlers.settings_inherit({ model_id, preset: { type: 'standard' } });
    conversation.settings.preset_id = preset?.id ?? null;
    this.stored.set(conversation.summary.id, { conversation, messages: [] });
    return conversation;
  }

  #model(id: string): Model {
    return entry(this.models, id, 'model');
  }

  #message(id: string): { conversation: Conversation; found: Message } {
    for (const { conversation, messages } of this.stored.values()) {
      const found = messages.find((one) => one.id === id);
      if (found) return { conversation, found };
    }
    throw missing('message');
  }

  #messageOfRun(run_id: string): Message | null {
    for (const { messages } of this.stored.values()) {
      const found = messages.find((one) => one.run?.id === run_id);
      if (found) return found;
    }
    return null;
  }

  #changed(conversation: Conversation): void {
    this.emit({ type: 'conversation_changed', conversation: conversation.summary });
  }

  async #loadSlowly(id: string): Promise<void> {
    for (let step = 0; step <= 20; step += 1) {
      await this.pause(this.tick_ms * 3);
      const loaded = this.loaded.get(id);
      if (!loaded) return;
      loaded.state = step < 20 ? { type: 'loading', progress: step / 20 } : { type: 'ready' };
      if (step === 20) loaded.memory_bytes = 1.2 * 1024 ** 3;
      this.emit({ type: 'loaded_changed', loaded });
    }
  }

  presetName(id: string | null): string | null {
    return this.#handlers.preset_list({}).find((one) => one.id === id)?.name ?? null;
  }

  answer(conversation: Conversation, parent_id: string | null): Started {
    const { messages } = this.#stored(conversation.summary.id);
    const answer = message(conversation.summary.id, this.id('msg'), 'assistant', '', parent_id, Date.now());
    const versions = [...messages.filter((one) => one.parent_id === parent_id && one.role === 'assistant').map((one) => one.id), answer.id];
    messages.push(answer);
    for (const one of messages) if (versions.includes(one.id)) one.versions = versions;
    conversation.head = answer.id;
    return this.#run(conversation, answer);
  }

  ask(conversation_id: string, content: string, attachments: string[]): Started {
    const { conversation, messages } = this.#stored(conversation_id);
    const question = message(conversation_id, this.id('msg'), 'user', content, conversation.head, Date.now());
    question.attachments = attachments.map((id) => entry(this.attached, id, 'attachment').attachment);
    messages.push(question);
    if (messages.length === 1) conversation.summary.title = content.slice(0, 60);
    return { user_message: question, assistant_message: this.answer(conversation, question.id).assistant_message };
  }

  #run(conversation: Conversation, answer: Message): Started {
    const run: Run = {
      id: this.id('run'),
      conversation_id: conversation.summary.id,
      message_id: answer.id,
      model_id: conversation.model_id,
      state: 'prefilling',
      started_at_ms: Date.now(),
      ended_at_ms: null,
      statistics: null,
      error: null,
      structured_output: null,
    };
    answer.run = run;
    conversation.summary.running = true;
    conversation.summary.updated_at_ms = Date.now();
    this.#changed(conversation);
    this.#runs.set(run.id, { text: ANSWER, done: 0, sequence: 0, stopped: false, listeners: new Set() });
    void this.#write(conversation, answer, run);
    return { user_message: null, assistant_message: answer };
  }

  async #write(conversation: Conversation, answer: Message, run: Run): Promise<void> {
    const live = this.#runs.get(run.id);
    if (!live) return;
    const tick = () => (this.tick_ms > 0 ? this.pause(this.tick_ms) : Promise.resolve());
    const tell = (update: RunUpdate) => live.listeners.forEach((listener) => listener(update));
    for (let step = 1; step <= 5; step += 1) {
      await tick();
      tell({ type: 'prefill', done: step * 43, total: 215 });
    }
    run.state = 'generating';
    this.emit({ type: 'run_changed', run });
    while (live.done < live.text.length && !live.stopped) {
      await tick();
      const content = live.text.slice(live.done, live.done + 9);
      live.done += content.length;
      answer.content += content;
      tell({ type: 'delta', sequence: live.sequence, content, reasoning: '' });
      live.sequence += 1;
    }
    run.state = live.stopped ? 'stopped' : 'completed';
    run.ended_at_ms = Date.now();
    run.statistics = {
      prompt_tokens: 215,
      cached_tokens: 172,
      completion_tokens: Math.ceil(answer.content.length / 4),
      time_to_first_token_ms: 290,
      prefill_tokens_per_second: 148.1,
      decode_tokens_per_second: 19.2,
      stop_reason: live.stopped ? 'user' : 'end_of_turn',
      left_out: null,
      drafted_tokens: 0,
      accepted_tokens: 0,
      shifted_tokens: 0,
      reasoning_ms: null,
    };
    this.#runs.delete(run.id);
    conversation.summary.running = false;
    this.#changed(conversation);
    this.emit({ type: 'run_changed', run });
    tell({ type: 'finished', run, message: answer });
    if (run.state === 'completed' && conversation.queue.length > 0) this.#handlers.queue_send({ conversation_id: conversation.summary.id });
  }
}

/** A run that follows a crash, in a window that may become a newer version. */
const EVENTFUL: ScriptedOptions = {
  host: 'window',
  crashNews: CRASHES[0],
  updates: { is_possible: true, state: { type: 'unknown' } },
  settings: { quick_ask_keys: 'Ctrl+Shift+Space' },
};

/** The backend of a development page, by the value of `?scripted=`. */
export function scriptedPage(kind: string): ScriptedBackend {
  if (kind === 'empty') return new ScriptedBackend({ models: [], conversations: 0, tick_ms: 30 });
  if (kind === 'many') {
    const models = scriptedModels();
    const many = Array.from({ length: 10_000 }, (_, index) => {
      const base = models[index % models.length] as Model;
      return { ...base, id: `${base.id}-${index}`, name: index < models.length ? base.name : `${base.name} ${index}` };
    });
    return new ScriptedBackend({ models: many, conversations: 10_000, tick_ms: 30 });
  }
  const page = new ScriptedBackend({
    loaded: kind === 'cold' ? [] : ['m-coder'],
    downloads: scriptedDownloads(),
    connections: 400,
    requests: 40,
    installed: kind === 'both' ? ['mistralrs', 'llamacpp'] : undefined,
    tick_ms: 30,
    ...(kind === 'eventful' ? EVENTFUL : {}),
  });
  if (kind === 'organised') organise(page);
  if (kind === 'eventful') {
    for (const loaded of page.loaded.values()) loaded.fallback = 'The driver of the graphics card is missing: it answers on the CPU.';
    const taken: ErrorReport = { code: 'conflict', message: 'another program has Ctrl+Shift+Space', hint: 'choose other keys', trace_id: '' };
    page.quickAsk = { is_possible: true, problem: taken };
  }
  if (kind === 'broken') {
    page.fail('app_status', { code: 'network', message: 'Sirocco does not answer', hint: 'check that it is still running on this machine' });
  }
  if (kind === 'loading') page.call = () => new Promise(() => {});
  return page;
}
