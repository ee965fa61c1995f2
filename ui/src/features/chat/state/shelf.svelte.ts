/** What the list shows in place of all conversations: the archive, those with a tag, or the trash. */

import type { ConversationCursor, ConversationId, ConversationSummary, Event, TrashedConversation } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { conversationOrder, placeOf } from '$/lib/conversationOrder';

export type ShelfView = { type: 'all' } | { type: 'archive' } | { type: 'tag'; tag: string } | { type: 'trash' };
export type ShelfState = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

const PAGE = 200;

export class ListShelf {
  view = $state.raw<ShelfView>({ type: 'all' });
  state = $state.raw<ShelfState>({ type: 'ready' });
  trash = $state.raw<readonly TrashedConversation[]>([]);
  #rows = $state.raw<ReadonlyMap<ConversationId, ConversationSummary>>(new Map());
  readonly #backend: Backend;
  /** Answers of an older question are dropped. */
  #asked = 0;
  #end: ConversationCursor | null = null;
  #loadingMore = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Of the archive or of a tag, in the order of the list. */
  get items(): ConversationSummary[] {
    return [...this.#rows.values()].sort(conversationOrder);
  }

  async show(view: ShelfView): Promise<void> {
    this.view = view;
    this.#rows = new Map();
    this.trash = [];
    this.state = { type: view.type === 'all' ? 'ready' : 'loading' };
    await this.load();
  }

  /** Asks anew for what is shown; throws nothing, `state` says how it went. */
  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      if (this.view.type === 'trash') {
        const trash = await this.#backend.call('conversation_trash', {});
        if (asked !== this.#asked) return;
        this.trash = trash;
      } else if (this.view.type !== 'all') {
        const page = await this.#page(null);
        if (asked !== this.#asked) return;
        this.#rows = new Map(page.map((row) => [row.id, row]));
        this.#endOf(page);
      }
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (asked === this.#asked) this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  async loadMore(): Promise<void> {
    if (!this.#end || this.#loadingMore) return;
    this.#loadingMore = true;
    const asked = this.#asked;
    try {
      const page = await this.#page(this.#end);
      if (asked !== this.#asked) return;
      this.#rows = new Map([...this.#rows, ...page.map((row): [string, ConversationSummary] => [row.id, row])]);
      this.#endOf(page);
    } finally {
      this.#loadingMore = false;
    }
  }

  handle(event: Event): void {
    if (this.view.type === 'all') return;
    if (event.type === 'lagged') void this.load();
    if (this.view.type === 'trash') {
      if (event.type === 'conversations_removed') this.#forget(event.conversation_ids);
      else if (event.type === 'conversation_changed') this.#forget([event.conversation.id]);
      else if (event.type === 'conversation_deleted') void this.load();
      else if (event.type === 'conversations_organised' && (event.change.type === 'delete' || event.change.type === 'restore')) void this.load();
      return;
    }
    if (event.type === 'conversation_deleted') this.#put([], [event.conversation_id]);
    if (event.type === 'conversation_changed') this.#take([event.conversation]);
    if (event.type === 'conversations_organised') {
      if (event.change.type === 'delete') this.#put([], event.conversations.map((row) => row.id));
      else this.#take(event.conversations);
    }
  }

  /** Whether a row belongs here, as the backend decides it. */
  #holds(row: ConversationSummary): boolean {
    if (this.view.type === 'archive') return row.archived;
    const tag = this.view.type === 'tag' ? this.view.tag.toLowerCase() : '';
    return !row.archived && row.tags.some((one) => one.toLowerCase() === tag);
  }

  #take(rows: ConversationSummary[]): void {
    const here = rows.filter((row) => this.#holds(row));
    this.#put(here, rows.filter((row) => !here.includes(row)).map((row) => row.id));
  }

  #put(rows: ConversationSummary[], gone: ConversationId[]): void {
    const next = new Map(this.#rows);
    for (const id of gone) next.delete(id);
    for (const row of rows) next.set(row.id, row);
    this.#rows = next;
  }

  #forget(ids: ConversationId[]): void {
    const gone = new Set(ids);
    const kept = this.trash.filter((one) => !gone.has(one.conversation.id));
    if (kept.length < this.trash.length) this.trash = kept;
  }

  #page(after: ConversationCursor | null): Promise<ConversationSummary[]> {
    const { view } = this;
    return this.#backend.call('conversation_list', {
      query: '',
      shelf: view.type === 'archive' ? 'archive' : 'list',
      tag: view.type === 'tag' ? view.tag : null,
      after,
      limit: PAGE,
    });
  }

  #endOf(page: ConversationSummary[]): void {
    const last = page.at(-1);
    this.#end = last && page.length >= PAGE ? placeOf(last) : null;
  }
}
