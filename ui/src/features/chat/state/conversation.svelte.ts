/**
 * The open conversation: its turns, page by page, and the runs that write them.
 *
 * The backend is the truth. A command is followed by asking for the shown branch again; a run is
 * followed by its stream until it ends, and again from a snapshot whenever a delta is missing.
 */

import type { Conversation, ConversationId, ConversationSettings, Event, Message, ModelId, Run, RunUpdate, Started } from '$/gen/protocol';
import { BackendError, type Backend, type StreamHandle } from '$/lib/backend';
import { type ChatSettings, NO_SETTINGS, withChanges } from '../presets/values';
import { isLive, Turn } from './turn.svelte';

export type Loading = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

/** Turns fetched at once. */
export const PAGE = 60;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 8_000;

export interface ConversationOptions {
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  /** An answer ended while it was being shown. */
  onFinished?: (turn: Turn) => void;
}

interface Follow {
  turn: Turn;
  handle: StreamHandle | null;
  ended: boolean;
}

export class ConversationState {
  /** Null until the first message is sent. */
  id = $state<ConversationId | null>(null);
  conversation = $state.raw<Conversation | null>(null);
  turns = $state.raw<Turn[]>([]);
  hasOlder = $state(false);
  loadingOlder = $state(false);
  state = $state.raw<Loading>({ type: 'ready' });

  readonly #backend: Backend;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #onFinished: (turn: Turn) => void;
  readonly #follows = new Map<string, Follow>();
  #refreshing: Promise<void> | null = null;
  #stale = false;
  #disposed = false;

  constructor(backend: Backend, id: ConversationId | null, options: ConversationOptions = {}) {
    this.#backend = backend;
    this.id = id;
    this.#now = options.now ?? (() => performance.now());
    this.#wait = options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#onFinished = options.onFinished ?? (() => undefined);
    if (id) this.state = { type: 'loading' };
  }

  // Getters, and in `Turn` too: a derived value belongs to the effect that runs when its class is
  // made, here the page's, and stands still once that page was left. This state outlives pages.

  get last(): Turn | null {
    return this.turns.at(-1) ?? null;
  }

  /** The answer being written, if one is. */
  get liveTurn(): Turn | null {
    const { last } = this;
    return last?.live ? last : null;
  }

  /** Fetches the conversation and its latest turns. Throws nothing; `state` says how it went. */
  async load(): Promise<void> {
    const { id } = this;
    if (!id) return;
    try {
      const conversation = await this.#backend.call('conversation_get', { id });
      if (this.#disposed) return;
      this.conversation = conversation;
      await this.refresh();
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (this.state.type !== 'ready') this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  /** Asks for the shown branch again. Calls made meanwhile share one more question. */
  refresh(): Promise<void> {
    this.#stale = true;
    this.#refreshing ??= this.#refreshUntilFresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refreshUntilFresh(): Promise<void> {
    while (this.#stale && !this.#disposed && this.id) {
      this.#stale = false;
      const page = await this.#backend.call('message_page', { conversation_id: this.id, limit: PAGE });
      // What came meanwhile made the answer old.
      if (this.#stale || this.#disposed) continue;
      this.#show(page.messages, page.has_older);
    }
  }

  /** Puts the end of the branch in place, keeps older turns if it continues them. */
  #show(messages: Message[], has_older: boolean): void {
    const known = new Map(this.turns.map((turn) => [turn.id, turn]));
    const parent = messages[0]?.parent_id ?? null;
    const at = parent === null ? -1 : this.turns.findIndex((turn) => turn.id === parent);
    const older = this.turns.slice(0, at + 1);
    if (at < 0) this.hasOlder = has_older;
    this.turns = [...older, ...messages.map((message) => this.#turn(message, known.get(message.id)))];
    this.#followAll();
  }

  #turn(message: Message, known: Turn | undefined): Turn {
    if (!known) return new Turn(message);
    const follow = message.run ? this.#follows.get(message.run.id) : undefined;
    known.refresh(message, follow !== undefined && !follow.ended);
    return known;
  }

  /** Fetches the page before the first turn. */
  async loadOlder(): Promise<void> {
    const first = this.turns[0];
    if (!this.id || !first || !this.hasOlder || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await this.#backend.call('message_page', { conversation_id: this.id, before: first.id, limit: PAGE });
      // The branch may have been changed meanwhile.
      if (this.#disposed || this.turns[0] !== first) return;
      this.hasOlder = page.has_older;
      this.turns = [...page.messages.map((message) => new Turn(message)), ...this.turns];
    } finally {
      this.loadingOlder = false;
    }
  }

  // ---- commands ----

  /** Creates the conversation of a new chat. */
  async create(model_id: ModelId | null): Promise<ConversationId> {
    if (this.id) return this.id;
    const conversation = await this.#backend.call('conversation_create', { model_id });
    this.conversation = conversation;
    this.id = conversation.summary.id;
    return this.id;
  }

  async send(content: string): Promise<void> {
    const id = this.#known();
    const started = await this.#backend.call('message_send', { conversation_id: id, content });
    this.#started(started);
  }

  async edit(id: string, content: string, generate: boolean): Promise<void> {
    await this.#backend.call('message_edit', { id, content, generate });
    await this.refresh();
  }

  async regenerate(id: string): Promise<void> {
    await this.#backend.call('message_regenerate', { id });
    await this.refresh();
  }

  async continue(id: string): Promise<void> {
    await this.#backend.call('message_continue', { id });
    await this.refresh();
  }

  async select(id: string): Promise<void> {
    this.conversation = await this.#backend.call('message_select', { id });
    await this.refresh();
  }

  async remove(id: string): Promise<void> {
    this.conversation = await this.#backend.call('message_delete', { id });
    await this.refresh();
  }

  async restore(id: string): Promise<void> {
    this.conversation = await this.#backend.call('message_restore', { id });
    await this.refresh();
  }

  async stop(): Promise<void> {
    const run = this.liveTurn?.run;
    if (run) await this.#backend.call('run_stop', { id: run.id });
  }

  async update(changes: {
    title?: string;
    model_id?: ModelId;
    settings?: ConversationSettings;
    draft?: string;
    unread?: boolean;
  }): Promise<void> {
    const conversation = await this.#backend.call('conversation_update', { id: this.#known(), ...changes });
    if (!this.#disposed) this.conversation = conversation;
  }

  /** Changes some of what this conversation sets itself. */
  async updateSettings(changes: ChatSettings): Promise<void> {
    await this.update({ settings: withChanges(this.conversation?.settings ?? NO_SETTINGS, changes) });
  }

  #known(): ConversationId {
    if (!this.id) throw new BackendError({ code: 'not_found', message: 'the conversation is not there yet', hint: null, trace_id: '' });
    return this.id;
  }

  /** Shows what was sent without asking again, if it continues what is shown. */
  #started({ user_message, assistant_message }: Started): void {
    const added = user_message ? [user_message, assistant_message] : [assistant_message];
    if ((added[0]?.parent_id ?? null) === (this.last?.id ?? null)) {
      this.turns = [...this.turns, ...added.map((message) => new Turn(message))];
      this.#followAll();
      if (this.#refreshing) this.#stale = true;
    } else if (!this.turns.some((turn) => turn.id === assistant_message.id)) {
      void this.refresh().catch(() => undefined);
    }
  }

  // ---- events and runs ----

  handle(event: Event): void {
    switch (event.type) {
      case 'conversation_changed':
        if (event.conversation.id === this.id && this.conversation) {
          this.conversation = { ...this.conversation, summary: event.conversation };
        }
        break;
      case 'messages_changed':
        if (event.conversation_id === this.id) this.#refreshQuietly();
        break;
      case 'run_changed':
        if (event.run.conversation_id === this.id) this.#runChanged(event.run);
        break;
      case 'lagged':
        void this.load();
        break;
    }
  }

  #runChanged(run: Run): void {
    const turn = this.turns.find((one) => one.id === run.message_id);
    if (!turn) {
      if (isLive(run)) this.#refreshQuietly();
      return;
    }
    const following = this.#follows.get(run.id);
    // The stream tells the end together with the saved words; until then the run stays live here.
    if (following && !following.ended && !isLive(run)) return;
    if (!isLive(run) && turn.run?.id === run.id && !turn.live) return;
    if (!isLive(run)) {
      this.#refreshQuietly();
      return;
    }
    turn.message = { ...turn.message, run };
    this.#followAll();
  }

  #refreshQuietly(): void {
    // A lost question is asked again with the next event; what is shown stays.
    this.refresh().catch(() => undefined);
  }

  #followAll(): void {
    const wanted = new Map<string, Turn>();
    for (const turn of this.turns) if (turn.run && turn.live) wanted.set(turn.run.id, turn);
    for (const [id, follow] of this.#follows) {
      if (wanted.has(id)) continue;
      this.#follows.delete(id);
      follow.ended = true;
      follow.handle?.close();
    }
    for (const [id, turn] of wanted) {
      if (this.#follows.has(id)) continue;
      const follow: Follow = { turn, handle: null, ended: false };
      this.#follows.set(id, follow);
      void this.#follow(id, follow);
    }
  }

  /** Reads a run's stream to its end, again from a snapshot after every gap or break. */
  async #follow(id: string, follow: Follow): Promise<void> {
    let retry_ms = FIRST_RETRY_MS;
    while (!follow.ended) {
      let next = -1;
      let gap = false;
      let handle: StreamHandle | null = null;
      handle = this.#backend.stream('run_follow', { id }, (update) => {
        if (follow.ended || gap) return;
        if (update.type === 'delta') {
          if (update.sequence < next) return;
          if (update.sequence > next) {
            gap = true;
            handle?.close();
            return;
          }
          next++;
        }
        if (update.type === 'snapshot') next = update.next;
        retry_ms = FIRST_RETRY_MS;
        this.#take(follow, update);
      });
      follow.handle = handle;
      try {
        await handle.done;
      } catch (thrown) {
        if (BackendError.from(thrown).code === 'not_found') {
          this.#end(id, follow);
          this.#refreshQuietly();
          return;
        }
      }
      if (follow.ended) break;
      if (gap) continue;
      await this.#wait(retry_ms);
      retry_ms = Math.min(LAST_RETRY_MS, retry_ms * 2);
    }
    if (this.#follows.get(id) === follow) this.#follows.delete(id);
  }

  #end(id: string, follow: Follow): void {
    follow.ended = true;
    if (this.#follows.get(id) === follow) this.#follows.delete(id);
  }

  #take(follow: Follow, update: RunUpdate): void {
    const { turn } = follow;
    switch (update.type) {
      case 'snapshot':
        turn.replace({ ...update.message, run: update.run, versions: turn.message.versions });
        break;
      case 'delta':
        turn.append(update.content, update.reasoning, this.#now());
        break;
      case 'prefill':
        turn.progress = { type: 'prefill', done: update.done, total: update.total };
        break;
      case 'waiting':
        turn.progress = { type: 'waiting', load_progress: update.load_progress, ahead: update.ahead };
        break;
      case 'finished':
        this.#end(update.run.id, follow);
        turn.stopThinking(this.#now());
        turn.replace({ ...update.message, run: update.run });
        this.#onFinished(turn);
        break;
    }
  }

  /** Stops listening. Runs go on without us. */
  dispose(): void {
    this.#disposed = true;
    for (const follow of this.#follows.values()) {
      follow.ended = true;
      follow.handle?.close();
    }
    this.#follows.clear();
  }
}
