/**
 * The search over all conversations: asked while one types, answered page by page.
 *
 * Every change of the question starts a new one; answers to older ones are dropped. Until its answer
 * is there, the results of the question before stay.
 */

import type { FolderId, Role, SearchCursor, SearchResult } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

export type SearchState = { type: 'asking' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

/** How long typing rests before it is a question. */
export const DEBOUNCE_MS = 120;
/** Results fetched at once. */
const PAGE = 30;
const DAY_MS = 86_400_000;

export interface SearchFilters {
  role: Role | null;
  model_name: string | null;
  /** Not older than so many days. */
  days: number | null;
  /** On these days and those between them; open where there is none. */
  between: { from: string; until: string } | null;
  /** In this folder, or one inside it. */
  folder_id: FolderId | null;
  tag: string | null;
}

const NO_FILTERS: SearchFilters = { role: null, model_name: null, days: null, between: null, folder_id: null, tag: null };

/** When a day such as `2026-09-20` begins here, or the one so many days behind it; null if it is none. */
function dayBegins(day: string | undefined, later = 0): number | null {
  const at = new Date(`${day}T00:00`);
  // Not 24 hours each: some days are shorter.
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? null : at.getTime();
}

export class ChatSearch {
  text = $state('');
  filters = $state.raw<SearchFilters>(NO_FILTERS);
  results = $state.raw<SearchResult[]>([]);
  /** The words that `results` are for; `text` may be ahead of them. */
  answered = $state('');
  state = $state.raw<SearchState>({ type: 'ready' });
  hasMore = $state(false);

  readonly #backend: Backend;
  readonly #now: () => number;
  #question = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #after: SearchCursor | null = null;
  #loadingMore = false;

  constructor(backend: Backend, now: () => number = Date.now) {
    this.#backend = backend;
    this.#now = now;
  }

  /** Something is looked for, so results stand where the list does otherwise. */
  get active(): boolean {
    return this.text.trim() !== '';
  }

  get filtered(): boolean {
    return Object.values(this.filters).some((value) => value !== null);
  }

  /** The words changed: asked once typing rests. */
  type(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#question += 1;
    if (!this.active) {
      this.#forget();
      return;
    }
    this.state = { type: 'asking' };
    this.#timer = setTimeout(() => void this.ask(), DEBOUNCE_MS);
  }

  filter(changes: Partial<SearchFilters>): void {
    this.filters = { ...this.filters, ...changes };
    if (this.active) void this.ask();
  }

  clearFilters(): void {
    this.filter(NO_FILTERS);
  }

  /** Back to the list. The filters are for this search, not for the next. */
  clear(): void {
    this.filters = NO_FILTERS;
    this.type('');
  }

  /** Asks now, from the first page. Throws nothing; `state` says how it went. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const question = ++this.#question;
    const query = this.text.trim();
    this.state = { type: 'asking' };
    try {
      const page = await this.#page(null);
      if (question !== this.#question) return;
      this.results = page;
      this.#endOf(page);
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (question !== this.#question) return;
      this.results = [];
      this.hasMore = false;
      this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
    this.answered = query;
  }

  /** Asks for the page after the last one. */
  async loadMore(): Promise<void> {
    if (!this.hasMore || this.#loadingMore || this.state.type !== 'ready') return;
    this.#loadingMore = true;
    const question = this.#question;
    try {
      const page = await this.#page(this.#after);
      if (question !== this.#question) return;
      // A conversation moves up when something is said in it, so it may come twice.
      const known = new Set(this.results.map((one) => one.conversation.id));
      this.results = [...this.results, ...page.filter((one) => !known.has(one.conversation.id))];
      this.#endOf(page);
    } finally {
      this.#loadingMore = false;
    }
  }

  #page(after: SearchCursor | null): Promise<SearchResult[]> {
    const { role, model_name, days, between, folder_id, tag } = this.filters;
    return this.#backend.call('message_search', {
      query: this.text.trim(),
      role,
      model_name,
      folder_id,
      tag,
      from_ms: days === null ? dayBegins(between?.from) : this.#now() - days * DAY_MS,
      until_ms: dayBegins(between?.until, 1),
      after,
      limit: PAGE,
    });
  }

  #endOf(page: SearchResult[]): void {
    this.#after = page.at(-1)?.place ?? null;
    this.hasMore = page.length >= PAGE;
  }

  #forget(): void {
    this.results = [];
    this.answered = '';
    this.hasMore = false;
    this.state = { type: 'ready' };
  }
}
