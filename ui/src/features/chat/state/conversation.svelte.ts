/**
 * The open conversation: its turns, page by page, and the runs that write them.
 *
 * The backend is the truth. A command is followed by asking for the shown branch again; a run is
 * followed by its stream until it ends, and again from a snapshot whenever a delta is missing.
 *
 * The turns held are a stretch of the branch: its end, unless a message far from it was asked for.
 */

import type {
  AttachmentId,
  Conversation,
  ConversationId,
  ConversationSettings,
  Event,
  Message,
  MessageId,
  MessageOutline,
  MessagePage,
  ModelId,
  PagePlace,
  QueuedMessage,
  QueuedMessageId,
  Role,
  Run,
  Started,
  SummaryId,
} from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { type ChatSettings, NO_SETTINGS, withChanges } from '../presets/values';
import { PAGE_TIME, RunFollow } from './runFollow';
import { isLive, Turn } from './turn.svelte';

export type Loading = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

/** Turns fetched at once. */
export const PAGE = 60;
/** Those a conversation opens with: they fill the window, and are drawn at once. */
export const FIRST_PAGE = 20;
/** So many may have been added to the turns held before these are fetched anew rather than gone on with. */
const ADDED = 10;
/** Fewer turns than this are not worth letting go of. */
const LET_GO_AT_ONCE = 4;
/** As many as the backend gives at once. */
const LARGEST_PAGE = 500;

export interface ConversationOptions {
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  /** An answer ended while it was being shown. */
  onFinished?: (turn: Turn) => void;
}

export class ConversationState {
  /** Null until the first message is sent. */
  id = $state<ConversationId | null>(null);
  conversation = $state.raw<Conversation | null>(null);
  turns = $state.raw<Turn[]>([]);
  /** Messages that wait for the end of an answer. Events alone change it: they come in order, and answers may be late. */
  queue = $state.raw<QueuedMessage[]>([]);
  hasOlder = $state(false);
  loadingOlder = $state(false);
  /** The branch goes on behind the turns held. */
  hasNewer = $state(false);
  loadingNewer = $state(false);
  /** The message that is to be scrolled to; another object each time. */
  revealed = $state.raw<{ id: MessageId } | null>(null);
  state = $state.raw<Loading>({ type: 'ready' });

  readonly #backend: Backend;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #onFinished: (turn: Turn) => void;
  readonly #follows = new Map<string, RunFollow>();
  #refreshing: Promise<void> | null = null;
  #stale = false;
  #disposed = false;

  constructor(backend: Backend, id: ConversationId | null, options: ConversationOptions = {}) {
    this.#backend = backend;
    this.id = id;
    this.#now = options.now ?? PAGE_TIME.now;
    this.#wait = options.wait ?? PAGE_TIME.wait;
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

  /** An answer is being written, shown or not. */
  get busy(): boolean {
    return this.liveTurn !== null || (this.hasNewer && (this.conversation?.summary.running ?? false));
  }

  /**
   * Fetches the conversation with its latest turns, or those around a message. `state` says how it went; thrown is
   * only why the message could not be shown, and the latest turns are there then.
   */
  async load(message: MessageId | null = null): Promise<void> {
    const { id } = this;
    if (!id) return;
    let problem: unknown = null;
    try {
      // Both are asked for at once; the turns are shown with what the conversation says of itself.
      const turns = message ? null : this.refresh();
      turns?.catch(() => undefined);
      const conversation = await this.#backend.call('conversation_get', { id });
      if (this.#disposed) return;
      this.conversation = conversation;
      this.queue = conversation.queue;
      if (message) await this.reveal(message).catch((thrown: unknown) => (problem = thrown));
      await (turns ?? (problem ? this.refresh() : null));
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (this.state.type !== 'ready') this.state = { type: 'failed', error: BackendError.from(thrown) };
      return;
    }
    if (problem) throw problem;
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
      const page = await this.#pageHeld();
      // What came meanwhile made the answer old.
      if (this.#stale || this.#disposed) continue;
      this.#show(page);
    }
  }

  #page(place: PagePlace | null, limit = PAGE): Promise<MessagePage> {
    return this.#backend.call('message_page', { conversation_id: this.#known(), place, limit });
  }

  /** The stretch held, as it is now; the end if that is held, or if the branch does not go there any more. */
  async #pageHeld(): Promise<MessagePage> {
    const middle = this.turns[this.turns.length >> 1];
    if (this.hasNewer && middle) {
      try {
        return await this.#page({ around: middle.id }, Math.min(LARGEST_PAGE, this.turns.length));
      } catch (thrown) {
        if (BackendError.from(thrown).code !== 'not_found') throw thrown;
      }
    }
    const [first] = this.turns;
    if (!first) return this.#page(null, FIRST_PAGE);
    const page = await this.#page(null, Math.min(PAGE, this.turns.length + ADDED));
    const at = page.messages.findIndex((message) => message.id === first.id);
    // What comes before the stretch was let go of, or never looked for.
    return at > 0 ? { ...page, messages: page.messages.slice(at), has_older: true } : page;
  }

  /** Puts a page in place, keeps older turns if it continues them. */
  #show({ messages, has_older, has_newer }: MessagePage): void {
    const known = new Map(this.turns.map((turn) => [turn.id, turn]));
    const parent = messages[0]?.parent_id ?? null;
    const at = parent === null ? -1 : this.turns.findIndex((turn) => turn.id === parent);
    const older = this.turns.slice(0, at + 1);
    if (at < 0) this.hasOlder = has_older;
    this.hasNewer = has_newer;
    this.turns = [...older, ...messages.map((message) => this.#turn(message, known.get(message.id)))];
    this.#followAll();
  }

  /** Has a message among the turns, on another branch too, and asks for it to be scrolled to. */
  async reveal(id: MessageId): Promise<void> {
    if (!this.turns.some((turn) => turn.id === id)) {
      const around = () => this.#page({ around: id });
      const page = await around().catch(async (thrown: unknown) => {
        if (BackendError.from(thrown).code !== 'not_found') throw thrown;
        // Not on the shown branch.
        this.conversation = await this.#backend.call('message_select', { id });
        return around();
      });
      if (this.#disposed) return;
      this.#show(page);
      if (this.#refreshing) this.#stale = true;
    }
    this.revealed = { id };
  }

  /** All branches, a few words of each message. */
  outline(): Promise<MessageOutline> {
    return this.#backend.call('message_outline', { conversation_id: this.#known() });
  }

  /** Goes back to the end of the branch, if other turns are held. */
  async toEnd(): Promise<void> {
    if (!this.hasNewer) return;
    this.hasNewer = false;
    try {
      await this.refresh();
    } catch (thrown) {
      this.hasNewer = true;
      throw thrown;
    }
  }

  /** Lets go of the first `count` turns, for a reader who is at the end: they are fetched again once they are looked for. */
  letGoOlder(count: number): void {
    if (this.hasNewer || count < LET_GO_AT_ONCE) return;
    this.turns = this.turns.slice(count);
    this.hasOlder = true;
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
      const page = await this.#page({ before: first.id });
      // The branch may have been changed meanwhile.
      if (this.#disposed || this.turns[0] !== first) return;
      this.hasOlder = page.has_older;
      this.turns = [...page.messages.map((message) => new Turn(message)), ...this.turns];
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Fetches the page after the last turn. */
  async loadNewer(): Promise<void> {
    const { last } = this;
    if (!last || !this.hasNewer || this.loadingNewer) return;
    this.loadingNewer = true;
    try {
      const page = await this.#page({ after: last.id });
      if (this.#disposed || this.last !== last) return;
      if (page.messages.length > 0) this.#show(page);
      else this.hasNewer = false;
    } finally {
      this.loadingNewer = false;
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

  /** Has a temporary conversation kept. */
  async keep(): Promise<void> {
    this.conversation = await this.#backend.call('temporary_keep', { id: this.#known() });
  }

  async send(content: string, attachments: AttachmentId[] = []): Promise<void> {
    const id = this.#known();
    await this.toEnd();
    const started = await this.#backend.call('message_send', { conversation_id: id, content, attachments });
    this.#started(started);
  }

  /** Has what was the draft wait for the end of the answer, at a place or at the end. */
  async enqueue(content: string, attachments: AttachmentId[], place: number | null = null): Promise<void> {
    await this.#backend.call('queue_add', { conversation_id: this.#known(), content, attachments, place, is_draft: true });
  }

  /** Has a message wait again that was taken out. */
  async requeue({ content, attachments }: QueuedMessage, place: number): Promise<void> {
    const ids = attachments.map((one) => one.id);
    await this.#backend.call('queue_add', { conversation_id: this.#known(), content, attachments: ids, place, is_draft: false });
  }

  async moveQueued(id: QueuedMessageId, place: number): Promise<void> {
    await this.#backend.call('queue_move', { conversation_id: this.#known(), id, place });
  }

  async removeQueued(id: QueuedMessageId): Promise<void> {
    await this.#backend.call('queue_remove', { conversation_id: this.#known(), id });
  }

  /** Sends the first message that waits. */
  async sendQueued(): Promise<void> {
    const id = this.#known();
    await this.toEnd();
    this.#started(await this.#backend.call('queue_send', { conversation_id: id }));
  }

  async edit(id: string, content: string, generate: boolean): Promise<void> {
    await this.#backend.call('message_edit', { id, content, generate });
    await this.refresh();
  }

  /** Another version of an answer, by the conversation's model or another one. */
  async regenerate(id: string, model_id: ModelId | null = null): Promise<void> {
    await this.#backend.call('message_regenerate', { id, model_id });
    this.hasNewer = false;
    await this.refresh();
  }

  /** Puts a message after another one, or at the end. */
  async insert(after: string | null, role: Role, content: string): Promise<void> {
    const message = await this.#backend.call('message_insert', { conversation_id: this.#known(), after, role, content });
    if (after === null) this.hasNewer = false;
    else this.#putAfter(after, message);
    await this.refresh();
  }

  /** A page may begin behind it, and what is before a page stays as it was. */
  #putAfter(after: string, message: Message): void {
    const at = this.turns.findIndex((turn) => turn.id === after);
    if (at < 0 || this.turns.some((turn) => turn.id === message.id)) return;
    const [before, behind] = [this.turns.slice(0, at + 1), this.turns.slice(at + 1)];
    const next = behind[0];
    if (next) next.message = { ...next.message, parent_id: message.id };
    this.turns = [...before, new Turn(message), ...behind];
  }

  /** Keeps a message from the model, or lets it see it again. */
  async leaveOut(id: string, left_out: boolean): Promise<void> {
    await this.#backend.call('message_leave_out', { id, left_out });
    const turn = this.turns.find((one) => one.id === id);
    if (turn) turn.message = { ...turn.message, left_out };
    await this.refresh();
  }

  /** Marks an answer as good, or takes the mark away. */
  async markGood(id: string, good: boolean): Promise<void> {
    const marked = await this.#backend.call('message_mark_good', { id, good });
    const turn = this.turns.find((one) => one.id === id);
    if (turn) turn.message = { ...turn.message, good: marked.good };
  }

  /** Makes a conversation of the messages up to this one. */
  async branch(message_id: string): Promise<ConversationId> {
    const made = await this.#backend.call('conversation_branch', { message_id });
    return made.summary.id;
  }

  /** Puts other words in the place of a summary. */
  async editSummary(id: SummaryId, text: string): Promise<void> {
    await this.#backend.call('summary_update', { id, text });
    await this.refresh();
  }

  /** Has the messages themselves sent again. */
  async removeSummary(id: SummaryId): Promise<void> {
    await this.#backend.call('summary_delete', { id });
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
    notes?: string;
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
      case 'conversations_organised': {
        const summary = event.conversations.find((row) => row.id === this.id);
        if (summary && this.conversation) this.conversation = { ...this.conversation, summary };
        break;
      }
      case 'queue_changed':
        if (event.conversation_id === this.id) this.queue = event.queue;
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
      follow.close();
    }
    for (const [id, turn] of wanted) {
      if (this.#follows.has(id)) continue;
      const onEnd = (how: 'finished' | 'unknown') => {
        if (this.#follows.get(id) === follow) this.#follows.delete(id);
        if (how === 'finished') this.#onFinished(turn);
        else this.#refreshQuietly();
      };
      const follow = new RunFollow(this.#backend, turn, { now: this.#now, wait: this.#wait, onEnd });
      this.#follows.set(id, follow);
      void follow.read(id);
    }
  }

  /** Stops listening. Runs go on without us. */
  dispose(): void {
    this.#disposed = true;
    for (const follow of this.#follows.values()) follow.close();
    this.#follows.clear();
  }
}
