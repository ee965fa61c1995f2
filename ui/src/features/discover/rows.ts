/** The rows of the list: the catalogue where it helps, the results, and what stands at their end. */
import type { CatalogueEntry, HubResult } from '$/gen/protocol';
import { discoverStrings as s } from '$/lib/strings.en';
import type { HubBrowser } from './state/browser.svelte';

export type Row =
  | { type: 'heading'; key: string; text: string; all: number | null }
  | { type: 'entry'; key: string; entry: CatalogueEntry }
  | { type: 'result'; key: string; result: HubResult }
  | { type: 'end'; key: 'end' };

export const HEIGHTS: Record<Row['type'], number> = { heading: 36, entry: 84, result: 84, end: 92 };

/** How many of the catalogue stand above the results. */
const CHOSEN = 3;
const ORDER = { well: 0, tight: 1, unknown: 2, no: 3 } as const;

/** What fits best first; among equals the order of the catalogue. */
export function byFit(catalogue: readonly CatalogueEntry[]): CatalogueEntry[] {
  return [...catalogue].sort((a, b) => ORDER[a.fits] - ORDER[b.fits]);
}

const entryRow = (entry: CatalogueEntry): Row => ({ type: 'entry', key: `entry ${entry.repository} ${entry.path}`, entry });

export function rowsOf(browser: HubBrowser): Row[] {
  const rows: Row[] = [];
  const failed = browser.state.type === 'failed';
  const chosen = byFit(browser.catalogue);
  if (failed) {
    if (chosen.length > 0) rows.push({ type: 'heading', key: 'chosen', text: s.chosen, all: null }, ...chosen.map(entryRow));
    return rows;
  }
  if (browser.answered === '' && chosen.length > 0) {
    rows.push({ type: 'heading', key: 'chosen', text: s.chosen, all: chosen.length > CHOSEN ? chosen.length : null });
    rows.push(...chosen.filter((entry) => entry.fits !== 'no').slice(0, CHOSEN).map(entryRow));
    if (browser.results.length > 0) rows.push({ type: 'heading', key: 'results', text: s.sorts[browser.sort], all: null });
  }
  for (const result of browser.results) rows.push({ type: 'result', key: result.repository, result });
  if (browser.results.length > 0 && (browser.more || browser.moreProblem)) rows.push({ type: 'end', key: 'end' });
  return rows;
}

/** Whether arrow keys stop at a row. */
export function isStop(row: Row | undefined): boolean {
  return row?.type === 'entry' || row?.type === 'result';
}
