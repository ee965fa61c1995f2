/**
 * The search of the Hub: what is asked, what came back so far, and the starter catalogue.
 *
 * Every change of the question starts a new one; answers to older ones are dropped, whether they
 * arrive late or the backend ended them (`superseded`).
 */
import type { CatalogueEntry, HubFilters, HubResult, HubSort } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { NO_FILTERS, STANDARD_FILTERS } from '../filters';

export type SearchState = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

/** How long typing rests before it is a question. */
export const DEBOUNCE_MS = 200;
/** Pages in a row that filters may empty before a person is asked whether to go on. */
const EMPTY_PAGES = 4;

export class HubBrowser {
  query = $state('');
  sort = $state<HubSort>('trending');
  filters = $state.raw<HubFilters>(STANDARD_FILTERS);
  results = $state.raw<HubResult[]>([]);
  /** The words that `results` are for; `query` may be ahead of them. */
  answered = $state('');
  state = $state.raw<SearchState>({ type: 'loading' });
  /** A new question is under way; the results shown are of the one before. */
  busy = $state(false);
  /** More pages exist. */
  more = $state(false);
  loadingMore = $state(false);
  /** Why the last page did not come. */
  moreProblem = $state.raw<BackendError | null>(null);
  /** Filters emptied so many pages that going on needs a person's word. */
  lookedFar = $state(false);
  catalogue = $state.raw<CatalogueEntry[]>([]);
  /** The catalogue was asked for, and answered or not. */
  catalogueKnown = $state(false);
  /** Goes up with every new list of results, for whoever must scroll to its top. */
  edition = $state(0);

  readonly #backend: Backend;
  readonly #channel: string;
  #next: string | null = null;
  #question = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #opened = false;

  /** `channel` names this window to the backend, so that two windows do not end each other's questions. */
  constructor(backend: Backend, channel: string) {
    this.#backend = backend;
    this.#channel = channel;
  }

  /** Asks for the first time; later visits keep what is there, except a failure. */
  open(): void {
    // The list and the page beside it both ask.
    if (this.#opened && (this.busy || this.state.type !== 'failed')) return;
    if (!this.#opened) void this.#askCatalogue();
    this.#opened = true;
    this.ask();
  }

  /** The words changed: asked once typing rests. */
  type(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), DEBOUNCE_MS);
  }

  setSort(sort: HubSort): void {
    this.sort = sort;
    this.ask();
  }

  setFilters(filters: HubFilters): void {
    this.filters = filters;
    this.ask();
  }

  clearFilters(): void {
    this.setFilters(NO_FILTERS);
  }

  /** Asks now, from the first page. */
  ask(): void {
    clearTimeout(this.#timer);
    this.#question += 1;
    this.busy = true;
    void this.#pages(this.#question, null);
  }

  /** The next page, if there is one and none is on its way. */
  askMore(): void {
    if (this.busy || this.loadingMore || !this.more || this.moreProblem || this.lookedFar) return;
    this.#askFurther();
  }

  /** Goes on after a failed page, or after pages that filters emptied. */
  goOn(): void {
    if (!this.busy && !this.loadingMore && this.more) this.#askFurther();
  }

  #askFurther(): void {
    this.moreProblem = null;
    this.lookedFar = false;
    this.loadingMore = true;
    void this.#pages(this.#question, this.#next);
  }

  async #askCatalogue(): Promise<void> {
    try {
      this.catalogue = await this.#backend.call('hub_catalogue', {});
    } catch {
      // It is an offer: without it the search is there all the same, and says itself what is wrong.
    }
    this.catalogueKnown = true;
  }

  /** Asks for pages until one has something new, there are no more, or filters emptied too many. */
  async #pages(question: number, from: string | null): Promise<void> {
    const query = this.query.trim();
    let cursor = from;
    let first = from === null;
    try {
      for (let empty = 0; empty < EMPTY_PAGES; empty += 1) {
        const page = await this.#backend.call('hub_search', { channel: this.#channel, query, sort: this.sort, filters: this.filters, cursor });
        if (question !== this.#question) return;
        const known = first ? [] : this.results;
        // Real pages shift while one reads: what moved to the next page comes twice.
        const seen = new Set(known.map((one) => one.repository));
        const fresh = page.results.filter((one) => !seen.has(one.repository) && seen.add(one.repository));
        if (first) this.#begin(query);
        this.results = [...known, ...fresh];
        this.#next = cursor = page.next;
        this.more = page.next !== null;
        first = false;
        if (fresh.length > 0 || page.next === null) {
          this.#done();
          return;
        }
      }
      this.lookedFar = true;
      this.#done();
    } catch (thrown) {
      if (question !== this.#question) return;
      this.#failed(BackendError.from(thrown), from === null);
    }
  }

  #begin(query: string): void {
    this.answered = query;
    this.moreProblem = null;
    this.lookedFar = false;
    this.edition += 1;
  }

  #done(): void {
    this.state = { type: 'ready' };
    this.busy = false;
    this.loadingMore = false;
  }

  #failed(error: BackendError, first: boolean): void {
    // Another window of the same channel asked something newer; what is shown stays.
    const superseded = error.code === 'superseded';
    if (first && !superseded) {
      this.results = [];
      this.more = false;
      this.answered = this.query.trim();
      this.edition += 1;
      this.state = { type: 'failed', error };
    } else if (!superseded) {
      this.moreProblem = error;
    }
    this.busy = false;
    this.loadingMore = false;
  }
}
