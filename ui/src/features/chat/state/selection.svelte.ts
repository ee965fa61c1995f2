/** Several rows of the list that are chosen, to do one thing with all of them. */

import type { ConversationId, ConversationSummary } from '$/gen/protocol';

export class Selection {
  rows = $state.raw<ReadonlyMap<ConversationId, ConversationSummary>>(new Map());
  /** Rows are chosen with a plain click, also before there is one. */
  active = $state(false);
  /** Where a stretch begins: the row chosen last. */
  #anchor: ConversationId | null = null;

  get count(): number {
    return this.rows.size;
  }

  has(id: ConversationId): boolean {
    return this.rows.has(id);
  }

  begin(): void {
    this.active = true;
  }

  clear(): void {
    this.active = false;
    this.rows = new Map();
    this.#anchor = null;
  }

  toggle(row: ConversationSummary): void {
    const next = new Map(this.rows);
    if (!next.delete(row.id)) next.set(row.id, row);
    this.rows = next;
    this.active = true;
    this.#anchor = row.id;
  }

  /** Chooses the stretch from the row chosen last to this one; `shown` is the list in its order. */
  extend(row: ConversationSummary, shown: readonly ConversationSummary[]): void {
    const from = shown.findIndex((one) => one.id === this.#anchor);
    const to = shown.findIndex((one) => one.id === row.id);
    if (from < 0 || to < 0) {
      if (!this.has(row.id)) this.toggle(row);
      return;
    }
    const stretch = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.rows = new Map([...this.rows, ...stretch.map((one): [string, ConversationSummary] => [one.id, one])]);
    this.active = true;
  }

  all(shown: readonly ConversationSummary[]): void {
    this.rows = new Map(shown.map((one) => [one.id, one]));
    this.active = true;
  }

  /** Takes rows as they are now, and lets go of those that left the list. */
  follow(shown: readonly ConversationSummary[]): void {
    if (this.count === 0) return;
    const known = new Map(shown.map((one) => [one.id, one]));
    const kept = [...this.rows.keys()].flatMap((id): [string, ConversationSummary][] => {
      const row = known.get(id);
      return row ? [[id, row]] : [];
    });
    const same = kept.length === this.count && kept.every(([id, row]) => this.rows.get(id) === row);
    if (!same) this.rows = new Map(kept);
  }
}
