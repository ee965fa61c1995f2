/** The list of conversations: pages of rows, kept in order by events. Never holds messages. */
import type { Conversation, ConversationCursor, ConversationId, ConversationSummary, Event, ModelId } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { conversationOrder, placeOf } from '$/lib/conversationOrder';

export type ListLoad = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

const PAGE = 200;

export class ConversationList {
  state = $state.raw<ListLoad>({ type: 'loading' });
  hasMore = $state(false);
  #rows = $state.raw<ReadonlyMap<string, ConversationSummary>>(new Map());
  /** In the order shown. */
  readonly items: ConversationSummary[] = $derived([...this.#rows.values()].sort(conversationOrder));
  readonly unreadCount: number = $derived(this.items.filter((row) => row.unread).length);

  readonly #backend: Backend;
  /** Answers of an older question are dropped. */
  #asked = 0;
  #loadingMore = false;
  /** Where the last page ended; rows that events brought from further down do not count. */
  #end: ConversationCursor | null = null;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  row(id: ConversationId | null): ConversationSummary | null {
    return id ? (this.#rows.get(id) ?? null) : null;
  }

  /** Asks for the first page anew; throws nothing. Rows that are there stay; without any, `state` says what is wrong. */
  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const page = await this.#backend.call('conversation_list', { query: '', limit: PAGE });
      if (asked !== this.#asked) return;
      this.#rows = new Map(page.map((row) => [row.id, row]));
      this.#endOf(page);
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (asked === this.#asked && this.state.type !== 'ready') this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  /** Asks for the page after the last one. */
  async loadMore(): Promise<void> {
    if (!this.hasMore || this.#loadingMore) return;
    this.#loadingMore = true;
    const asked = this.#asked;
    try {
      const page = await this.#backend.call('conversation_list', { query: '', after: this.#end, limit: PAGE });
      if (asked !== this.#asked) return;
      const next = new Map(this.#rows);
      for (const row of page) next.set(row.id, row);
      this.#rows = next;
      this.#endOf(page);
    } finally {
      this.#loadingMore = false;
    }
  }

  async create(model_id: ModelId | null = null): Promise<Conversation> {
    const conversation = await this.#backend.call('conversation_create', { model_id });
    this.#put(conversation.summary);
    return conversation;
  }

  /** Copies a conversation with all its branches. */
  async duplicate(id: ConversationId): Promise<Conversation> {
    const conversation = await this.#backend.call('conversation_duplicate', { id });
    this.#put(conversation.summary);
    return conversation;
  }

  async rename(id: ConversationId, title: string): Promise<void> {
    await this.#change(id, { title });
  }

  async pin(id: ConversationId, pinned: boolean): Promise<void> {
    await this.#change(id, { pinned });
  }

  /** Hides a conversation at once; it comes back if the backend refuses. */
  async remove(id: ConversationId): Promise<void> {
    const row = this.row(id);
    this.#drop(id);
    try {
      await this.#backend.call('conversation_delete', { id });
    } catch (thrown) {
      if (row) this.#put(row);
      throw BackendError.from(thrown);
    }
  }

  async restore(id: ConversationId): Promise<Conversation> {
    const conversation = await this.#backend.call('conversation_restore', { id });
    this.#put(conversation.summary);
    return conversation;
  }

  handle(event: Event): void {
    if (event.type === 'conversation_changed') this.#put(event.conversation);
    if (event.type === 'conversation_deleted') this.#drop(event.conversation_id);
    if (event.type === 'lagged') void this.load();
  }

  async #change(id: ConversationId, changes: { title?: string; pinned?: boolean }): Promise<void> {
    const conversation = await this.#backend.call('conversation_update', { id, ...changes });
    this.#put(conversation.summary);
  }

  #endOf(page: ConversationSummary[]): void {
    const last = page.at(-1);
    this.#end = last ? placeOf(last) : null;
    this.hasMore = page.length >= PAGE;
  }

  #put(row: ConversationSummary): void {
    this.#rows = new Map(this.#rows).set(row.id, row);
  }

  #drop(id: ConversationId): void {
    if (!this.#rows.has(id)) return;
    const next = new Map(this.#rows);
    next.delete(id);
    this.#rows = next;
  }
}
