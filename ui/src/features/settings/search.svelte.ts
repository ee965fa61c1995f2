/** What the settings' list column and page share: the search, and which group is read. */
import { rowsFor, type SettingsGroup, type SettingsRow } from './rows';

export class SettingsSearch {
  query = $state('');
  readonly rows: SettingsRow[] = $derived(rowsFor(this.query));
  /** Groups that have rows, in their order. */
  readonly groups: SettingsGroup[] = $derived([...new Set(this.rows.map((row) => row.group))]);
  #followed = $state<SettingsGroup | null>(null);
  #goneTo_ms = 0;

  /** The group that was gone to, or in front of the reader since. */
  get reading(): SettingsGroup | undefined {
    return this.groups.find((group) => group === this.#followed) ?? this.groups[0];
  }

  /** Marks the group that the page is about to scroll to. */
  goTo(group: SettingsGroup): void {
    this.#followed = group;
    this.#goneTo_ms = performance.now();
  }

  /** Marks the group in front of the reader of `page`. */
  follow(page: HTMLElement): void {
    // What scrolls shortly after a click is the way to what was clicked.
    if (performance.now() - this.#goneTo_ms < SMOOTH_MS) return;
    const within = page.getBoundingClientRect();
    const tops = this.groups.map((group) => (document.getElementById(groupId(group))?.getBoundingClientRect().top ?? 0) - within.top);
    this.#followed = this.groups[inFront(tops, page)] ?? null;
  }
}

/** As long as a browser takes to scroll smoothly. */
const SMOOTH_MS = 1000;

/**
 * Which part is read, of parts that begin at `tops` from the upper edge of the view. The line that tells moves down the
 * view as the page scrolls down, so that the last part is read at the end, however short it is.
 */
export function inFront(tops: number[], view: { scrollTop: number; scrollHeight: number; clientHeight: number }): number {
  const way = view.scrollHeight - view.clientHeight;
  const line = way > 0 ? (view.clientHeight * view.scrollTop) / way : 0;
  return Math.max(0, tops.findLastIndex((top) => top <= line));
}

/** The id of a group's heading, to scroll to. */
export function groupId(group: SettingsGroup): string {
  return `settings-${group}`;
}

/** The id of a row, to scroll to. */
export function rowId(name: string): string {
  return `setting-${name}`;
}
