/** What the open palette shows for what was typed, and which row the keys stand on. */
import type { ConversationSummary } from '$/gen/protocol';
import { fuzzy, says } from '$/lib/fuzzy';
import { actionEntries, conversationEntries, modelEntries, settingEntries, type Entry, type EntrySources } from './entries';
import { recentIds, rememberId } from './recent';

export interface Found {
  entry: Entry;
  ranges: [from: number, to: number][];
}

const MOST = 50;
/** With nothing typed, so many of the latest choices stand above the actions, and so many conversations under them. */
const LATEST = 6;
/** How much the last choice counts, against a better hit. */
const RECENT_BONUS = 4;
const FROM_BACKEND = 30;

export class Palette {
  query = $state('');
  highlighted = $state(0);
  readonly #sources: EntrySources;
  #recent = $state.raw<string[]>([]);
  /** Conversations that the backend found; the list holds only the first pages. */
  #older = $state.raw<ConversationSummary[]>([]);
  #asked = 0;

  readonly #entries: Entry[] = $derived.by(() => {
    const all = this.#sources.state;
    const rows = new Map([...all.conversations.items, ...this.#older].map((row) => [row.id, row]));
    return [
      ...actionEntries(all),
      ...conversationEntries(all, [...rows.values()]),
      ...modelEntries(this.#sources),
      ...settingEntries(this.#sources),
    ];
  });

  readonly found: Found[] = $derived.by(() => (this.query.trim() === '' ? this.#suggested() : this.#matching()).slice(0, MOST));

  constructor(sources: EntrySources) {
    this.#sources = sources;
  }

  /** As it opens: nothing typed, the latest choices on top. */
  reset(): void {
    this.#recent = recentIds();
    this.#older = [];
    this.search('');
  }

  search(query: string): void {
    this.query = query;
    this.highlighted = 0;
    void this.#ask(query.trim());
  }

  /** Moves the highlight, round at both ends. */
  move(by: number): void {
    const count = this.found.length;
    if (count > 0) this.highlighted = (((this.highlighted + by) % count) + count) % count;
  }

  choose(entry: Entry): void {
    rememberId(entry.id);
    entry.run();
  }

  #suggested(): Found[] {
    const byId = new Map(this.#entries.map((entry) => [entry.id, entry]));
    const recent = this.#recent.flatMap((id) => byId.get(id) ?? []).slice(0, LATEST);
    const rest = (kind: Entry['kind']) => this.#entries.filter((entry) => entry.kind === kind && !recent.includes(entry));
    return [...recent, ...rest('action'), ...rest('conversation').slice(0, LATEST)].map((entry) => ({ entry, ranges: [] }));
  }

  #matching(): Found[] {
    const scored = this.#entries.flatMap((entry) => {
      const hit = fuzzy(this.query, entry.label);
      // Found under another word, it has nothing to light up, and stands behind what is called so.
      if (!hit && !says(`${entry.label} ${entry.words}`, this.query)) return [];
      const at = this.#recent.indexOf(entry.id);
      const bonus = at < 0 ? 0 : RECENT_BONUS * (1 - at / this.#recent.length);
      return [{ entry, ranges: hit?.ranges ?? [], score: (hit?.score ?? 0) + bonus }];
    });
    // Sorting is stable: what is alike stays in the order of the kinds.
    return scored.sort((a, b) => b.score - a.score);
  }

  /** Asks for conversations that the list does not hold. */
  async #ask(query: string): Promise<void> {
    const asked = ++this.#asked;
    if (query === '') {
      this.#older = [];
      return;
    }
    try {
      const rows = await this.#sources.state.backend.call('conversation_list', { query, limit: FROM_BACKEND });
      if (asked === this.#asked) this.#older = rows;
    } catch {
      // What is known is found without it.
    }
  }
}
