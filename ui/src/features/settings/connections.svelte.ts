/** The log of connections, page by page, and what of it is shown. */
import type { Connection, ConnectionPurpose } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { connectionStrings as s } from '$/lib/strings.en';

const PAGE = 200;

/** Why it failed or was not made, in words; `null` when it went well. */
export function troubleOf({ error, status }: Connection): string | null {
  if (error) return s.errors[error] ?? s.failed;
  return status !== null && status >= 400 ? s.failed : null;
}

export class ConnectionLog {
  query = $state('');
  purpose = $state<ConnectionPurpose | 'all' | 'troubled'>('all');
  /** Newest first; `null` until the first page is there. */
  entries = $state.raw<Connection[] | null>(null);
  hasMore = $state(false);
  problem = $state.raw<BackendError | null>(null);
  readonly shown: Connection[] = $derived.by(() => {
    const words = this.query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    return (this.entries ?? []).filter((one) => {
      if (this.purpose === 'troubled' ? !troubleOf(one) : this.purpose !== 'all' && one.purpose !== this.purpose) return false;
      const text = `${one.host} ${one.path} ${one.method} ${s.purposes[one.purpose]} ${one.status ?? ''}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    });
  });
  readonly receivedBytes: number = $derived(this.shown.reduce((sum, one) => sum + one.received_bytes, 0));

  readonly #backend: Backend;
  #asked = 0;
  #loadingMore = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for the newest page anew. */
  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const page = await this.#backend.call('connection_list', { limit: PAGE });
      if (asked !== this.#asked) return;
      this.entries = page;
      this.hasMore = page.length >= PAGE;
      this.problem = null;
    } catch (thrown) {
      if (asked === this.#asked) this.problem = BackendError.from(thrown);
    }
  }

  /** Asks for what is older than the oldest entry. */
  async loadMore(): Promise<void> {
    if (!this.hasMore || this.#loadingMore || !this.entries) return;
    this.#loadingMore = true;
    const asked = this.#asked;
    try {
      const page = await this.#backend.call('connection_list', { before: this.entries.at(-1)?.id ?? null, limit: PAGE });
      if (asked !== this.#asked) return;
      this.entries = [...this.entries, ...page];
      this.hasMore = page.length >= PAGE;
    } catch (thrown) {
      if (asked === this.#asked) this.problem = BackendError.from(thrown);
    } finally {
      this.#loadingMore = false;
    }
  }

  async clear(): Promise<void> {
    await this.#backend.call('connection_clear', {});
    await this.load();
  }
}
