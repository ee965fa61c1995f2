/**
 * The list of conversations: pages of rows, kept in order by events. Never holds messages, and no archived or temporary ones.
 *
 * Rows come by their time. Folders that are open are asked for as wholes, as their rows may be older than all that
 * was asked for otherwise.
 */
import type { Conversation, ConversationCursor, ConversationId, ConversationSummary, Event, FolderId, ModelId, Organising } from '$/gen/protocol';
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
  readonly #wholeFolders = new Set<FolderId>();
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
      await Promise.all([...this.#wholeFolders].map((id) => this.#readFolder(id)));
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

  /** Has all conversations of a folder among the rows, from now on. */
  async wholeFolder(id: FolderId): Promise<void> {
    if (this.#wholeFolders.has(id)) return;
    this.#wholeFolders.add(id);
    try {
      await this.#readFolder(id);
    } catch (thrown) {
      this.#wholeFolders.delete(id);
      throw thrown;
    }
  }

  async #readFolder(folder_id: FolderId): Promise<void> {
    let after: ConversationCursor | null = null;
    for (;;) {
      const page: ConversationSummary[] = await this.#backend.call('conversation_list', { query: '', folder_id, after, limit: PAGE });
      this.#put(...page);
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = placeOf(last);
    }
  }

  /** Does one thing with several conversations; answers those that changed. */
  async organise(ids: ConversationId[], change: Organising): Promise<ConversationSummary[]> {
    const rows = await this.#backend.call('conversation_organise', { ids, change });
    this.#organised(change, rows);
    return rows;
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

  async mark(id: ConversationId, unread: boolean): Promise<void> {
    await this.#change(id, { unread });
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
    if (event.type === 'conversations_organised') this.#organised(event.change, event.conversations);
    if (event.type === 'lagged') void this.load();
  }

  async #change(id: ConversationId, changes: { title?: string; pinned?: boolean; unread?: boolean }): Promise<void> {
    const conversation = await this.#backend.call('conversation_update', { id, ...changes });
    this.#put(conversation.summary);
  }

  #endOf(page: ConversationSummary[]): void {
    const last = page.at(-1);
    this.#end = last ? placeOf(last) : null;
    this.hasMore = page.length >= PAGE;
  }

  #organised(change: Organising, rows: ConversationSummary[]): void {
    if (change.type === 'delete') this.#drop(...rows.map((row) => row.id));
    else this.#put(...rows);
  }

  #put(...rows: ConversationSummary[]): void {
    const next = new Map(this.#rows);
    for (const row of rows) {
      if (row.archived || row.temporary) next.delete(row.id);
      else next.set(row.id, row);
    }
    this.#rows = next;
  }

  #drop(...ids: ConversationId[]): void {
    const next = new Map(this.#rows);
    for (const id of ids) next.delete(id);
    if (next.size < this.#rows.size) this.#rows = next;
  }
}
